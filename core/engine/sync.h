/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Synchronisation as the kernel has it. Acquiring is a scheduling point, releasing is not: a release commutes
 * to the left past anything that other tasks could do before it, so a switch right before it shows nothing
 * new.
 *
 * A task whose next operation cannot be done is not a candidate for running; nothing has to wake it.
 * All of these live in the arena of the current execution. Sleeping ones are not told from spinning ones yet.
 */
#ifndef DAXRACE_CORE_ENGINE_SYNC_H_
#define DAXRACE_CORE_ENGINE_SYNC_H_

#include "core/engine/execution.h"

namespace daxrace::engine {

/* A release does not commute with an attempt that fails, so a lock that is ever tried has to say so: then its
 * release is a scheduling point. */
enum class LockUse : uint8_t { kWaitsOnly, kTriedToo };

/* A spinlock or a mutex: one owner. Waiters compete, as spinners and optimistic spinners do. */
class Lock : public Object {
 public:
  void init(const Role& role, LockUse use = LockUse::kWaitsOnly);
  void lock(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  /* True: taken. The attempt is a scheduling point. Only on a lock of use kTriedToo. */
  bool try_lock(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  void unlock(const Site& site = kAnonymousSite);
  TaskId owner() const { return owner_; }
  bool held_by_me() const { return owner_ == Execution::current().self(); }

 private:
  void take(const Site& site);

  TaskId owner_ = kNoTask;
  LockUse use_ = LockUse::kWaitsOnly;
  uint32_t* clock_ = nullptr;
};

using SpinLock = Lock;
using Mutex = Lock;

/* Many readers or one writer; first come, first served between a waiting writer and later readers, so that
 * reading again while a writer waits deadlocks, as in the kernel. */
class RwSemaphore : public Object {
 public:
  void init(const Role& role);
  void down_read(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  void up_read(const Site& site = kAnonymousSite);
  void down_write(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  void up_write(const Site& site = kAnonymousSite);
  TaskId writer() const { return writer_; }
  uint32_t readers() const { return readers_; }

 private:
  static bool enabled(const Object* object, const Pending& pending, TaskId task);
  static TaskId holder(const Object* object, const Pending& pending);
  void attempt(const Site& site, bool write);
  void set(TaskId writer, uint32_t readers);

  TaskId writer_ = kNoTask;
  uint32_t readers_ = 0;
  uint32_t* written_ = nullptr; /* clock of the last up_write */
  uint32_t* read_ = nullptr;    /* joined clocks of up_reads since */
};

/* A task's entry on a wait queue; on its stack or in the arena. */
struct WaitEntry {
  WaitEntry* next = nullptr;
  WaitEntry* prev = nullptr;
  TaskId task = kNoTask;
  bool exclusive = false;
  bool queued = false;
  uint64_t key = 0;
  const Object* waits_for = nullptr; /* what the task says it waits for; for reports */
};

/* A wait queue head with keyed and exclusive waiters: prepare_to_wait(), schedule(), finish_wait(),
 * __wake_up(). */
class WaitQueue : public Object {
 public:
  static constexpr uint64_t kAnyKey = 0;

  void init(const Role& role);

  /* Queues the entry (exclusive ones behind the others) unless it is, and marks the task asleep. */
  void prepare_to_wait(WaitEntry& entry, bool exclusive, const Site& site = kAnonymousSite,
                       ExpressionGuard guard = {});
  void finish_wait(WaitEntry& entry, const Site& site = kAnonymousSite);

  /* Sleeps until woken; returns at once if that has happened since prepare_to_wait(). */
  void schedule(WaitEntry& entry, const Site& site = kAnonymousSite, ExpressionGuard guard = {});

  /* Wakes all non-exclusive and `nr_exclusive` exclusive waiters (0: all) whose key matches, in order. */
  void wake(uint32_t nr_exclusive, uint64_t key, const Site& site = kAnonymousSite,
            ExpressionGuard guard = {});

  /* waitqueue_active(): whether anybody is queued, read without the queue's lock. */
  bool active(const Site& site = kAnonymousSite, ExpressionGuard guard = {});

  bool empty() const { return head_ == nullptr; }

 private:
  void insert(WaitEntry& entry);
  void remove(WaitEntry& entry);
  void rehash();

  WaitEntry* head_ = nullptr;
  WaitEntry* tail_ = nullptr;
  uint32_t* clock_ = nullptr;
  uint64_t hashed_ = 0; /* of the queue's content, as it stands in the execution's state */
};

/* wait_for_completion(), complete(). */
class Completion : public Object {
 public:
  void init(const Role& role);
  void complete(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  void wait(const Site& site = kAnonymousSite, ExpressionGuard guard = {});

 private:
  uint32_t done_ = 0;
  uint32_t* clock_ = nullptr;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_SYNC_H_
