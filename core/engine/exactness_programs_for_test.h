/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small programs by name, each for one thing that a search could overlook.
 */
#ifndef DAXRACE_CORE_ENGINE_EXACTNESS_PROGRAMS_FOR_TEST_H_
#define DAXRACE_CORE_ENGINE_EXACTNESS_PROGRAMS_FOR_TEST_H_

#include <vector>

#include "core/engine/exactness_for_test.h"

namespace daxrace::engine::exactness {

using Body = void (*)();

struct Program {
  const char* name;
  std::vector<Body> bodies;
  size_t outcomes_min = 2; /* fewer would show nothing */
};

inline int load_x() { return w.x->load(Order::kRelaxed); }
inline int load_y() { return w.y->load(Order::kRelaxed); }
inline void store_x(int value) { w.x->store(value, Order::kRelaxed); }
inline void store_y(int value) { w.y->store(value, Order::kRelaxed); }

inline void increment_x() {
  int old = load_x();
  store_x(old + 1);
}

inline void increment_x_twice() {
  increment_x();
  increment_x();
}

inline void add_under_lock() {
  w.lock->lock();
  w.plain->write(w.plain->read() * 2 + Execution::current().self());
  w.lock->unlock();
}

inline void add_under_both(Lock& first, Lock& second) {
  first.lock();
  second.lock();
  w.plain->write(w.plain->read() * 2 + Execution::current().self());
  second.unlock();
  first.unlock();
}

inline void try_and_note() {
  bool taken = w.tried->try_lock();
  note(taken ? 1 : 2);
  if (!taken) return;
  w.x->fetch_add(1, Order::kRelaxed);
  w.tried->unlock();
}

inline void read_section() {
  w.sem->down_read();
  int plain = w.plain->read();
  note(static_cast<uint64_t>(plain * 10 + load_x()));
  w.sem->up_read();
}

inline void write_section() {
  w.sem->down_write();
  w.x->fetch_add(1, Order::kRelaxed);
  w.plain->write(Execution::current().self());
  w.sem->up_write();
}

template <bool kExclusive>
void wait_for_x() {
  WaitEntry entry;
  for (;;) {
    w.queue->prepare_to_wait(entry, kExclusive);
    if (load_x() != 0) break;
    w.queue->schedule(entry);
  }
  w.queue->finish_wait(entry);
  note(static_cast<uint64_t>(w.y->fetch_add(1, Order::kRelaxed)) + 1);
}

inline void wait_without_looking() {
  WaitEntry entry;
  w.queue->prepare_to_wait(entry, true);
  w.queue->schedule(entry);
  w.queue->finish_wait(entry);
  note(1);
}

inline void look_then_wait() {
  if (load_x() == 0) wait_without_looking();
  note(2);
}

inline void set_and_wake_one() {
  store_x(1);
  w.queue->wake(1, WaitQueue::kAnyKey);
}

inline void set_and_wake_all() {
  store_x(1);
  w.queue->wake(0, WaitQueue::kAnyKey);
}

inline void wait_done_and_look() {
  w.done->wait();
  note(static_cast<uint64_t>(w.x->fetch_add(1, Order::kRelaxed)));
}

inline void spin_on_x() {
  RetryLoop retry;
  while (load_x() == 0) retry.again();
  note(static_cast<uint64_t>(load_y()));
}

inline void take_word(int value) {
  RetryLoop retry;
  while (!w.x->compare_exchange(0, value, Order::kFull)) retry.again();
}

inline void two_operations() {
  for (uint32_t op = 0; op < 2; ++op) {
    uint64_t returned = invoke(op);
    note(returned + 1);
    increment_x();
    ret(1);
  }
}

inline const std::vector<Program>& programs() {
  static const std::vector<Program> table = {
      {"one word, twice load and store", {increment_x_twice, increment_x_twice}, 3},
      {"lost update", {increment_x, increment_x, increment_x}, 3},
      {"store buffering",
       {[] {
          store_x(1);
          note(static_cast<uint64_t>(load_y()));
        },
        [] {
          store_y(1);
          note(static_cast<uint64_t>(load_x()));
        }},
       3},
      {"message passing over two hops",
       {[] {
          store_x(1);
          store_y(1);
        },
        [] {
          int y = load_y();
          note(static_cast<uint64_t>(y * 2 + load_x()));
        },
        [] {
          int x = load_x();
          note(static_cast<uint64_t>(x * 2 + load_y()));
        }},
       6},
      {"lock", {add_under_lock, add_under_lock, add_under_lock}, 6},
      {"a step under the lock",
       {[] {
          w.lock->lock();
          store_x(1);
          store_x(0);
          w.lock->unlock();
        },
        [] {
          w.lock->lock();
          note(static_cast<uint64_t>(load_x()) + 1);
          w.lock->unlock();
        },
        [] { note(static_cast<uint64_t>(load_x()) + 1); }},
       2},
      {"locks in both orders",
       {[] { add_under_both(*w.lock, *w.lock2); }, [] { add_under_both(*w.lock2, *w.lock); }},
       3},
      {"locks in both orders, and data that is read without",
       {[] { note(static_cast<uint64_t>(w.plain->read()) + 1); }, [] { add_under_both(*w.lock, *w.lock2); },
        [] { add_under_both(*w.lock2, *w.lock); }},
       3},
      {"a lock that is never given back", {[] { w.lock->lock(); }, add_under_lock, increment_x}, 2},
      {"attempts", {try_and_note, try_and_note, add_under_lock}, 3},
      {"an attempt beside a waiter",
       {try_and_note,
        [] {
          w.tried->lock();
          note(static_cast<uint64_t>(load_x()) + 1);
          w.tried->unlock();
        },
        [] {
          w.tried->lock();
          w.tried->unlock();
        }},
       3},
      {"readers and a writer", {read_section, write_section, read_section}, 4},
      {"writers and a reader", {write_section, read_section, write_section}, 4},
      {"reading again while a writer waits",
       {[] {
          w.sem->down_read();
          w.sem->down_read();
          w.sem->up_read();
          w.sem->up_read();
        },
        write_section},
       2},
      {"a writer comes to the queue after its last step",
       {[] {
          w.sem->down_read();
          note(static_cast<uint64_t>(load_y()) + 1);
          w.sem->up_read();
        },
        [] {
          store_y(1);
          write_section();
        },
        [] {
          w.sem->down_read();
          note(static_cast<uint64_t>(load_y()) + 1);
          w.sem->up_read();
        }},
       4},
      {"two exclusive waiters, one wake-up", {wait_for_x<true>, wait_for_x<true>, set_and_wake_one}, 3},
      {"two waiters, all woken", {wait_for_x<false>, wait_without_looking, set_and_wake_all}, 2},
      {"an exclusive waiter and another", {wait_for_x<true>, wait_for_x<false>, set_and_wake_one}, 2},
      {"a lost wake-up", {look_then_wait, set_and_wake_one}, 2},
      {"a sleeper that nobody wakes", {wait_without_looking, increment_x, increment_x}, 2},
      {"a wake-up only if somebody waits",
       {wait_for_x<true>,
        [] {
          bool active = w.queue->active();
          store_x(1);
          if (active) w.queue->wake(1, WaitQueue::kAnyKey);
          note(active);
        }},
       3},
      {"completions",
       {wait_done_and_look, wait_done_and_look,
        [] {
          w.done->complete();
          w.x->fetch_add(5, Order::kRelaxed);
          w.done->complete();
        }},
       4},
      {"one completion for two",
       {[] {
          w.done->wait();
          store_x(1);
        },
        [] {
          w.done->wait();
          store_x(2);
        },
        [] { w.done->complete(); }},
       2},
      {"spawn and join",
       {[] {
          TaskId child = Execution::current().spawn(&increment_x_twice, "child");
          increment_x();
          Execution::current().join(child);
          note(static_cast<uint64_t>(load_x()));
        },
        increment_x},
       3},
      {"tasks that number their children",
       {[] { w.x->exchange(Execution::current().spawn([] {}, "child"), Order::kRelaxed); },
        [] { w.y->exchange(Execution::current().spawn([] {}, "child"), Order::kRelaxed); }},
       2},
      {"draws",
       {[] {
          store_x(static_cast<int>(Execution::current().choose(3)));
          note(Execution::current().choose(2));
        },
        [] { note(static_cast<uint64_t>(load_x())); }},
       10},
      {"a draw decides what is touched",
       {[] {
          if (Execution::current().choose(2) == 0) {
            store_x(1);
          } else {
            store_y(1);
          }
        },
        [] {
          int x = load_x();
          note(static_cast<uint64_t>(x * 2 + load_y()));
        }},
       4},
      {"a loop on a flag",
       {spin_on_x,
        [] {
          store_y(1);
          store_x(1);
          store_y(2);
        }},
       2},
      {"a loop on a flag that is taken back",
       {spin_on_x,
        [] {
          store_x(1);
          store_x(0);
          store_y(1);
        }},
       2},
      {"a lock of one word",
       {[] {
          take_word(1);
          note(static_cast<uint64_t>(load_y()));
          store_x(0);
        },
        [] {
          take_word(2);
          w.y->fetch_add(1, Order::kRelaxed);
          store_x(0);
        }},
       2},
      {"loops that wait for each other",
       {[] {
          RetryLoop retry;
          while (load_x() == 0) retry.again();
          store_y(1);
        },
        [] {
          if (Execution::current().choose(2) == 1) store_x(1);
          RetryLoop retry;
          while (load_y() == 0) retry.again();
        }},
       2},
      {"operations", {two_operations, two_operations}, 8},
      {"a value read after the operation of another has returned",
       {[] {
          invoke(0);
          store_x(1);
          store_x(2);
          ret(1);
        },
        [] {
          uint64_t returned = invoke(0);
          note(returned * 10 + static_cast<uint64_t>(load_x()) + 1);
          ret(1);
        }},
       4},
      {"a crash",
       {[] {
          store_x(1);
          store_x(2);
        },
        [] {
          store_y(1);
          Execution::current().crash();
        },
        [] { w.plain->write(1); }},
       6},
      {"an end after which nothing goes on",
       {[] {
          if (load_x() == 0) Execution::current().fail(finding("exactness-fatal"));
        },
        [] {
          note(static_cast<uint64_t>(load_y()) + 1);
          store_x(1);
        },
        [] { store_y(1); }},
       4},
      {"a warning",
       {[] {
          if (load_x() == 1) Execution::current().report(finding("exactness-warning"));
          store_y(1);
        },
        [] {
          store_x(1);
          store_x(2);
        }},
       2},
      {"a data race",
       {[] {
          if (load_x() == 1) w.plain->write(1);
        },
        [] {
          store_x(1);
          store_x(2);
          w.plain->write(2);
        }},
       2},
      {"plain data, published",
       {[] {
          w.plain->write(1);
          w.x->store(1, Order::kRelease);
        },
        [] {
          if (w.x->load(Order::kAcquire) == 1) note(static_cast<uint64_t>(w.plain->read()));
        }},
       2},
      {"plain data, published without order",
       {[] {
          w.plain->write(1);
          w.x->store(1, Order::kRelease);
        },
        [] {
          if (load_x() == 1) note(static_cast<uint64_t>(w.plain->read()));
        }},
       2},
  };
  return table;
}

inline void spawn_bodies(const Program& program) {
  static const char* const kNames[] = {"A", "B", "C"};
  const char* const* name = kNames;
  for (Body body : program.bodies) Execution::current().spawn(body, *name++);
}

inline void spawn_all(void* arg) {
  make_world();
  spawn_bodies(*static_cast<const Program*>(arg));
}

}  // namespace daxrace::engine::exactness

#endif  // DAXRACE_CORE_ENGINE_EXACTNESS_PROGRAMS_FOR_TEST_H_
