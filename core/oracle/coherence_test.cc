/* SPDX-License-Identifier: GPL-2.0-only */
/* stale-read and lost-write: when they are said, and when not. */
#include "core/oracle/events_for_test.h"

namespace daxrace::oracle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CoherenceTest : public EventTest {
 protected:
  /* A has written a value, B is in the middle of writing another one over it. Both for cell 1. */
  struct Overlap {
    uint64_t older;
    uint64_t newer;
  };
  Overlap begin_overlap() {
    Overlap values;
    values.older = write(A, 1);
    invoke(B, Op::write);
    values.newer = value(B);
    at(Kind::write_cell, B, 1, values.newer);
    return values;
  }
};

TEST_F(CoherenceTest, WhereOperationsOverlapBothValuesAreRight) {
  EXPECT_THAT(play([&] { load(C, 1, begin_overlap().older); }), IsEmpty());
  EXPECT_THAT(play([&] { load(C, 1, begin_overlap().newer); }), IsEmpty());
  EXPECT_THAT(play([&] {
                uint64_t older = write(A, 1);
                invoke(C, Op::load, 1);
                write(B, 1);
                at(Kind::load, C, 1, older);
                ret(C);
              }),
              IsEmpty())
      << "the read was invoked before the write returned";
}

TEST_F(CoherenceTest, HoleReadsAsZeroAndTheRestStays) {
  auto punch = [&] {
    invoke(B, Op::fallocate);
    emit({.kind = Kind::zeroed, .task = B, .inode = inode(), .cell = 1, .end = 3});
    ret(B);
  };
  for (uint64_t cell = 0; cell < kPages; ++cell) {
    const bool inside = cell == 1 || cell == 2;
    uint64_t old = 0;
    EXPECT_THAT(play([&] {
                  old = write(A, cell);
                  punch();
                  load(C, cell, old);
                  set_content(cell, old);
                }),
                inside ? testing::Matcher<Verdicts>(testing::Contains("stale-read")) : IsEmpty())
        << cell;
    EXPECT_THAT(play([&] {
                  write(A, cell);
                  punch();
                  load(C, cell, 0);
                  set_content(cell, inside ? 0 : value_of(A, 0));
                }),
                inside ? testing::Matcher<Verdicts>(IsEmpty()) : testing::Contains("stale-read"))
        << cell;
  }
}

TEST_F(CoherenceTest, CollapseBringsWhatIsBehindToItsPlace) {
  auto collapse = [&] {
    invoke(B, Op::fallocate);
    emit({.kind = Kind::collapsed, .task = B, .inode = inode(), .cell = 1, .end = 2});
    ret(B);
  };
  auto loads = [&](uint64_t at, uint64_t from) {
    return play([&] {
      const uint64_t values[] = {write(A, 0), write(A, 1), write(A, 2), write(A, 3), 0};
      collapse();
      load(C, at, values[from]);
      const uint64_t left[] = {values[0], values[2], values[3], 0};
      for (uint64_t cell = 0; cell < kPages; ++cell) set_content(cell, left[cell]);
    });
  };
  EXPECT_THAT(loads(0, 0), IsEmpty());
  EXPECT_THAT(loads(1, 2), IsEmpty());
  EXPECT_THAT(loads(2, 3), IsEmpty());
  EXPECT_THAT(loads(3, 4), IsEmpty());
  EXPECT_THAT(loads(1, 1), ElementsAre("stale-read"));
  EXPECT_THAT(loads(2, 2), ElementsAre("stale-read"));
  EXPECT_THAT(loads(3, 3), ElementsAre("stale-read"));
}

TEST_F(CoherenceTest, OverwrittenValueIsStaleOnceTheWriteHasReturned) {
  EXPECT_THAT(play([&] {
                uint64_t older = write(A, 1);
                write(B, 1);
                load(C, 1, older);
              }),
              ElementsAre("stale-read"));
  EXPECT_THAT(sentence(), HasSubstr("C op 0 read the value of A op 0"));
  EXPECT_THAT(sentence(), HasSubstr("from page 1 of f"));
  EXPECT_THAT(sentence(), HasSubstr("but the value of B op 0"));

  EXPECT_THAT(play([&] {
                write(A, 1);
                load(C, 1, write(B, 1));
              }),
              IsEmpty());
}

