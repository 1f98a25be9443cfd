/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of tasks that own things: an exception, thrown and caught on the stack of the task itself. */
#include <cxxabi.h>

#include <cstring>
#include <exception>

#include "core/engine/execution.h"

namespace daxrace::engine {

namespace {

/* How often a body may catch the exception that ends it before its stack is given up. */
constexpr int kCaughtMax = 1000;

}  // namespace

/* A task may be switched away from in a catch block or in a destructor that an exception runs; the runtime
 * keeps what it knows about that in two words for each thread (Itanium C++ ABI, 2.2.2). */
void Execution::swap_exceptions(TaskId from, TaskId to) {
  auto* globals = reinterpret_cast<unsigned char*>(abi::__cxa_get_globals());
  auto slot = [&](TaskId task) { return &exceptions_[task == kNoTask ? exceptions_.size() - 1 : task]; };
  std::memcpy(&slot(from)->caught, globals, sizeof(void*));
  std::memcpy(&slot(from)->uncaught, globals + sizeof(void*), sizeof(unsigned int));
  std::memcpy(globals, &slot(to)->caught, sizeof(void*));
  std::memcpy(globals + sizeof(void*), &slot(to)->uncaught, sizeof(unsigned int));
}

/* At a scheduling point of a task that is to end. A destructor may come here too: it is let through. */
void Execution::unwind() {
  if (std::uncaught_exceptions() == 0) unwind_task();
}

void Execution::unwind_task() {
  Task& task = *task_;
  if (++task.caught <= kCaughtMax && std::uncaught_exceptions() == 0) throw Unwind{};
  /* It catches everything, or a destructor insists: forget the stack. */
  if (limits_.unwind) swap_exceptions(self_, kNoTask);
  Fiber::switch_to(fibers_[self_], main_);
  std::terminate(); /* nobody comes back to it */
}

/* The last spawned first: what a task shares lives on the stack of the one that spawned it. */
void Execution::unwind_all() {
  const Hash128 state = state_;
  const uint32_t steps = steps_;
  const End how = end_;
  unwinding_ = true;
  quick_ = false;
  default_until_ = 0;
  for (int i = task_count_ - 1; i >= 0; --i) {
    auto id = static_cast<TaskId>(i);
    Task& task = tasks_[id];
    if (task.state != Task::State::kRunnable || !task.started || task.body_left) continue;
    task.caught = 0;
    enter(id);
  }
  unwinding_ = false;
  state_ = state;
  steps_ = steps;
  end_ = how;
}

}  // namespace daxrace::engine
