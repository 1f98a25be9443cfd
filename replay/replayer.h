/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replays the schedule of a program: by step, and if that is not what was recorded, by anchors.
 */
#ifndef DAXRACE_REPLAY_REPLAYER_H_
#define DAXRACE_REPLAY_REPLAYER_H_

#include <string>

#include "replay/command.h"

namespace daxrace::replay {

struct Replayed {
  bool exact = true; /* what was recorded, or nothing was */
  bool by_anchor = false;
  std::string differs; /* what is not as recorded; empty if exact */
  std::string found;   /* signature of the headline; empty: no finding */
  uint64_t hash = 0;
};

/* The runner is loaded with the program and keeps the execution. */
Replayed replay_program(scenario::Runner& runner);

/* Its schedule by anchors alone, whatever was recorded: what survives an edit of the program. */
void replay_by_anchors(scenario::Runner& runner);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_REPLAYER_H_
