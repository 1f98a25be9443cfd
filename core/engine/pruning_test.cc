/* SPDX-License-Identifier: GPL-2.0-only */
/* Exhaustive search with pruning reaches what brute force reaches, on a table of small programs. */
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/strategy_dfs.h"
#include "core/engine/sync.h"

namespace daxrace::engine {
namespace {

const Role kWordRole("dfs-word");
const Role kResultRole("dfs-result");
/* Nestable: in what order locks were taken is history, and pruning may lose it. */
const Role kLockRole("dfs-lock", true);
const Role kQueueRole("dfs-queue");

/* All that outcomes are made of is shared state: what a task only remembers is no part of a state. */
struct World {
  Atomic<int>* x = nullptr;
  Atomic<int>* y = nullptr;
  Plain<int>* plain = nullptr; /* under the lock */
  Plain<int>* result[3] = {};  /* [i]: written by task i + 1 only */
  Lock* lock = nullptr;
  Lock* lock2 = nullptr;
  RwSemaphore* sem = nullptr;
  WaitQueue* queue = nullptr;
  Completion* done = nullptr;
};

World w;

using Body = void (*)();

void spawn_all(void* arg) {
  static const char* const kNames[] = {"A", "B", "C"};
  Execution& e = Execution::current();
  Arena& arena = e.arena();
  w = World();
  w.x = arena.make<Atomic<int>>(kWordRole);
  w.y = arena.make<Atomic<int>>(kWordRole);
  w.plain = arena.make<Plain<int>>(kWordRole);
  for (auto*& result : w.result) result = arena.make<Plain<int>>(kResultRole);
  w.lock = arena.make<Lock>();
  w.lock2 = arena.make<Lock>();
  w.sem = arena.make<RwSemaphore>();
  w.queue = arena.make<WaitQueue>();
  w.done = arena.make<Completion>();
  w.lock->init(kLockRole, LockUse::kTriedToo);
  w.lock2->init(kLockRole);
  w.sem->init(kLockRole);
  w.queue->init(kQueueRole);
  w.done->init(kQueueRole);
  const char* const* name = kNames;
  for (Body body : *static_cast<std::vector<Body>*>(arg)) e.spawn(body, *name++);
}

void note(int value) { w.result[Execution::current().self() - 1]->write(value); }
int load_x() { return w.x->load(Order::kRelaxed); }
int load_y() { return w.y->load(Order::kRelaxed); }

/* Final values, or the verdict. */
std::string outcome(const Execution& e) {
  if (e.headline() != nullptr) return std::string(e.headline()->verdict);
  std::string text;
  for (int value : {w.x->peek(), w.y->peek(), w.plain->peek(), w.result[0]->peek(), w.result[1]->peek(),
                    w.result[2]->peek()}) {
    text += std::to_string(value) + " ";
  }
  return text;
}

struct Search {
  std::set<std::string> outcomes;
  uint64_t executions = 0;
  uint64_t abandoned = 0;
};

Search search(std::vector<Body> bodies, const StrategyOptions& options) {
  constexpr uint64_t kMost = 1000000;
  DfsStrategy strategy(options);
  Execution execution({.steps_max = 2000});
  Search found;
  while (found.executions < kMost && strategy.begin()) {
    End end = execution.run(strategy, spawn_all, &bodies);
    ++found.executions;
    found.abandoned += end == End::kAbandoned;
    if (end != End::kAbandoned) found.outcomes.insert(outcome(execution));
  }
  EXPECT_LT(found.executions, kMost);
  return found;
}

Search brute_force(std::vector<Body> bodies) {
  return search(std::move(bodies), {.preemptions_max = 1000, .preemptions_min = 1000, .prune = false});
}

void add_under_lock() {
  w.lock->lock();
  int old = w.plain->read();
  w.plain->write(old * 2 + Execution::current().self());
  w.lock->unlock();
}

void increment_x() {
  int old = load_x();
  w.x->store(old + 1, Order::kRelaxed);
}

void increment_x_twice() {
  increment_x();
  increment_x();
}

void wait_for_x() {
  WaitEntry entry;
  for (;;) {
    w.queue->prepare_to_wait(entry, true);
    if (load_x() != 0) break;
    w.queue->schedule(entry);
  }
  w.queue->finish_wait(entry);
  note(load_x());
}

void wait_for_x_wrongly() {
  if (load_x() == 0) {
    WaitEntry entry;
    w.queue->prepare_to_wait(entry, true);
    w.queue->schedule(entry);
    w.queue->finish_wait(entry);
  }
  note(load_x());
}

void read_shared() {
  w.sem->down_read();
  int old = w.plain->read();
  note(old + load_x());
  w.sem->up_read();
}

void increment_in_two_operations() {
  Execution& e = Execution::current();
  for (uint32_t op = 0; op < 2; ++op) {
    e.invoke(op);
    increment_x();
    e.ret(0);
  }
}

struct Program {
  const char* name;
  std::vector<Body> bodies;
  size_t outcomes_min; /* fewer would show nothing */
};

std::vector<Program> atomics() {
  return {
      {"lost update", {increment_x, increment_x, increment_x}, 3},
      {"twice load and store", {increment_x_twice, increment_x_twice}, 3},
      {"store buffering",
       {[] {
          w.x->store(1, Order::kRelaxed);
          note(load_y());
        },
        [] {
          w.y->store(1, Order::kRelaxed);
          note(load_x());
        }},
       3},
      /* The same state again and again, by the same place: only the number of steps tells how far A is. */
      {"rounds that read nothing",
       {[] {
          for (int i = 0; i < 4; ++i) w.x->store(i % 2, Order::kRelaxed);
          w.x->store(7, Order::kRelaxed);
        },
        [] { note(load_x()); }},
       3},
      {"straight line that reads nothing",
       {[] {
          w.x->store(1, Order::kRelaxed);
          w.x->store(0, Order::kRelaxed);
          w.x->store(7, Order::kRelaxed);
        },
        [] { note(load_x()); }},
       3},
      /* Both have come equally far, whoever was last. */
      {"last writer",
       {[] {
          w.x->store(1, Order::kRelaxed);
          w.y->store(1, Order::kRelaxed);
        },
        [] {
          w.x->store(2, Order::kRelaxed);
          w.y->store(1, Order::kRelaxed);
        }},
       2},
      {"draws",
       {[] {
          int drawn = static_cast<int>(Execution::current().choose(3));
          w.x->store(drawn, Order::kRelaxed);
          note(static_cast<int>(Execution::current().choose(2)));
        },
        [] { note(load_x()); }},
       10},
  };
}

std::vector<Program> locks() {
  auto write_shared = [] {
    w.sem->down_write();
    w.x->fetch_add(1, Order::kRelaxed);
    w.plain->write(Execution::current().self());
    w.sem->up_write();
  };
  return {
      {"lock", {add_under_lock, add_under_lock, add_under_lock}, 6},
      {"rwsem", {read_shared, write_shared, read_shared}, 4},
      {"rwsem, writers", {write_shared, read_shared, write_shared}, 4},
      {"recursive read",
       {[] {
          w.sem->down_read();
          w.sem->down_read();
          w.sem->up_read();
          w.sem->up_read();
        },
        write_shared},
       2},
      {"ABBA",
       {[] {
          w.lock->lock();
          w.lock2->lock();
          note(load_x());
          w.lock2->unlock();
          w.lock->unlock();
        },
        [] {
          w.lock2->lock();
          w.lock->lock();
          w.x->store(1, Order::kRelaxed);
          w.lock->unlock();
          w.lock2->unlock();
        }},
       3},
      {"try_lock",
       {[] {
          note(w.lock->try_lock() ? 1 : 2);
          if (!w.lock->held_by_me()) return;
          w.x->fetch_add(1, Order::kRelaxed);
          w.lock->unlock();
        },
        add_under_lock,
        [] {
          note(w.lock->try_lock() ? 1 : 2);
          if (w.lock->held_by_me()) w.lock->unlock();
        }},
       4},
  };
}

std::vector<Program> waits() {
  auto wake = [] {
    w.x->store(1, Order::kRelease);
    w.queue->wake(1, WaitQueue::kAnyKey);
  };
  return {
      {"wait queue", {wait_for_x, wake}, 1},
      {"wait queue, two exclusive waiters", {wait_for_x, wait_for_x, wake}, 2},
      {"wait queue, lost wake-up", {wait_for_x_wrongly, wake}, 2},
      {"wake if active",
       {wait_for_x,
        [] {
          bool active = w.queue->active();
          w.x->store(1, Order::kRelaxed);
          if (active) w.queue->wake(1, WaitQueue::kAnyKey);
          note(active);
        }},
       3},
      {"completions",
       {[] {
          w.done->wait();
          note(load_x());
        },
        [] {
          w.done->wait();
          w.x->fetch_add(1, Order::kRelaxed);
        },
        [] {
          w.done->complete();
          w.x->fetch_add(2, Order::kRelaxed);
          w.done->complete();
        }},
       3},
  };
}

std::vector<Program> operations_and_loops() {
  return {
      {"operations", {increment_in_two_operations, increment_in_two_operations}, 3},
      {"a value read after the operation of another has returned",
       {[] {
          Execution& e = Execution::current();
          e.invoke(0);
          w.x->store(1, Order::kRelaxed);
          w.x->store(2, Order::kRelaxed);
          e.ret(0);
          e.invoke(1);
          w.y->store(1, Order::kRelaxed);
          e.ret(0);
        },
        [] {
          Execution& e = Execution::current();
          e.invoke(0);
          int returned = load_y();
          e.ret(0);
          w.plain->write(returned);
          e.invoke(1);
          note(load_x());
          e.ret(0);
        }},
       4},
      {"compare and exchange with retry",
       {[] {
          RetryLoop retry;
          while (!w.x->compare_exchange(0, 1, Order::kFull)) retry.again();
          note(load_y());
          w.x->store(0, Order::kRelease);
        },
        [] {
          RetryLoop retry;
          while (!w.x->compare_exchange(0, 2, Order::kFull)) retry.again();
          w.y->fetch_add(1, Order::kRelaxed);
          w.x->store(0, Order::kRelease);
        }},
       2},
      {"loops that wait for each other",
       {[] {
          RetryLoop retry;
          while (load_x() == 0) retry.again();
          w.y->store(1, Order::kRelaxed);
        },
        [] {
          if (Execution::current().choose(2) == 1) w.x->store(1, Order::kRelaxed);
          RetryLoop retry;
          while (load_y() == 0) retry.again();
        }},
       2},
      {"spawn and join",
       {[] {
          TaskId child = Execution::current().spawn(&increment_x_twice, "child");
          increment_x();
          Execution::current().join(child);
          note(load_x());
        },
        increment_x},
       3},
  };
}

/* The same final values and verdicts, with fewer executions. */
void compare(const std::vector<Program>& programs) {
  uint64_t all = 0;
  uint64_t pruned = 0;
  for (const Program& program : programs) {
    Search whole = brute_force(program.bodies);
    Search with_pruning =
        search(program.bodies, {.preemptions_max = 1000, .preemptions_min = 1000, .prune = true});
    Search step_by_step = search(program.bodies, {.preemptions_max = 1000, .prune = true});
    EXPECT_EQ(whole.outcomes, with_pruning.outcomes) << program.name;
    EXPECT_EQ(whole.outcomes, step_by_step.outcomes) << program.name;
    EXPECT_GE(whole.outcomes.size(), program.outcomes_min) << program.name << " shows too little";
    EXPECT_EQ(0u, whole.abandoned);
    for (uint32_t bound = 0; bound <= 2; ++bound) {
      EXPECT_EQ(search(program.bodies, {.preemptions_max = bound, .prune = false}).outcomes,
                search(program.bodies, {.preemptions_max = bound, .prune = true}).outcomes)
          << program.name << " with at most " << bound << " preemptions";
    }
    all += whole.executions;
    pruned += with_pruning.executions;
  }
  EXPECT_LT(pruned, all) << "pruning saves nothing";
}

TEST(Pruning, LosesNoOutcomeOfAtomics) { compare(atomics()); }

TEST(Pruning, LosesNoOutcomeOfLocks) { compare(locks()); }

TEST(Pruning, LosesNoOutcomeOfWaits) { compare(waits()); }

TEST(Pruning, LosesNoOutcomeOfOperationsAndLoops) { compare(operations_and_loops()); }

}  // namespace
}  // namespace daxrace::engine
