/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose turn it is. */
#include <array>
#include <bit>

#include "core/engine/execution.h"
#include "core/engine/random.h"

namespace daxrace::engine {

namespace {

Candidates::Mask rotate(Candidates::Mask tasks, TaskId first) {
  return first == 0 ? tasks : tasks >> first | tasks << (kTasksMax - first);
}

TaskId lowest(Candidates::Mask tasks) { return Candidates(tasks, 0)[0]; }

/* kSelect[byte][n]: position of the n-th bit that is set in the byte. */
constexpr auto kSelect = [] {
  std::array<std::array<uint8_t, 8>, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned n = 0;
    for (unsigned i = 0; i < 8; ++i) {
      if ((byte >> i & 1) != 0) table[byte][n++] = static_cast<uint8_t>(i);
    }
  }
  return table;
}();

TaskId only(uint64_t task) { return static_cast<TaskId>(std::countr_zero(task)); }

/* The first task of `tasks` from `self` on, round and round. */
TaskId first_from(uint64_t tasks, TaskId self) {
  uint64_t from = tasks >> self << self;
  return static_cast<TaskId>(std::countr_zero(from != 0 ? from : tasks));
}

/* A loop over the bits would be a branch that nobody can predict. */
TaskId nth_bit(uint64_t tasks, uint32_t n) {
  for (int base = 0;; base += 8, tasks >>= 8) {
    auto byte = static_cast<uint8_t>(tasks);
    auto count = static_cast<uint32_t>(std::popcount(byte));
    if (n < count) return static_cast<TaskId>(base + kSelect[byte][n]);
    n -= count;
  }
}

}  // namespace

/* The draw after this one is made now: the processor need not wait for it when it guessed wrongly. */
uint32_t Execution::draw_uniformly(uint32_t bound) {
  uint64_t drawn = drawn_;
  drawn_ = uniform_->next();
  return static_cast<uint32_t>((drawn >> 32) * bound >> 32);
}

bool Execution::enabled(const Task& task, TaskId id) const {
  if ((blocked_ & bit(id)) != 0) return false;
  return task.pending.enabled == nullptr || task.pending.enabled(task.pending.object, task.pending, id);
}

Candidates::Mask Execution::enabled_among(Candidates::Mask tasks) const {
  Candidates::Mask can = 0;
  for (; tasks != 0; tasks &= tasks - 1) {
    TaskId id = lowest(tasks);
    if (enabled(tasks_[id], id)) can |= bit(id);
  }
  return can;
}

void Execution::point(const Pending& pending) {
  if (pending.enabled == nullptr) {
    task_->pending.detail = pending.detail;
    task_->pending.holder = pending.holder;
    point(*pending.site, *pending.object, pending.kind);
    task_->pending.detail = 0;
    return;
  }
  Task& task = *task_;
  task.pending = pending;
  ++task.transitions;
  /* How far the task has come: the site does not tell rounds of a loop that reads nothing. */
  if (needs_.state) task.observed = combine(task.observed, pending.site->hash);
  if (pending.sleeps) about_to_sleep(*pending.site, *pending.object);
  conditional_ |= bit(self_);
  if (!enabled(task, self_)) contend();
  TaskId next = choose_next();
  if (next != self_) {
    switch_to(next);
    if (unwinding_) unwind();
  }
  conditional_ &= ~bit(self_);
  task.pending.enabled = nullptr;
  task.pending.ticket = 0;
  task.pending.detail = 0;
  point_ = true;
}

void Execution::block_at_lock(const Site& site, const Object& object) {
  task_->pending.site = &site;
  task_->pending.object = &object;
  task_->pending.kind = EventKind::k_lock;
  blocked_ |= bit(self_);
  contend();
}

/* The current task has to wait for what it declared. */
void Execution::contend() {
  Pending& pending = task_->pending;
  pending.ticket = ++tickets_;
  TaskId holder = pending.holder == nullptr ? kNoTask : pending.holder(pending.object, pending);
  event(*pending.site, EventKind::k_contend, const_cast<Object&>(*pending.object), holder);
  if (pending.kind == EventKind::k_lock) blocked_by_itself(pending);
}

