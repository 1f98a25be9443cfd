/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Vector clocks and epochs (Flanagan and Freund, FastTrack, PLDI 2009). A clock is an array in the arena with
 * a component for each task that an execution may have.
 */
#ifndef DAXRACE_CORE_ENGINE_CLOCK_H_
#define DAXRACE_CORE_ENGINE_CLOCK_H_

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace daxrace::engine {

using TaskId = uint8_t;
inline constexpr TaskId kNoTask = 0xff;
inline constexpr int kTasksMax = 128;

/* One component of a clock: a task and its time. Time 0 is before everything. */
struct Epoch {
  uint32_t time = 0;
  TaskId task = 0;
};

/* `width` is a multiple of kClockBlock. */
inline constexpr int kClockBlock = 4;

inline void join(uint32_t* into, const uint32_t* from, int width) {
  for (int i = 0; i < width; i += kClockBlock) {
    for (int k = i; k < i + kClockBlock; ++k) into[k] = std::max(into[k], from[k]);
  }
}

inline void copy(uint32_t* into, const uint32_t* from, int width) {
  for (int i = 0; i < width; i += kClockBlock)
    std::memcpy(into + i, from + i, kClockBlock * sizeof(uint32_t));
}

inline void clear(uint32_t* clock, int width) {
  for (int i = 0; i < width; i += kClockBlock) std::memset(clock + i, 0, kClockBlock * sizeof(uint32_t));
}

/* Whether what happened at `epoch` happens before whoever has that clock. */
inline bool before(Epoch epoch, const uint32_t* clock) { return epoch.time <= clock[epoch.task]; }

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_CLOCK_H_
