/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A strategy decides every nondeterministic pick of an execution. It sees one stream of choices: which task
 * runs next, and every other draw. 0 is always the default: the current task goes on, a draw is at its first
 * value; so a stream that ends early is a valid schedule, and the one with the fewest preemptions.
 *
 * One file for each, a row in strategies.def, a factory named make_<name>_strategy.
 */
#ifndef DAXRACE_CORE_ENGINE_STRATEGY_H_
#define DAXRACE_CORE_ENGINE_STRATEGY_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/engine/clock.h"

namespace daxrace::engine {

class Execution;

struct Pick {
  const Execution& execution;
  uint32_t step;                      /* index of the event that comes next */
  TaskId current;                     /* whose turn it was, or kNoTask if it cannot go on */
  std::span<const TaskId> candidates; /* at least two; [0] is the default */
};

class Strategy {
 public:
  /* pick() may return this instead of an index: nothing new is to be seen, end the execution here. */
  static constexpr size_t kAbandon = SIZE_MAX;

  virtual ~Strategy() = default;

  /* A new execution begins. False: there is nothing left to explore, do not run it. */
  virtual bool begin() = 0;

  /* Index of the candidate that runs. Asked only where there is more than one. */
  virtual size_t pick(const Pick& pick) = 0;

  /* A value in [0, bound), bound >= 2. */
  virtual uint32_t draw(const Execution& execution, uint32_t bound) = 0;

  /* The execution is over; its trace and findings can be read. */
  virtual void end(const Execution& execution) { (void)execution; }
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_STRATEGY_H_
