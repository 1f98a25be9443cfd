/* SPDX-License-Identifier: GPL-2.0-only */
#include <algorithm>

#include "core/engine/edges.h"
#include "core/engine/sync.h"

namespace daxrace::engine {

void RwSemaphore::init(const Role& role, LockUse use) {
  Execution::current().init(*this, role);
  use_ = use;
}

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

/* Readers that had to wait count too: the kernel has let them in when it let go of the writer. */
bool RwSemaphore::has_waiter() const {
  const Execution& execution = Execution::current();
  for (int id = 0; id < execution.task_count(); ++id) {
    const Task& task = execution.task(static_cast<TaskId>(id));
    if (task.state == Task::State::kRunnable && task.pending.object == this && task.pending.ticket != 0) {
      return true;
    }
  }
  return false;
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
 * call does not stand in the queue yet, and whether it will is decided by what others did before its attempt.
 */
void RwSemaphore::attempt(const Site& site, bool write) {
  Execution& execution = Execution::current();
  Pending pending{&site, this, EventKind::k_lock, nullptr, holder, write};
  execution.about_to_sleep(site, *this);
  execution.point(pending);
  pending.enabled = enabled;
  if (!enabled(this, pending, execution.self())) execution.point(pending);
}

void RwSemaphore::take(const Site& site, const Hold& how) {
  bool write = how.exclusive;
  Execution& execution = Execution::current();
  acquire_clock(written_);
  if (write) acquire_clock(read_);
  execution.event(site, EventKind::k_lock, *this, write);
  if (write) {
    set(execution.self(), 0);
  } else {
    set(kNoTask, readers_ + 1);
  }
  execution.hold(*this, how);
}

bool RwSemaphore::try_take(const Site& site, bool write) {
  Execution& execution = Execution::current();
  Pending pending{&site, this, EventKind::k_lock, nullptr, nullptr, write};
  execution.point(pending);
  bool taken = enabled(this, pending, execution.self()) && !(write && has_waiter());
  if (taken) {
    take(site, {.exclusive = write, .tried = true});
  } else {
    execution.event(site, EventKind::k_load, *this, writer_ != kNoTask ? writer_ : readers_);
  }
  execution.observe(*this, taken);
  return taken;
}

/* Before a release that an attempt could see. */
void RwSemaphore::before_release(const Site& site, EventKind kind) {
  if (use_ == LockUse::kTriedToo) Execution::current().point(site, *this, kind);
}

void RwSemaphore::down_read(const Site& site, ExpressionGuard guard) { down_read_nested(0, site, guard); }

void RwSemaphore::down_read_nested(uint8_t subclass, const Site& site,
                                   [[maybe_unused]] const ExpressionGuard& guard) {
  attempt(site, false);
  take(site, {.exclusive = false, .subclass = subclass});
}

bool RwSemaphore::down_read_trylock(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  return try_take(site, false);
}

void RwSemaphore::up_read(const Site& site) {
  Execution& execution = Execution::current();
  before_release(site, EventKind::k_unlock);
  set(kNoTask, readers_ - 1);
  publish_clock(read_);
  execution.release(*this, site, HeldAs::kShared);
  execution.event(site, EventKind::k_unlock, *this, 0);
}

void RwSemaphore::down_write(const Site& site, ExpressionGuard guard) { down_write_nested(0, site, guard); }

void RwSemaphore::down_write_nested(uint8_t subclass, const Site& site,
                                    [[maybe_unused]] const ExpressionGuard& guard) {
  attempt(site, true);
  take(site, {.subclass = subclass});
}

bool RwSemaphore::down_write_trylock(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  return try_take(site, true);
}

void RwSemaphore::up_write(const Site& site) {
  Execution& execution = Execution::current();
  before_release(site, EventKind::k_unlock);
  set(kNoTask, 0);
  replace_clock(written_);
  execution.release(*this, site, HeldAs::kExclusive);
  execution.event(site, EventKind::k_unlock, *this, 1);
}

void RwSemaphore::downgrade_write(const Site& site) {
  Execution& execution = Execution::current();
  before_release(site, EventKind::k_downgrade);
  set(kNoTask, 1);
  replace_clock(written_);
  /* Still the same hold: no lock is taken after those that were taken since. */
  Task& task = execution.self_task();
  for (int i = 0; i < std::min<int>(task.held_count, Task::kHeldMax); ++i) {
    Held& held = task.held[static_cast<size_t>(i)];
    if (held.object == this) held.exclusive = false;
  }
  execution.event(site, EventKind::k_downgrade, *this, 0);
}

}  // namespace daxrace::engine
