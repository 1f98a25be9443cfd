/* SPDX-License-Identifier: GPL-2.0-only */
/* Asleep on a condition that already holds and that nobody will signal; and what only looks like it. */
#include "core/engine/failure_for_test.h"

namespace daxrace::engine {
namespace {

using for_test::Body;
using for_test::expect_words;
using for_test::explore;
using for_test::in_order;
using for_test::sentence;
using for_test::verdicts;

const Role kQueueRole("lost-queue");
const Role kFlagRole("lost-flag");
const Role kOtherRole("lost-other");
const Role kLockRole("lost-lock", true);
const Role kDoneRole("lost-done");

struct World {
  WaitQueue* queue;
  Atomic<int>*flag, *other;
  Lock *lock, *lock2;
  Completion* done;
};

World w;

void setup() {
  Arena& arena = Execution::current().arena();
  w.queue = arena.make<WaitQueue>();
  w.queue->init(kQueueRole);
  w.flag = arena.make<Atomic<int>>(kFlagRole);
  w.other = arena.make<Atomic<int>>(kOtherRole);
  for (Lock** lock : {&w.lock, &w.lock2}) {
    *lock = arena.make<Lock>();
    (*lock)->init(kLockRole);
  }
  w.done = arena.make<Completion>();
  w.done->init(kDoneRole);
}

void sleep_until_woken(uint64_t key = 1) {
  WaitEntry entry;
  entry.key = key;
  w.queue->prepare_to_wait(entry, true, DAXRACE_SITE("prepare", "queue"));
  w.queue->schedule(entry, DAXRACE_SITE("schedule", "queue"));
  w.queue->finish_wait(entry);
}

void check_then_sleep() {
  while (w.flag->load(Order::kAcquire) == 0) sleep_until_woken();
}

void check_when_queued() {
  WaitEntry entry;
  entry.key = 1;
  for (;;) {
    w.queue->prepare_to_wait(entry, true);
    if (w.flag->load(Order::kAcquire) != 0) break;
    w.queue->schedule(entry);
  }
  w.queue->finish_wait(entry);
}

void set_flag() { w.flag->store(1, Order::kRelease, DAXRACE_SITE("store", "flag")); }

void set_and_wake() {
  set_flag();
  w.queue->wake(1, 1);
}

/* Fatal executions of a program: how many have which verdict. */
std::map<std::string, int> ends(std::vector<Body> tasks) {
  std::map<std::string, int> counts;
  Execution execution;
  explore(execution, {setup, std::move(tasks)}, [&](const Execution& e, End end) {
    ++counts[end == End::kFatal ? std::string(e.headline()->verdict) : "finished"];
  });
  return counts;
}

using Counts = std::map<std::string, int>;

void expect_only(const Counts& counts, const std::vector<std::string>& names) {
  EXPECT_EQ(names.size(), counts.size());
  for (const std::string& name : names) EXPECT_EQ(1u, counts.count(name)) << name;
}

TEST(LostWakeup, TheCheckCameBeforeQueueing) {
  expect_only(ends({check_then_sleep, set_and_wake}), {"finished", "lost-wakeup"});
  expect_only(ends({check_when_queued, set_and_wake}), {"finished"});
}

TEST(LostWakeup, NoWakeUpAtAllOrWithAnotherKey) {
  expect_only(ends({check_when_queued, set_flag}), {"finished", "lost-wakeup"});
  expect_only(ends({check_when_queued,
                    [] {
                      set_flag();
                      w.queue->wake(1, 2);
                    }}),
              {"finished", "lost-wakeup"});
}

TEST(LostWakeup, SaysWhatWasMissed) {
  Execution execution;
  int found = 0;
  explore(execution, {setup, {check_then_sleep, set_and_wake}}, [&](const Execution& e, End end) {
    if (end != End::kFatal) return;
    ++found;
    const Finding& finding = *e.headline();
    EXPECT_EQ(1, finding.task);
    EXPECT_EQ(2, finding.other_task);
    EXPECT_EQ(EventKind::k_prepare_wait, e.trace()[finding.step].kind);
    EXPECT_EQ(EventKind::k_store, e.trace()[finding.other_step].kind);
    expect_words(sentence(e), {"Alice sleeps on lost-queue#0", "Bob has changed lost-flag#0", "set_flag",
                               "since it looked (step ", "came before it was queued"});
  });
  EXPECT_GT(found, 0);
}

/* --- a deadlock, not lost --- */

TEST(LostWakeup, NotWhoeverWaitsForWhatNeverBecameTrue) {
  expect_only(ends({check_then_sleep}), {"deadlock"});
  expect_only(ends({check_when_queued, [] { w.queue->wake(1, 1); }}), {"deadlock"});
  /* It changes something that nobody waits for. */
  expect_only(ends({check_when_queued, [] { w.other->store(1, Order::kRelaxed); }}), {"deadlock"});
}

/* A signal without a condition: nothing says that it was meant for this sleep. */
TEST(LostWakeup, NotWhereNothingWasLookedAt) {
  expect_only(ends({[] { sleep_until_woken(); }, [] { w.queue->wake(1, 1); }}), {"deadlock", "finished"});
}

TEST(LostWakeup, NotByItsOwnChange) {
  expect_only(ends({[] {
                w.flag->load(Order::kRelaxed);
                w.flag->store(2, Order::kRelaxed);
                sleep_until_woken();
              }}),
              {"deadlock"});
}

/* What it read earlier in the operation is no condition of this sleep: the last look decides. */
TEST(LostWakeup, NotByAChangeOfWhatItReadLongBefore) {
  expect_only(ends({[] {
                      w.other->load(Order::kRelaxed);
                      check_then_sleep();
                    },
                    [] { w.other->store(1, Order::kRelaxed); }}),
              {"deadlock"});
}

TEST(LostWakeup, NotByWhatWasSeenInTheRoundAfterAWakeUp) {
  /* The flag changes, it is woken and looks again: that it changed since the first look is old news. */
  auto waits_for_two = [] {
    WaitEntry entry;
    entry.key = 1;
    for (;;) {
      w.queue->prepare_to_wait(entry, true);
      if (w.flag->load(Order::kAcquire) == 2) break;
      w.queue->schedule(entry);
    }
    w.queue->finish_wait(entry);
  };
  expect_only(ends({waits_for_two, set_and_wake}), {"deadlock"});
}

/* Bob would have woken Alice, had he not run into a deadlock with himself: that is the fault. */
TEST(LostWakeup, NotIfWhoeverWouldSignalIsStuck) {
  auto stuck_before_waking = [] {
    set_flag();
    w.done->wait();
    w.queue->wake(1, 1);
  };
  expect_only(ends({check_when_queued, stuck_before_waking}), {"deadlock"});
  auto circle = [](bool first) {
    return [first] {
      (first ? w.lock : w.lock2)->lock();
      if (first) set_flag();
      (first ? w.lock2 : w.lock)->lock();
      w.queue->wake(1, 1);
      w.lock->unlock();
      w.lock2->unlock();
    };
  };
  auto counts = ends({check_when_queued, circle(true), circle(false)});
  EXPECT_EQ(0, counts["lost-wakeup"]);
  EXPECT_GT(counts["deadlock"], 0);
}

/* Whoever waits for the sleeper is its victim, and hides nothing. */
TEST(LostWakeup, ThoughOthersWaitForTheSleeper) {
  auto counts = ends({[] {
                        w.lock->lock();
                        check_then_sleep();
                        w.lock->unlock();
                      },
                      set_and_wake,
                      [] {
                        w.lock->lock();
                        w.lock->unlock();
                      }});
  expect_only(counts, {"finished", "lost-wakeup"});
}

/* --- what the waiter declares --- */

bool flag_is_set(const void* flag) { return static_cast<const Atomic<int>*>(flag)->peek() == 1; }

void sleep_with_condition() {
  WaitEntry entry;
  entry.key = 1;
  entry.condition = flag_is_set;
  entry.argument = w.flag;
  while (w.flag->load(Order::kAcquire) != 1) {
    w.queue->prepare_to_wait(entry, true);
    w.queue->schedule(entry);
    w.queue->finish_wait(entry);
  }
}

TEST(LostWakeup, ADeclaredConditionDecides) {
  expect_only(ends({sleep_with_condition, set_and_wake}), {"finished", "lost-wakeup"});
  /* It changed, but not to what is waited for. */
  expect_only(ends({sleep_with_condition, [] { w.flag->store(7, Order::kRelaxed); }}), {"deadlock"});
}

TEST(LostWakeup, WhatItWaitsForWasHeldAndIsFree) {
  auto waits = [] {
    w.done->wait();
    WaitEntry entry;
    entry.waits_for = w.lock;
    w.queue->prepare_to_wait(entry, true);
    w.queue->schedule(entry);
  };
  auto releases = [] {
    w.lock->lock();
    w.done->complete();
    w.other->load(Order::kRelaxed);
    w.lock->unlock();
  };
  auto counts = ends({waits, releases});
  EXPECT_GT(counts["lost-wakeup"], 0) << "queued while it was held";
  EXPECT_GT(counts["deadlock"], 0) << "nobody held it when it was queued: it waits for nothing";
}

}  // namespace
}  // namespace daxrace::engine