TaskId Execution::chosen(TaskId next, uint64_t ready) {
  bool preempts = (ready >> self_ & 1) != 0;
  /* The current task cannot go on: the default is the next one, round and round. */
  if (!preempts && next == first_from(ready, self_)) return next;
  choice_ = 1;
  decisions_[decision_count_++] = {steps_, next, preempts ? self_ : kNoTask, false};
  preemptions_ += preempts;
  return next;
}

/*
 * Those that can run now, the spinning ones only if there is nobody else: until something that they read
 * changes, they would do the same again. The walk of a uniform strategy over few tasks is the hot path: a
 * handful of instructions on one word, without a call.
 */
TaskId Execution::choose_next() {
  auto ready = static_cast<uint64_t>(runnable_ & ~spinning_ & ~blocked_);
  if (!quick_) [[unlikely]] {
    const bool goes_on = (runnable_ & ~spinning_ & ~blocked_ & ~conditional_ & bit(self_)) != 0;
    return goes_on && steps_ < default_until_ ? self_ : choose_slowly();
  }
  if ((ready & static_cast<uint64_t>(conditional_)) != 0) return choose_conditionally(ready);
  if ((ready & (ready - 1)) == 0) return ready != 0 ? only(ready) : choose_slowly();
  TaskId next = nth_bit(ready, draw_uniformly(static_cast<uint32_t>(std::popcount(ready))));
  return next == self_ ? next : chosen(next, ready);
}

TaskId Execution::choose_conditionally(uint64_t ready) {
  for (uint64_t left = ready & static_cast<uint64_t>(conditional_); left != 0; left &= left - 1) {
    const Pending& pending = tasks_[only(left)].pending;
    if (!pending.enabled(pending.object, pending, only(left))) ready &= ~(left & -left);
  }
  if ((ready & (ready - 1)) == 0) return ready != 0 ? only(ready) : choose_slowly();
  TaskId next = nth_bit(ready, draw_uniformly(static_cast<uint32_t>(std::popcount(ready))));
  return next == self_ ? next : chosen(next, ready);
}

TaskId Execution::choose_slowly() {
  Candidates::Mask ready = runnable_ & ~spinning_ & ~blocked_;
  Candidates::Mask maybe = ready & conditional_;
  if (maybe != 0) ready ^= maybe ^ enabled_among(maybe);
  if (fair_ || unwinding_ || ready == 0) return choose_without_strategy(ready);
  Candidates candidates(rotate(ready, self_), self_);
  if ((ready & (ready - 1)) == 0) return candidates[0];
  bool preempts = (ready & bit(self_)) != 0;
  size_t index = 0;
  if (uniform_ != nullptr) {
    /* The same task as choose_next() draws. */
    index =
        candidates.index_of(Candidates(ready, 0)[draw_uniformly(static_cast<uint32_t>(candidates.size()))]);
  } else {
    index = strategy_->pick({*this, steps_, preempts ? self_ : kNoTask, candidates});
    default_until_ = strategy_->default_until();
  }
  if (index == Strategy::kAbandon) end(End::kAbandoned);
  TaskId next = candidates[index];
  if (index == 0) return next;
  choice_ = 1;
  decisions_[decision_count_++] = {steps_, next, preempts ? self_ : kNoTask, false};
  preemptions_ += preempts;
  return next;
}

TaskId Execution::choose_without_strategy(Candidates::Mask ready) {
  if (unwinding_) {
    unwind();
    return self_;
  }
  /* Only spinners: each would do the same again, in whatever order. They take turns until a livelock. */
  if (ready == 0) ready = runnable_ & spinning_ & ~blocked_;
  ready ^= (ready & conditional_) ^ enabled_among(ready & conditional_);
  if (ready == 0) deadlock();
  Candidates candidates(rotate(ready, self_), self_);
  return candidates.size() > 1 && candidates[0] == self_ ? candidates[1] : candidates[0];
}

}  // namespace daxrace::engine
