/* SPDX-License-Identifier: GPL-2.0-only */
/* Every strategy that samples finds the known bugs, and none in the repaired twins. */
#include "core/engine/bench/known_programs.h"

#include <gtest/gtest.h>

#include <string_view>

#include "core/engine/strategies.h"

namespace daxrace::bench {
namespace {

constexpr const char* kSampling[] = {"random", "pct", "pos", "urw", "surw"};
constexpr uint64_t kSeeds = 100;

/* Schedules until the bug, on average over seeds. */
double mean_schedules(const KnownProgram& program, const char* name, std::string_view verdict) {
  engine::Execution execution(kKnownLimits);
  double sum = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    auto strategy = engine::find_strategy(name)->make({.seed = seed});
    uint32_t needed = schedules_to_bug(execution, *strategy, program.first, 10000);
    EXPECT_NE(0u, needed) << program.name << ", " << name << ", seed " << seed;
    if (needed == 0) return 10000;
    EXPECT_EQ(verdict, execution.headline()->verdict) << program.name;
    sum += needed;
  }
  return sum / kSeeds;
}

TEST(KnownPrograms, AreFound) {
  for (const KnownProgram& program : kKnownPrograms) {
    std::string_view verdict = program.name == std::string_view("deadlock01") ? "deadlock" : kKnownBug;
    for (const char* name : kSampling) {
      EXPECT_LT(mean_schedules(program, name, verdict), 30) << program.name << ", " << name;
    }
  }
}

/* The published figures, rounded, are 4, 2 and 3. */
TEST(KnownPrograms, SurwComesNearThePublishedFigures) {
  EXPECT_LT(mean_schedules(kKnownPrograms[0], "surw", kKnownBug), 5);
  EXPECT_LT(mean_schedules(kKnownPrograms[1], "surw", kKnownBug), 4);
  EXPECT_LT(mean_schedules(kKnownPrograms[2], "surw", "deadlock"), 5);
}

TEST(KnownPrograms, RepairedTwinsHaveNoBug) {
  for (const KnownProgram& program : kKnownPrograms) {
    for (const char* name : kSampling) {
      engine::Execution execution(kKnownLimits);
      auto strategy = engine::find_strategy(name)->make({.seed = 3});
      EXPECT_EQ(0u, schedules_to_bug(execution, *strategy, program.repaired, 2000))
          << program.name << ", " << name;
    }
    engine::Execution execution(kKnownLimits);
    auto every = engine::find_strategy("dfs")->make({.preemptions_max = UINT32_MAX});
    EXPECT_EQ(0u, schedules_to_bug(execution, *every, program.repaired, 100000)) << program.name;
  }
}

}  // namespace
}  // namespace daxrace::bench
