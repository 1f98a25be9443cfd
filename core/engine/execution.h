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
#include <string_view>
#include <vector>

#include "core/engine/arena.h"
#include "core/engine/event.h"
#include "core/engine/fiber.h"
#include "core/engine/finding.h"
#include "core/engine/strategy.h"

namespace daxrace::engine {

struct Limits {
  uint32_t steps_max = 20000; /* events of an execution; beyond it, fair scheduling decides about livelock */
  int tasks_max = 9;          /* including the first; at most kTasksMax */
};

enum class End : uint8_t {
  kFinished,  /* every task ended */
  kFatal,     /* a fatal finding, or a crash of the machine */
  kAbandoned, /* the strategy saw nothing new ahead */
};

/* The next operation of a task, declared before it is done. */
struct Pending {
  const Site* site = &kAnonymousSite;
  const Object* object = nullptr;
  EventKind kind = EventKind::kCount;
  /* Whether the operation could be done now; null: always. */
  bool (*enabled)(const Object* object, const Pending& pending, TaskId task) = nullptr;
  /* Who is in the way; null: nobody in particular. */
  TaskId (*holder)(const Object* object, const Pending& pending) = nullptr;
  uint64_t detail = 0; /* of the primitive: mode of a lock, key of a queue */
  uint32_t ticket = 0; /* order of arrival of those that have to wait; 0: has not had to */
  bool any_order = false; /* who came first has no claim: the order of arrival is no part of the state */
};

/* A choice that was not the default. What a schedule is made of. */
struct Decision {
  uint32_t step;
  uint32_t value;   /* task switched to, or value drawn */
  TaskId preempted; /* whose pending event was put off; kNoTask for a draw or if nobody's was */
  bool is_draw;
};

/* A lock or its like that a task holds; for reports. */
struct Held {
  const Object* object;
  bool exclusive;
  uint32_t step; /* since */
};

struct Task {
  enum class State : uint8_t { kUnused, kRunnable, kFinished };
  static constexpr int kHeldMax = 16;

  State state = State::kUnused;
  bool sleeping = false; /* on a wait queue, not yet woken */
  bool spinning = false; /* at a retry point, and nothing it read has changed since */
  uint8_t held_count = 0;
  uint8_t read_count = 0; /* of spin_reads; more than fit: any write counts */
  uint8_t read_count_before_round = 0; /* at the last retry point that made it spin */
  uint32_t op = 0;        /* index of the current operation */
  uint32_t points = 0;    /* scheduling points since the last operation boundary */
  int expression_points = 0;
  uint64_t observed = 0; /* hash of everything read, and of every point, since the last operation boundary */
  uint32_t* clock = nullptr;
  uint32_t* acquire_pending = nullptr; /* what relaxed reads brought; an acquire fence takes it */
  uint32_t* released = nullptr;        /* clock at the last release fence */
  Object object;                       /* of its spawn, start, finish and join */
  Pending pending;
  std::array<Held, kHeldMax> held;
  std::array<const Object*, 16> spin_reads;
  std::array<uint32_t, 16> spin_read_at; /* steps_ then: a change at or after it was not seen */
  std::string_view name;
  void (*body)(void*) = nullptr;
  void* body_arg = nullptr;
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

  /* Recorded; the execution goes on. Only the first finding of a verdict is kept. True: it is new. */
  bool report(const Finding& finding);
  /* Recorded, and the execution ends. */
  [[noreturn]] void fail(const Finding& finding);

  /* --- for primitives --------------------------------------------------------------------------------------
   */

  void init(Object& object, const Role& role) {
    object.role = &role;
    object.index = next_index(role);
    object.key = combine(role.hash(), object.index);
  }

  /* Declares the next operation and lets the strategy choose who runs. Returns when it may be done. */
  void point(const Pending& pending);
  /* The operation was done. */
  void event(const Site& site, EventKind kind, Object& object, uint64_t value);

  Task& task(TaskId id) { return tasks_[id]; }
  const Task& task(TaskId id) const { return tasks_[id]; }
  Task& self_task() { return tasks_[self_]; }
  int clock_width() const { return limits_.tasks_max; }
  uint32_t* make_clock() { return arena_.make_array<uint32_t>(static_cast<size_t>(limits_.tasks_max)); }
  void tick() { ++self_task().clock[self_]; }
  Epoch epoch() const { return {tasks_[self_].clock[self_], self_}; }

  void hold(const Object& object, bool exclusive);
  void release(const Object& object);
  TaskId holder_of(const Object& object) const;

  /* A value was read from shared state: the task's future may depend on it. */
  void observe(const Object& object, uint64_t value) {
    Task& t = self_task();
    t.observed = combine(t.observed, value);
    if (t.read_count < t.spin_reads.size()) {
      t.spin_reads[t.read_count] = &object;
      t.spin_read_at[t.read_count] = steps_;
    }
    if (t.read_count < 0xff) ++t.read_count;
  }
  /* Shared state changed: keeps its hash and lets spinning tasks look again. */
  void changed(Object& object, uint64_t before, uint64_t after) {
    if (before == after) return;
    state_ += wide(object.key, after) - wide(object.key, before);
    object.changed_at = steps_;
    if (spinners_ != 0) stop_spinning(object);
  }

  /* --- for strategies, oracles and reports -----------------------------------------------------------------
   */

  std::span<const Event> trace() const { return {trace_.data(), steps_}; }
  uint64_t trace_hash() const { return hash_; }
  uint32_t steps() const { return steps_; }
  int task_count() const { return task_count_; }
  std::span<const Finding> findings() const { return {findings_.data(), finding_count_}; }
  /* The finding of smallest precedence, or null. */
  const Finding* headline() const;
  std::span<const Decision> decisions() const { return decisions_; }
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

 private:
  static void run_task(void* arg);
  uint32_t next_index(const Role& role);
  void reset();
  Candidates::Mask collect(bool* only_spinners) const;
  bool enabled(const Task& task, TaskId id) const;
  TaskId choose_next(bool current_can_go_on);
  void switch_to(TaskId next);
  [[noreturn]] void end(End how);
  [[noreturn]] void deadlock();
  [[noreturn]] void livelock();
  void spend();
  void stop_spinning(const Object& object);
  void stop_spinning(Task& task);
  void count_pair(const Site& site, EventKind kind, Object& object);

  static inline Execution* current_ = nullptr;

  Limits limits_;
  Arena arena_;
  std::vector<Task> tasks_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  Fiber main_;
  std::vector<Event> trace_;
  std::vector<Decision> decisions_;
  std::array<Finding, 16> findings_;
  std::array<uint32_t, Role::kRolesMax> role_counts_;
  std::vector<uint16_t> roles_used_;
  Object* real_time_ = nullptr;

  Strategy* strategy_ = nullptr;
  End end_ = End::kFinished;
  TaskId self_ = kNoTask;
  int task_count_ = 0;
  int unfinished_ = 0;
  uint32_t steps_ = 0;
  uint32_t budget_ = 0;
  bool fair_ = false;
  uint32_t preemptions_ = 0;
  uint32_t tickets_ = 0;
  int spinners_ = 0;
  uint8_t choice_ = 0; /* of the last point, until the next event takes it */
  bool point_ = false; /* the next event is the one that was declared */
  uint64_t hash_ = 0;
  Hash128 state_ = 0;
  size_t finding_count_ = 0;
  OuterState outer_state_ = nullptr;
  void* outer_arg_ = nullptr;
  uint8_t* pairs_ = nullptr;
  uint32_t pairs_mask_ = 0;
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
