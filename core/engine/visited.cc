/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/visited.h"

#include <algorithm>
#include <utility>

namespace daxrace::engine {

/* Where the key is, or the free slot for it. Keys are hashes: their low bits are as good as any. */
size_t VisitedSet::find(Hash128 key) const {
  size_t mask = keys_.size() - 1;
  size_t at = static_cast<size_t>(key) & mask;
  while (keys_[at] != 0 && keys_[at] != key) at = (at + 1) & mask;
  return at;
}

uint32_t& VisitedSet::insert(Hash128 key, bool* fresh) {
  if (key == 0) key = 1; /* one more way to collide among 2^128 */
  size_t at = find(key);
  *fresh = keys_[at] == 0;
  if (!*fresh) return words_[at];
  if (++size_ > keys_.size() - keys_.size() / 4) {
    grow();
    at = find(key);
  }
  keys_[at] = key;
  return words_[at];
}

void VisitedSet::grow() {
  std::vector<Hash128> keys(keys_.size() * 2);
  std::vector<uint32_t> words(keys.size());
  keys.swap(keys_);
  words.swap(words_);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == 0) continue;
    size_t at = find(keys[i]);
    keys_[at] = keys[i];
    words_[at] = words[i];
  }
}

std::vector<std::pair<Hash128, uint32_t>> VisitedSet::sorted() const {
  std::vector<std::pair<Hash128, uint32_t>> all;
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i] != 0) all.emplace_back(keys_[i], words_[i]);
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace daxrace::engine
