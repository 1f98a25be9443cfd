/* SPDX-License-Identifier: GPL-2.0-only */
/* Who holds what. */
#include "core/engine/held.h"

#include <algorithm>
#include <span>

#include "core/engine/execution.h"

namespace daxrace::engine {

namespace {

/* Those that fit. A task that holds more has some that no report knows. */
std::span<Held> held_of(Task& task) {
  return {task.held.data(), std::min<size_t>(task.held_count, task.held.size())};
}

std::span<const Held> held_of(const Task& task) {
  return {task.held.data(), std::min<size_t>(task.held_count, task.held.size())};
}

bool is_as(const Held& held, HeldAs as) {
  return as == HeldAs::kEither || held.exclusive == (as == HeldAs::kExclusive);
}

}  // namespace

void Execution::hold(const Object& object, const Hold& how) {
  Task& task = self_task();
  Held held{&object, task.pending.site, steps_ - 1, how.exclusive, how.recursive, 0};
  if (how.ordered && limits_.lock_order != LockOrder::Scope::kOff) {
    held.order_class = lock_order_.acquire(*this, held, how);
  }
  if (task.held_count < Task::kHeldMax) task.held[task.held_count] = held;
  ++task.held_count;
}

void Execution::may_wait_for(const Object& object, const Site& site) {
  if (limits_.lock_order == LockOrder::Scope::kOff) return;
  lock_order_.acquire(*this, Held{&object, &site, steps_ == 0 ? 0 : steps_ - 1, true, false, 0}, {});
}

void Execution::release(const Object& object, const Site& site, HeldAs as) {
  if (unwinding_) return;
  Task& task = self_task();
  std::span<Held> held = held_of(task);
  for (size_t i = held.size(); i > 0; --i) {
    if (held[i - 1].object != &object || !is_as(held[i - 1], as)) continue;
    std::copy(held.begin() + static_cast<ptrdiff_t>(i), held.end(),
              held.begin() + static_cast<ptrdiff_t>(i - 1));
    if (task.held_count >= Task::kHeldMax) task.held.back() = {};
    --task.held_count;
    return;
  }
  if (task.held_count > Task::kHeldMax) {
    --task.held_count; /* one of those that did not fit */
    return;
  }
  auto& bad = const_cast<Object&>(object);
  if (const Held* other_way = held_by(self_, object)) {
    misuse(Misuse::k_unlock_other_mode, bad, site, {self_, other_way->step, other_way->site});
  }
  TaskId holder = holder_of(object);
  if (holder == kNoTask) misuse(Misuse::k_unlock_free, bad, site);
  const Held* others = held_by(holder, object);
  misuse(Misuse::k_unlock_of_other, bad, site, {holder, others->step, others->site});
}

const Held* Execution::held_by(TaskId id, const Object& object) const {
  for (const Held& held : held_of(task(id))) {
    if (held.object == &object) return &held;
  }
  return nullptr;
}

TaskId Execution::holder_of(const Object& object) const {
  for (int id = 0; id < task_count_; ++id) {
    if (held_by(static_cast<TaskId>(id), object) != nullptr) return static_cast<TaskId>(id);
  }
  return kNoTask;
}

/* A task that waits for a lock until it itself releases it. Readers that wait behind a writer do not: they
 * wait for the writer. */
void Execution::blocked_by_itself(const Pending& pending) {
  const Held* held = held_by(self_, *pending.object);
  if (held == nullptr || (!held->exclusive && pending.detail == 0)) return;
  misuse(Misuse::k_lock_again, const_cast<Object&>(*pending.object), *pending.site,
         {self_, held->step, held->site});
}

}  // namespace daxrace::engine
