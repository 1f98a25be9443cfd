/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One execution at a time: tasks, whose turn it is, and what came of it.
 *
 * An Execution is reused: run() resets everything and allocates nothing once it is warm. Exactly one is
 * current while its tasks run; the primitives of data.h and sync.h act on it. Not thread-safe: one
 * operating-system thread runs all of it. Parallel searches use processes.
 *
 * A scheduling point precedes the operation it is for, and a full expression contains at most one, because
 * the order of evaluation differs between compilers and so would the trace. DAXRACE_DEBUG asserts it.
 */
#ifndef DAXRACE_CORE_ENGINE_EXECUTION_H_
#define DAXRACE_CORE_ENGINE_EXECUTION_H_

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine/arena.h"
#include "core/engine/event.h"
#include "core/engine/fiber.h"
#include "core/engine/finding.h"
#include "core/engine/lock_order.h"
#include "core/engine/misuse.h"
#include "core/engine/strategy.h"
#include "core/engine/task.h"

namespace daxrace::engine {

struct Limits {
  uint32_t steps_max = 20000; /* events of an execution; beyond it, fair scheduling decides about livelock */
  int tasks_max = 9;          /* including the first; at most kTasksMax */
  /* Steps of one task in one operation: no operation that gets on makes as many. Beyond it, too, fair
   * scheduling decides about livelock: who makes as many again, while nobody ends an operation, is in one. */
  uint32_t op_steps_max = UINT32_MAX;
  size_t memory_max = size_t{1} << 28; /* bytes of the arena */
  /* Bodies own things: a task that does not come to its end is unwound by an exception on its own stack.
   * Otherwise its stack is forgotten, which is right for bodies that own nothing but arena memory. */
  bool unwind = false;
  /* A trace even if the strategy needs none. Without, a finding is explained by running its decisions again:
   * the same seed gives the same execution either way. */
  bool trace = true;
  LockOrder::Scope lock_order = LockOrder::Scope::kExecution;
  bool join_all = false; /* a task that nobody joined is left behind */
};

enum class End : uint8_t {
  kFinished,  /* every task ended */
  kFatal,     /* a fatal finding, or a crash of the machine */
  kAbandoned, /* the strategy saw nothing new ahead */
};

class Execution {
 public:
  using Body = void (*)(void* arg);

  explicit Execution(Limits limits = {});
  ~Execution();
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  static Execution& current() { return *current_; }
  static bool active() { return current_ != nullptr; }

  /* Runs `first` as task 0 and whatever it spawns, until all have ended. */
  End run(Strategy& strategy, Body first, void* arg);

  /* Ends each run() after so many events, as if the strategy had abandoned it: what was done so far can be
   * looked at. */
  void stop_after(uint32_t events) { stop_after_ = events; }

  /* What is right for the operations of one program may be too little for another's. */
  void set_op_steps_max(uint32_t steps) { limits_.op_steps_max = steps; }

  /* --- for the code under test -----------------------------------------------------------------------------
   */

  Arena& arena() { return arena_; }

  /* A new task, runnable from the caller's next scheduling point on. The name is not copied. */
  TaskId spawn(Body body, void* arg, std::string_view name);

  /* Copies a callable into the arena. */
  template <class F>
  TaskId spawn(const F& body, std::string_view name) {
    F* copy = arena_.make<F>(body);
    return spawn([](void* arg) { (*static_cast<F*>(arg))(); }, copy, name);
  }

  void join(TaskId task, const Site& site = kAnonymousSite);

  TaskId self() const { return self_; }

  /* 0 is the default. bound >= 1. */
  uint32_t choose(uint32_t bound, const Site& site = kAnonymousSite);

  /* Before a loop tries again: the task is not the default until something that it read since `observed` was
   * taken has changed. No local of the loop lives on, so what was observed falls back to what it was at the
   * loop's entry. RetryLoop keeps that. */
  void retry_point(uint64_t observed);

  /* Between operations no local of the body lives on, so what was observed may be forgotten. */
  void op_boundary(uint32_t op);
  void invoke(uint32_t op, const Site& site = kAnonymousSite);
  void ret(uint64_t result, const Site& site = kAnonymousSite);

  /* The machine is gone: the execution ends. */
  [[noreturn]] void crash(const Site& site = kAnonymousSite);

  /* Recorded; the execution goes on. Only the first finding of a verdict is kept, or of a verdict at a site
   * where the finding asks for that. True: it is new. */
  bool report(const Finding& finding);
  /* Recorded, and the execution ends. */
  [[noreturn]] void fail(const Finding& finding);
  /* A check of the code under test did not hold. Not copied. */
  [[noreturn]] void fail_assertion(const char* what);
  /* The current task did what it must not: "<task> <what>[: <detail>]". Both live as long as the execution.
   */
  [[noreturn]] void misuse(const char* what, const char* detail = nullptr);

