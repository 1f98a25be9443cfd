/* SPDX-License-Identifier: GPL-2.0-only */
/* What a task must not keep when it ends or when an operation of it returns. */
#include "core/engine/failure.h"

namespace daxrace::engine {

namespace {

enum Kept : uint64_t { kLock, kSection, kQueued, kUnjoined };

std::string describe_kept(const Finding& finding, const Execution& execution) {
  std::string object = std::string(finding.role->name()) + "#" + std::to_string(finding.object);
  std::string text = task_name(execution, finding.task);
  if (finding.args[0] == kUnjoined) return text + " was never joined";
  text += finding.args[1] != 0 ? " ended" : " returned from an operation";
  text += " (step " + std::to_string(finding.step) + ") and still ";
  switch (finding.args[0]) {
    case kLock:
      return text + "holds " + object + ", since step " + std::to_string(finding.other_step) +
             in_function(*finding.site);
    case kSection:
      return text + "is in atomic context: " + std::to_string(finding.args[2]) + " spinlock(s), " +
             std::to_string(finding.args[3]) + " RCU read section(s)";
    default:
      return text + "is queued on " + object + ", since step " + std::to_string(finding.other_step);
  }
}

}  // namespace

/* ended: the task's body is over; otherwise an operation of it returns. */
void Execution::left_behind(bool ended) {
  const Task& task = self_task();
  bool unjoined = ended && limits_.join_all && unfinished_ == 1;
  if (task.held_count == 0 && task.queued == 0 && !task.may_not_sleep() && !unjoined) [[likely]]
    return;
  Finding finding = make_finding(Failure::k_left_behind);
  finding.describe = describe_kept;
  finding.by_site = true;
  finding.task = self_;
  finding.step = steps_ == 0 ? 0 : steps_ - 1;
  for (int i = 0; i < task.held_count && i < Task::kHeldMax; ++i) {
    const Held& held = task.held[static_cast<size_t>(i)];
    finding.site = held.site;
    finding.role = held.object->role;
    finding.object = held.object->index;
    finding.other_step = held.step;
    finding.args = {kLock, ended};
    report(finding);
  }
  if (task.held_count == 0 && task.may_not_sleep()) {
    finding.args = {kSection, ended, task.atomic_nesting, task.rcu_nesting};
    report(finding);
  }
  if (task.queued != 0) {
    finding.site = &kAnonymousSite;
    finding.role = task.look.queue->role;
    finding.object = task.look.queue->index;
    finding.other_step = task.look.step;
    finding.args = {kQueued, ended};
    /* The entry is on the stack that goes away, perhaps. */
    if (ended) fail(finding);
    report(finding);
  }
  for (int id = 1; unjoined && id < task_count_; ++id) {
    if (tasks_[static_cast<size_t>(id)].joined) continue;
    finding.task = static_cast<TaskId>(id);
    finding.site = &kAnonymousSite;
    finding.role = &kTaskRole;
    finding.object = static_cast<uint32_t>(id);
    finding.args = {kUnjoined, ended};
    report(finding);
  }
}

}  // namespace daxrace::engine