TEST_F(CoherenceTest, AllKindsOfAccessAreReadsAndWrites) {
  for (Kind writes : {Kind::store, Kind::write_cell}) {
    for (Kind reads : {Kind::load, Kind::read_cell}) {
      EXPECT_THAT(play([&] {
                    uint64_t older = write(A, 1);
                    invoke(B, Op::store, 1);
                    at(writes, B, 1, value(B));
                    ret(B);
                    invoke(C, Op::read);
                    at(reads, C, 1, older);
                    ret(C);
                  }),
                  ElementsAre("stale-read"));
    }
  }
}

TEST_F(CoherenceTest, ZerosAreStaleOnceSomethingWasWritten) {
  EXPECT_THAT(play([&] {
                load(C, 1, 0);
                invoke(B, Op::write);
                load(C, 1, 0);
                at(Kind::write_cell, B, 1, value(B));
                load(C, 1, 0);
                ret(B, 1);
                load(C, 2, 0);
              }),
              IsEmpty());
  EXPECT_THAT(play([&] {
                write(B, 1);
                load(C, 1, 0);
              }),
              ElementsAre("stale-read"));
  EXPECT_THAT(sentence(), HasSubstr("read zeros"));
}

TEST_F(CoherenceTest, ValueThatNobodyWroteThere) {
  EXPECT_THAT(play([&] { load(C, 1, value_of(A, 5)); }), ElementsAre("stale-read"));
  EXPECT_THAT(sentence(), HasSubstr("nobody ever wrote that"));
  EXPECT_THAT(play([&] {
                uint64_t elsewhere = write(A, 1);
                write(B, 2);
                load(C, 2, elsewhere);
              }),
              ElementsAre("stale-read"));
  EXPECT_THAT(sentence(), HasSubstr("from page 2 of f"));
}

TEST_F(CoherenceTest, OnceReadOlderValuesAreStaleForLaterReaders) {
  auto play_two_readers = [&](bool one_after_the_other) {
    return play([&, one_after_the_other] {
      Overlap values = begin_overlap();
      if (!one_after_the_other) invoke(C, Op::load, 1);
      load(A, 1, values.newer);
      if (one_after_the_other) invoke(C, Op::load, 1);
      at(Kind::load, C, 1, values.older);
      ret(C);
    });
  };
  EXPECT_THAT(play_two_readers(true), ElementsAre("stale-read"));
  EXPECT_THAT(play_two_readers(false), IsEmpty());
  /* And the other way round the order of the reads is that of the writes. */
  EXPECT_THAT(play([&] {
                Overlap values = begin_overlap();
                load(A, 1, values.older);
                load(C, 1, values.newer);
              }),
              IsEmpty());
}

TEST_F(CoherenceTest, ReadThatHasNotReturnedProvesNothing) {
  EXPECT_THAT(play([&] {
                Overlap values = begin_overlap();
                invoke(A, Op::load, 1);
                at(Kind::load, A, 1, values.newer);
                load(C, 1, values.older);
              }),
              IsEmpty());
}

TEST_F(CoherenceTest, TruncationWritesZerosBehindTheNewEnd) {
  EXPECT_THAT(play([&] {
                uint64_t before = write(A, 2);
                uint64_t kept = write(A, 1);
                truncate(B, 2);
                set_size(4);
                load(C, 1, kept);
                load(C, 2, 0);
                (void)before;
              }),
              IsEmpty());
  EXPECT_THAT(play([&] {
                uint64_t before = write(A, 2);
                truncate(B, 2);
                set_size(4);
                load(C, 2, before);
              }),
              ElementsAre("stale-read"));
  EXPECT_THAT(play([&] {
                write(A, 1);
                truncate(B, 2);
                load(C, 1, 0);
              }),
              ElementsAre("stale-read"))
      << "in front of it nothing changes";
  EXPECT_THAT(play([&] {
                uint64_t before = write(A, 2);
                invoke(B, Op::truncate);
                at(Kind::truncated, B, 2, 0);
                load(C, 2, before);
                load(A, 2, 0);
                ret(B);
              }),
              IsEmpty())
      << "while it is in progress";
}

