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

}  // namespace
}  // namespace daxrace::engine
