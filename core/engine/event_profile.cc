/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/event_profile.h"

#include <algorithm>
#include <tuple>

namespace daxrace::engine {

void EventProfile::learn(const Execution& execution) {
  count(execution);
  bool due_now = due();
  ++executions_;
  if (!due_now) return;
  if (execution.traced()) {
    read_trace(execution);
    keep_touches(execution);
    index_touches();
  }
  for (int i = 0; i < tasks_; ++i) {
    auto id = static_cast<size_t>(i);
    uint64_t n = finished_[id];
    events_[id] = n != 0 ? static_cast<uint32_t>((sum_[id] + n / 2) / n) : largest_[id];
    if (starts_[id] == Start::kSilent && events_[id] != 0) --events_[id];
  }
}

void EventProfile::count(const Execution& execution) {
  int tasks = execution.task_count();
  tasks_ = std::max(tasks_, tasks);
  for (int i = 0; i < tasks; ++i) {
    auto id = static_cast<size_t>(i);
    const Task& task = execution.task(static_cast<TaskId>(i));
    bool finished = task.state == Task::State::kFinished;
    uint32_t transitions = task.transitions + finished; /* the last one was done too */
    largest_[id] = std::max(largest_[id], transitions);
    if (!finished) continue;
    sum_[id] += transitions;
    ++finished_[id];
  }
}

void EventProfile::read_trace(const Execution& execution) {
  points_.fill(0);
  spawned_ = false;
  seen_.clear();
  for (const Event& event : execution.trace()) note(event);
}

void EventProfile::note(const Event& event) {
  if (event.kind == EventKind::k_spawn) {
    parents_[event.value] = event.task;
    spawned_ = true;
  }
  if (event.point) {
    uint32_t transition = points_[event.task]++;
    /* Silent until it turns out to be otherwise. */
    if (transition == 0 && starts_[event.task] == Start::kUnknown) starts_[event.task] = Start::kSilent;
    /* Before there is another task, nothing can come in another order; nor can spawn, start, finish and join
     * of one. */
    uint64_t key = event.role->key(event.object);
    if (spawned_ && event.role != &kTaskRole)
      seen_.push_back({key, transition, event.task, access_of(event.kind)});
  } else if (points_[event.task] == 1 && access_of(event.kind) != Access::kNone) {
    starts_[event.task] = Start::kLoud;
  }
}

/* Of each task what the execution shows, unless it was cut short and an earlier one shows more. */
void EventProfile::keep_touches(const Execution& execution) {
  std::array<uint32_t, kTasksMax> before{};
  std::array<uint32_t, kTasksMax> now{};
  for (const Touch& touch : touches_) ++before[touch.task];
  for (const Touch& touch : seen_) ++now[touch.task];
  auto renewed = [&](TaskId id) {
    if (id >= execution.task_count()) return false;
    return execution.task(id).state == Task::State::kFinished || now[id] > before[id];
  };
  std::erase_if(touches_, [&](const Touch& touch) { return renewed(touch.task); });
  for (const Touch& touch : seen_) {
    if (renewed(touch.task)) touches_.push_back(touch);
  }
  std::sort(touches_.begin(), touches_.end(), [](const Touch& a, const Touch& b) {
    return std::tie(a.key, a.task, a.transition) < std::tie(b.key, b.task, b.transition);
  });
}

void EventProfile::index_touches() {
  transitions_.clear();
  objects_.clear();
  for (const Touch& touch : touches_) transitions_.push_back(touch.transition);
  for (size_t first = 0, last = 0; first < touches_.size(); first = last) {
    std::array<bool, 5> how{}; /* by Access */
    bool several = false;
    for (last = first; last < touches_.size() && touches_[last].key == touches_[first].key; ++last) {
      how[static_cast<size_t>(touches_[last].access)] = true;
      several |= touches_[last].task != touches_[first].task;
    }
    auto has = [&how](Access access) { return how[static_cast<size_t>(access)]; };
    bool conflict = has(Access::kWrite) || (has(Access::kRead) && has(Access::kAdd));
    if (!several || !conflict) continue;
    objects_.push_back({touches_[first].key, static_cast<uint32_t>(first), static_cast<uint32_t>(last)});
  }
}

std::span<const uint32_t> EventProfile::touches(size_t object, TaskId task) const {
  auto begin = touches_.begin() + objects_[object].first;
  auto end = touches_.begin() + objects_[object].last;
  auto from = std::partition_point(begin, end, [task](const Touch& t) { return t.task < task; });
  auto to = std::partition_point(from, end, [task](const Touch& t) { return t.task == task; });
  return {transitions_.data() + (from - touches_.begin()), static_cast<size_t>(to - from)};
}

void Unspawned::begin(const EventProfile& profile, const EventProfile::Counts& counts) {
  profile_ = &profile;
  counts_ = &counts;
  known_ = 0;
  std::fill_n(below_.begin(), profile.tasks(), 0);
  /* A task has a higher number than its parent. */
  for (int i = profile.tasks() - 1; i > 0; --i) {
    auto id = static_cast<TaskId>(i);
    below_[profile.parent(id)] += counts[id] + below_[id];
  }
}

uint32_t Unspawned::spawn_next() {
  auto id = static_cast<TaskId>(known_++);
  if (id == 0 || id >= profile_->tasks()) return 0;
  uint32_t moved = (*counts_)[id] + below_[id];
  below_[profile_->parent(id)] -= moved;
  return moved;
}

}  // namespace daxrace::engine
