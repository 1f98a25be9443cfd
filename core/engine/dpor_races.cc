/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/dpor_races.h"

#include <algorithm>
#include <array>
#include <functional>

namespace daxrace::engine {

namespace {

/* Which classes of accesses conflict with one of class c: reads, adds, writes. */
constexpr bool kConflict[3][3] = {{false, true, true}, {true, false, true}, {true, true, true}};

int class_of(Access access) { return access == Access::kRead ? 0 : access == Access::kAdd ? 1 : 2; }

constexpr TaskId task_id(size_t i) { return static_cast<TaskId>(i); }

}  // namespace

/* --- the trace, cut into transitions --- */

void RaceAnalysis::reset(const Execution& execution) {
  execution_ = &execution;
  width_ = (static_cast<size_t>(execution.task_count()) + kClockBlock - 1) / kClockBlock * kClockBlock;
  objects_ = 0;
  transitions_.clear();
  touches_.clear();
  last_touch_.clear();
  object_clocks_.clear();
  zero_.assign(width_, 0);
  last_of_.assign(width_, -1);
  absent_.assign(width_, -1);
  if (++round_ == 0) {
    slots_.assign(slots_.size(), {});
    round_ = 1;
  }
}

uint32_t RaceAnalysis::object_of(uint64_t key) {
  size_t mask = slots_.size() - 1;
  size_t at = key & mask;
  while (slots_[at].round == round_ && slots_[at].key != key) at = (at + 1) & mask;
  if (slots_[at].round == round_) return slots_[at].object;
  slots_[at] = {key, objects_++, round_};
  object_clocks_.resize(cell(objects_, 0), 0);
  last_touch_.resize(cell(objects_, 0), -1);
  if (objects_ * 2 > slots_.size()) {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.round != round_) continue;
      size_t to = slot.key & (slots_.size() - 1);
      while (slots_[to].round == round_) to = (to + 1) & (slots_.size() - 1);
      slots_[to] = slot;
    }
  }
  return objects_ - 1;
}

/* Each object once for each way to touch it. */
void RaceAnalysis::touch(Index transition, uint64_t key, Access access) {
  if (access == Access::kNone || access == Access::kEverything) return;
  uint32_t object = object_of(key);
  Transition& t = transitions_[static_cast<size_t>(transition)];
  for (uint32_t i = t.touches; i < t.touches_end; ++i) {
    if (touches_[i].object == object && touches_[i].access == access) return;
  }
  touches_.push_back({object, access, transition, -1});
  t.touches_end = static_cast<uint32_t>(touches_.size());
}

void RaceAnalysis::cut(const Execution& execution, const Part& part,
                       std::span<const SearchPath::Node> nodes) {
  auto trace = execution.trace();
  size_t node = 0;
  uint32_t at = 0;
  while (at < part.to) {
    auto index = static_cast<Index>(transitions_.size());
    Transition& t = transitions_.emplace_back();
    t.first = at;
    t.task = trace[at].task;
    t.touches = t.touches_end = static_cast<uint32_t>(touches_.size());
    t.before = last_of_[t.task];
    t.ordinal = t.before >= 0 && transitions_[static_cast<size_t>(t.before)].task == t.task
                    ? transitions_[static_cast<size_t>(t.before)].ordinal + 1
                    : 1;
    last_of_[t.task] = index;
    while (node < nodes.size() && (nodes[node].is_draw || nodes[node].step < at)) ++node;
    if (node < nodes.size() && nodes[node].step == at) t.node = static_cast<Index>(node);
    for (size_t i = 0; i < width_; ++i) {
      bool here = t.node >= 0 ? (nodes[node].runnable & SearchPath::bit(task_id(i))) != 0 : i == t.task;
      if (!here) absent_[i] = index;
    }
    t.waits = turn_of(trace[at].kind) != Turn::kFree || absent_[t.task] > t.before;
    for (; at < part.to && (at == t.first || !trace[at].point); ++at) {
      Step step = step_of(trace[at]);
      touch(index, step.object, step.access);
      if (trace[at].kind != EventKind::k_spawn) continue;
      touch(index, kTaskNumbers, Access::kWrite);
      last_of_[trace[at].value] = index;
    }
  }
}

/* --- races --- */

bool RaceAnalysis::offered(Index at, TaskId task) const {
  const Transition& t = transitions_[static_cast<size_t>(at)];
  if (t.node < 0) return t.task == task;
  return (nodes_[static_cast<size_t>(t.node)].runnable & SearchPath::bit(task)) != 0;
}

