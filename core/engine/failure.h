/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The failures that the engine itself names (failures.def), and the words that their sentences share.
 */
#ifndef DAXRACE_CORE_ENGINE_FAILURE_H_
#define DAXRACE_CORE_ENGINE_FAILURE_H_

#include <string>

#include "core/engine/execution.h"

namespace daxrace::engine {

enum class Failure : uint8_t {
#define FAILURE(name, verdict, fatal, precedence, meaning) k_##name,
#include "core/engine/failures.def"
#undef FAILURE
};

/* A finding with the verdict and the precedence of its row. */
Finding make_finding(Failure failure);

/* `Alice`, or `nobody`. */
std::string task_name(const Execution& execution, TaskId task);
/* ` in dax_fault_iter`; nothing for an anonymous site. */
std::string in_function(const Site& site);
/* ` (step 12 in dax_fault_iter)` */
std::string at_step(uint32_t step, const Site& site);

/* The last step up to `step` at which the object was written, or steps() if the trace does not tell. */
uint32_t last_change(const Execution& execution, const Object& object, uint32_t step);

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_FAILURE_H_
