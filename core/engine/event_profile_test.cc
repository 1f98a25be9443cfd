/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/event_profile.h"

#include <gtest/gtest.h>

#include <bit>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/strategies.h"
#include "core/engine/sync.h"

namespace daxrace::engine {
namespace {

const Role kSharedRole("profile-shared");
const Role kReadRole("profile-read");
const Role kOwnRole("profile-own");
const Role kLockRole("profile-lock");

int rounds = 0;
bool deadlocks = false;

/* Runs what there is next, at its default choices, and learns from it. */
class Learner : public Strategy {
 public:
  Needs needs() const override { return {.trace = profile.due(), .state = false}; }
  bool begin() override { return true; }
  size_t pick(const Pick&) override { return 0; }
  uint32_t draw(const Execution&, uint32_t) override { return 0; }
  void end(const Execution& execution) override { profile.learn(execution); }

  void run(Execution::Body body) { execution_.run(*this, body, nullptr); }

  EventProfile profile;

 private:
  Execution execution_{{.trace = false}};
};

void access(Atomic<int>* word, int n) {
  for (int i = 0; i < n; ++i) word->fetch_add(1, Order::kRelaxed);
}

TEST(EventProfile, KnowsWhatTasksDid) {
  Learner learner;
  learner.run([](void*) {
    Execution& e = Execution::current();
    auto* shared = e.arena().make<Atomic<int>>(kSharedRole);
    auto* read = e.arena().make<Atomic<int>>(kReadRole);
    auto* own = e.arena().make<Atomic<int>>(kOwnRole);
    access(own, 1);
    TaskId one = e.spawn(
        [=] {
          access(shared, 2);
          read->load(Order::kRelaxed);
          Execution::current().spawn([=] { access(shared, 1); }, "child");
          access(own, 1);
          access(shared, 1);
        },
        "one");
    read->load(Order::kRelaxed);
    e.join(one);
  });
  const EventProfile& profile = learner.profile;
  ASSERT_EQ(3, profile.tasks());
  EXPECT_EQ(0, profile.parent(1));
  EXPECT_EQ(1, profile.parent(2));
  /* The first task's start does nothing visible, and its access, load and join are three. */
  EXPECT_EQ(3u, profile.events()[0]);
  EXPECT_EQ(5u, profile.events()[1]);
  EXPECT_EQ(1u, profile.events()[2]);
  for (TaskId id : {0, 1, 2}) EXPECT_TRUE(profile.silent_start(id)) << int{id};
  /* Reads do not conflict, and `own` was not touched by others after the first spawn. */
  ASSERT_EQ(1u, profile.objects());
  EXPECT_EQ(combine(kSharedRole.hash(), 0), profile.key(0));
  auto touches = [&](TaskId id) {
    auto span = profile.touches(0, id);
    return std::vector<uint32_t>(span.begin(), span.end());
  };
  EXPECT_EQ(std::vector<uint32_t>(), touches(0));
  EXPECT_EQ((std::vector<uint32_t>{1, 2, 5}), touches(1));
  EXPECT_EQ(std::vector<uint32_t>{1}, touches(2));
}

void varying(void*) {
  Execution& e = Execution::current();
  auto* shared = e.arena().make<Atomic<int>>(kSharedRole);
  auto* locks = e.arena().make_array<Lock>(2);
  for (int i = 0; i < 2; ++i) locks[i].init(kLockRole);
  e.spawn(
      [=] {
        access(shared, rounds);
        if (!deadlocks) return;
        locks[0].lock();
        locks[0].lock();
      },
      "task");
}

TEST(EventProfile, CountsAreMeansOverTasksThatEnded) {
  Learner learner;
  std::vector<uint32_t> counts;
  for (int n : {4, 8, 9, 6, 6, 1}) {
    rounds = n;
    deadlocks = n == 1;
    learner.run(varying);
    counts.push_back(learner.profile.events()[1]);
  }
  /* Known after executions 0, 1, 2 and 4. */
  EXPECT_EQ((std::vector<uint32_t>{4, 6, 7, 7, 7, 7}), counts);
}

TEST(EventProfile, ATaskThatNeverEndsCountsAsTheMostItDid) {
  Learner learner;
  deadlocks = true;
  for (int n : {3, 2}) {
    rounds = n;
    learner.run(varying);
    EXPECT_EQ(3u, learner.profile.events()[1]);
  }
}

TEST(EventProfile, IsDueEverMoreSeldom) {
  Learner learner;
  rounds = 1;
  deadlocks = false;
  for (uint32_t i = 0; i < 100; ++i) {
    EXPECT_EQ(i == 0 || std::has_single_bit(i), learner.profile.due()) << i;
    learner.run(varying);
  }
}

}  // namespace
}  // namespace daxrace::engine
