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

/* 30!/10!^3, or 5.55e12, orders of three tasks with ten rounds each. */
void rounds_under_lock() {
  for (uint32_t round = 1; round <= 10; ++round) {
    Execution::current().op_boundary(round);
    w.lock->lock();
    w.plain->write(w.plain->read() + 1);
    w.lock->unlock();
  }
}

TEST(StatefulStrategy, ThreeTasksAndTenRoundsUnderALock) {
  for (bool sleep : {false, true}) {
    Found found = explore_states({rounds_under_lock, rounds_under_lock, rounds_under_lock}, sleep);
    EXPECT_EQ(std::set<std::string>{"0 0 30 0 0 0 0 0 0 "}, found.outcomes);
    EXPECT_EQ(sleep, found.stats.repeats != 0);
    /* Each task has not begun, has done 0 to 9 rounds, or has ended; whoever is left alone has no choice. */
    EXPECT_EQ(11u * 11 * 11 + 3 * 11 * 11, found.stats.states);
  }
}

void operations_under_lock() {
  for (uint32_t op = 1; op <= 4; ++op) {
    Execution::current().invoke(op);
    w.lock->lock();
    w.plain->write(w.plain->read() + 1);
    w.lock->unlock();
    Execution::current().ret(0);
  }
}

TEST(StatefulStrategy, SleepSetsSaveStepsAndNoStates) {
  Found without =
      explore_states({operations_under_lock, operations_under_lock, operations_under_lock}, false);
  Found with = explore_states({operations_under_lock, operations_under_lock, operations_under_lock}, true);
  EXPECT_EQ(without.outcomes, with.outcomes);
  EXPECT_EQ(without.stats.states, with.stats.states);
  EXPECT_LT(with.stats.all(), without.stats.all());
}

/* A search of runs would go round for ever. */
TEST(StatefulStrategy, EndsWhereStatesComeAgain) {
  auto toggle = [] {
    while (load_y() == 0) {
      store_x(1 - load_x());
      Execution::current().op_boundary(1);
    }
  };
  for (bool sleep : {false, true}) {
    Found found = explore_states({toggle, [] { store_y(1); }}, sleep);
    EXPECT_EQ((std::set<std::string>{"0 1 0 0 0 0 0 0 0 ", "1 1 0 0 0 0 0 0 0 "}), found.outcomes);
    EXPECT_LT(found.stats.states, 40u);
  }
}

}  // namespace
}  // namespace daxrace::engine::exactness
