/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/semaphore.h"

#include "core/engine/edges.h"

namespace daxrace::engine {

void Semaphore::init(const Role& role, uint32_t count, LockUse use) {
  Execution::current().init(*this, role);
  use_ = use;
  set(count);
}

void Semaphore::set(uint32_t count) {
  Execution::current().changed(*this, count_, count);
  count_ = count;
}

void Semaphore::take(const Site& site) {
  acquire_clock(clock_);
  Execution::current().event(site, EventKind::k_acquire, *this, count_ - 1);
  set(count_ - 1);
}

void Semaphore::acquire(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Pending pending{&site, this, EventKind::k_acquire};
  pending.enabled = [](const Object* object, const Pending&, TaskId) {
    return static_cast<const Semaphore*>(object)->count_ != 0;
  };
  pending.sleeps = true;
  Execution::current().point(pending);
  take(site);
}

bool Semaphore::try_acquire(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  execution.point(site, *this, EventKind::k_acquire);
  bool left = count_ != 0;
  if (left) {
    take(site);
  } else {
    execution.event(site, EventKind::k_load, *this, 0);
  }
  execution.observe(*this, left);
  return left;
}

void Semaphore::release(uint32_t n, const Site& site) {
  Execution& execution = Execution::current();
  if (use_ == LockUse::kTriedToo) execution.point(site, *this, EventKind::k_release);
  publish_clock(clock_);
  set(count_ + n);
  execution.event(site, EventKind::k_release, *this, count_);
}

}  // namespace daxrace::engine
