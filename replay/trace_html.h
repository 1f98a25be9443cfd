/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The timeline of an execution as one self-contained HTML file: nothing is loaded from anywhere, and without
 * scripts it can still be read and unfolded.
 */
#ifndef DAXRACE_REPLAY_TRACE_HTML_H_
#define DAXRACE_REPLAY_TRACE_HTML_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/scenario/execute.h"

namespace daxrace::replay {

/* `odds`: of each step, in per cent, how likely the finding is once the schedule has been followed to there;
 * empty: not known. */
std::string timeline_html(const scenario::Runner& runner, const std::vector<int>& odds = {});

std::string html_escaped(std::string_view text);

/* trace_html_assets.cc */
extern const char kTimelineStyle[];
extern const char kTimelineScript[];

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_TRACE_HTML_H_
