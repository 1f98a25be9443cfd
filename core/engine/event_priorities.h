/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A random priority for each pending event, drawn when it becomes one.
 *
 * A strategy is not asked where there is one candidate, so a task may have done events that it did not
 * choose: a priority is stamped with what its task had done. And it lapses while its task is no candidate:
 * what makes an event possible again is dependent with it, so a strategy that draws anew after dependent
 * events would have done so then.
 */
#ifndef DAXRACE_CORE_ENGINE_EVENT_PRIORITIES_H_
#define DAXRACE_CORE_ENGINE_EVENT_PRIORITIES_H_

#include <array>

#include "core/engine/execution.h"
#include "core/engine/random.h"

namespace daxrace::engine {

class EventPriorities {
 public:
  explicit EventPriorities(Random& random) : random_(random) {}

  /* A new execution: nothing is pending. */
  void begin() { picks_ += 2; }
  /* A new pick. Within it, of() is asked for every candidate. */
  void next() { ++picks_; }

  /* Never 0. No two events that are pending together have the same. */
  uint64_t of(const Execution& execution, TaskId id) {
    Entry& entry = entries_[id];
    const Task& task = execution.task(id);
    uint64_t done = uint64_t{task.op} << 32 | (task.points << 1 | uint32_t{task.started});
    bool stays = entry.asked + 1 == picks_ && entry.done == done;
    /* Drawn for nothing if it stays: a draw costs less than a branch that nobody can predict. */
    uint64_t drawn = kHighest | random_.next() / kTasksMax * kTasksMax | id;
    entry = {stays ? entry.priority : drawn, picks_, done};
    return entry.priority;
  }
  /* Whose event has that priority. */
  static TaskId task_of(uint64_t priority) { return static_cast<TaskId>(priority % kTasksMax); }

  /* After of() in this pick: another one at the next. */
  void redraw(TaskId id, bool really) { entries_[id].asked = really ? 0 : picks_; }

 private:
  static constexpr uint64_t kHighest = uint64_t{1} << 63;

  struct Entry {
    uint64_t priority = 0;
    uint64_t asked = 0; /* the last pick that did */
    uint64_t done = 0;  /* how far the task had come then */
  };

  Random& random_;
  uint64_t picks_ = 1;
  std::array<Entry, kTasksMax> entries_{};
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_EVENT_PRIORITIES_H_
