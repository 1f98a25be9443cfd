/* SPDX-License-Identifier: GPL-2.0-only */
/* Searches without a bound by several processes: what one finds, whatever is killed or interrupted. */
#include <gtest/gtest.h>

#include "core/engine/strategies.h"
#include "core/engine/workers_for_test.h"

namespace daxrace::engine::workers_test {
namespace {

class WithoutABound : public ::testing::TestWithParam<const char*> {
 protected:
  WithoutABound() {
    for (const Program& program : programs()) {
      auto search = make();
      Execution execution;
      Program again = program;
      std::set<std::string>& outcomes = outcomes_.emplace_back();
      while (search->begin()) {
        if (execution.run(*search, search_test::spawn_all, &again) == engine::End::kAbandoned) continue;
        outcomes.insert(" " + search_test::outcome(execution));
      }
      stats_.push_back(search->stats());
    }
  }
  static std::unique_ptr<Search> make() {
    return std::unique_ptr<Search>(
        dynamic_cast<Search*>(find_strategy(GetParam())->make(StrategyOptions{}).release()));
  }
  void expect_same(size_t program, const Searched& many, const std::string& what) const {
    EXPECT_EQ(End::kComplete, many.result.end) << what << ": " << many.result.error;
    EXPECT_EQ(outcomes_[program], many.outcomes) << what;
    EXPECT_LE(stats_[program].states, many.result.last.stats.states) << what;
    EXPECT_GE(many.result.last.stats.executions, stats_[program].executions) << what;
    EXPECT_NEAR(1, many.result.last.done, 1e-9) << what;
  }

  std::vector<std::set<std::string>> outcomes_; /* of each program, searched by one process */
  std::vector<Search::Stats> stats_;
};

TEST_P(WithoutABound, TheSameOutcomesWhateverTheNumberOfWorkers) {
  for (size_t i = 0; i < programs().size(); ++i) {
    for (int jobs : {1, 2, 3}) {
      std::string what = std::string(programs()[i].name) + ", " + std::to_string(jobs) + " jobs";
      Searched many = by_workers(programs()[i], make(), {.jobs = jobs});
      expect_same(i, many, what);
      EXPECT_EQ(0, many.result.killed) << what;
      EXPECT_TRUE(jobs > 1 || stats_[i] == many.result.last.stats) << what;
    }
  }
}

TEST_P(WithoutABound, AKilledWorkerIsReplacedAndNothingIsLost) {
  for (size_t i : {1, 2, 4}) {
    for (int jobs : {1, 2, 3}) {
      for (int at : {0, 1, 3, 7, 9}) {
        std::string what = std::string(programs()[i].name) + ", " + std::to_string(jobs) +
                           " jobs, killed at " + std::to_string(at);
        Searched many = by_workers(programs()[i], make(), {.jobs = jobs}, {.kill_at = at});
        EXPECT_EQ(1, many.result.killed) << what;
        EXPECT_EQ(End::kComplete, many.result.end) << what << ": " << many.result.error;
        EXPECT_EQ(outcomes_[i], many.outcomes) << what;
        EXPECT_LE(stats_[i].states, many.result.last.stats.states) << what;
      }
    }
  }
}

TEST_P(WithoutABound, InterruptedAndResumedWithAnyNumberOfWorkers) {
  File file;
  int interruptions = 0;
  for (size_t i : {1, 2, 4}) {
    for (int jobs : {1, 2, 3}) {
      for (int at : {1, 2, 5}) {
        std::string what = std::string(programs()[i].name) + ", " + std::to_string(jobs) +
                           " jobs, interrupted at " + std::to_string(at);
        WorkersOptions workers{.jobs = jobs, .checkpoint = file.path()};
        Searched part = by_workers(programs()[i], make(), workers, {.interrupt_at = at});
        if (part.result.end != End::kInterrupted) continue;
        ++interruptions;
        workers.resume = file.path();
        workers.jobs = 4 - jobs;
        expect_same(i, by_workers(programs()[i], make(), workers), what);
      }
    }
  }
  EXPECT_GT(interruptions, 9);
}

INSTANTIATE_TEST_SUITE_P(Workers, WithoutABound, ::testing::Values("dpor", "stateful"),
                         [](const auto& each) { return std::string(each.param); });

}  // namespace
}  // namespace daxrace::engine::workers_test
