/* SPDX-License-Identifier: GPL-2.0-only */
#include <algorithm>
#include <array>
#include <vector>

#include "core/engine/execution.h"
#include "core/engine/random.h"
#include "core/engine/strategies.h"

namespace daxrace::engine {

namespace {

/*
 * Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte, ASPLOS 2010). Whoever has
 * the highest priority runs. Tasks begin with distinct random priorities above d; at the i-th of d-1 change
 * points, distinct and uniform in [1, k], the task that would run gets the priority i. The points are not
 * sorted: a task that is preempted later may be the first to go on, or the last.
 *
 * Differences from the paper: k is the largest number of *real choices* seen so far, not of steps, because a
 * step with one runnable task cannot be a change point. And a task that went round a retry loop in vain falls
 * below all others: the engine keeps it from running until something that it reads changes, but two of them
 * can change that for each other for ever.
 */
class PctStrategy : public Strategy {
 public:
  explicit PctStrategy(const StrategyOptions& options)
      : random_(options.seed), change_count_(static_cast<uint32_t>(std::max(1, options.depth)) - 1) {}

  Needs needs() const override { return {.trace = false, .state = false}; }

  bool begin() override {
    choices_ = 0;
    known_ = 0;
    lowest_ = 0;
    last_ = kNoTask;
    draw_changes();
    return true;
  }

  size_t pick(const Pick& pick) override {
    for (; known_ < pick.execution.task_count(); ++known_) introduce(static_cast<TaskId>(known_));
    if (last_ != kNoTask && pick.execution.spinning(last_)) priority_[last_] = --lowest_;
    ++choices_;
    size_t best = highest(pick);
    if (next_change_ < changes_.size() && changes_[next_change_].choice == choices_) {
      priority_[last_] = changes_[next_change_++].priority;
      best = highest(pick);
    }
    longest_ = std::max(longest_, choices_);
    return best;
  }

  uint32_t draw(const Execution&, uint32_t bound) override { return random_.below(bound); }

 private:
  struct Change {
    uint32_t choice; /* counted from 1 */
    int64_t priority;
  };

  /* All there are, if k is less than d-1. */
  void draw_changes() {
    changes_.clear();
    next_change_ = 0;
    while (changes_.size() < std::min(change_count_, longest_)) {
      uint32_t choice = 1 + random_.below(longest_);
      auto same = [choice](const Change& change) { return change.choice == choice; };
      if (std::any_of(changes_.begin(), changes_.end(), same)) continue;
      changes_.push_back({choice, static_cast<int64_t>(changes_.size()) + 1});
    }
    std::sort(changes_.begin(), changes_.end(),
              [](const Change& a, const Change& b) { return a.choice < b.choice; });
  }

  /* The number of the task makes them distinct. */
  void introduce(TaskId id) {
    uint64_t drawn = random_.next() >> 2 | uint64_t{1} << 61;
    priority_[id] = static_cast<int64_t>(drawn / kTasksMax * kTasksMax + id);
  }

  /* Index of the candidate; last_ is its task. */
  size_t highest(const Pick& pick) {
    size_t best = 0;
    size_t index = 0;
    last_ = pick.candidates[0];
    for (TaskId id : pick.candidates) {
      if (priority_[id] > priority_[last_]) {
        best = index;
        last_ = id;
      }
      ++index;
    }
    return best;
  }

  Random random_;
  uint32_t change_count_; /* d - 1 */
  uint32_t longest_ = 0;  /* k */
  uint32_t choices_ = 0;
  int known_ = 0;      /* tasks that have a priority */
  int64_t lowest_ = 0; /* of those that spun */
  TaskId last_ = kNoTask;
  size_t next_change_ = 0;
  std::vector<Change> changes_; /* in the order of choices */
  std::array<int64_t, kTasksMax> priority_{};
};

}  // namespace

std::unique_ptr<Strategy> make_pct_strategy(const StrategyOptions& options) {
  return std::make_unique<PctStrategy>(options);
}

}  // namespace daxrace::engine
