/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/edges.h"
#include "core/engine/sync.h"

namespace daxrace::engine {

void Lock::init(const Role& role, LockUse use) {
  Execution::current().init(*this, role);
  use_ = use;
}

void Lock::take(const Site& site) {
  Execution& execution = Execution::current();
  owner_ = execution.self();
  acquire_clock(clock_);
  execution.event(site, EventKind::k_lock, *this, 1);
  execution.changed(*this, 0, owner_ + 1u);
  if (sort_ == Sort::kSpins) ++execution.self_task().atomic_nesting;
  execution.hold(*this, true);
}

void Lock::lock(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Pending pending{&site, this, EventKind::k_lock};
  pending.enabled = [](const Object* object, const Pending&, TaskId) {
    return static_cast<const Lock*>(object)->owner_ == kNoTask;
  };
  pending.holder = [](const Object* object, const Pending&) {
    return static_cast<const Lock*>(object)->owner_;
  };
  pending.sleeps = may_sleep();
  Execution::current().point(pending);
  take(site);
}

bool Lock::try_lock(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  execution.point({&site, this, EventKind::k_lock});
  bool free = owner_ == kNoTask;
  if (free) {
    take(site);
  } else {
    execution.event(site, EventKind::k_load, *this, owner_);
  }
  execution.observe(*this, free);
  return free;
}

void Lock::unlock(const Site& site) {
  Execution& execution = Execution::current();
  if (use_ == LockUse::kTriedToo) execution.point({&site, this, EventKind::k_unlock});
  execution.changed(*this, owner_ + 1u, 0);
  owner_ = kNoTask;
  replace_clock(clock_);
  Task& task = execution.self_task();
  if (sort_ == Sort::kSpins && task.atomic_nesting != 0) --task.atomic_nesting;
  execution.release(*this);
  execution.event(site, EventKind::k_unlock, *this, 1);
}

}  // namespace daxrace::engine
