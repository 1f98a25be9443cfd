/* SPDX-License-Identifier: GPL-2.0-only */
/* What holds whenever nothing runs, whatever the program and the schedule. For the newest kernel. */
#include <map>
#include <set>

#include "core/engine/strategy_dfs.h"
#include "core/scenario/machine_for_test.h"

namespace daxrace::scenario {
namespace {

using kernel::inode;

/* Everything that is wrong with the machine, a line each. */
class Inspection {
 public:
  std::string report() const { return report_; }

  void inspect() {
    kernel::model& m = machine();
    for (unsigned int i = 0; i < m.config.nr_inodes; ++i) inspect_mapping(m.inodes[i]);
    for (unsigned int i = 0; i < m.config.nr_mms; ++i) inspect_tables(m.mms[i]);
    inspect_blocks();
    for (unsigned int i = 0; i < kernel::DAX_WAIT_TABLE_ENTRIES; ++i) {
      require(m.wait_table[i].empty(), "a waiter is left");
    }
    require(m.j_barrier.readers() == 0 && m.j_barrier.writer() == engine::kNoTask, "a handle is open");
  }

 private:
  void require(bool holds, const std::string& what) {
    if (!holds) report_ += what + "\n";
  }

  void inspect_mapping(const inode& file) {
    const std::string name = "file " + std::to_string(file.id);
    uint64_t pages = 0;
    uint32_t entries = 0;
    for (uint64_t page = 0; page < machine().config.file_pages;) {
      EntryView view = entry_of(file, page);
      std::string where = name + " page " + std::to_string(page);
      if (view.entry == 0) {
        require(view.marks == 0, where + ": marks without an entry");
        ++page;
        continue;
      }
      uint64_t covers = kernel::model_entry_pages(view.entry);
      require(view.first == page, where + ": in the middle of an entry");
      require(!kernel::dax_is_locked(view.entry), where + ": locked");
      require((view.marks & kernel::PAGECACHE_TAG_TOWRITE) == 0 || view.dirty(),
              where + ": TOWRITE but clean");
      require(page < file.i_size.peek(), where + ": an entry behind the end");
      bool storage = !kernel::dax_is_zero_entry(view.entry) && !kernel::dax_is_empty_entry(view.entry);
      require(storage || !view.dirty(), where + ": DIRTY without storage");
      for (uint64_t i = 0; i < covers && storage; ++i) {
        require(file.i_block[page + i].peek() == kernel::dax_to_pfn(view.entry) + i + 1,
                where + ": the entry is not the extent's block");
      }
      pages += covers;
      ++entries;
      page += covers;
    }
    require(pages == file.i_data.nrpages.peek(), name + ": nrpages is not what the entries cover");
    require(entries == kernel::model_xa_entries(&file.i_data.i_pages),
            name + ": xa_head is not the number of entries");
    for (const kernel::rw_semaphore* lock :
         {&file.i_rwsem, &file.i_data_sem, &file.i_data.invalidate_lock, &file.i_data.i_mmap_rwsem}) {
      require(lock->readers() == 0 && lock->writer() == engine::kNoTask, name + ": a lock is held");
    }
  }

  static const kernel::vm_area_struct* vma_at(const kernel::mm_struct& mm, uint64_t address) {
    for (unsigned int i = 0; i < machine().config.nr_vmas; ++i) {
      const kernel::vm_area_struct& vma = machine().vmas[i];
      if (vma.vm_mm == &mm && vma.linked.peek() && vma.vm_start <= address && address < vma.vm_end)
        return &vma;
    }
    return nullptr;
  }

  /* One page frame that the hardware would find at the address. */
  void inspect_translation(const kernel::mm_struct& mm, uint64_t address, uint64_t pfn, uint64_t flags) {
    std::string where = "mm " + std::to_string(mm.id) + " page " + std::to_string(address);
    const kernel::vm_area_struct* vma = vma_at(mm, address);
    require((flags & kernel::_PAGE_PRESENT) != 0, where + ": neither present nor none");
    require(vma != nullptr, where + ": mapped outside of every VMA");
    if (vma == nullptr) return;
    const inode& file = *vma->f_mapping->host;
    uint64_t page = address - vma->vm_start + vma->vm_pgoff;
    EntryView view = entry_of(file, page);
    bool rw = (flags & (kernel::_PAGE_RW | kernel::_PAGE_DIRTY)) != 0;
    require(page < file.i_size.peek(), where + ": mapped behind the end of the file");
    require(!rw || (vma->vm_flags & kernel::VM_WRITE) != 0, where + ": writable in a read-only VMA");
    if (pfn >= kernel::ZERO_PFN) {
      require(!rw, where + ": the zero page is writable");
      require(!kernel::i_block_written(file.i_block[page].peek()), where + ": a zero page over a block");
      require(kernel::dax_is_zero_entry(view.entry), where + ": a zero page without its entry");
      return;
    }
    require(file.i_block[page].peek() == pfn + 1, where + ": a block that is not the file's");
    require(view.entry != 0, where + ": mapped without an entry");
    require(!rw || view.dirty(), where + ": writable, and the entry is clean");
  }

