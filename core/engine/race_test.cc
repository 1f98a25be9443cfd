/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/race.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/engine/data.h"
#include "core/engine/strategies.h"
#include "core/engine/sync.h"

namespace daxrace::engine {
namespace {

const Role kDataRole("race-data");
const Role kFlagRole("race-flag");
const Role kSyncRole("race-sync");

/* What the tasks of one execution share. */
struct Shared {
  Plain<int> data{kDataRole};
  Atomic<int> flag{kFlagRole};
  Lock lock;
  Lock other_lock;
  RwSemaphore sem;
  WaitQueue queue;
  Completion done;
};

Shared* make_shared_state() {
  auto* s = Execution::current().arena().make<Shared>();
  s->lock.init(kSyncRole, LockUse::kTriedToo);
  s->other_lock.init(kSyncRole);
  s->sem.init(kSyncRole);
  s->queue.init(kSyncRole);
  s->done.init(kSyncRole);
  return s;
}

void write_data(Shared* s) { s->data.write(s->data.peek() + 1, DAXRACE_SITE("write", "data")); }
int read_data(Shared* s) { return s->data.read(DAXRACE_SITE("read", "data")); }

struct Seen {
  int executions = 0;
  int races = 0;
  int both = 0;                   /* executions in which two tasks accessed the data */
  std::set<std::string> accesses; /* of races: earlier/later */
};

void look(const Execution& execution, Seen& seen) {
  ++seen.executions;
  std::set<TaskId> who;
  for (const Event& event : execution.trace()) {
    if (event.role == &kDataRole) who.insert(event.task);
  }
  seen.both += who.size() >= 2;
  for (const Finding& finding : execution.findings()) {
    if (finding.verdict != "data-race") continue;
    ++seen.races;
    auto trace = execution.trace();
    const Event& now = trace[finding.step];
    const Event& past = trace[finding.other_step];
    EXPECT_LT(finding.other_step, finding.step);
    EXPECT_EQ(finding.task, now.task);
    EXPECT_EQ(finding.other_task, past.task);
    EXPECT_NE(now.task, past.task);
    EXPECT_EQ(finding.site, now.site);
    EXPECT_EQ(finding.other_site, past.site);
    EXPECT_EQ(finding.role, now.role);
    EXPECT_EQ(finding.role, past.role);
    EXPECT_EQ(finding.object, now.object);
    seen.accesses.insert(std::string(name_of(past.kind)) + "/" + std::string(name_of(now.kind)));
  }
}

/* All schedules of `first`, which gets the shared state; not pruned, because clocks are not in the key. */
template <class F>
Seen explore(const F& first) {
  auto strategy = make_dfs_strategy({.preemptions_max = 1000, .preemptions_min = 1000, .prune = false});
  Execution execution;
  Seen seen;
  auto body = [&first] { first(make_shared_state()); };
  using Body = decltype(body);
  while (seen.executions < 200000 && strategy->begin()) {
    execution.run(*strategy, [](void* arg) { (*static_cast<Body*>(arg))(); }, &body);
    look(execution, seen);
  }
  EXPECT_LT(seen.executions, 200000);
  return seen;
}

/* Tasks A and B at the same time. */
template <class A, class B>
Seen explore2(const A& a, const B& b) {
  return explore([&](Shared* s) {
    Execution::current().spawn([&a, s] { a(s); }, "A");
    Execution::current().spawn([&b, s] { b(s); }, "B");
  });
}

void expect_none(const Seen& seen) {
  EXPECT_EQ(0, seen.races) << "of " << seen.executions;
  EXPECT_GT(seen.both, 0) << "no schedule has both accesses: this shows nothing";
}

void expect_some(const Seen& seen) { EXPECT_GT(seen.races, 0) << "of " << seen.executions; }

TEST(DataRace, WriteAndWrite) {
  Seen seen = explore2(write_data, write_data);
  EXPECT_EQ(seen.executions, seen.races) << "in whatever order they come";
  EXPECT_EQ((std::set<std::string>{"plain_write/plain_write"}), seen.accesses);
}

TEST(DataRace, ReadAndWriteInBothOrders) {
  Seen seen = explore2(read_data, write_data);
  EXPECT_EQ(seen.executions, seen.races);
  EXPECT_EQ((std::set<std::string>{"plain_read/plain_write", "plain_write/plain_read"}), seen.accesses);
}

TEST(DataRace, ReadsDoNotRace) { expect_none(explore2(read_data, read_data)); }

TEST(DataRace, OtherObjectsDoNotRace) {
  expect_none(explore([](Shared* s) {
    auto* own = Execution::current().arena().make<Plain<int>>(kDataRole);
    Execution::current().spawn([s] { s->data.write(1); }, "A");
    Execution::current().spawn([own] { own->write(1); }, "B");
  }));
}

TEST(DataRace, SentenceNamesBothSides) {
  auto strategy = make_dfs_strategy({});
  Execution execution;
  ASSERT_TRUE(strategy->begin());
  auto first = [](void*) {
    Shared* s = make_shared_state();
    Execution::current().spawn([s] { write_data(s); }, "P.writer");
    Execution::current().spawn([s] { read_data(s); }, "Q.reader");
  };
  execution.run(*strategy, first, nullptr);
  ASSERT_EQ(1u, execution.findings().size());
  const Finding& finding = execution.findings()[0];
  std::string text = finding.describe(finding, execution);
  for (const char* word :
       {"P.writer", "Q.reader", "race-data#0", "write_data", "read_data", "reads", "writes"}) {
    EXPECT_NE(std::string::npos, text.find(word)) << word << " in: " << text;
  }
}

/* --- what orders --- */

TEST(Ordered, ByALockButNotByTwo) {
  auto under = [](Lock Shared::* lock, void (*access)(Shared*)) {
    return [lock, access](Shared* s) {
      (s->*lock).lock();
      access(s);
      (s->*lock).unlock();
    };
  };
  expect_none(explore2(under(&Shared::lock, write_data), under(&Shared::lock, write_data)));
  expect_some(explore2(under(&Shared::lock, write_data), under(&Shared::other_lock, write_data)));
}

TEST(Ordered, ByTryLock) {
  auto locked = [](Shared* s) {
    if (!s->lock.try_lock()) return;
    write_data(s);
    s->lock.unlock();
  };
  expect_none(explore2(locked, locked));
  expect_some(explore2(locked, [](Shared* s) {
    bool taken = s->lock.try_lock();
    write_data(s);
    if (taken) s->lock.unlock();
  }));
}

TEST(Ordered, ByARwSemaphoreUnlessBothShare) {
  auto exclusive = [](Shared* s) {
    s->sem.down_write();
    write_data(s);
    s->sem.up_write();
  };
  auto shared_write = [](Shared* s) {
    s->sem.down_read();
    write_data(s);
    s->sem.up_read();
  };
  auto shared_read = [](Shared* s) {
    s->sem.down_read();
    read_data(s);
    s->sem.up_read();
  };
  expect_none(explore2(exclusive, exclusive));
  expect_none(explore2(exclusive, shared_read));
  expect_none(explore2(shared_read, shared_read));
  expect_some(explore2(shared_write, shared_read));
}

/* data; flag = 1   against   if (flag) data */
Seen pass_message(Order store, Order load) {
  return explore2(
      [store](Shared* s) {
        write_data(s);
        s->flag.store(1, store);
      },
      [load](Shared* s) {
        if (s->flag.load(load) == 1) read_data(s);
      });
}

TEST(Ordered, ByReleaseAndAcquireTogether) {
  expect_none(pass_message(Order::kRelease, Order::kAcquire));
  expect_none(pass_message(Order::kFull, Order::kFull));
  expect_some(pass_message(Order::kRelease, Order::kRelaxed));
  expect_some(pass_message(Order::kRelaxed, Order::kAcquire));
  expect_some(pass_message(Order::kRelaxed, Order::kRelaxed));
}

/* The same with relaxed accesses and fences; kRelaxed stands for none. */
Seen pass_with_fences(Order before_store, Order after_load) {
  return explore2(
      [=](Shared* s) {
        write_data(s);
        if (before_store != Order::kRelaxed) fence(before_store);
        s->flag.store(1, Order::kRelaxed);
      },
      [=](Shared* s) {
        int seen = s->flag.load(Order::kRelaxed);
        if (after_load != Order::kRelaxed) fence(after_load);
        if (seen == 1) read_data(s);
      });
}

TEST(Ordered, ByAPairOfFences) {
  expect_none(pass_with_fences(Order::kRelease, Order::kAcquire));
  expect_none(pass_with_fences(Order::kFull, Order::kFull));
  expect_some(pass_with_fences(Order::kRelease, Order::kRelaxed));
  expect_some(pass_with_fences(Order::kRelaxed, Order::kAcquire));
  expect_some(pass_with_fences(Order::kAcquire, Order::kAcquire));
  expect_some(pass_with_fences(Order::kRelease, Order::kRelease));
}

TEST(Ordered, AFenceCoversOnlyWhatStandsBeforeIt) {
  expect_some(explore2(
      [](Shared* s) {
        fence(Order::kFull);
        write_data(s);
        s->flag.store(1, Order::kRelaxed);
      },
      [](Shared* s) {
        int seen = s->flag.load(Order::kRelaxed);
        fence(Order::kFull);
        if (seen == 1) read_data(s);
      }));
}

/* A releases 1, C changes it to 2, B acquires 2. */
template <class F>
Seen pass_through(const F& change) {
  return explore([&change](Shared* s) {
    Execution& e = Execution::current();
    e.spawn(
        [s] {
          write_data(s);
          s->flag.store(1, Order::kRelease);
        },
        "A");
    e.spawn([s, &change] { change(s); }, "C");
    e.spawn(
        [s] {
          if (s->flag.load(Order::kAcquire) == 2) read_data(s);
        },
        "B");
  });
}

TEST(Ordered, ByAReleaseSequenceThatAnRmwExtends) {
  expect_none(pass_through([](Shared* s) { s->flag.compare_exchange(1, 2, Order::kRelaxed); }));
  expect_none(pass_through([](Shared* s) {
    if (s->flag.load(Order::kRelaxed) == 1) s->flag.fetch_add(1, Order::kRelaxed);
  }));
  expect_some(pass_through([](Shared* s) {
    if (s->flag.load(Order::kRelaxed) == 1) s->flag.store(2, Order::kRelaxed);
  }));
}

TEST(Ordered, AFailedCompareExchangeOnlyReads) {
  expect_some(explore2(
      [](Shared* s) {
        write_data(s);
        s->flag.store(1, Order::kRelease);
      },
      [](Shared* s) {
        bool zero = s->flag.compare_exchange(0, 0, Order::kFull);
        if (!zero) read_data(s);
      }));
}

TEST(Ordered, RelaxedAccessesBetweenHideNothing) {
  Seen seen = explore2(
      [](Shared* s) {
        write_data(s);
        s->flag.fetch_add(1, Order::kRelaxed);
      },
      [](Shared* s) {
        s->flag.fetch_add(1, Order::kRelaxed);
        read_data(s);
      });
  EXPECT_EQ(seen.executions, seen.races) << "found in every schedule, not only in the unlucky ones";
}

TEST(Ordered, ByAWakeUp) {
  auto sleeper = [](Shared* s) {
    WaitEntry entry;
    s->queue.prepare_to_wait(entry, true);
    s->queue.schedule(entry);
    s->queue.finish_wait(entry);
    read_data(s);
  };
  expect_none(explore2(sleeper, [](Shared* s) {
    write_data(s);
    s->queue.wake(1, WaitQueue::kAnyKey);
  }));
  expect_some(explore2(sleeper, [](Shared* s) {
    s->queue.wake(1, WaitQueue::kAnyKey);
    write_data(s);
  }));
}

TEST(Ordered, ByACompletion) {
  auto waiter = [](Shared* s) {
    s->done.wait();
    read_data(s);
  };
  expect_none(explore2(waiter, [](Shared* s) {
    write_data(s);
    s->done.complete();
  }));
  expect_some(explore2(waiter, [](Shared* s) {
    s->done.complete();
    write_data(s);
  }));
}

TEST(Ordered, BySpawnAndJoin) {
  expect_none(explore([](Shared* s) {
    write_data(s);
    TaskId child = Execution::current().spawn([s] { write_data(s); }, "A");
    Execution::current().join(child);
    read_data(s);
  }));
  expect_some(explore([](Shared* s) {
    Execution::current().spawn([s] { write_data(s); }, "A");
    write_data(s);
  }));
  expect_some(explore([](Shared* s) {
    Execution& e = Execution::current();
    TaskId other = e.spawn([] {}, "A");
    e.spawn([s] { write_data(s); }, "B");
    e.join(other);
    read_data(s);
  }));
}

/* Readers do not order each other: the writer has waited for all but one of them. */
TEST(DataRace, AWriterAndOneOfManyReaders) {
  for (int left_out = 0; left_out < 3; ++left_out) {
    auto strategy = make_dfs_strategy({.preemptions_max = 0, .prune = false});
    Execution execution;
    int executions = 0;
    while (strategy->begin()) {
      auto first = [](void* arg) {
        Shared* s = make_shared_state();
        Execution& e = Execution::current();
        TaskId readers[3];
        for (TaskId& id : readers) id = e.spawn([s] { read_data(s); }, "reader");
        for (int i = 0; i < 3; ++i) {
          if (i != *static_cast<int*>(arg)) e.join(readers[i]);
        }
        write_data(s);
      };
      execution.run(*strategy, first, &left_out);
      ++executions;
      ASSERT_EQ(1u, execution.findings().size());
      const Finding& finding = execution.findings()[0];
      TaskId reader = static_cast<TaskId>(1 + left_out);
      EXPECT_EQ(reader, std::max(finding.task, finding.other_task));
      EXPECT_EQ(0, std::min(finding.task, finding.other_task));
    }
    EXPECT_GT(executions, 3);
  }
}

}  // namespace
}  // namespace daxrace::engine
