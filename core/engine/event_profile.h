/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tasks are likely to do, learned from executions that have ended: how many events, on which objects,
 * and who spawns whom. An event is a transition. Tasks are known by number, the order of their spawns: where
 * several tasks spawn others, and their order is left to the schedule, the counts are those of a mixture.
 *
 * Every execution is counted, but what is known changes only after the executions of number 0, 1, 2, 4, 8,
 * ..., which are to be traced: the cost of learning vanishes, and between them a strategy has a fixed
 * distribution.
 *
 * The count of a task is its mean over the executions in which it came to its end, because a few long retry
 * loops must not decide, as they would in a maximum, and because a task that a deadlock or a crash cut short
 * tells little. Until it has come to its end once, it is the largest count seen.
 *
 * A start that is followed by nothing but the next scheduling point of its task is no event of its own: no
 * order of it can be told from another.
 */
#ifndef DAXRACE_CORE_ENGINE_EVENT_PROFILE_H_
#define DAXRACE_CORE_ENGINE_EVENT_PROFILE_H_

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/engine/execution.h"

namespace daxrace::engine {

class EventProfile {
 public:
  using Counts = std::array<uint32_t, kTasksMax>;

  /* Whether a trace of the next execution is needed, and what is known changes after it. */
  bool due() const { return (executions_ & (executions_ - 1)) == 0; }
  void learn(const Execution& execution);

  /* Tasks 0 .. tasks()-1 have been seen. */
  int tasks() const { return tasks_; }
  const Counts& events() const { return events_; }
  /* Less than the task; 0 for those never seen. */
  TaskId parent(TaskId id) const { return parents_[id]; }
  bool silent_start(TaskId id) const { return starts_[id] == Start::kSilent; }
  /* Events that the task has done. */
  uint32_t done(const Task& task, TaskId id) const {
    return task.transitions - (task.transitions != 0 && silent_start(id));
  }

  /* Objects on which several tasks did events that conflict, after the first spawn, in the order of keys.
   * Index below objects(). */
  size_t objects() const { return objects_.size(); }
  uint64_t key(size_t object) const { return objects_[object].key; }
  /* The numbers of the task's transitions on the object, rising; 0 is its start. */
  std::span<const uint32_t> touches(size_t object, TaskId task) const;

 private:
  enum class Start : uint8_t { kUnknown, kSilent, kLoud };
  struct Touch {
    uint64_t key;
    uint32_t transition;
    TaskId task;
    Access access;
  };
  struct SharedObject {
    uint64_t key;
    uint32_t first; /* of its touches, and one past them */
    uint32_t last;
  };

  void count(const Execution& execution);
  void read_trace(const Execution& execution);
  void note(const Event& event);
  void keep_touches(const Execution& execution);
  void index_touches();

  uint64_t executions_ = 0;
  int tasks_ = 0;
  Counts events_{};
  Counts largest_{};
  std::array<uint64_t, kTasksMax> sum_{}; /* over executions_finished_ */
  std::array<uint64_t, kTasksMax> finished_{};
  std::array<TaskId, kTasksMax> parents_{};
  std::array<Start, kTasksMax> starts_{};
  std::vector<Touch> touches_;        /* by key, task, transition */
  std::vector<uint32_t> transitions_; /* of touches_, in the same order */
  std::vector<SharedObject> objects_;

  /* Of the trace being read. */
  std::array<uint32_t, kTasksMax> points_{};
  bool spawned_ = false; /* any task */
  std::vector<Touch> seen_;
};

/* The counts of tasks that are not there yet, at the ancestor that is on the way to spawn them. */
class Unspawned {
 public:
  void begin(const EventProfile& profile, const EventProfile::Counts& counts);
  /* The next task, by number, is there. Returns what moved from its parent to it. */
  uint32_t spawn_next();
  /* Tasks that are there. */
  int known() const { return known_; }
  uint32_t below(TaskId id) const { return below_[id]; }

 private:
  const EventProfile* profile_ = nullptr;
  const EventProfile::Counts* counts_ = nullptr;
  int known_ = 0;
  EventProfile::Counts below_{};
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_EVENT_PROFILE_H_
