/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/data.h"

#include <algorithm>

namespace daxrace::engine {

namespace {

bool acquires(Order order) { return order == Order::kAcquire || order == Order::kFull; }
bool releases(Order order) { return order == Order::kRelease || order == Order::kFull; }

void join_lazily(uint32_t*& into, const uint32_t* from) {
  Execution& execution = Execution::current();
  if (from == nullptr) return;
  if (into == nullptr) into = execution.make_clock();
  join(into, from, execution.clock_width());
}

}  // namespace

void SyncState::acquire(Order order) {
  Task& task = Execution::current().self_task();
  if (acquires(order)) {
    join(task.clock, clock_, Execution::current().clock_width());
  } else {
    join_lazily(task.acquire_pending, clock_);
  }
}

void SyncState::publish_clock(Order order, bool extend) {
  Execution& execution = Execution::current();
  Task& task = execution.self_task();
  if (!extend && clock_ != nullptr) std::fill_n(clock_, execution.clock_width(), 0);
  if (releases(order)) {
    join_lazily(clock_, task.clock);
    execution.tick();
  } else {
    join_lazily(clock_, task.released);
  }
}

void fence(Order order, const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  Task& task = execution.self_task();
  static const Role kRole("fence");
  static Object object; /* nothing depends on it */
  object.role = &kRole;
  object.life = Object::Life::kAlive;
  execution.point(site, object, EventKind::k_fence);
  if (acquires(order) && task.acquire_pending != nullptr) {
    join(task.clock, task.acquire_pending, execution.clock_width());
  }
  if (releases(order)) {
    task.released = execution.make_clock();
    join(task.released, task.clock, execution.clock_width());
    execution.tick();
  }
  execution.event(site, EventKind::k_fence, object, static_cast<uint64_t>(order));
}

}  // namespace daxrace::engine
