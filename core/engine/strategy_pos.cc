/* SPDX-License-Identifier: GPL-2.0-only */
#include <algorithm>

#include "core/engine/event_priorities.h"
#include "core/engine/strategies.h"

namespace daxrace::engine {

namespace {

/* A task that has not started does something of its own. */
Step step_of(const Pending& pending) {
  if (pending.object == nullptr) return {};
  return {pending.object->key, access_of(pending.kind)};
}

bool dependent(const Pending& a, const Pending& b) {
  bool crash = a.kind == EventKind::k_crash || b.kind == EventKind::k_crash;
  if (a.object != b.object && !crash) return false; /* nearly always */
  return engine::dependent(step_of(a), step_of(b));
}

/*
 * Partial order sampling (Yuan, Yang, Gu, CAV 2018): the event of highest priority runs; every event that is
 * dependent with it gets another one, so that an event which lost one race may win the next.
 */
class PosStrategy : public Strategy {
 public:
  explicit PosStrategy(uint64_t seed) : random_(seed), priorities_(random_) {}

  Needs needs() const override { return {.trace = false, .state = false}; }

  bool begin() override {
    priorities_.begin();
    return true;
  }

  size_t pick(const Pick& pick) override {
    priorities_.next();
    uint64_t highest = 0;
    for (TaskId id : pick.candidates) highest = std::max(highest, priorities_.of(pick.execution, id));
    TaskId chosen = EventPriorities::task_of(highest);
    const Pending& event = pick.execution.task(chosen).pending;
    for (TaskId id : pick.candidates) {
      if (dependent(event, pick.execution.task(id).pending)) priorities_.redraw(id);
    }
    return pick.candidates.index_of(chosen);
  }

  uint32_t draw(const Execution&, uint32_t bound) override { return random_.below(bound); }

 private:
  Random random_;
  EventPriorities priorities_;
};

}  // namespace

std::unique_ptr<Strategy> make_pos_strategy(const StrategyOptions& options) {
  return std::make_unique<PosStrategy>(options.seed);
}

}  // namespace daxrace::engine
