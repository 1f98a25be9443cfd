/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executions for viewers: the Chrome trace format, which Perfetto and chrome://tracing read, and the data
 * that the HTML form of a timeline carries.
 */
#ifndef DAXRACE_REPLAY_TRACE_JSON_H_
#define DAXRACE_REPLAY_TRACE_JSON_H_

#include <nlohmann/json_fwd.hpp>

#include "core/scenario/execute.h"

namespace daxrace::replay {

/* A track for each task; a step takes a microsecond. Slices for operations, functions and held locks, flows
 * from writers to readers, instants for the steps of the findings. */
nlohmann::json perfetto_of(const scenario::Runner& runner);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_TRACE_JSON_H_
