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
  /* A quarter more for the fair part, and one for whatever ends it. */
  trace_.resize(limits_.steps_max + limits_.steps_max / 4 + 64);
  decisions_.resize(trace_.size());
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
  budget_ = limits_.steps_max;
  fair_ = unwinding_ = crashed_ = point_ = false;
  preemptions_ = tickets_ = 0;
  runnable_ = conditional_ = spinning_ = blocked_ = 0;
  choice_ = 0;
  state_ = 0;
  finding_count_ = 0;
  sentences_.clear();
  destroyed_ = nullptr;
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
  if (uniform_ != nullptr) drawn_ = uniform_->next();
  current_ = this;
  self_ = kNoTask;
  task_ = nullptr;
  real_time_ = arena_.make<Object>();
  init(*real_time_, kRealTimeRole);
  if (ready_fiber(0)) {
    fiber_idle_[0] = 1;
    enter(spawn(first, arg, "setup"));
    if (limits_.unwind) {
      while (sentences_.size() < finding_count_) sentences_.push_back(sentence(sentences_.size()));
      unwind_all();
    }
  } else {
    end_ = End::kFatal;
    Finding finding = make_finding(Failure::k_misuse);
    finding.describe = [](const Finding&, const Execution&) {
      return std::string("there is no memory for the stack of the first task");
    };
    report(finding);
  }
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

void Execution::end(End how) {
  end_ = how;
  if (unwinding_) unwind_task();
  if (limits_.unwind) swap_exceptions(self_, kNoTask);
  Fiber::switch_to(fibers_[self_], main_);
  unwind_task();
}

/* --- scheduling
 * ---------------------------------------------------------------------------------------------- */

namespace {

Candidates::Mask rotate(Candidates::Mask tasks, TaskId first) {
  return first == 0 ? tasks : tasks >> first | tasks << (kTasksMax - first);
}

TaskId lowest(Candidates::Mask tasks) { return Candidates(tasks, 0)[0]; }

/* kSelect[byte][n]: position of the n-th bit that is set in the byte. */
constexpr auto kSelect = [] {
  std::array<std::array<uint8_t, 8>, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned n = 0;
    for (unsigned i = 0; i < 8; ++i) {
      if ((byte >> i & 1) != 0) table[byte][n++] = static_cast<uint8_t>(i);
    }
  }
  return table;
}();

TaskId only(uint64_t task) { return static_cast<TaskId>(std::countr_zero(task)); }

/* The first task of `tasks` from `self` on, round and round. */
TaskId first_from(uint64_t tasks, TaskId self) {
  uint64_t from = tasks >> self << self;
  return static_cast<TaskId>(std::countr_zero(from != 0 ? from : tasks));
}

/* A loop over the bits would be a branch that nobody can predict. */
TaskId nth_bit(uint64_t tasks, uint32_t n) {
  for (int base = 0;; base += 8, tasks >>= 8) {
    auto byte = static_cast<uint8_t>(tasks);
    auto count = static_cast<uint32_t>(std::popcount(byte));
    if (n < count) return static_cast<TaskId>(base + kSelect[byte][n]);
    n -= count;
  }
}

}  // namespace

/* The draw after this one is made now: the processor need not wait for it when it guessed wrongly. */
uint32_t Execution::draw_uniformly(uint32_t bound) {
  uint64_t drawn = drawn_;
  drawn_ = uniform_->next();
  return static_cast<uint32_t>((drawn >> 32) * bound >> 32);
}

bool Execution::enabled(const Task& task, TaskId id) const {
  if ((blocked_ & bit(id)) != 0) return false;
  return task.pending.enabled == nullptr || task.pending.enabled(task.pending.object, task.pending, id);
}

Candidates::Mask Execution::enabled_among(Candidates::Mask tasks) const {
  Candidates::Mask can = 0;
  for (; tasks != 0; tasks &= tasks - 1) {
    TaskId id = lowest(tasks);
    if (enabled(tasks_[id], id)) can |= bit(id);
  }
  return can;
}