  /* The object is gone: whoever touches it from now on is found out. init() makes a new one of the memory, of
   * another number. No scheduling point: whoever comes too late comes at a point of his own. */
  void destroy(Object& object, const Site& site = kAnonymousSite);

  /* Wrong use of an interface. Ends the execution if the row of misuses.def says so. */
  void misuse(Misuse kind, Object& object, const Site& site, const Culprit& other = {});

  /* The order of locks, over executions. For a new program, and before names of tasks die. */
  void reset_lock_order() { lock_order_.reset(); }
  LockOrder& lock_order() { return lock_order_; }

  /* --- for primitives --------------------------------------------------------------------------------------
   */

  [[gnu::always_inline]] void init(Object& object, const Role& role) {
    if (object.life == Object::Life::kAlive) [[unlikely]]
      init_again(object);
    object.life = Object::Life::kAlive;
    object.role = &role;
    object.index = next_index(role);
    object.key = role.key(object.index);
  }

  /* Declares the next operation and lets the strategy choose who runs. Returns when it may be done. */
  void point(const Pending& pending);
  /* The same for whoever waits for a lock. `waiters` of the lock are the tasks that stand before it: unless
   * it is free, they are blocked. */
  [[gnu::always_inline]] void point_at_lock(const Site& site, const Object& object,
                                            TaskId (*holder)(const Object*, const Pending&),
                                            Candidates::Mask& waiters, bool free, bool sleeps) {
    if (sleeps) about_to_sleep(site, object);
    Task& task = *task_;
    task.pending.sleeps = sleeps;
    task.pending.any_order = true;
    task.pending.holder = holder;
    waiters |= bit(self_);
    if (!free) [[unlikely]]
      block_at_lock(site, object);
    point(site, object, EventKind::k_lock);
    waiters &= ~bit(self_);
    task.pending.ticket = 0;
  }
  /* Misuse where the task may not sleep. */
  void about_to_sleep(const Site& site, const Object& object) {
    if (task_->may_not_sleep()) [[unlikely]]
      misuse(Misuse::k_sleep_in_atomic, const_cast<Object&>(object), site);
  }
  void block(Candidates::Mask tasks) { blocked_ |= tasks; }
  void unblock(Candidates::Mask tasks) { blocked_ &= ~tasks; }
  /* The same for an operation that can always be done. */
  [[gnu::always_inline]] void point(const Site& site, const Object& object, EventKind kind) {
    Task& task = *task_;
    task.pending.site = &site;
    task.pending.object = &object;
    task.pending.kind = kind;
    ++task.transitions;
    if (needs_.state) task.observed = combine(task.observed, site.hash);
    TaskId next = choose_next();
    if (next != self_) {
      switch_to(next);
      if (unwinding_) [[unlikely]]
        unwind();
    }
    point_ = true;
  }
  /* The operation was done. */
  [[gnu::always_inline]] void event(const Site& site, EventKind kind, Object& object, uint64_t value) {
    if (object.life != Object::Life::kAlive) [[unlikely]]
      unusable(site, kind, object);
    record(site, kind, object, value);
  }
  /* The same, of an object that may be used. */
  [[gnu::always_inline]] void record(const Site& site, EventKind kind, Object& object, uint64_t value) {
    if (watched_) {
      trace_[steps_] = {&site, object.role, value, object.index, choice_, point_, self_, kind};
      choice_ = 0;
      point_ = false;
      if (pairs_ != nullptr) count_pair(site, kind, object);
    }
    if (++steps_ >= budget_) [[unlikely]]
      spend();
  }

  Task& task(TaskId id) { return tasks_[id]; }
  const Task& task(TaskId id) const { return tasks_[id]; }
  Task& self_task() { return *task_; }
  int clock_width() const { return clock_width_; }
  uint32_t* make_clock() {
    auto* clock = static_cast<uint32_t*>(
        arena_.allocate(static_cast<size_t>(clock_width_) * sizeof(uint32_t), alignof(uint32_t)));
    clear(clock, clock_width_);
    return clock;
  }
  void tick() { ++task_->clock[self_]; }
  Epoch epoch() const { return {task_->clock[self_], self_}; }

  /* The task has taken a lock or its like, right now: after the event. */
  void hold(const Object& object, const Hold& how);
  void hold(const Object& object, bool exclusive) { hold(object, Hold{.exclusive = exclusive}); }
  /* Misuse if the task does not hold it, or not so. Before the event. */
  void release(const Object& object, const Site& site = kAnonymousSite, HeldAs as = HeldAs::kEither);
  /* The task waits, or would have to if it were held, for an object that others hold by hold(): its place in
   * the order of locks is the same as if it were taken and released at once. */
  void may_wait_for(const Object& object, const Site& site);
  TaskId holder_of(const Object& object) const;
  /* At a retry point, and nothing it read has changed since. */
  bool spinning(TaskId task) const { return (spinning_ >> task & 1) != 0; }
  /* How a task holds the object; null: it does not. */
  const Held* held_by(TaskId task, const Object& object) const;

