/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of strategies.
 */
#ifndef DAXRACE_CORE_ENGINE_STRATEGIES_H_
#define DAXRACE_CORE_ENGINE_STRATEGIES_H_

#include <memory>
#include <span>
#include <string_view>

#include "core/engine/strategy.h"

namespace daxrace::engine {

/* What a strategy may be told. Each uses what it understands. */
struct StrategyOptions {
  uint64_t seed = 1;
  int depth = 3;                /* pct: d */
  uint32_t preemptions_max = 2; /* dfs: the last bound; UINT32_MAX: none */
  uint32_t preemptions_min = 0; /* dfs: the first bound */
  bool rf_feedback = true;      /* rf: learn from what a schedule showed */
  bool prune = true;      /* dfs: not again from a state that was explored with as many preemptions left */
  bool sleep_sets = true; /* stateful: not two orders of steps that do not conflict */
};

enum class StrategyKind : uint8_t { kSamples, kExhausts, kComposes }; /* strategies.def */

struct StrategyInfo {
  std::string_view name;
  StrategyKind kind;
  std::string_view summary;
  std::string_view guarantee;
  std::unique_ptr<Strategy> (*make)(const StrategyOptions&);
};

std::span<const StrategyInfo> strategy_table();
/* Null if there is none of that name. */
const StrategyInfo* find_strategy(std::string_view name);

#define STRATEGY(name, kind, summary, guarantee) \
  std::unique_ptr<Strategy> make_##name##_strategy(const StrategyOptions& options);
#include "core/engine/strategies.def"
#undef STRATEGY

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_STRATEGIES_H_
