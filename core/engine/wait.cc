/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/edges.h"
#include "core/engine/sync.h"

namespace daxrace::engine {

void WaitQueue::init(const Role& role) { Execution::current().init(*this, role); }

void WaitQueue::insert(WaitEntry& entry) {
  entry.queued = true;
  ++Execution::current().task(entry.task).queued;
  WaitEntry* after = entry.exclusive ? tail_ : nullptr;
  entry.prev = after;
  entry.next = after != nullptr ? after->next : head_;
  (entry.prev != nullptr ? entry.prev->next : head_) = &entry;
  (entry.next != nullptr ? entry.next->prev : tail_) = &entry;
}

void WaitQueue::remove(WaitEntry& entry) {
  entry.queued = false;
  --Execution::current().task(entry.task).queued;
  (entry.prev != nullptr ? entry.prev->next : head_) = entry.next;
  (entry.next != nullptr ? entry.next->prev : tail_) = entry.prev;
  entry.next = entry.prev = nullptr;
}

/* Order, keys and modes of the waiters are state that others depend on. */
void WaitQueue::rehash() {
  uint64_t hash = 0;
  for (const WaitEntry* e = head_; e != nullptr; e = e->next) {
    uint64_t mode = e->task * 4u + (e->state == Sleep::kInterruptible) * 2u + e->exclusive + 1u;
    hash = combine(hash, combine(e->key, mode));
  }
  Execution::current().changed(*this, hashed_, hash);
  hashed_ = hash;
}

void WaitQueue::prepare_to_wait(WaitEntry& entry, bool exclusive, const Site& site,
                                [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  execution.point(site, *this, EventKind::k_prepare_wait);
  Task& task = execution.self_task();
  if (entry.queued && (entry.queue != this || entry.task != execution.self())) {
    execution.misuse(Misuse::k_queued_already, *this, site, {entry.task});
  }
  entry.task = execution.self();
  entry.exclusive = exclusive;
  entry.queue = this;
  if (!entry.queued) insert(entry);
  task.sleeping = true;
  task.interruptible = entry.state == Sleep::kInterruptible;
  task.sleeps_on = this;
  task.look.queue = this;
  task.look.prepared = task.read_count;
  task.look.step = execution.steps();
  if (entry.waits_for != nullptr) task.look.holder = execution.holder_of(*entry.waits_for);
  execution.event(site, EventKind::k_prepare_wait, *this, entry.key);
  rehash();
}

/* The kernel looks at the signal under the queue's lock, but the sender does not take that lock, and a
 * wake-up that comes between the look and the removal could as well have come before both. */
bool WaitQueue::prepare_to_wait_event(WaitEntry& entry, bool exclusive, const Site& site) {
  if (entry.state == Sleep::kInterruptible && signal_pending(site)) {
    if (entry.queued) finish_wait(entry, site);
    return false;
  }
  prepare_to_wait(entry, exclusive, site);
  return true;
}

void WaitQueue::finish_wait(WaitEntry& entry, const Site& site) {
  Execution& execution = Execution::current();
  if (entry.task != execution.self() || entry.queue != this) {
    execution.misuse(entry.task == kNoTask ? Misuse::k_finish_unprepared : Misuse::k_finish_of_other, *this,
                     site, {entry.task});
  }
  /* What the task does next depends on it, and not every place has a name that would tell. */
  execution.note_observed(entry.queued);
  /* Taking the entry out takes the queue's lock: a wake-up may still come before, and is spent on this task.
   */
  if (entry.queued) execution.point(site, *this, EventKind::k_finish_wait);
  execution.self_task().sleeping = false;
  execution.self_task().interruptible = false;
  if (entry.queued) remove(entry);
  entry.task = kNoTask;
  execution.event(site, EventKind::k_finish_wait, *this, entry.key);
  rehash();
}

bool WaitQueue::enabled(const Object*, const Pending& pending, TaskId id) {
  const Task& task = Execution::current().task(id);
  return !task.sleeping || (task.interruptible && task.signalled) || can_time_out(pending, id);
}

bool WaitQueue::sleep(WaitEntry& entry, Timeout timeout, const Site& site) {
  Execution& execution = Execution::current();
  if (entry.task != execution.self() || entry.queue != this) {
    execution.misuse(Misuse::k_schedule_unprepared, *this, site);
  }
  Task& task = execution.self_task();
  if (entry.waits_for != nullptr) execution.may_wait_for(*entry.waits_for, site);
  task.look.entry = &entry;
  /* Where the task itself may end the sleep, wake-ups before and after that are not the same. */
  bool may_end = timeout != Timeout::kNever || task.interruptible;
  const Object* waits_for = may_end || entry.waits_for == nullptr ? this : entry.waits_for;
  Pending pending{&site, waits_for, may_end ? EventKind::k_wait_end : EventKind::k_sleep, enabled};
  pending.detail = entry.key;
  pending.holder = [](const Object* object, const Pending&) {
    return Execution::current().holder_of(*object);
  };
  pending.sleeps = true;
  pending.timeout = timeout;
  pending.any_order = true;
  execution.point(pending);
  acquire_clock(task.woken);
  bool ended = task.sleeping;
  execution.event(site, ended ? EventKind::k_wait_end : EventKind::k_sleep, *this, entry.key);
  if (ended && task.interruptible && task.signalled) {
    execution.event(site, EventKind::k_signal_pending, signals_of(execution.self()), 1);
  }
  task.sleeping = false;
  task.interruptible = false;
  task.look.entry = nullptr;
  task.look.woken = task.read_count;
  return !ended;
}

void WaitQueue::schedule(WaitEntry& entry, const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  sleep(entry, Timeout::kNever, site);
}

bool WaitQueue::schedule_timeout(WaitEntry& entry, const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  bool woken = sleep(entry, draw_timeout(site), site);
  execution.observe(*this, woken);
  return woken;
}

void WaitQueue::wake(uint32_t nr_exclusive, uint64_t key, const Site& site,
                     [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  execution.point(site, *this, EventKind::k_wake);
  uint32_t woken = 0;
  Candidates::Mask interruptible = 0;
  WaitEntry* next = nullptr;
  for (WaitEntry* e = head_; e != nullptr; e = next) {
    next = e->next;
    if (key != kAnyKey && e->key != key) continue;
    /* A signal or a timeout was faster, and its owner has not left the queue yet: it counts for nothing. */
    if (!execution.task(e->task).sleeping) continue;
    if (execution.task(e->task).interruptible) interruptible |= Candidates::Mask{1} << e->task;
    wake_task(e->task);
    remove(*e);
    ++woken;
    if (e->exclusive && --nr_exclusive == 0) break;
  }
  execution.tick();
  execution.event(site, EventKind::k_wake, *this, woken);
  last_wake_ = {execution.self(), execution.steps() - 1, key};
  /* A signal that comes later finds them awake. */
  for (TaskId task : Candidates(interruptible, 0)) {
    execution.event(site, EventKind::k_woken, signals_of(task), task);
  }
  rehash();
}

bool WaitQueue::active(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  execution.point(site, *this, EventKind::k_wait_active);
  execution.event(site, EventKind::k_wait_active, *this, head_ != nullptr);
  execution.observe(*this, head_ != nullptr);
  return head_ != nullptr;
}

}  // namespace daxrace::engine
