/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a task holds, and where it looked before it went to sleep: what reports about locks and waiting are
 * made of.
 */
#ifndef DAXRACE_CORE_ENGINE_HELD_H_
#define DAXRACE_CORE_ENGINE_HELD_H_

#include <cstdint>

#include "core/engine/event.h"

namespace daxrace::engine {

struct WaitEntry;

/* How a lock was taken. */
struct Hold {
  bool exclusive = true;
  bool recursive =
      false; /* shared, and readers may come again although a writer waits: read_lock, not down_read */
  bool tried = false;  /* it would not have waited */
  bool ordered = true; /* false: for reports only, it has no place in the order of locks */
  uint8_t subclass =
      0; /* below kSubclassesMax; lockdep's, for locks of one role that have an order of their own */
};

constexpr uint8_t kSubclassesMax = 8;

/* How the task that releases an object says that it holds it. */
enum class HeldAs : uint8_t { kEither, kShared, kExclusive };

/* A lock or its like that a task holds. */
struct Held {
  const Object* object = nullptr;
  const Site* site = &kAnonymousSite; /* where it was taken */
  uint32_t step = 0;                  /* since */
  bool exclusive = false;
  bool recursive = false;
  uint8_t order_class = 0; /* in LockOrder; 0: none */
};

/* The last wake-up of a queue or a condition variable. */
struct WakeUp {
  TaskId task = kNoTask;
  uint32_t step = 0;
  uint64_t key = 0;
};

/* The sleep of a task on a wait queue, a condition variable or an atomic: reads are counted as by
 * Task::read_count. */
struct Look {
  uint32_t woken = 0;                /* reads done when it was woken last */
  uint32_t prepared = 0;             /* reads done when it queued itself last */
  uint32_t step = 0;                 /* of that */
  TaskId holder = kNoTask;           /* who held then what it says it waits for */
  const Object* queue = nullptr;     /* what it sleeps on */
  const WakeUp* last_wake = nullptr; /* of that; null: not kept */
  bool asleep = false;               /* without a timeout */
  const WaitEntry* entry = nullptr;  /* while it is in schedule() of a wait queue */

  void fall_asleep(const Object& on, const WakeUp* wake, uint32_t reads, uint32_t now) {
    queue = &on;
    last_wake = wake;
    prepared = reads;
    step = now;
    asleep = true;
  }
  void wake_up(uint32_t reads) {
    asleep = false;
    woken = reads;
  }
};

/* An object that is gone. */
struct Destroyed {
  const Destroyed* next;
  const Object* object;
  const Site* site;
  uint32_t step;
  TaskId task;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_HELD_H_
