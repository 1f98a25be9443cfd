/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which orders a finding needs. Each order of two conflicting steps of different tasks that the failing
 * execution had is tried alone: does a schedule with the other order show the finding, too? All schedules
 * within a bound on preemptions are run, so the answer holds within that bound.
 */
#ifndef DAXRACE_REPLAY_CONSTRAINTS_H_
#define DAXRACE_REPLAY_CONSTRAINTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/scenario/execute.h"

namespace daxrace::replay {

/* A step by a name that other schedules know, too; and where it is in the trace that was analysed. */
struct NamedStep {
  engine::TaskId task = engine::kNoTask;
  uint32_t step = 0;
  uint64_t name = 0;
  std::string words; /* "R.A: testfs_find_extent() extent 0 is hole" */
};

/* kNecessary   every schedule with the finding has it
 * kOneWay      together with the necessary ones it is enough, but there are schedules with the finding that
 *              do without: the same can be had in another way
 * kIrrelevant  neither */
enum class OrderLabel : uint8_t { kNecessary, kOneWay, kIrrelevant };

struct Constraint {
  NamedStep first;
  NamedStep then;
  OrderLabel label = OrderLabel::kNecessary;
};

struct Constraints {
  uint32_t bound = 0; /* preemptions */
  bool complete = false;
  uint64_t executions = 0;
  uint64_t failing = 0;         /* of those; with the same signature */
  uint64_t enough_for = 0;      /* executions that have all orders that are not irrelevant ... */
  uint64_t not_failing = 0;     /* ... and of those, without a finding of that verdict */
  std::vector<Constraint> list; /* by label; what another one implies is left out */
};

/* The last execution of the runner shows the finding. Runs others. */
Constraints constraints_of(const scenario::Runner& shown, uint32_t bound, uint64_t executions_max);

/* One line: "R.A: ... before W.B: ...". */
std::string words_of(const Constraint& constraint);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_CONSTRAINTS_H_
