/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/strategy_dfs.h"

#include <algorithm>

namespace daxrace::engine {

namespace {
constexpr size_t kNodeBytes = 13;
constexpr size_t kStateBytes = 20;
}  // namespace

DfsStrategy::DfsStrategy(const StrategyOptions& options)
    : options_(options), bound_(options.preemptions_min) {}

/* The next path in depth-first order. False: there is none within the bound. */
bool DfsStrategy::next_path() {
  uint32_t spent = 0;
  for (const Node& node : path_) spent += node.preemptible && node.chosen != 0;
  while (!path_.empty()) {
    Node& last = path_.back();
    bool paid = last.preemptible && last.chosen != 0;
    if (last.chosen + 1 < last.end) {
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

bool DfsStrategy::advance() {
  depth_ = 0;
  spent_ = 0;
  abandoned_ = false;
  if (bound_done_) return false;
  if (!started_) return started_ = true;
  if (next_path()) return true;
  bound_done_ = true;
  return false;
}

bool DfsStrategy::widen(bool left_out) {
  if (!left_out || bound_ >= options_.preemptions_max) return false;
  ++bound_;
  bound_done_ = cut_ = started_ = false;
  weight_ = 1;
  path_.clear();
  seen_.clear();
  stats_.states = 0;
  reset_progress();
  return true;
}

uint32_t DfsStrategy::next(uint32_t alternatives, bool preemptible) {
  if (depth_ == path_.size()) path_.push_back({0, alternatives, preemptible, alternatives});
  const Node& node = path_[depth_++];
  spent_ += node.preemptible && node.chosen != 0;
  return std::min(node.chosen, alternatives - 1); /* a program that is not deterministic may offer fewer */
}

/* Whether this state was met before with at least as many preemptions left. */
bool DfsStrategy::known(const Execution& execution) {
  uint32_t left = std::min(bound_, UINT32_MAX - 1) - spent_ + 1;
  if (table_ != nullptr) {
    bool fresh = false;
    uint32_t explored = table_->raise(execution.state_key(), left, &fresh);
    stats_.states += fresh;
    return explored >= left;
  }
  auto [at, fresh] = seen_.try_emplace(execution.state_key(), 0);
  stats_.states += fresh;
  if (at->second >= left) return true;
  at->second = left;
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
  stats_.steps += execution.steps();
  ++(abandoned_ ? stats_.pruned : stats_.executions);
}

/* --- parts --- */

double DfsStrategy::explored() const {
  if (bound_done_) return weight_;
  if (!started_) return 0;
  double left = 0;
  double weight = 1;
  for (const Node& node : path_) {
    weight /= node.alternatives;
    left += (node.end - node.chosen - 1) * weight;
  }
  return weight_ - left;
}

bool DfsStrategy::split(std::string* part) {
  if (bound_done_) return false;
  uint32_t spent = 0;
  double weight = 1;
  for (size_t i = 0; i < path_.size(); ++i) {
    Node& node = path_[i];
    weight /= node.alternatives;
    bool paid = node.preemptible && node.chosen != 0;
    uint32_t left = node.end - node.chosen - 1;
    if (left == 0 || (node.preemptible && !paid && spent >= bound_)) {
      spent += paid;
      continue;
    }
    DfsStrategy other(options_);
    other.bound_ = bound_;
    other.path_.assign(path_.begin(), path_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    for (Node& above : other.path_) above.end = above.chosen + 1;
    uint32_t from = node.chosen + 1 + left / 2;
    other.path_.back().chosen = from;
    other.path_.back().end = node.end;
    other.weight_ = (node.end - from) * weight;
    weight_ -= other.weight_;
    node.end = from;
    *part = seal_part([&](ByteWriter& out) { other.write_part(out); });
    return true;
  }
  return false;
}

std::string DfsStrategy::describe() const {
  std::string text = "dfs, ";
  text += options_.preemptions_min == UINT32_MAX ? "no bound"
          : options_.preemptions_max == UINT32_MAX
              ? "preemptions from " + std::to_string(options_.preemptions_min)
              : "preemptions " + std::to_string(options_.preemptions_min) + " to " +
                    std::to_string(options_.preemptions_max);
  return text + (options_.prune ? ", states recognised" : ", no states");
}

void DfsStrategy::write_part(ByteWriter& out) const {
  out.u32(bound_);
  out.u8(static_cast<uint8_t>(bound_done_ | started_ << 1 | cut_ << 2));
  out.real(weight_);
  out.u64(path_.size());
  for (const Node& node : path_) {
    out.u32(node.chosen);
    out.u32(node.alternatives);
    out.u32(node.end);
    out.u8(node.preemptible);
  }
  std::vector<std::pair<Hash128, uint32_t>> seen(seen_.begin(), seen_.end());
  std::sort(seen.begin(), seen.end());
  out.u64(seen.size());
  for (const auto& [state, left] : seen) {
    out.u128(state);
    out.u32(left);
  }
}

bool DfsStrategy::read_part(ByteReader& in) {
  bound_ = in.u32();
  uint8_t flags = in.u8();
  bound_done_ = flags & 1;
  started_ = flags & 2;
  cut_ = flags & 4;
  weight_ = in.real();
  path_.clear();
  for (uint64_t n = in.count(kNodeBytes); n > 0; --n) {
    Node node{};
    node.chosen = in.u32();
    node.alternatives = in.u32();
    node.end = in.u32();
    node.preemptible = in.u8() != 0;
    if (node.chosen >= node.end || node.end > node.alternatives) return false;
    path_.push_back(node);
  }
  seen_.clear();
  for (uint64_t n = in.count(kStateBytes); n > 0; --n) {
    Hash128 state = in.u128();
    seen_.emplace(state, in.u32());
  }
  return in.ok();
}

std::unique_ptr<Strategy> make_dfs_strategy(const StrategyOptions& options) {
  return std::make_unique<DfsStrategy>(options);
}

}  // namespace daxrace::engine
