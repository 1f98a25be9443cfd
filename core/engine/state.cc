/* SPDX-License-Identifier: GPL-2.0-only */
/* What a task has observed: whether it would only do the same again, and what its future depends on. */
#include <algorithm>

#include "core/engine/execution.h"

namespace daxrace::engine {

namespace {

/* Whether something that the task read has changed since, or may have. */
bool missed_change(const Task& task) {
  if (task.read_count > task.spin_reads.size()) return true;
  for (uint32_t i = 0; i < task.read_count; ++i) {
    if (task.spin_reads[i]->changed_at >= task.spin_read_at[i]) return true;
  }
  return false;
}

/* So that another round leaves the same list. */
void forget_repeated(Task& task) {
  uint32_t kept = 0;
  for (size_t i = 0; i < task.read_count; ++i) {
    auto end = task.spin_reads.begin() + kept;
    if (std::find(task.spin_reads.begin(), end, task.spin_reads[i]) != end) continue;
    task.spin_reads[kept] = task.spin_reads[i];
    task.spin_read_at[kept++] = task.spin_read_at[i];
  }
  task.read_count = kept;
}

}  // namespace

void Execution::retry_point(uint64_t observed) {
  Task& task = self_task();
  if (missed_change(task)) {
    task.read_count = 0;
  } else {
    forget_repeated(task);
    spinning_ |= bit(self_);
    task.read_count_before_round = task.read_count;
  }
  task.observed = observed;
  task.look = {};
}

void Execution::stop_spinning(const Object& object) {
  for (Candidates::Mask left = spinning_; left != 0; left &= left - 1) {
    TaskId id = Candidates(left, 0)[0];
    Task& task = tasks_[id];
    bool reads = task.read_count > task.spin_reads.size();
    for (size_t k = 0; !reads && k < task.read_count; ++k) reads = task.spin_reads[k] == &object;
    if (!reads) continue;
    /* Between two rounds it will look at everything again, as if the change had come before the round. In the
     * middle of one it may have looked before the change: what it read is kept. */
    if (task.read_count == task.read_count_before_round) task.read_count = 0;
    stop_spinning(id);
  }
}

void Execution::stop_spinning(TaskId task) { spinning_ &= ~bit(task); }

Hash128 Execution::state_key(Turns turns) const {
  Hash128 key = state_ + wide(0x63757272656e74, turns == Turns::kCounted ? self_ : kNoTask);
  for (int i = 0; i < task_count_; ++i) {
    const Task& task = tasks_[static_cast<size_t>(i)];
    uint64_t who = uint64_t(i) | uint64_t(task.state) << 8 | uint64_t(task.sleeping) << 10 |
                   uint64_t(spinning(static_cast<TaskId>(i))) << 11 | uint64_t(task.op) << 16;
    if (task.state == Task::State::kFinished) {
      key += wide(who, 0); /* nothing depends on what it has seen */
      continue;
    }
    uint64_t next = task.pending.site->hash ^ (task.pending.object != nullptr ? task.pending.object->key : 0);
    uint64_t rank = 0;
    if (task.pending.ticket != 0 && !task.pending.any_order) {
      for (int k = 0; k < task_count_; ++k) {
        const Pending& other = tasks_[static_cast<size_t>(k)].pending;
        rank +=
            other.ticket != 0 && other.object == task.pending.object && other.ticket <= task.pending.ticket;
      }
    }
    key += wide(combine(who, task.observed), combine(next, rank | task.pending.detail << 8));
    /* Whether it spins at the next retry point. */
    key += wide(who, missed_change(task));
    if (missed_change(task)) continue;
    for (size_t k = 0; k < std::min<size_t>(task.read_count, task.spin_reads.size()); ++k) {
      key += wide(who, combine(k, task.spin_reads[k]->key));
    }
  }
  if (outer_state_ != nullptr) key += outer_state_(outer_arg_);
  return key;
}

}  // namespace daxrace::engine
