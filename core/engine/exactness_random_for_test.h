/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small programs made from a seed, of every kind of operation that the engine has.
 */
#ifndef DAXRACE_CORE_ENGINE_EXACTNESS_RANDOM_FOR_TEST_H_
#define DAXRACE_CORE_ENGINE_EXACTNESS_RANDOM_FOR_TEST_H_

#include <string>
#include <vector>

#include "core/engine/exactness_for_test.h"
#include "core/engine/random.h"

namespace daxrace::engine::exactness {

/* What a task may do; `a` is 0 or 1, and `see` takes what it has learnt. Null: a new operation begins. */
struct RandomOp {
  const char* name;
  void (*run)(uint32_t a, void (*see)(uint64_t));
  uint32_t weight = 2;
};

inline Atomic<int>& word(uint32_t a) { return a == 0 ? *w.x : *w.y; }

inline void wait_on_queue(bool exclusive, bool looks_again) {
  WaitEntry entry;
  for (;;) {
    w.queue->prepare_to_wait(entry, exclusive);
    if (w.x->load(Order::kRelaxed) != 0) break;
    w.queue->schedule(entry);
    if (!looks_again) break;
  }
  w.queue->finish_wait(entry);
}

inline const RandomOp kRandomOps[] = {
    {"load", [](uint32_t a, void (*see)(uint64_t)) { see(uint64_t(word(a).load(Order::kAcquire))); }, 6},
    {"store", [](uint32_t a, void (*)(uint64_t)) { word(a).store(int(a) + 1, Order::kRelease); }, 4},
    {"store relaxed", [](uint32_t a, void (*)(uint64_t)) { word(a).store(3, Order::kRelaxed); }},
    {"add", [](uint32_t a, void (*see)(uint64_t)) { see(uint64_t(word(a).fetch_add(1, Order::kFull))); }},
    {"cmpxchg",
     [](uint32_t a, void (*see)(uint64_t)) { see(word(a).compare_exchange(int(a), 2, Order::kFull)); }},
    {"increment",
     [](uint32_t a, void (*)(uint64_t)) {
       int old = word(a).load(Order::kRelaxed);
       word(a).store(old + 1, Order::kRelaxed);
     }},
    {"plain under lock",
     [](uint32_t a, void (*see)(uint64_t)) {
       w.lock->lock();
       int old = w.plain->read();
       w.plain->write(old * 2 + int(a) + 1);
       w.lock->unlock();
       see(uint64_t(old));
     }},
    {"step under lock",
     [](uint32_t a, void (*see)(uint64_t)) {
       w.lock->lock();
       see(uint64_t(word(a).load(Order::kRelaxed)));
       w.plain->write(w.plain->read() + 1);
       w.lock->unlock();
     }},
    {"store here under lock",
     [](uint32_t a, void (*see)(uint64_t)) {
       w.lock->lock();
       see(uint64_t(word(a).load_here(Order::kRelaxed)));
       word(a).store_here(5, Order::kRelease);
       w.lock->unlock();
     }},
    {"two locks",
     [](uint32_t a, void (*)(uint64_t)) {
       (a == 0 ? w.lock : w.lock2)->lock();
       (a == 0 ? w.lock2 : w.lock)->lock();
       w.plain->write(w.plain->read() + 1);
       w.lock->unlock();
       w.lock2->unlock();
     }},
    {"other lock",
     [](uint32_t a, void (*)(uint64_t)) {
       w.lock2->lock();
       word(a).fetch_add(1, Order::kRelaxed);
       w.lock2->unlock();
     }},
    {"try",
     [](uint32_t a, void (*see)(uint64_t)) {
       bool taken = w.tried->try_lock();
       see(taken);
       if (!taken) return;
       if (a == 0) w.plain->write(w.plain->read() + 1);
       w.tried->unlock();
     }},
    {"lock that others try",
     [](uint32_t a, void (*see)(uint64_t)) {
       w.tried->lock();
       see(uint64_t(w.plain->read()));
       if (a == 0) w.y->store(1, Order::kRelaxed);
       w.tried->unlock();
     }},
    {"read section",
     [](uint32_t a, void (*see)(uint64_t)) {
       w.sem->down_read();
       see(uint64_t(w.plain->read()));
       if (a == 0) see(uint64_t(w.x->load(Order::kRelaxed)));
       w.sem->up_read();
     },
     3},
    {"write section",
     [](uint32_t a, void (*)(uint64_t)) {
       w.sem->down_write();
       w.plain->write(w.plain->read() * 3 + 1);
       if (a == 0) w.x->fetch_add(1, Order::kRelaxed);
       w.sem->up_write();
     },
     3},
    {"read section again",
     [](uint32_t, void (*see)(uint64_t)) {
       w.sem->down_read();
       w.sem->down_read();
       see(uint64_t(w.plain->read()));
       w.sem->up_read();
       w.sem->up_read();
     }},
    {"wait", [](uint32_t a, void (*)(uint64_t)) { wait_on_queue(a == 0, true); }},
    {"wait once", [](uint32_t a, void (*)(uint64_t)) { wait_on_queue(a == 0, false); }},
    {"set and wake",
     [](uint32_t a, void (*)(uint64_t)) {
       w.x->store(1, Order::kRelease);
       w.queue->wake(a, WaitQueue::kAnyKey);
     },
     3},
    {"wake", [](uint32_t a, void (*)(uint64_t)) { w.queue->wake(a, WaitQueue::kAnyKey); }},
    {"wake if active",
     [](uint32_t a, void (*see)(uint64_t)) {
       bool active = w.queue->active();
       see(active);
       if (active) w.queue->wake(a, WaitQueue::kAnyKey);
     }},
    {"complete", [](uint32_t, void (*)(uint64_t)) { w.done->complete(); }, 3},
    {"wait done", [](uint32_t, void (*)(uint64_t)) { w.done->wait(); }},
    {"draw",
     [](uint32_t a, void (*see)(uint64_t)) {
       uint32_t drawn = Execution::current().choose(2);
       see(drawn);
       if (a == 0) w.y->store(int(drawn), Order::kRelaxed);
     }},
    {"draw in a range that is read",
     [](uint32_t a, void (*see)(uint64_t)) {
       see(Execution::current().choose(uint32_t(word(a).load(Order::kRelaxed)) % 3 + 1));
     }},
    {"spin",
     [](uint32_t a, void (*)(uint64_t)) {
       RetryLoop retry;
       while (word(a).load(Order::kAcquire) == 0) retry.again();
     },
     3},
    {"spin on two",
     [](uint32_t, void (*see)(uint64_t)) {
       RetryLoop retry;
       for (;;) {
         int x = w.x->load(Order::kRelaxed);
         int y = w.y->load(Order::kRelaxed);
         if (x != 0 || y > 1) {
           see(uint64_t(x * 10 + y));
           return;
         }
         retry.again();
       }
     }},
    {"spin on exchange",
     [](uint32_t, void (*see)(uint64_t)) {
       RetryLoop retry;
       while (!w.y->compare_exchange(0, 7, Order::kFull)) retry.again();
       see(uint64_t(w.x->load(Order::kRelaxed)));
       w.y->store(0, Order::kRelease);
     },
     3},
    {"look until given up",
     [](uint32_t a, void (*see)(uint64_t)) {
       for (uint32_t round = 0; word(a).load(Order::kRelaxed) == 0; ++round) {
         if (round == 1 || Execution::current().choose(2) == 1) return;
       }
       see(1);
     }},
    {"new operation", nullptr, 3},
    {"return", [](uint32_t a, void (*)(uint64_t)) { ret(a * 10 + 1); }},
    {"racy write", [](uint32_t a, void (*)(uint64_t)) { w.plain->write(int(a) + 7); }, 1},
    {"racy read", [](uint32_t, void (*see)(uint64_t)) { see(uint64_t(w.plain->read())); }, 1},
    {"fence", [](uint32_t, void (*)(uint64_t)) { fence(Order::kFull); }, 1},
    {"crash", [](uint32_t, void (*)(uint64_t)) { Execution::current().crash(); }, 1},
    {"fail if",
     [](uint32_t a, void (*)(uint64_t)) {
       if (word(a).load(Order::kRelaxed) != 0) Execution::current().fail(finding("exactness-fatal"));
     },
     1},
    {"report if",
     [](uint32_t a, void (*)(uint64_t)) {
       if (word(a).load(Order::kRelaxed) != 0) Execution::current().report(finding("exactness-warning"));
     },
     1},
    {"spawn and join",
     [](uint32_t a, void (*see)(uint64_t)) {
       Execution& e = Execution::current();
       TaskId child = a == 0 ? e.spawn([] { w.x->fetch_add(1, Order::kRelaxed); }, "child")
                             : e.spawn([] { w.done->complete(); }, "child");
       see(uint64_t(word(a).load(Order::kRelaxed)));
       e.join(child);
     },
     1},
};

struct RandomProgram {
  struct Step {
    const RandomOp* op;
    uint32_t a;
  };
  std::vector<std::vector<Step>> tasks;

