/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/execution.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace daxrace::engine {

namespace {
constexpr uint64_t kHashSeed = hash_text("daxrace trace 1");
}  // namespace

Execution::Execution(Limits limits) : limits_(limits) {
  if (limits_.tasks_max < 1 || limits_.tasks_max > kTasksMax) {
    std::fprintf(stderr, "harness: an execution has 1 to %d tasks, not %d\n", kTasksMax, limits_.tasks_max);
    std::abort();
  }
  name_sites();
  tasks_.resize(static_cast<size_t>(limits_.tasks_max));
  /* A quarter more for the fair part, and one for whatever ends it. */
  trace_.resize(limits_.steps_max + limits_.steps_max / 4 + 64);
  decisions_.reserve(limits_.steps_max);
  roles_used_.reserve(Role::kRolesMax);
  role_counts_.fill(0);
}

Execution::~Execution() = default;

void Execution::reset() {
  arena_.reset();
  for (uint16_t slot : roles_used_) role_counts_[slot] = 0;
  roles_used_.clear();
  for (int i = 0; i < task_count_; ++i) tasks_[static_cast<size_t>(i)].state = Task::State::kUnused;
  decisions_.clear();
  task_count_ = unfinished_ = 0;
  steps_ = 0;
  budget_ = limits_.steps_max;
  fair_ = false;
  preemptions_ = tickets_ = 0;
  spinners_ = 0;
  choice_ = 0;
  point_ = false;
  hash_ = kHashSeed;
  state_ = 0;
  finding_count_ = 0;
}

End Execution::run(Strategy& strategy, Body first, void* arg) {
  reset();
  strategy_ = &strategy;
  current_ = this;
  self_ = kNoTask;
  real_time_ = arena_.make<Object>();
  init(*real_time_, kRealTimeRole);
  self_ = spawn(first, arg, "setup");
  Fiber::switch_to(main_, *fibers_[self_]);
  current_ = nullptr;
  strategy.end(*this);
  return end_;
}

uint32_t Execution::next_index(const Role& role) {
  uint32_t& count = role_counts_[role.slot()];
  if (count == 0) roles_used_.push_back(role.slot());
  return count++;
}

/* --- tasks
 * --------------------------------------------------------------------------------------------------- */

TaskId Execution::spawn(Body body, void* arg, std::string_view name) {
  if (task_count_ == limits_.tasks_max) {
    std::fprintf(stderr, "harness: more than %d tasks\n", limits_.tasks_max);
    std::abort();
  }
  auto id = static_cast<TaskId>(task_count_++);
  ++unfinished_;
  Task& task = tasks_[id];
  task = Task{};
  task.state = Task::State::kRunnable;
  task.name = name;
  task.body = body;
  task.body_arg = arg;
  task.clock = make_clock();
  if (self_ != kNoTask) {
    std::copy_n(self_task().clock, clock_width(), task.clock);
    tick();
  }
  task.clock[id] = 1;
  init(task.object, kTaskRole);
  while (fibers_.size() <= id) fibers_.push_back(std::make_unique<Fiber>());
  fibers_[id]->allocate_stack();
  fibers_[id]->start(run_task, this);
  if (self_ != kNoTask) {
    event(kAnonymousSite, EventKind::k_spawn, task.object, id);
    self_task().observed = combine(self_task().observed, id);
  }
  return id;
}

void Execution::run_task(void* arg) {
  auto& execution = *static_cast<Execution*>(arg);
  Task& task = execution.self_task();
  /* An event of its own, so that there is at most one choice before any step. */
  execution.point_ = true;
  execution.event(kAnonymousSite, EventKind::k_start, task.object, 0);
  task.body(task.body_arg);
  execution.event(kAnonymousSite, EventKind::k_finish, task.object, execution.self_);
  task.state = Task::State::kFinished;
  if (--execution.unfinished_ == 0) execution.end(End::kFinished);
  execution.switch_to(execution.choose_next(false));
  std::abort(); /* nobody switches to a finished task */
}

void Execution::join(TaskId target, const Site& site) {
  Pending pending{&site, &task(target).object, EventKind::k_join};
  pending.detail = target;
  pending.enabled = [](const Object*, const Pending& p, TaskId) {
    return current().task(static_cast<TaskId>(p.detail)).state == Task::State::kFinished;
  };
  pending.holder = [](const Object*, const Pending& p) { return static_cast<TaskId>(p.detail); };
  pending.any_order = true;
  point(pending);
  daxrace::engine::join(self_task().clock, task(target).clock, clock_width());
  event(site, EventKind::k_join, task(target).object, target);
}

void Execution::end(End how) {
  end_ = how;
  Fiber::switch_to(*fibers_[self_], main_);
  std::abort(); /* the execution is over */
}

/* --- scheduling
 * ---------------------------------------------------------------------------------------------- */

bool Execution::enabled(const Task& task, TaskId id) const {
  return task.pending.enabled == nullptr || task.pending.enabled(task.pending.object, task.pending, id);
}

void Execution::point(const Pending& pending) {
  Task& task = self_task();
  task.pending = pending;
  ++task.points;
  /* How far the task has come: the site does not tell rounds of a loop that reads nothing. */
  task.observed = combine(task.observed, pending.site->hash);
  bool can_go_on = enabled(task, self_);
  if (!can_go_on) {
    task.pending.ticket = ++tickets_;
    TaskId holder = pending.holder == nullptr ? kNoTask : pending.holder(pending.object, pending);
    event(*pending.site, EventKind::k_contend, const_cast<Object&>(*pending.object), holder);
  }
  TaskId next = choose_next(can_go_on);
  if (next != self_) switch_to(next);
  point_ = true;
}

namespace {

Candidates::Mask rotate(Candidates::Mask tasks, TaskId first) {
  return first == 0 ? tasks : tasks >> first | tasks << (kTasksMax - first);
}

}  // namespace

/* Those that can run now. Spinning tasks only if there is nobody else: until something that they read
 * changes, they would do the same again. */
Candidates::Mask Execution::collect(bool* only_spinners) const {
  Candidates::Mask tasks = 0;
  Candidates::Mask spinners = 0;
  for (int id = 0; id < task_count_; ++id) {
    const Task& task = tasks_[static_cast<size_t>(id)];
    if (task.state != Task::State::kRunnable) continue;
    if (!enabled(task, static_cast<TaskId>(id))) continue;
    (task.spinning ? spinners : tasks) |= Candidates::Mask{1} << id;
  }
  *only_spinners = tasks == 0;
  return tasks == 0 ? spinners : tasks;
}

TaskId Execution::choose_next(bool can_go_on) {
  bool only_spinners = false;
  Candidates candidates(rotate(collect(&only_spinners), self_), self_);
  size_t n = candidates.size();
  choice_ = 0;
  if (n == 0) deadlock();
  if (n == 1) return candidates[0];
  /* Only spinners: each would do the same again, in whatever order. They take turns until a livelock. */
  if (only_spinners || fair_) return candidates[candidates[0] == self_ ? 1 : 0];
  bool preemptible = can_go_on && candidates[0] == self_;
  size_t index = strategy_->pick({*this, steps_, preemptible ? self_ : kNoTask, candidates});
  if (index == Strategy::kAbandon) end(End::kAbandoned);
  TaskId next = candidates[index];
  if (index != 0) {
    decisions_.push_back({steps_, next, preemptible ? self_ : kNoTask, false});
    if (preemptible) ++preemptions_;
  }
  choice_ = static_cast<uint8_t>(index);
  return next;
}

void Execution::switch_to(TaskId next) {
  TaskId from = self_;
  self_ = next;
  Fiber::switch_to(*fibers_[from], *fibers_[next]);
}

uint32_t Execution::choose(uint32_t bound, const Site& site) {
  uint32_t value = 0;
  if (bound > 1 && !fair_) {
    value = strategy_->draw(*this, bound);
    if (value != 0) decisions_.push_back({steps_, value, kNoTask, true});
  }
  Task& task = self_task();
  task.observed = combine(task.observed, value);
  stop_spinning(task); /* it may not do the same again */
  event(site, EventKind::k_draw, *real_time_, value);
  return value;
}

namespace {

/* Whether something that the task read has changed since, or may have. */
bool missed_change(const Task& task) {
  if (task.read_count > task.spin_reads.size()) return true;
  for (size_t i = 0; i < task.read_count; ++i) {
    if (task.spin_reads[i]->changed_at >= task.spin_read_at[i]) return true;
  }
  return false;
}

/* So that another round leaves the same list. */
void forget_repeated(Task& task) {
  uint8_t kept = 0;
  for (size_t i = 0; i < task.read_count; ++i) {
    auto end = task.spin_reads.begin() + kept;
    if (std::find(task.spin_reads.begin(), end, task.spin_reads[i]) != end) continue;
    task.spin_reads[kept] = task.spin_reads[i];
    task.spin_read_at[kept++] = task.spin_read_at[i];
  }
  task.read_count = kept;
}

}  // namespace

void Execution::retry_point(uint64_t observed) {
  Task& task = self_task();
  if (missed_change(task)) {
    task.read_count = 0;
  } else {
    forget_repeated(task);
    if (!task.spinning) ++spinners_;
    task.spinning = true;
    task.read_count_before_round = task.read_count;
  }
  task.observed = observed;
}

void Execution::stop_spinning(const Object& object) {
  for (int i = 0; i < task_count_; ++i) {
    Task& task = tasks_[static_cast<size_t>(i)];
    if (!task.spinning) continue;
    bool reads = task.read_count > task.spin_reads.size();
    for (size_t k = 0; !reads && k < task.read_count; ++k) reads = task.spin_reads[k] == &object;
    if (!reads) continue;
    /* Between two rounds it will look at everything again, as if the change had come before the round. In the
     * middle of one it may have looked before the change: what it read is kept. */
    if (task.read_count == task.read_count_before_round) task.read_count = 0;
    stop_spinning(task);
  }
}

void Execution::stop_spinning(Task& task) {
  spinners_ -= task.spinning;
  task.spinning = false;
}

void Execution::op_boundary(uint32_t op) {
  Task& task = self_task();
  stop_spinning(task);
  task.op = op;
  task.points = 0;
  task.observed = 0;
  task.read_count = 0;
}

void Execution::invoke(uint32_t op, const Site& site) {
  op_boundary(op);
  point({&site, real_time_, EventKind::k_invoke});
  event(site, EventKind::k_invoke, *real_time_, op);
}

void Execution::ret(uint64_t result, const Site& site) {
  point({&site, real_time_, EventKind::k_ret});
  event(site, EventKind::k_ret, *real_time_, result);
}

void Execution::crash(const Site& site) {
  point({&site, real_time_, EventKind::k_crash});
  event(site, EventKind::k_crash, *real_time_, 0);
  end(End::kFatal);
}

/* --- events
 * -------------------------------------------------------------------------------------------------- */

void Execution::event(const Site& site, EventKind kind, Object& object, uint64_t value) {
  Event& e = trace_[steps_];
  e = {&site, object.role, value, object.index, choice_, point_, self_, kind};
  choice_ = 0;
  point_ = false;
  hash_ = extend(hash_, e);
  if (pairs_ != nullptr) count_pair(site, kind, object);
  if (++steps_ >= budget_) spend();
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

void Execution::spend() {
  if (fair_) livelock();
  /* A schedule may starve whoever could end the loop: only a fair one shows that nobody can. */
  fair_ = true;
  budget_ += limits_.steps_max / 4;
}

void Execution::hold(const Object& object, bool exclusive) {
  Task& task = self_task();
  if (task.held_count < Task::kHeldMax) task.held[task.held_count] = {&object, exclusive, steps_ - 1};
  ++task.held_count;
}

void Execution::release(const Object& object) {
  Task& task = self_task();
  for (int i = std::min<int>(task.held_count, Task::kHeldMax); i > 0; --i) {
    if (task.held[static_cast<size_t>(i - 1)].object != &object) continue;
    for (int k = i; k < std::min<int>(task.held_count, Task::kHeldMax); ++k) {
      task.held[static_cast<size_t>(k - 1)] = task.held[static_cast<size_t>(k)];
    }
    if (task.held_count >= Task::kHeldMax) task.held.back() = {};
    --task.held_count;
    return;
  }
  if (task.held_count != 0) --task.held_count; /* one of those that did not fit */
}

TaskId Execution::holder_of(const Object& object) const {
  for (int id = 0; id < task_count_; ++id) {
    const Task& task = tasks_[static_cast<size_t>(id)];
    for (int i = 0; i < std::min<int>(task.held_count, Task::kHeldMax); ++i) {
      if (task.held[static_cast<size_t>(i)].object == &object) return static_cast<TaskId>(id);
    }
  }
  return kNoTask;
}

Hash128 Execution::state_key(Turns turns) const {
  Hash128 key = state_ + wide(0x63757272656e74, turns == Turns::kCounted ? self_ : kNoTask);
  for (int i = 0; i < task_count_; ++i) {
    const Task& task = tasks_[static_cast<size_t>(i)];
    uint64_t who = uint64_t(i) | uint64_t(task.state) << 8 | uint64_t(task.sleeping) << 10 |
                   uint64_t(task.spinning) << 11 | uint64_t(task.op) << 16;
    if (task.state == Task::State::kFinished) {
      key += wide(who, 0); /* nothing depends on what it has seen */
      continue;
    }
    uint64_t next = task.pending.site->hash ^ (task.pending.object != nullptr ? task.pending.object->key : 0);
    uint64_t rank = 0;
    if (task.pending.ticket != 0 && !task.pending.any_order) {
      for (int k = 0; k < task_count_; ++k) {
        const Pending& other = tasks_[static_cast<size_t>(k)].pending;
        rank += other.ticket != 0 && other.object == task.pending.object && other.ticket <= task.pending.ticket;
      }
    }
    key += wide(combine(who, task.observed), combine(next, rank | task.pending.detail << 8));
    /* Whether it spins at the next retry point. */
    key += wide(who, missed_change(task));
    if (missed_change(task)) continue;
    for (size_t k = 0; k < std::min<size_t>(task.read_count, task.spin_reads.size()); ++k) {
      key += wide(who, combine(k, task.spin_reads[k]->key));
    }
  }
  if (outer_state_ != nullptr) key += outer_state_(outer_arg_);
  return key;
}

#ifdef DAXRACE_DEBUG
ExpressionGuard::ExpressionGuard() : task_(&Execution::current().self_task()) {
  if (++task_->expression_points > 1) {
    std::fprintf(stderr, "harness: two scheduling points in one full expression, the first at %s\n",
                 task_->pending.site->name().c_str());
    std::abort();
  }
}

ExpressionGuard::~ExpressionGuard() { --task_->expression_points; }
#endif

}  // namespace daxrace::engine