  /* What the task does next depends on a value that it has not read by observe(). */
  void note_observed(uint64_t value) {
    if (needs_.state) task_->observed = combine(task_->observed, value);
  }
  /* A value was read from shared state: the task's future may depend on it. */
  void observe(const Object& object, uint64_t value) {
    Task& t = *task_;
    if (needs_.state) t.observed = combine(t.observed, value);
    size_t at = t.read_count++ % t.spin_reads.size();
    t.spin_reads[at] = &object;
    t.spin_read_at[at] = steps_;
  }
  /* Shared state changed: keeps its hash and lets spinning tasks look again. */
  [[gnu::always_inline]] void changed(Object& object, uint64_t before, uint64_t after) {
    if (before == after) return;
    if (counts_changes_) {
      state_ += wide(object.key, after) - wide(object.key, before);
      ++task_->changes;
    }
    object.changed_at = steps_;
    object.changed_by = self_;
    if (spinning_ != 0) stop_spinning(object);
  }

  /* --- for strategies, oracles and reports -----------------------------------------------------------------
   */

  /* Empty, and 0, if none is kept: Limits::trace, Strategy::Needs. */
  std::span<const Event> trace() const { return {trace_.data(), needs_.trace ? steps_ : 0}; }
  uint64_t trace_hash() const;
  bool traced() const { return needs_.trace; }
  /* Whether the machine crashed at the end. */
  bool crashed() const { return crashed_; }
  /* What a body threw, if one did. */
  const std::string& thrown() const { return thrown_; }
  uint32_t steps() const { return steps_; }
  int task_count() const { return task_count_; }
  std::span<const Finding> findings() const { return {findings_.data(), finding_count_}; }
  /* What findings()[index] says. Of bodies that are unwound it was made before their objects were gone. */
  std::string sentence(size_t index) const;
  /* The finding of smallest precedence, or null. */
  const Finding* headline() const;
  std::span<const Decision> decisions() const { return {decisions_.data(), decision_count_}; }
  /* Somebody made too many steps: from there on the schedule was fair, and not the strategy's. */
  bool became_fair() const { return fair_; }
  uint32_t preemptions() const { return preemptions_; }
  const Limits& limits() const { return limits_; }

  /* Equal keys mean equal futures: shared state, what each task observed since its operation began, whose
   * turn it is. The owner adds what it keeps outside the engine (the oracles') with set_outer_state(). At a
   * pick whose turn it is only matters to whoever counts preemptions. */
  enum class Turns : uint8_t { kCounted, kIgnored };
  Hash128 state_key(Turns turns = Turns::kCounted) const;
  using OuterState = Hash128 (*)(void* arg);
  void set_outer_state(OuterState state, void* arg) {
    outer_state_ = state;
    outer_arg_ = arg;
  }

  /* Counters, one byte each, for pairs of places in different tasks that touched the same object, one
   * writing. size is a power of two; null: none are kept. */
  void set_pair_counters(uint8_t* counters, uint32_t size) {
    pairs_ = counters;
    pairs_mask_ = size - 1;
  }
  /* The same for pairs of places at which other tasks stand, in the middle of what they do, and `what` the
   * current task does now: half-done states that somebody sees. */
  void set_standing_counters(uint8_t* counters, uint32_t size) {
    standing_ = counters;
    standing_mask_ = size - 1;
  }
  void count_standing(uint32_t what) {
    if (standing_ != nullptr) count_standing_pairs(what);
  }

