/* SPDX-License-Identifier: GPL-2.0-only */
/* What C++ tests wait with: condition variables, semaphores, barriers, atomics. */
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/engine/barrier.h"
#include "core/engine/condvar.h"
#include "core/engine/explore_for_test.h"
#include "core/engine/semaphore.h"

namespace daxrace::engine {
namespace {

const Role kMutexRole("cxx-mutex");
const Role kCondRole("cxx-cond");
const Role kSemRole("cxx-sem");
const Role kBarrierRole("cxx-barrier");
const Role kWordRole("cxx-word");
const Role kResultRole("cxx-result");

struct World {
  Mutex mutex;
  CondVar cond;
  CondVar spurious;
  Semaphore sem;
  Barrier barrier;
  Atomic<int> x;
  Plain<int> data;
  Plain<int> result[4];
};

World* w;

void note(int value) { w->result[Execution::current().self()].write(value); }

using Outcomes = std::set<std::string>;

void setup(uint32_t count = 0, uint32_t expected = 2) {
  w = Execution::current().arena().make<World>();
  w->mutex.init(kMutexRole);
  w->cond.init(kCondRole);
  w->spurious.init(kCondRole, Wakeups::kSpurious);
  w->sem.init(kSemRole, count, LockUse::kTriedToo);
  w->barrier.init(kBarrierRole, expected);
  w->x.init(kWordRole);
  w->data.init(kWordRole);
  for (auto& result : w->result) result.init(kResultRole);
}

std::string results() {
  std::string text;
  for (int i : {1, 2, 3}) text += std::to_string(w->result[i].peek());
  return text;
}

template <class... Bodies>
Explored explore_with(uint32_t count, uint32_t expected, Bodies... bodies) {
  return explore_all(
      [=] {
        setup(count, expected);
        spawn_bodies({bodies...});
      },
      results);
}

template <class... Bodies>
Explored explore(Bodies... bodies) {
  return explore_with(0, 2, bodies...);
}

/* --- condition variables --- */

bool data_is_set() { return w->data.read() != 0; }

void wait_for_data() {
  std::unique_lock<Mutex> lock(w->mutex);
  w->cond.wait(lock, data_is_set);
  note(w->data.read());
}

void set_data(int value) {
  LockGuard<Mutex> guard(w->mutex);
  w->data.write(value);
}

TEST(CondVar, LosesNoNotification) {
  Explored seen = explore(wait_for_data, [] {
    set_data(1);
    w->cond.notify_one();
  });
  EXPECT_EQ((Outcomes{"100"}), seen.outcomes);
  EXPECT_GT(seen.contended, 0u);
  EXPECT_EQ(0u, seen.races);
}

TEST(CondVar, ANotificationBeforeTheChangeOrOutsideTheMutexMayBeLost) {
  Explored seen = explore(wait_for_data, [] {
    w->cond.notify_one();
    set_data(1);
  });
  EXPECT_EQ((Outcomes{"100", "lost-wakeup"}), seen.outcomes);
  seen = explore(
      [] {
        LockGuard<Mutex> guard(w->mutex);
        if (w->x.load(Order::kRelaxed) == 0) w->cond.wait(w->mutex);
      },
      [] {
        w->x.store(1, Order::kRelaxed);
        w->cond.notify_one();
      });
  EXPECT_EQ((Outcomes{"000", "lost-wakeup"}), seen.outcomes);
}

TEST(CondVar, OneWakesOneWhicheverAllWakesAll) {
  auto one = [] {
    set_data(1);
    w->cond.notify_one();
  };
  auto all = [] {
    set_data(1);
    w->cond.notify_all();
  };
  EXPECT_EQ((Outcomes{"110"}), explore(wait_for_data, wait_for_data, all).outcomes);
  EXPECT_EQ((Outcomes{"110", "lost-wakeup"}), explore(wait_for_data, wait_for_data, one).outcomes);
}

/* Both may be the one, whoever came first. */
TEST(CondVar, WhomOneWakesIsDrawn) {
  std::set<std::string> who;
  auto look = [&](const Execution& e) {
    std::string text;
    for (const Event& event : e.trace()) {
      if (event.kind == EventKind::k_prepare_wait) text += std::to_string(event.task);
      if (event.kind == EventKind::k_sleep && text.size() == 2) text += " " + std::to_string(event.task);
    }
    if (text.size() > 2) who.insert(text);
  };
  auto sleeper = [] {
    LockGuard<Mutex> guard(w->mutex);
    w->cond.wait(w->mutex);
  };
  explore_all(
      [&] {
        setup();
        spawn_bodies({sleeper, sleeper, [] { w->cond.notify_one(); }});
      },
      results, look);
  EXPECT_EQ((Outcomes{"12 1", "12 2", "21 1", "21 2"}), who);
}

TEST(CondVar, LetsGoOfTheMutexWhileItSleeps) {
  Explored seen = explore(
      [] {
        LockGuard<Mutex> guard(w->mutex);
        while (w->data.read() == 0) w->cond.wait(w->mutex);
        EXPECT_TRUE(w->mutex.held_by_me());
      },
      [] {
        LockGuard<Mutex> guard(w->mutex);
        w->data.write(1);
        w->cond.notify_all();
      });
  EXPECT_EQ((Outcomes{"000"}), seen.outcomes);
}

TEST(CondVar, SpuriousWakeUpsOnlyIfAskedFor) {
  EXPECT_EQ((Outcomes{"deadlock"}), explore([] {
                                      LockGuard<Mutex> guard(w->mutex);
                                      w->cond.wait(w->mutex);
                                    }).outcomes);
  EXPECT_EQ((Outcomes{"100", "deadlock"}), explore([] {
                                             LockGuard<Mutex> guard(w->mutex);
                                             w->spurious.wait(w->mutex);
                                             note(1);
                                           }).outcomes);
  /* What it is for: a wait without a loop. */
  auto without_loop = [] {
    LockGuard<Mutex> guard(w->mutex);
    if (!data_is_set()) w->spurious.wait(w->mutex);
    note(1 + w->data.read());
  };
  Explored seen = explore(without_loop, [] {
    set_data(1);
    w->spurious.notify_one();
  });
  EXPECT_EQ((Outcomes{"100", "200"}), seen.outcomes);
}

TEST(CondVar, TimeoutIsNoDeadlock) {
  auto waiter = [] {
    std::unique_lock<Mutex> lock(w->mutex);
    note(w->cond.wait_for(lock) ? 1 : 2);
  };
  EXPECT_EQ((Outcomes{"200"}), explore(waiter).outcomes);
  EXPECT_EQ((Outcomes{"100", "200"}), explore(waiter, [] { w->cond.notify_one(); }).outcomes);
}

TEST(CondVar, ANotificationByItselfOrdersNothing) {
  auto waiter = [] {
    LockGuard<Mutex> guard(w->mutex);
    w->cond.wait(w->mutex);
    w->data.read();
  };
  EXPECT_GT(explore(waiter,
                    [] {
                      w->data.write(1);
                      w->cond.notify_one();
                    })
                .races,
            0u);
}

/* --- semaphores --- */

void use_slot() {
  w->sem.acquire();
  note(static_cast<int>(w->x.fetch_add(1, Order::kRelaxed)) + 1);
  w->x.fetch_sub(1, Order::kRelaxed);
  w->sem.release();
}

TEST(Semaphore, LetsInAsManyAsItCounts) {
  for (uint32_t count : {1u, 2u}) {
    int most = 0;
    auto look = [&](const Execution&) {
      for (int i : {1, 2, 3}) most = std::max(most, w->result[i].peek());
    };
    Explored seen = explore_all(
        [=] {
          setup(count);
          spawn_bodies({use_slot, use_slot});
        },
        results, look);
    EXPECT_EQ(static_cast<int>(count), most);
    EXPECT_EQ(0u, seen.outcomes.count("deadlock"));
    EXPECT_EQ(count == 1, seen.contended != 0);
  }
}

TEST(Semaphore, TryingNeverWaitsAndReleasesOfManyLetManyIn) {
  auto attempt = [] { note(w->sem.try_acquire() ? 1 : 2); };
  EXPECT_EQ((Outcomes{"100", "200"}), explore(attempt, [] { w->sem.release(); }).outcomes);
  auto acquire = [] {
    w->sem.acquire();
    note(1);
  };
  EXPECT_EQ((Outcomes{"110"}), explore(acquire, acquire, [] { w->sem.release(2); }).outcomes);
  EXPECT_EQ((Outcomes{"deadlock"}), explore(acquire, acquire, [] { w->sem.release(1); }).outcomes);
}

TEST(Semaphore, OrdersAllReleasesBeforeWhoeverComesAfter) {
  auto release = [] {
    w->data.read();
    w->sem.release();
  };
  auto after_both = [] {
    w->sem.acquire();
    w->sem.acquire();
    w->data.write(1);
  };
  EXPECT_EQ(0u, explore(release, release, after_both).races);
  EXPECT_GT(explore(release, release,
                    [] {
                      w->sem.acquire();
                      w->data.write(1);
                    })
                .races,
            0u);
}

/* --- barriers --- */

TEST(Barrier, NobodyPassesBeforeAllHaveArrivedInEveryPhase) {
  auto rounds = [] {
    for (int i = 1; i <= 2; ++i) {
      w->x.fetch_add(1, Order::kRelaxed);
      w->barrier.arrive_and_wait();
      if (w->x.load(Order::kRelaxed) < 2 * i) note(9);
    }
  };
  Explored seen = explore(rounds, rounds);
  EXPECT_EQ((Outcomes{"000"}), seen.outcomes);
  EXPECT_GT(seen.contended, 0u);
}

TEST(Barrier, OneThatStaysAwayIsADeadlockOneThatDropsIsNot) {
  auto twice = [] {
    w->barrier.arrive_and_wait();
    w->barrier.arrive_and_wait();
  };
  EXPECT_EQ((Outcomes{"deadlock"}), explore(twice, [] { w->barrier.arrive_and_wait(); }).outcomes);
  EXPECT_EQ((Outcomes{"000"}), explore(twice, [] { w->barrier.arrive_and_drop(); }).outcomes);
}

TEST(Barrier, OrdersAllBeforeWithAllAfter) {
  auto writer = [] {
    w->data.write(1);
    w->barrier.arrive_and_wait();
  };
  auto reader = [] {
    w->barrier.arrive_and_wait();
    w->data.read();
  };
  EXPECT_EQ(0u, explore(writer, reader).races);
  EXPECT_GT(explore(
                [] {
                  w->barrier.arrive_and_wait();
                  w->data.write(1);
                },
                reader)
                .races,
            0u);
  auto only_arrives = [] {
    w->data.write(1);
    uint32_t phase = w->barrier.arrive();
    w->x.store(1, Order::kRelaxed);
    w->barrier.wait(phase);
  };
  EXPECT_EQ(0u, explore(only_arrives, reader).races);
}

/* --- atomics --- */

TEST(Atomic, HasTheArithmeticOfCxx) {
  explore([] {
    w->x.store(12, Order::kRelaxed);
    EXPECT_EQ(12, w->x.fetch_sub(2, Order::kRelaxed));
    EXPECT_EQ(10, w->x.fetch_and(6, Order::kRelaxed));
    EXPECT_EQ(2, w->x.fetch_or(5, Order::kRelaxed));
    EXPECT_EQ(7, w->x.fetch_xor(3, Order::kRelaxed));
    EXPECT_EQ(4, w->x.peek());
  });
}

template <bool kWeak>
void compare_exchange() {
  int expected = 1;
  bool done = kWeak ? w->x.compare_exchange_weak(expected, 2, Order::kFull, Order::kRelaxed)
                    : w->x.compare_exchange_strong(expected, 2, Order::kFull, Order::kRelaxed);
  note(done ? 5 : 6 + expected);
}

TEST(Atomic, AWeakExchangeMayFailForNoReason) {
  auto store = [] { w->x.store(1, Order::kRelaxed); };
  EXPECT_EQ((Outcomes{"500", "600"}), explore(compare_exchange<false>, store).outcomes);
  EXPECT_EQ((Outcomes{"500", "600", "700"}), explore(compare_exchange<true>, store).outcomes);
}

TEST(Atomic, AFailedExchangeHasAnOrderOfItsOwn) {
  auto writer = [] {
    w->data.write(1);
    w->x.store(1, Order::kRelease);
  };
  auto exchange = [](Order failure) {
    int expected = 0;
    if (!w->x.compare_exchange_strong(expected, 0, Order::kRelaxed, failure)) w->data.read();
  };
  static decltype(exchange)* with;
  with = &exchange;
  EXPECT_EQ(0u, explore(writer, [] { (*with)(Order::kAcquire); }).races);
  EXPECT_GT(explore(writer, [] { (*with)(Order::kRelaxed); }).races, 0u);
}

void wait_for_x() {
  w->x.wait(0, Order::kAcquire);
  note(1 + w->data.read());
}

TEST(Atomic, WaitNeedsAChangeAndANotification) {
  auto change_and_notify = [] {
    w->data.write(1);
    w->x.store(1, Order::kRelease);
    w->x.notify_one();
  };
  Explored seen = explore(wait_for_x, change_and_notify);
  EXPECT_EQ((Outcomes{"200"}), seen.outcomes);
  EXPECT_EQ(0u, seen.races);
  EXPECT_GT(seen.contended, 0u);
  EXPECT_EQ((Outcomes{"deadlock"}), explore(wait_for_x, [] { w->x.notify_all(); }).outcomes);
  auto only_change = [] { w->x.store(1, Order::kRelease); };
  EXPECT_EQ((Outcomes{"100", "lost-wakeup"}), explore(wait_for_x, only_change).outcomes);
}

TEST(Atomic, NotifyingOneWakesOne) {
  auto change = [] { w->x.store(1, Order::kRelease); };
  static decltype(change)* set;
  set = &change;
  EXPECT_EQ((Outcomes{"110", "lost-wakeup"}), explore(wait_for_x, wait_for_x, [] {
                                                (*set)();
                                                w->x.notify_one();
                                              }).outcomes);
  EXPECT_EQ((Outcomes{"110"}), explore(wait_for_x, wait_for_x, [] {
                                 (*set)();
                                 w->x.notify_all();
                               }).outcomes);
}

}  // namespace
}  // namespace daxrace::engine
