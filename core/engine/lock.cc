/* SPDX-License-Identifier: GPL-2.0-only */
#include <algorithm>

#include "core/engine/sync.h"

namespace daxrace::engine {

namespace {

void acquire(const uint32_t* clock) {
  if (clock == nullptr) return;
  Execution& execution = Execution::current();
  join(execution.self_task().clock, clock, execution.clock_width());
}

void copy_clock(uint32_t*& into) {
  Execution& execution = Execution::current();
  if (into == nullptr) into = execution.make_clock();
  copy(into, execution.self_task().clock, execution.clock_width());
  execution.tick();
}

}  // namespace

/* --- Lock
 * ---------------------------------------------------------------------------------------------------- */

void Lock::init(const Role& role, LockUse use) {
  Execution::current().init(*this, role);
  use_ = use;
}

void Lock::take(const Site& site, const Hold& how) {
  Execution& execution = Execution::current();
  owner_ = execution.self();
  execution.block(waiters_);
  acquire(clock_);
  execution.event(site, EventKind::k_lock, *this, 1);
  execution.changed(*this, 0, owner_ + 1u);
  execution.hold(*this, how);
}

void Lock::lock(const Site& site, ExpressionGuard guard) { lock_nested(0, site, guard); }

void Lock::lock_nested(uint8_t subclass, const Site& site, [[maybe_unused]] const ExpressionGuard& guard) {
  auto holder = [](const Object* object, const Pending&) { return static_cast<const Lock*>(object)->owner_; };
  Execution::current().point_at_lock(site, *this, holder, waiters_, owner_ == kNoTask);
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
  copy_clock(clock_);
  execution.release(*this, site);
  execution.event(site, EventKind::k_unlock, *this, 1);
}

/* --- RwSemaphore
 * --------------------------------------------------------------------------------------------- */

void RwSemaphore::init(const Role& role) { Execution::current().init(*this, role); }

bool RwSemaphore::enabled(const Object* object, const Pending& pending, TaskId task) {
  const auto* sem = static_cast<const RwSemaphore*>(object);
  bool write = pending.detail != 0;
  if (sem->writer_ != kNoTask || (write && sem->readers_ != 0)) return false;
  /* Not past a writer that has waited for longer. */
  const Execution& execution = Execution::current();
  for (int id = 0; id < execution.task_count(); ++id) {
    const Task& other = execution.task(static_cast<TaskId>(id));
    const Pending& waits = other.pending;
    if (id == task || other.state != Task::State::kRunnable || waits.object != object) continue;
    if (waits.ticket == 0 || waits.detail == 0) continue;
    if (pending.ticket == 0 || waits.ticket < pending.ticket) return false;
  }
  return true;
}

TaskId RwSemaphore::holder(const Object* object, const Pending&) {
  const auto* sem = static_cast<const RwSemaphore*>(object);
  return sem->writer_ != kNoTask ? sem->writer_ : Execution::current().holder_of(*object);
}

void RwSemaphore::set(TaskId writer, uint32_t readers) {
  auto value = [](TaskId w, uint32_t r) { return w == kNoTask ? uint64_t{r} : uint64_t{w} + 1 + (1u << 16); };
  Execution::current().changed(*this, value(writer_, readers_), value(writer, readers));
  writer_ = writer;
  readers_ = readers;
}

void RwSemaphore::down_read(const Site& site, ExpressionGuard guard) { down_read_nested(0, site, guard); }

void RwSemaphore::down_read_nested(uint8_t subclass, const Site& site,
                                   [[maybe_unused]] const ExpressionGuard& guard) {
  Execution& execution = Execution::current();
  execution.point({&site, this, EventKind::k_lock, enabled, holder, 0, 0, true});
  execution.self_task().pending.ticket = 0;
  acquire(written_);
  execution.event(site, EventKind::k_lock, *this, 0);
  set(kNoTask, readers_ + 1);
  execution.hold(*this, {.exclusive = false, .subclass = subclass});
}

void RwSemaphore::up_read(const Site& site) {
  Execution& execution = Execution::current();
  set(kNoTask, readers_ - 1);
  if (read_ == nullptr) read_ = execution.make_clock();
  join(read_, execution.self_task().clock, execution.clock_width());
  execution.tick();
  execution.release(*this, site, HeldAs::kShared);
  execution.event(site, EventKind::k_unlock, *this, 0);
}

void RwSemaphore::down_write(const Site& site, ExpressionGuard guard) { down_write_nested(0, site, guard); }

void RwSemaphore::down_write_nested(uint8_t subclass, const Site& site,
                                    [[maybe_unused]] const ExpressionGuard& guard) {
  Execution& execution = Execution::current();
  execution.point({&site, this, EventKind::k_lock, enabled, holder, 1, 0, true});
  execution.self_task().pending.ticket = 0;
  acquire(written_);
  acquire(read_);
  execution.event(site, EventKind::k_lock, *this, 1);
  set(execution.self(), 0);
  execution.hold(*this, {.subclass = subclass});
}

void RwSemaphore::up_write(const Site& site) {
  Execution& execution = Execution::current();
  set(kNoTask, 0);
  copy_clock(written_);
  execution.release(*this, site, HeldAs::kExclusive);
  execution.event(site, EventKind::k_unlock, *this, 1);
}

}  // namespace daxrace::engine
