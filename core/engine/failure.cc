/* SPDX-License-Identifier: GPL-2.0-only */
/* The failures that the engine itself names, and the record of findings. */
#include <algorithm>
#include <cstdlib>

#include "core/engine/execution.h"

namespace daxrace::engine {

namespace {

struct FailureInfo {
  std::string_view verdict;
  int precedence;
};

constexpr FailureInfo kFailures[] = {
#define FAILURE(name, verdict, fatal, precedence, meaning) {verdict, precedence},
#include "core/engine/failures.def"
#undef FAILURE
};

enum FailureKind {
#define FAILURE(name, verdict, fatal, precedence, meaning) k_##name,
#include "core/engine/failures.def"
#undef FAILURE
};

Finding make(FailureKind kind) {
  Finding finding;
  finding.verdict = kFailures[kind].verdict;
  finding.precedence = kFailures[kind].precedence;
  return finding;
}

std::string task_name(const Execution& execution, TaskId id) {
  return id == kNoTask ? "nobody" : std::string(execution.task(id).name);
}

std::string describe_waiter(const Execution& execution, const Task& task, TaskId holder) {
  std::string text = std::string(task.name) + " waits for " + object_name(*task.pending.object) + " in " +
                     task.pending.site->function;
  if (holder != kNoTask) return text + ", held by " + task_name(execution, holder);
  return text + ", which nobody is left to signal";
}

std::string describe_deadlock(const Finding& finding, const Execution& execution) {
  const auto* holders = static_cast<const TaskId*>(finding.context);
  std::string text = "no task can go on: ";
  bool first = true;
  for (int id = 0; id < execution.task_count(); ++id) {
    const Task& task = execution.task(static_cast<TaskId>(id));
    if (task.state != Task::State::kRunnable) continue;
    text += (first ? "" : "; ") + describe_waiter(execution, task, holders[id]);
    first = false;
  }
  return text;
}

std::string describe_livelock(const Finding& finding, const Execution& execution) {
  return task_name(execution, finding.task) + " made " + std::to_string(finding.args[0]) +
         " steps in its operation " + std::to_string(finding.args[1]) + " without ending it, the last " +
         std::to_string(finding.args[2]) + " under a fair schedule, at " +
         static_cast<const Site*>(finding.context)->name();
}

}  // namespace

bool Execution::report(const Finding& finding) {
  for (size_t i = 0; i < finding_count_; ++i) {
    if (findings_[i].verdict == finding.verdict) return false;
  }
  if (finding_count_ == findings_.size()) return false;
  findings_[finding_count_++] = finding;
  /* What is reported is part of the result. But data races come from clocks, which are no part of a state. */
  if (finding.verdict != kFailures[k_data_race].verdict) state_ += wide(hash_text(finding.verdict), 1);
  return true;
}

void Execution::fail(const Finding& finding) {
  report(finding);
  end(End::kFatal);
}

const Finding* Execution::headline() const {
  auto all = findings();
  auto best = std::min_element(
      all.begin(), all.end(), [](const Finding& a, const Finding& b) { return a.precedence < b.precedence; });
  return best == all.end() ? nullptr : &*best;
}

void Execution::deadlock() {
  Finding finding = make(k_deadlock);
  finding.describe = describe_deadlock;
  finding.task = self_;
  finding.step = steps_ == 0 ? 0 : steps_ - 1;
  /* Who holds what can be asked while the execution is current, not when the sentence is made. */
  auto* holders = arena_.make_array<TaskId>(static_cast<size_t>(task_count_));
  finding.context = holders;
  /* The tasks in the cycle name it: the places where the first two of them wait. */
  bool first = true;
  for (int id = 0; id < task_count_; ++id) {
    const Task& task = tasks_[static_cast<size_t>(id)];
    if (task.state != Task::State::kRunnable) continue;
    const Pending& waits = task.pending;
    holders[id] = waits.holder == nullptr ? kNoTask : waits.holder(waits.object, waits);
    (first ? finding.site : finding.other_site) = task.pending.site;
    (first ? finding.task : finding.other_task) = static_cast<TaskId>(id);
    finding.role = task.pending.object->role;
    first = false;
  }
  fail(finding);
}

void Execution::livelock() {
  Finding finding = make(k_livelock);
  finding.describe = describe_livelock;
  /* Whoever has gone on for longest without ending an operation is the one that does not get on. */
  uint32_t most = 0;
  for (int id = 0; id < task_count_; ++id) {
    const Task& task = tasks_[static_cast<size_t>(id)];
    if (task.state != Task::State::kRunnable || task.points < most) continue;
    /* It waits for the guilty one, perhaps. The present task has what it was waiting for. */
    if (id != self_ && !enabled(task, static_cast<TaskId>(id))) continue;
    most = task.points;
    finding.task = static_cast<TaskId>(id);
  }
  const Task& guilty = tasks_[finding.task];
  /* Where the budget happened to end is no part of what the finding is. */
  finding.context = guilty.pending.site;
  finding.step = steps_ - 1;
  finding.args = {most, guilty.op, limits_.steps_max / 4};
  fail(finding);
}

}  // namespace daxrace::engine
