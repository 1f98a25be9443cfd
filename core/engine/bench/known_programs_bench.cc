/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many schedules each sampling strategy needs until it shows each known bug: mean, median and largest
 * over kSeeds seeds, the same in every run. For account, lazy01 and deadlock01 the published surw needs about
 * 4, 2 and 3 (Zhao, Wolff, Mathur, Roychoudhury, ASPLOS 2025).
 */
#include <benchmark/benchmark.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "core/engine/bench/known_programs.h"
#include "core/engine/strategies.h"

namespace daxrace::bench {
namespace {

constexpr uint64_t kSeeds = 100;
constexpr uint32_t kSchedulesMax = 100000;

void schedules(benchmark::State& state, const KnownProgram& program, const engine::StrategyInfo& info) {
  engine::Execution execution(kKnownLimits);
  std::vector<uint32_t> needed;
  for (auto _ : state) {
    needed.clear();
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
      auto strategy = info.make({.seed = seed});
      needed.push_back(schedules_to_bug(execution, *strategy, program.first, kSchedulesMax));
    }
  }
  std::sort(needed.begin(), needed.end());
  if (needed.front() == 0) {
    state.SkipWithError("a seed that does not find it");
    return;
  }
  state.counters["mean"] =
      static_cast<double>(std::accumulate(needed.begin(), needed.end(), uint64_t{0})) / double(kSeeds);
  state.counters["median"] = double(needed[kSeeds / 2 - 1] + needed[kSeeds / 2]) / 2;
  state.counters["max"] = double(needed.back());
}

/* A search without a seed does the same every time. */
bool samples(const engine::StrategyInfo& info) { return info.kind != engine::StrategyKind::kExhausts; }

[[maybe_unused]] const bool kAdded = [] {
  for (const KnownProgram& program : kKnownPrograms) {
    for (const engine::StrategyInfo& info : engine::strategy_table()) {
      if (!samples(info)) continue;
      std::string name = std::string("schedules/") + program.name + "/" + std::string(info.name);
      benchmark::RegisterBenchmark(name.c_str(), [&program, &info](benchmark::State& s) {
        schedules(s, program, info);
      })->Iterations(1);
    }
  }
  return true;
}();

}  // namespace
}  // namespace daxrace::bench
