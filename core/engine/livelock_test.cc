/* SPDX-License-Identifier: GPL-2.0-only */
/* Whom a livelock is blamed on, of three. Its being found at all is in retry_test.cc. */
#include "core/engine/failure_for_test.h"

namespace daxrace::engine {
namespace {

using for_test::Body;
using for_test::expect_words;
using for_test::sentence;

const Role kWordRole("live-word");

struct World {
  Atomic<int>*flag, *x, *y;
};

World w;

void setup() {
  Arena& arena = Execution::current().arena();
  w = {arena.make<Atomic<int>>(kWordRole), arena.make<Atomic<int>>(kWordRole),
       arena.make<Atomic<int>>(kWordRole)};
}

constexpr Limits kShort{.steps_max = 1200};

/* The livelock under the default schedule, in which each task but the last starves the others. */
void expect_blame(std::vector<Body> tasks, TaskId first, TaskId second,
                  const std::vector<std::string>& words) {
  Execution execution(kShort);
  EXPECT_EQ(End::kFatal, for_test::in_order(execution, {setup, std::move(tasks)}));
  ASSERT_EQ(1u, execution.findings().size());
  const Finding& finding = execution.findings()[0];
  EXPECT_EQ("livelock", finding.verdict);
  EXPECT_EQ(first, finding.task) << sentence(execution);
  EXPECT_EQ(second, finding.other_task) << sentence(execution);
  expect_words(sentence(execution), words);
}

/* Without a retry point: the engine does not know that it spins. */
void spin() {
  while (w.flag->load(Order::kAcquire) == 0) {
  }
}

void politely_spin() {
  RetryLoop retry;
  while (w.flag->load(Order::kAcquire) == 0) retry.again();
}

/* Goes round in circles: what it does changes nothing that would let it out. */
void circle() {
  for (;;) {
    w.x->fetch_add(1, Order::kRelaxed);
    w.x->fetch_add(-1, Order::kRelaxed);
  }
}

/* The spinner made nearly all of the steps before the others were let in. It waits for the task that sets the
 * flag, and that one is the one that goes round in circles. */
TEST(LivelockBlame, NotTheSpinnerThatWaitsForTheStarvedOne) {
  auto never_sets = [] {
    circle();
    w.flag->store(1, Order::kRelease);
  };
  for (const Body& waits : {Body(spin), Body(politely_spin)}) {
    expect_blame({waits, never_sets}, 2, kNoTask, {"Bob made", "under a fair schedule"});
    expect_blame({waits, waits, never_sets}, 3, kNoTask, {"Carol made"});
    expect_blame({never_sets, waits, waits}, 1, kNoTask, {"Alice made"});
  }
}

TEST(LivelockBlame, NobodyIfTheStarvedOneOnlyHadToBeLetIn) {
  Execution execution(kShort);
  auto sets = [] {
    w.x->load(Order::kRelaxed);
    w.flag->store(1, Order::kRelease);
  };
  EXPECT_EQ(End::kFinished, for_test::in_order(execution, {setup, {spin, spin, sets}}));
  EXPECT_TRUE(execution.findings().empty());
}

TEST(LivelockBlame, TheSpinnerIfNobodyIsLeftToEndIt) {
  expect_blame({[] { w.x->store(1, Order::kRelaxed); }, spin, [] { w.y->store(1, Order::kRelaxed); }}, 2,
               kNoTask, {"Bob made", "waits for what never comes"});
}

/* One sets what the other clears; a third one looks on. */
TEST(LivelockBlame, TwoThatUndoEachOthersWork) {
  auto until = [](int mine) {
    return [mine] {
      for (;;) {
        w.x->store(mine, Order::kRelaxed);
        w.y->load(Order::kRelaxed);
        bool kept = w.x->load(Order::kRelaxed) == mine;
        if (!kept) continue;
        if (w.flag->load(Order::kRelaxed) != 0) break;
      }
    };
  };
  for (const Body& third : {Body(spin), Body(politely_spin)}) {
    Execution execution(kShort);
    EXPECT_EQ(End::kFatal, for_test::in_order(execution, {setup, {until(1), third, until(2)}}));
    const Finding* finding = execution.headline();
    ASSERT_NE(nullptr, finding);
    EXPECT_EQ(4, finding->task + finding->other_task) << sentence(execution);
    EXPECT_NE(2, finding->task);
    expect_words(sentence(execution), {"Alice", "Carol", "they undo each other's work"});
  }
}

/* Ending operations is progress, however long it goes on. */
TEST(LivelockBlame, NotWhoeverEndsOperations) {
  auto works = [] {
    for (uint32_t op = 0;; ++op) {
      Execution::current().op_boundary(op);
      w.x->fetch_add(1, Order::kRelaxed);
    }
  };
  expect_blame({works, spin, works}, 2, kNoTask, {"Bob made"});
}

/* --- when it is one: Limits::op_steps_max --- */

constexpr uint32_t kOpSteps = 500;
constexpr Limits kLong{.steps_max = 100000, .op_steps_max = kOpSteps};

void work(int steps) {
  for (int i = 0; i < steps; ++i) w.x->fetch_add(1, Order::kRelaxed);
}

/* As many steps as an operation may take, twice, and not those of the whole execution. */
TEST(LivelockBound, IsToldSoonAfterNobodyGetsOn) {
  for (const std::vector<Body>& tasks :
       {std::vector<Body>{circle}, {[] { work(300); }, circle}, {circle, circle, circle}}) {
    Execution execution(kLong);
    EXPECT_EQ(End::kFatal, for_test::in_order(execution, {setup, tasks}));
    ASSERT_NE(nullptr, execution.headline());
    EXPECT_EQ("livelock", execution.headline()->verdict);
    EXPECT_GE(execution.steps(), 2 * kOpSteps);
    EXPECT_LE(execution.steps(), (2 + tasks.size()) * (kOpSteps + kOpSteps / 8));
    EXPECT_TRUE(execution.became_fair());
  }
}

/* Each operation is short, all together are many times what one may take; the spinner in between starves them
 * as long as it may. */
TEST(LivelockBound, NotWhileOperationsEnd) {
  constexpr uint32_t kOps = 100;
  auto works = [] {
    for (uint32_t op = 0; op < kOps; ++op) {
      Execution::current().op_boundary(op);
      work(kOpSteps / 5);
    }
  };
  auto works_and_sets = [works] {
    works();
    w.flag->store(1, Order::kRelease);
  };
  for (const std::vector<Body>& tasks : {std::vector<Body>{works, works}, {works, spin, works_and_sets}}) {
    Execution execution(kLong);
    EXPECT_EQ(End::kFinished, for_test::in_order(execution, {setup, tasks}));
    EXPECT_TRUE(execution.findings().empty());
    EXPECT_GT(execution.steps(), 20 * kOpSteps);
    EXPECT_EQ(tasks.size() == 3, execution.became_fair());
  }
}

/* Under a fair schedule whoever needs nearly all of its steps gets them before the spinner has made its own,
 * however many they are. */
TEST(LivelockBound, NotWhileManyNeedAllTheirSteps) {
  auto long_one = [] { work(kOpSteps - 20); };
  auto sets = [] {
    work(kOpSteps - 20);
    w.flag->store(1, Order::kRelease);
  };
  Execution execution(kLong);
  EXPECT_EQ(End::kFinished, for_test::in_order(execution, {setup, {spin, long_one, long_one, sets}}));
  EXPECT_TRUE(execution.findings().empty());
}

}  // namespace
}  // namespace daxrace::engine
