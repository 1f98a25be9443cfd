/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/arena.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

namespace daxrace::engine {
namespace {

struct Block {
  char* first;
  size_t bytes;
};

/* Different sizes and alignments, some larger than a chunk of 1024 bytes. */
std::vector<Block> allocate_mixed(Arena& arena) {
  std::vector<Block> blocks;
  for (size_t i = 0; i < 200; ++i) {
    size_t bytes = i % 17 == 16 ? 5000 + i : 1 + i * 37 % 300;
    blocks.push_back({static_cast<char*>(arena.allocate(bytes, size_t{1} << i % 5)), bytes});
  }
  return blocks;
}

TEST(Arena, BlocksDoNotOverlap) {
  Arena arena(1024);
  std::vector<Block> blocks = allocate_mixed(arena);
  for (size_t i = 0; i < blocks.size(); ++i) {
    std::memset(blocks[i].first, static_cast<int>(i), blocks[i].bytes);
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    for (size_t k = 0; k < blocks[i].bytes; ++k) {
      ASSERT_EQ(static_cast<char>(i), blocks[i].first[k]) << "block " << i << " byte " << k;
    }
  }
}

TEST(Arena, ResetReusesMemory) {
  Arena arena(1024);
  std::vector<Block> before = allocate_mixed(arena);
  for (int round = 0; round < 3; ++round) {
    arena.reset();
    std::vector<Block> after = allocate_mixed(arena);
    for (size_t i = 0; i < before.size(); ++i) ASSERT_EQ(before[i].first, after[i].first) << "block " << i;
  }
}

TEST(Arena, ResetReusesMemoryInAnotherOrder) {
  Arena arena(1024);
  void* small = arena.allocate(8, 8);
  void* large = arena.allocate(9000, 8);
  for (int round = 0; round < 3; ++round) {
    arena.reset();
    EXPECT_EQ(large, arena.allocate(9000, 8)) << "the only chunk that is large enough";
    arena.reset();
    EXPECT_EQ(small, arena.allocate(8, 8));
  }
}

TEST(Arena, AlignsWhateverStandsBefore) {
  Arena arena(512);
  for (size_t align = 1; align <= 256; align *= 2) {
    for (size_t before = 1; before < 40; before += 3) {
      arena.allocate(before, 1);
      auto address = reinterpret_cast<uintptr_t>(arena.allocate(24, align));
      ASSERT_EQ(0u, address % align) << "alignment " << align << " after " << before << " bytes";
    }
  }
}

TEST(Arena, AlignsWhatDoesNotFitInAChunk) {
  Arena arena(64);
  for (size_t align = 1; align <= 4096; align *= 2) {
    auto* first = static_cast<char*>(arena.allocate(10000, align));
    ASSERT_EQ(0u, reinterpret_cast<uintptr_t>(first) % align) << "alignment " << align;
    std::memset(first, 1, 10000); /* a sanitizer sees a chunk that is too short */
  }
}

TEST(Arena, MakesOveralignedObjects) {
  struct alignas(64) Line {
    int value = 7;
  };
  Arena arena;
  for (int i = 0; i < 10; ++i) {
    arena.allocate(1, 1);
    Line* line = arena.make<Line>();
    ASSERT_EQ(0u, reinterpret_cast<uintptr_t>(line) % 64);
    ASSERT_EQ(7, line->value);
  }
}

TEST(Arena, LargeAllocationsLeaveSmallOnesAlone) {
  Arena arena(256);
  auto* small = arena.make<uint64_t>(41u);
  auto* large = static_cast<char*>(arena.allocate(1u << 22, 16));
  auto* next = arena.make<uint64_t>(43u);
  std::memset(large, 0xff, 1u << 22);
  EXPECT_EQ(41u, *small);
  EXPECT_EQ(43u, *next);
}

TEST(Arena, ArraysAreInitialisedAlsoInReusedMemory) {
  Arena arena(1024);
  std::memset(arena.allocate(900, 8), 0xff, 900);
  arena.reset();
  auto* array = arena.make_array<uint32_t>(200);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(0u, array[i]);
}

TEST(Arena, ExactFitAndNothing) {
  Arena arena(64);
  std::set<void*> firsts;
  for (int i = 0; i < 4; ++i) {
    void* first = arena.allocate(64, 1);
    std::memset(first, i, 64);
    EXPECT_TRUE(firsts.insert(first).second) << "given out twice";
  }
  EXPECT_NE(nullptr, arena.allocate(0, 1));
}

}  // namespace
}  // namespace daxrace::engine