TEST_F(CoherenceTest, HoleIsTruncatedLikeAnyOtherCell) {
  const auto store_and_truncation = [&](Kind kind, uint64_t from, uint64_t stored, bool at_once) {
    return play([&, kind, from, stored, at_once] {
      invoke(B, Op::truncate);
      emit({.kind = kind, .task = B, .inode = inode(), .cell = from, .end = kPages});
      if (!at_once) ret(B);
      store(A, stored);
      if (at_once) ret(B);
      load(C, stored, 0);
    });
  };
  for (const Kind kind : {Kind::truncated, Kind::zeroed}) {
    EXPECT_THAT(store_and_truncation(kind, 1, 2, true), IsEmpty()) << "the store may have been first";
    EXPECT_THAT(store_and_truncation(kind, 1, 2, false), ElementsAre("stale-read")) << "it was not";
    EXPECT_THAT(store_and_truncation(kind, 3, 2, true), ElementsAre("stale-read")) << "it is in front of it";
  }
}

/* Two zeros look the same: having read one proves nothing about which. Here it may be the hole of before. */
TEST_F(CoherenceTest, ZeroMayBeTheOlderOfTwo) {
  EXPECT_THAT(play([&] {
                invoke(C, Op::load, 1);
                uint64_t written = write(A, 1);
                invoke(B, Op::truncate);
                at(Kind::truncated, B, 1, 0);
                at(Kind::load, C, 1, 0);
                ret(C);
                load(C, 1, written);
              }),
              IsEmpty());
}

TEST_F(CoherenceTest, LostWriteAtTheEnd) {
  auto end_with = [&](uint64_t Overlap::* content) {
    return play([&, content] {
      Overlap values{write(A, 1), write(B, 1)};
      set_content(1, values.*content);
      oracles_.on_quiesce();
    });
  };
  EXPECT_THAT(end_with(&Overlap::older), ElementsAre("lost-write"));
  EXPECT_THAT(sentence(), HasSubstr("at the end page 1 of f holds the value of A op 0"));
  EXPECT_THAT(sentence(), HasSubstr("but the value of B op 0"));
  EXPECT_THAT(end_with(&Overlap::newer), IsEmpty());
}

TEST_F(CoherenceTest, AtTheEndAnyOrderOfOverlappingWritesIsRight) {
  for (uint64_t Overlap::* content : {&Overlap::older, &Overlap::newer}) {
    EXPECT_THAT(play([&, content] {
                  invoke(A, Op::write);
                  Overlap values = {value(A), 0};
                  at(Kind::write_cell, A, 1, values.older);
                  values.newer = write(B, 1);
                  ret(A, 1);
                  set_content(1, values.*content);
                  oracles_.on_quiesce();
                }),
                IsEmpty());
  }
}

TEST_F(CoherenceTest, AtTheEndSomethingThatNobodyWrote) {
  EXPECT_THAT(play([&] {
                write(A, 1);
                set_content(1, value_of(C, 9));
                oracles_.on_quiesce();
              }),
              ElementsAre("lost-write"));
  EXPECT_THAT(play([&] {
                write(A, 1);
                set_content(1, 0);
                oracles_.on_quiesce();
              }),
              ElementsAre("lost-write"));
}

TEST_F(CoherenceTest, BehindTheEndNothingIsHeld) {
  EXPECT_THAT(play([&] {
                write(A, 2);
                truncate(B, 1);
                set_content(2, value_of(C, 9));
                oracles_.on_quiesce();
              }),
              IsEmpty());
  auto write_behind_the_end = [&](uint64_t size) {
    return play([&, size] {
      write(A, 2);
      set_size(size);
      oracles_.on_quiesce();
    });
  };
  EXPECT_THAT(write_behind_the_end(2), IsEmpty());
  EXPECT_THAT(write_behind_the_end(3), ElementsAre("lost-write"));
}

}  // namespace
}  // namespace daxrace::oracle
