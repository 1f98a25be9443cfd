/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bounds of an operation's numbers. Strict reading refuses by them, repair() clips by them: one place, so
 * that the two cannot disagree.
 */
#ifndef DAXRACE_CORE_SCENARIO_BOUNDS_H_
#define DAXRACE_CORE_SCENARIO_BOUNDS_H_

#include <array>
#include <cstdint>

#include "core/scenario/program.h"

namespace daxrace::scenario {

/* Both ends are included. */
struct Bounds {
  int64_t min = 0;
  int64_t max = 0;
  bool contain(int64_t value) const { return min <= value && value <= max; }
  int64_t clip(int64_t value) const { return value < min ? min : value > max ? max : value; }
};

inline int pages_max(const Geometry& geometry) { return kFilePmdsMax * geometry.pmd_pages; }

/* For kOffset, kLength, kSizeKey and kProt. The bounds of a length depend on the offset, which must be within
 * its own. */
Bounds argument_bounds(const Operation& op, ArgKind arg, const Geometry& geometry);

/* By region: the pages that its mmap maps; 0 where there is none. */
std::array<int32_t, kRegionsMax> region_pages(const Program& program);

/* Whether `process` is `ancestor`, or comes from it by fork: then it can use the regions of that. */
bool inherits(const Program& program, int process, int ancestor);

}  // namespace daxrace::scenario

#endif  // DAXRACE_CORE_SCENARIO_BOUNDS_H_