/* All earlier transitions of others that conflict with `later` and that its task did not know of. */
void RaceAnalysis::collect(Index later) {
  const Transition& t = transitions_[static_cast<size_t>(later)];
  const uint32_t* known = known_before(t);
  for (uint32_t i = t.touches; i < t.touches_end; ++i) {
    const Touch& mine = touches_[i];
    for (int c = 0; c < kClasses; ++c) {
      if (!kConflict[class_of(mine.access)][c]) continue;
      const int32_t* last = &last_touch_[cell(mine.object, c)];
      for (size_t q = 0; q < width_; ++q) {
        if (q == t.task) continue;
        for (int32_t k = last[q]; k >= 0; k = touches_[static_cast<size_t>(k)].previous) {
          Index earlier = touches_[static_cast<size_t>(k)].transition;
          if (transitions_[static_cast<size_t>(earlier)].ordinal <= known[q]) break;
          racing_.push_back(earlier);
        }
      }
    }
  }
}

/* Whether `earlier` gave back what `later` had to wait for, and had held it before: nobody else could have
 * taken it in its place. A release that is a scheduling point is of a lock that is also tried: the later one
 * may be an attempt, which does not wait. */
bool RaceAnalysis::excluded(const Transition& earlier, const Transition& later) const {
  auto trace = execution_->trace();
  if (later.first >= trace.size()) return false;
  const Event& waits = trace[later.first];
  if (turn_of(waits.kind) != Turn::kAcquires) return false;
  for (uint32_t i = earlier.first; i < trace.size() && (i == earlier.first || !trace[i].point); ++i) {
    const Event& e = trace[i];
    if (e.role != waits.role || e.object != waits.object) continue;
    if (turn_of(e.kind) == Turn::kAcquires) return false;
    if (turn_of(e.kind) == Turn::kReleases) return !e.point && (e.value != 0 || waits.value != 0);
  }
  return false;
}

/* Tasks whose next transition can begin what does not depend on `earlier`, with `later` after it. */
RaceAnalysis::Mask RaceAnalysis::initials(Index earlier, Index later) const {
  const Transition& e = transitions_[static_cast<size_t>(earlier)];
  std::array<uint32_t, kTasksMax> first{}; /* ordinal of the first transition of each task in it */
  Mask begun = 0;
  Mask initial = 0;
  auto visit = [&](const Transition& t, const uint32_t* known) {
    if ((begun & SearchPath::bit(t.task)) != 0) return;
    begun |= SearchPath::bit(t.task);
    bool depends = false;
    for (size_t q = 0; q < width_ && !depends; ++q) depends = first[q] != 0 && first[q] <= known[q];
    if (!depends) initial |= SearchPath::bit(t.task);
    first[t.task] = t.ordinal;
  };
  for (Index i = earlier + 1; i < later; ++i) {
    const Transition& t = transitions_[static_cast<size_t>(i)];
    if (clock(i)[e.task] < e.ordinal) visit(t, clock(i));
  }
  visit(transitions_[static_cast<size_t>(later)], clock(later));
  return initial;
}

/* Whether `later`, which slept at the node and would run there without having seen `earlier`, would be as
 * independent of what comes between as it seems: without `earlier` it may do more than it did here. What it
 * does is known from where it was put to sleep. */
bool RaceAnalysis::sleeps_through(const SearchPath::Node& node, Index earlier, Index later) const {
  const Transition& e = transitions_[static_cast<size_t>(earlier)];
  TaskId task = transitions_[static_cast<size_t>(later)].task;
  auto trace = execution_->trace();
  for (const SearchPath::Sleeper& sleeper : node.sleepers) {
    if (sleeper.task != task) continue;
    const Footprint& footprint = nodes_[sleeper.node].explored[sleeper.explored].footprint;
    for (Index i = earlier + 1; i < later; ++i) {
      if (clock(i)[e.task] >= e.ordinal) continue;
      uint32_t from = transitions_[static_cast<size_t>(i)].first;
      for (uint32_t k = from; k < trace.size() && (k == from || !trace[k].point); ++k) {
        if (footprint.conflicts(step_of(trace[k]))) return false;
      }
    }
  }
  return true;
}

/* racing_: latest first, each once. */
void RaceAnalysis::reverse(Index later) {
  const Transition& t = transitions_[static_cast<size_t>(later)];
  const uint32_t* known = known_before(t);
  known_.assign(known, known + width_);
  for (Index earlier : racing_) {
    const Transition& e = transitions_[static_cast<size_t>(earlier)];
    if (e.ordinal <= known_[e.task] || e.node < 0 || excluded(e, t)) continue;
    SearchPath::Node& node = nodes_[static_cast<size_t>(e.node)];
    Mask can_begin = initials(earlier, later) & node.runnable;
    if (can_begin == 0) continue;
    Mask self = SearchPath::bit(t.task);
    Mask may_begin = can_begin;
    if ((can_begin & node.asleep & self) != 0 && t.before < earlier &&
        !sleeps_through(node, earlier, later)) {
      may_begin &= ~self;
    }
    if (may_begin != 0 && (may_begin & (node.todo | node.asleep)) == 0) {
      node.todo |= (may_begin & self) != 0 ? self : may_begin & -may_begin;
    }
    /* Only where the order can surely be reversed is what comes before `earlier` somebody else's business. */
    bool at_once = t.before < earlier && (can_begin & self) != 0;
    if (at_once || !t.waits) join(known_.data(), clock(earlier), static_cast<int>(width_));
  }
}

