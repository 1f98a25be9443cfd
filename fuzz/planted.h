/* SPDX-License-Identifier: GPL-2.0-only */
/* How a canary plants a failure, to prove that the harness finds one. */
#ifndef DAXRACE_FUZZ_PLANTED_H_
#define DAXRACE_FUZZ_PLANTED_H_

#include <string_view>

#include "core/scenario/execute.h"

namespace daxrace::fuzz {
inline constexpr std::string_view kPlantedVerdict = "planted-failure";
}  // namespace daxrace::fuzz

/* Only a canary defines it; elsewhere its address is null. Called after every execution; may report a finding
 * of kPlantedVerdict to it. */
extern "C" __attribute__((weak)) void daxrace_fuzz_planted(daxrace::scenario::Runner& runner);

#endif  // DAXRACE_FUZZ_PLANTED_H_
