/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small programs with a known bug, after three of the CS set of SCTBench (Thomson, Donaldson, Betts, PPoPP
 * 2014), to compare strategies with published figures. Each has a twin that is repaired.
 *
 * As in the tools that those come from, locks, unlocks, thread creations and joins are scheduling points.
 * What the originals protect by a lock is plain data. A bug is a finding of verdict kKnownBug, or a deadlock.
 */
#ifndef DAXRACE_CORE_ENGINE_BENCH_KNOWN_PROGRAMS_H_
#define DAXRACE_CORE_ENGINE_BENCH_KNOWN_PROGRAMS_H_

#include <array>
#include <cstdint>
#include <span>

#include "core/engine/data.h"
#include "core/engine/sync.h"

namespace daxrace::bench {

struct KnownProgram {
  const char* name;
  engine::Execution::Body first;
  engine::Execution::Body repaired;
};

inline constexpr std::string_view kKnownBug = "known-bug";
inline constexpr int kKnownTasksMax = 4;

inline constexpr engine::Limits kKnownLimits = {.steps_max = 1000,
                                                .tasks_max = kKnownTasksMax,
                                                .trace = false,
                                                .lock_order = engine::LockOrder::Scope::kOff};

namespace known {

inline const engine::Role kDataRole("known.data");
inline const engine::Role kLockRole("known.lock");

struct World {
  engine::Mutex a;
  engine::Mutex b;
  engine::Plain<int> data;
  engine::Plain<bool> deposited;
  engine::Plain<bool> withdrawn;

  explicit World(int value) : data(kDataRole, value), deposited(kDataRole), withdrawn(kDataRole) {
    a.init(kLockRole, engine::LockUse::kTriedToo);
    b.init(kLockRole, engine::LockUse::kTriedToo);
  }
};

inline World* make_world(int value) { return engine::Execution::current().arena().make<World>(value); }

inline void bug() { engine::Execution::current().report({.verdict = kKnownBug}); }

/* Creating a thread is a scheduling point. */
template <class F>
engine::TaskId create(const F& body) {
  engine::Execution& execution = engine::Execution::current();
  execution.point(engine::kAnonymousSite, execution.self_task().object, engine::EventKind::k_spawn);
  return execution.spawn(body, "thread");
}

template <class F>
void locked(engine::Mutex& lock, const F& section) {
  lock.lock();
  section();
  lock.unlock();
}

inline void join_all(std::span<const engine::TaskId> tasks) {
  for (engine::TaskId task : tasks) engine::Execution::current().join(task);
}

/* What a deposit and a withdrawal leave is checked once both are done, against a wrong sum; or the right one.
 */
template <bool is_repaired>
void account(void*) {
  constexpr int kBefore = 1;
  constexpr int kDeposit = 2;
  constexpr int kWithdrawal = 4;
  constexpr int kAfter = kBefore + (is_repaired ? kDeposit : -kDeposit) - kWithdrawal;
  World* w = make_world(kBefore);
  create([w] {
    locked(w->a, [w] {
      if (w->deposited.read() && w->withdrawn.read() && w->data.read() != kAfter) bug();
    });
  });
  create([w] {
    locked(w->a, [w] {
      w->data.write(w->data.read() + kDeposit);
      w->deposited.write(true);
    });
  });
  create([w] {
    locked(w->a, [w] {
      w->data.write(w->data.read() - kWithdrawal);
      w->withdrawn.write(true);
    });
  });
}

/* The third thread must not come last; or the sum that it must not see is out of reach. */
template <bool is_repaired>
void lazy01(void*) {
  World* w = make_world(0);
  auto add = [w](int n) { return [w, n] { locked(w->a, [w, n] { w->data.write(w->data.read() + n); }); }; };
  engine::TaskId one = create(add(1));
  engine::TaskId two = create(add(2));
  engine::TaskId three = create([w] {
    locked(w->a, [w] {
      if (w->data.read() >= (is_repaired ? 4 : 3)) bug();
    });
  });
  join_all(std::array{one, two, three});
}

/* Two locks in either order; or in the same one. */
template <bool is_repaired>
void deadlock01(void*) {
  World* w = make_world(1);
  auto add = [w](engine::Mutex& outer, engine::Mutex& inner, int n) {
    return [w, n, outer = &outer, inner = &inner] {
      locked(*outer, [&] { locked(*inner, [&] { w->data.write(w->data.read() + n); }); });
    };
  };
  engine::TaskId one = create(add(w->a, w->b, 1));
  engine::TaskId two = create(is_repaired ? add(w->a, w->b, -1) : add(w->b, w->a, -1));
  join_all(std::array{one, two});
}

}  // namespace known

inline constexpr KnownProgram kKnownPrograms[] = {
    {"account", known::account<false>, known::account<true>},
    {"lazy01", known::lazy01<false>, known::lazy01<true>},
    {"deadlock01", known::deadlock01<false>, known::deadlock01<true>},
};

/* Number of the first of at most `most` executions that shows a finding, from 1; 0 if none does. The findings
 * of that one can be read afterwards. */
inline uint32_t schedules_to_bug(engine::Execution& execution, engine::Strategy& strategy,
                                 engine::Execution::Body program, uint32_t most) {
  for (uint32_t i = 1; i <= most && strategy.begin(); ++i) {
    execution.run(strategy, program, nullptr);
    if (execution.headline() != nullptr) return i;
  }
  return 0;
}

}  // namespace daxrace::bench

#endif  // DAXRACE_CORE_ENGINE_BENCH_KNOWN_PROGRAMS_H_
