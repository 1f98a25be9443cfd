/* SPDX-License-Identifier: GPL-2.0-only */
/* Generated programs: valid, within their bounds, reproducible, and of everything that the table has. */
#include "core/scenario/generate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/engine/hash.h"
#include "core/scenario/operands.h"
#include "core/scenario/text.h"

namespace daxrace::scenario {
namespace {

constexpr int kPrograms = 2000;

template <typename Visit>
void for_each_operation(const Program& program, Visit visit) {
  for (const Operation& op : program.setup) visit(op);
  for (const Task& task : program.tasks) {
    for (const Operation& op : task.ops) visit(op);
  }
}

uint64_t hash_of_programs(uint64_t seed, int count) {
  engine::Random random(seed);
  uint64_t hash = 0;
  for (int i = 0; i < count; ++i)
    hash = engine::combine(hash, engine::hash_text(print(generate(random, {}))));
  return hash;
}

TEST(Generate, ProgramsAreValid) {
  engine::Random random(1);
  for (int i = 0; i < kPrograms; ++i) {
    const Program program = generate(random, {});
    const std::string text = print(program);
    const auto read = parse_strict(text);
    ASSERT_TRUE(std::holds_alternative<Program>(read))
        << describe(std::get<ParseError>(read), "program") << text;
    ASSERT_EQ(std::get<Program>(read), program) << text;
    ASSERT_FALSE(program.tasks.empty());
  }
}

TEST(Generate, StaysWithinItsBounds) {
  engine::Random random(2);
  GenerateOptions options;
  options.files_max = 3;
  options.processes_max = 2;
  options.tasks_max = 2;
  options.ops_max = 5;
  options.switches_max = 2;
  for (int i = 0; i < kPrograms; ++i) {
    const Program program = generate(random, {}, options);
    EXPECT_LE(program.files.size(), 3u);
    EXPECT_LE(program.processes.size(), 2u);
    EXPECT_LE(program.tasks.size(), 2u);
    EXPECT_LE(program.schedule.switches.size(), 2u);
    for (const Task& task : program.tasks) EXPECT_LE(task.ops.size(), 5u);
    for (const Switch& entry : program.schedule.switches)
      EXPECT_LT(entry.step, estimate_steps(program, options.steps_of_operation) + options.ops_max * 32u);
  }
}

TEST(Generate, KeepsTheConfiguration) {
  engine::Random random(3);
  Config config;
  config.kernel.version = "v5.18";
  config.kernel.with = {"some-row"};
  config.geometry = {16, 4};
  config.pmd_mappings = false;
  EXPECT_EQ(generate(random, config).config, config);
}

TEST(Generate, TheSameSeedGivesTheSamePrograms) {
  EXPECT_EQ(hash_of_programs(4, 100), hash_of_programs(4, 100));
  EXPECT_NE(hash_of_programs(4, 100), hash_of_programs(5, 100));
}

TEST(Generate, EverythingOfTheTableOccurs) {
  engine::Random random(6);
  std::set<OpKind> kinds;
  std::set<ArgKind> arguments;
  for (int i = 0; i < kPrograms; ++i) {
    for_each_operation(generate(random, {}), [&](const Operation& op) {
      kinds.insert(op.kind);
      for_each_argument(op.kind, [&](ArgKind arg, int) { arguments.insert(arg); });
    });
  }
  std::set<ArgKind> of_table;
  for (const OpInfo& info : op_table()) of_table.insert(info.args.begin(), info.args.end());
  const auto drawn = std::ranges::count_if(op_table(), [](const OpInfo& info) { return info.weight > 0; });
  EXPECT_EQ(kinds.size(), static_cast<size_t>(drawn));
  EXPECT_EQ(arguments, of_table);
}

/* Mappings that can have huge entries, and mappings that cannot; files with and without room for one. */
TEST(Generate, WholeAndPartialPmdsOccur) {
  engine::Random random(7);
  const int pmd = Geometry{}.pmd_pages;
  int whole = 0;
  int partial = 0;
  int small_files = 0;
  for (int i = 0; i < kPrograms; ++i) {
    for_each_operation(generate(random, {}), [&](const Operation& op) {
      if (slot_of(op.kind, ArgKind::kNewFile) >= 0) small_files += argument(op, ArgKind::kSizeKey) < pmd;
      if (slot_of(op.kind, ArgKind::kNewRegion) < 0) return;
      const int first = argument(op, ArgKind::kOffset);
      const int aligned = (first + pmd - 1) / pmd * pmd;
      ++(aligned + pmd <= first + argument(op, ArgKind::kLength) ? whole : partial);
    });
  }
  EXPECT_GT(whole, kPrograms / 4);
  EXPECT_GT(partial, kPrograms / 4);
  EXPECT_GT(small_files, kPrograms / 16);
}

TEST(Generate, EveryTaskIsSwitchedTo) {
  engine::Random random(8);
  std::set<int> tasks;
  std::set<size_t> counts;
  for (int i = 0; i < kPrograms; ++i) {
    const Program program = generate(random, {});
    for (const Switch& entry : program.schedule.switches) tasks.insert(entry.task);
    counts.insert(program.schedule.switches.size());
  }
  EXPECT_EQ(tasks, (std::set<int>{0, 1, 2}));
  EXPECT_EQ(counts, (std::set<size_t>{0, 1, 2, 3, 4}));
}

/* How many programs access a cell of a file from two tasks. */
int sharing_programs(uint32_t sharing) {
  engine::Random random(9);
  GenerateOptions options;
  options.sharing = sharing;
  int count = 0;
  for (int i = 0; i < kPrograms; ++i) {
    Program program = generate(random, {}, options);
    Operands operands(random, program, sharing, kRegionsMax);
    std::set<std::array<int32_t, 3>> seen;
    bool shares = false;
    for (const Task& task : program.tasks) {
      std::set<std::array<int32_t, 3>> mine;
      for (const Operation& op : task.ops) {
        Place place;
        if (slot_of(op.kind, ArgKind::kAddr) >= 0 && operands.place_of(op, place))
          mine.insert({place.file, place.page, place.cell});
      }
      for (const auto& place : mine) shares = shares || seen.contains(place);
      seen.merge(mine);
    }
    count += shares;
  }
  return count;
}

TEST(Generate, SharingIsPreferred) { EXPECT_GT(sharing_programs(85), sharing_programs(0) * 5 / 4); }

}  // namespace
}  // namespace daxrace::scenario
