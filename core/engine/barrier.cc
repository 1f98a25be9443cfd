/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/barrier.h"

#include "core/engine/edges.h"

namespace daxrace::engine {

void Barrier::init(const Role& role, uint32_t expected) {
  Execution::current().init(*this, role);
  expected_ = missing_ = expected;
  rehash();
}

void Barrier::rehash() {
  uint64_t hash = combine(phase_, uint64_t{expected_} << 32 | missing_);
  Execution::current().changed(*this, hashed_, hash);
  hashed_ = hash;
}

void Barrier::arrived(const Site& site) {
  publish_clock(clocks_[phase_ % 2]);
  --missing_;
  Execution::current().event(site, EventKind::k_arrive, *this, missing_);
  if (missing_ == 0) {
    ++phase_;
    missing_ = expected_;
  }
  rehash();
}

uint32_t Barrier::arrive(const Site& site) {
  uint32_t phase = phase_;
  arrived(site);
  Execution::current().observe(*this, phase);
  return phase;
}

void Barrier::arrive_and_drop(const Site& site) {
  --expected_;
  arrived(site);
}

void Barrier::wait_for(uint32_t phase, const Site& site) {
  Pending pending{&site, this, EventKind::k_barrier_wait};
  pending.enabled = [](const Object* object, const Pending& waits, TaskId) {
    return static_cast<const Barrier*>(object)->phase_ != waits.detail;
  };
  pending.detail = phase;
  pending.sleeps = true;
  Execution::current().point(pending);
  acquire_clock(clocks_[phase % 2]);
  Execution::current().event(site, EventKind::k_barrier_wait, *this, phase);
}

void Barrier::arrive_and_wait(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  uint32_t phase = phase_;
  arrived(site);
  wait_for(phase, site);
}

void Barrier::wait(uint32_t phase, const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  wait_for(phase, site);
}

}  // namespace daxrace::engine
