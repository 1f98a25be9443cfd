/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Data races on plain data, by happens-before (FastTrack epochs). Locks, acquire and release, barriers and
 * wake-ups order; a relaxed access does not, so it cannot hide a race.
 */
#ifndef DAXRACE_CORE_ENGINE_RACE_H_
#define DAXRACE_CORE_ENGINE_RACE_H_

#include "core/engine/execution.h"

namespace daxrace::engine {

/* What is remembered of the accesses to one Plain. */
class RaceState {
 public:
  void on_read(Object& object, const Site& site);
  void on_write(Object& object, const Site& site);

 private:
  struct Past {
    Epoch epoch;
    uint32_t step = 0;
    const Site* site = nullptr;
  };

  static void report(const Object& object, const Past& past, const Site& site, bool past_write, bool write);

  Past write_;
  Past read_;             /* the last read, while reads are ordered */
  Past* reads_ = nullptr; /* one for each task, once two reads were not */
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_RACE_H_
