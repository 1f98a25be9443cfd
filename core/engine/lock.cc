/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/edges.h"
#include "core/engine/sync.h"

namespace daxrace::engine {

void Lock::init(const Role& role, LockUse use) {
  Execution::current().init(*this, role);
  use_ = use;
}

void Lock::take(const Site& site, const Hold& how) {
  Execution& execution = Execution::current();
  owner_ = execution.self();
  execution.block(waiters_);
  acquire_clock(clock_);
  execution.event(site, EventKind::k_lock, *this, 1);
  execution.changed(*this, 0, owner_ + 1u);
  if (sort_ == Sort::kSpins) ++execution.self_task().atomic_nesting;
  execution.hold(*this, how);
}

void Lock::lock(const Site& site, ExpressionGuard guard) { lock_nested(0, site, guard); }

void Lock::lock_nested(uint8_t subclass, const Site& site, [[maybe_unused]] const ExpressionGuard& guard) {
  auto holder = [](const Object* object, const Pending&) { return static_cast<const Lock*>(object)->owner_; };
  Execution::current().point_at_lock(site, *this, holder, waiters_, owner_ == kNoTask, may_sleep());
  take(site, {.subclass = subclass});
}

bool Lock::try_lock(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  if (use_ == LockUse::kWaitsOnly) execution.misuse(Misuse::k_try_of_no_use, *this, site);
  execution.point(site, *this, EventKind::k_lock);
  bool free = owner_ == kNoTask;
  if (free) {
    take(site, {.tried = true});
  } else {
    execution.event(site, EventKind::k_load, *this, owner_);
  }
  execution.observe(*this, free);
  return free;
}

void Lock::unlock(const Site& site) {
  Execution& execution = Execution::current();
  if (use_ == LockUse::kTriedToo) execution.point(site, *this, EventKind::k_unlock);
  execution.changed(*this, owner_ + 1u, 0);
  owner_ = kNoTask;
  execution.unblock(waiters_);
  replace_clock(clock_);
  Task& task = execution.self_task();
  if (sort_ == Sort::kSpins && task.atomic_nesting != 0) --task.atomic_nesting;
  execution.release(*this, site);
  execution.event(site, EventKind::k_unlock, *this, 1);
}

}  // namespace daxrace::engine
