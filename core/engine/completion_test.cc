/* SPDX-License-Identifier: GPL-2.0-only */
/* Completions beyond complete() and wait(). */
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/engine/explore_for_test.h"
#include "core/engine/sync.h"

namespace daxrace::engine {
namespace {

const Role kDoneRole("completion-done");
const Role kWordRole("completion-word");
const Role kResultRole("completion-result");

struct World {
  Completion done;
  Plain<int> data;
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
        w->done.init(kDoneRole);
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

void complete() { w->done.complete(); }
void complete_all() { w->done.complete_all(); }
void wait() {
  w->done.wait();
  note(1);
}

TEST(Completion, AllLetsEverybodyThroughNowAndLater) {
  auto wait_twice = [] {
    w->done.wait();
    w->done.wait();
    note(1);
  };
  EXPECT_EQ((Outcomes{"110"}), explore(wait_twice, wait, complete_all).outcomes);
  EXPECT_EQ((Outcomes{"deadlock"}), explore(wait_twice, wait, complete).outcomes);
  /* One more changes nothing. */
  EXPECT_EQ((Outcomes{"100"}), explore(wait_twice, complete, complete_all).outcomes);
}

TEST(Completion, ReinitialisedLetsNobodyThrough) {
  auto all_then_reinit = [] {
    w->done.complete_all();
    w->done.reinit_completion();
  };
  EXPECT_EQ((Outcomes{"100", "deadlock"}), explore(wait, all_then_reinit).outcomes);
  EXPECT_EQ((Outcomes{"100"}), explore(wait, [] {
                                 w->done.reinit_completion();
                                 w->done.complete();
                               }).outcomes);
}

TEST(Completion, AllOrdersForEveryWaiter) {
  auto reader = [] {
    w->done.wait();
    note(w->data.read());
  };
  Explored seen = explore(reader, reader, [] {
    w->data.write(1);
    w->done.complete_all();
  });
  EXPECT_EQ((Outcomes{"110"}), seen.outcomes);
  EXPECT_EQ(0u, seen.races);
  EXPECT_GT(explore(reader,
                    [] {
                      w->done.complete_all();
                      w->data.write(1);
                    })
                .races,
            0u);
}

void wait_interruptibly() { note(w->done.wait_interruptible() ? 1 : 2); }
void interrupt() { send_signal(1); }

TEST(Completion, InterruptibleWaitEndsWithEither) {
  EXPECT_EQ((Outcomes{"100"}), explore(wait_interruptibly, complete).outcomes);
  EXPECT_EQ((Outcomes{"200"}), explore(wait_interruptibly, interrupt).outcomes);
  EXPECT_EQ((Outcomes{"100", "200"}), explore(wait_interruptibly, complete, interrupt).outcomes);
  EXPECT_EQ((Outcomes{"deadlock"}), explore(wait, interrupt).outcomes);
}

/* What is done counts, whatever came first. */
TEST(Completion, ASignalDoesNotHideWhatIsDone) {
  EXPECT_EQ((Outcomes{"100"}), explore([] {
                                 send_signal(1);
                                 w->done.complete();
                                 wait_interruptibly();
                               }).outcomes);
}

TEST(Completion, AnInterruptedWaiterTakesNothing) {
  Explored seen = explore(wait_interruptibly, interrupt, [] {
    w->done.complete();
    note(w->done.try_wait() ? 3 : 4);
  });
  EXPECT_EQ((Outcomes{"203", "104"}), seen.outcomes);
}

/* To be interrupted is to be told nothing of what the others did. */
TEST(Completion, AnInterruptedWaiterIsNotOrdered) {
  auto reader = [] {
    bool interrupted = !w->done.wait_interruptible();
    if (interrupted) w->data.read();
  };
  EXPECT_GT(explore(reader, interrupt, [] { w->data.write(1); }).races, 0u);
}

TEST(Completion, TimeoutIsNoDeadlock) {
  auto wait_with_timeout = [] { note(w->done.wait_timeout() ? 1 : 2); };
  EXPECT_EQ((Outcomes{"200"}), explore(wait_with_timeout).outcomes);
  EXPECT_EQ((Outcomes{"100", "200"}), explore(wait_with_timeout, complete).outcomes);
}

TEST(Completion, TryingNeverWaits) {
  auto try_it = [] { note(w->done.try_wait() ? 1 : 2); };
  Explored seen = explore(try_it, complete);
  EXPECT_EQ((Outcomes{"100", "200"}), seen.outcomes);
  EXPECT_EQ(0u, seen.contended);
}

}  // namespace
}  // namespace daxrace::engine
