/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/scenario/text.h"
#include "replay/command.h"

namespace daxrace::replay {

const engine::StrategyInfo& strategy_called(const std::string& name) {
  const engine::StrategyInfo* info = engine::find_strategy(name);
  if (info != nullptr) return *info;
  std::vector<std::string_view> names;
  for (const engine::StrategyInfo& each : engine::strategy_table()) names.push_back(each.name);
  std::string_view near = scenario::did_you_mean(name, names);
  throw UsageError{
      "--strategy: no strategy is called `" + name + "`; " +
      (near.empty() ? "`daxrace list strategies` names them" : "did you mean `" + std::string(near) + "`?")};
}

const engine::StrategyInfo& exhaustive_strategy_called(const std::string& name) {
  const engine::StrategyInfo& info = strategy_called(name);
  if (info.kind == engine::StrategyKind::kExhausts) return info;
  throw UsageError{"--strategy: `" + name + "` samples and never ends; `daxrace run --strategy " + name +
                   "` is for it"};
}

}  // namespace daxrace::replay
