/* SPDX-License-Identifier: GPL-2.0-only */
/* The dependency relation, and the pairs of places that stand on it. */
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/strategy_replay.h"
#include "core/engine/sync.h"

namespace daxrace::engine {
namespace {

constexpr uint64_t kHere = 1;
constexpr uint64_t kThere = 2;

Step step_of(EventKind kind, uint64_t object) { return {object, access_of(kind)}; }

std::vector<EventKind> all_kinds() {
  std::vector<EventKind> kinds;
  for (int i = 0; i < static_cast<int>(EventKind::kCount); ++i) kinds.push_back(static_cast<EventKind>(i));
  return kinds;
}

TEST(Dependency, Table) {
  struct Row {
    Access a;
    Access b;
    bool same_object;
    bool other_object;
  };
  const Row rows[] = {
      {Access::kRead, Access::kRead, false, false},
      {Access::kRead, Access::kWrite, true, false},
      {Access::kWrite, Access::kRead, true, false},
      {Access::kWrite, Access::kWrite, true, false},
      {Access::kNone, Access::kNone, false, false},
      {Access::kNone, Access::kRead, false, false},
      {Access::kNone, Access::kWrite, false, false},
      {Access::kWrite, Access::kNone, false, false},
      {Access::kEverything, Access::kNone, true, true},
      {Access::kEverything, Access::kRead, true, true},
      {Access::kWrite, Access::kEverything, true, true},
      {Access::kEverything, Access::kEverything, true, true},
  };
  for (const Row& row : rows) {
    std::string what = std::to_string(int(row.a)) + "/" + std::to_string(int(row.b));
    EXPECT_EQ(row.same_object, dependent({kHere, row.a}, {kHere, row.b})) << what;
    EXPECT_EQ(row.other_object, dependent({kHere, row.a}, {kThere, row.b})) << what;
  }
}

TEST(Dependency, IsSymmetric) {
  for (EventKind a : all_kinds()) {
    for (EventKind b : all_kinds()) {
      for (uint64_t object : {kHere, kThere}) {
        EXPECT_EQ(dependent(step_of(a, kHere), step_of(b, object)),
                  dependent(step_of(b, object), step_of(a, kHere)))
            << name_of(a) << " and " << name_of(b);
      }
    }
  }
}

TEST(Dependency, CrashConflictsWithEverything) {
  for (EventKind kind : all_kinds()) {
    EXPECT_TRUE(dependent(step_of(EventKind::k_crash, kHere), step_of(kind, kThere))) << name_of(kind);
    EXPECT_TRUE(dependent(step_of(kind, kThere), step_of(EventKind::k_crash, kHere))) << name_of(kind);
  }
}

/* What one event of a pair changes for the other: without a row, schedules would be missed. */
TEST(Dependency, KindsThatConflictOnOneObject) {
  using enum EventKind;
  const std::pair<EventKind, EventKind> conflicts[] = {
      {k_load, k_store},
      {k_load, k_rmw},
      {k_store, k_store},
      {k_rmw, k_rmw},
      {k_plain_read, k_plain_write},
      {k_lock, k_lock},
      {k_lock, k_unlock},
      {k_prepare_wait, k_wake},
      {k_wake, k_finish_wait},
      {k_wake, k_wait_active},
      {k_prepare_wait, k_wait_active},
      {k_prepare_wait, k_prepare_wait},
      {k_complete, k_wait_done},
      {k_ret, k_invoke},
      {k_finish, k_join},
      {k_spawn, k_start},
  };
  for (auto [a, b] : conflicts) {
    EXPECT_TRUE(dependent(step_of(a, kHere), step_of(b, kHere))) << name_of(a) << " and " << name_of(b);
    EXPECT_FALSE(dependent(step_of(a, kHere), step_of(b, kThere))) << name_of(a) << " and " << name_of(b);
  }
}

TEST(Dependency, ReadsDoNotConflict) {
  using enum EventKind;
  const EventKind reads[] = {k_load, k_plain_read, k_wait_active, k_invoke, k_start, k_join};
  for (EventKind a : reads) {
    for (EventKind b : reads) {
      EXPECT_FALSE(dependent(step_of(a, kHere), step_of(b, kHere))) << name_of(a) << " and " << name_of(b);
    }
  }
}

const Role kRole("dependency-object");

/* The trace of `first` as the only task, in default order. */
template <class F>
std::vector<Event> trace_of(const F& first) {
  std::vector<RecordedSwitch> switches;
  std::vector<RecordedDraw> draws;
  ReplayStrategy strategy(switches, draws);
  Execution execution;
  strategy.begin();
  execution.run(strategy, [](void* arg) { (*static_cast<const F*>(arg))(); }, const_cast<F*>(&first));
  return {execution.trace().begin(), execution.trace().end()};
}

TEST(Dependency, InvokeAndReturnAreOnTheRealTimeObject) {
  auto trace = trace_of([] {
    Execution& e = Execution::current();
    e.invoke(3);
    e.ret(17);
  });
  const Event* invoke = nullptr;
  const Event* ret = nullptr;
  for (const Event& event : trace) {
    if (event.kind == EventKind::k_invoke) invoke = &event;
    if (event.kind == EventKind::k_ret) ret = &event;
  }
  ASSERT_NE(nullptr, invoke);
  ASSERT_NE(nullptr, ret);
  EXPECT_EQ(&kRealTimeRole, invoke->role);
  EXPECT_EQ(&kRealTimeRole, ret->role);
  EXPECT_EQ(invoke->object, ret->object) << "a return conflicts with later invokes of everybody";
  EXPECT_EQ(3u, invoke->value);
  EXPECT_EQ(17u, ret->value);
}

/* How many pairs of places an execution in default order counts. */
template <class A, class B>
int pairs_of(const A& a, const B& b) {
  std::array<uint8_t, 4096> counters{};
  std::vector<RecordedSwitch> switches;
  std::vector<RecordedDraw> draws;
  ReplayStrategy strategy(switches, draws);
  Execution execution;
  execution.set_pair_counters(counters.data(), counters.size());
  strategy.begin();
  auto first = [&] {
    Execution& e = Execution::current();
    auto* object = e.arena().make<Atomic<int>>(kRole);
    e.join(e.spawn([&a, object] { a(*object); }, "A"));
    e.join(e.spawn([&b, object] { b(*object); }, "B"));
  };
  using First = decltype(first);
  execution.run(strategy, [](void* arg) { (*static_cast<First*>(arg))(); }, &first);
  int n = 0;
  for (uint8_t counter : counters) n += counter != 0;
  return n;
}

void load(Atomic<int>& x) { x.load(Order::kRelaxed, DAXRACE_SITE("load", "x")); }

void store(Atomic<int>& x) { x.store(1, Order::kRelaxed, DAXRACE_SITE("store", "x")); }

void store_twice(Atomic<int>& x) {
  x.store(1, Order::kRelaxed, DAXRACE_SITE("store", "x"));
  x.store(2, Order::kRelaxed, DAXRACE_SITE("store", "x"));
}

TEST(Pairs, AreCountedWhereOneWritesAndTheOtherAccesses) {
  auto nothing = [](Atomic<int>&) {};
  EXPECT_EQ(1, pairs_of(store, load));
  EXPECT_EQ(1, pairs_of(load, store));
  EXPECT_EQ(1, pairs_of(store, store));
  EXPECT_EQ(0, pairs_of(load, load));
  EXPECT_EQ(0, pairs_of(store_twice, nothing)) << "a task and itself are no pair";
}

template <class First>
int run_with(Execution& execution, const std::vector<RecordedSwitch>& switches, std::span<uint8_t> counters,
             First& first) {
  const std::vector<RecordedDraw> draws;
  ReplayStrategy strategy(switches, draws);
  std::fill(counters.begin(), counters.end(), uint8_t{0});
  strategy.begin();
  execution.run(strategy, [](void* arg) { (*static_cast<First*>(arg))(); }, &first);
  int n = 0;
  for (uint8_t counter : counters) n += counter != 0;
  return n;
}

TEST(Standing, OthersAreCountedWhereTheyHaveBegunAndNotEnded) {
  std::array<uint8_t, 4096> counters{};
  Execution execution;
  execution.set_standing_counters(counters.data(), counters.size());
  auto first = [] {
    Execution& e = Execution::current();
    auto* object = e.arena().make<Atomic<int>>(kRole);
    const TaskId a = e.spawn([object] { store_twice(*object); }, "A");
    const TaskId b = e.spawn(
        [object, &e] {
          load(*object);
          e.count_standing(7);
        },
        "B");
    e.join(a);
    e.join(b);
  };
  EXPECT_EQ(1, run_with(execution, {}, counters, first)) << "A has ended, and there is who waits for both";
  int most = 0;
  for (uint32_t step = 0; step < 12; ++step) {
    most = std::max(most, run_with(execution, {{step, 2, {}}}, counters, first));
  }
  EXPECT_EQ(2, most);
}

TEST(LockEdges, AreCountedWhereOneLockIsTakenUnderAnother) {
  static const Role outer_role("edge_outer");
  static const Role inner_role("edge_inner");
  std::array<uint8_t, 256> counters{};
  Execution execution;
  execution.lock_order().set_edge_counters(counters.data(), counters.size());
  bool nested = false;
  auto first = [&] {
    Execution& e = Execution::current();
    auto* outer = e.arena().make<Mutex>();
    auto* inner = e.arena().make<Mutex>();
    outer->init(outer_role);
    inner->init(inner_role);
    outer->lock();
    if (!nested) outer->unlock();
    inner->lock();
    inner->unlock();
    if (nested) outer->unlock();
  };
  EXPECT_EQ(0, run_with(execution, {}, counters, first));
  nested = true;
  EXPECT_EQ(1, run_with(execution, {}, counters, first));
  EXPECT_EQ(1, run_with(execution, {}, counters, first)) << "in every execution that has it";
}

}  // namespace
}  // namespace daxrace::engine
