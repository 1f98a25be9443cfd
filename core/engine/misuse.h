/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Wrong uses of an interface. Each is a finding, never an abort: the event k_misuse marks its step.
 */
#ifndef DAXRACE_CORE_ENGINE_MISUSE_H_
#define DAXRACE_CORE_ENGINE_MISUSE_H_

#include <cstdint>

#include "core/engine/event.h"

namespace daxrace::engine {

enum class Misuse : uint8_t {
#define MISUSE(name, fatal, what) k_##name,
#include "core/engine/misuses.def"
#undef MISUSE
};

/* The other side of a finding: who, and since when or at which step and where. */
struct Culprit {
  TaskId task = kNoTask;
  uint32_t step = UINT32_MAX; /* UINT32_MAX: not known */
  const Site* site = &kAnonymousSite;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_MISUSE_H_
