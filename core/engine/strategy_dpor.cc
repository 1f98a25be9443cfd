/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/strategy_dpor.h"

#include <algorithm>

namespace daxrace::engine {

bool DporStrategy::advance() {
  abandoned_ = false;
  could_ = 0;
  return path_.advance();
}

size_t DporStrategy::pick(const Pick& pick) {
  if (const SearchPath::Node* node = path_.replay()) {
    return pick.candidates.index_of(static_cast<TaskId>(node->chosen));
  }
  path_.follow(pick.execution);
  if (path_.blocked_at() == UINT32_MAX) {
    SearchPath::Node& node = path_.open(pick);
    for (TaskId task : pick.candidates) {
      if ((node.asleep & SearchPath::bit(task)) != 0) continue;
      node.todo = SearchPath::bit(task);
      SearchPath::take(node);
      return pick.candidates.index_of(task);
    }
    could_ = node.runnable;
    path_.drop();
  }
  abandoned_ = true;
  return kAbandon;
}

uint32_t DporStrategy::draw(const Execution& execution, uint32_t bound) {
  return path_.draw(execution, bound);
}

void DporStrategy::end(const Execution& execution) {
  path_.follow(execution);
  bool whole = !abandoned_ && path_.blocked_at() == UINT32_MAX;
  bool early = whole && ended_early(execution);
  path_.learn(execution, early);
  auto nodes = path_.nodes();
  RaceAnalysis::Part part;
  part.from = path_.changed_from() < nodes.size() ? nodes[path_.changed_from()].step : 0;
  part.to = std::min(execution.steps(), path_.blocked_at());
  part.could = could_;
  if (path_.blocked_at() < execution.steps()) {
    part.could = SearchPath::bit(execution.trace()[path_.blocked_at()].task);
  } else if (early) {
    part.could = SearchPath::bit(execution.trace().back().task);
  }
  part.ended_early = early;
  races_.analyse(execution, part, nodes);
  ++(whole ? stats_.executions : stats_.repeats);
  stats_.steps += execution.steps();
  stats_.longest = std::max(stats_.longest, execution.steps());
}

bool DporStrategy::split(std::string* part) {
  SearchPath given(true);
  if (!path_.split(given)) return false;
  *part = seal_part([&](ByteWriter& out) { given.write(out); });
  return true;
}

bool DporStrategy::stray(Hash128* name, std::string* part) {
  SearchPath found(true);
  if (!path_.stray(found, name)) return false;
  *part = seal_part([&](ByteWriter& out) { found.write(out); });
  return true;
}

std::unique_ptr<Strategy> make_dpor_strategy(const StrategyOptions&) {
  return std::make_unique<DporStrategy>();
}

}  // namespace daxrace::engine
