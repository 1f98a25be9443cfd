/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compares what searches reach. An outcome is the final shared state with the set of verdicts; all that
 * outcomes are made of is shared state, because what a task only remembers is no part of a state.
 */
#ifndef DAXRACE_CORE_ENGINE_EXACTNESS_FOR_TEST_H_
#define DAXRACE_CORE_ENGINE_EXACTNESS_FOR_TEST_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/sync.h"

namespace daxrace::engine::exactness {

inline const Role kWordRole("exactness-word");
inline const Role kPlainRole("exactness-plain");
inline const Role kResultRole("exactness-result");
inline const Role kLockRole("exactness-lock");
inline const Role kQueueRole("exactness-queue");

struct World {
  static constexpr int kResults = 6;

  Atomic<int>* x = nullptr;
  Atomic<int>* y = nullptr;
  Plain<int>* plain = nullptr;            /* whoever touches it should hold a lock */
  Plain<uint64_t>* result[kResults] = {}; /* [i]: written by task i + 1 only */
  Lock* tried = nullptr;                  /* of use kTriedToo */
  Lock* lock = nullptr;
  Lock* lock2 = nullptr;
  RwSemaphore* sem = nullptr;
  WaitQueue* queue = nullptr;
  Completion* done = nullptr;
  uint64_t returned = 0; /* operations, as an oracle counts them */
};

inline World w;

inline void make_world() {
  Arena& arena = Execution::current().arena();
  w = World();
  w.x = arena.make<Atomic<int>>(kWordRole);
  w.y = arena.make<Atomic<int>>(kWordRole);
  w.plain = arena.make<Plain<int>>(kPlainRole);
  for (auto*& result : w.result) result = arena.make<Plain<uint64_t>>(kResultRole);
  for (Lock** lock : {&w.tried, &w.lock, &w.lock2}) *lock = arena.make<Lock>();
  w.sem = arena.make<RwSemaphore>();
  w.queue = arena.make<WaitQueue>();
  w.done = arena.make<Completion>();
  w.tried->init(kLockRole, LockUse::kTriedToo);
  w.lock->init(kLockRole);
  w.lock2->init(kLockRole);
  w.sem->init(kLockRole);
  w.queue->init(kQueueRole);
  w.done->init(kQueueRole);
}

inline Hash128 outer_state(void*) { return wide(0x72657475726e6564, w.returned); }

/* An operation begins and ends; whoever begins one sees which others have returned before. */
inline uint64_t invoke(uint32_t op) {
  Execution::current().invoke(op);
  return w.returned;
}

inline void ret(uint64_t weight) {
  Execution::current().ret(0);
  w.returned += weight;
}

inline void note(uint64_t value) { w.result[Execution::current().self() - 1]->write(value); }

/* Reports something that is no reason to end, or one that is. */
inline Finding finding(std::string_view verdict) {
  Finding f;
  f.verdict = verdict;
  f.task = Execution::current().self();
  return f;
}

inline std::string outcome(const Execution& e) {
  std::string text;
  for (int value : {w.x->peek(), w.y->peek(), w.plain->peek()}) text += std::to_string(value) + " ";
  for (auto* result : w.result) text += std::to_string(result->peek()) + " ";
  std::vector<std::string_view> verdicts;
  for (const Finding& f : e.findings()) verdicts.push_back(f.verdict);
  std::sort(verdicts.begin(), verdicts.end());
  for (std::string_view verdict : verdicts) text += std::string(verdict) + " ";
  return text;
}

struct Explored {
  std::map<std::string, uint64_t> outcomes; /* and how often */
  uint64_t runs = 0;
  uint64_t abandoned = 0;
  bool finished = true; /* within the most that was allowed */
};

inline Explored explore(Execution& execution, Strategy& strategy, Execution::Body first, void* arg,
                        uint64_t runs_max) {
  Explored found;
  execution.set_outer_state(outer_state, nullptr);
  while (strategy.begin()) {
    if (found.runs == runs_max) {
      found.finished = false;
      break;
    }
    End end = execution.run(strategy, first, arg);
    ++found.runs;
    found.abandoned += end == End::kAbandoned;
    if (end != End::kAbandoned) ++found.outcomes[outcome(execution)];
  }
  return found;
}

}  // namespace daxrace::engine::exactness

#endif  // DAXRACE_CORE_ENGINE_EXACTNESS_FOR_TEST_H_
