/* SPDX-License-Identifier: GPL-2.0-only */
/* lost-after-sync: when it is said, and when not. */
#include "core/oracle/events_for_test.h"

namespace daxrace::oracle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DurabilityTest : public EventTest {};

TEST_F(DurabilityTest, StoreThatFsyncCoversMustBeDurable) {
  EXPECT_THAT(play([&] {
                store(A, 1);
                fsync(B);
              }),
              ElementsAre("lost-after-sync"));
  EXPECT_THAT(sentence(), HasSubstr("page 1 of f lacks the value of A op 0"));
  EXPECT_THAT(sentence(), HasSubstr("B's fsync (op 0)"));
  EXPECT_THAT(sentence(), HasSubstr("durable image holds zeros"));

  EXPECT_THAT(play([&] {
                set_durable(1, store(A, 1));
                fsync(B);
              }),
              IsEmpty());
}

TEST_F(DurabilityTest, StoreNeedNotHaveReturned) {
  EXPECT_THAT(play([&] {
                invoke(A, Op::store, 1);
                at(Kind::store, A, 1, value(A));
                fsync(B);
              }),
              ElementsAre("lost-after-sync"))
      << "it happened before, as others can see";
}

TEST_F(DurabilityTest, StoreAfterTheInvocationHasNoClaim) {
  EXPECT_THAT(play([&] {
                invoke(B, Op::fsync);
                store(A, 1);
                ret(B);
              }),
              IsEmpty());
  /* What was there before it still has one. */
  EXPECT_THAT(play([&] {
                store(A, 1);
                invoke(B, Op::fsync);
                store(A, 1);
                ret(B);
              }),
              ElementsAre("lost-after-sync"));
}

TEST_F(DurabilityTest, LaterStoreDoesInstead) {
  EXPECT_THAT(play([&] {
                store(A, 1);
                invoke(B, Op::fsync);
                set_durable(1, store(C, 1));
                ret(B);
              }),
              IsEmpty());
  EXPECT_THAT(play([&] {
                set_durable(1, store(A, 1));
                store(C, 1);
                fsync(B);
              }),
              ElementsAre("lost-after-sync"))
      << "an earlier one does not";
}

TEST_F(DurabilityTest, SomethingElseDoesNot) {
  EXPECT_THAT(play([&] {
                store(A, 1);
                set_durable(1, value_of(C, 7));
                fsync(B);
              }),
              ElementsAre("lost-after-sync"));
}

TEST_F(DurabilityTest, OnlyAnFsyncOfTheFileThatSucceedsPromises) {
  EXPECT_THAT(play([&] {
                store(A, 1);
                invoke(B, Op::fsync);
                ret(B, -EIO);
              }),
              IsEmpty());
  EXPECT_THAT(play([&] {
                store(A, 1);
                fsync(B, 1);
              }),
              IsEmpty());
  EXPECT_THAT(play([&] {
                store(A, 1);
                write(B, 2);
                load(B, 1, value_of(A, 0));
              }),
              IsEmpty());
}

TEST_F(DurabilityTest, PromiseHoldsUntilTheCrash) {
  auto crash_after = [&](bool loses) {
    return play([&, loses] {
      set_durable(1, store(A, 1));
      fsync(B);
      store(A, 1);
      if (loses) set_durable(1, 0);
      tick();
      oracles_.on_crash();
    });
  };
  EXPECT_THAT(crash_after(false), IsEmpty());
  EXPECT_THAT(crash_after(true), ElementsAre("lost-after-sync"));
  EXPECT_THAT(sentence(), HasSubstr("an fsync that returned 0 covered it"));
}

TEST_F(DurabilityTest, CrashWithoutAnFsyncMayLoseEverything) {
  EXPECT_THAT(play([&] {
                store(A, 1);
                write(B, 2);
                invoke(C, Op::fsync);
                oracles_.on_crash();
              }),
              IsEmpty());
}

TEST_F(DurabilityTest, TruncationEndsThePromise) {
  auto crash_after_truncate_to = [&](uint64_t pages) {
    return play([&, pages] {
      set_durable(2, store(A, 2));
      fsync(B);
      truncate(C, pages);
      set_durable(2, 0);
      oracles_.on_crash();
    });
  };
  EXPECT_THAT(crash_after_truncate_to(2), IsEmpty());
  EXPECT_THAT(play([&] {
                set_durable(2, store(A, 2));
                fsync(B);
                truncate(C, 2);
                set_durable(2, value_of(C, 9));
                oracles_.on_crash();
              }),
              IsEmpty())
      << "whatever is found there";
  EXPECT_THAT(crash_after_truncate_to(3), ElementsAre("lost-after-sync")) << "page 2 is in front of the end";

  EXPECT_THAT(play([&] {
                store(A, 2);
                truncate(C, 1);
                fsync(B);
              }),
              IsEmpty());
  EXPECT_THAT(play([&] {
                store(A, 2);
                truncate(C, 1);
                set_size(4);
                store(A, 2);
                fsync(B);
              }),
              ElementsAre("lost-after-sync"))
      << "what was stored after the truncation has a claim again";
}

TEST_F(DurabilityTest, WriteThatHasNotReturnedHasNoClaim) {
  auto fsync_while_write = [&](bool returned) {
    return play([&, returned] {
      invoke(A, Op::write);
      at(Kind::write_cell, A, 1, value(A));
      if (returned) ret(A, 1);
      fsync(B);
      if (!returned) ret(A, 1);
    });
  };
  EXPECT_THAT(fsync_while_write(false), IsEmpty());
  EXPECT_THAT(fsync_while_write(true), ElementsAre("lost-after-sync"));
}

