/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The states that a search has come to: keys of 128 bits, each with a word of the search's own. Open
 * addressing with linear probing, at most three quarters full; it doubles, so that memory is 20 bytes a slot,
 * and nothing is ever taken out one by one.
 */
#ifndef DAXRACE_CORE_ENGINE_VISITED_H_
#define DAXRACE_CORE_ENGINE_VISITED_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/engine/hash.h"

namespace daxrace::engine {

class VisitedSet {
 public:
  /* slots is a power of two. */
  explicit VisitedSet(size_t slots = 1u << 12) : keys_(slots), words_(slots) {}

  /* The word of `key`, good until the next call. *fresh: the key is new, its word 0. */
  uint32_t& insert(Hash128 key, bool* fresh);

  size_t size() const { return size_; }
  /* All keys with their words, in order. */
  std::vector<std::pair<Hash128, uint32_t>> sorted() const;
  size_t bytes() const { return keys_.size() * (sizeof(Hash128) + sizeof(uint32_t)); }

 private:
  size_t find(Hash128 key) const;
  void grow();

  std::vector<Hash128> keys_; /* 0: free */
  std::vector<uint32_t> words_;
  size_t size_ = 0;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_VISITED_H_
