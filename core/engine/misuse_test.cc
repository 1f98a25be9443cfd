/* SPDX-License-Identifier: GPL-2.0-only */
/* Each row of misuses.def, beside the right use that it is not. What a task leaves behind. */
#include "core/engine/misuse.h"

#include "core/engine/failure_for_test.h"

namespace daxrace::engine {
namespace {

using for_test::Body;
using for_test::expect_words;
using for_test::in_order;
using for_test::Play;
using for_test::sentence;

const Role kLockRole("misuse-lock");
const Role kSemRole("misuse-sem");
const Role kQueueRole("misuse-queue");
const Role kDoneRole("misuse-done");

struct World {
  Lock* lock;
  RwSemaphore* sem;
  WaitQueue* queue;
  WaitQueue* other_queue;
  Completion* done;
  WaitEntry* entry;
};

World w;

void setup() {
  Arena& arena = Execution::current().arena();
  w = {arena.make<Lock>(),      arena.make<RwSemaphore>(), arena.make<WaitQueue>(),
       arena.make<WaitQueue>(), arena.make<Completion>(),  arena.make<WaitEntry>()};
  w.lock->init(kLockRole);
  w.sem->init(kSemRole);
  w.queue->init(kQueueRole);
  w.other_queue->init(kQueueRole);
  w.done->init(kDoneRole);
}

/* The sentence of the misuse of a program that has no other finding; what must be in it. */
void expect_misuse(std::vector<Body> tasks, const std::vector<std::string>& words, bool fatal = true) {
  Execution execution;
  End end = in_order(execution, {setup, std::move(tasks)});
  EXPECT_EQ(fatal ? End::kFatal : End::kFinished, end);
  ASSERT_EQ(1u, execution.findings().size());
  const Finding& finding = execution.findings()[0];
  EXPECT_EQ("misuse", finding.verdict);
  EXPECT_EQ(EventKind::k_misuse, execution.trace()[finding.step].kind);
  EXPECT_EQ(finding.task, execution.trace()[finding.step].task);
  expect_words(sentence(execution), words);
}

void expect_clean(std::vector<Body> tasks) {
  Execution execution;
  EXPECT_EQ(End::kFinished, in_order(execution, {setup, std::move(tasks)}));
  EXPECT_TRUE(execution.findings().empty()) << sentence(execution);
}

TEST(Misuse, UnlockOfWhatNobodyHolds) {
  expect_misuse({[] {
                  w.lock->lock();
                  w.lock->unlock();
                  w.lock->unlock(DAXRACE_SITE("unlock", "lock"));
                }},
                {"Alice unlocks misuse-lock#0, which nobody holds", "operator()"});
  expect_misuse({[] { w.sem->up_read(); }}, {"Alice unlocks misuse-sem#0, which nobody holds"});
  expect_misuse({[] { w.sem->up_write(); }}, {"Alice unlocks misuse-sem#0, which nobody holds"});
}

TEST(Misuse, UnlockOfWhatAnotherHolds) {
  auto holds = [] {
    w.lock->lock();
    w.done->wait();
    w.lock->unlock();
  };
  expect_misuse({holds, [] { w.lock->unlock(); }},
                {"Bob unlocks misuse-lock#0, which Alice holds since step"});
  expect_misuse({[] {
                   w.sem->down_read();
                   w.done->wait();
                   w.sem->up_read();
                 },
                 [] { w.sem->up_read(); }},
                {"Bob unlocks misuse-sem#0, which Alice holds"});
  expect_clean({holds, [] { w.done->complete(); }}); /* signals are anybody's to give */
}

TEST(Misuse, UnlockInAnotherMode) {
  expect_misuse({[] {
                  w.sem->down_read();
                  w.sem->up_write();
                }},
                {"in another mode"});
  expect_misuse({[] {
                  w.sem->down_write();
                  w.sem->up_read();
                }},
                {"in another mode"});
}

TEST(Misuse, LockTakenTwiceIsNamedAsSuch) {
  expect_misuse({[] {
                  w.lock->lock();
                  w.lock->lock();
                }},
                {"Alice waits for misuse-lock#0, which it holds itself since step"});
  expect_misuse({[] {
                  w.sem->down_read();
                  w.sem->down_write();
                }},
                {"misuse-sem#0, which it holds itself"});
  expect_misuse({[] {
                  w.sem->down_write();
                  w.sem->down_read();
                }},
                {"misuse-sem#0, which it holds itself"});
  expect_clean({[] {
    for (int i = 0; i < 2; ++i) {
      w.lock->lock();
      w.lock->unlock();
    }
  }});
}

TEST(Misuse, TryLockOfALockThatDeclaredNone) {
  expect_misuse({[] { w.lock->try_lock(); }}, {"Alice tries misuse-lock#0", "kWaitsOnly"});
  expect_clean({[] {
    w.lock->init(kLockRole, LockUse::kTriedToo);
    EXPECT_TRUE(w.lock->try_lock());
    w.lock->unlock();
  }});
}

TEST(Misuse, SleepingInAtomicContext) {
  const std::vector<Body> sleepers = {
      [] {
        w.sem->down_read();
        w.sem->up_read();
      },
      [] {
        w.sem->down_write();
        w.sem->up_write();
      },
      [] {
        w.done->complete();
        w.done->wait();
      },
      [] { Execution::current().join(Execution::current().spawn(+[] {}, "child")); },
      [] {
        w.queue->prepare_to_wait(*w.entry, false);
        w.queue->wake(1, WaitQueue::kAnyKey);
        w.queue->schedule(*w.entry);
        w.queue->finish_wait(*w.entry);
      },
  };
  for (const Body& sleeps : sleepers) {
    expect_clean({sleeps});
    expect_misuse({[&] {
                    ++Execution::current().self_task().atomic_nesting;
                    sleeps();
                    --Execution::current().self_task().atomic_nesting;
                  }},
                  {"Alice may sleep on ", "in atomic context, it holds 1 spinlock"}, false);
    expect_misuse({[&] {
                    ++Execution::current().self_task().rcu_nesting;
                    sleeps();
                    --Execution::current().self_task().rcu_nesting;
                  }},
                  {"in atomic context, it is inside an RCU read section"}, false);
  }
}

TEST(Misuse, WaitingWithoutHavingPrepared) {
  expect_misuse({[] { w.queue->schedule(*w.entry); }},
                {"Alice sleeps on misuse-queue#0 without having prepared"});
  expect_misuse({[] { w.queue->finish_wait(*w.entry); }}, {"Alice ends a wait on misuse-queue#0"}, false);
  expect_misuse({[] {
                  w.queue->prepare_to_wait(*w.entry, false);
                  w.other_queue->schedule(*w.entry);
                }},
                {"Alice sleeps on misuse-queue#1"});
  expect_misuse({[] {
                  w.queue->prepare_to_wait(*w.entry, false);
                  w.other_queue->prepare_to_wait(*w.entry, false);
                }},
                {"Alice queues on misuse-queue#1 an entry that it has queued"});
  auto prepares = [] {
    w.queue->prepare_to_wait(*w.entry, false);
    w.done->wait();
    w.queue->finish_wait(*w.entry);
  };
  expect_misuse({prepares, [] { w.queue->finish_wait(*w.entry); }},
                {"Bob ends a wait", "that Alice prepared"});
  expect_clean({prepares, [] { w.done->complete(); }});
}

TEST(Misuse, UseOfWhatWasNeverInitialised) {
  expect_misuse({[] { Execution::current().arena().make<Lock>()->lock(); }}, {"never initialised"});
  expect_misuse({[] { Execution::current().arena().make<WaitQueue>()->wake(1, 0); }}, {"never initialised"});
  expect_misuse({[] { Execution::current().arena().make<Atomic<int>>()->load(Order::kFull); }},
                {"never initialised"});
  expect_misuse({[] { Execution::current().arena().make<Plain<int>>()->write(1); }}, {"never initialised"});
}

TEST(Misuse, InitialisingWhatIsInUse) {
  expect_misuse({[] {
                  w.lock->lock();
                  w.lock->init(kLockRole);
                }},
                {"Alice initialises misuse-lock#0 again, which it holds since step"});
  auto sleeps = [] {
    w.queue->prepare_to_wait(*w.entry, false);
    w.queue->schedule(*w.entry);
  };
  expect_misuse({sleeps, [] { w.queue->init(kQueueRole); }},
                {"Bob initialises misuse-queue#0 again, on which Alice waits"});
  expect_misuse({[] { w.done->wait(); }, [] { w.done->init(kDoneRole); }}, {"on which Alice waits"});
  expect_clean({[] { w.lock->init(kLockRole); }});
}

TEST(Misuse, MoreTasksThanAllowedEndTheExecution) {
  Execution execution({.tasks_max = 2});
  EXPECT_EQ(End::kFinished, in_order(execution, {setup, {[] {}}}));
  EXPECT_EQ(End::kFatal, in_order(execution, {setup, {[] {}, [] {}}}));
  ASSERT_EQ(1u, execution.findings().size());
  expect_words(sentence(execution), {"setup spawns one task more than"});
  EXPECT_EQ(End::kFinished, in_order(execution, {setup, {[] {}}}));
}

TEST(Misuse, JoiningNobody) {
  expect_misuse({[] { Execution::current().join(7); }}, {"Alice joins a task that does not exist"});
}

TEST(Misuse, EachPlaceIsAFindingOfItsOwn) {
  Execution execution;
  Body body = [] {
    for (int i = 0; i < 3; ++i) w.queue->finish_wait(*w.entry, DAXRACE_SITE("first", "queue"));
    w.queue->finish_wait(*w.entry, DAXRACE_SITE("second", "queue"));
  };
  EXPECT_EQ(End::kFinished, in_order(execution, {setup, {body}}));
  ASSERT_EQ(2u, execution.findings().size());
  EXPECT_EQ(std::string("first"), execution.findings()[0].site->what);
  EXPECT_EQ(std::string("second"), execution.findings()[1].site->what);
}

/* --- left behind --- */

/* Of the only finding, if there is one. */
std::string left_by(const Body& body, Limits limits = {}) {
  Execution execution(limits);
  in_order(execution, {setup, {body}});
  EXPECT_LE(execution.findings().size(), 1u);
  if (!execution.findings().empty()) {
    EXPECT_EQ("left-behind", execution.findings()[0].verdict);
  }
  return sentence(execution);
}

TEST(LeftBehind, ALockThatIsHeldAtTheEnd) {
  expect_words(left_by([] { w.lock->lock(); }), {"Alice ended", "still holds misuse-lock#0, since step"});
  expect_words(left_by([] { w.sem->down_read(); }), {"still holds misuse-sem#0"});
  EXPECT_EQ("", left_by([] {
              w.lock->lock();
              w.lock->unlock();
            }));
}

TEST(LeftBehind, ALockThatIsHeldWhenAnOperationReturns) {
  auto operation = [](bool unlocks) {
    return [unlocks] {
      Execution::current().invoke(0);
      w.lock->lock();
      if (unlocks) w.lock->unlock();
      Execution::current().ret(0);
      if (!unlocks) w.lock->unlock();
    };
  };
  expect_words(left_by(operation(false)), {"Alice returned from an operation", "still holds misuse-lock#0"});
  EXPECT_EQ("", left_by(operation(true)));
}

TEST(LeftBehind, AnEntryOnAQueueEndsTheExecution) {
  Execution execution;
  Body body = [] { w.queue->prepare_to_wait(*w.entry, false); };
  EXPECT_EQ(End::kFatal, in_order(execution, {setup, {body}}));
  expect_words(sentence(execution), {"Alice ended", "still is queued on misuse-queue#0"});
}

TEST(LeftBehind, ATaskThatNobodyJoinedOnlyIfAsked) {
  auto forgets = [] { Execution::current().spawn(+[] {}, "child"); };
  auto joins = [] { Execution::current().join(Execution::current().spawn(+[] {}, "child")); };
  EXPECT_EQ("", left_by(forgets));
  /* Alice herself is joined by nobody. */
  Execution execution({.join_all = true});
  in_order(execution, {forgets, {}});
  expect_words(sentence(execution), {"child was never joined"});
  in_order(execution, {joins, {}});
  EXPECT_EQ("", sentence(execution));
}

}  // namespace
}  // namespace daxrace::engine
