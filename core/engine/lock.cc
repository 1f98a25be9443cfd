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
  std::copy_n(execution.self_task().clock, execution.clock_width(), into);
  execution.tick();
}

}  // namespace

/* --- Lock
 * ---------------------------------------------------------------------------------------------------- */

void Lock::init(const Role& role, LockUse use) {
  Execution::current().init(*this, role);
  use_ = use;
}

void Lock::take(const Site& site) {
  Execution& execution = Execution::current();
  owner_ = execution.self();
  acquire(clock_);
  execution.event(site, EventKind::k_lock, *this, 1);
  execution.changed(*this, 0, owner_ + 1u);
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
  pending.any_order = true;
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
  copy_clock(clock_);
  execution.release(*this);
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

/* The attempt is a step of its own, and if it fails so is getting the semaphore: a task that has come to the
 * call does not stand in the queue yet, and whether it will is decided by what others did before its attempt. */
void RwSemaphore::attempt(const Site& site, bool write) {
  Execution& execution = Execution::current();
  Pending pending{&site, this, EventKind::k_lock, nullptr, holder, write};
  execution.point(pending);
  pending.enabled = enabled;
  if (!enabled(this, pending, execution.self())) execution.point(pending);
  execution.self_task().pending.ticket = 0;
}

void RwSemaphore::down_read(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  attempt(site, false);
  acquire(written_);
  execution.event(site, EventKind::k_lock, *this, 0);
  set(kNoTask, readers_ + 1);
  execution.hold(*this, false);
}

void RwSemaphore::up_read(const Site& site) {
  Execution& execution = Execution::current();
  set(kNoTask, readers_ - 1);
  if (read_ == nullptr) read_ = execution.make_clock();
  join(read_, execution.self_task().clock, execution.clock_width());
  execution.tick();
  execution.release(*this);
  execution.event(site, EventKind::k_unlock, *this, 0);
}

void RwSemaphore::down_write(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  attempt(site, true);
  acquire(written_);
  acquire(read_);
  execution.event(site, EventKind::k_lock, *this, 1);
  set(execution.self(), 0);
  execution.hold(*this, true);
}

void RwSemaphore::up_write(const Site& site) {
  Execution& execution = Execution::current();
  set(kNoTask, 0);
  copy_clock(written_);
  execution.release(*this);
  execution.event(site, EventKind::k_unlock, *this, 1);
}

}  // namespace daxrace::engine
