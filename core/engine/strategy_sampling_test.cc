/* SPDX-License-Identifier: GPL-2.0-only */
/* What holds for every strategy that samples: its seed decides everything, and what it finds can be replayed.
 */
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/engine/bench/known_programs.h"
#include "core/engine/data.h"
#include "core/engine/strategies.h"
#include "core/engine/strategy_replay.h"
#include "core/engine/sync.h"

namespace daxrace::engine {
namespace {

const Role kWordRole("sampling-word");
const Role kLockRole("sampling-lock");

struct World {
  Atomic<int> x{kWordRole};
  Atomic<int> y{kWordRole};
  Lock lock;
};

void disturb(World* w) {
  Execution& e = Execution::current();
  e.invoke(0);
  w->y.fetch_add(static_cast<int>(e.choose(3)), Order::kRelaxed);
  w->lock.lock();
  w->x.fetch_add(1, Order::kRelaxed);
  w->lock.unlock();
  e.ret(0);
}

/* A bit of everything: draws, operations, a lock, a retry loop, a spawn in the middle, numbers of events that
 * depend on the schedule. The bug is that two read-modify-writes of y come between those of x. */
void mixture(void*) {
  Execution& e = Execution::current();
  auto* w = e.arena().make<World>();
  w->lock.init(kLockRole);
  e.spawn([w] { disturb(w); }, "one");
  e.spawn(
      [w] {
        disturb(w);
        Execution::current().spawn([w] { disturb(w); }, "child");
      },
      "two");
  e.spawn(
      [w] {
        RetryLoop retry;
        while (w->x.load(Order::kRelaxed) == 0) retry.again();
        int before = w->y.load(Order::kRelaxed);
        if (w->y.load(Order::kRelaxed) == before + 2) Execution::current().report({.verdict = "test-bug"});
      },
      "waiter");
}

class Sampling : public testing::TestWithParam<const char*> {
 protected:
  static std::vector<uint64_t> hashes(uint64_t seed, Limits limits = {}) {
    auto strategy = find_strategy(GetParam())->make({.seed = seed});
    Execution execution(limits);
    std::vector<uint64_t> all;
    for (int i = 0; i < 200; ++i) {
      EXPECT_TRUE(strategy->begin());
      EXPECT_EQ(End::kFinished, execution.run(*strategy, mixture, nullptr));
      all.push_back(execution.trace_hash());
    }
    return all;
  }
};

TEST_P(Sampling, TheSeedDecides) {
  EXPECT_EQ(hashes(1), hashes(1));
  EXPECT_NE(hashes(1), hashes(2));
}

TEST_P(Sampling, ExecutionsOfOneSeedDiffer) {
  auto all = hashes(3);
  std::sort(all.begin(), all.end());
  EXPECT_GT(std::unique(all.begin(), all.end()) - all.begin(), 50);
}

/* The same decisions, whether a trace is kept or not. */
TEST_P(Sampling, ATraceChangesNothing) {
  std::vector<std::vector<uint32_t>> steps[2];
  for (bool trace : {false, true}) {
    auto strategy = find_strategy(GetParam())->make({.seed = 4});
    Execution execution({.trace = trace});
    for (int i = 0; i < 200; ++i) {
      EXPECT_TRUE(strategy->begin());
      execution.run(*strategy, mixture, nullptr);
      std::vector<uint32_t> decisions;
      for (const Decision& decision : execution.decisions()) {
        decisions.push_back(decision.step);
        decisions.push_back(decision.value);
      }
      steps[trace].push_back(decisions);
    }
  }
  EXPECT_EQ(steps[0], steps[1]);
}

void expect_replays(const char* name, Execution::Body program) {
  Execution execution;
  auto strategy = find_strategy(name)->make({.seed = 5});
  ASSERT_NE(0u, bench::schedules_to_bug(execution, *strategy, program, 20000));
  uint64_t hash = execution.trace_hash();
  std::string_view verdict = execution.headline()->verdict;
  std::vector<RecordedSwitch> switches;
  std::vector<RecordedDraw> draws;
  record_choices(execution, switches, draws);
  ReplayStrategy replay(switches, draws);
  ASSERT_TRUE(replay.begin());
  execution.run(replay, program, nullptr);
  EXPECT_EQ(hash, execution.trace_hash());
  ASSERT_NE(nullptr, execution.headline());
  EXPECT_EQ(verdict, execution.headline()->verdict);
}

TEST_P(Sampling, WhatItFindsIsReplayed) {
  expect_replays(GetParam(), mixture);
  for (const bench::KnownProgram& program : bench::kKnownPrograms) expect_replays(GetParam(), program.first);
}

/* A task that waits for another starves nobody, and the number of steps stays small. */
TEST_P(Sampling, RetryLoopsEnd) {
  auto program = [](void*) {
    auto* w = Execution::current().arena().make<World>();
    for (int i = 0; i < 2; ++i) {
      Execution::current().spawn(
          [w] {
            RetryLoop retry;
            while (w->x.load(Order::kRelaxed) == 0) retry.again();
          },
          "waiter");
    }
    Execution::current().spawn([w] { w->x.store(1, Order::kRelaxed); }, "setter");
  };
  auto strategy = find_strategy(GetParam())->make({.seed = 6});
  Execution execution;
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(strategy->begin());
    ASSERT_EQ(End::kFinished, execution.run(*strategy, program, nullptr));
    ASSERT_LT(execution.steps(), 40u);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Sampling, testing::Values("random", "pct", "pos", "urw", "surw"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace daxrace::engine