void Execution::point(const Pending& pending) {
  if (pending.enabled == nullptr) {
    task_->pending.detail = pending.detail;
    task_->pending.holder = pending.holder;
    point(*pending.site, *pending.object, pending.kind);
    task_->pending.detail = 0;
    return;
  }
  Task& task = *task_;
  task.pending = pending;
  ++task.transitions;
  /* How far the task has come: the site does not tell rounds of a loop that reads nothing. */
  if (needs_.state) task.observed = combine(task.observed, pending.site->hash);
  if (pending.sleeps) about_to_sleep(*pending.site, *pending.object);
  conditional_ |= bit(self_);
  if (!enabled(task, self_)) contend();
  TaskId next = choose_next();
  if (next != self_) {
    switch_to(next);
    if (unwinding_) unwind();
  }
  conditional_ &= ~bit(self_);
  task.pending.enabled = nullptr;
  task.pending.ticket = 0;
  task.pending.detail = 0;
  point_ = true;
}

void Execution::block_at_lock(const Site& site, const Object& object) {
  task_->pending.site = &site;
  task_->pending.object = &object;
  task_->pending.kind = EventKind::k_lock;
  blocked_ |= bit(self_);
  contend();
}

/* The current task has to wait for what it declared. */
void Execution::contend() {
  Pending& pending = task_->pending;
  pending.ticket = ++tickets_;
  TaskId holder = pending.holder == nullptr ? kNoTask : pending.holder(pending.object, pending);
  event(*pending.site, EventKind::k_contend, const_cast<Object&>(*pending.object), holder);
  if (pending.kind == EventKind::k_lock) blocked_by_itself(pending);
}

TaskId Execution::chosen(TaskId next, uint64_t ready) {
  bool preempts = (ready >> self_ & 1) != 0;
  /* The current task cannot go on: the default is the next one, round and round. */
  if (!preempts && next == first_from(ready, self_)) return next;
  choice_ = 1;
  decisions_[decision_count_++] = {steps_, next, preempts ? self_ : kNoTask, false};
  preemptions_ += preempts;
  return next;
}

/*
 * Those that can run now, the spinning ones only if there is nobody else: until something that they read
 * changes, they would do the same again. The walk of a uniform strategy over few tasks is the hot path: a
 * handful of instructions on one word, without a call.
 */
TaskId Execution::choose_next() {
  auto ready = static_cast<uint64_t>(runnable_ & ~spinning_ & ~blocked_);
  if (!quick_) [[unlikely]]
    return choose_slowly();
  if ((ready & static_cast<uint64_t>(conditional_)) != 0) return choose_conditionally(ready);
  if ((ready & (ready - 1)) == 0) return ready != 0 ? only(ready) : choose_slowly();
  TaskId next = nth_bit(ready, draw_uniformly(static_cast<uint32_t>(std::popcount(ready))));
  return next == self_ ? next : chosen(next, ready);
}

TaskId Execution::choose_conditionally(uint64_t ready) {
  for (uint64_t left = ready & static_cast<uint64_t>(conditional_); left != 0; left &= left - 1) {
    const Pending& pending = tasks_[only(left)].pending;
    if (!pending.enabled(pending.object, pending, only(left))) ready &= ~(left & -left);
  }
  if ((ready & (ready - 1)) == 0) return ready != 0 ? only(ready) : choose_slowly();
  TaskId next = nth_bit(ready, draw_uniformly(static_cast<uint32_t>(std::popcount(ready))));
  return next == self_ ? next : chosen(next, ready);
}

TaskId Execution::choose_slowly() {
  Candidates::Mask ready = runnable_ & ~spinning_ & ~blocked_;
  Candidates::Mask maybe = ready & conditional_;
  if (maybe != 0) ready ^= maybe ^ enabled_among(maybe);
  if (fair_ || unwinding_ || ready == 0) return choose_without_strategy(ready);
  Candidates candidates(rotate(ready, self_), self_);
  if ((ready & (ready - 1)) == 0) return candidates[0];
  bool preempts = (ready & bit(self_)) != 0;
  size_t index = 0;
  if (uniform_ != nullptr) {
    /* The same task as choose_next() draws. */
    index =
        candidates.index_of(Candidates(ready, 0)[draw_uniformly(static_cast<uint32_t>(candidates.size()))]);
  } else {
    index = strategy_->pick({*this, steps_, preempts ? self_ : kNoTask, candidates});
  }
  if (index == Strategy::kAbandon) end(End::kAbandoned);
  TaskId next = candidates[index];
  if (index == 0) return next;
  choice_ = 1;
  decisions_[decision_count_++] = {steps_, next, preempts ? self_ : kNoTask, false};
  preemptions_ += preempts;
  return next;
}

