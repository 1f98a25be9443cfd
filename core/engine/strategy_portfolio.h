/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A strategy that lets others decide: each execution belongs to one of them.
 *
 * No single sampler wins; each loses to another one somewhere by a factor of 10 to 1000. So all take turns,
 * and more turns go to those that show pairs of places, reader and writer, that nobody had shown. New
 * reads-from pairs are the feedback of Wolff et al., ASPLOS 2024, who find that behaviour which is new in
 * that sense is what leads to the deepest bugs; unlike executions that differ, there are few of them.
 *
 * Shares are a function of the seed and of what the executions showed, in integers. When nothing new appears
 * any more they return to equal ones.
 */
#ifndef DAXRACE_CORE_ENGINE_STRATEGY_PORTFOLIO_H_
#define DAXRACE_CORE_ENGINE_STRATEGY_PORTFOLIO_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/engine/reads_from.h"
#include "core/engine/strategies.h"

namespace daxrace::engine {

class PortfolioStrategy : public Strategy {
 public:
  struct Member {
    std::string_view name;
    std::unique_ptr<Strategy> strategy; /* its begin() never says that there is nothing left */
    uint64_t executions = 0;
    uint64_t fresh = 0; /* new pairs that those executions showed which were looked at */
    uint32_t gain = 0;  /* of late; in kPair */
    int64_t credit = 0;
  };

  /* One execution of so many is given out in turn, so that of any n executions each of m members gets at
   * least n / (kFloorOneIn * m), rounded down. */
  static constexpr uint32_t kFloorOneIn = 4;
  /* One execution of so many of a member is looked at: that needs a trace, which costs. */
  static constexpr uint32_t kLearnOneIn = 8;

  /* Every row of the table that samples, each with a seed of its own. */
  explicit PortfolioStrategy(const StrategyOptions& options);
  /* At least one. Without reward all shares stay equal. */
  PortfolioStrategy(std::vector<Member> members, bool reward);

  std::span<const Member> members() const { return members_; }
  /* Whose execution it is. */
  const Member& current() const { return members_[current_]; }

  Needs needs() const override;
  Random* uniform() override { return members_[current_].strategy->uniform(); }
  bool begin() override;
  size_t pick(const Pick& pick) override { return members_[current_].strategy->pick(pick); }
  uint32_t draw(const Execution& execution, uint32_t bound) override {
    return members_[current_].strategy->draw(execution, bound);
  }
  void end(const Execution& execution) override;

 private:
  static constexpr uint32_t kPair = 256; /* one new pair in every execution */
  static constexpr uint32_t kGainMax = 4 * kPair;
  static constexpr uint32_t kMemory = 8;  /* executions looked at, about, until a gain is forgotten */
  static constexpr uint32_t kAlways = 16; /* weight of a member that gains nothing */

  size_t next_by_weight();
  void learn(const Execution& execution);

  std::vector<Member> members_;
  bool reward_ = true;
  uint64_t executions_ = 0;
  size_t current_ = 0;
  bool learning_ = false;
  ReadsFrom reads_from_;
  ReadsFromPool pool_;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_STRATEGY_PORTFOLIO_H_
