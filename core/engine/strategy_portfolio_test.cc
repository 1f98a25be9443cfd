/* SPDX-License-Identifier: GPL-2.0-only */
/* Who of a portfolio gets how much, and that it finds what single members miss. */
#include "core/engine/strategy_portfolio.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/random.h"

namespace daxrace::engine {
namespace {

const Role kWordRole("portfolio-word");
const Role kNamesRole("portfolio-names");

/* Always the first, or always uniform. */
class Simple : public Strategy {
 public:
  explicit Simple(bool explores) : explores_(explores) {}
  Needs needs() const override { return {.trace = false, .state = false}; }
  Random* uniform() override { return explores_ ? &random_ : nullptr; }
  bool begin() override { return true; }
  size_t pick(const Pick& pick) override {
    return explores_ ? random_.below(static_cast<uint32_t>(pick.candidates.size())) : 0;
  }
  uint32_t draw(const Execution&, uint32_t bound) override { return explores_ ? random_.below(bound) : 0; }

 private:
  bool explores_;
  Random random_{1};
};

/* What a task reads from depends on a draw: many pairs, most of them rare. */
void many_pairs(void*) {
  static std::vector<Site> sites = [] {
    std::vector<Site> all(600);
    for (size_t i = 0; i < all.size(); ++i) all[i].hash = mix(i + 1);
    return all;
  }();
  Execution& e = Execution::current();
  auto* x = e.arena().make<Atomic<int>>(kNamesRole);
  e.spawn(
      [x, &e] {
        uint32_t which = e.choose(600);
        x->store(1, Order::kRelaxed, sites[which]);
        x->load(Order::kRelaxed);
      },
      "task");
}

PortfolioStrategy simple_ones(bool reward) {
  std::vector<PortfolioStrategy::Member> members;
  for (const char* name : {"first", "second", "explorer", "fourth"}) {
    members.push_back(
        {.name = name, .strategy = std::make_unique<Simple>(name == std::string_view("explorer"))});
  }
  return {std::move(members), reward};
}

std::vector<uint64_t> shares_after(PortfolioStrategy& portfolio, int n, Execution::Body program) {
  Execution execution({.trace = false});
  std::vector<uint64_t> before;
  for (const auto& member : portfolio.members()) before.push_back(member.executions);
  for (int i = 0; i < n; ++i) {
    EXPECT_TRUE(portfolio.begin());
    execution.run(portfolio, program, nullptr);
  }
  for (size_t i = 0; i < before.size(); ++i) before[i] = portfolio.members()[i].executions - before[i];
  return before;
}

TEST(Portfolio, MoreGoesToWhoFindsNewThings) {
  PortfolioStrategy portfolio = simple_ones(true);
  auto shares = shares_after(portfolio, 1000, many_pairs);
  EXPECT_GT(shares[2], 500u);
  EXPECT_GT(portfolio.members()[2].fresh, 20u);
}

TEST(Portfolio, EverybodyKeepsTheFloor) {
  PortfolioStrategy portfolio = simple_ones(true);
  auto shares = shares_after(portfolio, 1000, many_pairs);
  for (uint64_t share : shares) EXPECT_GE(share, 1000u / (4 * 4));
}

TEST(Portfolio, WithoutRewardSharesStayEqual) {
  PortfolioStrategy portfolio = simple_ones(false);
  for (uint64_t share : shares_after(portfolio, 1000, many_pairs)) EXPECT_NEAR(250, double(share), 2);
}

TEST(Portfolio, SharesReturnToEqualOnes) {
  PortfolioStrategy portfolio = simple_ones(true);
  shares_after(portfolio, 1000, many_pairs);
  auto nothing_new = [](void*) {};
  shares_after(portfolio, 1500, nothing_new);
  for (uint64_t share : shares_after(portfolio, 1000, nothing_new)) EXPECT_NEAR(250, double(share), 10);
}

TEST(Portfolio, TakesAllThatSample) {
  PortfolioStrategy portfolio{StrategyOptions()};
  size_t sampling = 0;
  for (const StrategyInfo& info : strategy_table()) sampling += info.kind == StrategyKind::kSamples;
  EXPECT_EQ(sampling, portfolio.members().size());
  EXPECT_GE(sampling, 3u);
}

/* --- with the real members --- */

bool bug = false;

/* Each of `n` steps of the hunter has to come right after one of the prey's. */
template <int n>
void deep(void*) {
  Execution& e = Execution::current();
  auto* x = e.arena().make<Atomic<int>>(kWordRole);
  bug = false;
  e.spawn(
      [x] {
        for (int i = 1; i <= n; ++i) x->store(i, Order::kRelaxed);
      },
      "prey");
  e.spawn(
      [x] {
        int i = 1;
        while (i <= n && x->load(Order::kRelaxed) == i) ++i;
        if (i > n) bug = true;
      },
      "hunter");
}

/* Schedules until the bug; n + 1 if it is not among so many. */
int schedules_until_bug(Strategy& strategy, Execution::Body program, int n) {
  Execution execution({.trace = false});
  for (int i = 1; i <= n; ++i) {
    EXPECT_TRUE(strategy.begin());
    execution.run(strategy, program, nullptr);
    if (bug) return i;
  }
  return n + 1;
}

TEST(Portfolio, FindsWhatSingleMembersMiss) {
  constexpr int kN = 4000;
  auto pct = make_pct_strategy({.seed = 1});
  EXPECT_GT(schedules_until_bug(*pct, deep<5>, kN), kN) << "deeper than its depth";
  auto portfolio = make_portfolio_strategy({.seed = 1});
  EXPECT_LE(schedules_until_bug(*portfolio, deep<5>, kN), kN);
}

TEST(Portfolio, TheSeedDecides) {
  auto sequence = [](uint64_t seed, bool trace) {
    PortfolioStrategy portfolio({.seed = seed});
    Execution execution({.trace = trace});
    std::vector<uint64_t> all;
    for (int i = 0; i < 300; ++i) {
      EXPECT_TRUE(portfolio.begin());
      execution.run(portfolio, deep<6>, nullptr);
      all.push_back(hash_text(portfolio.current().name));
      for (const Decision& decision : execution.decisions()) all.push_back(decision.step);
    }
    return all;
  };
  EXPECT_EQ(sequence(1, true), sequence(1, true));
  EXPECT_EQ(sequence(1, true), sequence(1, false)) << "a trace changes nothing";
  EXPECT_NE(sequence(1, true), sequence(2, true));
}

}  // namespace
}  // namespace daxrace::engine
