/* SPDX-License-Identifier: GPL-2.0-only */
/* What programs leave in page tables and entries: regions are placed so that huge mappings happen, and do. */
#include <algorithm>
#include <set>
#include <sstream>

#include "core/scenario/machine_for_test.h"

namespace daxrace::scenario {
namespace {

constexpr int kPmd = 4;

std::string pages(int n) { return n == 0 ? "0" : std::to_string(n) + "pg"; }

/* Every mapping, every page: a store maps a huge PMD exactly where a whole PMD of the file is in the region
 * and in the file. Offset and address always have the same colour, so nothing else can stand in the way. */
TEST(ModelBehaviourTest, StoreMapsAHugePmdWhereverOneFits) {
  int huge = 0;
  int small = 0;
  for (int size : {3, 4, 7, 8, 10}) {
    for (int offset = 0; offset < 6; ++offset) {
      for (int length = 1; length <= 9 && offset + length <= 16; ++length) {
        for (int page = 0; page < length && offset + page < size; ++page) {
          Program program = program_of(
              "setup\n creat f size=" + pages(size) + "\n mmap P.other f 0 1pg shared r\n" + " mmap P.m f " +
              pages(offset) + " " + pages(length) + " shared rw\ntask P.A\n store m+" + pages(page) + "\n");
          Runner runner;
          load(runner, program);
          ASSERT_EQ(engine::End::kFinished, run_default(runner));
          ASSERT_EQ(0, results(runner, 1).at(0));
          int first = (offset + page) / kPmd * kPmd;
          bool fits = first >= offset && first + kPmd <= offset + length && first + kPmd <= size;
          kernel::pmd_t pmd = pmd_of(runner, 1, page);
          kernel::pte_t pte = pte_of(runner, 1, page);
          EntryView view = entry_of(machine().inodes[0], static_cast<uint64_t>(offset + page));
          std::string where = "size " + pages(size) + " offset " + pages(offset) + " length " +
                              pages(length) + " page " + pages(page);
          ASSERT_EQ(fits, kernel::pmd_trans_huge(pmd)) << where;
          ASSERT_EQ(fits, kernel::dax_is_pmd_entry(view.entry)) << where;
          ASSERT_EQ(!fits, kernel::pte_write(pte)) << where;
          ASSERT_TRUE(!fits || kernel::pte_write(pmd)) << where;
          ASSERT_TRUE(view.dirty()) << where;
          uint64_t pfn = fits ? kernel::pte_pfn(pmd) + static_cast<uint64_t>(offset + page - first)
                              : kernel::pte_pfn(pte);
          ASSERT_EQ(machine().inodes[0].i_block[offset + page].peek(), pfn + 1) << where;
          ++(fits ? huge : small);
        }
      }
    }
  }
  EXPECT_LT(100, huge);
  EXPECT_LT(100, small);
}

TEST(ModelBehaviourTest, WithoutPmdMappingsThereAreNone) {
  Program program = program_of(
      "pmd off\nsetup\n creat f size=2pmd\n mmap P.m f 0 2pmd shared rw\ntask P.A\n store m+5pg\n load "
      "m+2pg\n");
  Runner runner;
  load(runner, program);
  run_default(runner);
  EXPECT_EQ(kernel::_PAGE_TABLE, pmd_of(runner, 0, 5));
  EXPECT_TRUE(kernel::pte_write(pte_of(runner, 0, 5)));
  EXPECT_EQ(kernel::_PAGE_TABLE, pmd_of(runner, 0, 2));
  EXPECT_EQ(kernel::ZERO_PFN, kernel::pte_pfn(pte_of(runner, 0, 2)));
  EXPECT_EQ(2u, machine().inodes[0].i_data.nrpages.peek());
}

/* Regions of one process never share a PMD of the page table, whatever their number and size. */
TEST(ModelBehaviourTest, RegionsDoNotShareTables) {
  Program program = program_of(R"(setup
  creat f size=4pmd
  mmap P.a f 1pg 1pg shared rw
  mmap P.b f 2pg 1pg shared rw
  mmap P.c f 3pg 6pg shared rw
  mmap Q.d f 0 1pmd shared rw
  mmap P.e f 7pg 2pg shared rw
task P.A
  mmap g f 1pmd 1pmd shared rw
)");
  Runner runner;
  load(runner, program);
  const int lengths[] = {1, 1, 6, kPmd, 2, kPmd};
  const int offsets[] = {1, 2, 3, 0, 7, kPmd};
  std::set<std::pair<int, int>> taken;
  for (int region = 0; region < 6; ++region) {
    const Runner::RegionPlan& plan = runner.region(region);
    EXPECT_EQ(offsets[region] % kPmd, plan.address % kPmd) << region;
    EXPECT_LE(kPmd, plan.address) << "nothing is at address 0";
    for (int pmd = plan.address / kPmd; pmd <= (plan.address + lengths[region] - 1) / kPmd; ++pmd)
      EXPECT_TRUE(taken.insert({plan.process, pmd}).second) << region;
  }
}

/* Two processes, one page: whoever maps it, by whatever size, sees what the other stored, before and after
 * fsync. */
TEST(ModelBehaviourTest, ProcessesSeeEachOthersStores) {
  Program program = program_of(R"(setup
  creat f size=1pmd
  mmap P.big f 0 1pmd shared rw
  mmap Q.one f 1pg 2pg shared rw
  store big+1pg
  store one
  fsync f
task Q.B
  store one
  load one
task P.A
  load big+1pg
  store big+1pg.1
  load big+1pg.1
)");
  Runner runner;
  load(runner, program);
  auto random = engine::find_strategy("random")->make({});
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(engine::End::kFinished, runner.run(*random));
    ASSERT_THAT(verdicts(runner.execution()), testing::IsEmpty());
    kernel::pmd_t pmd = pmd_of(runner, 0, 1);
    kernel::pte_t pte = pte_of(runner, 1, 0);
    ASSERT_TRUE(kernel::pmd_trans_huge(pmd));
    ASSERT_EQ(kernel::pte_pfn(pmd) + 1, kernel::pte_pfn(pte));
    ASSERT_TRUE(kernel::pte_write(pmd));
    ASSERT_TRUE(kernel::pte_write(pte));
    /* Q.B's store and P.A's, in the two cells of the page. */
    const kernel::inode& file = machine().inodes[0];
    ASSERT_EQ(oracle::value_of(1, 0), kernel::model_content(&file, 2));
    ASSERT_EQ(oracle::value_of(2, 1), kernel::model_content(&file, 3));
    ASSERT_TRUE(entry_of(file, 1).dirty());
  }
}

/* The row as a choice; what came later and says that it cannot be without the row goes with it. */
KernelChoice choice_of(const kernel::patch_info& row) {
  KernelChoice choice;
  if (row.kind != kernel::patch_kind::commit) {
    choice.with = {std::string(row.id)};
    return choice;
  }
  choice.without = {std::string(row.id)};
  for (size_t i = 0; i < choice.without.size(); ++i) {
    std::istringstream later{std::string(kernel::find_patch(choice.without[i])->excludes)};
    for (std::string id; later >> id;) {
      if (std::ranges::find(choice.without, id) == choice.without.end()) choice.without.push_back(id);
    }
  }
  return choice;
}

/* The older forms are other code: each leaves the same as the newest where nothing races, but for how the PTE
 * of a block is marked. */
TEST(ModelBehaviourTest, OlderFormsDoTheSameWhenNothingRaces) {
  const char* const programs[] = {
      "task P.A\n store m+1pg\n fsync f\n store m+1pg\n",
      "task P.A\n load m\n store m\n load m+1pg\n fsync f\n",
      "task P.A\n load n\n store n\n write f 0 2pg\n load m\n fsync f\n load n\n",
      "task P.A\n store n\n truncate f 1pg\n truncate f 1pmd\n load n\n",
  };
  auto snapshot = [](const Runner& runner) {
    std::vector<uint64_t> words;
    const kernel::inode& file = machine().inodes[0];
    for (uint64_t page = 0; page < kPmd; ++page) {
      EntryView view = entry_of(file, page);
      words.insert(words.end(), {view.entry, view.first, view.marks, file.i_block[page].peek()});
      words.push_back(kernel::model_content(&file, page * machine().config.cells));
      words.push_back(kernel::model_durable(&file, page * machine().config.cells));
      words.push_back(pmd_of(runner, 0, static_cast<int32_t>(page)));
      words.push_back(pte_of(runner, 0, static_cast<int32_t>(page)) & ~kernel::_PAGE_SPECIAL);
    }
    words.push_back(pte_of(runner, 1, 0) & ~kernel::_PAGE_SPECIAL);
    return words;
  };
  for (const char* tasks : programs) {
    Program program = program_of(
        std::string(
            "setup\n creat f size=1pmd\n mmap P.m f 0 1pmd shared rw\n mmap P.n f 1pg 1pg shared rw\n") +
        tasks);
    Runner runner;
    load(runner, program);
    run_default(runner);
    const std::vector<uint64_t> newest = snapshot(runner);
    const std::vector<int> newest_results = results(runner, 1);
    for (const kernel::patch_info& row : kernel::patch_table()) {
      /* Of one entry in one mapping the older write-back forgets nothing. */
      if (row.kind == kernel::patch_kind::mutant || row.id == "06083a0921fd") continue;
      load(runner, program, choice_of(row));
      run_default(runner);
      EXPECT_EQ(newest, snapshot(runner)) << row.id << "\n" << tasks;
      EXPECT_EQ(newest_results, results(runner, 1)) << row.id << "\n" << tasks;
    }
  }
}

/* However large a PMD is, and whoever maps the file: what is long is no livelock. The last two operations go
 * through every page of every mapping. */
TEST(ModelBehaviourTest, LongOperationsAreNotTakenForALivelock) {
  constexpr int kMappings = 10;
  for (int pmd : {2, 8, 64, kPmdPagesMax}) {
    std::ostringstream text;
    text << "geometry pmd=" << pmd << " cells=1\nsetup\n creat f size=4pmd\n";
    for (int i = 0; i < kMappings; ++i) text << " mmap P.r" << i << " f 0 4pmd private rw\n";
    text << " write f 0 4pmd\ntask P.A\n";
    for (int i = 0; i < kMappings; ++i) text << " readto r" << i << " f 0 4pmd\n";
    text << " fork Q\n truncate f 0\n exit\ntask Q.B\n load r0\n exit\n";
    Program program = program_of(text.str());
    Runner runner;
    load(runner, program);
    ASSERT_EQ(engine::End::kFinished, run_default(runner)) << pmd;
    EXPECT_TRUE(runner.execution().findings().empty()) << pmd;
    EXPECT_FALSE(runner.execution().became_fair()) << pmd;
    EXPECT_GT(runner.execution().steps(), static_cast<uint32_t>(kMappings * 4 * std::min(pmd, 64) * 10));
  }
}

}  // namespace
}  // namespace daxrace::scenario
