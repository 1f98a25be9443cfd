/* SPDX-License-Identifier: GPL-2.0-only */
/* Source-DPOR: one complete execution of each class, and how many classes there are. */
#include "core/engine/strategy_dpor.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/engine/exactness_programs_for_test.h"
#include "core/engine/strategy_dfs.h"

namespace daxrace::engine::exactness {
namespace {

struct Found {
  uint64_t executions = 0;
  uint64_t blocked = 0;
  std::set<std::string> outcomes;
  std::set<uint64_t> traces; /* hashes */
};

Found explore_dpor(std::vector<Body> bodies, Limits limits = {.steps_max = 2000}) {
  Program program{"", std::move(bodies)};
  Execution execution(limits);
  DporStrategy dpor;
  Found found;
  while (dpor.begin()) {
    uint64_t before = dpor.stats().executions;
    execution.run(dpor, spawn_all, &program);
    if (dpor.stats().executions == before) continue;
    found.outcomes.insert(outcome(execution));
    found.traces.insert(execution.trace_hash());
  }
  found.executions = dpor.stats().executions;
  found.blocked = dpor.stats().repeats;
  EXPECT_EQ(found.executions, found.traces.size()) << "an execution was run twice";
  return found;
}

/* Without spawns and starts: both tasks begin with their first load. */
void two_loads_and_stores(void*) {
  make_world();
  Execution& e = Execution::current();
  auto twice = [] {
    for (int i = 0; i < 2; ++i) increment_x();
  };
  e.spawn(twice, "other");
  w.y->load(Order::kRelaxed); /* "other" has started, in one of the schedules */
  twice();
}

/* Two tasks, each twice a load and a store of one word: 70 interleavings of the eight, 34 classes. */
TEST(DporStrategy, TwoTasksTwiceLoadAndStore) {
  DfsStrategy brute({.preemptions_max = UINT32_MAX, .preemptions_min = UINT32_MAX, .prune = false});
  Execution execution;
  std::set<std::string> orders;
  while (brute.begin()) {
    execution.run(brute, two_loads_and_stores, nullptr);
    std::string order;
    for (const Event& e : execution.trace()) {
      if (e.role == &kWordRole && e.object == 0) order += e.task["ab"];
    }
    orders.insert(order);
  }
  EXPECT_EQ(70u, orders.size());
  DporStrategy dpor;
  while (dpor.begin()) execution.run(dpor, two_loads_and_stores, nullptr);
  EXPECT_EQ(34u, dpor.stats().executions);
  EXPECT_EQ(0u, dpor.stats().repeats);
}

TEST(DporStrategy, WhatDoesNotConflictIsRunOnce) {
  auto loads = [] {
    for (int i = 0; i < 4; ++i) load_x();
  };
  EXPECT_EQ(1u, explore_dpor({loads, loads, loads}).executions);
  EXPECT_EQ(1u, explore_dpor({[] { store_x(1); }, [] { store_y(1); }, [] { w.plain->write(1); }}).executions);
  auto fence_only = [] { fence(Order::kFull); };
  EXPECT_EQ(1u, explore_dpor({fence_only, fence_only, fence_only}).executions);
}

TEST(DporStrategy, OrdersOfWhatConflicts) {
  auto store = [] { store_x(1); };
  EXPECT_EQ(6u, explore_dpor({store, store, store}).executions);
  EXPECT_EQ(3u, explore_dpor({store,
                              [] {
                                load_x();
                                load_x();
                              }})
                    .executions);
  EXPECT_EQ(6u, explore_dpor({add_under_lock, add_under_lock, add_under_lock}).executions);
}

/* The blocked acquire races with the earlier acquire; a release cannot be overtaken, and nothing is tried. */
TEST(DporStrategy, SectionsOfALockAreNotCutOpen) {
  auto section = [] {
    w.lock->lock();
    for (int i = 0; i < 3; ++i) w.y->fetch_add(1, Order::kRelaxed);
    w.lock->unlock();
  };
  Found found = explore_dpor({section, section, section});
  EXPECT_EQ(6u, found.executions);
  EXPECT_EQ(0u, found.blocked);
}

/* Nobody gives the lock back: who waits never comes to take it, but others could have had it before. */
TEST(DporStrategy, WhoWaitsInVainCouldHaveComeFirst) {
  auto keep = [] { w.lock->lock(); };
  Found found = explore_dpor({keep, add_under_lock});
  EXPECT_EQ(2u, found.executions);
  EXPECT_EQ(2u, found.outcomes.size());
}

TEST(DporStrategy, AllValuesOfAllDraws) {
  Found found = explore_dpor({[] {
                                uint32_t value = Execution::current().choose(3) * 3;
                                value += Execution::current().choose(3);
                                note(value);
                              },
                              [] { store_x(1); }});
  EXPECT_EQ(9u, found.executions);
  EXPECT_EQ(9u, found.outcomes.size());
}

/* A race that only an execution of the last class shows. */
TEST(DporStrategy, DataRacesAreFoundInWhateverOrder) {
  Found found = explore_dpor({[] {
                                increment_x_twice();
                                w.plain->write(1);
                              },
                              [] {
                                load_y();
                                if (load_x() == 2) return;
                                w.lock->lock();
                                w.plain->write(2);
                                w.lock->unlock();
                              }});
  int racy = 0;
  for (const std::string& text : found.outcomes) racy += text.find("data-race") != std::string::npos;
  EXPECT_GT(racy, 0);
  EXPECT_LT(static_cast<size_t>(racy), found.outcomes.size());
}

/* A loop that spins waits: neither its rounds nor their orders are classes. */
TEST(DporStrategy, RoundsOfALoopThatSpinsAreNoClasses) {
  Found found = explore_dpor({spin_on_x,
                              [] {
                                for (int i = 0; i < 20; ++i) w.y->fetch_add(1, Order::kRelaxed);
                                store_x(1);
                              },
                              [] {
                                RetryLoop retry;
                                while (load_x() == 0) retry.again();
                              }});
  EXPECT_LE(found.executions, 4u);
}

}  // namespace
}  // namespace daxrace::engine::exactness