  void inspect_tables(const kernel::mm_struct& mm) {
    for (uint64_t address = 0; address < mm.nr_pages; ++address) {
      kernel::pmd_t pmd = mm.pmds[address / pmd_pages()].pmd.peek();
      kernel::pte_t pte = mm.ptes[address].peek();
      std::string where = "mm " + std::to_string(mm.id) + " page " + std::to_string(address);
      require(kernel::pte_none(pte) || pmd == kernel::_PAGE_TABLE, where + ": a PTE without a table");
      if (kernel::pmd_trans_huge(pmd)) {
        inspect_translation(mm, address, kernel::pte_pfn(pmd) + address % pmd_pages(), pmd);
      } else if (!kernel::pte_none(pte)) {
        inspect_translation(mm, address, kernel::pte_pfn(pte), pte);
      }
    }
    require(mm.mmap_lock.readers() == 0 && mm.mmap_lock.writer() == engine::kNoTask, "mmap_lock is held");
  }

  void inspect_blocks() {
    const kernel::model& m = machine();
    std::map<uint32_t, std::string> owner;
    auto own = [&](uint32_t block, const std::string& who) {
      auto [at, fresh] = owner.try_emplace(block, who);
      require(fresh, "block " + std::to_string(block) + " is of " + at->second + " and of " + who);
    };
    std::set<uint32_t> free(m.free_stack, m.free_stack + m.nr_free);
    for (uint32_t i = 0; i < m.nr_free; ++i) own(m.free_stack[i], "the free ones");
    for (uint32_t i = 0; i < m.nr_freed; ++i) own(m.freed[i], "the freed ones");
    for (unsigned int i = 0; i < m.config.nr_inodes; ++i) {
      for (uint64_t page = 0; page < m.config.file_pages; ++page) {
        uint32_t block = m.inodes[i].i_block[page].peek();
        std::string who = "file " + std::to_string(i) + " page " + std::to_string(page);
        if (block != 0) own(kernel::i_block_nr(block) - 1, who);
        uint32_t committed = m.inodes[i].committed_block[page];
        require(committed == 0 || free.count(kernel::i_block_nr(committed) - 1) == 0,
                who + ": free, but its after a crash");
      }
    }
    require(owner.size() == m.nr_blocks, "a block is lost");
  }

