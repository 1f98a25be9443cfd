/* SPDX-License-Identifier: GPL-2.0-only */
/* private-leak and split-pin: when they are said, and when not. */
#include "core/model/gup.h"
#include "core/oracle/events_for_test.h"

namespace daxrace::oracle {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class IsolationTest : public EventTest {
 protected:
  static constexpr uint64_t kFrame = 7;

  void page(Kind kind, uint64_t frame, unsigned int flags = kernel::FOLL_PIN | kernel::FOLL_WRITE,
            bool tentative = false) {
    kernel::model_pin pin{};
    pin.flags = flags;
    pin.task = A;
    pin.tentative = tentative;
    emit({.kind = kind, .task = A, .value = frame, .mm = mm(0), .pin = &pin});
  }
  uint64_t store_private(engine::TaskId task, int process, uint64_t cell) {
    uint64_t stored = value(task);
    invoke(task, Op::store);
    emit({.kind = Kind::store, .task = task, .cell = cell, .value = stored, .mm = mm(process)});
    ret(task);
    return stored;
  }
  void load_private(engine::TaskId task, int process, uint64_t cell, uint64_t value) {
    invoke(task, Op::load);
    emit({.kind = Kind::load, .task = task, .cell = cell, .value = value, .mm = mm(process)});
    ret(task);
  }
  void fork_cell(uint64_t cell) {
    emit({.kind = Kind::forked, .task = A, .cell = cell, .mm = mm(0), .child = mm(1)});
  }
};

TEST_F(IsolationTest, WhatIsPrivateReachesNobodyElse) {
  EXPECT_THAT(play([&] { load_private(B, 1, 1, store_private(A, 0, 1)); }), Contains("private-leak"));
  EXPECT_THAT(play([&] { load(B, 1, store_private(A, 0, 1)); }), Contains("private-leak"));
  EXPECT_THAT(play([&] { load_private(B, 0, 1, store_private(A, 0, 1)); }), IsEmpty());
}

TEST_F(IsolationTest, AChildHasWhatItsParentHadAtFork) {
  EXPECT_THAT(play([&] {
                uint64_t before = store_private(A, 0, 1);
                fork_cell(1);
                store_private(A, 0, 1);
                load_private(B, 1, 1, before);
              }),
              IsEmpty());
  EXPECT_THAT(play([&] {
                fork_cell(1);
                load_private(B, 1, 1, store_private(A, 0, 1));
              }),
              Contains("private-leak"));
}

TEST_F(IsolationTest, ParentAndChildGoApartAfterFork) {
  EXPECT_THAT(play([&] {
                uint64_t before = store_private(A, 0, 1);
                fork_cell(1);
                store_private(A, 0, 1);
                load_private(A, 0, 1, before);
              }),
              ElementsAre("stale-read"));
}

TEST_F(IsolationTest, WhatIsInAFileIsNotPrivate) {
  EXPECT_THAT(play([&] {
                uint64_t written = write(A, 2);
                emit({.kind = Kind::store, .task = A, .cell = 1, .value = written, .mm = mm(0)});
                load(B, 3, written);
              }),
              Not(Contains("private-leak")));
}

TEST_F(IsolationTest, PinnedPageStaysWhereItIs) {
  EXPECT_THAT(play([&] {
                page(Kind::pinned, kFrame);
                page(Kind::mapped, kFrame);
              }),
              IsEmpty());
  EXPECT_THAT(play([&] {
                page(Kind::pinned, kFrame);
                page(Kind::mapped, kFrame + 1);
              }),
              ElementsAre("split-pin"));
  EXPECT_THAT(sentence(), HasSubstr("has frame 7 pinned for writing"));
  EXPECT_THAT(play([&] {
                page(Kind::pinned, kFrame);
                page(Kind::unpinned, kFrame);
                page(Kind::mapped, kFrame + 1);
              }),
              IsEmpty());
}

/* Until GUP knows that no fork came between, there is nothing that somebody could rely on. */
TEST_F(IsolationTest, TentativePinIsNoPromiseUnlessItIsKept) {
  const auto tentative = [&](Kind last) {
    return play([&, last] {
      page(Kind::pinned, kFrame, kernel::FOLL_PIN | kernel::FOLL_WRITE, true);
      page(Kind::mapped, kFrame + 1);
      page(last, kFrame);
    });
  };
  EXPECT_THAT(tentative(Kind::unpinned), IsEmpty());
  EXPECT_THAT(tentative(Kind::kept), ElementsAre("split-pin"));
  EXPECT_THAT(sentence(), HasSubstr("is in page frame 8 now"));
  EXPECT_THAT(play([&] {
                page(Kind::pinned, kFrame, kernel::FOLL_PIN | kernel::FOLL_WRITE, true);
                page(Kind::kept, kFrame);
                page(Kind::mapped, kFrame + 1);
              }),
              ElementsAre("split-pin"));
}

TEST_F(IsolationTest, PageThatIsOnlyReadMayBeReplaced) {
  EXPECT_THAT(play([&] {
                page(Kind::pinned, kFrame, kernel::FOLL_PIN);
                page(Kind::mapped, kFrame + 1);
              }),
              IsEmpty());
}

/* Through a pin a process reads what it had, even if it has it no more and a child of it does. */
TEST_F(IsolationTest, WhatWasItsOwnIsNoLeak) {
  EXPECT_THAT(
      play([&] {
        uint64_t before = store_private(A, 0, 1);
        fork_cell(1);
        emit({.kind = Kind::discarded, .task = A, .value = 0, .mm = mm(0)});
        kernel::model_pin pin{};
        emit({.kind = Kind::pin_read, .task = A, .cell = 1, .value = before, .mm = mm(0), .pin = &pin});
      }),
      IsEmpty());
}

TEST_F(IsolationTest, WhoGivesThePageUpMayHaveAnother) {
  EXPECT_THAT(play([&] {
                page(Kind::pinned, kFrame);
                page(Kind::discarded, 1);
                page(Kind::mapped, kFrame + 1);
              }),
              IsEmpty());
}

TEST_F(IsolationTest, ForkExcusesReferencesButNotPins) {
  auto script = [&](unsigned int flags) {
    return play([&, flags] {
      page(Kind::pinned, kFrame, flags);
      fork_cell(0);
      page(Kind::mapped, kFrame + 1);
    });
  };
  EXPECT_THAT(script(kernel::FOLL_GET | kernel::FOLL_WRITE), IsEmpty());
  EXPECT_THAT(script(kernel::FOLL_PIN | kernel::FOLL_WRITE), ElementsAre("split-pin"));
}

}  // namespace
}  // namespace daxrace::oracle
