/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/shared_table.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <string>

#include "core/engine/random.h"

namespace daxrace::engine {
namespace {

constexpr size_t kBytesMax = size_t{1} << 24;

Hash128 key(uint64_t i) { return Hash128{mix(i)} << 64 | mix(~i); }

TEST(SharedTable, IsAMapWhoseWordsOnlyGrow) {
  SharedTable table(1 << 12, kBytesMax);
  std::map<Hash128, uint32_t> expected;
  Random random(1);
  for (int i = 0; i < 3000; ++i) {
    Hash128 k = key(random.below(1000));
    uint32_t value = random.below(8) + 1;
    bool unite = random.one_in(2);
    bool fresh = false;
    uint32_t before = unite ? table.unite(k, value, &fresh) : table.raise(k, value, &fresh);
    EXPECT_EQ(expected.count(k) == 0, fresh);
    uint32_t& word = expected[k];
    EXPECT_EQ(word, before);
    word = unite ? word | value : std::max(word, value);
  }
  EXPECT_EQ(expected.size(), table.keys());
}

/* The parts of a key are told apart, and 0 is a key like others. */
TEST(SharedTable, NearKeysAreDifferent) {
  SharedTable table(1 << 12, kBytesMax);
  bool fresh = false;
  table.raise(Hash128{2} << 64 | 3, 1, &fresh);
  for (Hash128 other :
       {Hash128{3} << 64 | 2, Hash128{2} << 64 | 4, Hash128{3}, Hash128{2} << 64, Hash128{0}}) {
    EXPECT_EQ(0u, table.raise(other, 1, &fresh));
    EXPECT_TRUE(fresh);
    EXPECT_EQ(1u, table.raise(other, 1, &fresh));
    EXPECT_FALSE(fresh);
  }
}

TEST(SharedTable, GrowsWithAllThatIsInIt) {
  SharedTable table(1 << 4, (1 << 12) * 24);
  bool fresh = false;
  for (uint64_t i = 0; i < 2000; ++i) {
    EXPECT_TRUE(!table.crowded() || table.grow());
    table.raise(key(i), static_cast<uint32_t>(i + 1), &fresh);
    EXPECT_TRUE(fresh);
  }
  EXPECT_EQ(size_t{1} << 12, table.slots());
  for (uint64_t i = 0; i < 2000; ++i) EXPECT_EQ(i + 1, table.raise(key(i), 0, &fresh));
  EXPECT_FALSE(table.grow()) << "it is as large as it may be";
  EXPECT_FALSE(table.crowded());
}

TEST(SharedTable, FullItKnowsNothingNewAndForgetsNothingOld) {
  SharedTable table(1 << 4, 0);
  bool fresh = false;
  uint32_t known = 0;
  for (uint64_t i = 0; i < 100; ++i) table.raise(key(i), 1, &fresh);
  for (uint64_t i = 0; i < 100; ++i) known += table.raise(key(i), 1, &fresh);
  EXPECT_GE(known, 8u);
  EXPECT_LT(known, 16u);
}

TEST(SharedTable, ForgetsWhatAnOwnerHadAPartIn) {
  SharedTable table(1 << 12, kBytesMax);
  bool fresh = false;
  table.set_owner(1);
  table.raise(key(1), 2, &fresh);
  table.raise(key(2), 2, &fresh);
  table.unite(key(3), 1, &fresh);
  table.unite(key(4), 1, &fresh);
  table.set_owner(2);
  table.raise(key(1), 1, &fresh); /* adds nothing */
  table.raise(key(2), 3, &fresh); /* covers what was there */
  table.unite(key(3), 2, &fresh); /* both are needed */
  table.forget(2);
  EXPECT_EQ(2u, table.raise(key(1), 0, &fresh));
  EXPECT_EQ(0u, table.raise(key(2), 0, &fresh));
  EXPECT_EQ(0u, table.raise(key(3), 0, &fresh));
  EXPECT_EQ(1u, table.raise(key(4), 0, &fresh));
  EXPECT_FALSE(fresh) << "keys stay";
  EXPECT_EQ(4u, table.keys());
}

TEST(SharedTable, IsTheSameAfterWritingAndReading) {
  SharedTable table(1 << 4, kBytesMax);
  bool fresh = false;
  for (uint64_t i = 0; i < 8; ++i) table.raise(key(i), static_cast<uint32_t>(i), &fresh);
  std::string bytes;
  ByteWriter out(bytes);
  table.write(out);
  SharedTable other(1 << 3, kBytesMax);
  ByteReader in(bytes);
  ASSERT_TRUE(other.read(in));
  EXPECT_TRUE(in.at_end());
  std::string again;
  ByteWriter out_again(again);
  other.write(out_again);
  EXPECT_EQ(bytes, again);
  ByteReader cut_off(std::string_view(bytes).substr(0, bytes.size() - 1));
  EXPECT_FALSE(other.read(cut_off));
}

/* Each key is fresh to exactly one of those that put it in, and its word is the largest of theirs. */
TEST(SharedTable, ProcessesAgree) {
  constexpr int kProcesses = 4;
  constexpr uint64_t kKeys = 20000;
  SharedTable table(1 << 16, kBytesMax);
  SharedTable fresh_counts(1 << 4, kBytesMax);
  std::vector<pid_t> children;
  for (uint32_t p = 1; p <= kProcesses; ++p) {
    pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid != 0) {
      children.push_back(pid);
      continue;
    }
    table.set_owner(p);
    uint32_t fresh_here = 0;
    for (uint64_t i = 0; i < kKeys; ++i) {
      bool fresh = false;
      table.raise(key((i * p) % kKeys), p, &fresh);
      fresh_here += fresh;
    }
    bool ignored = false;
    fresh_counts.raise(key(p), fresh_here, &ignored);
    _exit(0);
  }
  for (pid_t pid : children) {
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_EQ(0, status);
  }
  uint64_t fresh_sum = 0;
  bool fresh = false;
  for (uint64_t p = 1; p <= kProcesses; ++p) fresh_sum += fresh_counts.raise(key(p), 0, &fresh);
  EXPECT_EQ(kKeys, fresh_sum);
  EXPECT_EQ(kKeys, table.keys());
  for (uint64_t i = 0; i < kKeys; ++i) {
    /* 3 and the number of keys have no common factor: process 3 comes to all keys, process 4 to those that 4
     * divides. */
    EXPECT_EQ(i % 4 == 0 ? 4u : 3u, table.raise(key(i), 0, &fresh)) << i;
  }
}

}  // namespace
}  // namespace daxrace::engine
