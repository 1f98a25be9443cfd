/* SPDX-License-Identifier: GPL-2.0-only */
/* The life of tasks: from spawn() to the end of their bodies, on fibers that outlive executions. */
#include <exception>
#include <string>

#include "core/engine/execution.h"

namespace daxrace::engine {

void Task::begin(Body task_body, void* arg, std::string_view task_name) {
  state = State::kRunnable;
  started = body_left = sleeping = joined = ended_op = false;
  interruptible = signalled = idle = false;
  queued = held_count = 0;
  atomic_nesting = rcu_nesting = 0;
  woken = signal_clock = nullptr;
  signals = Object();
  sleeps_on = nullptr;
  read_count = read_count_before_round = changes = 0;
  op = transitions = transitions_at_op = transitions_at_fair = 0;
  look = {};
  object.life = Object::Life::kNone;
  expression_points = 0;
  observed = 0;
  acquire_pending = released = nullptr;
  pending = Pending();
  name = task_name;
  body = task_body;
  body_arg = arg;
}

bool Execution::ready_fiber(TaskId id) {
  if (fiber_idle_[id] == 0) {
    if (!fibers_[id].allocate_stack()) return false;
    fibers_[id].start(run_tasks, this);
  }
  fiber_idle_[id] = 0;
  if (limits_.unwind) exceptions_[id] = {};
  return true;
}

TaskId Execution::spawn(Body body, void* arg, std::string_view name) {
  if (unwinding_) return kNoTask;
  if (task_count_ == limits_.tasks_max) misuse(Misuse::k_too_many_tasks, task_->object, kAnonymousSite);
  auto id = static_cast<TaskId>(task_count_);
  if (!ready_fiber(id)) misuse(Misuse::k_no_stack, task_->object, kAnonymousSite);
  ++task_count_;
  ++unfinished_;
  Task& task = tasks_[id];
  task.begin(body, arg, name);
  runnable_ |= bit(id);
  task.clock = make_clock();
  if (task_ != nullptr) {
    copy(task.clock, task_->clock, clock_width());
    tick();
  }
  task.clock[id] = 1;
  init(task.object, kTaskRole);
  if (task_ != nullptr) {
    event(kAnonymousSite, EventKind::k_spawn, task.object, id);
    if (needs_.state) task_->observed = combine(task_->observed, id);
  }
  return id;
}

void Execution::run_task() {
  Task& task = *task_;
  task.started = true;
  /* An event of its own, so that there is at most one choice before any step. */
  point_ = true;
  event(kAnonymousSite, EventKind::k_start, task.object, 0);
  bool threw = true;
  try {
    task.body(task.body_arg);
    threw = false;
  } catch (const Unwind&) {
    task.body_left = true;
    return;
  } catch (const std::exception& exception) {
    thrown_ = exception.what();
  } catch (...) {
    thrown_ = "something that is no std::exception";
  }
  task.body_left = true;
  if (threw) misuse(Misuse::k_threw, task.object, kAnonymousSite);
  left_behind(true);
  event(kAnonymousSite, EventKind::k_finish, task.object, self_);
}

/* From the end of a task to whoever comes next. */
void Execution::leave() {
  bool last = unwinding_;
  if (!unwinding_) {
    task_->state = Task::State::kFinished;
    task_->ended_op = true;
    runnable_ &= ~bit(self_);
    end_ = End::kFinished;
    last = --unfinished_ == 0;
  }
  TaskId next = last ? kNoTask : choose_next();
  fiber_idle_[self_] = 1;
  if (next != kNoTask) {
    switch_to(next);
  } else {
    if (limits_.unwind) swap_exceptions(self_, kNoTask);
    Fiber::switch_to(fibers_[self_], main_);
  }
}

/* What a fiber does for ever: a task in each execution. */
void Execution::run_tasks(void* arg) {
  auto& execution = *static_cast<Execution*>(arg);
  while (true) {
    execution.run_task();
    execution.leave();
  }
}

/* From the caller's stack. */
void Execution::enter(TaskId task) {
  self_ = task;
  task_ = &tasks_[task];
  if (limits_.unwind) swap_exceptions(kNoTask, task);
  Fiber::switch_to(main_, fibers_[task]);
}

void Execution::join(TaskId target, const Site& site) {
  if (unwinding_) {
    unwind();
    return;
  }
  if (target >= task_count_) misuse(Misuse::k_join_nobody, self_task().object, site);
  Pending pending{&site, &task(target).object, EventKind::k_join};
  pending.detail = target;
  pending.enabled = [](const Object*, const Pending& p, TaskId) {
    return current().task(static_cast<TaskId>(p.detail)).state == Task::State::kFinished;
  };
  pending.holder = [](const Object*, const Pending& p) { return static_cast<TaskId>(p.detail); };
  pending.sleeps = true;
  pending.any_order = true;
  point(pending);
  task(target).joined = true;
  daxrace::engine::join(self_task().clock, task(target).clock, clock_width());
  event(site, EventKind::k_join, task(target).object, target);
}

}  // namespace daxrace::engine
