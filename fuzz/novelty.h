/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether an execution covered anything new, as libFuzzer decides it: that a counter is 1 is a feature, and
 * that it is 2 another one (TracePC::CollectFeatures, LLVM 19).
 *
 * libFuzzer looks up each feature of an execution, two thousand of them, in a table of 8 MB, which took a
 * sixth of a worker's time. Most executions have no new one; and with -reduce_inputs=0 and -entropic=0 that
 * is all it wants to know. So the counters of those can be zeroed before it looks.
 */
#ifndef DAXRACE_FUZZ_NOVELTY_H_
#define DAXRACE_FUZZ_NOVELTY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace daxrace::fuzz {

/* Once, or more often: libFuzzer's own ranges go to 128 and more, so that an input would be new that only
 * does more of the same, and what is kept, and so what is fuzzed, would get longer and longer. */
inline constexpr uint8_t kCountMax = 2;

void limit_counts(std::span<uint8_t> counters);

/* Of one array of counters. */
class Novelty {
 public:
  /* Takes what is covered for seen; true if any of it was not. Counters are at most kCountMax, and the array
   * is of the same size each time. */
  bool note(std::span<const uint8_t> counters);

  /* How many of the first so many counters were ever set. */
  size_t covered(size_t first = SIZE_MAX) const;

 private:
  std::vector<uint8_t> seen_; /* for each counter a bit for each of its features */
};

}  // namespace daxrace::fuzz

#endif  // DAXRACE_FUZZ_NOVELTY_H_
