/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/arena.h"

#include <algorithm>

namespace daxrace::engine {

void* Arena::allocate_slow(size_t bytes, size_t align) {
  size_t needed = bytes + align - 1; /* wherever the chunk begins */
  while (next_chunk_ < chunks_.size() && chunks_[next_chunk_].size < needed) ++next_chunk_;
  if (next_chunk_ == chunks_.size()) {
    size_t size = std::max(needed, chunk_bytes_);
    if (held_ + size > limit_) exhausted_(exhausted_arg_);
    held_ += size;
    chunks_.push_back({std::make_unique<std::byte[]>(size), size});
  }
  Chunk& chunk = chunks_[next_chunk_++];
  chunk_ = chunk.bytes.get();
  size_ = chunk.size;
  used_ = 0;
  return allocate(bytes, align);
}

}  // namespace daxrace::engine
