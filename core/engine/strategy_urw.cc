/* SPDX-License-Identifier: GPL-2.0-only */
#include <array>

#include "core/engine/event_profile.h"
#include "core/engine/random.h"
#include "core/engine/strategies.h"

namespace daxrace::engine {

namespace {

/*
 * Uniform random walk (Zhao, Wolff, Mathur, Roychoudhury, Selectively Uniform Concurrency Testing, ASPLOS
 * 2025): a task is picked with a probability proportional to the events that it and the tasks that it has yet
 * to spawn still have before them. If those are known and nothing blocks, every interleaving is as likely as
 * another. Counts are learned; the first execution, which knows none, is a random walk.
 *
 * A start that does nothing else counts no event, and goes on to the first event of its task, as if the two
 * were one: otherwise the interleavings would be weighted by where such starts can stand.
 */
class UrwStrategy : public Strategy {
 public:
  explicit UrwStrategy(uint64_t seed) : random_(seed) {}

  Needs needs() const override { return {.trace = profile_.due(), .state = false}; }

  bool begin() override {
    unspawned_.begin(profile_, profile_.events());
    return true;
  }

  size_t pick(const Pick& pick) override {
    while (unspawned_.known() < pick.execution.task_count()) unspawned_.spawn_next();
    if (pick.current != kNoTask && profile_.silent_start(pick.current) &&
        pick.execution.task(pick.current).transitions == 1) {
      return 0;
    }
    std::array<uint32_t, kTasksMax> sums; /* of the weights up to each candidate's */
    uint32_t sum = 0;
    size_t n = 0;
    for (TaskId id : pick.candidates) sums[n++] = sum += weight(pick.execution, id);
    uint32_t drawn = random_.below(sum);
    size_t index = 0;
    for (size_t i = 0; i < n; ++i) index += sums[i] <= drawn; /* no branch that nobody can predict */
    return index;
  }

  uint32_t draw(const Execution&, uint32_t bound) override { return random_.below(bound); }

  void end(const Execution& execution) override { profile_.learn(execution); }

 private:
  /* Whoever can run has an event before it, whatever was learned. */
  uint32_t weight(const Execution& execution, TaskId id) const {
    uint32_t events = profile_.events()[id];
    uint32_t done = profile_.done(execution.task(id), id);
    return (events > done ? events - done : 1) + unspawned_.below(id);
  }

  Random random_;
  EventProfile profile_;
  Unspawned unspawned_;
};

}  // namespace

std::unique_ptr<Strategy> make_urw_strategy(const StrategyOptions& options) {
  return std::make_unique<UrwStrategy>(options.seed);
}

}  // namespace daxrace::engine
