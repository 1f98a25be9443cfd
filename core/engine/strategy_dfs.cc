/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/strategy_dfs.h"

#include <algorithm>

namespace daxrace::engine {

DfsStrategy::DfsStrategy(const StrategyOptions& options)
    : options_(options), bound_(options.preemptions_min) {}

/* The next path in depth-first order. False: there is none within the bound. */
bool DfsStrategy::advance() {
  uint32_t spent = 0;
  for (const Node& node : path_) spent += node.preemptible && node.chosen != 0;
  while (!path_.empty()) {
    Node& last = path_.back();
    bool paid = last.preemptible && last.chosen != 0;
    if (last.chosen + 1 < last.alternatives) {
      if (!last.preemptible || paid || spent < bound_) {
        ++last.chosen;
        return true;
      }
      cut_ = true;
    }
    spent -= paid;
    path_.pop_back();
  }
  return false;
}

bool DfsStrategy::begin() {
  depth_ = 0;
  spent_ = 0;
  abandoned_ = false;
  if (!started_) {
    started_ = true;
    return true;
  }
  if (!bound_done_ && advance()) return true;
  bound_done_ = true;
  if (!cut_ || bound_ >= options_.preemptions_max) return false;
  ++bound_;
  bound_done_ = cut_ = false;
  path_.clear();
  seen_.clear();
  return true;
}

uint32_t DfsStrategy::next(uint32_t alternatives, bool preemptible) {
  if (depth_ == path_.size()) path_.push_back({0, alternatives, preemptible});
  const Node& node = path_[depth_++];
  spent_ += node.preemptible && node.chosen != 0;
  return std::min(node.chosen, alternatives - 1); /* a program that is not deterministic may offer fewer */
}

/* Whether this state was met before with at least as many preemptions left. */
bool DfsStrategy::known(const Execution& execution) {
  uint32_t left = std::min(bound_, UINT32_MAX - 1) - spent_ + 1;
  uint32_t& explored = seen_.try_emplace(execution.state_key(), 0).first->second;
  if (explored >= left) return true;
  explored = left;
  return false;
}

size_t DfsStrategy::pick(const Pick& pick) {
  bool fresh = depth_ == path_.size();
  if (fresh && options_.prune && known(pick.execution)) {
    abandoned_ = true;
    return kAbandon;
  }
  return next(static_cast<uint32_t>(pick.candidates.size()), pick.current != kNoTask);
}

uint32_t DfsStrategy::draw(const Execution&, uint32_t bound) { return next(bound, false); }

void DfsStrategy::end(const Execution& execution) {
  stats_.longest = std::max(stats_.longest, execution.steps());
  ++(abandoned_ ? stats_.pruned : stats_.executions);
  stats_.states = seen_.size();
}

std::unique_ptr<Strategy> make_dfs_strategy(const StrategyOptions& options) {
  return std::make_unique<DfsStrategy>(options);
}

}  // namespace daxrace::engine
