/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/condvar.h"

#include <algorithm>

namespace daxrace::engine {

void CondVar::init(const Role& role, Wakeups wakeups) {
  Execution& execution = Execution::current();
  execution.init(*this, role);
  waiters_ = execution.arena().make_array<TaskId>(static_cast<size_t>(execution.clock_width()));
  wakeups_ = wakeups;
}

void CondVar::rehash() {
  uint64_t hash = 0;
  for (uint32_t i = 0; i < count_; ++i) hash = combine(hash, waiters_[i] + 1u);
  Execution::current().changed(*this, hashed_, hash);
  hashed_ = hash;
}

void CondVar::remove(uint32_t nth) {
  std::copy(waiters_ + nth + 1, waiters_ + count_, waiters_ + nth);
  --count_;
}

bool CondVar::enabled(const Object*, const Pending& pending, TaskId task) {
  return !Execution::current().task(task).sleeping || can_time_out(pending, task);
}

bool CondVar::wait(Lock& mutex, Timeout timeout, const Site& site) {
  Execution& execution = Execution::current();
  Task& task = execution.self_task();
  execution.point(site, *this, EventKind::k_prepare_wait);
  waiters_[count_++] = execution.self();
  task.sleeping = true;
  if (timeout == Timeout::kNever)
    task.look.fall_asleep(*this, &last_notify_, task.read_count, execution.steps());
  execution.event(site, EventKind::k_prepare_wait, *this, 0);
  rehash();
  mutex.unlock(site);

  Pending pending{&site, this, timeout == Timeout::kNever ? EventKind::k_sleep : EventKind::k_wait_end,
                  enabled};
  pending.sleeps = true;
  pending.any_order = true;
  pending.timeout = timeout;
  execution.point(pending);
  task.look.wake_up(task.read_count);
  bool notified = !task.sleeping;
  execution.event(site, notified ? EventKind::k_sleep : EventKind::k_wait_end, *this, 0);
  if (!notified) {
    remove(static_cast<uint32_t>(std::find(waiters_, waiters_ + count_, execution.self()) - waiters_));
    task.sleeping = false;
    rehash();
  }
  execution.observe(*this, notified);
  mutex.lock(site);
  return notified;
}

void CondVar::wait(Lock& mutex, const Site& site) {
  bool spurious = wakeups_ == Wakeups::kSpurious && Execution::current().choose(2, site) != 0;
  wait(mutex, spurious ? Timeout::kAnyTime : Timeout::kNever, site);
}

bool CondVar::wait_for(Lock& mutex, const Site& site) { return wait(mutex, draw_timeout(site), site); }

void CondVar::notify_one(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  execution.point(site, *this, EventKind::k_notify);
  execution.event(site, EventKind::k_notify, *this, count_);
  last_notify_ = {execution.self(), execution.steps() - 1, 0};
  if (count_ == 0) return;
  uint32_t nth = count_ == 1 ? 0 : execution.choose(count_, site);
  execution.task(waiters_[nth]).sleeping = false;
  remove(nth);
  rehash();
}

void CondVar::notify_all(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  execution.point(site, *this, EventKind::k_notify);
  execution.event(site, EventKind::k_notify, *this, count_);
  last_notify_ = {execution.self(), execution.steps() - 1, 0};
  for (uint32_t i = 0; i < count_; ++i) execution.task(waiters_[i]).sleeping = false;
  count_ = 0;
  rehash();
}

}  // namespace daxrace::engine
