/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small programs that wait in other ways than by locks and queues: condition variables, semaphores, barriers,
 * sequence counters, grace periods, signals, variables.
 */
#ifndef DAXRACE_CORE_ENGINE_EXACTNESS_SYNC_FOR_TEST_H_
#define DAXRACE_CORE_ENGINE_EXACTNESS_SYNC_FOR_TEST_H_

#include <vector>

#include "core/engine/barrier.h"
#include "core/engine/condvar.h"
#include "core/engine/exactness_programs_for_test.h"
#include "core/engine/rcu.h"
#include "core/engine/semaphore.h"
#include "core/engine/seqcount.h"
#include "core/engine/sleep.h"

namespace daxrace::engine::exactness {

inline const Role kSyncRole("exactness-sync");
inline const Role kSyncLockRole("exactness-sync-lock");

struct SyncWorld {
  Mutex mutex;
  CondVar cond;
  Semaphore semaphore;
  Barrier barrier;
  SeqCount sequence;
  Rcu rcu;
  RwSemaphore sem;
};

inline SyncWorld* s;

inline void make_sync_world() {
  make_world();
  s = Execution::current().arena().make<SyncWorld>();
  s->mutex.init(kSyncLockRole);
  s->cond.init(kSyncRole);
  s->semaphore.init(kSyncRole, 1);
  s->barrier.init(kSyncRole, 2);
  s->sequence.init(kSyncRole);
  s->rcu.init(kSyncRole);
  s->sem.init(kSyncRole, LockUse::kTriedToo);
}

inline void wait_for_y_set() {
  s->mutex.lock();
  while (load_y() == 0) s->cond.wait(s->mutex);
  store_x(load_x() * 2 + 1);
  s->mutex.unlock();
}

inline void set_y_under_mutex() {
  s->mutex.lock();
  store_y(1);
  s->mutex.unlock();
}

inline void set_y_and_notify_one() {
  set_y_under_mutex();
  s->cond.notify_one();
}

inline void set_y_and_notify_all() {
  set_y_under_mutex();
  s->cond.notify_all();
}

inline void notify_one_and_set_y() {
  s->cond.notify_one();
  set_y_under_mutex();
}

inline void within_semaphore() {
  s->semaphore.acquire();
  increment_x();
  s->semaphore.release();
}

inline void read_sequence() {
  uint32_t start = 0;
  int x = 0;
  int y = 0;
  do {
    start = s->sequence.read_begin();
    x = load_x();
    y = load_y();
  } while (s->sequence.read_retry(start));
  note(static_cast<uint64_t>(x * 10 + y));
}

inline void read_rcu() {
  s->rcu.read_lock();
  int x = load_x();
  note(static_cast<uint64_t>(x * 10 + load_y()));
  s->rcu.read_unlock();
}

inline const std::vector<Program>& sync_programs() {
  static const std::vector<Program> table = {
      {"a condition variable", {wait_for_y_set, set_y_and_notify_one}, 1},
      {"a condition variable, two waiters, all", {wait_for_y_set, wait_for_y_set, set_y_and_notify_all}, 1},
      {"a condition variable, two waiters, one", {wait_for_y_set, wait_for_y_set, set_y_and_notify_one}},
      {"a condition variable, notified too early", {wait_for_y_set, notify_one_and_set_y}},
      {"a semaphore of one",
       {within_semaphore, within_semaphore, [] { note(static_cast<uint64_t>(load_x())); }}},
      {"a semaphore that is given back by another",
       {[] {
          s->semaphore.acquire();
          s->semaphore.acquire();
          increment_x();
        },
        [] {
          note(static_cast<uint64_t>(load_x()));
          s->semaphore.release();
        }},
       1},
      {"a barrier",
       {[] {
          increment_x();
          s->barrier.arrive_and_wait();
          note(static_cast<uint64_t>(load_x()));
        },
        [] {
          increment_x();
          s->barrier.arrive_and_wait();
          note(static_cast<uint64_t>(load_x()));
        }}},
      {"a sequence counter",
       {read_sequence,
        [] {
          s->sequence.write_begin();
          store_x(1);
          store_y(1);
          s->sequence.write_end();
        }}},
      {"a grace period",
       {read_rcu,
        [] {
          store_x(1);
          s->rcu.synchronize();
          store_y(1);
        }}},
      {"a grace period and two readers",
       {read_rcu, read_rcu,
        [] {
          store_x(1);
          s->rcu.synchronize();
          store_y(1);
        }}},
      {"a signal that ends a sleep",
       {[] {
          WaitEntry entry;
          entry.state = Sleep::kInterruptible;
          while (load_x() == 0) {
            if (!w.queue->prepare_to_wait_event(entry, false)) break;
            if (load_x() == 0) w.queue->schedule(entry);
          }
          w.queue->finish_wait(entry);
          note(static_cast<uint64_t>(load_x()));
        },
        [] { send_signal(1); },
        [] {
          store_x(1);
          w.queue->wake_all();
        }}},
      {"a wait on an atomic",
       {[] {
          w.x->wait(0, Order::kRelaxed);
          store_y(load_y() * 2 + 1);
        },
        [] {
          store_x(1);
          w.x->notify_one();
        },
        [] { store_y(load_y() + 5); }}},
      {"attempts at a semaphore of readers and a writer",
       {[] {
          if (!s->sem.down_read_trylock()) return;
          note(static_cast<uint64_t>(load_x() + 1));
          s->sem.up_read();
        },
        [] {
          s->sem.down_write();
          increment_x();
          s->sem.downgrade_write();
          note(static_cast<uint64_t>(load_x()));
          s->sem.up_read();
        }}},
  };
  return table;
}

inline void spawn_all_with_sync(void* arg) {
  make_sync_world();
  spawn_bodies(*static_cast<const Program*>(arg));
}

}  // namespace daxrace::engine::exactness

#endif  // DAXRACE_CORE_ENGINE_EXACTNESS_SYNC_FOR_TEST_H_
