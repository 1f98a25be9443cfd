/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Synchronisation as the kernel has it. Acquiring is a scheduling point, releasing is not: a release commutes
 * to the left past anything that other tasks could do before it, so a switch right before it shows nothing
 * new.
 *
 * A task whose next operation cannot be done is not a candidate for running; nothing has to wake it.
 * All of these live in the arena of the current execution. What may put a task to sleep says so in
 * Pending::sleeps.
 */
#ifndef DAXRACE_CORE_ENGINE_SYNC_H_
#define DAXRACE_CORE_ENGINE_SYNC_H_

#include "core/engine/execution.h"
#include "core/engine/sleep.h"

namespace daxrace::engine {

/* A release does not commute with an attempt that fails, so a lock that is ever tried has to say so: then its
 * release is a scheduling point. */
enum class LockUse : uint8_t { kWaitsOnly, kTriedToo };

/* One owner. Waiters compete, as spinners and optimistic spinners do. By itself it is neither a spinlock nor
 * a mutex, and no misuse of either is found. */
class Lock : public Object {
 public:
  void init(const Role& role, LockUse use = LockUse::kWaitsOnly);
  void lock(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  /* While a lock of the same role is held: a class of its own in the order of locks, below kSubclassesMax. */
  void lock_nested(uint8_t subclass, const Site& site = kAnonymousSite, const ExpressionGuard& guard = {});
  /* True: taken. The attempt is a scheduling point. Only on a lock of use kTriedToo. */
  bool try_lock(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  void unlock(const Site& site = kAnonymousSite);
  TaskId owner() const { return owner_; }
  bool held_by_me() const { return owner_ == Execution::current().self(); }
  /* Whether lock() may put the task to sleep. */
  bool may_sleep() const { return sort_ == Sort::kSleeps; }

 protected:
  enum class Sort : uint8_t { kEither, kSpins, kSleeps };
  explicit Lock(Sort sort) : sort_(sort) {}

 public:
  Lock() = default;

 private:
  void take(const Site& site, const Hold& how);

  TaskId owner_ = kNoTask;
  LockUse use_ = LockUse::kWaitsOnly;
  Sort sort_ = Sort::kEither;
  uint32_t* clock_ = nullptr;
  Candidates::Mask waiters_ = 0; /* tasks that stand before lock() */
};

/* Who holds one must not sleep (Task::atomic_nesting). */
class SpinLock : public Lock {
 public:
  SpinLock() : Lock(Sort::kSpins) {}
};

/* Taking one may sleep. std::lock_guard and std::unique_lock take it, too. */
class Mutex : public Lock {
 public:
  Mutex() : Lock(Sort::kSleeps) {}
};

/* Holds `lock` for as long as it lives. May throw where it ends, as whatever is a scheduling point may. */
template <class L>
class [[nodiscard]] LockGuard {
 public:
  explicit LockGuard(L& lock, const Site& site = kAnonymousSite) : lock_(lock), site_(site) {
    lock_.lock(site_);
  }
  ~LockGuard() noexcept(false) { lock_.unlock(site_); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;

 private:
  L& lock_;
  const Site& site_;
};

/* Many readers or one writer; first come, first served between a waiting writer and later readers, so that
 * reading again while a writer waits deadlocks, as in the kernel. A writer may overtake readers that wait, as
 * an optimistic spinner does. Attempts are for semaphores of use kTriedToo; they fail where the kernel's do:
 * for reading also past a waiting writer, for writing past anybody who waits. */
class RwSemaphore : public Object {
 public:
  void init(const Role& role, LockUse use = LockUse::kWaitsOnly);
  void down_read(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  void down_read_nested(uint8_t subclass, const Site& site = kAnonymousSite,
                        const ExpressionGuard& guard = {});
  bool down_read_trylock(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  void up_read(const Site& site = kAnonymousSite);
  void down_write(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  void down_write_nested(uint8_t subclass, const Site& site = kAnonymousSite,
                         const ExpressionGuard& guard = {});
  bool down_write_trylock(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  void up_write(const Site& site = kAnonymousSite);
  /* From writing to reading, without letting a writer in between. */
  void downgrade_write(const Site& site = kAnonymousSite);
  TaskId writer() const { return writer_; }
  uint32_t readers() const { return readers_; }

 private:
  static bool enabled(const Object* object, const Pending& pending, TaskId task);
  static TaskId holder(const Object* object, const Pending& pending);
  bool has_waiter() const;
  void attempt(const Site& site, bool write);
  void take(const Site& site, const Hold& how);
  bool try_take(const Site& site, bool write);
  void before_release(const Site& site, EventKind kind);
  void set(TaskId writer, uint32_t readers);

  TaskId writer_ = kNoTask;
  LockUse use_ = LockUse::kWaitsOnly;
  uint32_t readers_ = 0;
  uint32_t* written_ = nullptr; /* clock of the last up_write or downgrade_write */
  uint32_t* read_ = nullptr;    /* joined clocks of up_reads since */
};

/* A task's entry on a wait queue; on its stack or in the arena. */
struct WaitEntry {
  WaitEntry* next = nullptr;
  WaitEntry* prev = nullptr;
  TaskId task = kNoTask;
  bool exclusive = false;
  bool queued = false;
  Sleep state = Sleep::kUninterruptible;
  uint64_t key = 0;
  const Object* waits_for = nullptr; /* what the task says it waits for; for reports */
  /* What it waits for, if that can be asked: without side effects, by peek(). Tells a lost wake-up exactly.
   */
  bool (*condition)(const void* argument) = nullptr;
  const void* argument = nullptr;
  const Object* queue = nullptr; /* that it is on, or was on until it was woken */
};

/* A wait queue head with keyed and exclusive waiters: prepare_to_wait(), schedule(), finish_wait(),
 * __wake_up(). Whoever wakes a task happens before what that task does once it has slept; the rest of the
 * queue orders nothing. A task that sleeps interruptibly stands on one queue only. */
class WaitQueue : public Object {
 public:
  static constexpr uint64_t kAnyKey = 0;

  void init(const Role& role);

  /* Queues the entry (exclusive ones behind the others) unless it is, and marks the task asleep. */
  void prepare_to_wait(WaitEntry& entry, bool exclusive, const Site& site = kAnonymousSite,
                       ExpressionGuard guard = {});
  /* The same, unless the sleep is interruptible and there is a signal: then the entry is taken out, and the
   * answer is false. */
  bool prepare_to_wait_event(WaitEntry& entry, bool exclusive, const Site& site = kAnonymousSite);
  void finish_wait(WaitEntry& entry, const Site& site = kAnonymousSite);

  /* Sleeps until woken, or until there is a signal if the sleep is interruptible; returns at once if that has
   * happened since prepare_to_wait(). */
  void schedule(WaitEntry& entry, const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  /* The same with a timeout (sleep.h). True: woken; false: the time was up, or there was a signal. */
  bool schedule_timeout(WaitEntry& entry, const Site& site = kAnonymousSite, ExpressionGuard guard = {});

  /* Wakes all non-exclusive and `nr_exclusive` exclusive sleepers (0: all) whose key matches, in order. */
  void wake(uint32_t nr_exclusive, uint64_t key, const Site& site = kAnonymousSite,
            ExpressionGuard guard = {});
  void wake_one(const Site& site = kAnonymousSite) { wake(1, kAnyKey, site); }
  void wake_all(const Site& site = kAnonymousSite) { wake(0, kAnyKey, site); }

  /* waitqueue_active(): whether anybody is queued, read without the queue's lock. */
  bool active(const Site& site = kAnonymousSite, ExpressionGuard guard = {});

  bool empty() const { return head_ == nullptr; }
  const WakeUp& last_wake() const { return last_wake_; }

 private:
  void insert(WaitEntry& entry);
  void remove(WaitEntry& entry);
  void rehash();
  static bool enabled(const Object* object, const Pending& pending, TaskId task);
  bool sleep(WaitEntry& entry, Timeout timeout, const Site& site);

  WaitEntry* head_ = nullptr;
  WaitEntry* tail_ = nullptr;
  uint64_t hashed_ = 0; /* of the queue's content, as it stands in the execution's state */
  WakeUp last_wake_;
};

/* wait_for_completion() and its like. Whoever completes happens before whoever has waited. */
class Completion : public Object {
 public:
  void init(const Role& role);
  /* Lets one waiter through, now or later. */
  void complete(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  /* Lets everybody through until reinit_completion(). */
  void complete_all(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  /* The kernel's caller has to see to it that nobody completes or waits at the same time. */
  void reinit_completion(const Site& site = kAnonymousSite, ExpressionGuard guard = {});

  void wait(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  /* False: a signal came instead. */
  bool wait_interruptible(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  /* False: the time (sleep.h) was up. */
  bool wait_timeout(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  /* try_wait_for_completion(): false where wait() would have had to wait. */
  bool try_wait(const Site& site = kAnonymousSite, ExpressionGuard guard = {});

 private:
  static constexpr uint32_t kAll = UINT32_MAX;

  static bool enabled(const Object* object, const Pending& pending, TaskId task);
  void post(uint32_t done, EventKind kind, const Site& site);
  bool finish(const Site& site, bool interrupted);
  bool wait_for(Sleep state, Timeout timeout, const Site& site);

  uint32_t done_ = 0;
  uint32_t* clock_ = nullptr;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_SYNC_H_
