/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the benchmarks run, written once for all sides: the engine, plain calls, Relacy. Includes nothing of
 * either, because Relacy's headers cannot stand beside others.
 *
 * A Word has load(), store(v) and add(v), each a scheduling point where there is a scheduler, relaxed where
 * there is a memory model. A Cell has get() and set(v), checked for races where races are checked. A Lock has
 * lock() and unlock().
 */
#ifndef DAXRACE_CORE_ENGINE_BENCH_WORKLOADS_H_
#define DAXRACE_CORE_ENGINE_BENCH_WORKLOADS_H_

namespace daxrace::bench {

/* W1: two tasks, eight accesses of one word in all. 70 interleavings. */
inline constexpr int kW1Tasks = 2;

template <class Word>
void w1_task(Word& x) {
  for (int i = 0; i < 2; ++i) {
    int value = x.load();
    x.store(value + 1);
  }
}

/* W2: three tasks that add to a counter under a lock. */
inline constexpr int kW2Tasks = 3;
inline constexpr int kW2Rounds = 5;
inline constexpr int kW2SearchRounds = 10; /* 5.55e12 orders of the lock */

template <class Lock, class Cell>
void w2_round(Lock& lock, Cell& counter) {
  lock.lock();
  int value = counter.get();
  counter.set(value + 1);
  lock.unlock();
}

template <class Lock, class Cell>
void w2_task(Lock& lock, Cell& counter) {
  for (int i = 0; i < kW2Rounds; ++i) w2_round(lock, counter);
}

/* W3: four tasks that walk round four words, each from a word of its own: load, store, add, load, ... */
inline constexpr int kW3Tasks = 4;
inline constexpr int kW3Accesses = 25; /* of each task */
inline constexpr int kW3Words = 4;

template <class Word>
void w3_task(Word* words, int task, int accesses) {
  for (int i = 0; i < accesses; ++i) {
    Word& word = words[(task + i) % kW3Words];
    switch (i % 3) {
      case 0:
        word.load();
        break;
      case 1:
        word.store(i);
        break;
      default:
        word.add(1);
        break;
    }
  }
}

}  // namespace daxrace::bench

#endif  // DAXRACE_CORE_ENGINE_BENCH_WORKLOADS_H_