TaskId Execution::choose_without_strategy(Candidates::Mask ready) {
  if (unwinding_) {
    unwind();
    return self_;
  }
  /* Only spinners: each would do the same again, in whatever order. They take turns until a livelock. */
  if (ready == 0) ready = runnable_ & spinning_ & ~blocked_;
  ready ^= (ready & conditional_) ^ enabled_among(ready & conditional_);
  if (ready == 0) deadlock();
  Candidates candidates(rotate(ready, self_), self_);
  return candidates.size() > 1 && candidates[0] == self_ ? candidates[1] : candidates[0];
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

namespace {

/* Whether something that the task read has changed since, or may have. */
bool missed_change(const Task& task) {
  if (task.read_count > task.spin_reads.size()) return true;
  for (uint32_t i = 0; i < task.read_count; ++i) {
    if (task.spin_reads[i]->changed_at >= task.spin_read_at[i]) return true;
  }
  return false;
}

/* So that another round leaves the same list. */
void forget_repeated(Task& task) {
  uint32_t kept = 0;
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
    spinning_ |= bit(self_);
    task.read_count_before_round = task.read_count;
  }
  task.observed = observed;
  task.look = {};
}

void Execution::stop_spinning(const Object& object) {
  for (Candidates::Mask left = spinning_; left != 0; left &= left - 1) {
    TaskId id = lowest(left);
    Task& task = tasks_[id];
    bool reads = task.read_count > task.spin_reads.size();
    for (size_t k = 0; !reads && k < task.read_count; ++k) reads = task.spin_reads[k] == &object;
    if (!reads) continue;
    /* Between two rounds it will look at everything again, as if the change had come before the round. In the
     * middle of one it may have looked before the change: what it read is kept. */
    if (task.read_count == task.read_count_before_round) task.read_count = 0;
    stop_spinning(id);
  }
}

void Execution::stop_spinning(TaskId task) { spinning_ &= ~bit(task); }

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

void Execution::spend() {
  if (unwinding_) {
    --steps_; /* destructors at work: what they do is no part of the execution */
    return;
  }
  if (fair_) livelock();
  /* A schedule may starve whoever could end the loop: only a fair one shows that nobody can. */
  fair_ = true;
  quick_ = false;
  counts_changes_ = true;
  for (int i = 0; i < task_count_; ++i) {
    Task& task = tasks_[static_cast<size_t>(i)];
    task.transitions_at_fair = task.transitions;
    task.ended_op = false;
    task.changes = 0;
  }
  budget_ += limits_.steps_max / 4;
}

Hash128 Execution::state_key(Turns turns) const {
  Hash128 key = state_ + wide(0x63757272656e74, turns == Turns::kCounted ? self_ : kNoTask);
  for (int i = 0; i < task_count_; ++i) {
    const Task& task = tasks_[static_cast<size_t>(i)];
    uint64_t who = uint64_t(i) | uint64_t(task.state) << 8 | uint64_t(task.sleeping) << 10 |
                   uint64_t(spinning(static_cast<TaskId>(i))) << 11 | uint64_t(task.op) << 16;
    if (task.state == Task::State::kFinished) {
      key += wide(who, 0); /* nothing depends on what it has seen */
      continue;
    }
    uint64_t next = task.pending.site->hash ^ (task.pending.object != nullptr ? task.pending.object->key : 0);
    uint64_t rank = 0;
    if (task.pending.ticket != 0 && !task.pending.any_order) {
      for (int k = 0; k < task_count_; ++k) {
        const Pending& other = tasks_[static_cast<size_t>(k)].pending;
        rank +=
            other.ticket != 0 && other.object == task.pending.object && other.ticket <= task.pending.ticket;
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
  if (++task_->expression_points == 2) {
    Execution::current().misuse(Misuse::k_two_points, task_->object, *task_->pending.site);
  }
}

ExpressionGuard::~ExpressionGuard() { --task_->expression_points; }
#endif

}  // namespace daxrace::engine