/* That somebody has read it does not make it durable: only its own return says that it is in the file. */
TEST_F(DurabilityTest, WriteThatHasNotReturnedHasNoClaimEvenIfItWasRead) {
  EXPECT_THAT(play([&] {
                invoke(A, Op::write);
                at(Kind::write_cell, A, 1, value(A));
                load(C, 1, value(A));
                fsync(B);
                ret(A, 1);
              }),
              IsEmpty());
  EXPECT_THAT(play([&] {
                invoke(A, Op::write);
                at(Kind::write_cell, A, 1, value(A));
                load(C, 1, value(A));
                ret(A, 1);
                fsync(B);
              }),
              ElementsAre("lost-after-sync"));
}

TEST_F(DurabilityTest, EveryCellOfTheFileIsLookedAt) {
  for (uint64_t lost = 0; lost < kPages; ++lost) {
    EXPECT_THAT(play([&] {
                  for (uint64_t cell = 0; cell < kPages; ++cell) {
                    uint64_t value = store(A, cell);
                    if (cell != lost) set_durable(cell, value);
                  }
                  fsync(B);
                }),
                ElementsAre("lost-after-sync"));
    EXPECT_THAT(sentence(), HasSubstr("page " + std::to_string(lost) + " of f"));
  }
}

TEST_F(DurabilityTest, HolePromisesNothingUntilAnFsyncAfterIt) {
  auto punch = [&] {
    invoke(B, Op::fallocate);
    emit({.kind = Kind::zeroed, .task = B, .inode = inode(), .cell = 1, .end = 2});
    ret(B);
  };
  EXPECT_THAT(play([&] {
                set_durable(1, store(A, 1));
                fsync(A);
                punch();
                fsync(A);
              }),
              ElementsAre("lost-after-sync"))
      << "what was there comes back";
  EXPECT_THAT(play([&] {
                set_durable(1, store(A, 1));
                fsync(A);
                punch();
                set_durable(1, 0);
                fsync(A);
              }),
              IsEmpty());
  EXPECT_THAT(play([&] {
                set_durable(1, store(A, 1));
                fsync(A);
                punch();
                oracles_.on_crash();
                set_durable(1, 0);
                oracles_.on_crash();
              }),
              IsEmpty())
      << "either may be there";
}

TEST_F(DurabilityTest, WhatMovesUpIsPromisedAtItsNewPlace) {
  for (bool kept : {false, true}) {
    EXPECT_THAT(play([&] {
                  uint64_t moved = store(A, 2);
                  invoke(B, Op::fallocate);
                  emit({.kind = Kind::collapsed, .task = B, .inode = inode(), .cell = 1, .end = 2});
                  ret(B);
                  if (kept) set_durable(1, moved);
                  fsync(A);
                }),
                kept ? testing::Matcher<Verdicts>(IsEmpty()) : ElementsAre("lost-after-sync"));
  }
}

TEST_F(DurabilityTest, MetadataCountsToo) {
  EXPECT_THAT(play([&] {
                set_durable(1, store(A, 1));
                inode()->committed_block[1] = 0;
                fsync(B);
              }),
              ElementsAre("lost-after-sync"))
      << "nobody would find the block";
  EXPECT_THAT(play([&] {
                set_durable(1, store(A, 1));
                inode()->committed_size = 1;
                fsync(B);
              }),
              ElementsAre("lost-after-sync"))
      << "the file would end before it";
}

/* A store through a MAP_SYNC mapping, its flush and the fence: cell 1, by these tasks. */
struct UserSync {
  engine::TaskId stores = 1, flushes = 1, fences = 1;
  bool sync = true;
};

class UserSyncTest : public DurabilityTest {
 protected:
  Verdicts play_sync(const UserSync& who, bool durable) {
    return play([&] {
      uint64_t stored = value(who.stores);
      emit({.kind = Kind::store,
            .task = who.stores,
            .inode = inode(),
            .cell = 1,
            .value = stored,
            .sync = who.sync});
      if (durable) set_durable(1, stored);
      invoke(who.flushes, Op::clwb, 1);
      emit({.kind = Kind::flushed,
            .task = who.flushes,
            .inode = inode(),
            .cell = 1,
            .value = stored,
            .sync = who.sync});
      ret(who.flushes);
      invoke(who.fences, Op::sfence);
      at(Kind::fenced, who.fences, 0, 0);
      ret(who.fences);
    });
  }
};

TEST_F(UserSyncTest, FlushAndFenceMakeAStoreDurable) {
  EXPECT_THAT(play_sync({}, false), ElementsAre("lost-after-sync"));
  EXPECT_THAT(sentence(), HasSubstr("stored through a MAP_SYNC mapping and A flushed its line later"));
  EXPECT_THAT(play_sync({}, true), IsEmpty());
  EXPECT_THAT(play_sync({.stores = 2}, false), ElementsAre("lost-after-sync")) << "whoever stored it";
}

TEST_F(UserSyncTest, WithoutMapSyncOrByAnotherCpuNothingIsPromised) {
  EXPECT_THAT(play_sync({.sync = false}, false), IsEmpty());
  EXPECT_THAT(play_sync({.fences = 2}, false), IsEmpty());
}

TEST_F(UserSyncTest, StoreAfterTheFlushHasNoClaim) {
  EXPECT_THAT(
      play([&] {
        invoke(B, Op::clwb, 1);
        emit({.kind = Kind::store, .task = A, .inode = inode(), .cell = 1, .value = value(A), .sync = true});
        emit({.kind = Kind::flushed, .task = B, .inode = inode(), .cell = 1, .sync = true});
        ret(B);
        invoke(B, Op::sfence);
        at(Kind::fenced, B, 0, 0);
        ret(B);
      }),
      IsEmpty());
}

}  // namespace
}  // namespace daxrace::oracle
