/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What stretches over steps of an execution: locks that are held, and values that one task reads from
 * another.
 */
#ifndef DAXRACE_REPLAY_SPANS_H_
#define DAXRACE_REPLAY_SPANS_H_

#include <string>
#include <vector>

#include "core/scenario/execute.h"

namespace daxrace::replay {

struct Hold {
  engine::TaskId task = engine::kNoTask;
  uint32_t from = 0; /* step that took it */
  uint32_t to = 0;   /* step that released it, or the number of steps */
  std::string object;
  bool shared = false;
  const char* function = ""; /* that took it */
};

/* In the order in which they were taken. */
std::vector<Hold> holds_of(const scenario::Runner& runner);
/* What the task holds before that step, "i_rwsem 0, xa_lock 1"; empty: nothing. */
std::string held_before(const std::vector<Hold>& holds, engine::TaskId task, uint32_t step);

struct ReadFrom {
  uint32_t writer = 0; /* steps of different tasks */
  uint32_t reader = 0;
};

/* Of everything that a timeline has words for; by reader. */
std::vector<ReadFrom> reads_from_of(const scenario::Runner& runner);

/* The steps that the findings are about, sorted. */
std::vector<uint32_t> guilty_steps(const scenario::Runner& runner);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_SPANS_H_
