/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of one execution. Everything that tasks share lives here, so that a failed execution is abandoned by
 * resetting a pointer: nothing in an arena is ever destroyed.
 */
#ifndef DAXRACE_CORE_ENGINE_ARENA_H_
#define DAXRACE_CORE_ENGINE_ARENA_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace daxrace::engine {

class Arena {
 public:
  /* Grows by chunks of that many bytes; keeps them across executions. */
  explicit Arena(size_t chunk_bytes = 1u << 20) : chunk_bytes_(chunk_bytes) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  template <class T, class... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>, "nothing in an arena is destroyed");
    return new (allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
  }

  /* n value-initialised elements. */
  template <class T>
  T* make_array(size_t n) {
    static_assert(std::is_trivially_destructible_v<T>, "nothing in an arena is destroyed");
    T* first = static_cast<T*>(allocate(n * sizeof(T), alignof(T)));
    for (size_t i = 0; i < n; ++i) new (first + i) T();
    return first;
  }

  void* allocate(size_t bytes, size_t align) {
    size_t at = used_ + (-(reinterpret_cast<uintptr_t>(chunk_) + used_) & (align - 1));
    if (chunk_ == nullptr || at + bytes > size_) return allocate_slow(bytes, align);
    used_ = at + bytes;
    return chunk_ + at;
  }

  /* Everything is forgotten; the chunks stay. */
  void reset() {
    next_chunk_ = chunks_.empty() ? 0 : 1;
    chunk_ = chunks_.empty() ? nullptr : chunks_[0].bytes.get();
    size_ = chunks_.empty() ? 0 : chunks_[0].size;
    used_ = 0;
  }

  /* Calls exhausted(arg) when more than `bytes` of chunks would be needed. If that returns, the arena grows.
   */
  void set_limit(size_t bytes, void (*exhausted)(void*), void* arg) {
    limit_ = bytes;
    exhausted_ = exhausted;
    exhausted_arg_ = arg;
  }

  size_t chunk_bytes() const { return held_; }

 private:
  struct Chunk {
    std::unique_ptr<std::byte[]> bytes;
    size_t size;
  };

  void* allocate_slow(size_t bytes, size_t align);

  size_t chunk_bytes_;
  size_t held_ = 0; /* bytes of all chunks */
  size_t limit_ = SIZE_MAX;
  void (*exhausted_)(void*) = nullptr;
  void* exhausted_arg_ = nullptr;
  std::vector<Chunk> chunks_;
  size_t next_chunk_ = 0;
  std::byte* chunk_ = nullptr;
  size_t size_ = 0;
  size_t used_ = 0;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_ARENA_H_
