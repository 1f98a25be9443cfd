/* SPDX-License-Identifier: GPL-2.0-only */
#include <algorithm>

#include "core/engine/event_priorities.h"
#include "core/engine/event_profile.h"
#include "core/engine/strategies.h"

namespace daxrace::engine {

namespace {

/*
 * Selectively uniform random walk (Zhao, Wolff, Mathur, Roychoudhury, ASPLOS 2025): the order of a few
 * interesting events is uniform, whatever else happens. They are those on one shared object, another one for
 * each execution. One task is intended to do the next of them, drawn as by urw, but by the events that count;
 * the others are held back before theirs. What is not interesting runs in the order of random priorities. If
 * nobody can run that is not held back, one of those goes on after all.
 *
 * What a task has left on the object is what it did there, in the last execution that showed it, at later
 * transitions than it has come to: the strategy does not see events without a choice.
 */
class SurwStrategy : public Strategy {
 public:
  explicit SurwStrategy(uint64_t seed) : random_(seed), priorities_(random_) {}

  Needs needs() const override { return {.trace = profile_.due(), .state = false}; }

  bool begin() override {
    priorities_.begin();
    choose_object();
    unspawned_.begin(profile_, totals_);
    intended_ = kNoTask;
    return true;
  }

  size_t pick(const Pick& pick) override {
    const Execution& execution = pick.execution;
    priorities_.next();
    if (intended_ != kNoTask && left(execution, intended_) != intended_left_) intended_ = kNoTask;
    while (unspawned_.known() < execution.task_count()) welcome(execution);
    uint64_t highest = 0;
    for (TaskId id : pick.candidates) {
      if (interesting(execution, id)) {
        if (intended_ == kNoTask) intend_any(execution);
        if (id != intended_) continue; /* held back */
      }
      highest = std::max(highest, priorities_.of(execution, id));
    }
    TaskId chosen = highest != 0 ? EventPriorities::task_of(highest) : draw_candidate(pick);
    if (interesting(execution, chosen)) intended_ = kNoTask;
    return pick.candidates.index_of(chosen);
  }

  uint32_t draw(const Execution&, uint32_t bound) override { return random_.below(bound); }

  void end(const Execution& execution) override { profile_.learn(execution); }

 private:
  void choose_object() {
    has_object_ = profile_.objects() != 0;
    size_t object = has_object_ ? random_.below(static_cast<uint32_t>(profile_.objects())) : 0;
    if (has_object_) key_ = profile_.key(object);
    for (int i = 0; i < profile_.tasks(); ++i) {
      auto id = static_cast<TaskId>(i);
      touches_[id] = has_object_ ? profile_.touches(object, id) : std::span<const uint32_t>();
      totals_[id] = static_cast<uint32_t>(touches_[id].size());
    }
  }

  bool interesting(const Execution& execution, TaskId id) const {
    const Object* object = execution.task(id).pending.object;
    return has_object_ && object != nullptr && object->key == key_;
  }

  /* Interesting events that the task still has before it. */
  uint32_t left(const Execution& execution, TaskId id) {
    std::span<const uint32_t>& touches = touches_[id];
    uint32_t done = execution.task(id).transitions;
    while (!touches.empty() && touches.front() < done) touches = touches.subspan(1);
    return static_cast<uint32_t>(touches.size());
  }

  void intend(const Execution& execution, TaskId id) {
    intended_ = id;
    intended_left_ = left(execution, id);
  }

  /* A new task takes over from its parent what it was counted for there. */
  void welcome(const Execution& execution) {
    auto id = static_cast<TaskId>(unspawned_.known());
    TaskId parent = profile_.parent(id);
    uint32_t before = intended_ == parent ? left(execution, parent) + unspawned_.below(parent) : 0;
    uint32_t moved = unspawned_.spawn_next();
    if (moved != 0 && before != 0 && random_.below(before) < moved) intend(execution, id);
  }

  /* Somebody stands before an interesting event. Blocked tasks are drawn too: they are waited for. Whoever
   * stands there has an event left, whatever was learned: no schedule may be out of reach. */
  void intend_any(const Execution& execution) {
    uint32_t sum = 0;
    auto weight = [&](TaskId id) {
      if (execution.task(id).state != Task::State::kRunnable) return 0u;
      return std::max<uint32_t>(left(execution, id), interesting(execution, id)) + unspawned_.below(id);
    };
    for (int i = 0; i < execution.task_count(); ++i) sum += weight(static_cast<TaskId>(i));
    uint32_t rest = random_.below(sum);
    TaskId id = 0;
    for (; rest >= weight(id); ++id) rest -= weight(id);
    intend(execution, id);
  }

  TaskId draw_candidate(const Pick& pick) {
    uint32_t sum = 0;
    auto weight = [&](TaskId id) {
      return std::max<uint32_t>(1, left(pick.execution, id)) + unspawned_.below(id);
    };
    for (TaskId id : pick.candidates) sum += weight(id);
    uint32_t rest = random_.below(sum);
    for (TaskId id : pick.candidates) {
      if (rest < weight(id)) return id;
      rest -= weight(id);
    }
    return pick.candidates[0];
  }

  Random random_;
  EventPriorities priorities_;
  EventProfile profile_;
  Unspawned unspawned_;
  bool has_object_ = false;
  uint64_t key_ = 0; /* of the object of this execution */
  EventProfile::Counts totals_{};
  std::array<std::span<const uint32_t>, kTasksMax> touches_{}; /* those before each task */
  TaskId intended_ = kNoTask;
  uint32_t intended_left_ = 0;
};

}  // namespace

std::unique_ptr<Strategy> make_surw_strategy(const StrategyOptions& options) {
  return std::make_unique<SurwStrategy>(options.seed);
}

}  // namespace daxrace::engine
