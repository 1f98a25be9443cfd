/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The determinism check: a wrapper around any strategy that runs every schedule twice and compares the
 * traces. A difference is a fault of the harness or of the code under test, never of the schedule.
 */
#ifndef DAXRACE_CORE_ENGINE_DETERMINISM_H_
#define DAXRACE_CORE_ENGINE_DETERMINISM_H_

#include <string>
#include <vector>

#include "core/engine/strategy_replay.h"

namespace daxrace::engine {

class TwiceStrategy : public Strategy {
 public:
  explicit TwiceStrategy(Strategy& inner)
      : inner_(inner), replay_(switches_, draws_, ReplayStrategy::Mode::kByStep, 0) {}

  bool begin() override;
  size_t pick(const Pick& pick) override;
  uint32_t draw(const Execution& execution, uint32_t bound) override;
  void end(const Execution& execution) override;

  /* Executions whose second run differed. */
  uint64_t differences() const { return differences_; }
  /* Of the first of them, in one line: the step, and what it was in either run. Empty if there is none. */
  const std::string& first_difference() const { return first_difference_; }
  bool second_run() const { return second_; }

 private:
  void compare(const Execution& execution);

  Strategy& inner_;
  std::vector<RecordedSwitch> switches_;
  std::vector<RecordedDraw> draws_;
  ReplayStrategy replay_;
  bool second_ = true; /* so that the first begin() starts a first run */
  bool abandoned_ = false;
  std::vector<Event> trace_; /* of the first run */
  uint64_t differences_ = 0;
  std::string first_difference_;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_DETERMINISM_H_
