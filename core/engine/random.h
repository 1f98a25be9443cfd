/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wyrand (Wang Yi, 2019; passes BigCrush and PractRand): an addition and a multiplication, and the same on
 * every platform, which the distributions of <random> are not.
 */
#ifndef DAXRACE_CORE_ENGINE_RANDOM_H_
#define DAXRACE_CORE_ENGINE_RANDOM_H_

#include <cstdint>

#include "core/engine/hash.h"

namespace daxrace::engine {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(mix(seed + 0x9e3779b97f4a7c15ULL)) {}

  uint64_t next() {
    state_ += 0xa0761d6478bd642fULL;
    return fold(state_, state_ ^ 0xe7037ed1a0b428dbULL);
  }

  /* In [0, bound), bound >= 1. The bias is below bound / 2^32. */
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>((next() >> 32) * bound >> 32); }

  /* True once in n, n >= 1. */
  bool one_in(uint32_t n) { return below(n) == 0; }

 private:
  uint64_t state_;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_RANDOM_H_
