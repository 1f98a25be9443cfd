/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine as it is: what an execution that has been stopped, or has ended, left of it.
 */
#ifndef DAXRACE_REPLAY_INSPECT_H_
#define DAXRACE_REPLAY_INSPECT_H_

#include <string>
#include <vector>

#include "core/scenario/execute.h"

namespace daxrace::replay {

/* Of the runner's last execution; no other runner may have run since. A line each; `file`: its number, -1:
 * all. */
std::vector<std::string> file_lines(const scenario::Runner& runner, int file);
std::vector<std::string> entry_lines(const scenario::Runner& runner, int file);
/* PMDs and PTEs of a process; -1: of all. */
std::vector<std::string> table_lines(const scenario::Runner& runner, int process);
/* Frames: references and mappings of blocks, where the program counts them, and anonymous memory. */
std::vector<std::string> page_lines(const scenario::Runner& runner);
/* Cache lines of the device: what CPUs see, and what a power failure would leave. */
std::vector<std::string> cache_lines(const scenario::Runner& runner);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_INSPECT_H_
