/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wait_var_event() and wake_up_var() over a table of hashed queues, as kernel/sched/wait_bit.c has them. A
 * variable is known by Object::key where the kernel takes its address; variables whose keys fall together
 * share a queue, and waiters of the one see wake-ups of the other only as time spent.
 */
#ifndef DAXRACE_CORE_ENGINE_WAIT_VAR_H_
#define DAXRACE_CORE_ENGINE_WAIT_VAR_H_

#include "core/engine/wait_event.h"

namespace daxrace::engine {

/* One for an execution: bit_wait_table. */
class WaitVarTable {
 public:
  /* size >= 1; 1 makes all variables collide. */
  void init(const Role& role, uint32_t size);

  WaitQueue& queue_of(const Object& variable) { return queues_[variable.key % size_]; }

  /* Wakes all that wait for `variable`. Whether anybody stands on the queue is read without its lock, so a
   * full barrier has to stand between the change and this, or the order of operations has to be that of an
   * interleaving, as it is here. */
  void wake_up_var(const Object& variable, const Site& site = kAnonymousSite);

 private:
  WaitQueue* queues_ = nullptr;
  uint32_t size_ = 0;
};

template <class Condition>
void wait_var_event(WaitVarTable& table, const Object& variable, const Condition& condition,
                    const Site& site = kAnonymousSite) {
  if (condition()) return;
  WaitEntry entry;
  entry.key = variable.key;
  wait_event_entry(table.queue_of(variable), entry, false, false, condition, site);
}

/* False: a signal came first (-ERESTARTSYS). */
template <class Condition>
[[nodiscard]] bool wait_var_event_interruptible(WaitVarTable& table, const Object& variable,
                                                const Condition& condition,
                                                const Site& site = kAnonymousSite) {
  if (condition()) return true;
  WaitEntry entry;
  entry.key = variable.key;
  entry.state = Sleep::kInterruptible;
  return wait_event_entry(table.queue_of(variable), entry, false, false, condition, site);
}

/* False: the time (sleep.h) was up, and the condition still did not hold. */
template <class Condition>
[[nodiscard]] bool wait_var_event_timeout(WaitVarTable& table, const Object& variable,
                                          const Condition& condition, const Site& site = kAnonymousSite) {
  if (condition()) return true;
  WaitEntry entry;
  entry.key = variable.key;
  return wait_event_entry(table.queue_of(variable), entry, false, true, condition, site);
}

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_WAIT_VAR_H_
