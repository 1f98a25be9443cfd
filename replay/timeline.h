/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The timeline of an execution as text that can be pasted into a mail: at most 72 characters wide, two tasks
 * side by side, three or more as a staircase; one line for each step that matters.
 */
#ifndef DAXRACE_REPLAY_TIMELINE_H_
#define DAXRACE_REPLAY_TIMELINE_H_

#include <string>

#include "core/scenario/execute.h"

namespace daxrace::replay {

inline constexpr size_t kTimelineWidth = 72;

/* kSteps   with the number of each step, to go on working with
 * kMail    as on the lists: CPU0, CPU1, ... and letters at the steps that the sentences below speak of */
enum class TimelineForm : uint8_t { kSteps, kMail };

/* Of the last execution of the runner: the steps alone ... */
std::string timeline(const scenario::Runner& runner, TimelineForm form = TimelineForm::kSteps);
/* ... and with what the findings say and what the names mean; for a mail also with the kernel and the set-up.
 */
std::string timeline_report(const scenario::Runner& runner, TimelineForm form = TimelineForm::kSteps);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_TIMELINE_H_
