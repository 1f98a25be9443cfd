/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executions and steps per second of real programs. Absolute times are noisy: compare two of the same run.
 * `engine` is the same number of steps without a model, so steps/s of a scenario divided by it is what the
 * model costs.
 */
#include <benchmark/benchmark.h>

#include <fstream>
#include <sstream>

#include "core/engine/data.h"
#include "core/engine/strategies.h"
#include "core/scenario/execute.h"
#include "core/scenario/text.h"

namespace daxrace::scenario {
namespace {

Program program_of(const char* name) {
  std::ifstream file(std::string("scenarios/") + name);
  std::stringstream text;
  text << file.rdbuf();
  return parse_lenient(text.str());
}

void scenario(benchmark::State& state, const char* name, const char* strategy_name) {
  Program program = program_of(name);
  if (program.tasks.empty()) {
    state.SkipWithError("run it where scenarios/ is");
    return;
  }
  Runner runner;
  std::string error;
  runner.load(program, &error);
  auto strategy = engine::find_strategy(strategy_name)->make({});
  uint64_t steps = 0;
  for (auto _ : state) {
    strategy->begin();
    runner.run(*strategy);
    steps += runner.execution().steps();
  }
  state.counters["steps"] =
      benchmark::Counter(static_cast<double>(steps), benchmark::Counter::kAvgIterations);
  state.counters["steps/s"] = benchmark::Counter(static_cast<double>(steps), benchmark::Counter::kIsRate);
}

const engine::Role kCounter("bench.counter");

/* Two tasks, each `range(0)` relaxed loads and stores of one atomic. */
void engine_only(benchmark::State& state) {
  engine::Execution execution({.steps_max = 100000, .tasks_max = 3});
  auto strategy = engine::find_strategy("random")->make({});
  static int64_t rounds = 0;
  rounds = state.range(0);
  auto body = [](void*) {
    auto* x = engine::Execution::current().arena().make<engine::Atomic<int>>();
    x->init(kCounter);
    for (const char* name : {"A", "B"}) {
      engine::Execution::current().spawn(
          [x] {
            for (int64_t i = 0; i < rounds; ++i) {
              int value = x->load(engine::Order::kRelaxed);
              x->store(value + 1, engine::Order::kRelaxed);
            }
          },
          name);
    }
  };
  uint64_t steps = 0;
  for (auto _ : state) {
    strategy->begin();
    execution.run(*strategy, body, nullptr);
    steps += execution.steps();
  }
  state.counters["steps/s"] = benchmark::Counter(static_cast<double>(steps), benchmark::Counter::kIsRate);
}

BENCHMARK_CAPTURE(scenario, writeprotect_random, "000-missing-writeprotect.dax", "random");
BENCHMARK_CAPTURE(scenario, writeprotect_pct, "000-missing-writeprotect.dax", "pct");
BENCHMARK_CAPTURE(scenario, fault_write_random, "001-fault-races-with-write.dax", "random");
BENCHMARK_CAPTURE(scenario, fault_write_pct, "001-fault-races-with-write.dax", "pct");
BENCHMARK(engine_only)->Arg(2)->Arg(50);

}  // namespace
}  // namespace daxrace::scenario