  std::string report_;
};

const char* const kOneFile = R"(setup
  creat f size=2pmd
  mmap P.big f 0 2pmd shared rw
  mmap P.one f 1pg 1pg shared rw
  mmap Q.part f 2pg 4pg shared rw
  mmap Q.ro f 0 1pmd shared r
)";

/* What several tasks do to the files of kOneFile. */
/* What several tasks do to it: TASK: OPERATION; ... | TASK: ... */
const char* const kTasks[] = {
    "P.A: store big+1pg; store big+1pmd | Q.B: store part; fsync f",
    "P.A: load big+1pg; store one | Q.B: load ro; store part+1pg",
    "P.A: store big; fsync f; store big | Q.B: store part; fsync f; store part",
    "P.A: load big; load big+1pg | W.B: write f 1pg 2pg",
    "P.A: store big+2pg; load one | W.B: write f 0 1pmd; fsync f",
    "P.A: load big+2pg; store big+2pg.1 | W.B: write f 2pg 1pg; write f 2pg 1pg",
    "P.A: store big+3pg; store big+1pmd | T.B: truncate f 3pg; truncate f 2pmd",
    "P.A: store one; store big+1pmd; fsync f | T.B: truncate f 1pg",
    "P.A: load big+1pmd; load big | T.B: truncate f 5pg; write f 5pg 3pg",
    "P.A: munmap big; store one | Q.B: store part; load ro; munmap ro",
    "P.A: store big | P.B: munmap big | F.C: fsync f; fsync f",
    "P.A: store big+1pg | P.B: load one; store one | P.C: load big; munmap one",
    "P.A: mmap more f 1pmd 1pmd shared rw; store more+1pg; munmap more | F.B: fsync f",
    "W.A: write f 2pmd 1pmd; read f 0 4pmd | T.B: truncate f 1pmd; fsync f",
    "W.A: write f 0 2pmd | W.B: read f 0 2pmd; write f 1pg 1pg | F.C: fsync f",
    "P.A: store big; store big+1pmd | T.B: truncate f 0; fsync f; truncate f 2pmd | W.C: write f 1pg 1pg",
    "P.A: load big+1pg | Q.B: load part; store part+1pg | W.C: write f 0 1pmd; fsync f",
    "P.A: store big | Q.B: store part | F.C: fsync f | G.D: fsync f",
    "P.A: load one; store one; fsync f | Q.B: store part+3pg; load ro+1pg | T.C: truncate f 1pg",
    "T.A: truncate f 1pg | T.B: truncate f 2pmd | T.C: truncate f 1pmd | P.D: store big+2pg",
    /* A PTE fault that goes on when a PMD fault has won meanwhile, and the other way round. */
    "P.A: load one; load big | W.B: write f 0 1pmd | P.C: store big+2pg",
    "P.A: load big+1pmd | P.B: store big+1pmd | Q.C: store part+2pg | W.D: write f 1pmd 1pg",
    "P.A: mmap more f 6pg 1pmd shared rw; store more+3pg | T.B: truncate f 3pmd; truncate f 6pg",
    /* Extents that change inside the file. */
    "P.A: store big+1pg; store big+1pmd | T.B: punch f 0 5pg; fsync f | Q.C: store part",
    "P.A: store big; load big+1pmd | T.B: zero f 1pg 1pmd; write f 2pg 1pg | Q.C: load ro+2pg",
    "P.A: store big; store big+6pg | T.B: collapse f 1pg 1pmd; fsync f | W.C: write f 0 2pmd",
    "P.A: store one; load big+1pmd | T.B: falloc f 0 3pmd; truncate f 1pmd | W.C: write f 1pmd 1pmd",
    "T.A: falloc f 0 1pmd; zero f 0 3pmd | T.B: punch f 1pg 2pmd; collapse f 0 1pg | P.C: store big+2pg",
};
constexpr int kPrograms = static_cast<int>(std::size(kTasks));

std::string text_of(std::string tasks) {
  auto replace_all = [&](const std::string& from, const std::string& to) {
    for (size_t at = tasks.find(from); at != std::string::npos; at = tasks.find(from, at + to.size()))
      tasks.replace(at, from.size(), to);
  };
  replace_all(" | ", "\ntask ");
  replace_all(": ", "\n  ");
  replace_all("; ", "\n  ");
  return kOneFile + ("task " + tasks) + "\n";
}

/* To tell schedules apart. */
engine::Limits traced() {
  engine::Limits limits = Runner::default_limits();
  limits.trace = true;
  return limits;
}

/* Each program, first on the one file system, then on the other. */
class ModelInvariantTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    text_ = (GetParam() < kPrograms ? "" : "fs xfs\n") + text_of(kTasks[GetParam() % kPrograms]);
    program_ = program_of(text_);
    load(runner_, program_);
  }

  /* After an execution. */
  void check() {
    for (std::string_view verdict : verdicts(runner_.execution())) {
      /* Of what is known to be wrong with the newest kernel, nothing else. */
      ASSERT_TRUE(verdict == "stale-read" || verdict == "spurious-sigbus" || verdict == "lost-after-sync")
          << verdict << "\n"
          << text_;
    }
    Inspection inspection;
    inspection.inspect();
    ASSERT_EQ("", inspection.report()) << text_;
  }

  std::string text_;
  Program program_;
  Runner runner_{traced()};
};

TEST_P(ModelInvariantTest, HoldsAtTheEndOfRandomSchedules) {
  std::set<uint64_t> traces;
  for (const char* name : {"random", "pct"}) {
    auto strategy = engine::find_strategy(name)->make({.seed = 77});
    for (int i = 0; i < 500; ++i) {
      ASSERT_TRUE(strategy->begin());
      ASSERT_EQ(engine::End::kFinished, runner_.run(*strategy)) << text_;
      traces.insert(runner_.execution().trace_hash());
      check();
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_LT(20u, traces.size()) << "the schedules are all alike";
}

TEST_P(ModelInvariantTest, HoldsAtTheEndOfEveryScheduleWithOnePreemption) {
  engine::DfsStrategy dfs({.preemptions_max = 1});
  uint64_t finished = 0;
  while (dfs.begin()) {
    engine::End end = runner_.run(dfs);
    if (end == engine::End::kAbandoned) continue;
    ASSERT_EQ(engine::End::kFinished, end) << text_;
    ++finished;
    check();
    if (HasFatalFailure()) return;
  }
  EXPECT_LT(2u, finished);
}

INSTANTIATE_TEST_SUITE_P(Programs, ModelInvariantTest, testing::Range(0, 2 * kPrograms));

}  // namespace
}  // namespace daxrace::scenario
