/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xoshiro256** (Blackman and Vigna, 2018), seeded by splitmix64: fast, and the same on every platform, which
 * the distributions of <random> are not.
 */
#ifndef DAXRACE_CORE_ENGINE_RANDOM_H_
#define DAXRACE_CORE_ENGINE_RANDOM_H_

#include <array>
#include <bit>
#include <cstdint>

namespace daxrace::engine {

class Random {
 public:
  explicit Random(uint64_t seed) {
    for (uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15ULL;
      uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
      word = z ^ (z >> 31);
    }
  }

  uint64_t next() {
    uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /* In [0, bound), bound >= 1. The bias is below bound / 2^32. */
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>((next() >> 32) * bound >> 32); }

  /* True once in n, n >= 1. */
  bool one_in(uint32_t n) { return below(n) == 0; }

 private:
  std::array<uint64_t, 4> state_;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_RANDOM_H_
