/* SPDX-License-Identifier: GPL-2.0-only */
/* Exhaustive search: complete within its bound, with pruning as without. */
#include "core/engine/strategy_dfs.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "core/engine/data.h"

namespace daxrace::engine {
namespace {

const Role kWordRole("dfs-word");
const Role kResultRole("dfs-result");

/* All that outcomes are made of is shared state: what a task only remembers is no part of a state. */
struct World {
  Atomic<int>* x = nullptr;
  Atomic<int>* y = nullptr;
  Plain<int>* result[3] = {}; /* [i]: written by task i + 1 only */
};

World w;

using Body = void (*)();

void spawn_all(void* arg) {
  static const char* const kNames[] = {"A", "B", "C"};
  Execution& e = Execution::current();
  Arena& arena = e.arena();
  w = World();
  w.x = arena.make<Atomic<int>>(kWordRole);
  w.y = arena.make<Atomic<int>>(kWordRole);
  for (auto*& result : w.result) result = arena.make<Plain<int>>(kResultRole);
  const char* const* name = kNames;
  for (Body body : *static_cast<std::vector<Body>*>(arg)) e.spawn(body, *name++);
}

void note(int value) { w.result[Execution::current().self() - 1]->write(value); }
int load_x() { return w.x->load(Order::kRelaxed); }
int load_y() { return w.y->load(Order::kRelaxed); }

/* Final values, or the verdict. */
std::string outcome(const Execution& e) {
  if (e.headline() != nullptr) return std::string(e.headline()->verdict);
  std::string text;
  for (int value :
       {w.x->peek(), w.y->peek(), w.result[0]->peek(), w.result[1]->peek(), w.result[2]->peek()}) {
    text += std::to_string(value) + " ";
  }
  return text;
}

struct Search {
  std::set<std::string> outcomes;
  uint64_t executions = 0;
  uint64_t abandoned = 0;
};

Search search(std::vector<Body> bodies, const StrategyOptions& options) {
  constexpr uint64_t kMost = 1000000;
  DfsStrategy strategy(options);
  Execution execution({.steps_max = 2000});
  Search found;
  while (found.executions < kMost && strategy.begin()) {
    End end = execution.run(strategy, spawn_all, &bodies);
    ++found.executions;
    found.abandoned += end == End::kAbandoned;
    if (end != End::kAbandoned) found.outcomes.insert(outcome(execution));
  }
  EXPECT_LT(found.executions, kMost);
  EXPECT_TRUE(strategy.bound_done());
  EXPECT_EQ(found.executions - found.abandoned, strategy.stats().executions);
  EXPECT_EQ(found.abandoned, strategy.stats().pruned);
  return found;
}

void increment_x_twice() {
  for (int i = 0; i < 2; ++i) {
    int old = load_x();
    w.x->store(old + 1, Order::kRelaxed);
  }
}

/* Two tasks of four steps each have 70 interleavings; where one starts is a choice of its own. */
TEST(DfsStrategy, NoScheduleTwiceAndNoneMissing) {
  std::vector<Body> bodies = {increment_x_twice, increment_x_twice};
  DfsStrategy strategy({.preemptions_max = 1000, .preemptions_min = 1000, .prune = false});
  Execution execution;
  std::set<std::vector<TaskId>> schedules; /* of loads and stores */
  std::set<uint64_t> hashes;
  uint64_t executions = 0;
  while (strategy.begin()) {
    execution.run(strategy, spawn_all, &bodies);
    ++executions;
    EXPECT_TRUE(hashes.insert(execution.trace_hash()).second) << "the same schedule twice";
    std::vector<TaskId> schedule;
    for (const Event& event : execution.trace()) {
      if (event.kind == EventKind::k_load || event.kind == EventKind::k_store) schedule.push_back(event.task);
    }
    schedules.insert(schedule);
  }
  EXPECT_EQ(70u, schedules.size());
  EXPECT_EQ(executions, hashes.size());
}

/* --- the bound --- */

/* B has to come into the middle of A: one preemption. */
std::vector<Body> needs_one() {
  return {[] {
            w.x->store(1, Order::kRelaxed);
            w.x->store(0, Order::kRelaxed);
          },
          [] { note(load_x()); }};
}

/* B into the middle of A, and A into the middle of B. */
std::vector<Body> needs_two() {
  return {[] {
            w.x->store(1, Order::kRelaxed);
            if (load_y() == 1) note(1);
            w.x->store(0, Order::kRelaxed);
          },
          [] {
            if (load_x() != 1) return;
            w.y->store(1, Order::kRelaxed);
            w.y->store(0, Order::kRelaxed);
          }};
}

bool has_result(const Search& found) {
  for (const std::string& text : found.outcomes) {
    if (text.find("1 ") != std::string::npos) return true;
  }
  return false;
}

TEST(DfsStrategy, ABugIsFoundAtTheBoundThatItNeedsAndNotBefore) {
  for (bool prune : {false, true}) {
    uint32_t needed = 0;
    for (const auto& bodies : {needs_one(), needs_two()}) {
      ++needed;
      for (uint32_t bound = 0; bound <= 3; ++bound) {
        Search found = search(bodies, {.preemptions_max = bound, .prune = prune});
        EXPECT_EQ(bound >= needed, has_result(found)) << "needs " << needed << ", bound " << bound;
      }
    }
  }
}

TEST(DfsStrategy, BoundsAreSearchedOneAfterTheOther) {
  auto bodies = needs_two();
  DfsStrategy strategy({.preemptions_max = 5, .prune = false});
  Execution execution;
  uint32_t last = 0;
  uint32_t most = 0;
  while (strategy.begin()) {
    execution.run(strategy, spawn_all, &bodies);
    EXPECT_GE(strategy.bound(), last);
    EXPECT_LE(strategy.bound(), last + 1);
    EXPECT_LE(execution.preemptions(), strategy.bound());
    last = strategy.bound();
    most = std::max(most, execution.preemptions());
  }
  EXPECT_GE(last, 2u);
  EXPECT_EQ(most, last) << "a bound that nothing could use was searched";
}

TEST(DfsStrategy, EndsWhenALargerBoundShowsNothingNew) {
  for (bool prune : {false, true}) {
    auto bodies = needs_one();
    DfsStrategy strategy({.preemptions_max = UINT32_MAX, .prune = prune});
    Execution execution;
    uint64_t executions = 0;
    while (executions < 10000 && strategy.begin()) {
      execution.run(strategy, spawn_all, &bodies);
      ++executions;
    }
    EXPECT_LT(executions, 10000u);
    EXPECT_TRUE(strategy.bound_done());
    EXPECT_LT(strategy.bound(), 10u);
  }
}

TEST(DfsStrategy, WithoutABoundEverythingIsSeenAtOnce) {
  for (bool prune : {false, true}) {
    Search found =
        search(needs_two(), {.preemptions_max = UINT32_MAX, .preemptions_min = UINT32_MAX, .prune = prune});
    EXPECT_TRUE(has_result(found));
    EXPECT_EQ(search(needs_two(), {.preemptions_max = 10}).outcomes, found.outcomes);
  }
}

/* A loop that tries again remembers nothing of its rounds: states do not multiply with what it has seen. */
TEST(DfsStrategy, RoundsOfARetryLoopAreOneState) {
  std::vector<Body> bodies = {[] {
                                RetryLoop retry;
                                while (load_x() < 20) retry.again();
                              },
                              [] {
                                for (int i = 1; i <= 20; ++i) w.x->store(i, Order::kRelaxed);
                              }};
  DfsStrategy strategy({.preemptions_max = 1000, .preemptions_min = 1000});
  Execution execution;
  uint64_t executions = 0;
  while (executions < 100000 && strategy.begin()) {
    execution.run(strategy, spawn_all, &bodies);
    ++executions;
  }
  EXPECT_LT(strategy.stats().states, 400u);
  EXPECT_LT(executions, 1000u);
}

}  // namespace
}  // namespace daxrace::engine
