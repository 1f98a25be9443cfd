/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replay: a strategy that takes recorded choices and the default everywhere else.
 *
 * By step it is exact. By anchor it takes a switch when the task to be preempted comes to the recorded event,
 * which survives edits that move step numbers.
 */
#ifndef DAXRACE_CORE_ENGINE_STRATEGY_REPLAY_H_
#define DAXRACE_CORE_ENGINE_STRATEGY_REPLAY_H_

#include <string>
#include <vector>

#include "core/engine/execution.h"

namespace daxrace::engine {

/* An event of a task, by a name that survives edits. */
struct Anchor {
  TaskId task = kNoTask; /* kNoTask: no anchor */
  uint32_t op = 0;
  uint64_t site = 0;       /* hash of its name */
  uint32_t occurrence = 0; /* how often the operation had come to that site before */
  bool operator==(const Anchor&) const = default;
};

/* How often the present operation of `task` has come to `site` before event `end`. */
uint32_t occurrences(std::span<const Event> trace, TaskId task, uint64_t site, uint32_t end);

/* The anchor of the first event of `task` at or after `step` in the trace, or of what it was about to do when
 * the execution ended; no anchor if there is neither. `site_name` may be null. */
Anchor anchor_at(const Execution& execution, TaskId task, uint32_t step, std::string* site_name);

struct RecordedSwitch {
  uint32_t step = 0;
  TaskId task = 0; /* to run */
  Anchor anchor;
};

struct RecordedDraw {
  uint32_t step = 0;
  uint32_t value = 0;
};

class ReplayStrategy : public Strategy {
 public:
  /* kByPlace: by anchor, but whichever operation of the task comes there. */
  enum class Mode : uint8_t { kByStep, kByAnchor, kByPlace };

  /* Both lists by step. They are not copied. Runs `executions` times. */
  ReplayStrategy(const std::vector<RecordedSwitch>& switches, const std::vector<RecordedDraw>& draws,
                 Mode mode = Mode::kByStep, uint64_t executions = 1);

  /* So that Execution::state_key() can be asked, which costs a replay a seventh more. */
  void keep_state() { keeps_state_ = true; }

  Needs needs() const override { return {.trace = true, .state = keeps_state_}; }
  uint32_t default_until() const override;
  bool begin() override;
  size_t pick(const Pick& pick) override;
  uint32_t draw(const Execution& execution, uint32_t bound) override;

  /* Of the last execution: switches that were taken as recorded, and of those whose anchor did not fit. */
  size_t taken() const { return taken_; }
  size_t misfits() const { return misfits_; }
  /* For each switch, whether it was taken; not known by step. */
  const std::vector<uint8_t>& done() const { return done_; }

 private:
  bool fits(const Pick& pick, const RecordedSwitch& recorded) const;
  size_t take(const Pick& pick, size_t index);

  const std::vector<RecordedSwitch>* switches_;
  const std::vector<RecordedDraw>* draws_;
  Mode mode_;
  uint64_t left_;
  bool keeps_state_ = false;
  size_t next_ = 0;
  size_t next_draw_ = 0;
  size_t taken_ = 0;
  size_t misfits_ = 0;
  std::vector<uint8_t> done_;
};

/* The choices of an execution that has ended, as data to replay; without anchors no trace is needed. */
void record_choices(const Execution& execution, std::vector<RecordedSwitch>& switches,
                    std::vector<RecordedDraw>& draws);
void record(const Execution& execution, std::vector<RecordedSwitch>& switches,
            std::vector<RecordedDraw>& draws);

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_STRATEGY_REPLAY_H_
