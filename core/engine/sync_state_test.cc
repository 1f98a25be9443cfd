/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What primitives keep is part of the state: one task does one of two things and forgets which, as between
 * operations, and another finds out. Were it not in the state key, the two would be taken for one.
 */
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/engine/barrier.h"
#include "core/engine/explore_for_test.h"
#include "core/engine/rcu.h"
#include "core/engine/semaphore.h"
#include "core/engine/seqcount.h"
#include "core/engine/wait_event.h"

namespace daxrace::engine {
namespace {

const Role kObjectRole("state-object");
const Role kWordRole("state-word");
const Role kResultRole("state-result");

struct World {
  Mutex mutex;
  RwSemaphore sem;
  WaitQueue queue;
  Completion done;
  SeqCount count;
  Rcu rcu;
  Srcu srcu;
  RcuHead heads[2];
  Semaphore tokens;
  Barrier barrier;
  Atomic<int> x;
  Atomic<int> y;
  Plain<int> result[4];
};

World* w;

using Outcomes = std::set<std::string>;
using Body = void (*)();

void note(int value) { w->result[Execution::current().self()].write(value); }
void forget() { Execution::current().op_boundary(1); }
bool drawn() { return Execution::current().choose(2) != 0; }

void setup() {
  w = Execution::current().arena().make<World>();
  w->mutex.init(kObjectRole, LockUse::kTriedToo);
  w->sem.init(kObjectRole, LockUse::kTriedToo);
  w->queue.init(kObjectRole);
  w->done.init(kObjectRole);
  w->count.init(kObjectRole);
  w->rcu.init(kObjectRole);
  w->srcu.init(kObjectRole);
  for (RcuHead& head : w->heads) head.init(kObjectRole);
  w->tokens.init(kObjectRole, 0, LockUse::kTriedToo);
  w->barrier.init(kObjectRole, 2);
  w->x.init(kWordRole);
  w->y.init(kWordRole);
  for (auto& result : w->result) result.init(kResultRole);
}

Explored explore(Body a, Body b) {
  return explore_all(
      [=] {
        setup();
        spawn_bodies({a, b});
      },
      [] { return std::to_string(w->result[1].peek()) + std::to_string(w->result[2].peek()); });
}

/* A does `act` or does not; B probes. */
Outcomes maybe(Body act, Body probe) {
  static Body acts;
  acts = act;
  auto a = [] {
    if (drawn()) acts();
    forget();
    w->x.store(1, Order::kRelaxed);
  };
  return explore(a, probe).outcomes;
}

TEST(SyncState, OfLocks) {
  constexpr Body kTry = [] {
    bool taken = w->mutex.try_lock();
    note(taken ? 1 : 2);
    if (taken) w->mutex.unlock();
  };
  EXPECT_EQ((Outcomes{"01", "02"}), maybe([] { w->mutex.lock(); }, kTry));
  constexpr Body kTryRead = [] {
    bool taken = w->sem.down_read_trylock();
    note(taken ? 1 : 2);
    if (taken) w->sem.up_read();
  };
  constexpr Body kTryWrite = [] {
    bool taken = w->sem.down_write_trylock();
    note(taken ? 1 : 2);
    if (taken) w->sem.up_write();
  };
  EXPECT_EQ((Outcomes{"01", "02"}), maybe([] { w->sem.down_write(); }, kTryRead));
  EXPECT_EQ((Outcomes{"01", "02"}), maybe([] { w->sem.down_read(); }, kTryWrite));
  constexpr Body kDowngrade = [] {
    w->sem.down_write();
    w->sem.downgrade_write();
  };
  EXPECT_EQ((Outcomes{"01", "02"}), maybe(kDowngrade, kTryRead)) << "2: while it was a writer";
  EXPECT_EQ((Outcomes{"01", "02"}), maybe(kDowngrade, kTryWrite));
}

TEST(SyncState, OfCounters) {
  constexpr Body kTryWait = [] {
    int first = w->done.try_wait();
    int second = w->done.try_wait();
    note(first * 2 + second);
  };
  EXPECT_EQ((Outcomes{"00", "01", "02"}), maybe([] { w->done.complete(); }, kTryWait));
  EXPECT_EQ((Outcomes{"00", "01", "03"}), maybe([] { w->done.complete_all(); }, kTryWait));
  constexpr Body kTryAcquire = [] { note(w->tokens.try_acquire()); };
  EXPECT_EQ((Outcomes{"00", "01"}), maybe([] { w->tokens.release(); }, kTryAcquire));
  constexpr Body kArrive = [] {
    w->barrier.arrive_and_wait();
    note(1);
  };
  EXPECT_EQ((Outcomes{"01", "deadlock"}), maybe([] { w->barrier.arrive_and_drop(); }, kArrive));
  constexpr Body kWrite = [] {
    w->count.write_begin();
    w->count.write_end();
  };
  EXPECT_EQ((Outcomes{"00", "02"}), maybe(kWrite, [] { note(static_cast<int>(w->count.read_begin())); }));
}

TEST(SyncState, OfSignals) {
  EXPECT_EQ((Outcomes{"00", "01"}), maybe([] { send_signal(2); }, [] { note(signal_pending()); }));
  /* The way a task sleeps, and stands on a queue. */
  auto sleeper = [] {
    WaitEntry entry;
    entry.state = drawn() ? Sleep::kInterruptible : Sleep::kUninterruptible;
    w->queue.prepare_to_wait(entry, false);
    forget();
    w->x.store(1, Order::kRelaxed);
    w->queue.schedule(entry);
    w->queue.finish_wait(entry);
  };
  EXPECT_EQ((Outcomes{"00", "deadlock"}), explore(sleeper, [] { send_signal(1); }).outcomes);
}

TEST(SyncState, OfReadSections) {
  EXPECT_EQ((Outcomes{"01", "deadlock"}), maybe([] { w->rcu.read_lock(); },
                                                [] {
                                                  w->rcu.synchronize();
                                                  note(1);
                                                }));
  auto nested = [] {
    w->rcu.read_lock();
    bool twice = drawn();
    if (twice) w->rcu.read_lock();
    forget();
    w->x.store(1, Order::kRelaxed);
    w->rcu.read_unlock();
  };
  EXPECT_EQ((Outcomes{"00", "deadlock"}), explore(nested, [] { w->rcu.synchronize(); }).outcomes);
  constexpr Body kLock = [] { note(1 + static_cast<int>(w->srcu.read_lock())); };
  EXPECT_EQ((Outcomes{"01", "02", "deadlock"}), maybe([] { w->srcu.synchronize(); }, kLock));
}

/* The section is open, and the grace period waits for it or does not. */
void section() {
  w->rcu.read_lock();
  w->x.load_here(Order::kRelaxed);
  forget();
  int y = w->y.load(Order::kRelaxed);
  w->rcu.read_unlock();
  note(y);
}

void set_y(RcuHead*) { w->y.store(1, Order::kRelaxed); }

TEST(SyncState, OfGracePeriods) {
  auto synchronize = [] {
    w->rcu.synchronize();
    forget();
    set_y(nullptr);
  };
  EXPECT_EQ((Outcomes{"00", "10"}), explore(section, synchronize).outcomes);
  auto call = [] {
    w->rcu.call(w->heads[0], set_y);
    forget();
  };
  EXPECT_EQ((Outcomes{"00", "10"}), explore(section, call).outcomes);
}

TEST(SyncState, OfCallbacks) {
  constexpr Body kBarrier = [] {
    w->rcu.barrier();
    note(w->y.load(Order::kRelaxed));
  };
  constexpr Body kCall = [] { w->rcu.call(w->heads[0], set_y); };
  EXPECT_EQ((Outcomes{"00", "01"}), maybe(kCall, kBarrier));
  /* Which of two. */
  auto one_of_two = [] {
    if (drawn()) {
      w->rcu.call(w->heads[0], [](RcuHead*) { w->y.store(1, Order::kRelaxed); });
    } else {
      w->rcu.call(w->heads[1], [](RcuHead*) { w->y.store(2, Order::kRelaxed); });
    }
    forget();
  };
  EXPECT_EQ((Outcomes{"00", "01", "02"}),
            explore(one_of_two, [] { note(w->y.load(Order::kRelaxed)); }).outcomes);
}

}  // namespace
}  // namespace daxrace::engine
