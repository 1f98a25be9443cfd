/* SPDX-License-Identifier: GPL-2.0-only */
/* Who read what whom wrote: which pairs an execution shows, and that the pool of them stays bounded. */
#include "core/engine/reads_from.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/engine/data.h"
#include "core/engine/strategies.h"
#include "core/engine/strategy_replay.h"
#include "core/engine/sync.h"

namespace daxrace::engine {
namespace {

const Role kWordRole("pairs-word");
const Role kLockRole("pairs-lock");

struct Collected {
  std::vector<ReadsFromPair> pairs;
  void read(const ReadsFromPair& pair) { pairs.push_back(pair); }
  void wrote(uint64_t, uint64_t, uint64_t) {}
};

/* Of the schedule without preemptions. */
std::vector<ReadsFromPair> pairs_of(Execution::Body program) {
  const std::vector<RecordedSwitch> switches;
  const std::vector<RecordedDraw> draws;
  ReplayStrategy defaults(switches, draws);
  Execution execution;
  EXPECT_TRUE(defaults.begin());
  execution.run(defaults, program, nullptr);
  ReadsFrom reads_from;
  reads_from.begin();
  Collected collected;
  reads_from.follow(execution, collected);
  return collected.pairs;
}

const Site& store_site() { return DAXRACE_SITE("store", "x"); }
const Site& load_site() { return DAXRACE_SITE("load", "x"); }
const Site& lock_site() { return DAXRACE_SITE("lock", "l"); }
const Site& again_site() { return DAXRACE_SITE("lock again", "l"); }

TEST(ReadsFrom, LastWriterOfTheSameObject) {
  auto pairs = pairs_of([](void*) {
    Execution& e = Execution::current();
    auto* x = e.arena().make<Atomic<int>>(kWordRole);
    auto* y = e.arena().make<Atomic<int>>(kWordRole);
    x->load(Order::kRelaxed, load_site());
    x->store(1, Order::kRelaxed, store_site());
    y->store(1, Order::kRelaxed);
    x->load(Order::kRelaxed, load_site());
    y->load(Order::kRelaxed, load_site());
  });
  uint64_t unnamed = place_of(kAnonymousSite, kWordRole, EventKind::k_store);
  std::vector<ReadsFromPair> expected = {
      {load_site().hash, kInitialValue}, {load_site().hash, store_site().hash}, {load_site().hash, unnamed}};
  EXPECT_EQ(expected, pairs);
}

TEST(ReadsFrom, ASectionIsNamedByItsLock) {
  auto pairs = pairs_of([](void*) {
    Execution& e = Execution::current();
    auto* x = e.arena().make<Atomic<int>>(kWordRole);
    auto* lock = e.arena().make<Lock>();
    lock->init(kLockRole);
    lock->lock(lock_site());
    x->store_here(1, Order::kRelaxed, store_site());
    lock->unlock();
    x->load(Order::kRelaxed, load_site());
    lock->lock(again_site());
    lock->unlock();
  });
  std::vector<ReadsFromPair> expected = {{lock_site().hash, kInitialValue},
                                         {load_site().hash, lock_site().hash},
                                         {again_site().hash, lock_site().hash}};
  EXPECT_EQ(expected, pairs) << "an acquire reads from the acquire before it, not from the release";
}

TEST(ReadsFrom, KnowsThousandsOfObjects) {
  constexpr size_t kObjects = 3000;
  auto pairs = pairs_of([](void*) {
    auto* words = Execution::current().arena().make_array<Atomic<int>>(kObjects);
    for (size_t i = 0; i < kObjects; ++i) {
      words[i].init(kWordRole);
      words[i].store(1, Order::kRelaxed, store_site());
    }
    for (size_t i = 0; i < kObjects; ++i) words[i].load(Order::kRelaxed, load_site());
  });
  ASSERT_EQ(kObjects, pairs.size());
  for (const ReadsFromPair& pair : pairs)
    ASSERT_EQ((ReadsFromPair{load_site().hash, store_site().hash}), pair);
}

TEST(ReadsFromPool, CountsWhatIsNewOnce) {
  ReadsFromPool pool;
  pool.begin();
  pool.add({1, 2});
  pool.add({1, 2});
  pool.add({2, 1});
  EXPECT_EQ(2u, pool.fresh());
  EXPECT_EQ(2u, pool.size());
  uint64_t path = pool.path();
  pool.begin();
  EXPECT_EQ(0u, pool.fresh());
  pool.add({2, 1});
  EXPECT_NE(path, pool.path());
  pool.add({1, 2});
  EXPECT_EQ(path, pool.path()) << "the set counts, not the order";
  EXPECT_EQ(0u, pool.fresh());
}

TEST(ReadsFromPool, IsBounded) {
  ReadsFromPool pool;
  std::vector<ReadsFromPair> often;
  for (uint64_t i = 1; i <= 100; ++i) often.push_back({i, i});
  for (uint64_t round = 0; round < 200; ++round) {
    pool.begin();
    for (const ReadsFromPair& pair : often) pool.add(pair);
    EXPECT_EQ(round == 0 ? 100u : 0u, pool.fresh()) << "those seen often are kept";
    for (uint64_t i = 0; i < 100; ++i) pool.add({1000 + round * 100 + i, 1});
  }
  EXPECT_LE(pool.size(), ReadsFromPool::kPairsMax);
  EXPECT_GT(pool.size(), ReadsFromPool::kPairsMax * 8 / 10);
}

}  // namespace
}  // namespace daxrace::engine
