/* SPDX-License-Identifier: GPL-2.0-only */
/* The set of states: what went in is in, with its word, whatever the keys. */
#include "core/engine/visited.h"

#include <gtest/gtest.h>

#include <map>

#include "core/engine/random.h"

namespace daxrace::engine {
namespace {

TEST(VisitedSet, AgreesWithAMapWhileItGrows) {
  VisitedSet set(4);
  std::map<Hash128, uint32_t> map;
  Random random(7);
  for (uint32_t i = 1; i <= 8000; ++i) {
    /* Few low bits, so that they collide in their slots; keys come again. */
    Hash128 key = Hash128{random.below(400) + 1} << 64 | random.below(4);
    bool fresh = false;
    uint32_t& word = set.insert(key, &fresh);
    auto [known, is_new] = map.try_emplace(key, 0);
    ASSERT_EQ(is_new, fresh);
    ASSERT_EQ(known->second, word);
    word = known->second = i;
  }
  EXPECT_EQ(map.size(), set.size());
  EXPECT_LE(set.bytes(), set.size() * 20 * 2 * 4 / 3 + 20) << "it grows while there is room";
}

TEST(VisitedSet, ZeroIsAKeyLikeOthers) {
  VisitedSet set;
  bool fresh = false;
  set.insert(0, &fresh) = 5;
  EXPECT_TRUE(fresh);
  EXPECT_EQ(5u, set.insert(0, &fresh));
  EXPECT_FALSE(fresh);
  EXPECT_EQ(1u, set.size());
}

}  // namespace
}  // namespace daxrace::engine
