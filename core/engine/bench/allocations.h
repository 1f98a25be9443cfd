/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this program takes from operator new, which allocations_bench.cc replaces to count.
 */
#ifndef DAXRACE_CORE_ENGINE_BENCH_ALLOCATIONS_H_
#define DAXRACE_CORE_ENGINE_BENCH_ALLOCATIONS_H_

#include <cstdint>

namespace daxrace::bench {

struct Allocations {
  uint64_t calls = 0;     /* since the program began */
  int64_t bytes_live = 0; /* taken and not given back, as the allocator rounds them */
};

Allocations allocations();

}  // namespace daxrace::bench

#endif  // DAXRACE_CORE_ENGINE_BENCH_ALLOCATIONS_H_
