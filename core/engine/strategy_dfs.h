/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Preemption-bounded search (Musuvathi and Qadeer, PLDI 2007): depth first over all schedules in which a task
 * that could go on is left at most N times, for N = 0, 1, 2, ... All values of every draw are tried.
 *
 * With pruning, a schedule is not followed past a state (Execution::state_key, 128 bits) from which
 * everything has been or will be explored with at least as many preemptions left. Clocks are not in the key,
 * so with pruning the absence of data races is not claimed.
 */
#ifndef DAXRACE_CORE_ENGINE_STRATEGY_DFS_H_
#define DAXRACE_CORE_ENGINE_STRATEGY_DFS_H_

#include <unordered_map>
#include <vector>

#include "core/engine/execution.h"
#include "core/engine/strategies.h"

namespace daxrace::engine {

class DfsStrategy : public Strategy {
 public:
  explicit DfsStrategy(const StrategyOptions& options);

  bool begin() override;
  size_t pick(const Pick& pick) override;
  uint32_t draw(const Execution& execution, uint32_t bound) override;
  void end(const Execution& execution) override;

  struct Stats {
    uint64_t executions = 0; /* run to an end */
    uint64_t pruned = 0;     /* ended early at a known state */
    uint64_t states = 0;     /* distinct, at choices, within the largest bound */
    uint32_t longest = 0;    /* steps */
  };
  const Stats& stats() const { return stats_; }
  /* The bound that is being searched, or was last. */
  uint32_t bound() const { return bound_; }
  /* Everything within bound() has been seen. */
  bool bound_done() const { return bound_done_; }

 private:
  struct Node {
    uint32_t chosen;
    uint32_t alternatives;
    bool preemptible; /* any other choice than 0 costs one */
  };
  struct KeyHash {
    size_t operator()(const Hash128& key) const { return static_cast<size_t>(key); }
  };

  uint32_t next(uint32_t alternatives, bool preemptible);
  bool known(const Execution& execution);
  bool advance();

  StrategyOptions options_;
  uint32_t bound_;
  bool bound_done_ = false;
  bool started_ = false;
  bool abandoned_ = false;
  bool cut_ = false; /* something was left out for the bound: a larger one sees more */
  size_t depth_ = 0; /* of the present execution in path_ */
  uint32_t spent_ = 0;
  std::vector<Node> path_;
  std::unordered_map<Hash128, uint32_t, KeyHash>
      seen_; /* state -> preemptions left when it was explored, plus 1 */
  Stats stats_;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_STRATEGY_DFS_H_
