/* SPDX-License-Identifier: GPL-2.0-only */
/* Who is to blame when the budget of steps was spent under a fair schedule. */
#include <algorithm>

#include "core/engine/failure.h"

namespace daxrace::engine {

namespace {

std::string describe_livelock(const Finding& finding, const Execution& execution) {
  std::string fair = "the last " + std::to_string(finding.args[2]) + " of them under a fair schedule";
  std::string text = task_name(execution, finding.task) + " made " + std::to_string(finding.args[0]) +
                     " steps in its operation " + std::to_string(finding.args[1]) + " without ending it" +
                     at_step(finding.step, *static_cast<const Site*>(finding.context)) + ", when " +
                     std::to_string(execution.steps()) + " steps had been made by all, " + fair;
  if (finding.other_task == kNoTask) {
    return text + (finding.args[3] == 0 ? ", and changed nothing: it waits for what never comes" : "");
  }
  return text + "; it changed shared state " + std::to_string(finding.args[3]) + " times in those, and " +
         task_name(execution, finding.other_task) + ", which did not end either, " +
         std::to_string(finding.args[4]) + " times: they undo each other's work";
}

/* What a task did in the fair part, where nobody was starved. */
uint32_t fair_points(const Task& task) {
  return task.transitions - std::max(task.transitions_at_op, task.transitions_at_fair);
}

/* A task that ends operations gets on. One that changes shared state and still ends nothing goes round in
 * circles; one that only reads waits for somebody. Among equals, the one that did more. */
bool worse(const Task& a, const Task& b) {
  if (a.ended_op != b.ended_op) return b.ended_op;
  if ((a.changes != 0) != (b.changes != 0)) return a.changes != 0;
  return fair_points(a) > fair_points(b);
}

}  // namespace

void Execution::livelock() {
  Finding finding = make_finding(Failure::k_livelock);
  finding.describe = describe_livelock;
  TaskId worst = kNoTask;
  TaskId second = kNoTask;
  for (int i = 0; i < task_count_; ++i) {
    auto id = static_cast<TaskId>(i);
    const Task& task = tasks_[id];
    if (task.state != Task::State::kRunnable) continue;
    /* It waits for the guilty one, perhaps. The present task has what it was waiting for. */
    if (id != self_ && !enabled(task, id)) continue;
    if (worst == kNoTask || worse(task, tasks_[worst])) {
      second = worst;
      worst = id;
    } else if (second == kNoTask || worse(task, tasks_[second])) {
      second = id;
    }
  }
  const Task& guilty = tasks_[worst];
  finding.task = worst;
  /* Where the budget happened to end is no part of what the finding is. */
  finding.context = guilty.pending.site;
  finding.step = steps_ - 1;
  finding.args = {guilty.transitions - guilty.transitions_at_op, guilty.op, limits_.steps_max / 4,
                  guilty.changes, 0};
  if (second != kNoTask && tasks_[second].changes != 0 && !tasks_[second].ended_op) {
    finding.other_task = second;
    finding.other_step = finding.step;
    finding.args[4] = tasks_[second].changes;
  }
  fail(finding);
}

}  // namespace daxrace::engine
