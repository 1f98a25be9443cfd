/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/strategies.h"

namespace daxrace::engine {

namespace {
constexpr StrategyInfo kStrategies[] = {
#define STRATEGY(name, kind, summary, guarantee) \
  {#name, StrategyKind::kind, summary, guarantee, make_##name##_strategy},
#include "core/engine/strategies.def"
#undef STRATEGY
};
}  // namespace

std::span<const StrategyInfo> strategy_table() { return kStrategies; }

const StrategyInfo* find_strategy(std::string_view name) {
  for (const StrategyInfo& info : kStrategies) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

}  // namespace daxrace::engine
