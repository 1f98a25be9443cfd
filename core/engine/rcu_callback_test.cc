/* SPDX-License-Identifier: GPL-2.0-only */
/* call_rcu() and rcu_barrier(). */
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/engine/explore_for_test.h"
#include "core/engine/rcu.h"

namespace daxrace::engine {
namespace {

const Role kRcuRole("rcu-callback-domain");
const Role kHeadRole("rcu-callback-head");
const Role kWordRole("rcu-callback-word");
const Role kResultRole("rcu-callback-result");

struct Item : RcuHead {
  int value = 0;
};

struct World {
  Rcu rcu;
  Srcu other;
  Item items[3];
  Atomic<int> x;
  Atomic<int> freed; /* in order, as decimal digits */
  Plain<int> data;
  Plain<int> result[4];
};

World* w;

void note(int value) { w->result[Execution::current().self()].write(value); }
int load_x() { return w->x.load(Order::kRelaxed); }

using Outcomes = std::set<std::string>;

void setup(RcuServer server = RcuServer::kSpawned) {
  w = Execution::current().arena().make<World>();
  w->rcu.init(kRcuRole, server);
  w->other.init(kRcuRole);
  for (int i = 0; i < 3; ++i) {
    w->items[i].init(kHeadRole);
    w->items[i].value = i + 1;
  }
  w->x.init(kWordRole);
  w->freed.init(kWordRole);
  w->data.init(kWordRole);
  for (auto& result : w->result) result.init(kResultRole);
}

std::string results() {
  std::string text;
  for (int i : {1, 2, 3}) text += std::to_string(w->result[i].peek());
  return text + " " + std::to_string(w->freed.peek());
}

template <class... Bodies>
Explored explore(Bodies... bodies) {
  return explore_all(
      [=] {
        setup();
        spawn_bodies({bodies...});
      },
      results);
}

void free_item(RcuHead* head) {
  int before = w->freed.load_here(Order::kRelaxed);
  w->freed.store(before * 10 + static_cast<Item*>(head)->value, Order::kRelaxed);
}

template <int kItem>
void call() {
  w->rcu.call(w->items[kItem], free_item);
}

TEST(RcuCallback, RunsAndTheTaskThatRanItEnds) {
  EXPECT_EQ((Outcomes{"000 1"}), explore(call<0>).outcomes);
  EXPECT_EQ((Outcomes{"000 12"}), explore([] {
                                    call<0>();
                                    call<1>();
                                  }).outcomes)
      << "those of one caller in order";
  EXPECT_EQ((Outcomes{"000 12", "000 21"}), explore(call<0>, call<1>).outcomes);
}

TEST(RcuCallback, ComesAfterTheSectionsThatWereOpen) {
  auto reader = [] {
    w->rcu.read_lock();
    int x = load_x();
    int freed = w->freed.load(Order::kRelaxed);
    w->rcu.read_unlock();
    note(x * 2 + freed);
  };
  Explored seen = explore(reader, [] {
    w->x.store(1, Order::kRelaxed);
    call<0>();
  });
  EXPECT_EQ((Outcomes{"000 1", "200 1", "300 1"}), seen.outcomes);
  seen = explore(reader, [] {
    call<0>();
    w->x.store(1, Order::kRelaxed);
  });
  EXPECT_EQ((Outcomes{"000 1", "100 1", "200 1", "300 1"}), seen.outcomes);
}

/* The grace period begins with the call, not when somebody comes to serve. */
TEST(RcuCallback, DoesNotWaitForSectionsThatBeganAfterTheCall) {
  Explored seen = explore([] {
    call<0>();
    w->rcu.read_lock();
    note(w->freed.load(Order::kRelaxed));
    w->rcu.read_unlock();
  });
  EXPECT_EQ((Outcomes{"000 1", "100 1"}), seen.outcomes);
}

TEST(RcuCallback, MayQueueItselfAgain) {
  Explored seen = explore([] {
    w->rcu.call(w->items[0], [](RcuHead* head) {
      free_item(head);
      if (w->freed.peek() < 100) w->rcu.call(*head, head->callback);
    });
  });
  EXPECT_EQ((Outcomes{"000 111"}), seen.outcomes);
}

TEST(RcuCallback, OfTwoDomainsBothEnd) {
  Explored seen = explore([] {
    call<0>();
    w->other.call(w->items[1], [](RcuHead*) { call<2>(); });
  });
  EXPECT_EQ((Outcomes{"000 13", "000 31"}), seen.outcomes);
}

TEST(RcuCallback, RunsInAtomicContext) {
  explore([] {
    w->rcu.call(w->items[0], [](RcuHead*) {
      EXPECT_TRUE(Execution::current().self_task().may_not_sleep());
      w->freed.store(1, Order::kRelaxed);
    });
  });
}

TEST(RcuCallback, IsRunByTheTasksProvided) {
  std::set<TaskId> who;
  static std::set<TaskId>* ran;
  ran = &who;
  auto free_and_tell = [](RcuHead* head) {
    ran->insert(Execution::current().self());
    free_item(head);
  };
  static RcuHead::Callback callback;
  callback = free_and_tell;
  auto server = [] { w->rcu.serve(); };
  Explored seen = explore_all(
      [=] {
        setup(RcuServer::kProvided);
        spawn_bodies({server, server, [] { w->rcu.call(w->items[0], callback); }});
      },
      results);
  EXPECT_EQ((Outcomes{"000 1"}), seen.outcomes);
  EXPECT_EQ((std::set<TaskId>{1, 2}), who);
}

TEST(RcuCallback, WithoutATaskToRunItStaysQueued) {
  Explored seen = explore_all(
      [] {
        setup(RcuServer::kProvided);
        spawn_bodies({[] {
          call<0>();
          w->rcu.barrier();
        }});
      },
      results);
  EXPECT_EQ((Outcomes{"deadlock"}), seen.outcomes);
}

/* --- order --- */

TEST(RcuCallback, OrdersLikeAGracePeriod) {
  auto reader = [] {
    w->rcu.read_lock();
    if (load_x() == 0) w->data.read();
    w->rcu.read_unlock();
  };
  static RcuHead::Callback write_later;
  write_later = [](RcuHead*) { w->data.write(2); };
  Explored seen = explore(reader, [] {
    w->x.store(1, Order::kRelaxed);
    w->rcu.call(w->items[0], write_later);
  });
  EXPECT_EQ(0u, seen.races);
  seen = explore(reader, [] { w->rcu.call(w->items[0], write_later); });
  EXPECT_GT(seen.races, 0u) << "it is still to be found";
  seen = explore([] {
    w->data.write(1);
    w->rcu.call(w->items[0], write_later);
  });
  EXPECT_EQ(0u, seen.races) << "the call is before the callback";
  seen = explore([] {
    w->rcu.call(w->items[0], write_later);
    w->data.read();
  });
  EXPECT_GT(seen.races, 0u) << "the caller goes on at once";
}

/* --- barrier --- */

TEST(RcuBarrier, WaitsForAllThatIsQueued) {
  auto after_barrier = [] {
    call<0>();
    w->rcu.barrier();
    note(w->freed.load(Order::kRelaxed));
  };
  EXPECT_EQ((Outcomes{"100 1"}), explore(after_barrier).outcomes);
  Explored seen = explore(after_barrier, call<1>);
  for (const std::string& outcome : seen.outcomes) EXPECT_NE('0', outcome[0]) << outcome;
  EXPECT_GT(seen.outcomes.size(), 1u);
  auto synchronised = [] {
    call<0>();
    w->rcu.synchronize();
    note(w->freed.load(Order::kRelaxed));
  };
  EXPECT_EQ((Outcomes{"000 1", "100 1"}), explore(synchronised).outcomes) << "a grace period is not enough";
}

TEST(RcuBarrier, WaitsForTheOneThatRuns) {
  auto barrier = [] {
    if (load_x() == 1) {
      w->rcu.barrier();
      note(w->freed.load(Order::kRelaxed));
    } else {
      note(9);
    }
  };
  Explored seen = explore(barrier, [] {
    w->rcu.call(w->items[0], [](RcuHead* head) {
      w->x.store(1, Order::kRelaxed);
      free_item(head);
    });
  });
  EXPECT_EQ((Outcomes{"100 1", "900 1"}), seen.outcomes);
}

TEST(RcuBarrier, OrdersAfterTheCallbacks) {
  auto write_later = [](RcuHead*) { w->data.write(2); };
  static RcuHead::Callback callback;
  callback = write_later;
  EXPECT_EQ(0u, explore([] {
                  w->rcu.call(w->items[0], callback);
                  w->rcu.barrier();
                  w->data.read();
                }).races);
  EXPECT_GT(explore([] {
              w->rcu.call(w->items[0], callback);
              w->rcu.synchronize();
              w->data.read();
            }).races,
            0u);
}

TEST(RcuBarrier, InsideASectionIsMisuse) {
  EXPECT_EQ((Outcomes{"misuse"}), explore([] {
                                    w->rcu.read_lock();
                                    call<0>();
                                    w->rcu.barrier();
                                  }).outcomes);
}

}  // namespace
}  // namespace daxrace::engine
