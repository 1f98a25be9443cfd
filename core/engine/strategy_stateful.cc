/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/strategy_stateful.h"

#include <algorithm>

namespace daxrace::engine {

namespace {
constexpr size_t kStateBytes = 20;
}  // namespace

bool StatefulStrategy::advance() {
  abandoned_ = false;
  return path_.advance();
}

size_t StatefulStrategy::abandon(bool known) {
  abandoned_ = true;
  known_ = known;
  return kAbandon;
}

/* The tasks that have been run from this state, or will be; now `awake` will be, too. */
uint32_t StatefulStrategy::come_to(const Execution& execution, uint32_t awake) {
  const Hash128 state = execution.state_key(Execution::Turns::kIgnored);
  bool fresh = false;
  if (table_ != nullptr) {
    uint32_t run = table_->unite(state, awake, &fresh);
    stats_.states += fresh;
    return run;
  }
  uint32_t& word = visited_.insert(state, &fresh);
  uint32_t run = word;
  word |= awake;
  stats_.states = visited_.size();
  return run;
}

size_t StatefulStrategy::pick(const Pick& pick) {
  if (const SearchPath::Node* node = path_.replay()) {
    return pick.candidates.index_of(static_cast<TaskId>(node->chosen));
  }
  path_.follow(pick.execution);
  if (path_.blocked_at() != UINT32_MAX) return abandon(false);
  auto sleeping = SearchPath::Mask{0};
  for (const SearchPath::Sleeper& sleeper : path_.sleepers()) sleeping |= SearchPath::bit(sleeper.task);
  uint32_t run = come_to(pick.execution, ~static_cast<uint32_t>(sleeping));
  if (run == UINT32_MAX) return abandon(true);
  SearchPath::Node& node = path_.open(pick);
  /* A task that the word has no room for is run the first time: it never sleeps. */
  node.asleep &= UINT32_MAX;
  node.todo = run == 0 ? node.runnable : node.runnable & ~run & UINT32_MAX;
  if (SearchPath::take(node)) return pick.candidates.index_of(static_cast<TaskId>(node.chosen));
  path_.drop();
  return abandon(run != 0);
}

uint32_t StatefulStrategy::draw(const Execution& execution, uint32_t bound) {
  return path_.draw(execution, bound);
}

void StatefulStrategy::end(const Execution& execution) {
  if (!abandoned_) path_.follow(execution);
  if (path_.sleeps()) path_.learn(execution, !abandoned_ && ended_early(execution));
  bool whole = !abandoned_ && path_.blocked_at() == UINT32_MAX;
  stats_.steps += execution.steps();
  stats_.longest = std::max(stats_.longest, execution.steps());
  ++(whole ? stats_.executions : abandoned_ && known_ ? stats_.pruned : stats_.repeats);
}

bool StatefulStrategy::split(std::string* part) {
  SearchPath given(false);
  if (!path_.split(given)) return false;
  path_.stop_sleeping();
  given.stop_sleeping();
  *part = seal_part([&](ByteWriter& out) {
    given.write(out);
    out.u64(0);
  });
  return true;
}

std::string StatefulStrategy::describe() const { return sleep_sets_ ? "stateful, sleep sets" : "stateful"; }

void StatefulStrategy::write_part(ByteWriter& out) const {
  path_.write(out);
  auto states = visited_.sorted();
  out.u64(states.size());
  for (const auto& [state, run] : states) {
    out.u128(state);
    out.u32(run);
  }
}

bool StatefulStrategy::read_part(ByteReader& in) {
  if (!path_.read(in)) return false;
  visited_ = VisitedSet();
  for (uint64_t n = in.count(kStateBytes); n > 0; --n) {
    Hash128 state = in.u128();
    bool fresh = false;
    visited_.insert(state, &fresh) = in.u32();
  }
  return in.ok();
}

std::unique_ptr<Strategy> make_stateful_strategy(const StrategyOptions& options) {
  return std::make_unique<StatefulStrategy>(options);
}

}  // namespace daxrace::engine
