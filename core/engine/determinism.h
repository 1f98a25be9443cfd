/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The determinism check: a wrapper around any strategy that runs every schedule twice and compares the
 * traces. A difference is a fault of the harness or of the code under test, never of the schedule.
 */
#ifndef DAXRACE_CORE_ENGINE_DETERMINISM_H_
#define DAXRACE_CORE_ENGINE_DETERMINISM_H_

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
  bool second_run() const { return second_; }

 private:
  Strategy& inner_;
  std::vector<RecordedSwitch> switches_;
  std::vector<RecordedDraw> draws_;
  ReplayStrategy replay_;
  bool second_ = true; /* so that the first begin() starts a first run */
  bool abandoned_ = false;
  uint64_t hash_ = 0;
  uint64_t differences_ = 0;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_DETERMINISM_H_