  explicit RandomProgram(uint64_t seed) {
    Random random(seed);
    uint32_t total = 0;
    for (const RandomOp& op : kRandomOps) total += op.weight;
    /* A few kinds in each program, so that they meet. */
    std::vector<const RandomOp*> kinds(random.below(4) + 3);
    for (const RandomOp*& kind : kinds) {
      uint32_t left = random.below(total);
      kind = kRandomOps;
      while (left >= kind->weight) left -= kind++->weight;
    }
    tasks.resize(2 + random.below(2));
    for (auto& task : tasks) {
      task.resize(tasks.size() == 2 ? 2 + random.below(3) : 1 + random.below(2));
      for (Step& step : task) step = {kinds[random.below(uint32_t(kinds.size()))], random.below(2)};
    }
  }

  std::string text() const {
    std::string text;
    for (const auto& task : tasks) {
      text += "{ ";
      for (const Step& step : task) text += std::string(step.op->name) + " " + std::to_string(step.a) + "; ";
      text += "} ";
    }
    return text;
  }

  static void first(void* arg) {
    static const char* const kNames[] = {"A", "B", "C"};
    make_world();
    for (auto& task : static_cast<RandomProgram*>(arg)->tasks) {
      const auto* steps = &task;
      Execution::current().spawn([steps] { run(*steps); },
                                 kNames[&task - static_cast<RandomProgram*>(arg)->tasks.data()]);
    }
  }

 private:
  static void run(const std::vector<Step>& steps) {
    static uint64_t seen[World::kResults];
    uint64_t& mine = seen[Execution::current().self() - 1];
    mine = 0;
    for (const Step& step : steps) {
      if (step.op->run != nullptr) {
        step.op->run(step.a, [](uint64_t value) {
          uint64_t& s = seen[Execution::current().self() - 1];
          s = s * 31 + value + 1;
        });
        continue;
      }
      note(mine); /* nothing that only the task remembers lives on from one operation to the next */
      uint64_t returned = invoke(static_cast<uint32_t>(&step - steps.data()) + 1);
      mine = w.result[Execution::current().self() - 1]->peek() * 31 + returned + 1;
      note(mine);
    }
    note(mine);
  }
};

}  // namespace daxrace::engine::exactness

#endif  // DAXRACE_CORE_ENGINE_EXACTNESS_RANDOM_FOR_TEST_H_
