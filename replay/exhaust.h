/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exhaustive search of one program, bound by bound: what `explore` and `check` do. In this process, or, for
 * several jobs or a checkpoint, in worker processes (core/engine/workers.h).
 */
#ifndef DAXRACE_REPLAY_EXHAUST_H_
#define DAXRACE_REPLAY_EXHAUST_H_

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/engine/search.h"
#include "core/engine/strategies.h"
#include "core/engine/workers.h"
#include "core/scenario/execute.h"

namespace daxrace::replay {

struct ExhaustOptions {
  std::string strategy = "dfs"; /* a row of strategies.def that exhausts */
  uint32_t bound = 2;           /* preemptions; UINT32_MAX: none, as for all strategies but dfs */
  bool prune = true;
  bool stop_at_first = true;
  std::string only = {}; /* executions with another headline than this verdict do not count; empty: all do */
  bool interruptible = false; /* SIGINT and SIGTERM end the search, not the process; workers: always */
  int jobs = 1;
  std::string checkpoint = {}; /* file to write, empty: none; then there are workers */
  std::string resume = {};     /* file to go on from, likewise */
  int checkpoint_ms = 30000;
  std::function<void(const engine::WorkersProgress&)> progress = nullptr; /* about ten times a second */
};

struct BoundStats {
  uint32_t bound;
  uint64_t executions; /* run to an end */
  uint64_t pruned;     /* ended at a known state */
  uint64_t repeats;    /* ended early: others in another order */
  bool complete;
};

struct Exhausted {
  std::vector<BoundStats> bounds;
  uint64_t executions = 0; /* all of them, whatever their end */
  uint64_t states = 0;     /* within the last bound; 0 without pruning */
  uint64_t steps = 0;
  std::map<std::string, uint32_t> verdicts; /* the smallest bound that shows it */
  bool interrupted = false;
  double done = 0;              /* of the last bound, if interrupted: an estimate */
  int killed = 0;               /* workers that had to be replaced */
  std::string not_written = {}; /* in one line: why the last checkpoint could not be */
};

using OnFinding = std::function<void(uint32_t bound)>;

/* Calls `on_finding` with the bound after each execution that shows a verdict not seen before: it is the last
 * one of the runner. With several jobs, which execution that is differs from run to run; on resuming, those
 * that were found before come again. Throws UsageError if workers cannot be had, or not kept alive. */
Exhausted exhaust(scenario::Runner& runner, const ExhaustOptions& options, const OnFinding& on_finding);

/* Whether options.resume is a checkpoint of this search. Throws UsageError. Runs the program once. */
void check_resume(scenario::Runner& runner, const ExhaustOptions& options);

/* The same by workers; what exhaust() calls where there are some. */
Exhausted exhaust_by_workers(scenario::Runner& runner, const ExhaustOptions& options,
                             const OnFinding& on_finding);
/* The search that the options ask for. */
std::unique_ptr<engine::Search> search_of(const ExhaustOptions& options);

/* A bound that is none is null. */
nlohmann::json json_of(const Exhausted& result, const std::string& strategy);

/* b such that n states of 128 bits have a collision with probability below 2^-b. */
int collision_bits(uint64_t states);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_EXHAUST_H_
