/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals, timeouts, and the waits that they end. */
#include "core/engine/sleep.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "core/engine/explore_for_test.h"
#include "core/engine/wait_event.h"

namespace daxrace::engine {
namespace {

const Role kQueueRole("sleep-queue");
const Role kWordRole("sleep-word");
const Role kResultRole("sleep-result");

struct World {
  WaitQueue queue;
  Atomic<int> x;
  Plain<int> data;
  Plain<int> result[5];
};

World* w;

std::string results() {
  std::string text;
  for (int i : {1, 2, 3, 4}) text += std::to_string(w->result[i].peek());
  return text;
}

void note(int value) { w->result[Execution::current().self()].write(value); }

void setup() {
  w = Execution::current().arena().make<World>();
  w->queue.init(kQueueRole);
  w->x.init(kWordRole);
  w->data.init(kWordRole);
  for (auto& result : w->result) result.init(kResultRole);
}

template <class... Bodies>
Explored explore(Bodies... bodies) {
  return explore_all(
      [=] {
        setup();
        spawn_bodies({bodies...});
      },
      results);
}

using Outcomes = std::set<std::string>;

bool x_is_set() { return w->x.load(Order::kAcquire) != 0; }
void set_x() { w->x.store(1, Order::kRelease); }
void set_and_wake() {
  set_x();
  w->queue.wake_one();
}

/* --- signals --- */

TEST(Signal, IsPendingUntilItIsTaken) {
  Explored seen = explore(
      [] {
        bool before = signal_pending();
        bool again = signal_pending();
        EXPECT_TRUE(!before || again);
        bool taken = take_signal();
        EXPECT_TRUE(!again || taken);
        note(before * 4 + again * 2 + taken);
        w->data.write(take_signal());
      },
      [] { send_signal(1); });
  EXPECT_EQ((Outcomes{"7000", "3000", "1000", "0000"}), seen.outcomes);
}

TEST(Signal, OrdersForWhoeverTakesItNotForWhoeverLooks) {
  auto sender = [] {
    w->data.write(1);
    send_signal(1);
  };
  EXPECT_EQ(0u, explore(
                    [] {
                      if (take_signal()) w->data.write(2);
                    },
                    sender)
                    .races);
  EXPECT_GT(explore(
                [] {
                  if (signal_pending()) w->data.write(2);
                },
                sender)
                .races,
            0u);
}

void sleep_interruptibly() {
  WaitEntry entry;
  entry.state = Sleep::kInterruptible;
  w->queue.prepare_to_wait(entry, true);
  w->queue.schedule(entry);
  w->queue.finish_wait(entry);
}

void sleep_uninterruptibly() {
  WaitEntry entry;
  w->queue.prepare_to_wait(entry, true);
  w->queue.schedule(entry);
  w->queue.finish_wait(entry);
}

TEST(Signal, WakesAnInterruptibleSleeperOnly) {
  Explored seen = explore(sleep_interruptibly, [] { send_signal(1); });
  EXPECT_EQ((Outcomes{"0000"}), seen.outcomes) << "also if it comes before the sleep";
  EXPECT_GT(seen.contended, 0u) << "nobody slept";
  seen = explore(sleep_uninterruptibly, [] { send_signal(1); });
  EXPECT_EQ((Outcomes{"deadlock"}), seen.outcomes);
}

TEST(Signal, WhoSendsItHappensBeforeWhoeverItWakes) {
  auto sleeper = [] {
    sleep_interruptibly();
    w->data.read();
  };
  Explored seen = explore(sleeper, [] {
    w->data.write(1);
    send_signal(1);
  });
  /* It did not wake whoever found it pending, and that orders nothing. */
  EXPECT_GT(seen.races, 0u);
  EXPECT_LT(seen.races, seen.executions);
  seen = explore(sleeper, [] {
    send_signal(1);
    w->data.write(1);
  });
  EXPECT_EQ(seen.executions, seen.races);
}

/* Runs an exclusive interruptible sleeper A, an uninterruptible one B behind it, and C. How many executions
 * in which both slept in that order when C began ended well, and how many in a deadlock. */
std::pair<int, int> two_sleepers(void (*c)()) {
  int well = 0;
  int deadlocks = 0;
  auto look = [&](const Execution& e) {
    int queued = 0;
    for (const Event& event : e.trace()) {
      if (event.kind == EventKind::k_prepare_wait && ++queued != event.task) return;
      if (event.task == 3 && event.kind != EventKind::k_start) break;
    }
    if (queued == 2) ++(e.headline() == nullptr ? well : deadlocks);
  };
  explore_all(
      [=] {
        setup();
        spawn_bodies({sleep_interruptibly, sleep_uninterruptibly, c});
      },
      results, look);
  return {well, deadlocks};
}

/* A task that a signal has woken stands on the queue until it leaves. */
TEST(Signal, AnExclusiveWakeUpIsNotSpentOnWhoeverItHasWoken) {
  auto [well, deadlocks] = two_sleepers([] {
    send_signal(1);
    w->queue.wake_one();
  });
  EXPECT_GT(well, 0);
  EXPECT_EQ(0, deadlocks);
  std::tie(well, deadlocks) = two_sleepers([] {
    w->queue.wake_one();
    send_signal(1);
  });
  EXPECT_EQ(0, well) << "the other one sleeps on";
  EXPECT_GT(deadlocks, 0);
}

/* A reduction has to see that: each touches what the other does. */
TEST(Signal, AndWakeUpOfOneSleeperDepend) {
  int pairs = 0;
  auto look = [&](const Execution& e) {
    bool interrupt = false;
    bool woken = false;
    for (const Event& event : e.trace()) {
      interrupt |= event.kind == EventKind::k_interrupt && event.role == &kQueueRole;
      woken |= event.kind == EventKind::k_woken && event.object == 1;
    }
    EXPECT_FALSE(interrupt && woken);
    pairs |= interrupt | woken << 1;
  };
  explore_all(
      [] {
        setup();
        spawn_bodies({sleep_interruptibly, [] { w->queue.wake_one(); }, [] { send_signal(1); }});
      },
      results, look);
  EXPECT_EQ(3, pairs);
}

/* --- timeouts --- */

void sleep_with_timeout() {
  WaitEntry entry;
  w->queue.prepare_to_wait(entry, true);
  bool woken = w->queue.schedule_timeout(entry);
  w->queue.finish_wait(entry);
  note(woken ? 1 : 2);
}

TEST(Timeout, IsNoDeadlock) {
  EXPECT_EQ((Outcomes{"2000"}), explore(sleep_with_timeout).outcomes);
  EXPECT_EQ((Outcomes{"2200"}), explore(sleep_with_timeout, sleep_with_timeout).outcomes);
  Explored seen = explore(sleep_with_timeout, sleep_uninterruptibly);
  EXPECT_EQ((Outcomes{"deadlock"}), seen.outcomes) << "it helps nobody else";
}

TEST(Timeout, MayComeBeforeTheWakeUpOrNot) {
  Explored seen = explore(sleep_with_timeout, [] { w->queue.wake_one(); });
  EXPECT_EQ((Outcomes{"1000", "2000"}), seen.outcomes);
}

/* With a draw of 0 only if nobody else can run. */
TEST(Timeout, ByDefaultIsTheLastThingToHappen) {
  int last = 0;
  auto look = [&](const Execution& e) {
    bool whenever = false;
    bool prepared = false;
    bool wake_came = false;
    for (const Event& event : e.trace()) {
      whenever |= event.kind == EventKind::k_draw && event.value != 0;
      prepared |= event.kind == EventKind::k_prepare_wait;
      if (event.kind == EventKind::k_wake) wake_came = prepared;
    }
    if (whenever || !wake_came) return;
    ++last;
    EXPECT_EQ("1000", results());
  };
  explore_all(
      [] {
        setup();
        spawn_bodies({sleep_with_timeout, [] {
                        w->x.load(Order::kRelaxed);
                        w->x.load(Order::kRelaxed);
                        w->queue.wake_one();
                      }});
      },
      results, look);
  EXPECT_GT(last, 0);
}

TEST(Timeout, ComesWhereOthersOnlySpin) {
  Explored seen = explore(
      [] {
        sleep_with_timeout();
        set_x();
      },
      [] {
        RetryLoop retry;
        while (!x_is_set()) retry.again();
        note(3);
      });
  EXPECT_EQ((Outcomes{"2300"}), seen.outcomes);
}

TEST(Timeout, AWakeUpIsNotSpentOnWhoeverIsAwakeAgain) {
  Explored seen = explore(
      [] {
        sleep_with_timeout();
        set_x();
      },
      sleep_uninterruptibly,
      [] {
        RetryLoop retry;
        while (!x_is_set()) retry.again();
        RetryLoop until_somebody_sleeps;
        while (!w->queue.active()) until_somebody_sleeps.again();
        w->queue.wake_one();
      });
  EXPECT_EQ((Outcomes{"2000"}), seen.outcomes);
}

/* --- wait_event --- */

TEST(WaitEvent, LosesNoWakeUp) {
  Explored seen = explore(
      [] {
        wait_event(w->queue, x_is_set);
        note(w->data.read());
      },
      [] {
        w->data.write(7);
        set_and_wake();
      });
  EXPECT_EQ((Outcomes{"7000"}), seen.outcomes);
  EXPECT_GT(seen.contended, 0u);
  EXPECT_EQ(0u, seen.races);
}

TEST(WaitEvent, SleepsForEverIfNobodyWakesItAfterwards) {
  auto waiter = [] { wait_event(w->queue, x_is_set); };
  EXPECT_EQ((Outcomes{"0000", "lost-wakeup"}), explore(waiter, set_x).outcomes);
  Explored seen = explore(waiter, [] {
    w->queue.wake_one();
    set_x();
  });
  EXPECT_EQ((Outcomes{"0000", "lost-wakeup"}), seen.outcomes);
}

TEST(WaitEvent, ExclusiveWaitersAreWokenOneByOne) {
  auto exclusive = [] { wait_event_exclusive(w->queue, x_is_set); };
  auto shared = [] { wait_event(w->queue, x_is_set); };
  auto set_and_wake_all = [] {
    set_x();
    w->queue.wake_all();
  };
  auto two_of = [](void (*waiter)(), void (*waker)()) {
    auto start = [=] {
      setup();
      spawn_bodies({waiter, waiter, waker});
    };
    return explore_pruned(start, results).outcomes;
  };
  EXPECT_EQ((Outcomes{"0000", "lost-wakeup"}), two_of(exclusive, set_and_wake));
  EXPECT_EQ((Outcomes{"0000"}), two_of(shared, set_and_wake));
  EXPECT_EQ((Outcomes{"0000"}), two_of(exclusive, set_and_wake_all));
}

void wait_interruptibly() { note(wait_event_interruptible(w->queue, x_is_set) ? 1 : 2); }

TEST(WaitEvent, InterruptibleEndsWithTheConditionOrASignal) {
  EXPECT_EQ((Outcomes{"1000"}), explore(wait_interruptibly, set_and_wake).outcomes);
  EXPECT_EQ((Outcomes{"2000"}), explore(wait_interruptibly, [] { send_signal(1); }).outcomes);
  Explored seen = explore(wait_interruptibly, set_and_wake, [] { send_signal(1); });
  EXPECT_EQ((Outcomes{"1000", "2000"}), seen.outcomes);
}

TEST(WaitEvent, TimeoutTellsWhetherTheConditionHeld) {
  auto waiter = [] { note(wait_event_timeout(w->queue, x_is_set) ? 1 : 2); };
  EXPECT_EQ((Outcomes{"2000"}), explore(waiter).outcomes);
  EXPECT_EQ((Outcomes{"1000", "2000"}), explore(waiter, set_and_wake).outcomes);
  EXPECT_EQ((Outcomes{"1000", "2000"}), explore(waiter, set_x).outcomes);
}

/* Takes a token if there is one. */
bool take() { return w->x.compare_exchange(1, 0, Order::kFull); }
void give() { set_and_wake(); }

/* As wait_event_interruptible_exclusive() did before prepare_to_wait_event(): it may leave with the wake-up
 * that another needs. */
bool take_carelessly() {
  WaitEntry entry;
  entry.state = Sleep::kInterruptible;
  bool taken = false;
  for (;;) {
    w->queue.prepare_to_wait(entry, true);
    taken = take();
    if (taken || signal_pending()) break;
    w->queue.schedule(entry);
  }
  w->queue.finish_wait(entry);
  return taken;
}

bool take_carefully() { return wait_event_interruptible_exclusive(w->queue, take); }

template <bool (*kTake)()>
void take_and_give_back() {
  if (kTake()) give();
}

TEST(WaitEvent, AnInterruptedWaiterLeavesNoWakeUpUnused) {
  auto other = [] { wait_event_exclusive(w->queue, take); };
  auto give_and_interrupt = [] {
    give();
    send_signal(1);
  };
  auto with = [&](void (*interrupted)()) {
    return explore_pruned(
               [=] {
                 setup();
                 spawn_bodies({interrupted, other, give_and_interrupt});
               },
               results)
        .outcomes;
  };
  EXPECT_EQ((Outcomes{"0000"}), with(take_and_give_back<take_carefully>));
  EXPECT_EQ((Outcomes{"0000", "lost-wakeup"}), with(take_and_give_back<take_carelessly>));
}

}  // namespace
}  // namespace daxrace::engine
