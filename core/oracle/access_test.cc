/* SPDX-License-Identifier: GPL-2.0-only */
/* spurious-sigbus: when it is said, and when not. */
#include "core/oracle/events_for_test.h"

namespace daxrace::oracle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int kSigbus = kernel::MODEL_SIGBUS;

class AccessTest : public EventTest {
 protected:
  void fails(Op op, uint64_t cell, int result = kSigbus) {
    invoke(A, op, cell);
    ret(A, result);
  }
};

TEST_F(AccessTest, InsideTheFile) {
  EXPECT_THAT(play([&] { fails(Op::store, 3); }), ElementsAre("spurious-sigbus"));
  EXPECT_THAT(sentence(), HasSubstr("A op 0, a store to page 3 of f"));
  EXPECT_THAT(play([&] { fails(Op::load, 0); }), ElementsAre("spurious-sigbus"));
  EXPECT_THAT(sentence(), HasSubstr("a load from page 0 of f"));
  EXPECT_THAT(play([&] { fails(Op::clwb, 0); }), ElementsAre("spurious-sigbus"));
  EXPECT_THAT(sentence(), HasSubstr("a clwb of page 0 of f"));
}

TEST_F(AccessTest, BehindTheEndItIsRight) {
  EXPECT_THAT(play([&] {
                set_size(2);
                fails(Op::store, 2);
                fails(Op::load, 3);
              }),
              IsEmpty());
  EXPECT_THAT(play([&] {
                set_size(2);
                fails(Op::store, 1);
              }),
              ElementsAre("spurious-sigbus"));
}

TEST_F(AccessTest, SizeThatChangesMeanwhileExcusesIt) {
  for (Kind change : {Kind::truncated, Kind::extended}) {
    EXPECT_THAT(play([&] {
                  invoke(A, Op::store, 1);
                  at(change, B, 1, 0);
                  ret(A, kSigbus);
                }),
                IsEmpty());
    EXPECT_THAT(play([&] {
                  at(change, B, 1, 0);
                  tick();
                  fails(Op::store, 1);
                }),
                ElementsAre("spurious-sigbus"))
        << "a change of before does not";
    EXPECT_THAT(play([&] {
                  invoke(A, Op::store, 1);
                  at(change, B, 1, 0, /*file=*/1);
                  ret(A, kSigbus);
                }),
                ElementsAre("spurious-sigbus"))
        << "nor one of another file";
  }
}

TEST_F(AccessTest, LackOfSpaceExcusesIt) {
  EXPECT_THAT(play([&] {
                invoke(A, Op::store, 1);
                at(Kind::no_space, A, 0, 0);
                ret(A, kSigbus);
              }),
              IsEmpty());
  EXPECT_THAT(play([&] {
                invoke(A, Op::write);
                at(Kind::no_space, A, 0, 0);
                ret(A, -ENOSPC);
                fails(Op::store, 1);
              }),
              ElementsAre("spurious-sigbus"))
      << "that of an earlier operation does not";
  EXPECT_THAT(play([&] {
                invoke(A, Op::store, 1);
                at(Kind::no_space, B, 0, 0);
                ret(A, kSigbus);
              }),
              ElementsAre("spurious-sigbus"))
      << "nor that of another task";
}

TEST_F(AccessTest, OtherResultsAreNotItsBusiness) {
  EXPECT_THAT(play([&] {
                fails(Op::store, 1, kernel::MODEL_SIGSEGV);
                fails(Op::write, 0, -ENOSPC);
                fails(Op::load, 1, 0);
              }),
              IsEmpty());
}

}  // namespace
}  // namespace daxrace::oracle
