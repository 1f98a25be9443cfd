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
 * Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte, ASPLOS 2010).
 *
 * Differences from the paper: k is the largest number of *real choices* seen so far, not of steps, because a
 * step with one runnable task cannot be a change point; and a task that spins is not a candidate while others
 * can run (the engine sees to that), which stands for the paper's advice to demote it.
 */
class PctStrategy : public Strategy {
 public:
  explicit PctStrategy(const StrategyOptions& options)
      : random_(options.seed), depth_(std::max(1, options.depth)) {}

  bool begin() override {
    choices_ = 0;
    lowest_ = depth_ - 1;
    known_.fill(false);
    change_points_.clear();
    for (int i = 1; i < depth_; ++i) change_points_.push_back(random_.below(std::max<uint32_t>(1, longest_)));
    std::sort(change_points_.begin(), change_points_.end());
    next_change_ = 0;
    return true;
  }

  size_t pick(const Pick& pick) override {
    for (TaskId id : pick.candidates) introduce(id);
    size_t best = highest(pick);
    bool change = false;
    while (next_change_ < change_points_.size() && change_points_[next_change_] <= choices_) {
      change = true;
      ++next_change_;
    }
    if (change) {
      priority_[pick.candidates[best]] = --lowest_;
      best = highest(pick);
    }
    longest_ = std::max(longest_, ++choices_);
    return best;
  }

  uint32_t draw(const Execution&, uint32_t bound) override { return random_.below(bound); }

 private:
  /* Initial priorities are distinct and above those of the change points. */
  void introduce(TaskId id) {
    if (known_[id]) return;
    known_[id] = true;
    priority_[id] = static_cast<int64_t>(random_.next() >> 2) + depth_;
  }

  size_t highest(const Pick& pick) const {
    size_t best = 0;
    for (size_t i = 1; i < pick.candidates.size(); ++i) {
      if (priority_[pick.candidates[i]] > priority_[pick.candidates[best]]) best = i;
    }
    return best;
  }

  Random random_;
  int depth_;
  uint32_t longest_ = 0; /* k */
  uint32_t choices_ = 0;
  int64_t lowest_ = 0;
  size_t next_change_ = 0;
  std::vector<uint32_t> change_points_;
  std::array<int64_t, 256> priority_{};
  std::array<bool, 256> known_{};
};

}  // namespace

std::unique_ptr<Strategy> make_pct_strategy(const StrategyOptions& options) {
  return std::make_unique<PctStrategy>(options);
}

}  // namespace daxrace::engine
