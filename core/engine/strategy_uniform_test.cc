/* SPDX-License-Identifier: GPL-2.0-only */
/* pos, urw, surw: the distribution that each promises, as frequencies over many executions. */
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "core/engine/data.h"
#include "core/engine/strategies.h"
#include "core/engine/sync.h"

namespace daxrace::engine {
namespace {

const Role kWordRole("uniform-word");
const Role kPrivateRole("uniform-private");
const Role kLockRole("uniform-lock");

struct World {
  Atomic<int>* x = nullptr;
  Atomic<int>* own = nullptr; /* one for each task */
  Lock* lock = nullptr;
  std::string order;
};

World w;

using Body = void (*)();

void mark(char letter) { w.order += letter; }

void access(char letter) {
  w.x->store(letter, Order::kRelaxed);
  mark(letter);
}

void access(char letter, int n) {
  for (int i = 0; i < n; ++i) access(letter);
}

void access_own(int n) {
  TaskId self = Execution::current().self();
  for (int i = 0; i < n; ++i) w.own[self].fetch_add(1, Order::kRelaxed);
}

void first(void* body) {
  Execution& e = Execution::current();
  w = World();
  w.x = e.arena().make<Atomic<int>>(kWordRole);
  w.own = e.arena().make_array<Atomic<int>>(8);
  for (int i = 0; i < 8; ++i) w.own[i].init(kPrivateRole);
  w.lock = e.arena().make<Lock>();
  w.lock->init(kLockRole);
  (*static_cast<Body*>(body))();
}

void spawn(Body body) { Execution::current().spawn(body, "task"); }

/* How often each order came. */
std::map<std::string, int> sample(const char* name, Body body, int n, int warm_up = 1) {
  auto strategy = find_strategy(name)->make({.seed = 7});
  Execution execution({.trace = false});
  std::map<std::string, int> orders;
  for (int i = 0; i < n + warm_up; ++i) {
    EXPECT_TRUE(strategy->begin());
    EXPECT_EQ(End::kFinished, execution.run(*strategy, first, &body));
    if (i >= warm_up) ++orders[w.order];
  }
  return orders;
}

/* Every one of `cells` orders comes, and chi-square is less than four and a half standard deviations above
 * its mean. */
void expect_uniform(const std::map<std::string, int>& orders, int n, size_t cells) {
  EXPECT_EQ(cells, orders.size());
  double expected = double(n) / double(cells);
  double sum = 0;
  for (const auto& [order, count] : orders) sum += (count - expected) * (count - expected) / expected;
  double freedom = double(cells) - 1;
  EXPECT_LT(sum, freedom + 4.5 * std::sqrt(2 * freedom));
}

/* W1: eight accesses of one word. */
void w1() {
  spawn([] { access('a', 4); });
  spawn([] { access('b', 4); });
}

/* 6! / (1! 2! 3!) */
void three_tasks() {
  spawn([] { access('a', 1); });
  spawn([] { access('b', 2); });
  spawn([] { access('c', 3); });
}

/* a, then a again beside c, c; and b, b beside all of it: 3 * 15. */
void spawn_in_the_middle() {
  spawn([] {
    access('a');
    spawn([] { access('c', 2); });
    access('a');
  });
  spawn([] { access('b', 2); });
}

/* The first three events are forced: 5! / (2! 3!) are left. */
void forced_steps() {
  access('a');
  Execution::current().op_boundary(1);
  access('a', 2);
  Execution::current().op_boundary(2);
  spawn([] { access('b', 3); });
  access('a', 2);
}

/* Starts that do something are events: two of them, and an access each. */
void starts_that_do_something() {
  for (Body body : {Body([] {
                      mark('A');
                      w.own[1].store_here(1, Order::kRelaxed);
                      access('a');
                    }),
                    Body([] {
                      mark('B');
                      w.own[2].store_here(1, Order::kRelaxed);
                      access('b');
                    })}) {
    spawn(body);
  }
}

constexpr int kN = 30000;

TEST(UrwStrategy, IsUniformOverInterleavings) {
  expect_uniform(sample("urw", w1, kN), kN, 70);
  expect_uniform(sample("urw", three_tasks, kN), kN, 60);
}

TEST(UrwStrategy, IsUniformWithASpawnInTheMiddle) {
  expect_uniform(sample("urw", spawn_in_the_middle, kN), kN, 45);
}

TEST(UrwStrategy, CountsForcedStepsAndNoticesNoBoundaries) {
  expect_uniform(sample("urw", forced_steps, kN), kN, 10);
}

TEST(UrwStrategy, CountsStartsThatDoSomething) {
  expect_uniform(sample("urw", starts_that_do_something, kN), kN, 6);
}

/* The random walk is far from it: what the test above can tell. */
TEST(UrwStrategy, IsNoRandomWalk) {
  auto orders = sample("random", w1, kN);
  EXPECT_GT(orders["aaaabbbb"], 3 * kN / 70);
}

TEST(SurwStrategy, IsUniformOverTheInterestingEvents) {
  expect_uniform(sample("surw", w1, kN), kN, 70);
  expect_uniform(sample("surw", spawn_in_the_middle, kN), kN, 45);
}

/* However many other events there are: urw would nearly always let the first task's accesses come first. */
TEST(SurwStrategy, IsUniformWhateverElseHappens) {
  auto body = [] {
    spawn([] { access('a', 4); });
    spawn([] {
      access_own(40);
      access('b', 2);
      access_own(10);
      access('b', 2);
    });
  };
  expect_uniform(sample("surw", body, kN), kN, 70);
}

/* The parent was intended to do the next event when it spawned: by events, it may be the child's turn. */
TEST(SurwStrategy, AnIntendedParentHandsOver) {
  auto body = [] {
    spawn([] {
      access('a');
      access_own(1);
      spawn([] { access('c', 2); });
      access('a');
    });
    spawn([] { access('b', 2); });
  };
  expect_uniform(sample("surw", body, kN), kN, 45);
}

/* An object that nobody else touches, or that all only read, is never the chosen one. */
TEST(SurwStrategy, ChoosesAmongSharedObjects) {
  auto body = [] {
    for (int task = 0; task < 2; ++task) {
      Execution::current().spawn(
          [task] {
            for (int i = 0; i < 4; ++i) {
              access(static_cast<char>('a' + task));
              access_own(1);
              w.own[0].load(Order::kRelaxed);
            }
          },
          "task");
    }
  };
  expect_uniform(sample("surw", body, kN), kN, 70);
}

/* --- pos --- */

/*
 * The share of executions in which the second task's six events, its start and five accesses, all come before
 * the access `a` of the first task. q and p are the priorities of that task's start and of `a`, b1 to b6
 * those of the six. All six are above q with probability 1/7. Otherwise the first j of them are, and p is
 * below the next one, which is below q, and `a` loses to those that are left.
 */
double share_of_last(Body body) {
  auto orders = sample("pos", body, kN);
  return double(orders["bbbbba"]) / kN;
}

TEST(PosStrategy, PrioritiesLast) {
  auto body = [] {
    spawn([] {
      access_own(1);
      mark('a');
    });
    spawn([] {
      for (int i = 0; i < 5; ++i) {
        access_own(1);
        mark('b');
      }
    });
  };
  /* p is the lowest of all eight, and q is not the lowest of the others. */
  EXPECT_NEAR(1.0 / 7 + 6.0 / 7 / 8, share_of_last(body), 0.011);
}

TEST(PosStrategy, DependentEventsGetAnotherPriority) {
  auto body = [] {
    spawn([] { access('a', 1); });
    spawn([] { access('b', 5); });
  };
  /* After it has lost to an access, `a` loses the next race with probability 1/2; a start is independent. */
  double expected = 1.0 / 7 + 1.0 / 8 / 16;
  for (int j = 1; j < 6; ++j) expected += std::pow(0.5, 5 - j) / ((j + 1) * (j + 2) * (j + 3));
  EXPECT_NEAR(expected, share_of_last(body), 0.009);
}

/* The second task was not chosen for its first access, but had to do it, as the first one was blocked. What
 * it does next is another event, of even chances, although the first one had lost. */
TEST(PosStrategy, ForcedEventsTakeTheirPriorityWithThem) {
  auto orders = sample(
      "pos",
      [] {
        spawn([] {
          access_own(1);
          mark('a');
          w.lock->lock();
          mark('k');
          w.lock->unlock();
        });
        spawn([] {
          w.lock->lock();
          mark('l');
          access_own(1);
          mark('1');
          w.lock->unlock();
          access_own(1);
          mark('2');
        });
      },
      kN);
  int locks = orders["la1k2"];
  int both = locks + orders["la12k"];
  ASSERT_GT(both, 1000);
  EXPECT_NEAR(0.5, double(locks) / both, 0.05);
}

}  // namespace
}  // namespace daxrace::engine
