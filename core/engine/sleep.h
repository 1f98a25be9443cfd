/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ends a sleep besides what the task sleeps for: signals and timeouts.
 *
 * A signal is a flag of the task; it wakes an interruptible sleeper. Sending it is one step here; the kernel
 * sets the flag and wakes in two, which differ only for a task that falls asleep between them, and that task
 * looks at the flag first.
 *
 * A timeout knows no time. A draw says which of two things it does: 0, it expires only when nobody else can
 * run, so that waiting with a timeout is never a deadlock; 1, it may expire at any moment.
 */
#ifndef DAXRACE_CORE_ENGINE_SLEEP_H_
#define DAXRACE_CORE_ENGINE_SLEEP_H_

#include "core/engine/execution.h"

namespace daxrace::engine {

enum class Sleep : uint8_t { kUninterruptible, kInterruptible };

/* A signal for `to`. What the sender did before it happens before `to` wakes up, if this wakes it, and before
 * `to` takes the signal. */
void send_signal(TaskId to, const Site& site = kAnonymousSite, ExpressionGuard guard = {});

/* Whether the running task has a signal; it keeps it. Orders nothing. */
bool signal_pending(const Site& site = kAnonymousSite, ExpressionGuard guard = {});

/* The running task takes its signal, as on the way back to user mode. True: there was one. */
bool take_signal(const Site& site = kAnonymousSite, ExpressionGuard guard = {});

/* --- for primitives --------------------------------------------------------------------------------------
 */

/* The object that stands for the signals to a task, named by the task's number. */
Object& signals_of(TaskId task);

/* Ends the sleep of `task`. The waker has to tick when it has woken all it wakes. */
void wake_task(TaskId task);

/* std::atomic::wait and notify, for the waiter that has just read the value that it waits to see changed, in
 * the same step. Whom notifying one wakes is drawn. They order nothing. */
void sleep_on(Object& word, const Site& site);
void notify_sleepers(Object& word, bool all, const Site& site);

/* Draws what the timeout of the next wait does. */
Timeout draw_timeout(const Site& site);

/* For Pending::enabled: whether the timeout may expire now. What it says depends on every task. */
bool can_time_out(const Pending& pending, TaskId task);

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_SLEEP_H_
