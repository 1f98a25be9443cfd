/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replays the schedule of a program: by step; if that is not what was recorded, by the anchors of its
 * switches; and if that is not either, by the orders of its events. It says which, and what no longer holds.
 */
#ifndef DAXRACE_REPLAY_REPLAYER_H_
#define DAXRACE_REPLAY_REPLAYER_H_

#include <string>
#include <vector>

#include "replay/command.h"

namespace daxrace::replay {

/* kPlaces  by anchors, whatever number their operations have now
 * kOrders  what came before what */
enum class ReplayWay : uint8_t { kSteps, kAnchors, kPlaces, kOrders };

struct Replayed {
  bool exact = true; /* what was recorded, or nothing was */
  ReplayWay way = ReplayWay::kSteps;
  std::string moved;             /* operations that were inserted or removed, as far as replay could tell */
  std::string differs;           /* what is not as recorded; empty if exact */
  std::vector<std::string> lost; /* switches and orders that no longer hold */
  std::string found;             /* signature of the headline; empty: no finding */
  uint64_t hash = 0;
};

/* The runner is loaded with the program and keeps the execution. */
Replayed replay_program(scenario::Runner& runner);

/* "not as recorded: ...; found again by ...", and a line for each thing that no longer holds; empty if exact.
 */
std::vector<std::string> difference_lines(const Replayed& replayed);
nlohmann::json json_of(const Replayed& replayed);

/* Its schedule by anchors alone, whatever was recorded: what survives an edit of the program. */
void replay_by_anchors(scenario::Runner& runner);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_REPLAYER_H_