 private:
  [[noreturn]] static void run_tasks(void* arg);
  [[gnu::always_inline]] inline void run_task();
  uint32_t next_index(const Role& role) {
    uint32_t& count = role_counts_[role.slot()];
    if (count == 0) [[unlikely]]
      roles_used_.push_back(role.slot());
    return count++;
  }
  void reset();
  bool enabled(const Task& task, TaskId id) const;
  uint32_t draw_uniformly(uint32_t bound);
  void contend();
  void block_at_lock(const Site& site, const Object& object);
  Candidates::Mask enabled_among(Candidates::Mask tasks) const;
  TaskId choose_next();
  [[gnu::noinline]] TaskId choose_conditionally(uint64_t ready);
  [[gnu::noinline]] TaskId choose_slowly();
  TaskId chosen(TaskId next, uint64_t ready);
  TaskId choose_without_strategy(Candidates::Mask ready);
  void switch_to(TaskId next) {
    TaskId from = self_;
    self_ = next;
    task_ = &tasks_[next];
    if (limits_.unwind) [[unlikely]]
      swap_exceptions(from, next);
    Fiber::switch_to(fibers_[from], fibers_[next]);
  }
  void enter(TaskId task);
  [[gnu::always_inline]] inline void leave();
  void swap_exceptions(TaskId from, TaskId to);
  [[noreturn]] void unwind_task();
  void unwind();
  void unwind_all();
  [[noreturn]] void end(End how);
  void init_again(Object& object);
  [[gnu::cold]] void unusable(const Site& site, EventKind kind, Object& object);
  [[gnu::cold]] void blocked_by_itself(const Pending& pending);
  void left_behind(bool ended);
  [[noreturn]] void deadlock();
  [[noreturn]] void livelock();
  void out_of_memory();
  bool ready_fiber(TaskId task);
  [[gnu::cold]] void spend();
  void begin_fair();
  void look_again();
  uint32_t fair_steps_max() const { return limits_.steps_max + limits_.steps_max / 4; }
  [[gnu::noinline]] void stop_spinning(const Object& object);
  void stop_spinning(TaskId task);
  void count_pair(const Site& site, EventKind kind, Object& object);
  void count_standing_pairs(uint32_t what);

  static inline Execution* current_ = nullptr;
  static constexpr Candidates::Mask bit(TaskId task) { return Candidates::Mask{1} << task; }

  /* What every step looks at. */
  Task* task_ = nullptr; /* the current one */
  TaskId self_ = kNoTask;
  uint8_t choice_ = 0; /* of the last point, until the next event takes it */
  bool point_ = false; /* the next event is the one that was declared */
  bool fair_ = false;  /* too many steps: the strategy is not asked any more */
  bool unwinding_ = false;
  uint32_t default_until_ = 0; /* Strategy::default_until(); 0 where the strategy is no longer asked */
  bool quick_ = false;         /* uniform_ decides, over at most 64 tasks */
  bool crashed_ = false;
  bool counts_changes_ = false; /* the strategy needs the state, or the fair part has begun */
  bool watched_ = false;        /* a trace or pairs are kept */
  Strategy::Needs needs_;
  uint32_t steps_ = 0;
  uint32_t budget_ = 0;    /* steps after which to look whether anybody gets on */
  uint32_t fair_from_ = 0; /* the step at which the fair part began */
  uint32_t stop_after_ = UINT32_MAX;
  uint32_t preemptions_ = 0;
  uint32_t decision_count_ = 0;
  Candidates::Mask runnable_ = 0;    /* tasks that have not ended */
  Candidates::Mask conditional_ = 0; /* those whose pending operation may have to wait */
  Candidates::Mask spinning_ = 0;
  Candidates::Mask blocked_ = 0; /* those that wait for a lock; kept by the locks */
  std::unique_ptr<Fiber[]> fibers_;
  Random* uniform_ = nullptr; /* of a strategy that picks uniformly */
  uint64_t drawn_ = 0;        /* from it, for the next pick */
  Strategy* strategy_ = nullptr;
  uint8_t* pairs_ = nullptr;
  uint32_t pairs_mask_ = 0;
  uint8_t* standing_ = nullptr;
  uint32_t standing_mask_ = 0;

  Limits limits_;
  int clock_width_ = 0;
  Arena arena_;
  std::vector<Task> tasks_;
  std::vector<uint8_t> fiber_idle_;        /* at the top of run_tasks(), to be resumed */
  std::vector<ExceptionState> exceptions_; /* of each fiber, and last of the caller's */
  std::string thrown_;                     /* what a body threw */
  Fiber main_;
  std::vector<Event> trace_;
  std::vector<Decision> decisions_;
  std::array<Finding, 16> findings_;
  std::vector<std::string> sentences_; /* if bodies are unwound */
  LockOrder lock_order_;
  const Destroyed* destroyed_ = nullptr; /* the last; in the arena */
  std::array<uint32_t, Role::kRolesMax> role_counts_;
  std::vector<uint16_t> roles_used_;
  Object* real_time_ = nullptr;

  End end_ = End::kFinished;
  int task_count_ = 0;
  int unfinished_ = 0;
  uint32_t tickets_ = 0;
  Hash128 state_ = 0;
  size_t finding_count_ = 0;
  OuterState outer_state_ = nullptr;
  void* outer_arg_ = nullptr;
};

/* Around a loop that tries again until something changes; again() stands before the jump back. */
class RetryLoop {
 public:
  RetryLoop() : observed_(Execution::current().self_task().observed) {}
  void again() const { Execution::current().retry_point(observed_); }

 private:
  uint64_t observed_;
};

/* One for each scheduling point, as a default argument: it lives until the end of the full expression. */
class ExpressionGuard {
 public:
#ifdef DAXRACE_DEBUG
  ExpressionGuard();
  ~ExpressionGuard();

 private:
  Task* task_;
#endif
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_EXECUTION_H_
