/* SPDX-License-Identifier: GPL-2.0-only */
/* Read sections and grace periods. */
#include "core/engine/rcu.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/engine/explore_for_test.h"

namespace daxrace::engine {
namespace {

const Role kRcuRole("rcu-domain");
const Role kWordRole("rcu-word");
const Role kResultRole("rcu-result");

struct World {
  Rcu rcu;
  Srcu srcu;
  Mutex mutex;
  Atomic<int> x;
  Atomic<int> y;
  Plain<int> data;
  Plain<int> result[4];
};

World* w;

void note(int value) { w->result[Execution::current().self()].write(value); }
int load_x() { return w->x.load(Order::kRelaxed); }
int load_y() { return w->y.load(Order::kRelaxed); }

using Outcomes = std::set<std::string>;

void setup() {
  w = Execution::current().arena().make<World>();
  w->rcu.init(kRcuRole);
  w->srcu.init(kRcuRole);
  w->mutex.init(kRcuRole);
  w->x.init(kWordRole);
  w->y.init(kWordRole);
  w->data.init(kWordRole);
  for (auto& result : w->result) result.init(kResultRole);
}

std::string results() {
  std::string text;
  for (int i : {1, 2, 3}) text += std::to_string(w->result[i].peek());
  return text;
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

/* x, then y, in one section, as a two-digit number in base 2. */
void read_x_then_y() {
  w->rcu.read_lock();
  int x = load_x();
  int y = load_y();
  w->rcu.read_unlock();
  note(x * 2 + y);
}

void change_x_then_y() {
  w->x.store(1, Order::kRelaxed);
  w->rcu.synchronize();
  w->y.store(1, Order::kRelaxed);
}

/* Who sees x as it was must not see y as it became. */
TEST(Rcu, AGracePeriodWaitsForTheSectionsThatAreOpen) {
  EXPECT_EQ((Outcomes{"000", "200", "300"}), explore(read_x_then_y, change_x_then_y).outcomes);
  auto without = [] {
    w->x.store(1, Order::kRelaxed);
    w->y.store(1, Order::kRelaxed);
  };
  EXPECT_EQ((Outcomes{"000", "100", "200", "300"}), explore(read_x_then_y, without).outcomes);
}

TEST(Rcu, AndForNoLaterOnes) {
  static int overlapped;
  overlapped = 0;
  /* The section has to be able to begin after the grace period has, and to see it end. What came before the
   * section was before everything. */
  Explored seen = explore(
      [] {
        int before = load_x();
        w->rcu.read_lock();
        int y = load_y();
        w->rcu.read_unlock();
        note(before * 2 + y);
      },
      change_x_then_y);
  EXPECT_EQ((Outcomes{"000", "100", "200", "300"}), seen.outcomes)
      << "1: the grace period began and ended between the look at x and the section";
  auto look = [](const Execution& e) {
    bool in_section = false;
    for (const Event& event : e.trace()) {
      if (event.kind == EventKind::k_rcu_lock) in_section = true;
      if (event.kind == EventKind::k_rcu_unlock) in_section = false;
      if (event.kind == EventKind::k_rcu_synced) overlapped += in_section;
    }
  };
  explore_all(
      [] {
        setup();
        spawn_bodies({read_x_then_y, change_x_then_y});
      },
      results, look);
  EXPECT_GT(overlapped, 0) << "it waited for everybody";
}

TEST(Rcu, SectionsNest) {
  auto nested = [] {
    w->rcu.read_lock();
    int x = load_x();
    w->rcu.read_lock();
    EXPECT_EQ(2, Execution::current().self_task().rcu_nesting);
    w->rcu.read_unlock();
    int y = load_y();
    w->rcu.read_unlock();
    EXPECT_EQ(0, Execution::current().self_task().rcu_nesting);
    note(x * 2 + y);
  };
  EXPECT_EQ((Outcomes{"000", "200", "300"}), explore(nested, change_x_then_y).outcomes);
  auto two = [] {
    read_x_then_y();
    read_x_then_y();
  };
  EXPECT_EQ((Outcomes{"000", "200", "300"}), explore(two, change_x_then_y).outcomes) << "one after the other";
}

TEST(Rcu, ReadersDoNotWait) {
  auto reader = [] {
    w->rcu.read_lock();
    load_x();
    w->rcu.read_unlock();
  };
  EXPECT_EQ(0u, explore(reader, reader).contended);
  EXPECT_GT(explore(reader, [] { w->rcu.synchronize(); }).contended, 0u);
}

TEST(Rcu, TwoGracePeriodsAtATime) {
  auto second = [] {
    w->rcu.synchronize();
    note(load_x());
  };
  Explored seen = explore(second, change_x_then_y);
  EXPECT_EQ((Outcomes{"000", "100"}), seen.outcomes) << "they do not wait for each other";
}

/* Sleeping inside a section is misuse as well, and comes first. */
std::string deadlock_sentence(const Execution& e) {
  for (const Finding& finding : e.findings()) {
    if (finding.verdict == "deadlock") return finding.describe(finding, e);
  }
  return "";
}

TEST(Rcu, AGracePeriodInsideASectionIsADeadlock) {
  std::string sentence;
  auto look = [&](const Execution& e) { sentence = deadlock_sentence(e); };
  explore_all(
      [] {
        setup();
        spawn_bodies({[] {
          w->rcu.read_lock();
          w->rcu.synchronize();
        }});
      },
      results, look);
  EXPECT_NE(std::string::npos, sentence.find("A waits for rcu-domain#0")) << sentence;
  EXPECT_NE(std::string::npos, sentence.find("held by A")) << sentence;
}

TEST(Rcu, LeavingASectionThatOneIsNotInIsMisuse) {
  EXPECT_EQ((Outcomes{"misuse"}), explore([] { w->rcu.read_unlock(); }).outcomes);
}

TEST(Rcu, NamesTheReaderThatIsInTheWay) {
  std::string sentence;
  auto look = [&](const Execution& e) {
    std::string text = deadlock_sentence(e);
    if (!text.empty()) sentence = text;
  };
  explore_all(
      [] {
        setup();
        spawn_bodies({[] {
                        w->mutex.lock();
                        w->rcu.synchronize();
                        w->mutex.unlock();
                      },
                      [] {
                        w->rcu.read_lock();
                        w->mutex.lock();
                        w->mutex.unlock();
                        w->rcu.read_unlock();
                      }});
      },
      results, look);
  EXPECT_NE(std::string::npos, sentence.find("A waits for rcu-domain#0")) << sentence;
  EXPECT_NE(std::string::npos, sentence.find("held by B")) << sentence;
}

/* --- happens-before --- */

TEST(RcuOrder, ASectionThatHasEndedIsBeforeWhatFollowsTheGracePeriod) {
  auto reader = [] {
    w->rcu.read_lock();
    bool there = load_x() == 0;
    if (there) w->data.read();
    w->rcu.read_unlock();
  };
  auto freer = [] {
    w->x.store(1, Order::kRelaxed);
    w->rcu.synchronize();
    w->data.write(0);
  };
  EXPECT_EQ(0u, explore(reader, freer).races);
  EXPECT_GT(explore(reader,
                    [] {
                      w->x.store(1, Order::kRelaxed);
                      w->data.write(0);
                    })
                .races,
            0u);
  EXPECT_GT(explore(
                [] {
                  if (load_x() == 0) w->data.read();
                },
                freer)
                .races,
            0u)
      << "outside a section";
}

TEST(RcuOrder, WhatPrecedesAGracePeriodIsBeforeSectionsThatSeeItsEnd) {
  auto writer = [] {
    w->data.write(1);
    w->rcu.synchronize();
    w->x.store(1, Order::kRelaxed);
  };
  auto reader = [] {
    w->rcu.read_lock();
    if (load_x() == 1) w->data.read();
    w->rcu.read_unlock();
  };
  EXPECT_EQ(0u, explore(reader, writer).races);
  EXPECT_GT(explore(
                [] {
                  if (load_x() == 1) w->data.read();
                },
                writer)
                .races,
            0u)
      << "outside a section";
  EXPECT_GT(explore(reader,
                    [] {
                      w->data.write(1);
                      w->x.store(1, Order::kRelaxed);
                    })
                .races,
            0u);
  EXPECT_GT(explore(
                [] {
                  w->rcu.read_lock();
                  w->data.read();
                  w->rcu.read_unlock();
                },
                writer)
                .races,
            0u)
      << "a section that did not see the end";
}

TEST(RcuOrder, AssignAndDereferencePublish) {
  auto reader = [] {
    w->rcu.read_lock();
    if (rcu_dereference(w->x) == 1) w->data.read();
    w->rcu.read_unlock();
  };
  EXPECT_EQ(0u, explore(reader, [] {
                  w->data.write(1);
                  rcu_assign_pointer(w->x, 1);
                }).races);
  EXPECT_GT(explore(reader,
                    [] {
                      w->data.write(1);
                      w->x.store(1, Order::kRelaxed);
                    })
                .races,
            0u);
}

/* --- SRCU --- */

TEST(Srcu, AGracePeriodWaitsForTheSectionsThatAreOpen) {
  auto reader = [] {
    uint32_t index = w->srcu.read_lock();
    int x = load_x();
    int y = load_y();
    w->srcu.read_unlock(index);
    note(x * 2 + y);
  };
  auto writer = [] {
    w->x.store(1, Order::kRelaxed);
    w->srcu.synchronize();
    w->y.store(1, Order::kRelaxed);
  };
  EXPECT_EQ((Outcomes{"000", "200", "300"}), explore(reader, writer).outcomes);
}

TEST(Srcu, SectionsBeforeAndAfterAGracePeriodHaveOtherIndices) {
  std::set<uint32_t> indices;
  static std::set<uint32_t>* seen;
  seen = &indices;
  explore(
      [] {
        uint32_t index = w->srcu.read_lock();
        seen->insert(index);
        w->srcu.read_unlock(index);
      },
      [] { w->srcu.synchronize(); });
  EXPECT_EQ((std::set<uint32_t>{0, 1}), indices);
}

/* They may sleep, so their beginning can be in the way. */
TEST(Srcu, ASectionThatSleepsCanDeadlock) {
  Explored seen = explore(
      [] {
        uint32_t index = w->srcu.read_lock();
        EXPECT_FALSE(Execution::current().self_task().may_not_sleep());
        w->mutex.lock();
        w->mutex.unlock();
        w->srcu.read_unlock(index);
      },
      [] {
        w->mutex.lock();
        w->srcu.synchronize();
        w->mutex.unlock();
      });
  EXPECT_EQ((Outcomes{"000", "deadlock"}), seen.outcomes);
}

TEST(Srcu, DomainsAreApart) {
  Explored seen = explore([] {
    uint32_t index = w->srcu.read_lock();
    w->rcu.synchronize();
    w->srcu.read_unlock(index);
    w->rcu.read_lock();
    w->srcu.synchronize();
    w->rcu.read_unlock();
  });
  EXPECT_EQ((Outcomes{"000"}), seen.outcomes);
}

}  // namespace
}  // namespace daxrace::engine
