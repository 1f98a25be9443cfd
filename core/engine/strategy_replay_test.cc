/* SPDX-License-Identifier: GPL-2.0-only */
/* Replay: by step it is exact, by anchor it survives edits. */
#include "core/engine/strategy_replay.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/strategies.h"
#include "core/engine/sync.h"

namespace daxrace::engine {
namespace {

const Role kWordRole("replay-word");
const Role kLockRole("replay-lock");
const Role kQueueRole("replay-queue");

struct World {
  Atomic<int>* x = nullptr;
  Atomic<int>* y = nullptr;
  Plain<int>* plain = nullptr;
  Lock* lock = nullptr;
  RwSemaphore* sem = nullptr;
  WaitQueue* queue = nullptr;
  Completion* done = nullptr;
  int extra = 0; /* how many events the edit adds */
  bool bug = false;
};

World w;

void setup(int extra) {
  Arena& arena = Execution::current().arena();
  w = World();
  w.extra = extra;
  w.x = arena.make<Atomic<int>>(kWordRole);
  w.y = arena.make<Atomic<int>>(kWordRole);
  w.plain = arena.make<Plain<int>>(kWordRole);
  w.lock = arena.make<Lock>();
  w.sem = arena.make<RwSemaphore>();
  w.queue = arena.make<WaitQueue>();
  w.done = arena.make<Completion>();
  w.lock->init(kLockRole, LockUse::kTriedToo);
  w.sem->init(kLockRole);
  w.queue->init(kQueueRole);
  w.done->init(kQueueRole);
}

/* --- by step --- */

void worker() {
  Execution& e = Execution::current();
  for (uint32_t op = 0; op < 2; ++op) {
    e.invoke(op, DAXRACE_SITE("invoke", ""));
    bool taken = w.lock->try_lock(DAXRACE_SITE("trylock", "lock"));
    if (!taken && e.choose(2, DAXRACE_SITE("draw", "")) == 1) {
      taken = w.lock->try_lock(DAXRACE_SITE("trylock", "lock"));
    }
    if (!taken) w.lock->lock(DAXRACE_SITE("lock", "lock"));
    w.plain->write(w.plain->read() + 1 + static_cast<int>(e.choose(3)));
    w.x->fetch_add(1, Order::kRelaxed, DAXRACE_SITE("add", "x"));
    w.lock->unlock(DAXRACE_SITE("unlock", "lock"));
    w.sem->down_read(DAXRACE_SITE("read", "sem"));
    w.queue->wake(1, WaitQueue::kAnyKey, DAXRACE_SITE("wake", "queue"));
    w.sem->up_read();
    e.ret(0, DAXRACE_SITE("ret", ""));
  }
  w.done->complete();
}

void waiter() {
  WaitEntry entry;
  for (;;) {
    w.queue->prepare_to_wait(entry, true, DAXRACE_SITE("prepare", "queue"));
    if (w.x->load(Order::kAcquire, DAXRACE_SITE("load", "x")) >= 3) break;
    w.queue->schedule(entry, DAXRACE_SITE("sleep", "queue"));
  }
  w.queue->finish_wait(entry);
  w.sem->down_write(DAXRACE_SITE("write", "sem"));
  w.y->store(1, Order::kRelease);
  w.sem->up_write();
}

void spinner() {
  RetryLoop retry;
  while (w.y->load(Order::kAcquire, DAXRACE_SITE("spin", "y")) == 0) retry.again();
  for (int i = 0; i < 2; ++i) w.done->wait();
}

void everything(void*) {
  setup(0);
  Execution& e = Execution::current();
  e.spawn(&worker, "A");
  e.spawn(&worker, "B");
  e.spawn(&waiter, "C");
  e.join(e.spawn(&spinner, "D"));
}

/* The head of the longest run that two traces have in common, for a message. */
size_t first_difference(std::span<const Event> a, std::span<const Event> b) {
  size_t i = 0;
  while (i < a.size() && i < b.size() && extend(0, a[i]) == extend(0, b[i])) ++i;
  return i;
}

void replay_random_schedules(const char* name, int n) {
  auto strategy = find_strategy(name)->make({.seed = 31});
  Execution execution;
  Execution again;
  std::vector<RecordedSwitch> switches;
  std::vector<RecordedDraw> draws;
  size_t switched = 0;
  size_t drawn = 0;
  for (int i = 0; i < n; ++i) {
    ASSERT_TRUE(strategy->begin());
    End end = execution.run(*strategy, everything, nullptr);
    record(execution, switches, draws);
    switched += switches.size();
    drawn += draws.size();
    ReplayStrategy replay(switches, draws);
    ASSERT_TRUE(replay.begin());
    ASSERT_EQ(end, again.run(replay, everything, nullptr)) << i;
    ASSERT_EQ(execution.trace_hash(), again.trace_hash())
        << i << ": different from step " << first_difference(execution.trace(), again.trace());
    ASSERT_EQ(execution.findings().size(), again.findings().size());
    ASSERT_EQ(switches.size(), replay.taken());
    ASSERT_EQ(0u, replay.misfits()) << i;
    ASSERT_FALSE(replay.begin()) << "one execution was asked for";
  }
  EXPECT_GT(switched, static_cast<size_t>(n));
  EXPECT_GT(drawn, static_cast<size_t>(n));
}

TEST(ReplayByStep, IsExactForRandomSchedules) { replay_random_schedules("random", 1000); }

TEST(ReplayByStep, IsExactForPct) { replay_random_schedules("pct", 1000); }

TEST(ReplayByStep, IsExactForAFailureAndSaysTheSame) {
  auto abba = [](void*) {
    setup(0);
    auto* second = Execution::current().arena().make<Lock>();
    second->init(kLockRole);
    Execution::current().spawn(
        [second] {
          w.lock->lock();
          second->lock();
          second->unlock();
          w.lock->unlock();
        },
        "A");
    Execution::current().spawn(
        [second] {
          second->lock();
          w.lock->lock();
          w.lock->unlock();
          second->unlock();
        },
        "B");
  };
  auto strategy = make_random_strategy({.seed = 5});
  Execution execution;
  int failures = 0;
  for (int i = 0; i < 200; ++i) {
    strategy->begin();
    End end = execution.run(*strategy, abba, nullptr);
    if (end != End::kFatal) continue;
    ++failures;
    std::string text = execution.headline()->describe(*execution.headline(), execution);
    uint64_t hash = execution.trace_hash();
    std::vector<RecordedSwitch> switches;
    std::vector<RecordedDraw> draws;
    record(execution, switches, draws);
    ReplayStrategy replay(switches, draws, ReplayStrategy::Mode::kByStep, 3);
    for (int k = 0; k < 3; ++k) {
      ASSERT_TRUE(replay.begin());
      ASSERT_EQ(End::kFatal, execution.run(replay, abba, nullptr));
      ASSERT_EQ(hash, execution.trace_hash());
      ASSERT_EQ(text, execution.headline()->describe(*execution.headline(), execution));
    }
  }
  EXPECT_GT(failures, 10);
}

TEST(ReplayByStep, WhatDoesNotFitIsReplacedByTheDefault) {
  Execution execution;
  std::vector<RecordedSwitch> none;
  std::vector<RecordedDraw> no_draws;
  ReplayStrategy plain(none, no_draws);
  plain.begin();
  execution.run(plain, everything, nullptr);
  uint64_t hash = execution.trace_hash();
  /* Tasks that do not exist, steps that do not come. */
  std::vector<RecordedSwitch> switches = {{3, 77, {}}, {9, 78, {}}, {100000, 1, {}}};
  std::vector<RecordedDraw> draws = {{100001, 2}};
  ReplayStrategy replay(switches, draws);
  replay.begin();
  EXPECT_EQ(End::kFinished, execution.run(replay, everything, nullptr));
  EXPECT_EQ(hash, execution.trace_hash());
  EXPECT_EQ(0u, replay.taken());
}

/* Counts how often it is asked, and may say that it wants to be asked every time. */
struct AskedReplay : ReplayStrategy {
  AskedReplay(const std::vector<RecordedSwitch>& switches, const std::vector<RecordedDraw>& draws,
              bool always)
      : ReplayStrategy(switches, draws), always(always) {}
  uint32_t default_until() const override { return always ? 0 : ReplayStrategy::default_until(); }
  size_t pick(const Pick& pick) override {
    ++asked;
    return ReplayStrategy::pick(pick);
  }
  bool always;
  size_t asked = 0;
};

TEST(ReplayByStep, IsAskedOnlyWhereItMayTakeAnotherTask) {
  auto strategy = make_random_strategy({.seed = 7});
  Execution execution;
  std::vector<RecordedSwitch> switches;
  std::vector<RecordedDraw> draws;
  size_t often = 0;
  size_t seldom = 0;
  for (int i = 0; i < 200; ++i) {
    strategy->begin();
    execution.run(*strategy, everything, nullptr);
    record(execution, switches, draws);
    if (switches.size() > 3) switches.resize(3);
    uint64_t hashes[2];
    for (bool always : {true, false}) {
      AskedReplay replay(switches, draws, always);
      replay.begin();
      execution.run(replay, everything, nullptr);
      hashes[always ? 1 : 0] = execution.trace_hash();
      (always ? often : seldom) += replay.asked;
    }
    ASSERT_EQ(hashes[0], hashes[1]) << i;
  }
  EXPECT_LT(2 * seldom, often);
}

/* --- by anchor --- */

/* Events that an edit adds: before the tasks that matter, and in one of them. */
void padding() {
  for (int i = 0; i < w.extra; ++i) w.y->fetch_add(1, Order::kRelaxed, DAXRACE_SITE("pad", "y"));
}

void writer() {
  Execution& e = Execution::current();
  for (uint32_t op = 0; op < 3; ++op) {
    e.invoke(op, DAXRACE_SITE("invoke", ""));
    for (int i = 0; i < 2; ++i)
      w.x->store(static_cast<int>(op) * 2 + i, Order::kRelaxed, DAXRACE_SITE("store", "x"));
    e.ret(0, DAXRACE_SITE("ret", ""));
  }
}

/* The bug: comes between the two stores of the writer's second operation. */
void reader() {
  padding();
  if (w.x->load(Order::kRelaxed, DAXRACE_SITE("load", "x")) == 2) w.bug = true;
}

void crasher() {
  padding();
  if (w.x->load(Order::kRelaxed, DAXRACE_SITE("load", "x")) == 2) {
    w.bug = true;
    Execution::current().crash(DAXRACE_SITE("crash", ""));
  }
}

using Body = void (*)();

struct Program {
  Body reader;
  int extra = 0;
};

void edited(void* arg) {
  const auto& program = *static_cast<const Program*>(arg);
  setup(program.extra);
  Execution& e = Execution::current();
  e.spawn(&writer, "writer");
  e.spawn(program.reader, "reader");
  e.spawn(&padding, "other");
  padding();
}

struct Replayed {
  bool bug;
  size_t taken;
  size_t misfits;
};

Replayed replay(const std::vector<RecordedSwitch>& switches, ReplayStrategy::Mode mode, Program program) {
  std::vector<RecordedDraw> draws;
  ReplayStrategy strategy(switches, draws, mode);
  Execution execution;
  EXPECT_TRUE(strategy.begin());
  execution.run(strategy, edited, &program);
  return {w.bug, strategy.taken(), strategy.misfits()};
}

/* The first schedule, of those with fewest preemptions, that has the bug. */
std::vector<RecordedSwitch> find_bug(Program program) {
  auto strategy = make_dfs_strategy({.preemptions_max = 3});
  Execution execution;
  while (strategy->begin()) {
    execution.run(*strategy, edited, &program);
    if (!w.bug) continue;
    std::vector<RecordedSwitch> switches;
    std::vector<RecordedDraw> draws;
    record(execution, switches, draws);
    return switches;
  }
  ADD_FAILURE() << "not found";
  return {};
}

TEST(ReplayByAnchor, SurvivesEventsThatOtherTasksAdd) {
  for (Body body : {reader, crasher}) {
    std::vector<RecordedSwitch> switches = find_bug({body});
    ASSERT_FALSE(switches.empty());
    EXPECT_TRUE(replay(switches, ReplayStrategy::Mode::kByStep, {body}).bug) << "not even unchanged";
    for (int extra : {0, 1, 2, 5, 20}) {
      Replayed result = replay(switches, ReplayStrategy::Mode::kByAnchor, {body, extra});
      EXPECT_TRUE(result.bug) << extra << " events more" << (body == crasher ? ", crash" : "");
      EXPECT_EQ(switches.size(), result.taken);
      EXPECT_EQ(0u, result.misfits);
    }
    EXPECT_FALSE(replay(switches, ReplayStrategy::Mode::kByStep, {body, 5}).bug)
        << "the edit moves nothing: this shows nothing";
  }
}

TEST(ReplayByAnchor, AnchorsNameTaskOperationSiteAndOccurrence) {
  auto switches = find_bug({crasher});
  const RecordedSwitch* preemption = nullptr;
  for (const RecordedSwitch& recorded : switches) {
    if (recorded.anchor.task != kNoTask) preemption = &recorded;
  }
  ASSERT_NE(nullptr, preemption) << "a task that never got on has an anchor as well";
  EXPECT_EQ(2, preemption->task);
  EXPECT_EQ(1, preemption->anchor.task);
  EXPECT_EQ(1u, preemption->anchor.op);
  EXPECT_EQ(1u, preemption->anchor.occurrence) << "the second store of the operation";
  EXPECT_EQ(hash_text("writer:store:x#0"), preemption->anchor.site);
}

TEST(ReplayByAnchor, AnAnchorThatNeverComesIsLeftOut) {
  auto switches = find_bug({reader});
  for (RecordedSwitch& recorded : switches) recorded.anchor.site ^= recorded.anchor.task == kNoTask ? 0 : 1;
  Replayed result = replay(switches, ReplayStrategy::Mode::kByAnchor, {reader});
  EXPECT_FALSE(result.bug);
  EXPECT_LT(result.taken, switches.size());
}

}  // namespace
}  // namespace daxrace::engine
