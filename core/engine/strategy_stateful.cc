/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/strategy_stateful.h"

#include <algorithm>

namespace daxrace::engine {

namespace {
constexpr size_t kStateBytes = 20;
}  // namespace

bool StatefulStrategy::advance() {
  abandoned_ = false;
  return path_.advance();
}

size_t StatefulStrategy::abandon() {
  abandoned_ = true;
  return kAbandon;
}

size_t StatefulStrategy::pick(const Pick& pick) {
  if (const SearchPath::Node* node = path_.replay()) {
    return pick.candidates.index_of(static_cast<TaskId>(node->chosen));
  }
  path_.follow(pick.execution);
  if (path_.blocked_at() != UINT32_MAX) return abandon();
  bool fresh = false;
  uint32_t& slept = visited_.insert(pick.execution.state_key(Execution::Turns::kIgnored), &fresh);
  if (!fresh && slept == 0) return abandon();
  SearchPath::Node& node = path_.open(pick);
  /* A task that the word has no room for is run again: that only costs time. */
  node.asleep &= UINT32_MAX;
  auto sleeping = static_cast<uint32_t>(node.asleep);
  node.todo = fresh ? node.runnable : node.runnable & slept;
  slept = fresh ? sleeping : slept & sleeping;
  if (SearchPath::take(node)) return pick.candidates.index_of(static_cast<TaskId>(node.chosen));
  path_.drop();
  return abandon();
}

uint32_t StatefulStrategy::draw(const Execution& execution, uint32_t bound) {
  return path_.draw(execution, bound);
}

void StatefulStrategy::end(const Execution& execution) {
  if (!abandoned_) path_.follow(execution);
  if (sleep_sets_) path_.learn(execution, !abandoned_ && ended_early(execution));
  bool whole = !abandoned_ && path_.blocked_at() == UINT32_MAX;
  stats_.steps += execution.steps();
  stats_.longest = std::max(stats_.longest, execution.steps());
  ++(whole ? stats_.executions : stats_.pruned);
  stats_.states = visited_.size();
}

std::string StatefulStrategy::describe() const { return sleep_sets_ ? "stateful, sleep sets" : "stateful"; }

void StatefulStrategy::write_part(ByteWriter& out) const {
  path_.write(out);
  auto states = visited_.sorted();
  out.u64(states.size());
  for (const auto& [state, slept] : states) {
    out.u128(state);
    out.u32(slept);
  }
}

bool StatefulStrategy::read_part(ByteReader& in) {
  if (!path_.read(in)) return false;
  visited_ = VisitedSet();
  for (uint64_t n = in.count(kStateBytes); n > 0; --n) {
    Hash128 state = in.u128();
    bool fresh = false;
    visited_.insert(state, &fresh) = in.u32();
  }
  return in.ok();
}

std::unique_ptr<Strategy> make_stateful_strategy(const StrategyOptions& options) {
  return std::make_unique<StatefulStrategy>(options);
}

}  // namespace daxrace::engine
