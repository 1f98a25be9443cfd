/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/determinism.h"

namespace daxrace::engine {

bool TwiceStrategy::begin() {
  second_ = !second_;
  if (second_ && !abandoned_) {
    replay_ = ReplayStrategy(switches_, draws_, ReplayStrategy::Mode::kByStep, 1);
    return replay_.begin();
  }
  second_ = false;
  abandoned_ = false;
  return inner_.begin();
}

size_t TwiceStrategy::pick(const Pick& pick) {
  if (second_) return replay_.pick(pick);
  size_t index = inner_.pick(pick);
  abandoned_ = abandoned_ || index == kAbandon;
  return index;
}

uint32_t TwiceStrategy::draw(const Execution& execution, uint32_t bound) {
  return second_ ? replay_.draw(execution, bound) : inner_.draw(execution, bound);
}

void TwiceStrategy::end(const Execution& execution) {
  if (second_) {
    differences_ += execution.trace_hash() != hash_;
    return;
  }
  hash_ = execution.trace_hash();
  record(execution, switches_, draws_);
  inner_.end(execution);
}

}  // namespace daxrace::engine
