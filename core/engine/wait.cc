/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/sync.h"

namespace daxrace::engine {

namespace {

void publish(uint32_t*& clock) {
  Execution& execution = Execution::current();
  if (clock == nullptr) clock = execution.make_clock();
  join(clock, execution.self_task().clock, execution.clock_width());
  execution.tick();
}

void acquire(const uint32_t* clock) {
  Execution& execution = Execution::current();
  if (clock != nullptr) join(execution.self_task().clock, clock, execution.clock_width());
}

}  // namespace

/* --- WaitQueue
 * ----------------------------------------------------------------------------------------------- */

void WaitQueue::init(const Role& role) { Execution::current().init(*this, role); }

void WaitQueue::insert(WaitEntry& entry) {
  entry.queued = true;
  WaitEntry* after = entry.exclusive ? tail_ : nullptr;
  entry.prev = after;
  entry.next = after != nullptr ? after->next : head_;
  (entry.prev != nullptr ? entry.prev->next : head_) = &entry;
  (entry.next != nullptr ? entry.next->prev : tail_) = &entry;
}

void WaitQueue::remove(WaitEntry& entry) {
  entry.queued = false;
  (entry.prev != nullptr ? entry.prev->next : head_) = entry.next;
  (entry.next != nullptr ? entry.next->prev : tail_) = entry.prev;
  entry.next = entry.prev = nullptr;
}

/* Order, keys and modes of the waiters are state that others depend on. */
void WaitQueue::rehash() {
  uint64_t hash = 0;
  for (const WaitEntry* e = head_; e != nullptr; e = e->next) {
    hash = combine(hash, combine(e->key, e->task * 2u + e->exclusive + 1u));
  }
  Execution::current().changed(*this, hashed_, hash);
  hashed_ = hash;
}

void WaitQueue::prepare_to_wait(WaitEntry& entry, bool exclusive, const Site& site,
                                [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  execution.point({&site, this, EventKind::k_prepare_wait});
  entry.task = execution.self();
  entry.exclusive = exclusive;
  if (!entry.queued) insert(entry);
  execution.self_task().sleeping = true;
  execution.event(site, EventKind::k_prepare_wait, *this, entry.key);
  rehash();
}

void WaitQueue::finish_wait(WaitEntry& entry, const Site& site) {
  Execution& execution = Execution::current();
  /* What the task does next depends on it, and not every place has a name that would tell. */
  uint64_t& observed = execution.self_task().observed;
  observed = combine(observed, entry.queued);
  /* Taking the entry out takes the queue's lock: a wake-up may still come before, and is spent on this task.
   */
  if (entry.queued) execution.point({&site, this, EventKind::k_finish_wait});
  execution.self_task().sleeping = false;
  if (entry.queued) remove(entry);
  execution.event(site, EventKind::k_finish_wait, *this, entry.key);
  rehash();
}

void WaitQueue::schedule(WaitEntry& entry, const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  Pending pending{&site, entry.waits_for != nullptr ? entry.waits_for : this, EventKind::k_sleep};
  pending.detail = entry.key;
  pending.enabled = [](const Object*, const Pending&, TaskId task) {
    return !Execution::current().task(task).sleeping;
  };
  pending.holder = [](const Object* object, const Pending&) {
    return Execution::current().holder_of(*object);
  };
  pending.any_order = true;
  execution.point(pending);
  acquire(clock_);
  execution.event(site, EventKind::k_sleep, *this, entry.key);
}

void WaitQueue::wake(uint32_t nr_exclusive, uint64_t key, const Site& site,
                     [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  execution.point({&site, this, EventKind::k_wake});
  publish(clock_);
  uint32_t woken = 0;
  WaitEntry* next = nullptr;
  for (WaitEntry* e = head_; e != nullptr; e = next) {
    next = e->next;
    if (key != kAnyKey && e->key != key) continue;
    execution.task(e->task).sleeping = false;
    remove(*e);
    ++woken;
    if (e->exclusive && --nr_exclusive == 0) break;
  }
  execution.event(site, EventKind::k_wake, *this, woken);
  rehash();
}

bool WaitQueue::active(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  execution.point({&site, this, EventKind::k_wait_active});
  execution.event(site, EventKind::k_wait_active, *this, head_ != nullptr);
  execution.observe(*this, head_ != nullptr);
  return head_ != nullptr;
}

/* --- Completion
 * ---------------------------------------------------------------------------------------------- */

void Completion::init(const Role& role) { Execution::current().init(*this, role); }

void Completion::complete(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  execution.point({&site, this, EventKind::k_complete});
  publish(clock_);
  ++done_;
  execution.event(site, EventKind::k_complete, *this, done_);
  execution.changed(*this, done_ - 1, done_);
}

void Completion::wait(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  Pending pending{&site, this, EventKind::k_wait_done};
  pending.enabled = [](const Object* object, const Pending&, TaskId) {
    return static_cast<const Completion*>(object)->done_ != 0;
  };
  pending.any_order = true;
  execution.point(pending);
  acquire(clock_);
  --done_;
  execution.event(site, EventKind::k_wait_done, *this, done_);
  execution.changed(*this, done_ + 1, done_);
}

}  // namespace daxrace::engine
