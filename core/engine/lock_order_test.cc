/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/lock_order.h"

#include "core/engine/failure_for_test.h"
#include "core/engine/rcu.h"

namespace daxrace::engine {
namespace {

using for_test::Body;
using for_test::expect_words;
using for_test::in_order;
using for_test::Play;
using for_test::sentence;

const Role kRoleA("order-a");
const Role kRoleB("order-b");
const Role kRoleC("order-c");
const Role kRoleS("order-s");
const Role kRoleN("order-n", true);

struct World {
  Lock *a, *b, *c, *a2, *n, *n2;
  RwSemaphore* s;
};

World w;

void setup() {
  Arena& arena = Execution::current().arena();
  for (auto [lock, role] : {std::pair(&w.a, &kRoleA),
                            {&w.b, &kRoleB},
                            {&w.c, &kRoleC},
                            {&w.a2, &kRoleA},
                            {&w.n, &kRoleN},
                            {&w.n2, &kRoleN}}) {
    *lock = arena.make<Lock>();
    (*lock)->init(*role, LockUse::kTriedToo);
  }
  w.s = arena.make<RwSemaphore>();
  w.s->init(kRoleS);
}

/* One lock, then the other, and both back. */
void nest(Lock* first, Lock* second) {
  first->lock(DAXRACE_SITE("lock", "first"));
  second->lock(DAXRACE_SITE("lock", "second"));
  second->unlock();
  first->unlock();
}

/* The tasks one after the other: nothing overlaps, nothing deadlocks. */
std::string passing(std::vector<Body> tasks, Limits limits = {}) {
  Execution execution(limits);
  EXPECT_EQ(End::kFinished, in_order(execution, {setup, std::move(tasks)}));
  for (const Finding& finding : execution.findings()) EXPECT_EQ("lock-order", finding.verdict);
  return sentence(execution);
}

void ab() { nest(w.a, w.b); }
void ba() { nest(w.b, w.a); }
void bc() { nest(w.b, w.c); }
void ca() { nest(w.c, w.a); }

TEST(LockOrder, TwoOrdersOfTwoLocksThatNeverOverlap) {
  std::string text = passing({ab, ba});
  expect_words(text, {"Bob takes order-a#0", "while it holds order-b#0, since step", "Alice takes order-b#0",
                      "while it holds order-a#0"});
  expect_words(passing({[] {
                 ab();
                 ba();
               }}),
               {"Alice takes order-a#0"});
  EXPECT_EQ("", passing({ab, ab}));
  EXPECT_EQ("", passing({ab, bc, [] { nest(w.a, w.c); }}));
}

TEST(LockOrder, OtherLocksOfTheSameRoles) {
  expect_words(passing({ab, [] { nest(w.b, w.a2); }}), {"Bob takes order-a#1"});
}

TEST(LockOrder, ACircleOfThree) {
  std::string text = passing({ab, bc, ca});
  expect_words(text, {"Carol takes order-a#0", "while it holds order-c#0", "Alice takes order-b#0",
                      "Bob takes order-c#0"});
  EXPECT_EQ("", passing({ab, bc}));
}

TEST(LockOrder, AnAttemptOrdersNothingBeforeItButWhatComesAfter) {
  auto tries_a = [] {
    w.b->lock();
    if (w.a->try_lock()) w.a->unlock();
    w.b->unlock();
  };
  EXPECT_EQ("", passing({ab, tries_a}));
  auto tries_a_first = [] {
    EXPECT_TRUE(w.a->try_lock());
    w.b->lock();
    w.b->unlock();
    w.a->unlock();
  };
  EXPECT_NE("", passing({ba, tries_a_first}));
}

/* --- readers --- */

void s_then_a(bool read) {
  read ? w.s->down_read() : w.s->down_write();
  w.a->lock();
  w.a->unlock();
  read ? w.s->up_read() : w.s->up_write();
}

void s_alone() {
  w.s->down_read();
  w.s->up_read();
}

void a_then_s(bool read) {
  w.a->lock();
  read ? w.s->down_read() : w.s->down_write();
  read ? w.s->up_read() : w.s->up_write();
  w.a->unlock();
}

TEST(LockOrder, ReadersOfASemaphoreCountBecauseOfTheWriterBetween) {
  for (bool first : {false, true}) {
    for (bool second : {false, true}) {
      EXPECT_NE("", passing({[=] { s_then_a(first); }, [=] { a_then_s(second); }})) << first << second;
    }
  }
}

/* As rwlock_t has them: a later reader passes a writer that waits. No primitive here, only what it would say.
 */
void hold_recursive(Object& object, bool exclusive) {
  Execution& e = Execution::current();
  e.event(kAnonymousSite, EventKind::k_lock, object, exclusive);
  e.hold(object, {.exclusive = exclusive, .recursive = !exclusive});
}

void drop(Object& object) {
  Execution& e = Execution::current();
  e.release(object);
  e.event(kAnonymousSite, EventKind::k_unlock, object, 0);
}

TEST(LockOrder, RecursiveReadersStandInTheWayOfWritersOnly) {
  for (bool outer_writes : {false, true}) {
    for (bool inner_writes : {false, true}) {
      auto outer = [=] {
        hold_recursive(*w.s, outer_writes);
        w.a->lock();
        w.a->unlock();
        drop(*w.s);
      };
      auto inner = [=] {
        w.a->lock();
        hold_recursive(*w.s, inner_writes);
        drop(*w.s);
        w.a->unlock();
      };
      EXPECT_EQ(outer_writes || inner_writes, !passing({outer, inner}).empty());
    }
  }
}

/* A: rlock(S) lock(A); B: lock(A) lock(B); C: lock(B) rlock(S): no writer, so no circle; with one, there is.
 */
TEST(LockOrder, ARecursiveReaderBreaksALongerCircleToo) {
  auto play = [](bool writes) {
    return passing({[=] {
                      hold_recursive(*w.s, false);
                      w.a->lock();
                      w.a->unlock();
                      drop(*w.s);
                    },
                    ab,
                    [=] {
                      w.b->lock();
                      hold_recursive(*w.s, writes);
                      drop(*w.s);
                      w.b->unlock();
                    }});
  };
  EXPECT_EQ("", play(false));
  EXPECT_NE("", play(true));
}

/* --- one class --- */

TEST(LockOrder, TwoLocksOfOneClass) {
  expect_words(passing({[] { nest(w.a, w.a2); }}),
               {"Alice takes order-a#1", "while it holds order-a#0", "two locks of one class"});
  EXPECT_EQ("", passing({[] { nest(w.n, w.n2); }, [] { nest(w.n2, w.n); }})) << "declared nestable";
  auto nested = [](Lock* outer, Lock* inner) {
    return [=] {
      Lock* o = outer == nullptr ? w.a : outer;
      Lock* i = inner == nullptr ? w.a2 : inner;
      o->lock();
      i->lock_nested(1);
      i->unlock();
      o->unlock();
    };
  };
  EXPECT_EQ("", passing({nested(nullptr, nullptr)})) << "a subclass is a class";
  expect_words(passing({nested(nullptr, nullptr),
                        [] {
                          w.a2->lock_nested(1);
                          w.a->lock();
                          w.a->unlock();
                          w.a2->unlock();
                        }}),
               {"Bob takes order-a#0"});
}

TEST(LockOrder, ReadingASemaphoreAgain) {
  auto twice = [](uint8_t subclass) {
    return [=] {
      w.s->down_read();
      w.s->down_read_nested(subclass);
      w.s->up_read();
      w.s->up_read();
    };
  };
  EXPECT_NE("", passing({twice(0)}));
  EXPECT_EQ("", passing({twice(1)}));
  EXPECT_EQ("", passing({[] {
              hold_recursive(*w.s, false);
              hold_recursive(*w.s, false);
              drop(*w.s);
              drop(*w.s);
            }}));
}

TEST(LockOrder, ReadersOfSrcuStandInTheWayOfNobodyButOfWhoWaitsForThem) {
  static Srcu* srcu;
  static const Role kSrcu("order-srcu");
  auto domain = [](auto&&... tasks) {
    return passing({[=] {
      srcu = Execution::current().arena().make<Srcu>();
      srcu->init(kSrcu);
      (tasks(), ...);
    }});
  };
  auto srcu_then_s = [] {
    uint32_t index = srcu->read_lock();
    s_alone();
    srcu->read_unlock(index);
  };
  auto s_then_srcu = [] {
    w.s->down_read();
    srcu->read_unlock(srcu->read_lock());
    w.s->up_read();
  };
  auto s_then_synchronize = [] {
    w.s->down_write();
    srcu->synchronize();
    w.s->up_write();
  };
  EXPECT_EQ("", domain(srcu_then_s, s_then_srcu));
  EXPECT_EQ("", domain(s_then_srcu, s_then_synchronize));
  expect_words(domain(srcu_then_s, s_then_synchronize), {"order-srcu#0", "while it holds order-s#0"});
}

/* --- what is not a lock for the engine --- */

TEST(LockOrder, ASleepForWhatOthersHoldIsAnOrderToo) {
  static Object* entry;
  auto holder_takes_a = [] {
    Execution& e = Execution::current();
    entry = e.arena().make<Object>();
    e.init(*entry, kRoleB);
    e.hold(*entry, {.tried = true});
    w.a->lock();
    w.a->unlock();
    e.release(*entry);
  };
  auto waits = [](bool under_a) {
    return [=] {
      if (under_a) w.a->lock();
      Execution::current().may_wait_for(*entry, kAnonymousSite);
      if (under_a) w.a->unlock();
    };
  };
  EXPECT_NE("", passing({holder_takes_a, waits(true)}));
  EXPECT_EQ("", passing({holder_takes_a, waits(false)}));
}

/* --- the report --- */

TEST(LockOrder, ReportReadsLikeLockdep) {
  Execution execution;
  in_order(execution, {setup, {ab, bc, ca}});
  ASSERT_EQ(1u, execution.findings().size());
  const Finding& finding = execution.findings()[0];
  std::string text = finding.details(finding, execution);
  expect_words(
      text, {"WARNING: possible circular locking dependency detected\nCarol has taken the lock:\n",
             "  (order-a){exclusive}, order-a#0, at: nest:lock:second#",
             "but it already held the lock:\n  (order-c){exclusive}, order-c#0",
             "the existing dependency chain (in reverse order) is:\n\n-> #2 (order-c)", "-> #1 (order-b)",
             "-> #0 (order-a)", "Chain exists of:\n  order-a --> order-b --> order-c\n",
             " Possible unsafe locking scenario:\n", "  lock(order-c);\n",
             "                            lock(order-b);\n", "                            lock(order-c);\n",
             "  lock(order-a);\n", " *** DEADLOCK ***"});
  EXPECT_LT(text.find("-> #2"), text.find("-> #1"));
  EXPECT_LT(text.find("-> #1"), text.find("-> #0"));
}

/* --- executions --- */

TEST(LockOrder, OneExecutionKnowsNothingOfTheOthers) {
  Execution execution;
  for (int round = 0; round < 3; ++round) {
    in_order(execution, {setup, {ab}});
    EXPECT_TRUE(execution.findings().empty());
    in_order(execution, {setup, {ba}});
    EXPECT_TRUE(execution.findings().empty());
    in_order(execution, {setup, {ab, ba}});
    EXPECT_EQ(1u, execution.findings().size()) << "whatever has run before";
  }
}

constexpr Limits kAccumulated{.lock_order = LockOrder::Scope::kAccumulated};

TEST(LockOrder, AccumulatedOrdersMeetAcrossExecutions) {
  Execution execution(kAccumulated);
  in_order(execution, {setup, {ab}});
  EXPECT_TRUE(execution.findings().empty());
  for (int round = 0; round < 2; ++round) {
    in_order(execution, {setup, {ba}});
    ASSERT_EQ(1u, execution.findings().size()) << "each time";
    expect_words(sentence(execution), {"Alice takes order-a#0 (step ", "of execution 1"});
  }
  execution.reset_lock_order();
  in_order(execution, {setup, {ba}});
  EXPECT_TRUE(execution.findings().empty());
}

/* The edges of the finding are all that a replay of its execution needs. */
TEST(LockOrder, AnAccumulatedFindingIsReplayedWithItsEdges) {
  Execution execution(kAccumulated);
  in_order(execution, {setup, {ab}});
  in_order(execution, {setup, {bc}});
  in_order(execution, {setup, {ca}});
  ASSERT_EQ(1u, execution.findings().size());
  Finding found = execution.findings()[0];
  std::span<const LockEdge> edges = LockOrder::edges(found);
  ASSERT_EQ(3u, edges.size());
  std::vector<LockEdge> kept(edges.begin() + 1, edges.end());
  for (LockOrder::Scope scope : {LockOrder::Scope::kExecution, LockOrder::Scope::kAccumulated}) {
    Execution replay({.lock_order = scope});
    in_order(replay, {setup, {ca}});
    EXPECT_TRUE(replay.findings().empty());
    replay.lock_order().learn(kept);
    for (int round = 0; round < 3; ++round) {
      in_order(replay, {setup, {ca}});
      ASSERT_EQ(1u, replay.findings().size());
      const Finding& again = replay.findings()[0];
      EXPECT_EQ(found.site, again.site);
      EXPECT_EQ(found.other_site, again.other_site);
      EXPECT_EQ(found.step, again.step);
      expect_words(sentence(replay), {"of an earlier execution"});
    }
  }
}

/* What is held is state: a search that does not go on from a known state has seen all that could follow. One
 * order is taken only in some schedules, the other only in others. */
TEST(LockOrder, PruningLosesNoAccumulatedEdge) {
  auto edges_and_findings = [](bool prune) {
    auto strategy = make_dfs_strategy({.preemptions_max = 1000, .preemptions_min = 1000, .prune = prune});
    Execution execution(kAccumulated);
    static Atomic<int>* word;
    Play play{[] {
                setup();
                word = Execution::current().arena().make<Atomic<int>>(kRoleC);
              },
              {[] {
                 int seen = word->fetch_add(1, Order::kRelaxed);
                 seen == 0 ? ab() : ba();
               },
               [] { word->fetch_add(1, Order::kRelaxed); }, [] { nest(w.c, w.n); }}};
    int findings = 0;
    int executions = 0;
    for (; strategy->begin(); ++executions) {
      execution.run(*strategy, Play::run, &play);
      findings += execution.headline() != nullptr;
    }
    return std::tuple(execution.lock_order().size(), findings != 0, executions);
  };
  auto [edges, found, executions] = edges_and_findings(false);
  auto [edges_pruned, found_pruned, executions_pruned] = edges_and_findings(true);
  EXPECT_EQ(3u, edges);
  EXPECT_EQ(edges, edges_pruned);
  EXPECT_TRUE(found);
  EXPECT_TRUE(found_pruned);
  EXPECT_LT(executions_pruned, executions);
}

TEST(LockOrder, CanBeSwitchedOff) {
  EXPECT_EQ("", passing({ab, ba}, {.lock_order = LockOrder::Scope::kOff}));
}

/* An execution that deadlocks is one; the others of the same program have the warning. */
TEST(LockOrder, EveryScheduleOfAnInversionHasAFinding) {
  auto counts = for_test::verdicts({setup, {ab, ba}});
  EXPECT_GT(counts["deadlock"], 0);
  EXPECT_GT(counts["lock-order"], 0);
  EXPECT_EQ(0, counts["none"]);
  counts = for_test::verdicts({setup, {ab, ab}});
  EXPECT_EQ(1u, counts.size()) << "only `none`";
}

/* More edges than fit: it says so, and what it knows stays true. */
TEST(LockOrder, BoundedMemoryIsNoError) {
  Execution execution(kAccumulated);
  in_order(execution, {setup, {ab}});
  std::vector<LockEdge> edges;
  const Role* roles[] = {&kRoleA, &kRoleB, &kRoleC, &kRoleS, &kRoleN, &kTaskRole, &kRealTimeRole};
  for (const Role* from : roles) {
    for (const Role* to : roles) {
      for (uint8_t i = 0; i < kSubclassesMax * kSubclassesMax && from != to; ++i) {
        LockEdge edge;
        edge.from = from;
        edge.to = to;
        edge.from_subclass = i / kSubclassesMax;
        edge.to_subclass = i % kSubclassesMax;
        if (edge.from_subclass != 0 && edge.to_subclass != 0) edges.push_back(edge);
      }
    }
  }
  ASSERT_GT(edges.size(), LockOrder::kEdgesMax);
  EXPECT_FALSE(execution.lock_order().full());
  execution.lock_order().learn(edges);
  EXPECT_TRUE(execution.lock_order().full());
  EXPECT_EQ(LockOrder::kEdgesMax, execution.lock_order().size());
  in_order(execution, {setup, {ba}});
  EXPECT_EQ(0u, execution.findings().size()) << "b -> a found no room";
  in_order(execution, {setup, {ab}});
  EXPECT_EQ(0u, execution.findings().size());
}

}  // namespace
}  // namespace daxrace::engine
