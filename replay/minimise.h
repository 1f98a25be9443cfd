/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The smallest program that shows a finding: fewest operations, then tasks, then preemptions, then the
 * simplest set-up, kernel and operands. What stays is the signature: the same finding, not just any.
 *
 * Nothing is random and nothing depends on time: the same finding always gives the same result.
 */
#ifndef DAXRACE_REPLAY_MINIMISE_H_
#define DAXRACE_REPLAY_MINIMISE_H_

#include <cstdint>
#include <string>

#include "core/scenario/execute.h"

namespace daxrace::replay {

struct MinimiseOptions {
  uint64_t effort = 20000;  /* executions that one smaller program may cost before it is given up */
  uint32_t preemptions = 2; /* at least so many are tried with each smaller program */
};

struct ProgramSize {
  size_t operations = 0; /* of the tasks */
  size_t tasks = 0;
  size_t switches = 0;
  size_t setup = 0;
};

struct Minimised {
  scenario::Program program; /* with its schedule, and what it found */
  ProgramSize before;
  uint32_t preemptions_before = 0;
  uint32_t preemptions = 0;
  uint64_t executions = 0;
  uint64_t tried = 0;    /* smaller programs */
  uint64_t given_up = 0; /* of those, how many were not searched to the end */
};

ProgramSize size_of(const scenario::Program& program);

/* The last execution of the runner shows the finding; its program and kernel are what is made smaller. */
Minimised minimise(const scenario::Runner& shown, const MinimiseOptions& options);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_MINIMISE_H_
