/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stateful search: depth first over all schedules and all values of all draws, without a bound, but no state
 * (Execution::state_key, 128 bits) is gone on from twice. What was explored is every state that can be
 * reached, so no finding is missed that a state or the step out of it decides; of n states two have the same
 * key with probability n^2 / 2^129.
 *
 * Claimed: all findings but data races. Whether two accesses race is a matter of what came before, clocks are
 * not in the key, and a state that was reached with other clocks is not gone on from. Races that are met are
 * reported; that none was met proves nothing.
 *
 * With sleep sets (Godefroid, LNCS 1032, 1996, section 5.3) a state keeps who slept when it was come to; come
 * to again, only those are run that slept then and do not now. That saves steps, not states.
 */
#ifndef DAXRACE_CORE_ENGINE_STRATEGY_STATEFUL_H_
#define DAXRACE_CORE_ENGINE_STRATEGY_STATEFUL_H_

#include "core/engine/search.h"
#include "core/engine/search_path.h"
#include "core/engine/strategies.h"
#include "core/engine/visited.h"

namespace daxrace::engine {

class StatefulStrategy : public Search {
 public:
  explicit StatefulStrategy(const StrategyOptions& options)
      : sleep_sets_(options.sleep_sets), path_(options.sleep_sets) {}

  Needs needs() const override { return {.trace = sleep_sets_, .state = true}; }
  bool advance() override;
  uint32_t bound() const override { return UINT32_MAX; }
  size_t pick(const Pick& pick) override;
  uint32_t draw(const Execution& execution, uint32_t bound) override;
  void end(const Execution& execution) override;
  bool split(std::string* part) override;
  bool wants_table() const override { return true; }

 protected:
  std::string describe() const override;
  double explored() const override { return path_.explored(); }
  void write_part(ByteWriter& out) const override;
  bool read_part(ByteReader& in) override;

 private:
  size_t abandon(bool known);
  uint32_t come_to(const Execution& execution, uint32_t awake);

  bool sleep_sets_;
  SearchPath path_;
  VisitedSet visited_; /* state -> tasks that did not always sleep there; not used if there is a table */
  bool abandoned_ = false;
  bool known_ = false; /* that is why it was abandoned: the state is */
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_STRATEGY_STATEFUL_H_
