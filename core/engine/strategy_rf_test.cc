/* SPDX-License-Identifier: GPL-2.0-only */
/* Constraints on who reads from whom: what they bring about, and what the campaign finds with them. */
#include "core/engine/strategy_rf.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/strategies.h"
#include "core/engine/strategy_replay.h"
#include "core/engine/sync.h"

namespace daxrace::engine {
namespace {

const Role kWordRole("rf-word");
const Role kNoiseRole("rf-noise");
const Role kLockRole("rf-lock");

struct World {
  Atomic<int> x{kWordRole};
  Atomic<int> noise{kNoiseRole};
  Lock lock;
};

int read_value = 0; /* what the reader of few_reads() read */

void make_noise(World* w, int n) {
  for (int i = 0; i < n; ++i) w->noise.fetch_add(1, Order::kRelaxed);
}

const Site& named(const Site& site) {
  name_sites();
  return site;
}
const Site& first_store() { return named(DAXRACE_SITE("first", "x")); }
const Site& second_store() { return named(DAXRACE_SITE("second", "x")); }
const Site& reading() { return named(DAXRACE_SITE("read", "x")); }

/* The first store is overwritten at once; the reader comes late. */
void rare_read(void*) {
  Execution& e = Execution::current();
  auto* w = e.arena().make<World>();
  read_value = -1;
  e.spawn(
      [w] {
        w->x.store(1, Order::kRelaxed, first_store());
        w->x.store(2, Order::kRelaxed, second_store());
        make_noise(w, 8);
      },
      "writer");
  e.spawn(
      [w] {
        make_noise(w, 8);
        read_value = w->x.load(Order::kRelaxed, reading());
      },
      "reader");
}

int count(Strategy& strategy, Execution::Body program, int n, const std::function<bool()>& what) {
  Execution execution;
  int hits = 0;
  for (int i = 0; i < n; ++i) {
    EXPECT_TRUE(strategy.begin());
    EXPECT_EQ(End::kFinished, execution.run(strategy, program, nullptr));
    hits += what();
  }
  return hits;
}

/* The same constraints under n seeds. */
int count_rf(const std::vector<RfConstraint>& constraints, Execution::Body program, int n,
             const std::function<bool()>& what) {
  Execution execution;
  RfScheduleStrategy strategy;
  int hits = 0;
  for (int i = 0; i < n; ++i) {
    strategy.set({.seed = uint64_t(i) + 1, .constraints = constraints});
    EXPECT_TRUE(strategy.begin());
    EXPECT_EQ(End::kFinished, execution.run(strategy, program, nullptr));
    hits += what();
  }
  return hits;
}

TEST(RfConstraints, APositiveOneForcesARareRead) {
  constexpr int kN = 300;
  RfConstraint rare = {reading().hash, first_store().hash};
  auto read_one = [] { return read_value == 1; };
  auto random = make_random_strategy({.seed = 1});
  int by_random = count(*random, rare_read, kN, read_one);
  EXPECT_LT(by_random, kN / 20);
  EXPECT_GT(count_rf({rare}, rare_read, kN, read_one), kN * 9 / 10);
  EXPECT_LT(count_rf({}, rare_read, kN, read_one), kN / 4) << "without it, partial order sampling";
}

TEST(RfConstraints, APositiveOneForcesTheInitialValue) {
  RfConstraint initial = {reading().hash, kInitialValue};
  auto read_zero = [] { return read_value == 0; };
  int without = count_rf({}, rare_read, 300, read_zero);
  EXPECT_GT(count_rf({initial}, rare_read, 300, read_zero), without) << "avoids writes once the reader waits";
}

TEST(RfConstraints, ANegativeOneAvoidsARead) {
  constexpr int kN = 300;
  auto read_two = [] { return read_value == 2; };
  auto read_zero = [] { return read_value == 0; };
  EXPECT_GT(count_rf({}, rare_read, kN, read_two), kN / 2) << "usual";
  /* After the second store nobody writes: only if the reader comes before it can it be obeyed. */
  RfConstraint not_initial = {reading().hash, kInitialValue, false};
  EXPECT_EQ(0, count_rf({not_initial}, rare_read, kN, read_zero)) << "put off until somebody writes";
  RfConstraint not_first = {reading().hash, first_store().hash, false};
  EXPECT_EQ(0, count_rf({not_first}, rare_read, kN, [] { return read_value == 1; }));
}

/* --- locks --- */

bool second_first = false;

const Site& lock_of_first() { return named(DAXRACE_SITE("lock", "one")); }
const Site& lock_of_second() { return named(DAXRACE_SITE("lock", "two")); }

/* The second task comes to the lock much later. */
void two_lockers(void*) {
  Execution& e = Execution::current();
  auto* w = e.arena().make<World>();
  w->lock.init(kLockRole);
  auto* locked = e.arena().make<int>(0);
  e.spawn(
      [w, locked] {
        w->lock.lock(lock_of_first());
        ++*locked;
        w->lock.unlock();
      },
      "first");
  e.spawn(
      [w, locked] {
        make_noise(w, 8);
        w->lock.lock(lock_of_second());
        second_first = *locked == 0;
        w->lock.unlock();
      },
      "second");
}

TEST(RfConstraints, AnAcquireReadsFromTheAcquireBeforeIt) {
  auto swapped = [] { return second_first; };
  RfConstraint swap = {lock_of_first().hash, lock_of_second().hash};
  EXPECT_LT(count_rf({}, two_lockers, 200, swapped), 40);
  EXPECT_EQ(200, count_rf({swap}, two_lockers, 200, swapped));
}

/* --- soft --- */

bool bug = false;

/* A retry loop, a lock, and a task that spawns. */
void mixture(void*) {
  Execution& e = Execution::current();
  auto* w = e.arena().make<World>();
  w->lock.init(kLockRole);
  bug = false;
  auto add = [w] {
    w->lock.lock();
    w->x.fetch_add(static_cast<int>(Execution::current().choose(2)) + 1, Order::kRelaxed, first_store());
    w->lock.unlock();
    make_noise(w, 3);
  };
  e.spawn(add, "one");
  e.spawn(
      [w, add] {
        Execution::current().spawn(add, "child");
        make_noise(w, 2);
        w->x.fetch_add(1, Order::kRelaxed, second_store());
      },
      "two");
  e.spawn(
      [w] {
        RetryLoop retry;
        while (w->x.load(Order::kRelaxed, reading()) == 0) retry.again();
        int before = w->noise.load(Order::kRelaxed);
        bug = w->noise.load(Order::kRelaxed) == before + 3;
      },
      "waiter");
}

TEST(RfConstraints, CannotDeadlock) {
  ReadsFromPool pool;
  RfScheduleStrategy strategy;
  strategy.collect(&pool);
  Execution execution;
  Random random(1);
  RfSchedule schedule;
  for (int i = 0; i < 2000; ++i) {
    for (int k = 0; k < 4; ++k) mutate(schedule, pool, random);
    strategy.set(schedule);
    ASSERT_TRUE(strategy.begin());
    ASSERT_EQ(End::kFinished, execution.run(strategy, mixture, nullptr)) << i;
    ASSERT_LT(execution.steps(), 200u);
    ASSERT_LE(schedule.constraints.size(), kRfConstraintsMax);
  }
  EXPECT_GT(pool.size(), 10u);
}

/* Who is put off may be needed to end a loop in which the others do something new for ever. */
TEST(RfConstraints, GiveUpOnWhatNeverComes) {
  auto program = [](void*) {
    Execution& e = Execution::current();
    auto* w = e.arena().make<World>();
    e.spawn(
        [w] {
          while (w->x.load(Order::kRelaxed) == 0) w->noise.fetch_add(1, Order::kRelaxed);
        },
        "busy");
    e.spawn(
        [w] {
          w->x.load(Order::kRelaxed, reading());
          w->x.store(1, Order::kRelaxed);
        },
        "needed");
  };
  RfScheduleStrategy strategy({.constraints = {{reading().hash, 12345}}});
  Execution execution;
  ASSERT_TRUE(strategy.begin());
  EXPECT_EQ(End::kFinished, execution.run(strategy, program, nullptr));
  EXPECT_EQ(nullptr, execution.headline());
  EXPECT_LT(execution.steps(), 10000u) << "not by the fair part";
}

/* --- schedules as data --- */

TEST(RfSchedule, Mutates) {
  ReadsFromPool pool;
  pool.begin();
  for (uint64_t i = 1; i <= 50; ++i) pool.add({i, i + 100});
  Random random(1);
  RfSchedule schedule;
  int longer = 0, shorter = 0, replaced = 0, negated = 0;
  for (int i = 0; i < 2000; ++i) {
    RfSchedule before = schedule;
    mutate(schedule, pool, random);
    EXPECT_NE(before.seed, schedule.seed);
    longer += schedule.constraints.size() > before.constraints.size();
    shorter += schedule.constraints.size() < before.constraints.size();
    for (size_t k = 0;
         before.constraints.size() == schedule.constraints.size() && k < before.constraints.size(); ++k) {
      const RfConstraint& a = before.constraints[k];
      const RfConstraint& b = schedule.constraints[k];
      (a.reader == b.reader ? negated : replaced) += a != b;
    }
  }
  for (int times : {longer, shorter, replaced, negated}) EXPECT_GT(times, 200);
  EXPECT_LE(schedule.constraints.size(), kRfConstraintsMax);
}

std::vector<uint64_t> hashes(Strategy& strategy, int n) {
  Execution execution;
  std::vector<uint64_t> all;
  for (int i = 0; i < n; ++i) {
    EXPECT_TRUE(strategy.begin());
    EXPECT_EQ(End::kFinished, execution.run(strategy, mixture, nullptr));
    all.push_back(execution.trace_hash());
  }
  return all;
}

TEST(RfSchedule, IsOneExecution) {
  RfSchedule schedule{.seed = 7, .constraints = {{reading().hash, second_store().hash}}};
  RfScheduleStrategy strategy(schedule);
  auto all = hashes(strategy, 20);
  EXPECT_EQ(std::vector<uint64_t>(20, all[0]), all);
  strategy.set({.seed = 8, .constraints = schedule.constraints});
  EXPECT_NE(all[0], hashes(strategy, 1)[0]);
}

/* A failure that anybody found comes again from who read from whom alone. */
TEST(RfSchedule, ConstraintsOfAnExecutionShowItAgain) {
  Execution execution;
  for (const char* name : {"random", "rf"}) {
    auto strategy = find_strategy(name)->make({.seed = 3});
    int found = 0;
    int again = 0;
    while (found < 20) {
      ASSERT_TRUE(strategy->begin());
      execution.run(*strategy, rare_read, nullptr);
      if (read_value != 1) continue;
      ++found;
      auto constraints = rf_constraints_of(execution);
      bool shown = false;
      for (uint64_t attempt = 0; attempt < 10 && !shown; ++attempt) {
        RfScheduleStrategy once(rf_attempt(constraints, attempt));
        ASSERT_TRUE(once.begin());
        execution.run(once, rare_read, nullptr);
        shown = read_value == 1;
      }
      again += shown;
    }
    EXPECT_EQ(20, again) << name;
  }
}

/* --- the campaign --- */

TEST(RfStrategy, TheSeedDecides) {
  for (bool feedback : {false, true}) {
    auto sequence = [&](uint64_t seed) {
      auto strategy = make_rf_strategy({.seed = seed, .rf_feedback = feedback});
      return hashes(*strategy, 200);
    };
    EXPECT_EQ(sequence(1), sequence(1));
    EXPECT_NE(sequence(1), sequence(2));
  }
}

TEST(RfStrategy, WhatItFindsIsReplayedByDecisions) {
  Execution execution;
  auto strategy = make_rf_strategy({.seed = 5});
  std::vector<RecordedSwitch> switches;
  std::vector<RecordedDraw> draws;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(strategy->begin());
    execution.run(*strategy, mixture, nullptr);
    uint64_t hash = execution.trace_hash();
    record(execution, switches, draws);
    ReplayStrategy replay(switches, draws);
    ASSERT_TRUE(replay.begin());
    execution.run(replay, mixture, nullptr);
    ASSERT_EQ(hash, execution.trace_hash());
  }
}

constexpr int kFlags = 8;

/* Each flag is set only by who saw the one before it, three tasks taking turns. */
void flags(void*) {
  static std::vector<Site> setting(kFlags, Site{"flags", "set", "flag", 1});
  static std::vector<Site> looking(kFlags, Site{"flags", "look", "flag", 1});
  for (size_t i = 0; i < kFlags; ++i) {
    setting[i].hash = mix(i + 1);
    looking[i].hash = mix(i + 1001);
  }
  Execution& e = Execution::current();
  auto* flag = e.arena().make_array<Atomic<int>>(kFlags);
  auto* noise = e.arena().make<Atomic<int>>(kNoiseRole);
  for (int i = 0; i < kFlags; ++i) flag[i].init(kWordRole);
  bug = false;
  for (size_t t = 0; t < 3; ++t) {
    e.spawn(
        [flag, noise, t] {
          for (size_t i = t; i < kFlags; i += 3) {
            if (i > 0 && flag[i - 1].load(Order::kRelaxed, looking[i]) == 0) return;
            flag[i].store(1, Order::kRelaxed, setting[i]);
            noise->fetch_add(1, Order::kRelaxed);
            if (i + 1 == kFlags) bug = true;
          }
        },
        "setter");
  }
}

int schedules_until_bug(Strategy& strategy, int n) {
  Execution execution({.trace = false});
  for (int i = 1; i <= n; ++i) {
    EXPECT_TRUE(strategy.begin());
    execution.run(strategy, flags, nullptr);
    if (bug) return i;
  }
  return n;
}

TEST(RfStrategy, FindsAChainOfOrderedFlags) {
  constexpr int kN = 50000;
  int random = 0;
  int with = 0;
  int without = 0;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    random += schedules_until_bug(*make_random_strategy({.seed = seed}), kN);
    with += schedules_until_bug(*make_rf_strategy({.seed = seed}), kN);
    without += schedules_until_bug(*make_rf_strategy({.seed = seed, .rf_feedback = false}), kN);
  }
  EXPECT_LT(with * 5, random);
  EXPECT_LT(with * 2, without);
}

}  // namespace
}  // namespace daxrace::engine
