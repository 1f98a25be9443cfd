/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/strategy_replay.h"

#include <algorithm>

namespace daxrace::engine {

uint32_t occurrences(std::span<const Event> trace, TaskId task, uint64_t site, uint32_t end) {
  uint32_t count = 0;
  for (uint32_t i = end; i > 0; --i) {
    const Event& event = trace[i - 1];
    if (event.task != task) continue;
    if (event.kind == EventKind::k_invoke) break;
    count += event.site->hash == site && event.kind != EventKind::k_contend;
  }
  return count;
}

Anchor anchor_at(const Execution& execution, TaskId task, uint32_t step, std::string* site_name) {
  auto trace = execution.trace();
  for (uint32_t i = step; i < trace.size(); ++i) {
    const Event& event = trace[i];
    if (event.task != task || event.kind == EventKind::k_contend) continue;
    Anchor anchor;
    anchor.task = task;
    anchor.site = event.site->hash;
    anchor.occurrence = occurrences(trace, task, anchor.site, i);
    for (uint32_t k = i; k > 0; --k) {
      /* While an operation is being invoked, the one before it is still the task's. */
      if (trace[k - 1].task != task || trace[k - 1].kind != EventKind::k_invoke) continue;
      anchor.op = static_cast<uint32_t>(trace[k - 1].value);
      break;
    }
    if (event.kind == EventKind::k_invoke) anchor.op = static_cast<uint32_t>(event.value);
    if (site_name != nullptr) *site_name = event.site->name();
    return anchor;
  }
  const Task& left = execution.task(task);
  if (left.state != Task::State::kRunnable || left.pending.object == nullptr) return {};
  /* It did not get on before the execution ended: what it would have done. */
  if (site_name != nullptr) *site_name = left.pending.site->name();
  return {task, left.op, left.pending.site->hash,
          occurrences(trace, task, left.pending.site->hash, execution.steps())};
}

ReplayStrategy::ReplayStrategy(const std::vector<RecordedSwitch>& switches,
                               const std::vector<RecordedDraw>& draws, Mode mode, uint64_t executions)
    : switches_(&switches), draws_(&draws), mode_(mode), left_(executions) {}

uint32_t ReplayStrategy::default_until() const {
  if (mode_ != Mode::kByStep) return 0;
  return next_ < switches_->size() ? (*switches_)[next_].step : UINT32_MAX;
}

bool ReplayStrategy::begin() {
  next_ = next_draw_ = taken_ = misfits_ = 0;
  if (mode_ != Mode::kByStep) done_.assign(switches_->size(), 0);
  return left_-- > 0;
}

size_t ReplayStrategy::take(const Pick& pick, size_t index) {
  for (size_t i = 0; i < pick.candidates.size(); ++i) {
    if (pick.candidates[i] != (*switches_)[index].task) continue;
    ++taken_;
    if (mode_ != Mode::kByStep) done_[index] = 1;
    return i;
  }
  return 0; /* it cannot run here: the default is always possible */
}

bool ReplayStrategy::fits(const Pick& pick, const RecordedSwitch& recorded) const {
  if (recorded.anchor.task == kNoTask) return pick.current == kNoTask;
  if (recorded.anchor.task != pick.current) return false;
  const Task& task = pick.execution.task(pick.current);
  return (task.op == recorded.anchor.op || mode_ == Mode::kByPlace) &&
         task.pending.site->hash == recorded.anchor.site &&
         occurrences(pick.execution.trace(), pick.current, recorded.anchor.site, pick.step) ==
             recorded.anchor.occurrence;
}

size_t ReplayStrategy::pick(const Pick& pick) {
  if (mode_ == Mode::kByStep) {
    while (next_ < switches_->size() && (*switches_)[next_].step < pick.step) ++next_;
    if (next_ == switches_->size() || (*switches_)[next_].step != pick.step) return 0;
    const RecordedSwitch& recorded = (*switches_)[next_];
    if (recorded.anchor.task != kNoTask && !fits(pick, recorded)) ++misfits_;
    return take(pick, next_++);
  }
  /* An event that an anchor names comes once. If a later one has come, those before it never will. */
  for (size_t index = next_; index < switches_->size(); ++index) {
    const RecordedSwitch& recorded = (*switches_)[index];
    if (index > next_ && recorded.anchor.task == kNoTask) continue;
    if (!fits(pick, recorded)) continue;
    next_ = index + 1;
    return take(pick, index);
  }
  return 0;
}

uint32_t ReplayStrategy::draw(const Execution& execution, uint32_t bound) {
  while (next_draw_ < draws_->size() && (*draws_)[next_draw_].step < execution.steps()) ++next_draw_;
  if (next_draw_ == draws_->size() || (*draws_)[next_draw_].step != execution.steps()) return 0;
  return std::min((*draws_)[next_draw_++].value, bound - 1);
}

void record_choices(const Execution& execution, std::vector<RecordedSwitch>& switches,
                    std::vector<RecordedDraw>& draws) {
  switches.clear();
  draws.clear();
  for (const Decision& decision : execution.decisions()) {
    if (decision.is_draw) {
      draws.push_back({decision.step, decision.value});
    } else {
      switches.push_back({decision.step, static_cast<TaskId>(decision.value), {}});
    }
  }
}

void record(const Execution& execution, std::vector<RecordedSwitch>& switches,
            std::vector<RecordedDraw>& draws) {
  switches.clear();
  draws.clear();
  for (const Decision& decision : execution.decisions()) {
    if (decision.is_draw) {
      draws.push_back({decision.step, decision.value});
      continue;
    }
    Anchor anchor;
    if (decision.preempted != kNoTask)
      anchor = anchor_at(execution, decision.preempted, decision.step, nullptr);
    switches.push_back({decision.step, static_cast<TaskId>(decision.value), anchor});
  }
}

}  // namespace daxrace::engine
