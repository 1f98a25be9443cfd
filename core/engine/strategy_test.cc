/* SPDX-License-Identifier: GPL-2.0-only */
/* Strategies that sample: what they promise, as frequencies over many executions with a fixed seed. */
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/strategies.h"
#include "core/engine/sync.h"

namespace daxrace::engine {
namespace {

const Role kWordRole("sample-word");

struct World {
  Atomic<int>* x = nullptr;
  Atomic<int>* y = nullptr;
  std::string order;
  std::vector<uint32_t> drawn;
  bool bug = false;
};

World w;

using Body = void (*)();

void spawn_all(void* arg) {
  Execution& e = Execution::current();
  w = World();
  w.x = e.arena().make<Atomic<int>>(kWordRole);
  w.y = e.arena().make<Atomic<int>>(kWordRole);
  for (Body body : *static_cast<std::vector<Body>*>(arg)) e.spawn(body, "task");
}

/* Passes on what another strategy decides, and counts the picks of each execution. */
class Counting : public Strategy {
 public:
  explicit Counting(Strategy& inner) : inner_(inner) {}
  bool begin() override {
    picks_ = 0;
    return inner_.begin();
  }
  size_t pick(const Pick& pick) override {
    EXPECT_GE(pick.candidates.size(), 2u);
    most_ = std::max(most_, ++picks_);
    size_t index = inner_.pick(pick);
    EXPECT_LT(index, pick.candidates.size());
    return index;
  }
  uint32_t draw(const Execution& execution, uint32_t bound) override {
    EXPECT_GE(bound, 2u);
    uint32_t value = inner_.draw(execution, bound);
    EXPECT_LT(value, bound);
    return value;
  }
  void end(const Execution& execution) override { inner_.end(execution); }
  int most() const { return most_; }

