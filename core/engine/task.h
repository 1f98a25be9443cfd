/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A task of an execution, and the operation that it is about to do.
 */
#ifndef DAXRACE_CORE_ENGINE_TASK_H_
#define DAXRACE_CORE_ENGINE_TASK_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "core/engine/event.h"
#include "core/engine/held.h"

namespace daxrace::engine {

/* When a wait ends by itself; see sleep.h. */
enum class Timeout : uint8_t { kNever, kWhenIdle, kAnyTime };

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
  bool sleeps = false; /* it may put the task to sleep: misuse where Task::may_not_sleep() */
  Timeout timeout = Timeout::kNever;
  bool any_order = false; /* who came first has no claim: the order of arrival is no part of the state */
};

/* A choice that was not the default. What a schedule is made of. */
struct Decision {
  uint32_t step;
  uint32_t value;   /* task switched to, or value drawn */
  TaskId preempted; /* whose pending event was put off; kNoTask for a draw or if nobody's was */
  bool is_draw;
};

/* Thrown through a body that is to end early. Not to be caught, or to be thrown again. */
struct Unwind {};

struct Task {
  using Body = void (*)(void* arg);

  enum class State : uint8_t { kUnused, kRunnable, kFinished };
  static constexpr int kHeldMax = 16;

  State state = State::kUnused;
  bool sleeping = false;  /* on a wait queue, not yet woken */
  bool body_left = false; /* there is nothing to unwind any more */
  bool started = false;
  bool joined = false;
  bool ended_op = false;       /* an operation, since the fair part began */
  bool interruptible = false;  /* while it sleeps: a signal wakes it too */
  bool signalled = false;      /* a signal is pending; state of `signals` */
  bool idle = false;           /* it serves others and has nothing to do: when only such are left, they end */
  uint8_t queued = 0;          /* entries of it that are on wait queues */
  uint16_t atomic_nesting = 0; /* spinlocks that it holds, and callbacks that it runs in atomic context */
  uint16_t rcu_nesting = 0;    /* of its RCU read sections; those of SRCU may sleep and do not count */
  uint8_t held_count = 0;
  uint32_t read_count = 0;        /* since its loop or operation began; the last of them are in spin_reads */
  uint32_t changes = 0;           /* of shared state in the fair part, since the last operation boundary */
  Look look;                      /* where it looked before it went to sleep */
  uint32_t op = 0;                /* index of the current operation */
  uint32_t transitions = 0;       /* done before the one that is pending, its start included */
  uint32_t transitions_at_op = 0; /* at the last operation boundary */
  uint32_t transitions_at_fair = 0;     /* when the fair part began */
  uint32_t read_count_before_round = 0; /* at the last retry point that made it spin */
  int expression_points = 0;
  int caught = 0;        /* how often it caught Unwind */
  uint64_t observed = 0; /* if the strategy needs the state: hash of everything read, and of every point,
                            since the last operation boundary */
  uint32_t* clock = nullptr;
  uint32_t* acquire_pending = nullptr; /* what relaxed reads brought; an acquire fence takes it */
  uint32_t* released = nullptr;        /* clock at the last release fence */
  uint32_t* woken = nullptr;           /* clocks of those that woke it */
  uint32_t* signal_clock = nullptr;    /* clocks of those that sent it signals */
  Object object;                       /* of its spawn, start, finish and join */
  Object signals;                      /* of signals to it; named by signals_of() */
  Object* sleeps_on = nullptr;         /* queue of its interruptible sleep */
  Pending pending;
  std::array<Held, kHeldMax> held;
  std::array<const Object*, 16> spin_reads;
  std::array<uint32_t, 16> spin_read_at; /* steps_ then: a change at or after it was not seen */
  std::string_view name;
  Body body = nullptr;
  void* body_arg = nullptr;

  /* Everything but the clock and the object. */
  void begin(Body task_body, void* arg, std::string_view task_name);
  bool may_not_sleep() const { return atomic_nesting != 0 || rcu_nesting != 0; }
};

/* What the C++ runtime keeps for a thread about exceptions, and a fiber must have for its own. */
struct ExceptionState {
  void* caught = nullptr;
  unsigned int uncaught = 0;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_TASK_H_
