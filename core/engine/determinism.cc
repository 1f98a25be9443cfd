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
    compare(execution);
    return;
  }
  trace_.assign(execution.trace().begin(), execution.trace().end());
  record(execution, switches_, draws_);
  inner_.end(execution);
}

namespace {

bool same(const Event& a, const Event& b) { return extend(0, a) == extend(0, b); }

std::string described(std::span<const Event> trace, size_t step, const Execution& execution) {
  if (step >= trace.size()) return "the end";
  const Event& event = trace[step];
  std::string text = event.task < execution.task_count() ? std::string(execution.task(event.task).name)
                                                         : "task " + std::to_string(event.task);
  text +=
      " " + std::string(name_of(event.kind)) + " " + object_name(event) + " = " + std::to_string(event.value);
  return event.site == &kAnonymousSite ? text : text + " at " + event.site->name();
}

}  // namespace

void TwiceStrategy::compare(const Execution& execution) {
  std::span<const Event> first = trace_;
  std::span<const Event> second = execution.trace();
  size_t step = 0;
  while (step < first.size() && step < second.size() && same(first[step], second[step])) ++step;
  if (step == first.size() && step == second.size()) return;
  if (++differences_ > 1) return;
  first_difference_ = "the same schedule gave two executions: step " + std::to_string(step) + " was " +
                      described(first, step, execution) + ", and then " + described(second, step, execution);
}

}  // namespace daxrace::engine
