/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/sleep.h"

#include "core/engine/edges.h"

namespace daxrace::engine {

namespace {

const Role kSignalRole("signal");

void set_signal(Task& task, Object& signals, bool pending) {
  Execution::current().changed(signals, task.signalled, pending);
  task.signalled = pending;
}

}  // namespace

/* Named by the task and not in order of first use, which depends on the schedule. */
Object& signals_of(TaskId task) {
  Object& signals = Execution::current().task(task).signals;
  if (signals.role != &kSignalRole) {
    signals.life = Object::Life::kAlive;
    signals.role = &kSignalRole;
    signals.index = task;
    signals.key = kSignalRole.key(task);
  }
  return signals;
}

void wake_task(TaskId id) {
  Execution& execution = Execution::current();
  Task& task = execution.task(id);
  task.sleeping = false;
  task.interruptible = false;
  join_clock(task.woken, execution.self_task().clock);
}

void send_signal(TaskId to, const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  Task& task = execution.task(to);
  Object& signals = signals_of(to);
  execution.point(site, signals, EventKind::k_signal);
  execution.event(site, EventKind::k_signal, signals, task.signalled);
  set_signal(task, signals, true);
  join_clock(task.signal_clock, execution.self_task().clock);
  if (task.sleeping && task.interruptible) {
    wake_task(to);
    /* A wake-up that comes later passes it by: the queue is not what it was. */
    execution.event(site, EventKind::k_interrupt, *task.sleeps_on, to);
  }
  execution.tick();
}

bool signal_pending(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  Object& signals = signals_of(execution.self());
  execution.point(site, signals, EventKind::k_signal_pending);
  bool pending = execution.self_task().signalled;
  execution.event(site, EventKind::k_signal_pending, signals, pending);
  execution.observe(signals, pending);
  return pending;
}

bool take_signal(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  Task& task = execution.self_task();
  Object& signals = signals_of(execution.self());
  execution.point(site, signals, EventKind::k_signal_taken);
  bool pending = task.signalled;
  execution.event(site, EventKind::k_signal_taken, signals, pending);
  execution.observe(signals, pending);
  if (pending) acquire_clock(task.signal_clock);
  set_signal(task, signals, false);
  return pending;
}

void sleep_on(Object& word, const Site& site) {
  Execution& execution = Execution::current();
  execution.self_task().sleeping = true;
  Pending pending{&site, &word, EventKind::k_atomic_wait};
  pending.enabled = [](const Object*, const Pending&, TaskId id) {
    return !Execution::current().task(id).sleeping;
  };
  pending.sleeps = true;
  pending.any_order = true;
  Task& task = execution.self_task();
  task.look.fall_asleep(word, nullptr, task.read_count, execution.steps());
  execution.point(pending);
  task.look.wake_up(task.read_count);
  execution.event(site, EventKind::k_atomic_wait, word, 0);
}

void notify_sleepers(Object& word, bool all, const Site& site) {
  Execution& execution = Execution::current();
  execution.point(site, word, EventKind::k_notify);
  Candidates::Mask sleepers = 0;
  for (int id = 0; id < execution.task_count(); ++id) {
    const Task& task = execution.task(static_cast<TaskId>(id));
    bool here = task.pending.kind == EventKind::k_atomic_wait && task.pending.object == &word;
    if (here && task.sleeping) sleepers |= Candidates::Mask{1} << id;
  }
  Candidates waiting(sleepers, 0);
  auto n = static_cast<uint32_t>(waiting.size());
  execution.event(site, EventKind::k_notify, word, n);
  if (all) {
    for (TaskId id : waiting) execution.task(id).sleeping = false;
  } else if (n != 0) {
    execution.task(waiting[n == 1 ? 0 : execution.choose(n, site)]).sleeping = false;
  }
}

Timeout draw_timeout(const Site& site) {
  return Execution::current().choose(2, site) == 0 ? Timeout::kWhenIdle : Timeout::kAnyTime;
}

bool can_time_out(const Pending& pending, TaskId self) {
  if (pending.timeout == Timeout::kNever) return false;
  if (pending.timeout == Timeout::kAnyTime) return true;
  const Execution& execution = Execution::current();
  for (int i = 0; i < execution.task_count(); ++i) {
    auto id = static_cast<TaskId>(i);
    const Task& other = execution.task(id);
    if (id == self || other.state != Task::State::kRunnable || execution.spinning(static_cast<TaskId>(id)))
      continue;
    if (other.pending.enabled == nullptr) return false;
    /* Others whose time may be up too are no reason to wait: any of them may be the first. */
    Pending untimed = other.pending;
    if (untimed.timeout == Timeout::kWhenIdle) untimed.timeout = Timeout::kNever;
    if (untimed.enabled(untimed.object, untimed, id)) return false;
  }
  return true;
}

}  // namespace daxrace::engine
