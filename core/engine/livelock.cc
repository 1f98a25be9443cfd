/* SPDX-License-Identifier: GPL-2.0-only */
/* When a fair schedule decides whether anybody gets on, and who is to blame if nobody does. */
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

/* What a task did in its operation; of that, in the fair part, where nobody was starved. */
uint32_t op_steps(const Task& task) {
  return task.transitions - std::max(task.transitions_at_op, task.transitions_at_fair);
}

uint32_t most_op_steps(std::span<const Task> tasks) {
  uint32_t most = 0;
  for (const Task& task : tasks) {
    if (task.state == Task::State::kRunnable) most = std::max(most, op_steps(task));
  }
  return most;
}

/* A task that ends operations gets on. One that changes shared state and still ends nothing goes round in
 * circles; one that only reads waits for somebody. Among equals, the one that did more. */
bool worse(const Task& a, const Task& b) {
  if (a.ended_op != b.ended_op) return b.ended_op;
  if ((a.changes != 0) != (b.changes != 0)) return a.changes != 0;
  return op_steps(a) > op_steps(b);
}

}  // namespace

void Execution::spend() {
  if (unwinding_) {
    --steps_; /* destructors at work: what they do is no part of the execution */
    return;
  }
  if (steps_ >= stop_after_) end(End::kAbandoned);
  const std::span<const Task> tasks(tasks_.data(), static_cast<size_t>(task_count_));
  const bool too_long = most_op_steps(tasks) >= limits_.op_steps_max;
  if (!fair_) {
    /* A schedule may starve whoever could end the loop: only a fair one shows that nobody can. */
    if (too_long || steps_ >= limits_.steps_max) begin_fair();
  } else if (steps_ >= fair_steps_max()) {
    livelock();
  } else if (std::ranges::any_of(tasks, &Task::ended_op)) {
    begin_fair();
  } else if (too_long) {
    livelock();
  }
  look_again();
}

/* Or begins it again, since somebody got on. */
void Execution::begin_fair() {
  if (!fair_) fair_from_ = steps_;
  fair_ = true;
  quick_ = false;
  default_until_ = 0;
  counts_changes_ = true;
  for (int i = 0; i < task_count_; ++i) {
    Task& task = tasks_[static_cast<size_t>(i)];
    task.transitions_at_fair = task.transitions;
    task.ended_op = false;
    task.changes = 0;
  }
}

/* Not before somebody can have made too many steps in its operation; nearly so, when it is close. */
void Execution::look_again() {
  constexpr size_t kEnding = 64; /* events of whatever ends the execution */
  const uint32_t most = most_op_steps({tasks_.data(), static_cast<size_t>(task_count_)});
  const uint32_t left = limits_.op_steps_max - std::min(most, limits_.op_steps_max);
  const uint64_t next = uint64_t{steps_} + std::max(left, limits_.op_steps_max / 16 + 1);
  budget_ = static_cast<uint32_t>(
      std::min<uint64_t>({next, fair_ ? fair_steps_max() : limits_.steps_max, stop_after_}));
  if (trace_.size() >= budget_ + kEnding) return;
  trace_.resize(std::max(budget_ + kEnding, 2 * trace_.size()));
  decisions_.resize(trace_.size());
}

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
  /* Where it happened to be looked at is no part of what the finding is. */
  finding.context = guilty.pending.site;
  finding.step = steps_ - 1;
  finding.args = {guilty.transitions - guilty.transitions_at_op, guilty.op, steps_ - fair_from_,
                  guilty.changes, 0};
  if (second != kNoTask && tasks_[second].changes != 0 && !tasks_[second].ended_op) {
    finding.other_task = second;
    finding.other_step = finding.step;
    finding.args[4] = tasks_[second].changes;
  }
  fail(finding);
}

}  // namespace daxrace::engine
