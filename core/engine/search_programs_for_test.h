/* SPDX-License-Identifier: GPL-2.0-only */
/* Small programs for tests of searches as a whole, and how to run one. */
#ifndef DAXRACE_CORE_ENGINE_SEARCH_PROGRAMS_FOR_TEST_H_
#define DAXRACE_CORE_ENGINE_SEARCH_PROGRAMS_FOR_TEST_H_

#include <string>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/execution.h"
#include "core/engine/sync.h"

namespace daxrace::engine::search_test {

inline const Role kWordRole("search-word");
inline const Role kResultRole("search-result");
inline const Role kLockRole("search-lock");

/* All that outcomes are made of is shared state: what a task only remembers is no part of a state. */
struct World {
  Atomic<int>* x = nullptr;
  Atomic<int>* y = nullptr;
  Plain<int>* result[3] = {}; /* [i]: written by task i + 1 only */
  Lock* lock = nullptr;
  Lock* other_lock = nullptr;
};

inline World w;

using Body = void (*)();

struct Program {
  const char* name;
  std::vector<Body> bodies;
};

inline void spawn_all(void* arg) {
  static const char* const kNames[] = {"A", "B", "C"};
  Execution& e = Execution::current();
  Arena& arena = e.arena();
  w = World();
  w.x = arena.make<Atomic<int>>(kWordRole);
  w.y = arena.make<Atomic<int>>(kWordRole);
  for (auto*& result : w.result) result = arena.make<Plain<int>>(kResultRole);
  w.lock = arena.make<Lock>();
  w.other_lock = arena.make<Lock>();
  w.lock->init(kLockRole);
  w.other_lock->init(kLockRole);
  const char* const* name = kNames;
  for (Body body : static_cast<const Program*>(arg)->bodies) e.spawn(body, *name++);
}

inline void note(int value) { w.result[Execution::current().self() - 1]->write(value); }

/* Final values, or the verdict. */
inline std::string outcome(const Execution& e) {
  if (e.headline() != nullptr) return std::string(e.headline()->verdict);
  std::string text;
  for (int value :
       {w.x->peek(), w.y->peek(), w.result[0]->peek(), w.result[1]->peek(), w.result[2]->peek()}) {
    text += std::to_string(value) + " ";
  }
  return text;
}

inline void increment_x() {
  int old = w.x->load(Order::kRelaxed);
  w.x->store(old + 1, Order::kRelaxed);
}

inline void increment_x_twice() {
  increment_x();
  increment_x();
}

inline void draw_then_store() {
  uint32_t value = Execution::current().choose(5);
  w.y->store(static_cast<int>(value), Order::kRelaxed);
  note(w.x->load(Order::kRelaxed));
}

inline void lock_both() {
  w.lock->lock();
  w.other_lock->lock();
  increment_x();
  w.other_lock->unlock();
  w.lock->unlock();
}

inline void lock_both_the_other_way() {
  w.other_lock->lock();
  w.lock->lock();
  increment_x();
  w.lock->unlock();
  w.other_lock->unlock();
}

inline std::vector<Program> programs() {
  return {
      {"nothing to choose", {increment_x}},
      {"two increments twice", {increment_x_twice, increment_x_twice}},
      {"three tasks", {increment_x_twice, increment_x, [] { note(w.x->load(Order::kRelaxed)); }}},
      {"draws", {draw_then_store, draw_then_store, increment_x}},
      {"a deadlock", {lock_both, lock_both_the_other_way, increment_x}},
  };
}

}  // namespace daxrace::engine::search_test

#endif  // DAXRACE_CORE_ENGINE_SEARCH_PROGRAMS_FOR_TEST_H_
