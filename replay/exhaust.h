/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exhaustive search of one program, bound by bound: what `explore` and `check` do.
 */
#ifndef DAXRACE_REPLAY_EXHAUST_H_
#define DAXRACE_REPLAY_EXHAUST_H_

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/scenario/execute.h"

namespace daxrace::replay {

struct ExhaustOptions {
  uint32_t bound = 2; /* preemptions; UINT32_MAX: none */
  bool prune = true;
  bool stop_at_first = true;
  std::string only = {}; /* executions with another headline than this verdict do not count; empty: all do */
};

struct BoundStats {
  uint32_t bound;
  uint64_t executions; /* run to an end */
  uint64_t pruned;     /* ended at a known state */
  bool complete;
};

struct Exhausted {
  std::vector<BoundStats> bounds;
  uint64_t executions = 0; /* all of them, whatever their end */
  uint64_t states = 0;     /* within the last bound; 0 without pruning */
  uint64_t steps = 0;
  std::map<std::string, uint32_t> verdicts; /* the smallest bound that shows it */
};

/* Calls `on_finding` with the bound after each execution that shows a verdict not seen before. */
Exhausted exhaust(scenario::Runner& runner, const ExhaustOptions& options,
                  const std::function<void(uint32_t bound)>& on_finding);

nlohmann::json json_of(const Exhausted& result);

/* b such that n states of 128 bits have a collision with probability below 2^-b. */
int collision_bits(uint64_t states);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_EXHAUST_H_
