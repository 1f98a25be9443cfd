/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/strategy_portfolio.h"

#include <algorithm>
#include <utility>

namespace daxrace::engine {

PortfolioStrategy::PortfolioStrategy(std::vector<Member> members, bool reward)
    : members_(std::move(members)), reward_(reward) {}

PortfolioStrategy::PortfolioStrategy(const StrategyOptions& options) {
  for (const StrategyInfo& info : strategy_table()) {
    if (info.kind != StrategyKind::kSamples) continue;
    StrategyOptions its_options = options;
    its_options.seed = combine(options.seed, hash_text(info.name));
    members_.push_back({.name = info.name, .strategy = info.make(its_options)});
  }
}

/* Each is credited with its weight, and the richest pays for all: shares follow the weights as closely as
 * whole executions can, without a draw. */
size_t PortfolioStrategy::next_by_weight() {
  int64_t sum = 0;
  size_t richest = 0;
  for (size_t i = 0; i < members_.size(); ++i) {
    int64_t weight = kAlways + members_[i].gain;
    sum += weight;
    members_[i].credit += weight;
    if (members_[i].credit > members_[richest].credit) richest = i;
  }
  members_[richest].credit -= sum;
  return richest;
}

bool PortfolioStrategy::begin() {
  bool in_turn = executions_ % kFloorOneIn == 0;
  current_ = in_turn ? static_cast<size_t>(executions_ / kFloorOneIn % members_.size()) : next_by_weight();
  ++executions_;
  Member& member = members_[current_];
  learning_ = reward_ && member.executions % kLearnOneIn == 0;
  ++member.executions;
  return member.strategy->begin();
}

Strategy::Needs PortfolioStrategy::needs() const {
  Needs needs = members_[current_].strategy->needs();
  needs.trace |= learning_;
  return needs;
}

void PortfolioStrategy::learn(const Execution& execution) {
  struct Visitor {
    ReadsFromPool& pool;
    void read(const ReadsFromPair& pair) { pool.add(pair); }
    void wrote(uint64_t, uint64_t, uint64_t) {}
  };
  reads_from_.begin();
  pool_.begin();
  reads_from_.follow(execution, Visitor{pool_});
  Member& member = members_[current_];
  member.fresh += pool_.fresh();
  /* Rounded so that it comes down to 0. */
  member.gain -= (member.gain + kMemory - 1) / kMemory;
  member.gain += std::min(pool_.fresh() * kPair, kGainMax) / kMemory;
}

void PortfolioStrategy::end(const Execution& execution) {
  members_[current_].strategy->end(execution);
  if (learning_ && execution.traced()) learn(execution);
}

std::unique_ptr<Strategy> make_portfolio_strategy(const StrategyOptions& options) {
  return std::make_unique<PortfolioStrategy>(options);
}

}  // namespace daxrace::engine
