/* SPDX-License-Identifier: GPL-2.0-only */
/* Loops without a branch in them, which compilers turn into vectors. */
#include "fuzz/novelty.h"

#include <algorithm>

namespace daxrace::fuzz {

/* So a count is the bit of its feature. */
static_assert(kCountMax == 2);

void limit_counts(std::span<uint8_t> counters) {
  for (uint8_t& count : counters) count = std::min(count, kCountMax);
}

bool Novelty::note(std::span<const uint8_t> counters) {
  seen_.resize(counters.size());
  const uint8_t* now = counters.data();
  uint8_t* seen = seen_.data();
  uint8_t fresh = 0;
  for (size_t i = 0; i < counters.size(); ++i) fresh |= static_cast<uint8_t>(now[i] & ~seen[i]);
  if (fresh == 0) return false;
  for (size_t i = 0; i < counters.size(); ++i) seen[i] |= now[i];
  return true;
}

size_t Novelty::covered(size_t first) const {
  const auto part = std::span(seen_).first(std::min(first, seen_.size()));
  return part.size() - static_cast<size_t>(std::ranges::count(part, uint8_t{0}));
}

}  // namespace daxrace::fuzz
