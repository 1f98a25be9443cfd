/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/wait_var.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/engine/explore_for_test.h"

namespace daxrace::engine {
namespace {

const Role kTableRole("wait-var-table");
const Role kWordRole("wait-var-word");
const Role kResultRole("wait-var-result");

struct World {
  WaitVarTable table;
  Atomic<int> x;
  Atomic<int> y;
  Plain<int> data;
  Plain<int> result[4];
};

World* w;

void note(int value) { w->result[Execution::current().self()].write(value); }

using Outcomes = std::set<std::string>;

/* One queue for all: x and y collide. */
template <class... Bodies>
Explored explore(Bodies... bodies) {
  return explore_all(
      [=] {
        w = Execution::current().arena().make<World>();
        w->table.init(kTableRole, 1);
        w->x.init(kWordRole);
        w->y.init(kWordRole);
        w->data.init(kWordRole);
        for (auto& result : w->result) result.init(kResultRole);
        spawn_bodies({bodies...});
      },
      [] {
        std::string text;
        for (int i : {1, 2, 3}) text += std::to_string(w->result[i].peek());
        return text;
      });
}

void wait_for_x() {
  wait_var_event(w->table, w->x, [] { return w->x.load(Order::kAcquire) != 0; });
  note(1 + w->data.read());
}

void wait_for_y() {
  wait_var_event(w->table, w->y, [] { return w->y.load(Order::kAcquire) != 0; });
  note(5);
}

void set_x_and_wake() {
  w->data.write(1);
  w->x.store(1, Order::kRelease);
  w->table.wake_up_var(w->x);
}

TEST(WaitVar, LosesNoWakeUp) {
  Explored seen = explore(wait_for_x, set_x_and_wake);
  EXPECT_EQ((Outcomes{"200"}), seen.outcomes);
  EXPECT_GT(seen.contended, 0u);
  EXPECT_EQ(0u, seen.races);
}

TEST(WaitVar, WakesAllThatWaitForTheVariable) {
  EXPECT_EQ((Outcomes{"220"}), explore_pruned(
                                   [] {
                                     w = Execution::current().arena().make<World>();
                                     w->table.init(kTableRole, 1);
                                     w->x.init(kWordRole);
                                     w->data.init(kWordRole);
                                     for (auto& result : w->result) result.init(kResultRole);
                                     spawn_bodies({wait_for_x, wait_for_x, set_x_and_wake});
                                   },
                                   [] {
                                     std::string text;
                                     for (int i : {1, 2, 3}) text += std::to_string(w->result[i].peek());
                                     return text;
                                   })
                                   .outcomes);
}

/* The change is there, and a wake-up, but for another variable of the same queue. */
TEST(WaitVar, WakesNobodyThatWaitsForAnother) {
  auto set_y_and_wake_x = [] {
    w->y.store(1, Order::kRelease);
    w->table.wake_up_var(w->x);
  };
  EXPECT_EQ((Outcomes{"500", "lost-wakeup"}), explore(wait_for_y, set_y_and_wake_x).outcomes);
  auto set_y_and_wake = [] {
    w->y.store(1, Order::kRelease);
    w->table.wake_up_var(w->y);
  };
  EXPECT_EQ((Outcomes{"500"}), explore(wait_for_y, set_y_and_wake).outcomes);
}

/* Whether anybody waits is read without the lock, and counts only after the change. */
TEST(WaitVar, LookingForWaitersBeforeTheChangeLosesAWakeUp) {
  auto wrong = [] {
    bool somebody = w->table.queue_of(w->x).active();
    w->x.store(1, Order::kRelease);
    if (somebody) w->table.queue_of(w->x).wake(1, w->x.key);
  };
  EXPECT_EQ((Outcomes{"100", "lost-wakeup"}), explore(wait_for_x, wrong).outcomes);
}

TEST(WaitVar, InterruptibleAndTimedWaitsEnd) {
  auto interruptible = [] {
    auto is_set = [] { return w->x.load(Order::kAcquire) != 0; };
    note(wait_var_event_interruptible(w->table, w->x, is_set) ? 1 : 2);
  };
  EXPECT_EQ((Outcomes{"100", "200"}), explore(interruptible, [] {
                                        send_signal(1);
                                        w->x.store(1, Order::kRelease);
                                        w->table.wake_up_var(w->x);
                                      }).outcomes);
  EXPECT_EQ((Outcomes{"200"}), explore(interruptible, [] { send_signal(1); }).outcomes);
  auto timed = [] {
    auto is_set = [] { return w->x.load(Order::kAcquire) != 0; };
    note(wait_var_event_timeout(w->table, w->x, is_set) ? 1 : 2);
  };
  EXPECT_EQ((Outcomes{"200"}), explore(timed).outcomes);
}

}  // namespace
}  // namespace daxrace::engine
