/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The races of an execution that has ended, and what source-DPOR has to try because of them (Abdulla, Aronis,
 * Jonsson, Sagonas, POPL 2014 and JACM 2017).
 *
 * The unit is the transition: from one scheduling point of a task to its next. Happens-before is that of
 * dependency: a task's own order, and conflicting accesses to one object. Transition S races with a later E
 * of another task if they conflict and nothing else orders them. Then what does not depend on S, and E after
 * it, could run in the place of S; one of the tasks that can begin that has to be tried there.
 *
 * Which transitions wait for others is not known exactly: for a permit, for one of several wake-ups, until a
 * value changes. So where E may have waited, all earlier conflicting transitions are considered that E's task
 * knew nothing of before, not just the last ones; what cannot run in the place of S is told by who was
 * offered there. Too many races only cost time.
 */
#ifndef DAXRACE_CORE_ENGINE_DPOR_RACES_H_
#define DAXRACE_CORE_ENGINE_DPOR_RACES_H_

#include <span>
#include <vector>

#include "core/engine/search_path.h"

namespace daxrace::engine {

class RaceAnalysis {
 public:
  struct Part {
    uint32_t from; /* event: transitions that end before it were analysed with an earlier execution */
    uint32_t to;   /* event: nothing from it on counts */
    Candidates::Mask could; /* who could go on there: the others wait, and what for counts, too */
    bool ended_early;       /* the last transition conflicts with everything */
  };

  /* Adds to Node::todo. */
  void analyse(const Execution& execution, const Part& part, std::span<SearchPath::Node> nodes);

 private:
  using Mask = SearchPath::Mask;
  using Index = int32_t;             /* of a transition; -1: none */
  static constexpr int kClasses = 3; /* of accesses: reads, adds, writes */

  struct Transition {
    uint32_t first = 0; /* event */
    uint32_t touches = 0;
    uint32_t touches_end = 0;
    uint32_t ordinal = 0; /* among those of the task, from 1 */
    Index before = -1;    /* the task's one before, or the one that spawned it */
    Index node = -1;
    TaskId task = kNoTask;
    bool waits = false; /* it could have had to wait, or had to */
  };
  struct Touch {
    uint32_t object;
    Access access;
    Index transition;
    int32_t previous; /* the last touch of that object by that task in that way; -1: none */
  };
  struct Slot {
    uint64_t key = 0;
    uint32_t object = 0;
    uint32_t round = 0; /* of analyse(), in which it is valid */
  };

  void reset(const Execution& execution);
  void cut(const Execution& execution, const Part& part, std::span<const SearchPath::Node> nodes);
  uint32_t object_of(uint64_t key);
  void touch(Index transition, uint64_t key, Access access);
  void find_races(Index later, Index also_from);
  void find_pending_races(const Part& part);
  Step step_at(uint32_t at, TaskId task) const;
  void collect(Index later);
  void reverse(Index later);
  bool excluded(const Transition& earlier, const Transition& later) const;
  Mask initials(Index earlier, Index later) const;
  bool sleeps_through(const SearchPath::Node& node, Index earlier, Index later) const;
  void order(Index transition);
  void publish(Index transition);

  uint32_t* clock(Index transition) { return &clocks_[static_cast<size_t>(transition) * width_]; }
  const uint32_t* clock(Index transition) const { return &clocks_[static_cast<size_t>(transition) * width_]; }
  size_t cell(uint32_t object, int access_class) const {
    return (object * kClasses + static_cast<size_t>(access_class)) * width_;
  }
  /* What the task of `t` knew before `t`. */
  const uint32_t* known_before(const Transition& t) const {
    return t.before < 0 ? zero_.data() : clock(t.before);
  }
  bool offered(Index at, TaskId task) const;

  const Execution* execution_ = nullptr;
  std::span<SearchPath::Node> nodes_;
  size_t width_ = 0; /* tasks */
  uint32_t round_ = 0;
  uint32_t objects_ = 0;
  std::vector<Transition> transitions_;
  std::vector<Touch> touches_;
  std::vector<Slot> slots_ = std::vector<Slot>(256);
  std::vector<uint32_t> clocks_;        /* [transition][task]: ordinals */
  std::vector<uint32_t> object_clocks_; /* [object][class][task]: of all that touched it so */
  std::vector<int32_t> last_touch_;     /* [object][class][task] */
  std::vector<uint32_t> zero_;
  std::vector<uint32_t> known_;
  std::vector<Index> last_of_; /* [task] */
  std::vector<Index> absent_;  /* [task]: the last transition before which it was not offered */
  std::vector<Index> racing_;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_DPOR_RACES_H_