/* also_from: transitions from there on conflict with `later` whatever they touch. */
void RaceAnalysis::find_races(Index later, Index also_from) {
  racing_.clear();
  collect(later);
  const Transition& t = transitions_[static_cast<size_t>(later)];
  for (Index i = also_from; i < later; ++i) {
    if (transitions_[static_cast<size_t>(i)].task != t.task) racing_.push_back(i);
  }
  std::sort(racing_.begin(), racing_.end(), std::greater<>());
  racing_.erase(std::unique(racing_.begin(), racing_.end()), racing_.end());
  reverse(later);
}

/* What tasks waited for when the execution stopped, perhaps in vain, or had no time to do. */
void RaceAnalysis::find_pending_races(const Part& part) {
  auto done = static_cast<Index>(transitions_.size());
  for (size_t i = 0; i < width_; ++i) {
    if (last_of_[i] < 0 || (part.could & SearchPath::bit(task_id(i))) != 0) continue;
    Step next = step_at(part.to, task_id(i));
    bool too_late = part.ended_early && execution_->task(task_id(i)).state == Task::State::kRunnable;
    if (next.access == Access::kNone && !too_late) continue;
    Transition& t = transitions_.emplace_back();
    t.first = part.to;
    t.touches = t.touches_end = static_cast<uint32_t>(touches_.size());
    t.task = task_id(i);
    t.before = last_of_[i];
    const Transition& before = transitions_[static_cast<size_t>(t.before)];
    t.ordinal = before.task == t.task ? before.ordinal + 1 : 1;
    t.waits = true;
    touch(done, next.object, next.access);
    clocks_.resize(static_cast<size_t>(done + 1) * width_);
    std::copy_n(clock(t.before), width_, clock(done));
    clock(done)[i] = t.ordinal;
    find_races(done, part.ended_early ? done - 1 : done);
    transitions_.pop_back();
    touches_.resize(t.touches);
  }
}

/* What the task was about to do before event `at`. */
Step RaceAnalysis::step_at(uint32_t at, TaskId task) const {
  for (const Event& e : execution_->trace().subspan(at)) {
    if (e.task == task && e.point) return step_of(e);
  }
  const Task& t = execution_->task(task);
  if (t.state != Task::State::kRunnable || t.pending.object == nullptr) return {};
  return {t.pending.object->key, access_of(t.pending.kind)};
}

/* --- happens-before --- */

void RaceAnalysis::order(Index transition) {
  const Transition& t = transitions_[static_cast<size_t>(transition)];
  uint32_t* mine = clock(transition);
  std::copy_n(known_before(t), width_, mine);
  mine[t.task] = t.ordinal;
  for (uint32_t i = t.touches; i < t.touches_end; ++i) {
    for (int c = 0; c < kClasses; ++c) {
      if (!kConflict[class_of(touches_[i].access)][c]) continue;
      join(mine, &object_clocks_[cell(touches_[i].object, c)], static_cast<int>(width_));
    }
  }
}

void RaceAnalysis::publish(Index transition) {
  const Transition& t = transitions_[static_cast<size_t>(transition)];
  for (uint32_t i = t.touches; i < t.touches_end; ++i) {
    size_t at = cell(touches_[i].object, class_of(touches_[i].access));
    join(&object_clocks_[at], clock(transition), static_cast<int>(width_));
    touches_[i].previous = last_touch_[at + t.task];
    last_touch_[at + t.task] = static_cast<int32_t>(i);
  }
}

void RaceAnalysis::analyse(const Execution& execution, const Part& part, std::span<SearchPath::Node> nodes) {
  reset(execution);
  nodes_ = nodes;
  cut(execution, part, nodes);
  auto n = static_cast<Index>(transitions_.size());
  clocks_.resize(static_cast<size_t>(n) * width_);
  for (Index i = 0; i < n; ++i) {
    bool is_new = i + 1 == n || transitions_[static_cast<size_t>(i + 1)].first > part.from;
    bool ends = part.ended_early && i + 1 == n;
    order(i);
    if (ends) {
      for (Index k = 0; k < i; ++k) join(clock(i), clock(k), static_cast<int>(width_));
    }
    if (is_new) find_races(i, ends ? 0 : i);
    publish(i);
  }
  find_pending_races(part);
}

}  // namespace daxrace::engine
