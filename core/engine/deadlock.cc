/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nobody can go on: a deadlock, or a wake-up that was lost.
 *
 * A wake-up is lost if a task sleeps on a wait queue although it would not go to sleep if it looked once
 * more. The engine knows that
 *   - from the condition that the waiter declared, WaitEntry::condition;
 *   - or because somebody held what the waiter says it waits for when it queued itself, and nobody does now;
 *   - or because another task has changed what it had looked at: what it read after it queued itself, or, if
 *     that is nothing, the last thing that it read before (the one that decided, in a condition of several).
 * The last rule is a guess in one direction: the new value might not have been the right one either. So it
 * counts only if a wake-up with its key came between the look and the queueing, or if nobody else is stuck
 * who could have been about to wake it. Otherwise, and wherever there is a cycle, it is a deadlock.
 */
#include <algorithm>

#include "core/engine/failure.h"
#include "core/engine/sync.h"

namespace daxrace::engine {

namespace {

/* What is known about a task that cannot go on; only while the execution is current. */
struct Stuck {
  TaskId blocker = kNoTask; /* one of those that are in its way; the next of the cycle, if it is in one */
  bool behind = false;      /* the blocker waits too, and came first */
  bool in_cycle = false;
  bool lost = false;
  Held held = {};                 /* of the blocker, unless behind */
  const Object* missed = nullptr; /* what changed after the task had looked at it */
  uint32_t looked = 0;            /* step of that look */
  uint32_t queued = 0;            /* step at which it queued itself */
  WakeUp wake = {};               /* the last one of its queue */
  bool wake_too_early = false;    /* that one came between the look and the queueing */
  const Object* queue = nullptr;
};

struct Standstill {
  TaskId first = kNoTask; /* of the cycle, or of those in whose way nobody is */
  int cycle = 0;          /* tasks in it */
  Stuck* tasks = nullptr;
};

bool waits_for_lock(const Task& task) { return task.pending.kind == EventKind::k_lock; }

/* Whether `other` is in the way of `task`, in such a way that it can never get out of it by itself. */
bool blocks(const Execution& execution, TaskId id, TaskId other, Stuck* why) {
  const Task& task = execution.task(id);
  const Pending& waits = task.pending;
  if (execution.task(other).state != Task::State::kRunnable) return false;
  const Held* held = execution.held_by(other, *waits.object);
  bool shares = held != nullptr && waits_for_lock(task) && !held->exclusive && waits.detail == 0;
  if (held != nullptr && !shares) {
    *why = {.blocker = other, .held = *held};
    return true;
  }
  const Pending& others = execution.task(other).pending;
  if (other != id && waits_for_lock(task) && others.object == waits.object && others.ticket != 0 &&
      (waits.ticket == 0 || others.ticket < waits.ticket) && others.detail != 0) {
    *why = {.blocker = other, .behind = true};
    return true;
  }
  TaskId holder = waits.holder == nullptr ? kNoTask : waits.holder(waits.object, waits);
  if (holder != other || held != nullptr || shares) return false;
  *why = {.blocker = other};
  return true;
}

bool is_stuck(const Execution& execution, TaskId id) {
  return execution.task(id).state == Task::State::kRunnable;
}

/* The shortest way from `start` back to it, if there is one; then marks it. */
bool find_cycle(Execution& execution, Standstill& all, TaskId start) {
  auto n = static_cast<TaskId>(execution.task_count());
  auto* from = execution.arena().make_array<TaskId>(n);
  auto* queue = execution.arena().make_array<TaskId>(n);
  std::fill_n(from, n, kNoTask);
  int head = 0;
  int tail = 0;
  queue[tail++] = start;
  Stuck why;
  while (head < tail) {
    TaskId at = queue[head++];
    for (TaskId next = 0; next < n; ++next) {
      if (from[next] != kNoTask || !blocks(execution, at, next, &why)) continue;
      from[next] = at;
      if (next != start) queue[tail++] = next;
    }
  }
  if (from[start] == kNoTask) return false;
  TaskId at = start;
  do {
    TaskId before = from[at];
    blocks(execution, before, at, &all.tasks[before]);
    all.tasks[before].in_cycle = true;
    ++all.cycle;
    at = before;
  } while (at != start);
  all.first = start;
  return true;
}

/* What the sleeper had looked at, and another has changed since. */
void find_missed(const Task& task, TaskId id, Stuck& stuck) {
  uint32_t end = task.read_count;
  uint32_t begin = task.look.prepared;
  if (end <= begin) begin = end == 0 ? 0 : std::max(task.look.woken, end - 1);
  auto room = static_cast<uint32_t>(task.spin_reads.size());
  if (end > room) begin = std::max(begin, end - room);
  for (uint32_t i = begin; i < end; ++i) {
    const Object* object = task.spin_reads[i % room];
    bool again = false;
    for (uint32_t k = i + 1; k < end; ++k) again = again || task.spin_reads[k % room] == object;
    uint32_t at = task.spin_read_at[i % room];
    if (again || object->changed_at < at || object->changed_by == id) continue;
    stuck.missed = object;
    stuck.looked = at - 1;
    return;
  }
}

void find_lost(const Execution& execution, TaskId id, Stuck& stuck) {
  const Task& task = execution.task(id);
  const WaitEntry* entry = task.look.entry;
  if (entry == nullptr ? !task.look.asleep : task.pending.kind != EventKind::k_sleep) return;
  stuck.queue = task.look.queue;
  stuck.queued = task.look.step;
  if (entry != nullptr) stuck.wake = static_cast<const WaitQueue*>(entry->queue)->last_wake();
  if (entry == nullptr && task.look.last_wake != nullptr) stuck.wake = *task.look.last_wake;
  if (stuck.blocker != kNoTask) return;
  find_missed(task, id, stuck);
  if (entry != nullptr && entry->condition != nullptr) {
    stuck.lost = entry->condition(entry->argument);
    if (!stuck.lost) stuck.missed = nullptr;
    return;
  }
  if (entry != nullptr && entry->waits_for != nullptr && task.look.holder != kNoTask &&
      stuck.missed == nullptr) {
    stuck.missed = entry->waits_for;
    stuck.looked = stuck.queued;
  }
  stuck.lost = stuck.missed != nullptr;
  stuck.wake_too_early =
      stuck.lost && stuck.wake.task != kNoTask && stuck.wake.step > stuck.looked &&
      stuck.wake.step < stuck.queued &&
      (entry == nullptr || stuck.wake.key == WaitQueue::kAnyKey || stuck.wake.key == entry->key);
}

/* Whom the verdict lost-wakeup is about, or kNoTask. */
TaskId find_sleeper(const Execution& execution, const Standstill& all) {
  if (all.cycle != 0) return kNoTask;
  TaskId lost = kNoTask;
  bool another = false;
  for (TaskId id = 0; id < execution.task_count(); ++id) {
    const Stuck& stuck = all.tasks[id];
    if (!is_stuck(execution, id)) continue;
    if (stuck.lost && stuck.wake_too_early) return id;
    if (stuck.lost && lost == kNoTask) lost = id;
    another = another || (!stuck.lost && stuck.blocker == kNoTask);
  }
  return another ? kNoTask : lost;
}

std::string describe_wait(const Execution& execution, TaskId id, const Stuck& stuck) {
  const Pending& waits = execution.task(id).pending;
  std::string text =
      task_name(execution, id) + " waits for " + object_name(*waits.object) + in_function(*waits.site);
  if (stuck.blocker == kNoTask) return text + ", which nobody is left to signal";
  std::string who = task_name(execution, stuck.blocker);
  if (stuck.behind) return text + ", behind " + who + ", who came first";
  text += ", held by " + who;
  if (stuck.held.object == nullptr) return text;
  return text + " since step " + std::to_string(stuck.held.step) + in_function(*stuck.held.site);
}

std::string describe_deadlock(const Finding& finding, const Execution& execution) {
  const auto& all = *static_cast<const Standstill*>(finding.context);
  std::string text = "no task can go on: ";
  if (all.cycle > 1) text = "no task can go on, " + std::to_string(all.cycle) + " wait in a circle: ";
  std::string between;
  TaskId at = all.first;
  for (int i = 0; i < all.cycle; ++i) {
    text += between + describe_wait(execution, at, all.tasks[at]);
    at = all.tasks[at].blocker;
    between = "; ";
  }
  if (all.cycle != 0) between = "; outside the circle, ";
  auto add_if = [&](bool behind_others) {
    for (TaskId id = 0; id < execution.task_count(); ++id) {
      const Stuck& stuck = all.tasks[id];
      if (!is_stuck(execution, id) || stuck.in_cycle || (stuck.blocker != kNoTask) != behind_others) continue;
      text += between + describe_wait(execution, id, stuck);
      between = "; ";
    }
  };
  add_if(false);
  add_if(true);
  return text;
}

std::string describe_lost(const Finding& finding, const Execution& execution) {
  const auto& all = *static_cast<const Standstill*>(finding.context);
  const Stuck& stuck = all.tasks[finding.task];
  std::string text = task_name(execution, finding.task) + " sleeps on " + object_name(*stuck.queue) +
                     at_step(finding.step, *finding.site) + " and nobody is left to wake it, although ";
  if (stuck.missed == nullptr) {
    text += "what it waits for holds already";
  } else {
    text += task_name(execution, finding.other_task) + " has changed " + object_name(*stuck.missed) +
            at_step(finding.other_step, *finding.other_site) + " since it looked (step " +
            std::to_string(stuck.looked) + ")";
  }
  const Look& look = execution.task(finding.task).look;
  const bool on_queue = look.entry != nullptr || look.last_wake != nullptr;
  if (on_queue && stuck.wake.task == kNoTask) {
    text += "; the queue was never woken";
  } else if (on_queue) {
    text += "; the last wake-up of the queue, by " + task_name(execution, stuck.wake.task) + " in step " +
            std::to_string(stuck.wake.step) +
            (stuck.wake.step < stuck.queued ? ", came before it was queued" : ", was not for it");
  }
  for (TaskId id = 0; id < execution.task_count(); ++id) {
    if (id != finding.task && is_stuck(execution, id))
      text += "; " + describe_wait(execution, id, all.tasks[id]);
  }
  return text;
}

}  // namespace

void Execution::deadlock() {
  auto* all = arena_.make<Standstill>();
  all->tasks = arena_.make_array<Stuck>(static_cast<size_t>(task_count_));
  for (TaskId id = 0; id < task_count_ && all->cycle == 0; ++id) {
    if (is_stuck(*this, id)) find_cycle(*this, *all, id);
  }
  for (TaskId id = 0; id < task_count_; ++id) {
    if (!is_stuck(*this, id) || all->tasks[id].in_cycle) continue;
    for (TaskId other = 0; other < task_count_; ++other) {
      if (blocks(*this, id, other, &all->tasks[id])) break;
    }
    if (all->first == kNoTask && all->tasks[id].blocker == kNoTask) all->first = id;
  }
  for (TaskId id = 0; id < task_count_; ++id) {
    if (is_stuck(*this, id)) find_lost(*this, id, all->tasks[id]);
  }
  TaskId sleeper = find_sleeper(*this, *all);
  Finding finding = make_finding(sleeper == kNoTask ? Failure::k_deadlock : Failure::k_lost_wakeup);
  finding.context = all;
  if (sleeper != kNoTask) {
    const Stuck& stuck = all->tasks[sleeper];
    finding.describe = describe_lost;
    finding.task = sleeper;
    finding.step = stuck.queued;
    finding.site = tasks_[sleeper].pending.site;
    finding.role = stuck.queue->role;
    finding.object = stuck.queue->index;
    if (stuck.missed != nullptr) {
      finding.other_task = stuck.missed->changed_by;
      finding.other_step = last_change(*this, *stuck.missed, stuck.missed->changed_at);
      if (finding.other_step < trace().size()) finding.other_site = trace()[finding.other_step].site;
    }
    fail(finding);
  }
  finding.describe = describe_deadlock;
  finding.step = steps_ == 0 ? 0 : steps_ - 1;
  /* The places where two of them wait name it: of the circle, if there is one, else of those in whose way
   * nobody is. Who is stuck behind them is there by chance. */
  TaskId second = kNoTask;
  if (all->cycle > 1) second = all->tasks[all->first].blocker;
  for (TaskId id = 0; id < task_count_ && all->cycle == 0; ++id) {
    if (is_stuck(*this, id) && id != all->first && all->tasks[id].blocker == kNoTask && second == kNoTask)
      second = id;
  }
  finding.task = all->first;
  finding.site = tasks_[all->first].pending.site;
  finding.role = tasks_[all->first].pending.object->role;
  finding.object = tasks_[all->first].pending.object->index;
  if (second != kNoTask) {
    finding.other_task = second;
    finding.other_site = tasks_[second].pending.site;
  }
  fail(finding);
}

}  // namespace daxrace::engine
