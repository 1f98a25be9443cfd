/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutants and crossings: valid, small, different, and in the end of every kind. */
#include "core/scenario/mutate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/engine/hash.h"
#include "core/engine/sanitized_for_test.h"
#include "core/scenario/execute.h"
#include "core/scenario/mutate_steps.h"
#include "core/scenario/text.h"

namespace daxrace::scenario {
namespace {

constexpr int kMutants = kSanitized ? 5000 : 20000;

testing::AssertionResult valid(const Program& program) {
  const std::string text = print(program);
  const auto read = parse_strict(text);
  if (const auto* error = std::get_if<ParseError>(&read)) {
    return testing::AssertionFailure() << describe(*error, "mutant") << "\n" << text;
  }
  if (std::get<Program>(read) != program)
    return testing::AssertionFailure() << "reads differently:\n" << text;
  return testing::AssertionSuccess();
}

testing::AssertionResult within(const Program& program, const MutateOptions& options) {
  const auto over = [](size_t size, int max) { return size > static_cast<size_t>(max); };
  bool beyond = over(program.tasks.size(), options.tasks_max) ||
                over(program.setup.size(), options.setup_max) ||
                over(program.regions.size(), options.generate.regions_max) ||
                over(program.schedule.switches.size(), options.switches_max) ||
                over(program.schedule.draws.size(), options.draws_max) ||
                over(program.files.size(), options.generate.files_max) ||
                over(program.processes.size(), options.generate.processes_max);
  for (const Task& task : program.tasks) beyond = beyond || over(task.ops.size(), options.ops_max);
  if (beyond) return testing::AssertionFailure() << "too large:\n" << print(program);
  return testing::AssertionSuccess();
}

TEST(Mutate, MutantsAreValidAndSmall) {
  engine::Random random(1);
  const MutateOptions options;
  Program program;
  for (int i = 0; i < kMutants; ++i) {
    mutate(random, program, options);
    ASSERT_TRUE(valid(program));
    ASSERT_TRUE(within(program, options));
    ASSERT_FALSE(program.tasks.empty());
  }
}

TEST(Mutate, MostlyChangesTheProgram) {
  engine::Random random(2);
  int same = 0;
  for (int i = 0; i < kMutants; ++i) {
    const Program before = generate(random, {});
    Program after = before;
    mutate(random, after);
    same += after == before;
  }
  EXPECT_LT(same, kMutants / 20);
}

TEST(Mutate, TheSameSeedGivesTheSameMutants) {
  const auto run = [] {
    engine::Random random(3);
    Program program;
    uint64_t hash = 0;
    for (int i = 0; i < 100; ++i) {
      mutate(random, program);
      hash = engine::combine(hash, engine::hash_text(print(program)));
    }
    return hash;
  };
  EXPECT_EQ(run(), run());
}

/* A path of mutations from the smallest program comes by every operation, and by a switch to every task. */
TEST(Mutate, EverythingOccurs) {
  engine::Random random(4);
  MutateOptions options;
  options.fresh_one_in = UINT32_MAX;
  Program program = generate(random, {}, options.generate);
  std::set<OpKind> kinds;
  std::set<int> targets;
  std::set<size_t> tasks;
  size_t draws = 0;
  for (int i = 0; i < kMutants; ++i) {
    mutate(random, program, options);
    for (const Operation& op : program.setup) kinds.insert(op.kind);
    for (const Task& task : program.tasks) {
      for (const Operation& op : task.ops) kinds.insert(op.kind);
    }
    for (const Switch& entry : program.schedule.switches) targets.insert(entry.task);
    draws += program.schedule.draws.size();
    tasks.insert(program.tasks.size());
  }
  const auto drawn = std::ranges::count_if(op_table(), [](const OpInfo& info) { return info.weight > 0; });
  EXPECT_EQ(kinds.size(), static_cast<size_t>(drawn));
  EXPECT_GT(targets.size(), static_cast<size_t>(options.tasks_max)) << "devices, too";
  EXPECT_EQ(tasks.size(), static_cast<size_t>(options.tasks_max));
  EXPECT_GT(draws, 0u);
}

/* In default order, with a trace. */
const engine::Execution* run(Runner& runner, const Program& program) {
  const std::vector<engine::RecordedSwitch> switches;
  const std::vector<engine::RecordedDraw> draws;
  engine::ReplayStrategy strategy(switches, draws);
  strategy.begin();
  std::string error;
  EXPECT_TRUE(runner.load(program, &error)) << error;
  runner.run(strategy);
  return &runner.execution();
}

/* Each of them alone: it changes something valid into something that repair() makes valid, or says that it
 * cannot. */
TEST(Mutate, EverySingleMutationWorks) {
  MutateOptions options;
  Runner runner;
  for (const auto mutations : {operation_mutations(), schedule_mutations()}) {
    for (size_t which = 0; which < mutations.size(); ++which) {
      constexpr int kPrograms = kSanitized ? 600 : 3000;
      engine::Random random(5);
      int done = 0;
      for (int i = 0; i < kPrograms; ++i) {
        Program program = generate(random, {});
        program.schedule.draws.push_back({7, 1});
        if (program.tasks.size() < 2) continue;
        options.execution = i % 16 == 0 ? run(runner, program) : nullptr;
        const MutationContext context{random, program, options};
        done += mutations[which].apply(context);
        repair(program);
        ASSERT_TRUE(valid(program)) << "mutation " << which;
        ASSERT_TRUE(within(program, options)) << "mutation " << which;
      }
      EXPECT_GT(done, kPrograms / 100) << "mutation " << which;
    }
  }
}

TEST(Mutate, SaysNothingThatWasTrueOfTheProgramBefore) {
  engine::Random random(6);
  Program program = generate(random, {});
  program.title = "a title";
  program.notes = {"a note"};
  program.expectations = {{}};
  program.found = Found{"stale-read", "s", 1};
  program.schedule.switches = {{3, 0, {0, 0, "site", 0}}};
  repair(program);
  mutate(random, program);
  EXPECT_TRUE(program.title.empty() && program.notes.empty() && program.expectations.empty());
  EXPECT_FALSE(program.found.has_value());
  for (const Switch& entry : program.schedule.switches) EXPECT_EQ(entry.anchor, Anchor{});
}

TEST(Mutate, KeepsTheKernelAndComesByEveryMachine) {
  engine::Random random(7);
  Config config;
  config.kernel.version = "v5.18";
  config.geometry = {16, 4};
  Program program = generate(random, config);
  bool xfs = false, eadr = false, ddio = false, small = false, stable = false, copies = false;
  for (int i = 0; i < 4000; ++i) {
    mutate(random, program);
    ASSERT_EQ(program.config.kernel, config.kernel);
    ASSERT_TRUE(valid(program));
    xfs = xfs || program.config.xfs;
    eadr = eadr || program.config.eadr;
    ddio = ddio || program.config.ddio;
    small = small || !program.config.pmd_mappings;
    stable = stable || program.config.swap_stable_writes;
    copies = copies || !program.config.swap_exclusive;
  }
  EXPECT_TRUE(xfs && eadr && ddio && small && stable && copies);

  MutateOptions never;
  never.config_one_in = never.generate.config_one_in = UINT32_MAX;
  program = generate(random, config, never.generate);
  for (int i = 0; i < 1000; ++i) {
    mutate(random, program, never);
    ASSERT_EQ(program.config, config);
  }
}

TEST(Mutate, ShrinkEndsAtNothing) {
  engine::Random random(8);
  for (int i = 0; i < 200; ++i) {
    Program program = generate(random, {});
    size_t size = print(program).size();
    while (shrink(random, program)) {
      ASSERT_TRUE(valid(program));
      ASSERT_LT(print(program).size(), size);
      size = print(program).size();
    }
    EXPECT_LT(size, 200u);
  }
}

TEST(Crossover, ChildrenAreValidAndSmall) {
  engine::Random random(9);
  const MutateOptions options;
  int new_children = 0;
  for (int i = 0; i < kMutants; ++i) {
    Program a = generate(random, {}, options.generate);
    const Program b = generate(random, {}, options.generate);
    a.config.kernel.version = "v5.18";
    const Program child = crossover(random, a, b, options);
    ASSERT_TRUE(valid(child));
    ASSERT_TRUE(within(child, options));
    ASSERT_EQ(child.config.kernel, a.config.kernel);
    new_children += child != a;
  }
  EXPECT_GT(new_children, kMutants / 2);
}

/* A child may have files and regions of both. */
TEST(Crossover, SetupsAreSpliced) {
  engine::Random random(12);
  int spliced = 0;
  for (int i = 0; i < 2000; ++i) {
    const Program a = generate(random, {});
    const Program b = generate(random, {});
    const Program child = crossover(random, a, b);
    spliced +=
        child.setup.size() > std::max(a.setup.size(), b.setup.size()) && child.files.size() >= a.files.size();
  }
  EXPECT_GT(spliced, 100);
}

TEST(Crossover, OfNothingIsAProgram) {
  engine::Random random(10);
  for (int i = 0; i < 500; ++i) {
    const Program something = generate(random, {});
    EXPECT_FALSE(crossover(random, {}, something).tasks.empty());
    EXPECT_FALSE(crossover(random, something, {}).tasks.empty());
  }
}

/* A program may be beyond the mutator's bounds, up to those of the format. */
TEST(Crossover, OfTheLargestPrograms) {
  engine::Random random(11);
  GenerateOptions large;
  large.files_max = kFilesMax;
  large.processes_max = kProcessesMax;
  large.setup_regions_max = kRegionsMax;
  large.regions_max = kRegionsMax;
  large.tasks_max = kTasksMax;
  large.ops_max = kOpsMax;
  large.switches_max = 64;
  for (int i = 0; i < 500; ++i) {
    Program a = generate(random, {}, large);
    const Program b = generate(random, {}, large);
    ASSERT_TRUE(valid(crossover(random, a, b)));
    mutate(random, a);
    ASSERT_TRUE(valid(a));
  }
}

}  // namespace
}  // namespace daxrace::scenario
