/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/seqcount.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/engine/explore_for_test.h"

namespace daxrace::engine {
namespace {

const Role kLockRole("seq-lock");
const Role kCountRole("seq-count");
const Role kWordRole("seq-word");
const Role kResultRole("seq-result");

struct World {
  SeqCount count;
  SeqLock lock;
  Atomic<int> x;
  Atomic<int> y;
  Plain<int> before;
  Plain<int> result[4];
};

World* w;

void note(int value) { w->result[Execution::current().self()].write(value); }

using Outcomes = std::set<std::string>;

template <class... Bodies>
Explored explore(Bodies... bodies) {
  return explore_all(
      [=] {
        w = Execution::current().arena().make<World>();
        w->count.init(kCountRole);
        w->lock.init(kLockRole, kCountRole);
        w->x.init(kWordRole);
        w->y.init(kWordRole);
        w->before.init(kWordRole);
        for (auto& result : w->result) result.init(kResultRole);
        spawn_bodies({bodies...});
      },
      [] {
        std::string text;
        for (int i : {1, 2, 3}) text += std::to_string(w->result[i].peek());
        return text;
      });
}

/* What one look at both words shows: x y. */
int look() {
  int x = w->x.load(Order::kRelaxed);
  int y = w->y.load(Order::kRelaxed);
  return x * 2 + y;
}

void change() {
  w->x.store(1, Order::kRelaxed);
  w->y.store(1, Order::kRelaxed);
}

void write() {
  w->count.write_begin();
  change();
  w->count.write_end();
}

void read() {
  uint32_t start = 0;
  int seen = 0;
  do {
    start = w->count.read_begin();
    seen = look();
  } while (w->count.read_retry(start));
  note(seen);
}

TEST(SeqCount, ReadersSeeAllOfAWriteOrNothing) {
  Explored seen = explore(read, write);
  EXPECT_EQ((Outcomes{"000", "300"}), seen.outcomes);
  const Outcomes torn = {"000", "100", "200", "300"};
  EXPECT_EQ(torn, explore([] { note(look()); }, write).outcomes) << "this is what it is good for";
}

TEST(SeqCount, WithoutASecondLookAWriteIsTorn) {
  auto careless = [] {
    w->count.read_begin();
    note(look());
  };
  EXPECT_EQ((Outcomes{"000", "100", "200", "300"}), explore(careless, write).outcomes);
}

TEST(SeqCount, TwoWritersAtATimeFoolReaders) {
  auto write_2 = [] {
    w->count.write_begin();
    w->x.store(0, Order::kRelaxed);
    w->y.store(0, Order::kRelaxed);
    w->count.write_end();
  };
  auto both = [=](void (*second)()) {
    return explore_pruned(
               [=] {
                 w = Execution::current().arena().make<World>();
                 w->count.init(kCountRole);
                 w->lock.init(kLockRole, kCountRole);
                 w->x.init(kWordRole);
                 w->y.init(kWordRole);
                 for (auto& result : w->result) result.init(kResultRole);
                 spawn_bodies({read, write, second});
               },
               [] { return std::to_string(w->result[1].peek()); })
        .outcomes;
  };
  Outcomes seen = both(write_2);
  EXPECT_TRUE(seen.count("1") + seen.count("2") > 0) << "the count was even while both were inside";
}

/* A reader spins while a writer is inside; it is not to blame when the writer never leaves. */
TEST(SeqCount, AReaderWaitsForTheWriterToLeave) {
  EXPECT_EQ((Outcomes{"livelock"}), explore([] {
                                      w->count.write_begin();
                                      w->count.read_begin();
                                    }).outcomes);
}

TEST(SeqCount, OrdersAReaderAfterTheWriteThatItSaw) {
  auto writer = [] {
    w->before.write(7);
    write();
  };
  Explored seen = explore(
      [] {
        uint32_t start = w->count.read_begin();
        int x = w->x.load(Order::kRelaxed);
        bool torn = w->count.read_retry(start);
        if (x == 1 && !torn) w->before.read();
      },
      writer);
  EXPECT_EQ(0u, seen.races);
  seen = explore(
      [] {
        w->count.read_begin();
        int x = w->x.load(Order::kRelaxed);
        if (x == 1) w->before.read();
      },
      writer);
  EXPECT_GT(seen.races, 0u) << "what a torn section read orders nothing";
}

/* --- seqlock --- */

void locked_increment() {
  w->lock.write_lock();
  int x = w->x.load_here(Order::kRelaxed);
  w->x.store(x + 1, Order::kRelaxed);
  w->y.store(x + 1, Order::kRelaxed);
  w->lock.write_unlock();
}

void locked_read() {
  uint32_t start = 0;
  int x = 0;
  int y = 0;
  do {
    start = w->lock.read_begin();
    x = w->x.load(Order::kRelaxed);
    y = w->y.load(Order::kRelaxed);
  } while (w->lock.read_retry(start));
  note(x == y ? x : 9);
}

TEST(SeqLock, SerialisesWriters) {
  Explored seen = explore_pruned(
      [] {
        w = Execution::current().arena().make<World>();
        w->lock.init(kLockRole, kCountRole);
        w->x.init(kWordRole);
        w->y.init(kWordRole);
        for (auto& result : w->result) result.init(kResultRole);
        spawn_bodies({locked_read, locked_increment, locked_increment});
      },
      [] { return std::to_string(w->result[1].peek()) + std::to_string(w->x.peek()); });
  EXPECT_EQ((Outcomes{"02", "12", "22"}), seen.outcomes);
}

TEST(SeqLock, AWriterIsInAtomicContext) {
  explore([] {
    w->lock.write_lock();
    EXPECT_TRUE(Execution::current().self_task().may_not_sleep());
    w->lock.write_unlock();
    EXPECT_FALSE(Execution::current().self_task().may_not_sleep());
  });
}

TEST(SeqLock, AnExclusiveReaderKeepsWritersOut) {
  Explored seen = explore(
      [] {
        w->lock.read_lock_excl();
        note(look());
        w->lock.read_unlock_excl();
      },
      locked_increment);
  EXPECT_EQ((Outcomes{"000", "300"}), seen.outcomes);
}

}  // namespace
}  // namespace daxrace::engine
