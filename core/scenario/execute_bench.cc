/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * usage: scenario_bench [Google Benchmark's flags] [--functions]
 *
 * Executions and steps per second of every scenario under the random walk and PCT. Absolute times are noisy:
 * compare two of the same run. `engine_only` is the same number of steps without a model, so steps/s of a
 * scenario divided by it is what the model costs.
 *
 *   --functions  instead: how many scheduling points each function of the model has, as far as the scenarios
 * come to them, and its share of all steps. Fidelity is not to be traded for speed: a function that loses
 * points shows here.
 */
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "core/engine/data.h"
#include "core/engine/strategies.h"
#include "core/scenario/execute.h"
#include "core/scenario/text.h"

namespace daxrace::scenario {
namespace {

std::vector<std::filesystem::path> scenario_files() {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("scenarios", error)) {
    if (entry.path().extension() == ".dax") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Program program_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return parse_lenient(text.str());
}

void scenario(benchmark::State& state, const std::filesystem::path& path, const char* strategy_name) {
  Program program = program_of(path);
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

BENCHMARK(engine_only)->Arg(2)->Arg(50);

struct FunctionPoints {
  std::set<const engine::Site*> sites;
  uint64_t steps = 0;
};

int list_functions(const std::vector<std::filesystem::path>& files) {
  constexpr int kExecutions = 200;
  std::map<std::string_view, FunctionPoints> functions;
  uint64_t steps = 0;
  for (const std::filesystem::path& path : files) {
    Program program = program_of(path);
    Runner runner({.trace = true});
    std::string error;
    runner.load(program, &error);
    auto strategy = engine::find_strategy("random")->make({});
    for (int i = 0; i < kExecutions; ++i) {
      strategy->begin();
      runner.run(*strategy);
      for (const engine::Event& event : runner.execution().trace()) {
        if (!event.point) continue;
        FunctionPoints& points = functions[event.site->function];
        points.sites.insert(event.site);
        ++points.steps;
        ++steps;
      }
    }
  }
  std::printf("%-40s %7s %8s\n", "function", "points", "of steps");
  for (const auto& [function, points] : functions) {
    const std::string_view name = function.empty() ? "(tasks)" : function;
    std::printf("%-40.*s %7zu %7.2f%%\n", static_cast<int>(name.size()), name.data(), points.sites.size(),
                100.0 * static_cast<double>(points.steps) / static_cast<double>(steps));
  }
  return 0;
}

}  // namespace
}  // namespace daxrace::scenario

int main(int argc, char** argv) {
  using namespace daxrace::scenario;
  const auto files = scenario_files();
  if (files.empty()) {
    std::fprintf(stderr, "scenario_bench: no scenarios/*.dax here; run it at the top of the tree\n");
    return 2;
  }
  if (argc == 2 && std::strcmp(argv[1], "--functions") == 0) return list_functions(files);
  for (const auto& path : files) {
    for (const char* strategy : {"random", "pct"}) {
      benchmark::RegisterBenchmark((path.stem().string() + "/" + strategy).c_str(),
                                   [=](benchmark::State& state) { scenario(state, path, strategy); });
    }
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
