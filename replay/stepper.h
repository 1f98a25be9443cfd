/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `daxrace replay --step`: an execution that is stopped between two of its steps, and looked at. Backwards is
 * forwards again, to a step less: executions are replayed in no time. What the
 * code does between a step and the next, without touching anything shared, has not been done yet.
 */
#ifndef DAXRACE_REPLAY_STEPPER_H_
#define DAXRACE_REPLAY_STEPPER_H_

#include <iosfwd>
#include <string>

#include "core/scenario/execute.h"

namespace daxrace::replay {

/* The runner's last execution is the one that is stepped through. Reads commands until `quit` or the end of
 * `in`; asks with a prompt if somebody is there to see it. */
void step_through(scenario::Runner& runner, std::istream& in, std::ostream& out, bool prompt);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_STEPPER_H_
