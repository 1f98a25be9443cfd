/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/event_priorities.h"
#include "core/engine/strategies.h"

namespace daxrace::engine {

namespace {

/* A task that has not started does something of its own. */
Step step_of(const Pending& pending) {
  if (pending.object == nullptr) return {};
  return {pending.object->key, access_of(pending.kind)};
}

/*
 * Partial order sampling (Yuan, Yang, Gu, CAV 2018): the event of highest priority runs; every event that is
 * dependent with it gets another one, so that an event which lost one race may win the next.
 *
 * Priorities are integers. Two are equal once in 2^64; the task that comes first in the order of candidates
 * then wins.
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
    size_t best = 0;
    TaskId chosen = pick.candidates[0];
    uint64_t highest = 0;
    size_t index = 0;
    for (TaskId id : pick.candidates) {
      uint64_t priority = priorities_.of(pick.execution, id);
      if (priority > highest) {
        highest = priority;
        best = index;
        chosen = id;
      }
      ++index;
    }
    Step step = step_of(pick.execution.task(chosen).pending);
    for (TaskId id : pick.candidates) {
      if (dependent(step, step_of(pick.execution.task(id).pending))) priorities_.redraw(id);
    }
    return best;
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
