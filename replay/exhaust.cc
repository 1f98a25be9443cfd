/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/exhaust.h"

#include <bit>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/engine/interrupt.h"

namespace daxrace::replay {

namespace {

class Ticker {
 public:
  /* A tenth of a second has passed since it last was. */
  bool due() {
    auto now = Clock::now();
    if (now < next_) return false;
    next_ = now + std::chrono::milliseconds(100);
    return true;
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point next_ = Clock::now() + std::chrono::milliseconds(100);
};

void note_bound(Exhausted& result, uint32_t bound, const engine::Search::Stats& so_far, bool complete) {
  BoundStats stats{bound, so_far.executions, so_far.pruned, so_far.repeats, complete};
  for (const BoundStats& earlier : result.bounds) {
    stats.executions -= earlier.executions;
    stats.pruned -= earlier.pruned;
    stats.repeats -= earlier.repeats;
  }
  result.bounds.push_back(stats);
}

}  // namespace

std::unique_ptr<engine::Search> search_of(const ExhaustOptions& options) {
  engine::StrategyOptions tuning;
  tuning.preemptions_max = options.bound;
  tuning.preemptions_min = options.bound == UINT32_MAX ? options.bound : 0;
  tuning.prune = options.prune;
  std::unique_ptr<engine::Strategy> strategy = engine::find_strategy(options.strategy)->make(tuning);
  /* Every row that exhausts is a search. */
  return std::unique_ptr<engine::Search>(dynamic_cast<engine::Search*>(strategy.release()));
}

Exhausted exhaust(scenario::Runner& runner, const ExhaustOptions& options, const OnFinding& on_finding) {
  if (options.jobs > 1 || !options.checkpoint.empty() || !options.resume.empty()) {
    return exhaust_by_workers(runner, options, on_finding);
  }
  std::optional<engine::Interrupt> interrupt;
  if (options.interruptible) interrupt.emplace();
  std::unique_ptr<engine::Search> made = search_of(options);
  engine::Search& search = *made;
  Exhausted result;
  Ticker ticker;
  uint32_t bound = search.bound();
  bool stopped = false;
  while (!stopped) {
    engine::Search::Stats before = search.stats();
    bool more = search.begin();
    if (!more || search.bound() != bound) {
      /* begin() has moved on: what was counted until now belongs to the bound before. */
      note_bound(result, bound, before, true);
      bound = search.bound();
    }
    if (!more) break;
    runner.run(search);
    if (options.progress && ticker.due()) options.progress({bound, search.stats(), search.progress()});
    result.interrupted = interrupt && engine::Interrupt::requested();
    stopped = result.interrupted;
    bool fresh = false;
    const engine::Finding* headline = runner.execution().headline();
    if (!options.only.empty() && (headline == nullptr || headline->verdict != options.only)) continue;
    for (const engine::Finding& finding : runner.execution().findings()) {
      fresh = result.verdicts.try_emplace(std::string(finding.verdict), bound).second || fresh;
    }
    if (fresh) on_finding(bound);
    if (!fresh || !options.stop_at_first) continue;
    stopped = true;
    result.interrupted = false;
  }
  if (stopped) note_bound(result, bound, search.stats(), false);
  result.executions = search.stats().all();
  result.states = search.stats().states;
  result.steps = search.stats().steps;
  result.done = result.interrupted ? search.progress() : 0;
  return result;
}

nlohmann::json json_of(const Exhausted& result, const std::string& strategy) {
  auto json_of_bound = [](uint32_t bound) {
    return bound == UINT32_MAX ? nlohmann::json(nullptr) : nlohmann::json(bound);
  };
  nlohmann::json json = {{"strategy", strategy},
                         {"executions", result.executions},
                         {"states", result.states},
                         {"steps", result.steps}};
  json["bounds"] = nlohmann::json::array();
  for (const BoundStats& stats : result.bounds) {
    json["bounds"].push_back({{"preemptions", json_of_bound(stats.bound)},
                              {"executions", stats.executions},
                              {"known_states", stats.pruned},
                              {"repeats", stats.repeats},
                              {"complete", stats.complete}});
  }
  json["verdicts"] = nlohmann::json::object();
  for (const auto& [verdict, bound] : result.verdicts) json["verdicts"][verdict] = json_of_bound(bound);
  if (result.interrupted) {
    json["interrupted"] = true;
    json["done"] = result.done;
  }
  return json;
}

int collision_bits(uint64_t states) {
  /* n^2 / 2^129, rounded up. */
  return 129 - 2 * static_cast<int>(std::bit_width(states));
}

}  // namespace daxrace::replay
