/* SPDX-License-Identifier: GPL-2.0-only */
/* Loops that try again until something changes: they end where they can, and are blamed where they cannot. */
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/strategies.h"
#include "core/engine/sync.h"

namespace daxrace::engine {
namespace {

const Role kFlagRole("retry-flag");
const Role kDoneRole("retry-done");
const Role kLockRole("retry-lock");

struct World {
  Atomic<int>* flag = nullptr;
  Atomic<int>* other = nullptr;
  Atomic<int>* word = nullptr;
  Completion* done = nullptr;
  Lock* lock = nullptr;
  int inside = 0;
  int result = 0;
};

World w;

void setup() {
  Arena& arena = Execution::current().arena();
  w = World();
  w.flag = arena.make<Atomic<int>>(kFlagRole);
  w.other = arena.make<Atomic<int>>(kFlagRole);
  w.word = arena.make<Atomic<int>>(kFlagRole);
  w.done = arena.make<Completion>();
  w.done->init(kDoneRole);
  w.lock = arena.make<Lock>();
  w.lock->init(kLockRole);
}

using Body = void (*)();
using Look = std::function<void(const Execution&, End)>;

void spawn_all(void* arg) {
  static const char* const kNames[] = {"A", "B", "C"};
  setup();
  const char* const* name = kNames;
  for (Body body : *static_cast<std::vector<Body>*>(arg)) Execution::current().spawn(body, *name++);
}

constexpr int kExecutionsMax = 100000;

int explore_with(Strategy& strategy, std::vector<Body> bodies, const Look& look, Limits limits = {},
                 int executions_max = kExecutionsMax) {
  Execution execution(limits);
  int executions = 0;
  for (; executions < executions_max && !::testing::Test::HasFailure() && strategy.begin(); ++executions) {
    End end = execution.run(strategy, spawn_all, &bodies);
    look(execution, end);
  }
  return executions;
}

/* All schedules, with pruning or without. */
void explore(bool prune, std::vector<Body> bodies, const Look& look, Limits limits = {}) {
  auto strategy = make_dfs_strategy({.preemptions_max = 1000, .preemptions_min = 1000, .prune = prune});
  EXPECT_LT(explore_with(*strategy, std::move(bodies), look, limits), kExecutionsMax)
      << "does not come to an end";
}

void wait_for_flag() {
  RetryLoop retry;
  while (w.flag->load(Order::kAcquire) == 0) retry.again();
}

void set_flag() {
  w.word->load(Order::kRelaxed);
  w.flag->store(1, Order::kRelease);
}

void expect_short_and_clean(const Execution& e, End end) {
  EXPECT_NE(End::kFatal, end);
  EXPECT_TRUE(e.findings().empty());
  EXPECT_LT(e.steps(), 100u) << "it spins for long";
}

TEST(RetryPoint, ALoopOnAFlagNeitherHangsNorIsALivelock) {
  for (bool prune : {false, true}) {
    explore(prune, {wait_for_flag, set_flag}, expect_short_and_clean);
    explore(prune, {wait_for_flag, set_flag, wait_for_flag}, expect_short_and_clean);
  }
}

TEST(RetryPoint, ALoopOnAFlagUnderSampling) {
  for (const char* name : {"random", "pct"}) {
    auto strategy = find_strategy(name)->make({.seed = 5});
    explore_with(*strategy, {wait_for_flag, set_flag, wait_for_flag}, expect_short_and_clean, {}, 2000);
  }
}

void take_test_and_set() {
  RetryLoop retry;
  while (w.word->exchange(1, Order::kAcquire) != 0) retry.again();
  EXPECT_EQ(0, w.inside++);
  w.other->load(Order::kRelaxed);
  --w.inside;
  w.word->store(0, Order::kRelease);
}

/* Every attempt writes, but what was there before. */
TEST(RetryPoint, ALockThatSpinsOnAnExchange) {
  for (bool prune : {false, true})
    explore(prune, {take_test_and_set, take_test_and_set}, expect_short_and_clean);
}

void take_compare_exchange() {
  RetryLoop retry;
  for (;;) {
    int old = w.word->load(Order::kRelaxed);
    if (w.word->compare_exchange(old, old + 1, Order::kFull)) break;
    retry.again();
  }
}

TEST(RetryPoint, ALockFreeUpdate) {
  for (bool prune : {false, true}) {
    explore(prune, {take_compare_exchange, take_compare_exchange}, [](const Execution& e, End end) {
      expect_short_and_clean(e, end);
      if (end == End::kFinished) {
        EXPECT_EQ(2, w.word->peek());
      }
    });
  }
}

/* Known to spin before the first change, it is woken by each: nothing between two changes is out of its
 * sight. */
TEST(RetryPoint, TheLoopStillSeesEveryIntermediateValue) {
  std::set<int> seen;
  explore(false,
          {[] {
             RetryLoop retry;
             for (;;) {
               w.result = w.flag->load(Order::kRelaxed);
               if (w.result != 0) break;
               if (++w.inside == 3) w.done->complete();
               retry.again();
             }
           },
           [] {
             w.done->wait();
             for (int i = 1; i <= 3; ++i) w.flag->store(i, Order::kRelaxed);
           }},
          [&](const Execution& e, End end) {
            expect_short_and_clean(e, end);
            seen.insert(w.result);
          });
  EXPECT_EQ((std::set<int>{1, 2, 3}), seen);
}

/* --- having left the loop --- */

/* Gives up by a draw, not by a change: it must be an ordinary task again, or schedules after the loop are
 * lost. */
TEST(RetryPoint, WhoeverLeavesTheLoopByADrawIsFreeAgain) {
  std::set<std::pair<int, int>> seen; /* rounds, what B read */
  explore(false,
          {[] {
             RetryLoop retry;
             while (w.flag->load(Order::kRelaxed) == 0) {
               if (w.inside == 3 || Execution::current().choose(2) == 1) break;
               ++w.inside;
               retry.again();
             }
             w.done->complete();
             w.word->store(1, Order::kRelaxed);
           },
           [] {
             w.done->wait();
             w.result = w.word->load(Order::kRelaxed);
           }},
          [&](const Execution&, End end) {
            EXPECT_EQ(End::kFinished, end);
            if (w.inside < 3) seen.emplace(w.inside, w.result);
          });
  EXPECT_EQ(6u, seen.size()) << "both results after 0, 1 and 2 rounds";
}

/* A new operation is not the old loop. */
TEST(RetryPoint, ANewOperationIsNotTheOldLoop) {
  std::set<int> seen;
  explore(false,
          {[] {
             Execution& e = Execution::current();
             e.op_boundary(0);
             w.flag->load(Order::kRelaxed);
             for (int i = 0; i < 2; ++i) RetryLoop().again();
             e.op_boundary(1);
             w.done->complete();
             w.word->store(1, Order::kRelaxed);
           },
           [] {
             w.done->wait();
             w.result = w.word->load(Order::kRelaxed);
           }},
          [&](const Execution&, End) { seen.insert(w.result); });
  EXPECT_EQ((std::set<int>{0, 1}), seen);
}

/* The flag changes after the loop has looked at it, while it is in the middle of a round. */
TEST(RetryPoint, AChangeDuringARoundCounts) {
  std::set<int> seen;
  explore(false,
          {[] {
             RetryLoop retry;
             for (;;) {
               bool ready = w.flag->load(Order::kRelaxed) != 0;
               if (++w.inside == 3) w.done->complete(); /* by now it is known to spin */
               w.other->load(Order::kRelaxed);
               if (ready) break;
               retry.again();
             }
             w.result = w.word->load(Order::kRelaxed);
           },
           [] {
             w.done->wait();
             w.flag->store(1, Order::kRelaxed);
             for (int i = 1; i <= 2; ++i) w.word->store(i, Order::kRelaxed);
           }},
          [&](const Execution& e, End end) {
            expect_short_and_clean(e, end);
            seen.insert(w.result);
          });
  EXPECT_EQ((std::set<int>{0, 1, 2}), seen);
}

/* --- livelock --- */

const Finding* livelock_of(const Execution& e) {
  const Finding* finding = e.headline();
  return finding != nullptr && finding->verdict == "livelock" ? finding : nullptr;
}

constexpr Limits kShort{.steps_max = 1000};

TEST(Livelock, ALoopThatWaitsForWhatNeverComes) {
  for (bool prune : {false, true}) {
    int found = 0;
    explore(
        prune, {[] { w.word->store(1, Order::kRelaxed); }, wait_for_flag},
        [&](const Execution& e, End end) {
          if (end == End::kAbandoned) return;
          const Finding* finding = livelock_of(e);
          ASSERT_NE(nullptr, finding);
          EXPECT_EQ(2, finding->task);
          EXPECT_NE(std::string::npos, finding->describe(*finding, e).find("B"))
              << finding->describe(*finding, e);
          ++found;
        },
        kShort);
    EXPECT_GT(found, 0);
  }
}

TEST(Livelock, TwoLoopsThatWaitForEachOther) {
  for (bool prune : {false, true}) {
    int found = 0;
    explore(
        prune,
        {[] {
           wait_for_flag();
           w.other->store(1, Order::kRelease);
         },
         [] {
           RetryLoop retry;
           while (w.other->load(Order::kAcquire) == 0) retry.again();
           w.flag->store(1, Order::kRelease);
         }},
        [&](const Execution& e, End) { found += livelock_of(e) != nullptr; }, kShort);
    EXPECT_GT(found, 0) << (prune ? "with" : "without") << " pruning";
  }
}

/* B has done more steps than the loop, and waits for the loop: it is the victim. */
TEST(Livelock, BlamesWhoeverSpinsNotWhoeverWaits) {
  auto strategy = make_dfs_strategy({.preemptions_max = 0});
  int found = 0;
  auto look = [&](const Execution& e, End) {
    const Finding* finding = livelock_of(e);
    ASSERT_NE(nullptr, finding);
    EXPECT_EQ(2, finding->task) << finding->describe(*finding, e);
    ++found;
  };
  explore_with(*strategy,
               {[] {
                  for (int i = 0; i < 800; ++i) w.word->fetch_add(1, Order::kRelaxed);
                  w.done->wait();
                },
                [] {
                  wait_for_flag();
                  w.done->complete();
                }},
               look, kShort, 1);
  EXPECT_EQ(1, found);
}

/* The budget may end at any step of a loop: also where a lock has just been taken, and its taker seems to
 * want it. */
TEST(Livelock, BlamesTheLoopWhereverTheBudgetEnds) {
  static const Role kLockRole("livelock.lock");
  for (uint32_t steps_max = 1000; steps_max < 1010; ++steps_max) {
    auto strategy = make_dfs_strategy({.preemptions_max = 0});
    int found = 0;
    explore_with(
        *strategy, {[] {
          auto* lock = Execution::current().arena().make<Mutex>();
          lock->init(kLockRole);
          for (;;) {
            lock->lock();
            lock->unlock();
          }
        }},
        [&](const Execution& e, End) {
          const Finding* finding = livelock_of(e);
          ASSERT_NE(nullptr, finding);
          EXPECT_EQ(1, finding->task);
          ++found;
        },
        {.steps_max = steps_max}, 1);
    EXPECT_EQ(1, found);
  }
}

/* A schedule that starves whoever would end the loop is unfair, and proves nothing. */
TEST(Livelock, NoneUnderAnUnfairSchedule) {
  auto strategy = make_dfs_strategy({.preemptions_max = 0});
  auto impolite = [] {
    while (w.flag->load(Order::kAcquire) == 0) {
    }
  };
  auto look = [](const Execution& e, End end) {
    EXPECT_EQ(End::kFinished, end);
    EXPECT_TRUE(e.findings().empty());
    EXPECT_GE(e.steps(), kShort.steps_max);
  };
  EXPECT_EQ(1, explore_with(*strategy, {impolite, set_flag}, look, kShort, 1));
}

}  // namespace
}  // namespace daxrace::engine
