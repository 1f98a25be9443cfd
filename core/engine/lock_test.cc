/* SPDX-License-Identifier: GPL-2.0-only */
/* Spinlocks and mutexes as types; semaphores that are tried and downgraded. */
#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <string>
#include <type_traits>

#include "core/engine/explore_for_test.h"
#include "core/engine/sync.h"

namespace daxrace::engine {
namespace {

const Role kLockRole("lock-lock");
const Role kOtherLockRole("lock-lock-other");
const Role kSemRole("lock-sem");
const Role kWordRole("lock-word");
const Role kResultRole("lock-result");

struct World {
  SpinLock spin;
  SpinLock spin2;
  Mutex mutex;
  RwSemaphore sem;
  Atomic<int> x;
  Plain<int> data;
  Plain<int> result[4];
};

World* w;

void setup() {
  w = Execution::current().arena().make<World>();
  w->spin.init(kLockRole);
  w->spin2.init(kOtherLockRole);
  w->mutex.init(kLockRole, LockUse::kTriedToo);
  w->sem.init(kSemRole, LockUse::kTriedToo);
  w->x.init(kWordRole);
  w->data.init(kWordRole);
  for (auto& result : w->result) result.init(kResultRole);
}

void note(int value) { w->result[Execution::current().self()].write(value); }

std::string results() {
  std::string text;
  for (int i : {1, 2, 3}) text += std::to_string(w->result[i].peek());
  return text;
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

/* --- spinlocks and mutexes --- */

static_assert(!std::is_same_v<SpinLock, Mutex>);
static_assert(std::is_base_of_v<Lock, SpinLock> && std::is_base_of_v<Lock, Mutex>);

TEST(SpinLock, WhoHoldsOneMayNotSleepWhoHoldsAMutexMay) {
  explore([] {
    Task& task = Execution::current().self_task();
    EXPECT_FALSE(w->spin.may_sleep());
    EXPECT_TRUE(w->mutex.may_sleep());
    EXPECT_FALSE(task.may_not_sleep());
    w->mutex.lock();
    EXPECT_FALSE(task.may_not_sleep());
    w->spin.lock();
    EXPECT_TRUE(task.may_not_sleep());
    w->mutex.unlock();
    EXPECT_TRUE(task.may_not_sleep());
    w->spin.unlock();
    EXPECT_FALSE(task.may_not_sleep());
  });
}

/* What a check of misuse goes by: declared before the operation. */
TEST(Mutex, SaysThatItMaySleepAndASpinlockDoesNot) {
  std::set<bool> mutex_sleeps;
  std::set<bool> spin_sleeps;
  auto watch = [&](const Task& task) {
    if (task.pending.object == &w->mutex && task.pending.kind == EventKind::k_lock) {
      mutex_sleeps.insert(task.pending.sleeps);
    }
    if (task.pending.object == &w->spin) spin_sleeps.insert(task.pending.sleeps);
  };
  static decltype(watch)* watcher;
  watcher = &watch;
  explore(
      [] {
        w->mutex.lock();
        w->mutex.unlock();
        w->spin.lock();
        w->spin.unlock();
      },
      [] {
        for (int i = 0; i < 3; ++i) {
          w->x.store(i, Order::kRelaxed);
          (*watcher)(Execution::current().task(1));
        }
      });
  EXPECT_EQ((std::set<bool>{true}), mutex_sleeps);
  EXPECT_EQ((std::set<bool>{false}), spin_sleeps);
}

TEST(Mutex, WorksWithGuards) {
  Explored seen = explore(
      [] {
        std::lock_guard<Mutex> guard(w->mutex);
        w->data.write(w->data.read() + 1);
        note(w->data.read());
      },
      [] {
        std::unique_lock<Mutex> lock(w->mutex, std::try_to_lock);
        if (!lock.owns_lock()) return;
        w->data.write(w->data.read() + 1);
        note(w->data.read());
      },
      [] {
        LockGuard<Mutex> guard(w->mutex);
        w->data.write(w->data.read() + 1);
        note(w->data.read());
      });
  EXPECT_EQ(0u, seen.races);
  /* All orders of three, and of two when the attempt fails. */
  EXPECT_EQ((std::set<std::string>{"123", "132", "213", "231", "312", "321", "102", "201"}), seen.outcomes);
}

TEST(LockGuard, OfTwoLocksInOppositeOrderDeadlocks) {
  Explored seen = explore(
      [] {
        LockGuard<SpinLock> outer(w->spin2);
        LockGuard<SpinLock> inner(w->spin);
      },
      [] {
        LockGuard<SpinLock> outer(w->spin);
        LockGuard<SpinLock> inner(w->spin2);
      });
  EXPECT_EQ((std::set<std::string>{"000", "deadlock"}), seen.outcomes);
}

/* --- attempts at a semaphore --- */

void write_section() {
  w->sem.down_write();
  w->data.write(w->data.read() + 1);
  w->x.load(Order::kRelaxed);
  w->sem.up_write();
}

void read_section() {
  w->sem.down_read();
  note(w->data.read());
  w->x.load(Order::kRelaxed);
  w->sem.up_read();
}

void try_write() {
  bool taken = w->sem.down_write_trylock();
  note(taken ? 5 : 6);
  if (!taken) return;
  w->data.write(w->data.read() + 1);
  w->sem.up_write();
}

void try_read() {
  bool taken = w->sem.down_read_trylock();
  note(taken ? 5 : 6);
  if (!taken) return;
  w->data.read();
  w->sem.up_read();
}

TEST(RwSemaphoreTry, WritingFailsBesideAnybodyReadingOnlyBesideAWriter) {
  Explored seen = explore(try_write, write_section);
  EXPECT_EQ((std::set<std::string>{"500", "600"}), seen.outcomes);
  EXPECT_EQ(0u, seen.races);
  seen = explore(try_write, [] {
    w->sem.down_read();
    w->x.load(Order::kRelaxed);
    w->sem.up_read();
  });
  EXPECT_EQ((std::set<std::string>{"500", "600"}), seen.outcomes);
  seen = explore(try_read, [] {
    w->sem.down_read();
    w->x.load(Order::kRelaxed);
    w->sem.up_read();
  });
  EXPECT_EQ((std::set<std::string>{"500"}), seen.outcomes);
  seen = explore(try_read, write_section);
  EXPECT_EQ((std::set<std::string>{"500", "600"}), seen.outcomes);
  EXPECT_EQ(0u, seen.races);
}

/* An attempt that fails sees whether the release has happened, also where the section is one step. */
TEST(RwSemaphoreTry, FailsAlsoAgainstSectionsOfOneStep) {
  auto write = [] {
    w->sem.down_write();
    w->sem.up_write();
  };
  auto read = [] {
    w->sem.down_read();
    w->sem.up_read();
  };
  auto downgrade = [] {
    w->sem.down_write();
    w->sem.downgrade_write();
    w->sem.up_read();
  };
  const std::set<std::string> both = {"500", "600"};
  EXPECT_EQ(both, explore(try_read, write).outcomes);
  EXPECT_EQ(both, explore(try_write, read).outcomes);
  EXPECT_EQ(both, explore(try_read, downgrade).outcomes);
}

TEST(RwSemaphoreTry, AnAttemptThatIsNotHeededIsARace) {
  Explored seen = explore(
      [] {
        bool taken = w->sem.down_write_trylock();
        w->data.write(7);
        if (taken) w->sem.up_write();
      },
      write_section);
  EXPECT_GT(seen.races, 0u);
}

/* --- fairness --- */

/* A reads, B waits to write, C comes later. What C does while B waits, and whether it got in before B. */
template <class Late>
std::set<std::string> while_a_writer_waits(const Late& late) {
  static const Late* attempt;
  attempt = &late;
  std::set<std::string> outcomes;
  auto look = [&](const Execution& e) {
    int waits = -1, in = -1, came = -1;
    auto trace = e.trace();
    for (int i = 0; i < static_cast<int>(trace.size()); ++i) {
      const Event& event = trace[static_cast<size_t>(i)];
      if (event.role != &kSemRole) continue;
      if (event.task == 2 && event.kind == EventKind::k_contend) waits = i;
      if (event.task == 2 && event.kind == EventKind::k_lock) in = i;
      if (event.task == 3 && event.kind != EventKind::k_contend && came < 0) came = i;
    }
    if (waits < 0 || came < waits) return;
    std::string what(name_of(trace[static_cast<size_t>(came)].kind));
    outcomes.insert(what + (came < in ? " before" : " after"));
  };
  explore_all(
      [] {
        setup();
        spawn_bodies({read_section,
                      [] {
                        w->sem.down_write();
                        w->sem.up_write();
                      },
                      [] { (*attempt)(); }});
      },
      results, look);
  return outcomes;
}

TEST(RwSemaphoreFairness, NobodyReadsPastAWriterThatWaits) {
  auto read = [] {
    w->sem.down_read();
    w->sem.up_read();
  };
  EXPECT_EQ((std::set<std::string>{"lock after"}), while_a_writer_waits(read));
  auto try_it = [] {
    if (w->sem.down_read_trylock()) w->sem.up_read();
  };
  EXPECT_EQ((std::set<std::string>{"load before", "lock after", "load after"}), while_a_writer_waits(try_it))
      << "an attempt fails before and may succeed after";
}

/* The other way round: A writes, B waits to read. */
TEST(RwSemaphoreFairness, AWriterMayOvertakeReadersThatWaitButAnAttemptMayNot) {
  std::set<std::string> order;
  auto look = [&](const Execution& e) {
    bool reader_waits = false;
    for (const Event& event : e.trace()) {
      if (event.role != &kSemRole) continue;
      if (event.task == 2) {
        if (event.kind == EventKind::k_contend) reader_waits = true;
        if (event.kind == EventKind::k_lock && reader_waits) return;
      }
      if (event.task == 3 && reader_waits && event.kind == EventKind::k_lock) {
        order.insert("overtakes");
        return;
      }
    }
  };
  auto reader = [] {
    w->sem.down_read();
    w->sem.up_read();
  };
  explore_all(
      [&] {
        setup();
        spawn_bodies({write_section, reader, [] {
                        w->sem.down_write();
                        w->sem.up_write();
                      }});
      },
      results, look);
  EXPECT_EQ((std::set<std::string>{"overtakes"}), order);
  order.clear();
  explore_all(
      [&] {
        setup();
        spawn_bodies({write_section, reader, [] {
                        if (w->sem.down_write_trylock()) w->sem.up_write();
                      }});
      },
      results, look);
  EXPECT_TRUE(order.empty());
}

/* --- downgrade --- */

void downgrading_section() {
  w->sem.down_write();
  w->data.write(w->data.read() + 1);
  w->x.load(Order::kRelaxed);
  w->sem.downgrade_write();
  w->x.load(Order::kRelaxed);
  note(w->data.read());
  w->sem.up_read();
}

TEST(Downgrade, LetsReadersInAndNoWriter) {
  static int readers_beside;
  readers_beside = 0;
  Explored seen = explore(downgrading_section, [] {
    w->sem.down_read();
    readers_beside += w->sem.readers() == 2;
    note(w->data.read());
    w->sem.up_read();
  });
  EXPECT_EQ((std::set<std::string>{"110", "100"}), seen.outcomes);
  EXPECT_GT(readers_beside, 0) << "no reader came in beside the one that was a writer";
  EXPECT_EQ(0u, seen.races) << "what was written is seen by readers";
  seen = explore(downgrading_section, write_section, [] {});
  EXPECT_EQ((std::set<std::string>{"100", "200"}), seen.outcomes) << "a writer came in between";
  EXPECT_EQ(0u, seen.races);
}

TEST(Downgrade, WritingAfterItIsARace) {
  Explored seen = explore(
      [] {
        w->sem.down_write();
        w->sem.downgrade_write();
        w->data.write(1);
        w->sem.up_read();
      },
      read_section);
  EXPECT_GT(seen.races, 0u);
}

TEST(Downgrade, TheHoldIsSharedFromThenOn) {
  explore([] {
    const Task& task = Execution::current().self_task();
    w->sem.down_write();
    EXPECT_TRUE(task.held[0].exclusive);
    w->sem.downgrade_write();
    EXPECT_EQ(1, task.held_count);
    EXPECT_FALSE(task.held[0].exclusive);
    EXPECT_EQ(kNoTask, w->sem.writer());
    w->sem.up_read();
    EXPECT_EQ(0, task.held_count);
  });
}

}  // namespace
}  // namespace daxrace::engine
