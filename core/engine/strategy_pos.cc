/* SPDX-License-Identifier: GPL-2.0-only */
#include <algorithm>
#include <array>

#include "core/engine/event_priorities.h"
#include "core/engine/strategies.h"

namespace daxrace::engine {

namespace {

/* dependent() as bits, because a branch on it is one that nobody can predict. */
class Dependency {
 public:
  Dependency() {
    for (size_t a = 0; a < kKinds; ++a) {
      for (size_t b = 0; b < kKinds; ++b) {
        same_object_[a] |= uint64_t{dependent({1, access(a)}, {1, access(b)})} << b;
        other_object_[a] |= uint64_t{dependent({1, access(a)}, {2, access(b)})} << b;
      }
    }
  }

  bool of(const Pending& a, const Pending& b) const {
    auto row = static_cast<size_t>(a.kind);
    uint64_t kinds = a.object == b.object ? same_object_[row] : other_object_[row];
    return (kinds >> static_cast<uint64_t>(b.kind) & 1) != 0;
  }

 private:
  /* kCount too: a task that has not started does something of its own. */
  static constexpr size_t kKinds = static_cast<size_t>(EventKind::kCount) + 1;
  static_assert(kKinds <= 64);

  static Access access(size_t kind) {
    return kind + 1 == kKinds ? Access::kNone : access_of(static_cast<EventKind>(kind));
  }

  std::array<uint64_t, kKinds> same_object_{};
  std::array<uint64_t, kKinds> other_object_{};
};

/*
 * Partial order sampling (Yuan, Yang, Gu, CAV 2018): the event of highest priority runs; every event that is
 * dependent with it gets another one, so that an event which lost one race may win the next.
 */
class PosStrategy : public Strategy {
 public:
  explicit PosStrategy(uint64_t seed) : random_(seed), priorities_(random_) {}

  Needs needs() const override { return {.trace = false, .state = false}; }

  bool begin() override {
    priorities_.begin();
    return true;
  }

  size_t pick(const Pick& pick) override {
    priorities_.next();
    uint64_t highest = 0;
    for (TaskId id : pick.candidates) highest = std::max(highest, priorities_.of(pick.execution, id));
    TaskId chosen = EventPriorities::task_of(highest);
    const Pending& event = pick.execution.task(chosen).pending;
    for (TaskId id : pick.candidates) {
      priorities_.redraw(id, dependency_.of(event, pick.execution.task(id).pending));
    }
    return pick.candidates.index_of(chosen);
  }

  uint32_t draw(const Execution&, uint32_t bound) override { return random_.below(bound); }

 private:
  Random random_;
  EventPriorities priorities_;
  Dependency dependency_;
};

}  // namespace

std::unique_ptr<Strategy> make_pos_strategy(const StrategyOptions& options) {
  return std::make_unique<PosStrategy>(options.seed);
}

}  // namespace daxrace::engine
