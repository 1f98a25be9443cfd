/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A strategy decides every nondeterministic pick of an execution. It sees one stream of choices: which task
 * runs next, and every other draw. 0 is always the default: the current task goes on, a draw is at its first
 * value; so a stream that ends early is a valid schedule, and the one with the fewest preemptions.
 *
 * One file for each, a row in strategies.def, a factory named make_<name>_strategy.
 */
#ifndef DAXRACE_CORE_ENGINE_STRATEGY_H_
#define DAXRACE_CORE_ENGINE_STRATEGY_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/engine/clock.h"

namespace daxrace::engine {

class Execution;
class Random;

/* Tasks that may run, in the order of choices: the default first, then by number, round and round. */
class Candidates {
 public:
  using Mask = unsigned __int128;

  /* `tasks` rotated so that bit 0 is task `first`. */
  constexpr Candidates(Mask rotated, TaskId first) : rotated_(rotated), first_(first) {}

  class Iterator {
   public:
    constexpr Iterator(Mask left, TaskId first) : left_(left), first_(first) {}
    constexpr TaskId operator*() const { return task_at(lowest(left_), first_); }
    constexpr Iterator& operator++() {
      left_ &= left_ - 1;
      return *this;
    }
    constexpr bool operator!=(const Iterator& other) const { return left_ != other.left_; }

   private:
    Mask left_;
    TaskId first_;
  };

  constexpr size_t size() const {
    auto high = static_cast<uint64_t>(rotated_ >> 64);
    size_t n = static_cast<size_t>(std::popcount(static_cast<uint64_t>(rotated_)));
    return high == 0 ? n : n + static_cast<size_t>(std::popcount(high));
  }
  constexpr TaskId operator[](size_t index) const {
    Mask left = rotated_;
    for (; index > 0; --index) left &= left - 1;
    return task_at(lowest(left), first_);
  }
  /* What the constructor takes. */
  constexpr Mask rotated() const { return rotated_; }
  constexpr TaskId first() const { return first_; }
  constexpr Iterator begin() const { return {rotated_, first_}; }
  constexpr Iterator end() const { return {0, first_}; }
  constexpr bool contains(TaskId task) const {
    return (rotated_ >> ((task - first_) & (kTasksMax - 1)) & 1) != 0;
  }
  /* Where `task`, which must be one of them, stands. */
  constexpr size_t index_of(TaskId task) const {
    Mask before = rotated_ & ((Mask{1} << ((task - first_) & (kTasksMax - 1))) - 1);
    return Candidates(before, first_).size();
  }

 private:
  static constexpr int lowest(Mask mask) {
    auto low = static_cast<uint64_t>(mask);
    return low != 0 ? std::countr_zero(low) : 64 + std::countr_zero(static_cast<uint64_t>(mask >> 64));
  }
  static constexpr TaskId task_at(int position, TaskId first) {
    return static_cast<TaskId>((position + first) & (kTasksMax - 1));
  }

  Mask rotated_;
  TaskId first_;
};

struct Pick {
  const Execution& execution;
  uint32_t step;         /* index of the event that comes next */
  TaskId current;        /* whose turn it was, or kNoTask if it cannot go on */
  Candidates candidates; /* at least two; [0] is the default */
};

class Strategy {
 public:
  /* pick() may return this instead of an index: nothing new is to be seen, end the execution here. */
  static constexpr size_t kAbandon = SIZE_MAX;

  /* What an execution keeps for its strategy. Findings and decisions are always there. */
  struct Needs {
    bool trace = true; /* Execution::trace(), trace_hash() and the sentences of findings */
    bool state = true; /* Execution::state_key() */
  };

  virtual ~Strategy() = default;

  /* Asked once an execution. */
  virtual Needs needs() const { return {}; }

  /* Asked once an execution. Not null: every pick is uniform over the candidates, and the engine draws it
   * from there without asking. */
  virtual Random* uniform() { return nullptr; }

  /* Asked when an execution begins and after each pick: before this step it always takes the default, so that
   * it need not be asked while the current task can go on. */
  virtual uint32_t default_until() const { return 0; }

  /* A new execution begins. False: there is nothing left to explore, do not run it. */
  virtual bool begin() = 0;

  /* Index of the candidate that runs. Asked only where there is more than one. */
  virtual size_t pick(const Pick& pick) = 0;

  /* A value in [0, bound), bound >= 2. */
  virtual uint32_t draw(const Execution& execution, uint32_t bound) = 0;

  /* The execution is over; its trace and findings can be read. */
  virtual void end(const Execution& execution) { (void)execution; }
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_STRATEGY_H_
