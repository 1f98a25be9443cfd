/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a transition touches, as the dependency relation sees it: each object once, with the strongest access.
 */
#ifndef DAXRACE_CORE_ENGINE_FOOTPRINT_H_
#define DAXRACE_CORE_ENGINE_FOOTPRINT_H_

#include <vector>

#include "core/engine/execution.h"

namespace daxrace::engine {

/* An event as the dependency relation sees it. */
inline Step step_of(const Event& event) { return {event.role->key(event.object), access_of(event)}; }

/* Creating a task takes the next number: two that do so are told apart by their order, whichever tasks they
 * create. The object of the numbers. */
inline constexpr uint64_t kTaskNumbers = 0x7461736b6e756d62ULL;

/* Whether the execution ended in the middle: a crash, or a finding after which nothing goes on. Then the
 * order of the last transition and of everything else matters. Not where nobody could go on anyway. */
bool ended_early(const Execution& execution);

class Footprint {
 public:
  void clear() { steps_.clear(); }
  void assign(std::vector<Step> steps) { steps_ = std::move(steps); }
  void add(Step step);
  void add(const Footprint& other) {
    for (const Step& step : other.steps_) add(step);
  }
  /* The transition that begins with event `first`; returns where the next begins. */
  uint32_t add_transition(const Execution& execution, uint32_t first);

  bool conflicts(const Step& step) const {
    for (const Step& mine : steps_) {
      if (dependent(mine, step)) return true;
    }
    return false;
  }
  const std::vector<Step>& steps() const { return steps_; }

 private:
  std::vector<Step> steps_;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_FOOTPRINT_H_
