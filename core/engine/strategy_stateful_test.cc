/* SPDX-License-Identifier: GPL-2.0-only */
/* Stateful search: it ends where no other can, counts what there is, and finds what states decide. */
#include "core/engine/strategy_stateful.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/engine/exactness_programs_for_test.h"

namespace daxrace::engine::exactness {
namespace {

struct Found {
  StatefulStrategy::Stats stats;
  std::set<std::string> outcomes;
};

Found explore_states(std::vector<Body> bodies, bool sleep_sets) {
  Program program{"", std::move(bodies)};
  Execution execution({.steps_max = 2000});
  execution.set_outer_state(outer_state, nullptr);
  StatefulStrategy stateful({.sleep_sets = sleep_sets});
  Found found;
  while (stateful.begin()) {
    if (execution.run(stateful, spawn_all, &program) != End::kAbandoned)
      found.outcomes.insert(outcome(execution));
  }
  found.stats = stateful.stats();
  return found;
}

/* Ten rounds of lock, increment, unlock, each an operation: 30!/10!^3, or 5.55e12, orders of three tasks. */
template <bool kInvoke>
void rounds_under_lock() {
  for (uint32_t round = 1; round <= 10; ++round) {
    if (kInvoke) {
      Execution::current().invoke(round);
    } else {
      Execution::current().op_boundary(round);
    }
    w.lock->lock();
    w.plain->write(w.plain->read() + 1);
    w.lock->unlock();
    if (kInvoke) Execution::current().ret(0);
  }
}

TEST(StatefulStrategy, ThreeTasksAndTenRoundsUnderALock) {
  for (bool sleep : {false, true}) {
    auto body = rounds_under_lock<false>;
    Found found = explore_states({body, body, body}, sleep);
    EXPECT_EQ(1u, found.outcomes.size());
    EXPECT_EQ(1u, found.outcomes.count("0 0 30 0 0 0 0 0 0 "));
    /* Each task has not begun, or has done 0 to 10 rounds; the last one to go on has no choice. */
    EXPECT_LE(found.stats.states, 12u * 12 * 12);
    EXPECT_GE(found.stats.states, 10u * 10 * 10);
    std::printf("boundaries, sleep sets %d: %lu executions, %lu pruned, %lu states, %u steps\n", sleep,
                (unsigned long)found.stats.executions, (unsigned long)found.stats.pruned,
                (unsigned long)found.stats.states, found.stats.longest);
  }
}

TEST(StatefulStrategy, ThreeTasksAndTenOperationsUnderALock) {
  for (bool sleep : {false, true}) {
    auto body = rounds_under_lock<true>;
    Found found = explore_states({body, body, body}, sleep);
    EXPECT_EQ(1u, found.outcomes.size());
    EXPECT_LE(found.stats.states, 32u * 32 * 32);
    std::printf("operations, sleep sets %d: %lu executions, %lu pruned, %lu states, %u steps\n", sleep,
                (unsigned long)found.stats.executions, (unsigned long)found.stats.pruned,
                (unsigned long)found.stats.states, found.stats.longest);
  }
}

}  // namespace
}  // namespace daxrace::engine::exactness
