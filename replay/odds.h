/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The point of no return: how likely the finding is if the schedule is followed to a step and goes on at
 * random from there.
 */
#ifndef DAXRACE_REPLAY_ODDS_H_
#define DAXRACE_REPLAY_ODDS_H_

#include <string>
#include <vector>

#include "core/scenario/execute.h"

namespace daxrace::replay {

/* In per cent, by step, of `samples` each; the last execution of the runner is the one that is followed.
 * Empty if it has no finding. The same every time. */
std::vector<int> odds_of(const scenario::Runner& shown, uint32_t samples);

/* The step whose prefix brings the largest rise; 0: there is none. */
uint32_t point_of_no_return(const std::vector<int>& odds);

/* A chart of at most kTimelineWidth columns, and a sentence about that step. */
std::string odds_chart(const scenario::Runner& shown, const std::vector<int>& odds);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_ODDS_H_
