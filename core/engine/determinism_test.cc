/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/determinism.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/strategies.h"

namespace daxrace::engine {
namespace {

const Role kWordRole("twice-word");

/* What a deterministic program must not look at: it lives on from one execution to the next. */
int executions_so_far = 0;

struct Program {
  uint64_t (*hidden)(); /* what the tasks read besides their shared state */
};

void body(void* arg) {
  const auto& program = *static_cast<const Program*>(arg);
  Execution& e = Execution::current();
  ++executions_so_far;
  auto* x = e.arena().make<Atomic<uint64_t>>(kWordRole);
  auto* y = e.arena().make<Atomic<uint64_t>>(kWordRole);
  for (const char* name : {"A", "B"}) {
    e.spawn(
        [=, &program] {
          x->fetch_add(1, Order::kRelaxed);
          y->store(program.hidden() + Execution::current().choose(2), Order::kRelaxed);
          x->fetch_add(1, Order::kRelaxed);
        },
        name);
  }
}

uint64_t nothing() { return 0; }
uint64_t counter() { return static_cast<uint64_t>(executions_so_far); }
uint64_t every_seventh() { return executions_so_far % 7 == 0 ? 1 : 0; }
uint64_t address() {
  static std::vector<std::unique_ptr<char>> kept;
  kept.push_back(std::make_unique<char>());
  return reinterpret_cast<uintptr_t>(kept.back().get());
}

/* Differences in at most n runs, second ones included. */
uint64_t differences(const char* strategy_name, uint64_t (*hidden)(), int n, int* executions = nullptr) {
  auto inner = find_strategy(strategy_name)->make({.seed = 9});
  TwiceStrategy twice(*inner);
  Execution execution;
  Program program{hidden};
  executions_so_far = 0;
  int runs = 0;
  int seconds = 0;
  uint64_t last = 0;
  while (runs < n && twice.begin()) {
    execution.run(twice, body, &program);
    ++runs;
    if (!twice.second_run()) {
      last = execution.trace_hash();
      continue;
    }
    ++seconds;
    if (hidden == nothing) {
      EXPECT_EQ(last, execution.trace_hash());
    }
  }
  EXPECT_GT(seconds, 0) << "nothing ran twice";
  if (executions != nullptr) *executions = runs;
  return twice.differences();
}

TEST(TwiceStrategy, FindsNoDifferenceInADeterministicProgram) {
  for (const char* name : {"random", "pct", "dfs"}) EXPECT_EQ(0u, differences(name, nothing, 2000)) << name;
}

TEST(TwiceStrategy, FindsWhatLivesOnAcrossExecutions) {
  for (const char* name : {"random", "pct", "dfs"}) {
    EXPECT_GT(differences(name, counter, 2000), 0u) << name;
    EXPECT_GT(differences(name, every_seventh, 2000), 0u) << name << ", rarely";
    EXPECT_GT(differences(name, address, 2000), 0u) << name << ", an address";
  }
}

TEST(TwiceStrategy, CountsEachExecutionOnce) {
  int runs = 0;
  uint64_t found = differences("random", counter, 1000, &runs);
  EXPECT_EQ(1000, runs);
  EXPECT_EQ(500u, found) << "every second run differs from its first";
}

/* The wrapped strategy sees its own executions only: it explores as much as without the check. */
TEST(TwiceStrategy, ExploresWhatTheOtherExplores) {
  auto independent = [](void*) {
    Execution& e = Execution::current();
    for (const char* name : {"A", "B"}) {
      auto* own = e.arena().make<Atomic<int>>(kWordRole);
      e.spawn(
          [own] {
            for (int i = 0; i < 3; ++i) own->store(i, Order::kRelaxed);
          },
          name);
    }
  };
  auto plain = make_dfs_strategy({});
  Execution execution;
  uint64_t alone = 0;
  for (; plain->begin(); ++alone) execution.run(*plain, independent, nullptr);
  auto inner = make_dfs_strategy({});
  TwiceStrategy twice(*inner);
  uint64_t first = 0;
  uint64_t second = 0;
  uint64_t abandoned = 0;
  while (twice.begin()) {
    End end = execution.run(twice, independent, nullptr);
    ++(twice.second_run() ? second : first);
    abandoned += end == End::kAbandoned;
  }
  EXPECT_EQ(alone, first);
  EXPECT_EQ(first - abandoned, second) << "all but those that were cut short";
  EXPECT_GT(abandoned, 0u);
  EXPECT_EQ(0u, twice.differences());
}

/* The number of tasks depends on what ran before: no schedule fits, and nothing may break for that. */
TEST(TwiceStrategy, SurvivesAProgramWhoseTasksVary) {
  for (const char* name : {"random", "pct", "dfs"}) {
    auto inner = find_strategy(name)->make({.seed = 9});
    TwiceStrategy twice(*inner);
    Execution execution;
    executions_so_far = 0;
    auto varying = [](void*) {
      Execution& e = Execution::current();
      auto* x = e.arena().make<Atomic<uint64_t>>(kWordRole);
      for (int i = 0; i < 1 + ++executions_so_far * 7 % 5; ++i) {
        e.spawn([x] { x->fetch_add(1, Order::kRelaxed); }, "task");
      }
    };
    for (int i = 0; i < 1000 && twice.begin(); ++i) execution.run(twice, varying, nullptr);
    EXPECT_GT(twice.differences(), 0u) << name;
  }
}

}  // namespace
}  // namespace daxrace::engine
