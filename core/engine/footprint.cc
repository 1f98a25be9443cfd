/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/footprint.h"

#include <algorithm>

namespace daxrace::engine {

namespace {

#define FAILURE(name, verdict, fatal, precedence, meaning) \
  [[maybe_unused]] constexpr std::string_view kVerdict_##name = verdict;
#include "core/engine/failures.def"
#undef FAILURE

/* What conflicts with everything that either does. */
Access join(Access a, Access b) {
  if (a == b || b == Access::kNone) return a;
  if (a == Access::kNone) return b;
  return std::max({a, b, Access::kWrite});
}

}  // namespace

bool ended_early(const Execution& execution) {
  for (const Finding& finding : execution.findings()) {
    if (finding.verdict == kVerdict_deadlock || finding.verdict == kVerdict_livelock) return false;
  }
  if (execution.steps() != 0 && execution.trace().back().kind == EventKind::k_crash) return true;
  for (int id = 0; id < execution.task_count(); ++id) {
    if (execution.task(static_cast<TaskId>(id)).state == Task::State::kRunnable) return true;
  }
  return false;
}

void Footprint::add(Step step) {
  if (step.access == Access::kNone) return;
  for (Step& mine : steps_) {
    if (mine.object != step.object) continue;
    mine.access = join(mine.access, step.access);
    return;
  }
  steps_.push_back(step);
}

uint32_t Footprint::add_transition(const Execution& execution, uint32_t first) {
  auto trace = execution.trace();
  uint32_t i = first;
  for (; i < trace.size() && (i == first || !trace[i].point); ++i) {
    add(step_of(trace[i]));
    if (trace[i].kind == EventKind::k_spawn) add({kTaskNumbers, Access::kWrite});
  }
  return i;
}

}  // namespace daxrace::engine
