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
#include "core/engine/search.h"
#include "core/engine/strategies.h"

namespace daxrace::engine {

class DfsStrategy : public Search {
 public:
  explicit DfsStrategy(const StrategyOptions& options);

  bool advance() override;
  bool widen(bool left_out) override;
  size_t pick(const Pick& pick) override;
  uint32_t draw(const Execution& execution, uint32_t bound) override;
  void end(const Execution& execution) override;

  /* The bound that is being searched, or was last. */
  uint32_t bound() const override { return bound_; }
  bool left_out() const override { return cut_; }
  /* Everything within bound() has been seen. */
  bool bound_done() const { return bound_done_; }

  bool split(std::string* part) override;
  bool wants_table() const override { return options_.prune; }

 protected:
  std::string describe() const override;
  double explored() const override;
  void write_part(ByteWriter& out) const override;
  bool read_part(ByteReader& in) override;

 private:
  struct Node {
    uint32_t chosen;
    uint32_t alternatives;
    bool preemptible; /* any other choice than 0 costs one */
    uint32_t end;     /* from it on, they are of another part */
  };
  struct KeyHash {
    size_t operator()(const Hash128& key) const { return static_cast<size_t>(key); }
  };

  uint32_t next(uint32_t alternatives, bool preemptible);
  bool known(const Execution& execution);
  bool next_path();

  StrategyOptions options_;
  uint32_t bound_;
  bool bound_done_ = false;
  bool started_ = false; /* path_ is of an execution that was run, not of the one to begin with */
  bool abandoned_ = false;
  bool cut_ = false; /* something was left out for the bound: a larger one sees more */
  size_t depth_ = 0; /* of the present execution in path_ */
  uint32_t spent_ = 0;
  double weight_ = 1; /* of this part, in the whole tree */
  std::vector<Node> path_;
  std::unordered_map<Hash128, uint32_t, KeyHash>
      seen_; /* state -> preemptions left when it was explored, plus 1; not used if there is a table */
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_STRATEGY_DFS_H_
