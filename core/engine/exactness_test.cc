/* SPDX-License-Identifier: GPL-2.0-only */
/* What every exhaustive search reaches is what brute force reaches: on named programs and on random ones. */
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/engine/exactness_random_for_test.h"
#include "core/engine/strategy_dfs.h"
#include "core/engine/strategy_dpor.h"
#include "core/engine/strategy_stateful.h"

namespace daxrace::engine::exactness {
namespace {

constexpr Limits kLimits{.steps_max = 250, .tasks_max = 12};

TEST(Exactness, RandomPrograms) {
  const char* more = std::getenv("DAXRACE_EXACTNESS_PROGRAMS");
  const char* from = std::getenv("DAXRACE_EXACTNESS_SEED");
  uint64_t programs = more != nullptr ? std::strtoull(more, nullptr, 10) : 300;
  const uint64_t kRunsMax = more == nullptr ? 3000 : 20000;
  uint64_t first = from != nullptr ? std::strtoull(from, nullptr, 10) : 1;
  Execution execution(kLimits);
  uint64_t whole_total = 0, skipped = 0, dfs_total = 0, stateful_total = 0, sleep_total = 0, dpor_total = 0, blocked = 0;
  for (uint64_t seed = first; seed < first + programs; ++seed) {
    RandomProgram program(seed);
    DfsStrategy brute({.preemptions_max = UINT32_MAX, .preemptions_min = UINT32_MAX, .prune = false});
    Explored whole = explore(execution, brute, RandomProgram::first, &program, Races::kIgnored, kRunsMax);
    if (!whole.finished) {
      ++skipped;
      continue;
    }
    whole_total += whole.runs;
    DfsStrategy dfs({.preemptions_max = UINT32_MAX, .preemptions_min = UINT32_MAX, .prune = true});
    Explored found = explore(execution, dfs, RandomProgram::first, &program, Races::kIgnored, kRunsMax * 2);
    dfs_total += found.runs;
    EXPECT_EQ(whole.all(), found.all()) << "dfs, seed " << seed << ": " << program.text();
    DfsStrategy again({.preemptions_max = UINT32_MAX, .preemptions_min = UINT32_MAX, .prune = false});
    whole = explore(execution, again, RandomProgram::first, &program, Races::kCompared, kRunsMax);
    DporStrategy dpor;
    found = explore(execution, dpor, RandomProgram::first, &program, Races::kCompared, kRunsMax * 2);
    dpor_total += dpor.stats().executions;
    blocked += dpor.stats().blocked;
    EXPECT_EQ(whole.all(), found.all()) << "dpor 0, seed " << seed << ": " << program.text();
    EXPECT_LE(dpor.stats().executions, whole.runs) << "dporcount 0, seed " << seed << ": " << program.text();
    EXPECT_LE(dpor.stats().blocked, whole.runs) << "dporblocked 0, seed " << seed << ": " << program.text();
    whole = explore(execution, again, RandomProgram::first, &program, Races::kIgnored, kRunsMax);
    DfsStrategy again2({.preemptions_max = UINT32_MAX, .preemptions_min = UINT32_MAX, .prune = false});
    whole = explore(execution, again2, RandomProgram::first, &program, Races::kIgnored, kRunsMax);
    for (bool sleep : {false, true}) {
      StatefulStrategy stateful({.sleep_sets = sleep});
      found = explore(execution, stateful, RandomProgram::first, &program, Races::kIgnored, kRunsMax * 2);
      (sleep ? sleep_total : stateful_total) += found.runs;
      EXPECT_EQ(whole.all(), found.all())
          << "stateful " << sleep << ", seed " << seed << ": " << program.text();
    }
  }
  std::printf("%lu programs, %lu skipped, brute %lu dfs %lu stateful %lu with sleep sets %lu dpor %lu + %lu\n", programs,
              skipped, whole_total, dfs_total, stateful_total, sleep_total, dpor_total, blocked);
}

}  // namespace
}  // namespace daxrace::engine::exactness
