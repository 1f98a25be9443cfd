/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hashing that is the same on every compiler and machine. Not cryptographic.
 */
#ifndef DAXRACE_CORE_ENGINE_HASH_H_
#define DAXRACE_CORE_ENGINE_HASH_H_

#include <cstdint>
#include <string_view>

namespace daxrace::engine {

using Hash128 = unsigned __int128;

/* A bijection of 64 bits (the finaliser of MurmurHash3). */
constexpr uint64_t mix(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  x ^= x >> 33;
  return x;
}

/* combine() with the same first half again and again. */
class Combiner {
 public:
  explicit constexpr Combiner(uint64_t a) : base_(a * 0x9e3779b97f4a7c15ULL + 0x632be59bd9b4e019ULL) {}
  constexpr uint64_t operator()(uint64_t b) const {
    return mix(base_ + (b ^ (b >> 29))) ^ (b << 7 | b >> 57);
  }

 private:
  uint64_t base_;
};

constexpr uint64_t combine(uint64_t a, uint64_t b) { return Combiner(a)(b); }

/* Both halves of a 128-bit product folded together (wyhash's round): the fastest mixer that depends on all
 * bits. */
constexpr uint64_t fold(uint64_t a, uint64_t b) {
  Hash128 product = Hash128{a} * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

/* 128 bits for keys of states, where a collision would be an unsound proof. `a` is well mixed already. */
constexpr Hash128 wide(uint64_t a, uint64_t b) {
  uint64_t high = fold(a ^ 0x2d358dccaa6c78a5ULL, b ^ 0x8bb84b93962eacc9ULL);
  uint64_t low = fold(a + 0x4b33a62ed433d4a3ULL, (b << 32 | b >> 32) ^ 0x4d5a2da51de1aa47ULL);
  return Hash128{high} << 64 | low;
}

/* FNV-1a, then mixed. */
constexpr uint64_t hash_text(std::string_view text) {
  uint64_t h = 0xcbf29ce484222325ULL;
  for (char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return mix(h);
}

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_HASH_H_
