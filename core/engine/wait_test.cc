/* SPDX-License-Identifier: GPL-2.0-only */
/* Wait queues, completions, draws and retry loops, under all schedules. */
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/strategies.h"
#include "core/engine/strategy_replay.h"
#include "core/engine/sync.h"

namespace daxrace::engine {
namespace {

const Role kQueueRole("wait-queue");
const Role kFlagRole("wait-flag");
const Role kDoneRole("wait-done");

struct World {
  WaitQueue* queue = nullptr;
  Atomic<int>* flag = nullptr;
  Atomic<int>* other = nullptr;
  Completion* done = nullptr;
  std::vector<int> log;
};

World w;

void setup() {
  Arena& arena = Execution::current().arena();
  w = World();
  w.queue = arena.make<WaitQueue>();
  w.queue->init(kQueueRole);
  w.flag = arena.make<Atomic<int>>(kFlagRole);
  w.other = arena.make<Atomic<int>>(kFlagRole);
  w.done = arena.make<Completion>();
  w.done->init(kDoneRole);
}

using Body = void (*)();
using Look = std::function<void(const Execution&, End)>;

void spawn_all(void* arg) {
  static const char* const kNames[] = {"A", "B", "C", "D", "E"};
  setup();
  const char* const* name = kNames;
  for (Body body : *static_cast<std::vector<Body>*>(arg)) Execution::current().spawn(body, *name++);
}

int explore(std::vector<Body> bodies, const Look& look, Limits limits = {}) {
  auto strategy = make_dfs_strategy({.preemptions_max = 1000, .preemptions_min = 1000, .prune = false});
  Execution execution(limits);
  int executions = 0;
  for (; executions < 300000 && !::testing::Test::HasFailure() && strategy->begin(); ++executions) {
    End end = execution.run(*strategy, spawn_all, &bodies);
    look(execution, end);
  }
  EXPECT_LT(executions, 300000);
  return executions;
}

/* The one schedule in which tasks run in order of creation, each for as long as it can. */
End in_order(std::vector<Body> bodies) {
  std::vector<RecordedSwitch> switches;
  std::vector<RecordedDraw> draws;
  ReplayStrategy strategy(switches, draws);
  Execution execution;
  strategy.begin();
  return execution.run(strategy, spawn_all, &bodies);
}

/* Which of tasks 1, 2, ... have been woken, as a string of digits. */
std::string awake(int sleepers) {
  std::string text;
  for (int id = 1; id <= sleepers; ++id) {
    if (!Execution::current().task(static_cast<TaskId>(id)).sleeping) text += std::to_string(id);
  }
  return text;
}

template <uint64_t kKey, bool kExclusive>
void sleeper() {
  WaitEntry entry;
  entry.key = kKey;
  w.queue->prepare_to_wait(entry, kExclusive);
  w.queue->schedule(entry);
  w.queue->finish_wait(entry);
}

/* --- wake --- */

TEST(WaitQueue, WakeOneWakesOneMatchingExclusiveWaiterInOrder) {
  End end = in_order({sleeper<7, true>, sleeper<9, true>, sleeper<7, true>, sleeper<7, true>, [] {
                        EXPECT_EQ("", awake(4));
                        w.queue->wake(1, 7);
                        EXPECT_EQ("1", awake(4));
                        w.queue->wake(1, 7);
                        EXPECT_EQ("13", awake(4));
                        w.queue->wake(1, 8);
                        EXPECT_EQ("13", awake(4)) << "nobody waits for this key";
                        w.queue->wake(2, WaitQueue::kAnyKey);
                        EXPECT_EQ("1234", awake(4));
                        EXPECT_TRUE(w.queue->empty());
                      }});
  EXPECT_EQ(End::kFinished, end);
}

TEST(WaitQueue, WakeAllWakesAllThatMatch) {
  End end = in_order({sleeper<7, true>, sleeper<9, true>, sleeper<7, false>, sleeper<7, true>, [] {
                        w.queue->wake(0, 7);
                        EXPECT_EQ("134", awake(4));
                        EXPECT_FALSE(w.queue->empty());
                        w.queue->wake(0, WaitQueue::kAnyKey);
                        EXPECT_EQ("1234", awake(4));
                      }});
  EXPECT_EQ(End::kFinished, end);
}

TEST(WaitQueue, WakeOneWakesAllThatAreNotExclusive) {
  End end = in_order({sleeper<7, true>, sleeper<7, false>, sleeper<7, true>, sleeper<7, false>, [] {
                        w.queue->wake(1, 7);
                        EXPECT_EQ("124", awake(4)) << "exclusive ones stand behind the others";
                        w.queue->wake(1, 7);
                        EXPECT_EQ("1234", awake(4));
                      }});
  EXPECT_EQ(End::kFinished, end);
}

TEST(WaitQueue, AWakeUpThatIsTooEarlyOrForOthersIsLost) {
  EXPECT_EQ(End::kFatal, in_order({[] { w.queue->wake(0, WaitQueue::kAnyKey); }, sleeper<7, true>}));
  EXPECT_EQ(End::kFatal, in_order({sleeper<7, true>, [] { w.queue->wake(0, 8); }}));
  EXPECT_EQ(End::kFinished, in_order({sleeper<7, true>, [] { w.queue->wake(0, 7); }}));
}

TEST(WaitQueue, AWakeUpBetweenPreparingAndSleepingIsNotLost) {
  End end = in_order({[] {
    WaitEntry entry;
    w.queue->prepare_to_wait(entry, true);
    w.queue->wake(1, WaitQueue::kAnyKey);
    w.queue->schedule(entry);
    w.queue->finish_wait(entry);
    w.log.push_back(1);
  }});
  EXPECT_EQ(End::kFinished, end);
  EXPECT_EQ(1u, w.log.size());
}

TEST(WaitQueue, ActiveTellsWhetherSomebodyIsQueued) {
  End end = in_order({sleeper<7, true>, [] {
                        EXPECT_TRUE(w.queue->active());
                        w.queue->wake(0, 7);
                        EXPECT_FALSE(w.queue->active());
                        WaitEntry entry;
                        w.queue->prepare_to_wait(entry, false);
                        EXPECT_TRUE(w.queue->active());
                        w.queue->finish_wait(entry);
                        EXPECT_FALSE(w.queue->active());
                      }});
  EXPECT_EQ(End::kFinished, end);
}

/* Leaving takes the queue's lock: a wake-up may come right before it, and is then spent on the one that
 * leaves. */
TEST(WaitQueue, AWakeUpCanGoToSomebodyWhoIsAboutToLeave) {
  std::set<std::pair<int, uint64_t>> outcomes;
  explore({[] {
             WaitEntry entry;
             w.queue->prepare_to_wait(entry, true);
             int seen = w.flag->load(Order::kRelaxed);
             w.queue->finish_wait(entry);
             w.log.push_back(seen);
           },
           [] {
             w.flag->store(1, Order::kRelaxed);
             w.queue->wake(1, WaitQueue::kAnyKey);
           }},
          [&](const Execution& e, End) {
            for (const Event& event : e.trace()) {
              if (event.kind == EventKind::k_wake) outcomes.emplace(w.log.at(0), event.value);
            }
          });
  EXPECT_EQ(1u, outcomes.count({0, 0}));
  EXPECT_EQ(1u, outcomes.count({1, 0}));
  EXPECT_EQ(1u, outcomes.count({1, 1}));
  EXPECT_EQ(1u, outcomes.count({0, 1})) << "woken between its look and its leaving";
}

/* --- lost wake-ups, both sides --- */

void set_and_wake() {
  w.flag->store(1, Order::kRelease);
  w.queue->wake(1, WaitQueue::kAnyKey);
}

void prepare_then_check() {
  WaitEntry entry;
  for (;;) {
    w.queue->prepare_to_wait(entry, true);
    if (w.flag->load(Order::kAcquire) != 0) break;
    w.queue->schedule(entry);
  }
  w.queue->finish_wait(entry);
}

void check_then_prepare() {
  WaitEntry entry;
  while (w.flag->load(Order::kAcquire) == 0) {
    w.queue->prepare_to_wait(entry, true);
    w.queue->schedule(entry);
    w.queue->finish_wait(entry);
  }
}

void set_and_wake_if_active() {
  w.flag->store(1, Order::kRelease);
  if (w.queue->active()) w.queue->wake(1, WaitQueue::kAnyKey);
}

void wake_if_active_then_set() {
  bool active = w.queue->active();
  w.flag->store(1, Order::kRelease);
  if (active) w.queue->wake(1, WaitQueue::kAnyKey);
}

/* (executions, lost wake-ups) */
std::pair<int, int> lost_of(Body waiter, Body waker) {
  int lost = 0;
  bool slept = false;
  int executions = explore({waiter, waker}, [&](const Execution& e, End end) {
    lost += end == End::kFatal;
    if (end == End::kFatal) {
      EXPECT_EQ("lost-wakeup", e.headline()->verdict);
    }
    for (const Event& event : e.trace()) slept = slept || event.kind == EventKind::k_contend;
  });
  EXPECT_TRUE(slept) << "no schedule has the waiter sleep";
  return {executions, lost};
}

TEST(LostWakeUp, NeverWhenTheConditionIsCheckedAfterPreparing) {
  EXPECT_EQ(0, lost_of(prepare_then_check, set_and_wake).second);
  EXPECT_EQ(0, lost_of(prepare_then_check, set_and_wake_if_active).second);
}

TEST(LostWakeUp, InSomeSchedulesWhenItIsCheckedBefore) {
  for (auto [executions, lost] :
       {lost_of(check_then_prepare, set_and_wake), lost_of(prepare_then_check, wake_if_active_then_set)}) {
    EXPECT_GT(lost, 0);
    EXPECT_LT(lost, executions);
  }
}

/* --- completions --- */

void wait_for_done() {
  w.done->wait();
  w.log.push_back(Execution::current().self());
}

TEST(Completion, EachLetsOneWaiterThrough) {
  std::set<std::vector<int>> orders;
  auto twice = [] {
    w.done->complete();
    w.done->complete();
  };
  explore({wait_for_done, twice, wait_for_done}, [&](const Execution&, End end) {
    EXPECT_EQ(End::kFinished, end);
    orders.insert(w.log);
  });
  EXPECT_EQ((std::set<std::vector<int>>{{1, 3}, {3, 1}}), orders);
  auto once = [] { w.done->complete(); };
  explore({wait_for_done, once, wait_for_done}, [&](const Execution& e, End end) {
    EXPECT_EQ(End::kFatal, end);
    EXPECT_EQ("deadlock", e.headline()->verdict);
    EXPECT_EQ(1u, w.log.size());
  });
}

/* --- draws --- */

TEST(Choose, AllValuesOfAllDrawsAreEnumeratedOnce) {
  std::multiset<std::vector<int>> drawn;
  explore({[] {
            Execution& e = Execution::current();
            w.log.push_back(static_cast<int>(e.choose(3)));
            w.log.push_back(static_cast<int>(e.choose(1)));
            /* One that is there only after some values. */
            if (w.log[0] != 1) w.log.push_back(static_cast<int>(e.choose(2)));
          }},
          [&](const Execution&, End) { drawn.insert(w.log); });
  EXPECT_EQ((std::multiset<std::vector<int>>{{0, 0, 0}, {0, 0, 1}, {1, 0}, {2, 0, 0}, {2, 0, 1}}), drawn);
}

TEST(Choose, CostsNoPreemption) {
  auto strategy = make_dfs_strategy({.preemptions_max = 0});
  Execution execution;
  std::set<uint32_t> values;
  while (strategy->begin()) {
    auto first = [](void* arg) {
      static_cast<std::set<uint32_t>*>(arg)->insert(Execution::current().choose(5));
    };
    execution.run(*strategy, first, &values);
    EXPECT_EQ(0u, execution.preemptions());
  }
  EXPECT_EQ(5u, values.size());
}

}  // namespace
}  // namespace daxrace::engine
