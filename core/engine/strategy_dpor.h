/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Source-DPOR with sleep sets (Abdulla, Aronis, Jonsson, Sagonas, POPL 2014 and JACM 2017): all schedules and
 * all values of all draws, up to the order of transitions that do not conflict. Of each such class one
 * execution is run to its end, and no more. No bound, and no state is kept but the path.
 *
 * Every finding is found that an execution can have, data races included: the accesses that race are ordered
 * the same way in all of a class.
 */
#ifndef DAXRACE_CORE_ENGINE_STRATEGY_DPOR_H_
#define DAXRACE_CORE_ENGINE_STRATEGY_DPOR_H_

#include "core/engine/dpor_races.h"
#include "core/engine/strategies.h"

namespace daxrace::engine {

class DporStrategy : public Strategy {
 public:
  DporStrategy() : path_(true) {}

  Needs needs() const override { return {.trace = true, .state = false}; }
  bool begin() override;
  size_t pick(const Pick& pick) override;
  uint32_t draw(const Execution& execution, uint32_t bound) override;
  void end(const Execution& execution) override;

  struct Stats {
    uint64_t executions = 0; /* complete, one of each class */
    uint64_t blocked = 0;    /* by sleep sets: begun, and then seen to be of a class that was had before */
    uint32_t longest = 0;    /* steps */
  };
  const Stats& stats() const { return stats_; }

 private:
  SearchPath path_;
  RaceAnalysis races_;
  bool abandoned_ = false;
  SearchPath::Mask could_ = 0; /* go on, where it was abandoned */
  Stats stats_;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_STRATEGY_DPOR_H_
