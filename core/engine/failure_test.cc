/* SPDX-License-Identifier: GPL-2.0-only */
/* What the engine calls a failure, what it says about it, and how an execution ends. */
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/strategies.h"
#include "core/engine/strategy_replay.h"
#include "core/engine/sync.h"

namespace daxrace::engine {
namespace {

const Role kLockRole("failure-lock", true); /* their order is the subject of lock_order_test.cc */
const Role kSemRole("failure-sem");
const Role kQueueRole("failure-queue");
const Role kDoneRole("failure-done");
const Role kWordRole("failure-word");

struct World {
  Lock* a = nullptr; /* failure-lock#0 */
  Lock* b = nullptr; /* failure-lock#1 */
  RwSemaphore* sem = nullptr;
  WaitQueue* queue = nullptr;
  Completion* done = nullptr;
  Atomic<int>* word = nullptr;
  int passed = 0;
};

World w;

void setup() {
  Arena& arena = Execution::current().arena();
  w = World();
  w.a = arena.make<Lock>();
  w.b = arena.make<Lock>();
  w.sem = arena.make<RwSemaphore>();
  w.queue = arena.make<WaitQueue>();
  w.done = arena.make<Completion>();
  w.word = arena.make<Atomic<int>>(kWordRole);
  w.a->init(kLockRole);
  w.b->init(kLockRole);
  w.sem->init(kSemRole);
  w.queue->init(kQueueRole);
  w.done->init(kDoneRole);
}

using Body = void (*)();
using Look = std::function<void(const Execution&, End)>;

void spawn_all(void* arg) {
  static const char* const kNames[] = {"Alice", "Bob", "Carol"};
  setup();
  const char* const* name = kNames;
  for (Body body : *static_cast<std::vector<Body>*>(arg)) Execution::current().spawn(body, *name++);
}

int explore(std::vector<Body> bodies, const Look& look) {
  auto strategy = make_dfs_strategy({.preemptions_max = 1000, .preemptions_min = 1000, .prune = false});
  Execution execution;
  int executions = 0;
  for (; executions < 300000 && !::testing::Test::HasFailure() && strategy->begin(); ++executions) {
    End end = execution.run(*strategy, spawn_all, &bodies);
    look(execution, end);
  }
  EXPECT_LT(executions, 300000);
  return executions;
}

/* Tasks in order of creation, each for as long as it can. */
End in_order(Execution& execution, Execution::Body first, void* arg) {
  static const std::vector<RecordedSwitch> kNone;
  static const std::vector<RecordedDraw> kNoDraws;
  ReplayStrategy strategy(kNone, kNoDraws);
  strategy.begin();
  return execution.run(strategy, first, arg);
}

/* The sentences of all deadlocks of a program. */
std::set<std::string> deadlocks_of(std::vector<Body> bodies) {
  std::set<std::string> texts;
  explore(std::move(bodies), [&](const Execution& e, End end) {
    if (end != End::kFatal) return;
    ASSERT_NE(nullptr, e.headline());
    EXPECT_EQ("deadlock", e.headline()->verdict);
    texts.insert(e.headline()->describe(*e.headline(), e));
  });
  return texts;
}

/* Whether one part of the sentence, the one about `task`, has all the words. */
bool says(const std::string& text, const std::string& task, std::vector<std::string> words) {
  std::stringstream stream(text.substr(text.find(':') + 1));
  std::string part;
  while (std::getline(stream, part, ';')) {
    if (part.find(task + " waits for ") == std::string::npos) continue;
    bool all = true;
    for (const std::string& word : words) all = all && part.find(word) != std::string::npos;
    return all;
  }
  return false;
}

/* --- deadlock --- */

void a_then_b() {
  w.a->lock(DAXRACE_SITE("lock", "a"));
  w.b->lock(DAXRACE_SITE("lock", "b"));
  w.b->unlock();
  w.a->unlock();
}

void b_then_a() {
  w.b->lock(DAXRACE_SITE("lock", "b"));
  w.a->lock(DAXRACE_SITE("lock", "a"));
  w.a->unlock();
  w.b->unlock();
}

TEST(Deadlock, AbbaSaysWhoWaitsForWhatAndWhoHoldsIt) {
  auto texts = deadlocks_of({a_then_b, b_then_a});
  ASSERT_FALSE(texts.empty());
  for (const std::string& text : texts) {
    EXPECT_TRUE(says(text, "Alice", {"failure-lock#1", "a_then_b", "held by Bob since step", "b_then_a"}))
        << text;
    EXPECT_TRUE(says(text, "Bob", {"failure-lock#0", "b_then_a", "held by Alice since step"})) << text;
    EXPECT_NE(std::string::npos, text.find("2 wait in a circle")) << text;
  }
}

/* Carol waits for what Alice holds and is in nobody's way. */
TEST(Deadlock, TellsTheCircleFromThoseThatWaitForIt) {
  auto texts = deadlocks_of({a_then_b, b_then_a, [] {
                               w.a->lock();
                               w.a->unlock();
                             }});
  int apart = 0;
  for (const std::string& text : texts) {
    EXPECT_NE(std::string::npos, text.find("2 wait in a circle")) << text;
    size_t outside = text.find("outside the circle, ");
    if (outside == std::string::npos) continue;
    ++apart;
    EXPECT_LT(outside, text.find("Carol waits for failure-lock#0")) << text;
    EXPECT_GT(outside, text.find("Alice waits for")) << text;
    EXPECT_GT(outside, text.find("Bob waits for")) << text;
  }
  EXPECT_GT(apart, 0);
}

TEST(Deadlock, NoneWithOneOrder) { EXPECT_TRUE(deadlocks_of({a_then_b, a_then_b}).empty()); }

TEST(Deadlock, FindingNamesTheTwoPlaces) {
  int found = 0;
  explore({a_then_b, b_then_a}, [&](const Execution& e, End) {
    const Finding* finding = e.headline();
    if (finding == nullptr) return;
    ++found;
    EXPECT_EQ(1, finding->task);
    EXPECT_EQ(2, finding->other_task);
    EXPECT_EQ("a_then_b:lock:b#0", finding->site->name());
    EXPECT_EQ("b_then_a:lock:a#0", finding->other_site->name());
  });
  EXPECT_GT(found, 0);
}

TEST(Deadlock, OfReadersAndAWriter) {
  auto texts = deadlocks_of({[] {
                               w.sem->down_read();
                               w.sem->down_read();
                               w.sem->up_read();
                               w.sem->up_read();
                             },
                             [] {
                               w.sem->down_write();
                               w.sem->up_write();
                             }});
  ASSERT_FALSE(texts.empty());
  for (const std::string& text : texts) {
    EXPECT_TRUE(says(text, "Alice", {"failure-sem#0", "behind Bob"})) << text;
    EXPECT_TRUE(says(text, "Bob", {"failure-sem#0", "held by Alice"})) << text;
  }
}

TEST(Deadlock, NobodyIsLeftToSignal) {
  auto texts = deadlocks_of({[] {
                               WaitEntry entry;
                               w.queue->prepare_to_wait(entry, false);
                               w.queue->schedule(entry);
                             },
                             [] { w.done->wait(); }});
  ASSERT_EQ(1u, texts.size());
  const std::string& text = *texts.begin();
  EXPECT_TRUE(says(text, "Alice", {"failure-queue#0", "nobody"})) << text;
  EXPECT_TRUE(says(text, "Bob", {"failure-done#0", "nobody"})) << text;
}

TEST(Deadlock, ASleeperSaysWhatItWaitsFor) {
  auto texts = deadlocks_of({[] {
                               WaitEntry entry;
                               entry.waits_for = w.a;
                               w.queue->prepare_to_wait(entry, false);
                               w.queue->schedule(entry);
                             },
                             [] {
                               w.a->lock();
                               w.done->wait();
                             }});
  ASSERT_FALSE(texts.empty());
  for (const std::string& text : texts)
    EXPECT_TRUE(says(text, "Alice", {"failure-lock#0", "held by Bob"})) << text;
}

TEST(Deadlock, ALostSignal) {
  int lost = 0;
  int executions = explore({[] {
                              WaitEntry entry;
                              w.queue->prepare_to_wait(entry, true);
                              w.queue->schedule(entry);
                              w.queue->finish_wait(entry);
                            },
                            [] { w.queue->wake(1, WaitQueue::kAnyKey); }},
                           [&](const Execution& e, End end) {
                             if (end != End::kFatal) return;
                             ++lost;
                             for (const Event& event : e.trace()) {
                               if (event.kind == EventKind::k_wake) {
                                 EXPECT_EQ(0u, event.value);
                               }
                             }
                           });
  EXPECT_GT(lost, 0);
  EXPECT_LT(lost, executions);
}

TEST(Deadlock, AJoinThatNeverReturns) {
  Execution execution;
  auto first = [](void*) {
    setup();
    Execution::current().join(Execution::current().spawn(+[] { w.done->wait(); }, "Alice"));
  };
  ASSERT_EQ(End::kFatal, in_order(execution, first, nullptr));
  std::string text = execution.headline()->describe(*execution.headline(), execution);
  EXPECT_TRUE(says(text, "setup", {"held by Alice"})) << text;
  EXPECT_TRUE(says(text, "Alice", {"failure-done#0"})) << text;
}

/* --- how an execution ends --- */

TEST(Crash, EndsTheExecutionForEverybody) {
  std::set<int> values;
  explore({[] {
             for (int i = 1; i <= 3; ++i) w.word->store(i, Order::kRelaxed);
             ++w.passed;
           },
           [] {
             Execution::current().crash();
             ADD_FAILURE() << "the machine is gone";
           }},
          [&](const Execution& e, End end) {
            EXPECT_EQ(End::kFatal, end);
            EXPECT_TRUE(e.findings().empty()) << "a crash is no failure";
            EXPECT_EQ(EventKind::k_crash, e.trace().back().kind);
            values.insert(w.word->peek());
          });
  EXPECT_EQ((std::set<int>{0, 1, 2, 3}), values) << "before, between and after all steps";
}

Finding finding_of(std::string_view verdict, int precedence) {
  Finding finding;
  finding.verdict = verdict;
  finding.precedence = precedence;
  finding.describe = [](const Finding& f, const Execution&) { return "it is " + std::string(f.verdict); };
  return finding;
}

TEST(Findings, AreRecordedAndTheExecutionGoesOn) {
  explore({[] {
            Execution& e = Execution::current();
            EXPECT_TRUE(e.report(finding_of("mild", 60)));
            EXPECT_TRUE(e.report(finding_of("severe", 5)));
            EXPECT_FALSE(e.report(finding_of("mild", 60))) << "one of each verdict";
            EXPECT_TRUE(e.report(finding_of("medium", 30)));
            w.word->store(1, Order::kRelaxed);
            ++w.passed;
          }},
          [](const Execution& e, End end) {
            EXPECT_EQ(End::kFinished, end);
            EXPECT_EQ(1, w.passed);
            ASSERT_EQ(3u, e.findings().size());
            EXPECT_EQ("mild", e.findings()[0].verdict) << "in order of time";
            EXPECT_EQ("severe", e.headline()->verdict) << "by precedence";
            EXPECT_EQ("it is severe", e.headline()->describe(*e.headline(), e));
          });
}

TEST(Findings, ManyAreNoProblem) {
  static const std::vector<std::string> kVerdicts = [] {
    std::vector<std::string> all;
    for (int i = 0; i < 40; ++i) all.push_back("verdict-" + std::to_string(i));
    return all;
  }();
  explore({[] {
            for (const std::string& verdict : kVerdicts) Execution::current().report(finding_of(verdict, 7));
          }},
          [](const Execution& e, End end) {
            EXPECT_EQ(End::kFinished, end);
            EXPECT_GE(e.findings().size(), 8u);
          });
}

TEST(Findings, AFatalOneEndsTheExecution) {
  explore({[] {
            Execution::current().report(finding_of("before", 3));
            Execution::current().fail(finding_of("fatal", 20));
            ADD_FAILURE() << "it went on";
          }},
          [](const Execution& e, End end) {
            EXPECT_EQ(End::kFatal, end);
            ASSERT_EQ(2u, e.findings().size());
            EXPECT_EQ("before", e.headline()->verdict) << "fatal or not, precedence decides";
          });
}

TEST(Findings, ARaceAndThenADeadlockHaveTheDeadlockAsHeadline) {
  int both = 0;
  explore({[] {
             auto* data = Execution::current().arena().make<Plain<int>>(kWordRole);
             auto write = [data] { data->write(1); };
             Execution::current().spawn(write, "one");
             write();
             a_then_b();
           },
           b_then_a},
          [&](const Execution& e, End end) {
            if (end != End::kFatal || e.findings().size() != 2) return;
            ++both;
            EXPECT_EQ("data-race", e.findings()[0].verdict);
            EXPECT_EQ("deadlock", e.headline()->verdict);
          });
  EXPECT_GT(both, 0);
}

TEST(Execution, IsAsGoodAsNewAfterAFailure) {
  Execution used;
  Execution fresh;
  std::vector<Body> failing = {[] {
                                 w.sem->down_write();
                                 w.done->wait();
                               },
                               [] { w.sem->down_read(); }};
  std::vector<Body> sound = {a_then_b, a_then_b, [] { EXPECT_FALSE(w.queue->active()); }};
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(End::kFatal, in_order(used, spawn_all, &failing));
    EXPECT_EQ(End::kFinished, in_order(used, spawn_all, &sound));
    EXPECT_TRUE(used.findings().empty());
    EXPECT_EQ(nullptr, used.headline());
    in_order(fresh, spawn_all, &sound);
    EXPECT_EQ(fresh.trace_hash(), used.trace_hash());
  }
}

TEST(Execution, HasUpTo128Tasks) {
  Execution execution({.tasks_max = kTasksMax});
  auto first = [](void*) {
    setup();
    Execution& e = Execution::current();
    std::vector<TaskId> ids;
    for (int i = 1; i < kTasksMax; ++i) {
      ids.push_back(e.spawn(+[] { w.word->fetch_add(1, Order::kRelaxed); }, "one of many"));
    }
    for (TaskId id : ids) e.join(id);
  };
  auto strategy = make_random_strategy({.seed = 3});
  for (int i = 0; i < 3; ++i) {
    strategy->begin();
    EXPECT_EQ(End::kFinished, execution.run(*strategy, first, nullptr));
    EXPECT_EQ(kTasksMax - 1, w.word->peek());
  }
}

TEST(Misuse, MoreTasksThanAllowedEndsTheExecution) {
  Execution execution({.tasks_max = 2});
  std::vector<Body> bodies = {a_then_b, a_then_b};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(End::kFatal, in_order(execution, spawn_all, &bodies));
    ASSERT_EQ(1u, execution.findings().size());
    const Finding& finding = execution.findings()[0];
    EXPECT_EQ("misuse", finding.verdict);
    EXPECT_THAT(finding.describe(finding, execution),
                testing::HasSubstr("one task more than Limits::tasks_max"));
  }
}

}  // namespace
}  // namespace daxrace::engine
