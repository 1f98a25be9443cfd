/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Source-DPOR with sleep sets (Abdulla, Aronis, Jonsson, Sagonas, POPL 2014 and JACM 2017): all schedules and
 * all values of all draws, up to the order of transitions that do not conflict. Of each such class one
 * execution is run to its end, and no more. No bound, and no state is kept but the path.
 *
 * Every finding is found that an execution can have, data races included: the accesses that race are ordered
 * the same way in all of a class.
 *
 * In parts, too, whoever explores a branch lets sleep only what was begun before it in that node's copy, and
 * what a race asks for at a shared node is a stray, explored by somebody: so the branches of each node are in
 * an order in which each relies on earlier ones only, as those of one process are. A copy does not know all
 * that others have begun there, so that a class may be run more than once.
 */
#ifndef DAXRACE_CORE_ENGINE_STRATEGY_DPOR_H_
#define DAXRACE_CORE_ENGINE_STRATEGY_DPOR_H_

#include "core/engine/dpor_races.h"
#include "core/engine/search.h"
#include "core/engine/strategies.h"

namespace daxrace::engine {

class DporStrategy : public Search {
 public:
  DporStrategy() : path_(true) {}

  Needs needs() const override { return {.trace = true, .state = false}; }
  bool advance() override;
  uint32_t bound() const override { return UINT32_MAX; }
  size_t pick(const Pick& pick) override;
  uint32_t draw(const Execution& execution, uint32_t bound) override;
  void end(const Execution& execution) override;
  bool split(std::string* part) override;
  bool stray(Hash128* name, std::string* part) override;

 protected:
  std::string describe() const override { return "dpor"; }
  double explored() const override { return path_.explored(); }
  void write_part(ByteWriter& out) const override { path_.write(out); }
  bool read_part(ByteReader& in) override { return path_.read(in); }

 private:
  SearchPath path_;
  RaceAnalysis races_;
  bool abandoned_ = false;
  SearchPath::Mask could_ = 0; /* go on, where it was abandoned */
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_STRATEGY_DPOR_H_
