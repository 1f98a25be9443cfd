/* SPDX-License-Identifier: GPL-2.0-only */
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <new>

#include "core/engine/bench/allocations.h"

namespace daxrace::bench {

namespace {

Allocations counted;

void* taken(void* memory) {
  if (memory == nullptr) {
    std::fputs("harness: out of memory\n", stderr);
    std::abort();
  }
  ++counted.calls;
  counted.bytes_live += static_cast<int64_t>(malloc_usable_size(memory));
  return memory;
}

void give_back(void* memory) {
  counted.bytes_live -= static_cast<int64_t>(malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

Allocations allocations() { return counted; }

}  // namespace daxrace::bench

/* The library's other forms call these. */
void* operator new(size_t bytes) { return daxrace::bench::taken(std::malloc(bytes)); }
void* operator new(size_t bytes, std::align_val_t align) {
  size_t to = static_cast<size_t>(align);
  return daxrace::bench::taken(std::aligned_alloc(to, (bytes + to - 1) / to * to));
}
void operator delete(void* memory) noexcept { daxrace::bench::give_back(memory); }
void operator delete(void* memory, size_t) noexcept { daxrace::bench::give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { daxrace::bench::give_back(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { daxrace::bench::give_back(memory); }
