/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The happens-before edges that primitives make, as operations on clocks in the arena. A clock that is null
 * is before everything, and is made when it is first needed.
 */
#ifndef DAXRACE_CORE_ENGINE_EDGES_H_
#define DAXRACE_CORE_ENGINE_EDGES_H_

#include <algorithm>

#include "core/engine/execution.h"

namespace daxrace::engine {

/* Whatever is in `clock` happens before what the running task does next. */
inline void acquire_clock(const uint32_t* clock) {
  Execution& execution = Execution::current();
  if (clock != nullptr) join(execution.self_task().clock, clock, execution.clock_width());
}

inline void join_clock(uint32_t*& into, const uint32_t* from) {
  Execution& execution = Execution::current();
  if (from == nullptr) return;
  if (into == nullptr) into = execution.make_clock();
  join(into, from, execution.clock_width());
}

/* What the running task has done happens before whoever acquires `clock`, beside what is in it already. */
inline void publish_clock(uint32_t*& clock) {
  Execution& execution = Execution::current();
  join_clock(clock, execution.self_task().clock);
  execution.tick();
}

/* The same, for a clock that cannot hold anything that the running task does not know. */
inline void replace_clock(uint32_t*& clock) {
  Execution& execution = Execution::current();
  if (clock == nullptr) clock = execution.make_clock();
  std::copy_n(execution.self_task().clock, execution.clock_width(), clock);
  execution.tick();
}

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_EDGES_H_
