/* SPDX-License-Identifier: GPL-2.0-only */
/* What the readers accept, and what is printed of it. */
#include "core/scenario/text.h"

#include <gtest/gtest.h>

#include "core/engine/sanitized_for_test.h"
#include "core/scenario/text_reader.h"
#include "core/scenario/text_words.h"

namespace daxrace::scenario {
namespace {

/* Every kind of line, as print() writes it. */
constexpr std::string_view kCanonical = R"(daxrace 1
title     dax: fix missing writeprotect the pte entry
source    https://lore.kernel.org/r/20220302082718.32268-6-songmuchun@bytedance.com
question  Does fsync write-protect every mapping of the PMD entry that it cleans?
mirrors   dax_writeback_one, dax_insert_entry
note      first
note      second, by Jérôme
kernel    v5.18
without   06083a0921fd, other-row
with      some-mutant
geometry  pmd=8 cells=4
pmd       off
setup
  creat f size=1pmd
  creat empty size=0
  mmap P.big f 0 1pmd shared rw
  mmap Q.one f 1pg 1pg shared r
  store big
task P.A
  store big+1pg
  load big+7pg.3
  munmap big
task P.B
task Q.B
  mmap two f 1pmd 2pmd shared rw
  store two+1pmd.1
  load one
  read f 0 9pg
  write empty 1pmd 3pmd
  truncate f 0
  fsync f
  crash
expect never
expect kernel v5.18: lost-after-sync preemptions=0
expect without 06083a0921fd: lost-after-sync, stale-read
expect with mutant-a, mutant-b: stale-read
expect kernel v5.18 without x: never
found     lost-after-sync
signature lost-after-sync/store/fsync/xyz
hash      0123456789abcdef
schedule
  @0 Q.B
  @13 P.A [Q.B op 1: dax_iomap_pte_fault:lock:i_pages#1]
  @13 draw 0
  @21 P.B [P.A op 0: dax_iomap_pte_fault:lock:i_pages#1 x2]
  @30 draw 4294967295
)";

Program read(std::string_view text) {
  auto result = parse_strict(text);
  if (const auto* error = std::get_if<ParseError>(&result)) {
    ADD_FAILURE() << describe(*error, "text") << "\n" << text;
    return {};
  }
  return std::get<Program>(result);
}

TEST(Text, CanonicalTextIsPrintedAsItWasRead) {
  const Program program = read(kCanonical);
  EXPECT_EQ(print(program), kCanonical);
  EXPECT_EQ(parse_lenient(kCanonical), program);
}

TEST(Text, ReadsWhatItSays) {
  const Program program = read(kCanonical);
  EXPECT_EQ(program.files, (std::vector<std::string>{"f", "empty"}));
  EXPECT_EQ(program.processes, (std::vector<std::string>{"P", "Q"}));
  EXPECT_EQ(program.regions, (std::vector<Region>{{"big", 0}, {"one", 1}, {"two", 1}}));
  ASSERT_EQ(program.tasks.size(), 3u);
  EXPECT_EQ(program.tasks[2].process, 1);
  const Operation& load = program.tasks[0].ops[1];
  EXPECT_EQ(load, (Operation{OpKind::k_load, {0, 7, 3}}));
  EXPECT_EQ(argument(load, ArgKind::kAddr), 0);
  EXPECT_EQ(argument(load, ArgKind::kFile), -1);
  EXPECT_EQ(program.setup[3], (Operation{OpKind::k_mmap, {1, 0, 1, 1, 0}}));
  EXPECT_EQ(program.expectations[1].preemptions, 0);
  EXPECT_TRUE(program.expectations[4].verdicts.empty());
  EXPECT_EQ(program.found->trace_hash, 0x0123456789abcdefu);
  EXPECT_EQ(program.schedule.switches[2].anchor, (Anchor{0, 0, "dax_iomap_pte_fault:lock:i_pages#1", 2}));
  EXPECT_EQ(program.schedule.draws[1], (Draw{30, 4294967295u}));
}

TEST(Text, InputIsFreerThanOutput) {
  const std::string_view free_form =
      "# SPDX-License-Identifier: GPL-2.0-only\r\n"
      "\r\n"
      "  daxrace 1   # the form\r\n"
      "pmd on\n"
      "geometry cells=2 pmd=4\n"
      "question what#ever\t?   # not asked\n"
      "title   t  \n"
      "\tsetup\n"
      "creat f size=4pg#1\n";
  EXPECT_TRUE(std::holds_alternative<ParseError>(parse_strict(free_form))); /* `#1` is part of the word */
  const std::string_view good =
      "# SPDX-License-Identifier: GPL-2.0-only\r\n"
      "\r\n"
      "  daxrace 01   # the form\r\n"
      "pmd on\n"
      "geometry cells=2 pmd=4\n"
      "question what#ever\t?   # not asked\n"
      "title   t  \n"
      "\tsetup\n"
      "creat f size=04pg #1\n"
      "mmap P.r f 0pg 8pg shared rw\n"
      "store r+0.0\n"
      "task P.A\n"
      "#store r\n"
      "store r+4pg.0\n"
      "expect without a,b , c :x,y preemptions=1\n"
      "found x\n"
      "hash 0000000000000000\n"
      "schedule\n"
      "@7 P.A [ P.A op 0 : s x0 ]";
  EXPECT_EQ(print(read(good)),
            "daxrace 1\n"
            "title     t\n"
            "question  what#ever ?\n"
            "setup\n"
            "  creat f size=1pmd\n"
            "  mmap P.r f 0 2pmd shared rw\n"
            "  store r\n"
            "task P.A\n"
            "  store r+1pmd\n"
            "expect without a, b, c: x, y preemptions=1\n"
            "found     x\n"
            "schedule\n"
            "  @7 P.A [P.A op 0: s]\n");
}

TEST(Text, SmallestPrograms) {
  EXPECT_EQ(read("daxrace 1"), Program{});
  EXPECT_EQ(read("daxrace 1\nsetup\nschedule\n"), Program{});
  EXPECT_EQ(print(Program{}), "daxrace 1\n");
  EXPECT_EQ(parse_lenient(""), Program{});
}

TEST(Text, RegionsMayBeUsedBeforeTheirMmap) {
  read(
      "daxrace 1\nsetup\ncreat f size=1pg\nstore late\ntask P.A\nstore late+1pg\ntask P.B\nmmap late f 0 2pg "
      "shared rw\n");
}

TEST(Text, LenientKeepsWhatItUnderstands) {
  const std::string_view damaged =
      "daxrace 7\n"
      "garbage \x01\x02\n"
      "title one\n"
      "title two\n"
      "setup\n"
      "  creat f size=9pmd trailing\n"
      "  mmap P.big f 0 1pmd shared rw\n"
      "task P.A\n"
      "  store bigg+77pg.9\n"
      "  crash\n"
      "  stroe big\n"
      "setup\n"
      "  fsync g\n"
      "  crash\n"
      "task Q.B\n"
      "  store big\n"
      "expect kernel 5.18: stale-read\n"
      "@9 Q.B\n"
      "@3 nobody\n";
  EXPECT_EQ(print(parse_lenient(damaged)),
            "daxrace 1\n"
            "title     one\n"
            "setup\n"
            "  creat f size=4pmd\n"
            "  mmap P.big f 0 1pmd shared rw\n"
            "  fsync f\n"
            "task P.A\n"
            "  store big+1pg.1\n"
            "  crash\n"
            "task Q.B\n"
            "schedule\n"
            "  @3 P.A\n"
            "  @9 Q.B\n");
}

TEST(Text, LenientIgnoresTheVersion) {
  std::string newer(kCanonical);
  newer[8] = '2';
  EXPECT_EQ(parse_lenient(newer), read(kCanonical));
  EXPECT_EQ(parse_lenient(newer.substr(newer.find('\n') + 1)), read(kCanonical));
}

/* Cuts, doubled pieces and changed bytes of the canonical text; and that strict and lenient agree on them. */
TEST(Text, DamagedTextsReachAFixpoint) {
  constexpr int kRounds = kSanitized ? 4000 : 20000;
  uint64_t state = 1;
  const auto random = [&](size_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>(state >> 33) % bound;
  };
  int accepted = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::string text(kCanonical);
    for (size_t n = random(4); n-- > 0;) {
      const size_t at = random(text.size());
      const size_t size = random(40);
      const size_t kind = random(3);
      if (kind == 0) text.erase(at, size);
      if (kind == 1) text.insert(at, std::string(kCanonical.substr(random(kCanonical.size()), size)));
      if (kind == 2) text[at] = static_cast<char>(random(256));
    }
    const Program program = parse_lenient(text);
    const std::string printed = print(program);
    ASSERT_EQ(read(printed), program) << text;
    ASSERT_EQ(parse_lenient(printed), program) << text;
    const auto strict = parse_strict(text);
    if (const auto* same = std::get_if<Program>(&strict)) {
      ++accepted;
      ASSERT_EQ(*same, program) << text;
    }
  }
  EXPECT_GT(accepted, kRounds / 20);
}

TEST(Text, TheLargestProgramFits) {
  Program program = read(kCanonical);
  program.schedule = {};
  Switch entry{0, 2, {2, 63, std::string(kSiteMax, 's'), UINT32_MAX}};
  for (uint32_t step = kStepMax - 5000; step < kStepMax; ++step) {
    entry.step = step;
    program.schedule.switches.push_back(entry);
    program.schedule.draws.push_back({step, UINT32_MAX});
  }
  program.tasks[2].name = std::string(kNameMax, 'n');
  program.processes[1] = std::string(kNameMax, 'p');
  program.notes.assign(100, std::string(1000, 'x'));
  repair(program);
  EXPECT_EQ(program.schedule.switches.size(), static_cast<size_t>(kSwitchesMax));
  const std::string text = print(program);
  EXPECT_GT(text.size(), kTextMax / 2);
  EXPECT_EQ(read(text), program);
}

/* No clock: that a character costs what the whole text costs is what the test's timeout shows. What only each
 * of the longer lines would cost is not seen. */
TEST(Text, LenientTimeGrowsWithTheText) {
  constexpr size_t kSize = kSanitized ? 400'000 : 4'000'000;
  for (const std::string_view line :
       {"\n", "#", "x ", "@1 P.A [P.A op 1: s]\n", "note x\n", "task P.A\n", "without a,b\n",
        "expect with a: b\n", "with ,,,,\n", "mmap P.r f 0 1pg shared rw\n", "setup\n", "[",
        "creat f size=1pg\n", "\xc3\xa9"}) {
    std::string text = "title ";
    while (text.size() < kSize) text += line;
    const Program program = parse_lenient(text);
    EXPECT_EQ(read(print(program)), program);
  }
}

TEST(Text, EveryRowHasItsPlaceAndFitsTheReader) {
  for (const OpInfo& op : op_table()) {
    EXPECT_EQ(op_info(op_named(op.name)).name, op.name);
    EXPECT_TRUE(is_row_name(op.name)) << op.name;
    EXPECT_TRUE(
        std::holds_alternative<ParseError>(parse_strict("daxrace 1\n" + std::string(op.name) + " x\n")))
        << "an operation that is a keyword, too: " << op.name;
    bool offset = false;
    for (const ArgKind arg : op.args) {
      EXPECT_FALSE(arg == ArgKind::kOffset && offset) << "bounds know one offset: " << op.name;
      offset = offset || arg == ArgKind::kOffset;
    }
  }
  EXPECT_EQ(op_named("nothing"), OpKind::kCount);
}

}  // namespace
}  // namespace daxrace::scenario
