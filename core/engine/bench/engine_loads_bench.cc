/* SPDX-License-Identifier: GPL-2.0-only */
#include <bit>

#include "core/engine/bench/engine_loads.h"
#include "core/engine/bench/workloads.h"
#include "core/engine/data.h"
#include "core/engine/sync.h"

namespace daxrace::bench {

using engine::Execution;

namespace {

const engine::Role kWordRole("bench.word");
const engine::Role kLockRole("bench.lock");
const engine::Role kCounterRole("bench.counter");

struct Word {
  engine::Atomic<int> atomic;

  Word() { atomic.init(kWordRole); }
  [[gnu::always_inline]] int load() { return atomic.load(engine::Order::kRelaxed); }
  [[gnu::always_inline]] void store(int value) { atomic.store(value, engine::Order::kRelaxed); }
  [[gnu::always_inline]] void add(int value) { atomic.fetch_add(value, engine::Order::kRelaxed); }
};

struct Cell {
  engine::Plain<int> plain;

  Cell() { plain.init(kCounterRole); }
  int get() { return plain.read(); }
  void set(int value) { plain.write(value); }
};

template <engine::LockUse use>
struct Mutex {
  engine::Lock inner;

  Mutex() { inner.init(kLockRole, use); }
  void lock() { inner.lock(); }
  void unlock() { inner.unlock(); }
};

/* Relacy's mutex, step by step: whoever finds it held sleeps; its release is a scheduling point and wakes
 * one sleeper, drawn; who was woken may find it held again. A sleeper is no candidate, but whoever is about
 * to find the mutex held is one. */
class ParkingMutex : public engine::Atomic<int> {
 public:
  ParkingMutex() { init(kLockRole, kFree); }

  void lock() {
    Execution& execution = Execution::current();
    execution.point(pending());
    while (load_here(engine::Order::kAcquire) != kFree) {
      sleepers_ |= 1u << execution.self();
      execution.point(pending());
    }
    store_here(execution.self(), engine::Order::kRelaxed);
  }

  void unlock() {
    Execution& execution = Execution::current();
    execution.point({&engine::kAnonymousSite, this, engine::EventKind::k_store});
    store_here(kFree, engine::Order::kRelease);
    if (sleepers_ == 0) return;
    uint32_t before = sleepers_;
    for (uint32_t n = execution.choose(static_cast<uint32_t>(std::popcount(before))); n > 0; --n) {
      before &= before - 1;
    }
    sleepers_ &= ~(before & -before);
  }

 private:
  static constexpr int kFree = -1;

  engine::Pending pending() const {
    engine::Pending pending{&engine::kAnonymousSite, this, engine::EventKind::k_load};
    pending.enabled = [](const engine::Object* object, const engine::Pending&, engine::TaskId task) {
      return (static_cast<const ParkingMutex*>(object)->sleepers_ >> task & 1) == 0;
    };
    return pending;
  }

  uint32_t sleepers_ = 0; /* a bit for each task */
};

template <class T>
T* make_array(int n) {
  return Execution::current().arena().make_array<T>(static_cast<size_t>(n));
}

template <class F>
void spawn_all(int tasks, const F& body) {
  for (int i = 0; i < tasks; ++i) Execution::current().spawn([body, i] { body(i); }, "task");
}

void w1(void*) {
  Word* x = make_array<Word>(1);
  spawn_all(kW1Tasks, [x](int) { w1_task(*x); });
}

template <class Lock>
void w2(void*) {
  Lock* lock = make_array<Lock>(1);
  Cell* counter = make_array<Cell>(1);
  spawn_all(kW2Tasks, [lock, counter](int) { w2_task(*lock, *counter); });
}

void w3(void*) {
  Word* words = make_array<Word>(kW3Words);
  spawn_all(kW3Tasks, [words](int task) { w3_task(words, task, kW3Accesses); });
}

void many_tasks(void* arg) {
  Word* words = make_array<Word>(kW3Words);
  spawn_all(*static_cast<int*>(arg) - 1, [words](int task) { w3_task(words, task, kTaskAccesses); });
  w3_task(words, 0, kTaskAccesses);
}

template <bool operations>
void w2_search(void*) {
  using Lock = Mutex<engine::LockUse::kWaitsOnly>;
  Lock* lock = make_array<Lock>(1);
  Cell* counter = make_array<Cell>(1);
  spawn_all(kW2Tasks, [lock, counter](int) {
    Execution& execution = Execution::current();
    for (uint32_t i = 0; i < kW2SearchRounds; ++i) {
      if (operations) {
        execution.invoke(i);
      } else {
        execution.op_boundary(i);
      }
      w2_round(*lock, *counter);
      if (operations) execution.ret(0);
    }
    execution.op_boundary(kW2SearchRounds);
  });
}

/* Whether the event is the workload's. */
bool counts(const EngineLoad& load, const engine::Event& event) {
  return event.task != 0 || (load.first_works && event.kind != engine::EventKind::k_start);
}

}  // namespace

std::span<const EngineLoad> engine_loads() {
  static constexpr EngineLoad kLoads[] = {
      {"W1", kW1Tasks + 1, false, w1},
      {"W2", kW2Tasks + 1, false, w2<Mutex<engine::LockUse::kWaitsOnly>>},
      {"W2/tried", kW2Tasks + 1, false, w2<Mutex<engine::LockUse::kTriedToo>>},
      {"W2/parked", kW2Tasks + 1, false, w2<ParkingMutex>},
      {"W3", kW3Tasks + 1, false, w3},
  };
  return kLoads;
}

const EngineLoad& load_of_tasks(int tasks) {
  static EngineLoad load{"tasks", 0, true, many_tasks, &load.tasks};
  load.tasks = tasks;
  return load;
}

const EngineLoad& search_load() {
  static constexpr EngineLoad kLoad{"W2", kW2Tasks + 1, false, w2_search<false>};
  return kLoad;
}

const EngineLoad& operations_load() {
  static constexpr EngineLoad kLoad{"W2/operations", kW2Tasks + 1, false, w2_search<true>};
  return kLoad;
}

Counts count(const EngineLoad& load, engine::Strategy& strategy, double points_wanted) {
  Execution execution(load.limits());
  Recorded recorded(strategy, true);
  uint64_t points = 0;
  uint64_t switches = 0;
  uint64_t done = 0;
  for (; double(points) < points_wanted && recorded.begin(); ++done) {
    execution.run(recorded, load.first, load.arg);
    engine::TaskId last = engine::kNoTask;
    for (const engine::Event& event : execution.trace()) {
      if (!counts(load, event)) continue;
      points += event.point;
      switches += last != engine::kNoTask && event.task != last;
      last = event.task;
    }
  }
  if (done == 0) return {};
  return {double(points) / double(done), double(switches) / double(done)};
}

}  // namespace daxrace::bench
