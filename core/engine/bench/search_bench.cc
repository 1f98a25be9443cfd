/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A whole search: every schedule of W2 with ten rounds, which no search without states can finish. SPIN's
 * side is w2.pml. One iteration is one search, and its time is what counts, because a state is not the same
 * thing everywhere: here it is one in which at least two tasks can go on.
 */
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <unordered_set>

#include "core/engine/bench/engine_loads.h"

namespace daxrace::bench {
namespace {

using engine::Execution;
using engine::Hash128;
using engine::Strategy;

/* Passes on what another strategy decides, and collects the states in which it is asked. */
class States : public Strategy {
 public:
  explicit States(Strategy& inner) : inner_(inner) {}

  Needs needs() const override {
    Needs needs = inner_.needs();
    needs.state = true;
    return needs;
  }
  bool begin() override { return inner_.begin(); }
  size_t pick(const engine::Pick& pick) override {
    seen_.insert(pick.execution.state_key());
    return inner_.pick(pick);
  }
  uint32_t draw(const Execution& execution, uint32_t bound) override { return inner_.draw(execution, bound); }
  void end(const Execution& execution) override { inner_.end(execution); }

  size_t count() const { return seen_.size(); }

 private:
  struct KeyHash {
    size_t operator()(const Hash128& key) const { return static_cast<size_t>(key); }
  };

  Strategy& inner_;
  std::unordered_set<Hash128, KeyHash> seen_;
};

/* The search with states, or else the one that prunes, without a bound. */
const engine::StrategyInfo& search_info() {
  const engine::StrategyInfo* info = engine::find_strategy("stateful");
  return info != nullptr ? *info : *engine::find_strategy("dfs");
}

std::unique_ptr<Strategy> make_search() {
  return search_info().make({.preemptions_max = UINT32_MAX, .preemptions_min = UINT32_MAX});
}

/* The number of executions that it takes to see everything; 0 if one had a finding, which none can. */
uint64_t search(const EngineLoad& load, Strategy& strategy) {
  Execution execution(load.limits());
  uint64_t executions = 0;
  for (; strategy.begin(); ++executions) {
    execution.run(strategy, load.first, load.arg);
    if (execution.headline() != nullptr) return 0;
  }
  return executions;
}

void run_search(benchmark::State& state, const EngineLoad& load) {
  uint64_t executions = 0;
  for (auto _ : state) executions = search(load, *make_search());
  auto strategy = make_search();
  States states(*strategy);
  if (executions == 0 || search(load, states) != executions) {
    state.SkipWithError("a finding, or another number of executions when it is repeated");
    return;
  }
  state.SetLabel(std::string(search_info().name));
  state.counters["executions"] = static_cast<double>(executions);
  state.counters["states"] = static_cast<double>(states.count());
}

[[maybe_unused]] const bool kAdded = [] {
  for (const EngineLoad* load : {&search_load(), &operations_load()}) {
    std::string name = std::string("search/") + load->name;
    benchmark::RegisterBenchmark(name.c_str(), [load](benchmark::State& state) {
      run_search(state, *load);
    })->Unit(benchmark::kSecond);
  }
  return true;
}();

}  // namespace
}  // namespace daxrace::bench
