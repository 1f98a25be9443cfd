/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/edges.h"
#include "core/engine/sync.h"

namespace daxrace::engine {

void Completion::init(const Role& role) { Execution::current().init(*this, role); }

void Completion::post(uint32_t done, EventKind kind, const Site& site) {
  Execution& execution = Execution::current();
  execution.event(site, kind, *this, done);
  execution.changed(*this, done_, done);
  done_ = done;
}

void Completion::complete(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution::current().point(site, *this, EventKind::k_complete);
  publish_clock(clock_);
  post(done_ == kAll ? kAll : done_ + 1, EventKind::k_complete, site);
}

void Completion::complete_all(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution::current().point(site, *this, EventKind::k_complete);
  publish_clock(clock_);
  post(kAll, EventKind::k_complete, site);
}

void Completion::reinit_completion(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution::current().point(site, *this, EventKind::k_reinit);
  post(0, EventKind::k_reinit, site);
}

bool Completion::enabled(const Object* object, const Pending& pending, TaskId task) {
  if (static_cast<const Completion*>(object)->done_ != 0) return true;
  if (pending.detail != 0 && Execution::current().task(task).signalled) return true;
  return can_time_out(pending, task);
}

/* What is done counts, though a signal or the timeout came first. */
bool Completion::finish(const Site& site, bool interrupted) {
  Execution& execution = Execution::current();
  bool completed = done_ != 0;
  if (completed) {
    acquire_clock(clock_);
    post(done_ == kAll ? kAll : done_ - 1, EventKind::k_wait_done, site);
  } else {
    execution.event(site, EventKind::k_gave_up, *this, interrupted);
    if (interrupted) {
      execution.event(site, EventKind::k_signal_pending, signals_of(execution.self()), 1);
    }
  }
  execution.observe(*this, completed);
  return completed;
}

bool Completion::wait_for(Sleep state, Timeout timeout, const Site& site) {
  Pending pending{&site, this, EventKind::k_wait_done, enabled};
  pending.detail = state == Sleep::kInterruptible;
  pending.sleeps = true;
  pending.any_order = true;
  pending.timeout = timeout;
  Execution::current().point(pending);
  return finish(site, state == Sleep::kInterruptible);
}

void Completion::wait(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  wait_for(Sleep::kUninterruptible, Timeout::kNever, site);
}

bool Completion::wait_interruptible(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  return wait_for(Sleep::kInterruptible, Timeout::kNever, site);
}

bool Completion::wait_timeout(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  return wait_for(Sleep::kUninterruptible, draw_timeout(site), site);
}

bool Completion::try_wait(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution::current().point(site, *this, EventKind::k_wait_done);
  return finish(site, false);
}

}  // namespace daxrace::engine