 private:
  Strategy& inner_;
  int picks_ = 0;
  int most_ = 0;
};

/* Runs n executions; the largest number of picks of one is returned. */
int sample(const char* name, const StrategyOptions& options, std::vector<Body> bodies, int n,
           const std::function<void()>& look) {
  auto strategy = find_strategy(name)->make(options);
  Counting counting(*strategy);
  Execution execution;
  for (int i = 0; i < n; ++i) {
    EXPECT_TRUE(counting.begin());
    execution.run(counting, spawn_all, &bodies);
    look();
  }
  return counting.most();
}

void one_step() {
  w.x->fetch_add(1, Order::kRelaxed);
  w.order += static_cast<char>('0' + Execution::current().self());
}

TEST(StrategyTable, HasEachStrategyOnceByName) {
  std::set<std::string_view> names;
  for (const StrategyInfo& info : strategy_table()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(&info, find_strategy(info.name));
    EXPECT_NE(nullptr, info.make({}));
    EXPECT_FALSE(info.summary.empty());
    EXPECT_FALSE(info.guarantee.empty());
  }
  EXPECT_EQ(1u, names.count("random") * names.count("pct") * names.count("dfs"));
  EXPECT_EQ(nullptr, find_strategy("no-such-strategy"));
}

/* --- random --- */

/* Chi-square with 2 degrees of freedom; 20 is exceeded once in 20000 by a uniform source. */
double chi_square(const std::map<char, int>& counts, int n, int cells) {
  double expected = double(n) / cells;
  double sum = 0;
  for (auto [what, count] : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

TEST(RandomStrategy, OrdersOfThreeTasks) {
  constexpr int kN = 12000;
  std::map<std::string, int> orders;
  std::map<char, int> firsts;
  sample("random", {.seed = 11}, {one_step, one_step, one_step}, kN, [&] {
    ++orders[w.order];
    ++firsts[w.order[0]];
  });
  ASSERT_EQ(6u, orders.size());
  for (const auto& [order, count] : orders) EXPECT_GT(count, kN / 6 * 8 / 10) << order;
  ASSERT_EQ(3u, firsts.size());
  EXPECT_LT(chi_square(firsts, kN, 3), 20);
}

TEST(RandomStrategy, DrawsAreUniform) {
  constexpr int kN = 9000;
  std::map<char, int> values;
  sample("random", {.seed = 12}, {[] { w.order = char('a' + Execution::current().choose(3)); }}, kN,
         [&] { ++values[w.order[0]]; });
  ASSERT_EQ(3u, values.size());
  EXPECT_LT(chi_square(values, kN, 3), 20);
}

TEST(SamplingStrategies, DrawAllValues) {
  for (const char* name : {"random", "pct", "pos", "urw", "surw"}) {
    std::set<std::vector<uint32_t>> seen;
    auto body = [] {
      for (int i = 0; i < 2; ++i) w.drawn.push_back(Execution::current().choose(3));
    };
    sample(name, {.seed = 4}, {body}, 500, [&] { seen.insert(w.drawn); });
    EXPECT_EQ(9u, seen.size()) << name;
  }
}

/* --- pct --- */

constexpr int kExecutions = 20000;
constexpr int kTasks = 3; /* the first one, which creates the others, is one of them */

void many_steps() {
  for (int i = 0; i < 8; ++i) w.y->fetch_add(1, Order::kRelaxed);
}

struct Rate {
  double found = 0;
  double k = 0; /* of the bound: picks of the longest execution */
};

Rate rate_of(int depth, std::vector<Body> bodies) {
  int bugs = 0;
  int k = sample("pct", {.seed = 21, .depth = depth}, std::move(bodies), kExecutions, [&] { bugs += w.bug; });
  return {double(bugs) / kExecutions, double(k)};
}

/* One ordering constraint: B before all of A, or A before all of B. */
TEST(PctStrategy, BugOfDepthOne) {
  auto set = [] {
    many_steps();
    w.x->store(1, Order::kRelaxed);
  };
  auto bug_if_set = [] {
    if (w.x->load(Order::kRelaxed) == 1) w.bug = true;
    many_steps();
  };
  auto bug_if_not_set = [] {
    many_steps();
    if (w.x->load(Order::kRelaxed) == 0) w.bug = true;
  };
  for (int depth = 1; depth <= 3; ++depth) {
    double bound = 1.0 / kTasks;
    Rate forwards = rate_of(depth, {set, bug_if_set});
    Rate backwards = rate_of(depth, {set, bug_if_not_set});
    if (depth == 1) {
      EXPECT_GE(forwards.found, bound);
      EXPECT_GE(backwards.found, bound);
      EXPECT_LT(std::max(forwards.found, backwards.found), 0.9) << "always in the same order";
    } else {
      EXPECT_GE(forwards.found, bound / forwards.k) << "depth " << depth;
      EXPECT_GE(backwards.found, bound / backwards.k) << "depth " << depth;
    }
  }
}

/* Two ordering constraints: all of B between two neighbouring steps in the middle of A. */
std::vector<Body> depth_two() {
  return {[] {
            many_steps();
            w.x->store(1, Order::kRelaxed);
            w.x->store(0, Order::kRelaxed);
            many_steps();
          },
          [] {
            if (w.x->load(Order::kRelaxed) == 1) w.bug = true;
          }};
}

TEST(PctStrategy, BugOfDepthTwo) {
  Rate rate = rate_of(2, depth_two());
  EXPECT_GT(rate.k, 10);
  EXPECT_GE(rate.found, 1 / (kTasks * rate.k)) << "k = " << rate.k;
}

TEST(PctStrategy, DepthOneNeverPreempts) {
  EXPECT_EQ(0, rate_of(1, depth_two()).found) << "without a change point nobody is preempted in the middle";
}

TEST(PctStrategy, BugOfDepthThree) {
  std::vector<Body> bodies = {[] {
                                w.x->store(1, Order::kRelaxed);
                                if (w.y->load(Order::kRelaxed) == 1) w.bug = true;
                                w.x->store(0, Order::kRelaxed);
                              },
                              [] {
                                if (w.x->load(Order::kRelaxed) != 1) return;
                                w.y->store(1, Order::kRelaxed);
                                w.y->store(0, Order::kRelaxed);
                              }};
  Rate rate = rate_of(3, bodies);
  EXPECT_GT(rate.found, 0);
  EXPECT_GE(rate.found, 1 / (kTasks * rate.k * rate.k)) << "k = " << rate.k;
}

/* Two are preempted, and the later one has to go on first: no sorted change points would do. */
TEST(PctStrategy, ChangePointsComeInAnyOrder) {
  std::vector<Body> bodies = {[] {
                                w.x->store(1, Order::kRelaxed);
                                if (w.x->load(Order::kRelaxed) == 3) w.bug = true;
                              },
                              [] {
                                if (w.x->load(Order::kRelaxed) != 1) return;
                                w.y->store(1, Order::kRelaxed);
                                if (w.y->load(Order::kRelaxed) == 2) w.x->store(3, Order::kRelaxed);
                              },
                              [] {
                                if (w.y->load(Order::kRelaxed) == 1) w.y->store(2, Order::kRelaxed);
                              }};
  EXPECT_GT(rate_of(3, bodies).found, 0);
  EXPECT_EQ(0, rate_of(2, bodies).found) << "it takes two change points";
}

/* Priorities are a permutation: without change points each of the 3! orders comes as often as another. */
TEST(PctStrategy, InitialPrioritiesAreUniform) {
  constexpr int kN = 12000;
  std::map<std::string, int> orders;
  sample("pct", {.seed = 5, .depth = 1}, {one_step, one_step, one_step}, kN, [&] { ++orders[w.order]; });
  ASSERT_EQ(6u, orders.size());
  double sum = 0;
  for (const auto& [order, count] : orders) sum += (count - kN / 6.0) * (count - kN / 6.0) / (kN / 6.0);
  EXPECT_LT(sum, 28) << "5 degrees of freedom: once in 20000";
}

/* A task that spins with the highest priority does not starve the one it waits for. */
TEST(PctStrategy, SpinningTasksStarveNobody) {
  auto wait = [] {
    RetryLoop retry;
    while (w.x->load(Order::kRelaxed) == 0) retry.again();
  };
  /* Two of these show each other something new in every round. */
  auto wait_and_disturb = [] {
    RetryLoop retry;
    while (w.x->load(Order::kRelaxed) == 0) {
      w.y->fetch_add(1, Order::kRelaxed);
      retry.again();
    }
  };
  auto set = [] {
    for (int i = 0; i < 8; ++i) w.x->fetch_add(0, Order::kRelaxed);
    w.x->store(1, Order::kRelaxed);
  };
  for (Body body : {Body(wait), Body(wait_and_disturb)}) {
    auto strategy = make_pct_strategy({.seed = 2});
    Execution execution;
    std::vector<Body> bodies = {body, set, body};
    for (int i = 0; i < 1000; ++i) {
      ASSERT_TRUE(strategy->begin());
      ASSERT_EQ(End::kFinished, execution.run(*strategy, spawn_all, &bodies));
      ASSERT_LT(execution.steps(), 100u);
    }
  }
}

}  // namespace
}  // namespace daxrace::engine
