/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an execution costs. Each benchmark prints, of one execution on average: scheduling points, switches
 * and calls of operator new; and executions and points a second. Absolute times are noisy: compare those of
 * one run, which scripts/bench.sh does.
 */
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "core/engine/bench/allocations.h"
#include "core/engine/bench/engine_loads.h"
#include "core/engine/bench/workloads.h"

namespace daxrace::bench {
namespace {

using engine::Execution;
using engine::Strategy;
using engine::StrategyInfo;

/* Points of so many executions that whatever grows has grown, and that averages are good to a percent or two.
 */
constexpr double kWarmUpPoints = 10000;
constexpr double kCountedPoints = 200000;

enum class Trace : uint8_t { kAsked, kOff, kOn };

/* A strategy, begun afresh when it has seen everything. */
class Supply {
 public:
  Supply(const StrategyInfo& info, Trace trace) : info_(info), trace_(trace) { renew(); }

  Strategy& next() {
    if (!strategy().begin()) {
      renew();
      strategy().begin();
    }
    return strategy();
  }

 private:
  Strategy& strategy() { return trace_ == Trace::kAsked ? *inner_ : *recorded_; }
  void renew() {
    inner_ = info_.make({});
    recorded_ = std::make_unique<Recorded>(*inner_, trace_ == Trace::kOn);
  }

  const StrategyInfo& info_;
  Trace trace_;
  std::unique_ptr<Strategy> inner_;
  std::unique_ptr<Recorded> recorded_;
};

using benchmark::Counter;

Counts count_load(const EngineLoad& load, const StrategyInfo& info) {
  auto strategy = info.make({});
  return count(load, *strategy, kCountedPoints);
}

void print_counts(benchmark::State& state, const Counts& counts) {
  state.counters["points"] = counts.points;
  state.counters["switches"] = counts.switches;
  state.counters["executions/s"] = Counter(1, Counter::kIsIterationInvariantRate);
  state.counters["points/s"] = Counter(counts.points, Counter::kIsIterationInvariantRate);
}

void run_load(benchmark::State& state, const EngineLoad& load, const StrategyInfo& info, Trace trace) {
  Counts counts = count_load(load, info);
  Execution execution(load.limits());
  Supply supply(info, trace);
  for (double points = 0; points < kWarmUpPoints; points += counts.points) {
    execution.run(supply.next(), load.first, load.arg);
  }
  uint64_t before = allocations().calls;
  for (auto _ : state) execution.run(supply.next(), load.first, load.arg);
  state.counters["allocations"] =
      Counter(static_cast<double>(allocations().calls - before), Counter::kAvgIterations);
  print_counts(state, counts);
}

/* --- the same work as plain calls: what there is to do apart from scheduling --- */

/* Not inlined, and opaque, so that each access is made. */
struct PlainWord {
  int value = 0;

  [[gnu::noinline]] int load() {
    benchmark::ClobberMemory();
    return value;
  }
  [[gnu::noinline]] void store(int v) {
    value = v;
    benchmark::ClobberMemory();
  }
  [[gnu::noinline]] void add(int v) {
    value += v;
    benchmark::ClobberMemory();
  }
  int get() { return load(); }
  void set(int v) { store(v); }
  void lock() { store(1); }
  void unlock() { store(0); }
};

void plain_w1(PlainWord* words) {
  for (int task = 0; task < kW1Tasks; ++task) w1_task(words[0]);
}
void plain_w2(PlainWord* words) {
  for (int task = 0; task < kW2Tasks; ++task) w2_task(words[0], words[1]);
}
void plain_w3(PlainWord* words) {
  for (int task = 0; task < kW3Tasks; ++task) w3_task(words, task, kW3Accesses);
}

void plain(benchmark::State& state, void (*work)(PlainWord*)) {
  PlainWord words[kW3Words];
  benchmark::DoNotOptimize(&words);
  for (auto _ : state) work(words);
  state.counters["executions/s"] = Counter(1, Counter::kIsIterationInvariantRate);
}

BENCHMARK_CAPTURE(plain, W1, plain_w1);
BENCHMARK_CAPTURE(plain, W2, plain_w2);
BENCHMARK_CAPTURE(plain, W3, plain_w3);

/* --- what a task needs --- */

int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t all = 0;
  int64_t resident = 0;
  statm >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

/* A new Execution, and one run of it: the time of a cold start; heap, and resident memory with the stacks. */
void memory(benchmark::State& state) {
  const EngineLoad& load = load_of_tasks(static_cast<int>(state.range(0)));
  const StrategyInfo& info = *engine::find_strategy("random");
  Supply supply(info, Trace::kAsked);
  int64_t heap = 0;
  int64_t resident = 0;
  for (auto _ : state) {
    state.PauseTiming();
    malloc_trim(0); /* what earlier executions left would be used again, and not seen */
    int64_t heap_before = allocations().bytes_live;
    int64_t resident_before = resident_bytes();
    state.ResumeTiming();
    auto execution = std::make_unique<Execution>(load.limits());
    execution->run(supply.next(), load.first, load.arg);
    state.PauseTiming();
    heap = std::max(heap, allocations().bytes_live - heap_before);
    resident = std::max(resident, resident_bytes() - resident_before);
    execution.reset();
    state.ResumeTiming();
  }
  state.counters["heap_bytes"] = static_cast<double>(heap);
  state.counters["resident_bytes"] = static_cast<double>(resident);
  print_counts(state, count_load(load, info));
}

BENCHMARK(memory)->RangeMultiplier(2)->Range(2, engine::kTasksMax);

/* --- every strategy there is --- */

void tasks(benchmark::State& state) {
  run_load(state, load_of_tasks(static_cast<int>(state.range(0))), *engine::find_strategy("random"),
           Trace::kAsked);
}

BENCHMARK(tasks)->RangeMultiplier(2)->Range(2, engine::kTasksMax);

void add(const std::string& name, const EngineLoad& load, const StrategyInfo& info, Trace trace) {
  benchmark::RegisterBenchmark(
      name.c_str(), [&load, &info, trace](benchmark::State& state) { run_load(state, load, info, trace); });
}

/* STRATEGY/WORKLOAD, and trace_off/WORKLOAD, trace_on/WORKLOAD with the random walk. */
[[maybe_unused]] const bool kAdded = [] {
  for (const EngineLoad& load : engine_loads()) {
    for (const StrategyInfo& info : engine::strategy_table()) {
      add(std::string(info.name) + "/" + load.name, load, info, Trace::kAsked);
    }
    add(std::string("trace_off/") + load.name, load, *engine::find_strategy("random"), Trace::kOff);
    add(std::string("trace_on/") + load.name, load, *engine::find_strategy("random"), Trace::kOn);
  }
  return true;
}();

}  // namespace
}  // namespace daxrace::bench
