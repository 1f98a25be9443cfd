/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/execution.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "core/engine/failure.h"
#include "core/engine/random.h"

namespace daxrace::engine {

namespace {
constexpr uint64_t kHashSeed = hash_text("daxrace trace 1");
}  // namespace

Execution::Execution(Limits limits) : limits_(limits) {
  limits_.tasks_max = std::clamp(limits_.tasks_max, 1, kTasksMax);
  clock_width_ = (limits_.tasks_max + kClockBlock - 1) / kClockBlock * kClockBlock;
  name_sites();
  auto tasks = static_cast<size_t>(limits_.tasks_max);
  tasks_.resize(tasks);
  fibers_ = std::make_unique<Fiber[]>(tasks);
  fiber_idle_.resize(tasks);
  exceptions_.resize(tasks + 1);
  roles_used_.reserve(Role::kRolesMax);
  role_counts_.fill(0);
  arena_.set_limit(
      limits_.memory_max, [](void* arg) { static_cast<Execution*>(arg)->out_of_memory(); }, this);
}

Execution::~Execution() = default;

void Execution::reset() {
  arena_.reset();
  for (uint16_t slot : roles_used_) role_counts_[slot] = 0;
  roles_used_.clear();
  decision_count_ = 0;
  task_count_ = unfinished_ = 0;
  steps_ = 0;
  fair_ = unwinding_ = crashed_ = point_ = false;
  preemptions_ = tickets_ = 0;
  runnable_ = conditional_ = spinning_ = blocked_ = 0;
  choice_ = 0;
  state_ = 0;
  finding_count_ = 0;
  sentences_.clear();
  destroyed_ = nullptr;
  look_again();
  lock_order_.begin(limits_.lock_order);
}

End Execution::run(Strategy& strategy, Body first, void* arg) {
  reset();
  strategy_ = &strategy;
  needs_ = strategy.needs();
  needs_.trace |= limits_.trace;
  counts_changes_ = needs_.state;
  watched_ = needs_.trace || pairs_ != nullptr;
  uniform_ = strategy.uniform();
  quick_ = uniform_ != nullptr && limits_.tasks_max <= 64;
  default_until_ = strategy.default_until();
  if (uniform_ != nullptr) drawn_ = uniform_->next();
  current_ = this;
  self_ = kNoTask;
  task_ = nullptr;
  real_time_ = arena_.make<Object>();
  init(*real_time_, kRealTimeRole);
  if (ready_fiber(0)) {
    fiber_idle_[0] = 1;
    enter(spawn(first, arg, "setup"));
  } else {
    end_ = End::kFatal;
    Finding finding = make_finding(Failure::k_misuse);
    finding.describe = [](const Finding&, const Execution&) {
      return std::string("there is no memory for the stack of the first task");
    };
    report(finding);
  }
  /* Whoever looks at what the tasks were about to do looks before their objects are gone. */
  if (limits_.unwind) {
    while (sentences_.size() < finding_count_) sentences_.push_back(sentence(sentences_.size()));
    strategy.end(*this);
    if (task_count_ != 0) unwind_all();
    current_ = nullptr;
    return end_;
  }
  current_ = nullptr;
  strategy.end(*this);
  return end_;
}

void Execution::end(End how) {
  end_ = how;
  if (unwinding_) unwind_task();
  if (limits_.unwind) swap_exceptions(self_, kNoTask);
  Fiber::switch_to(fibers_[self_], main_);
  unwind_task();
}

uint32_t Execution::choose(uint32_t bound, const Site& site) {
  uint32_t value = 0;
  if (bound > 1 && !fair_) {
    value = strategy_->draw(*this, bound);
    if (value != 0) decisions_[decision_count_++] = {steps_, value, kNoTask, true};
  }
  Task& task = self_task();
  if (needs_.state) task.observed = combine(task.observed, value);
  stop_spinning(self_); /* it may not do the same again */
  event(site, EventKind::k_draw, *real_time_, value);
  return value;
}

void Execution::op_boundary(uint32_t op) {
  Task& task = *task_;
  stop_spinning(self_);
  task.op = op;
  task.transitions_at_op = task.transitions;
  task.changes = 0;
  task.ended_op = true;
  task.look = {};
  task.observed = 0;
  task.read_count = 0;
}

void Execution::invoke(uint32_t op, const Site& site) {
  op_boundary(op);
  point(site, *real_time_, EventKind::k_invoke);
  event(site, EventKind::k_invoke, *real_time_, op);
}

void Execution::ret(uint64_t result, const Site& site) {
  left_behind(false);
  point(site, *real_time_, EventKind::k_ret);
  event(site, EventKind::k_ret, *real_time_, result);
}

void Execution::crash(const Site& site) {
  point(site, *real_time_, EventKind::k_crash);
  event(site, EventKind::k_crash, *real_time_, 0);
  crashed_ = true;
  end(End::kFatal);
}

/* --- events
 * -------------------------------------------------------------------------------------------------- */

uint64_t Execution::trace_hash() const {
  if (!needs_.trace) return 0;
  uint64_t hash = kHashSeed;
  for (const Event& event : trace()) hash = extend(hash, event);
  return hash;
}

void Execution::count_pair(const Site& site, EventKind kind, Object& object) {
  Step last{object.key, object.last_access};
  Step now{object.key, access_of(kind)};
  if (now.access == Access::kNone || &object == real_time_ || object.role == &kTaskRole) return;
  auto where = static_cast<uint32_t>(site.hash);
  if (object.last_task != self_ && dependent(last, now))
    pairs_[combine(object.last_site, where) & pairs_mask_] = 1;
  object.last_site = where;
  object.last_task = self_;
  object.last_access = now.access;
}

void Execution::count_standing_pairs(uint32_t what) {
  for (int i = 0; i < task_count_; ++i) {
    const Task& task = tasks_[static_cast<size_t>(i)];
    if (i == self_ || task.state != Task::State::kRunnable || task.transitions == 0) continue;
    const uint64_t where = combine(task.pending.site->hash, uint64_t{task.sleeping});
    standing_[combine(where, what) & standing_mask_] = 1;
  }
}

#ifdef DAXRACE_DEBUG
ExpressionGuard::ExpressionGuard() : task_(&Execution::current().self_task()) {
  if (++task_->expression_points == 2) {
    Execution::current().misuse(Misuse::k_two_points, task_->object, *task_->pending.site);
  }
}

ExpressionGuard::~ExpressionGuard() { --task_->expression_points; }
#endif

}  // namespace daxrace::engine
