/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wait_event() and its forms: sleep until a condition holds, looked at before the first sleep and after every
 * wake-up. `condition` is a callable; what it reads are scheduling points of their own. The forms are those
 * of include/linux/wait.h.
 */
#ifndef DAXRACE_CORE_ENGINE_WAIT_EVENT_H_
#define DAXRACE_CORE_ENGINE_WAIT_EVENT_H_

#include "core/engine/sync.h"

namespace daxrace::engine {

/* What the forms have in common, ___wait_event(). False: a signal came, or the time was up, and the condition
 * did not hold when it was looked at last. */
template <class Condition>
bool wait_event_entry(WaitQueue& queue, WaitEntry& entry, bool exclusive, bool timed,
                      const Condition& condition, const Site& site) {
  bool in_time = true;
  for (;;) {
    bool queued = queue.prepare_to_wait_event(entry, exclusive, site);
    if (condition()) break;
    if (!queued) return false; /* the entry is out already */
    if (!in_time) {
      queue.finish_wait(entry, site);
      return false;
    }
    if (timed) {
      in_time = queue.schedule_timeout(entry, site);
    } else {
      queue.schedule(entry, site);
    }
  }
  queue.finish_wait(entry, site);
  return true;
}

template <class Condition>
void wait_event(WaitQueue& queue, const Condition& condition, const Site& site = kAnonymousSite) {
  if (condition()) return;
  WaitEntry entry;
  wait_event_entry(queue, entry, false, false, condition, site);
}

template <class Condition>
void wait_event_exclusive(WaitQueue& queue, const Condition& condition, const Site& site = kAnonymousSite) {
  if (condition()) return;
  WaitEntry entry;
  wait_event_entry(queue, entry, true, false, condition, site);
}

/* False: a signal came first (-ERESTARTSYS). */
template <class Condition>
[[nodiscard]] bool wait_event_interruptible(WaitQueue& queue, const Condition& condition,
                                            const Site& site = kAnonymousSite) {
  if (condition()) return true;
  WaitEntry entry;
  entry.state = Sleep::kInterruptible;
  return wait_event_entry(queue, entry, false, false, condition, site);
}

template <class Condition>
[[nodiscard]] bool wait_event_interruptible_exclusive(WaitQueue& queue, const Condition& condition,
                                                      const Site& site = kAnonymousSite) {
  if (condition()) return true;
  WaitEntry entry;
  entry.state = Sleep::kInterruptible;
  return wait_event_entry(queue, entry, true, false, condition, site);
}

/* False: the time (sleep.h) was up, and the condition still did not hold. */
template <class Condition>
[[nodiscard]] bool wait_event_timeout(WaitQueue& queue, const Condition& condition,
                                      const Site& site = kAnonymousSite) {
  if (condition()) return true;
  WaitEntry entry;
  return wait_event_entry(queue, entry, false, true, condition, site);
}

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_WAIT_EVENT_H_
