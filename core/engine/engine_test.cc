/* SPDX-License-Identifier: GPL-2.0-only */
/* The engine as a C++ test uses it, and as it must not be used. */
#include "core/engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>

namespace daxrace::engine {
namespace {

using testing::HasSubstr;

std::string sentence(const Report& report) {
  return report.findings.empty() ? "nothing"
                                 : report.findings[0].verdict + ": " + report.findings[0].sentence;
}

void add_twice() {
  Atomic<int> x("x", 0);
  auto add = [&x] {
    int old = x.load();
    x.store(old + 1);
  };
  TaskId a = spawn(add, "A");
  TaskId b = spawn(add, "B");
  join(a);
  join(b);
  check(x.load() == 2, "an addition was lost");
}

TEST(Explore, EveryStrategyFindsALostUpdateAndNoneAnAtomicAddition) {
  for (const StrategyInfo& info : strategy_table()) {
    Report bad = explore({.strategy = info.name}, add_twice);
    EXPECT_EQ("assertion: setup: an addition was lost", sentence(bad)) << info.name;
    EXPECT_THAT(bad.interleaving, HasSubstr("B  store x#0 = 1")) << info.name;
    Report good = explore({.strategy = info.name, .executions = 500}, [] {
      Atomic<int> x("x", 0);
      TaskId a = spawn([&x] { x.fetch_add(1); }, "A");
      TaskId b = spawn([&x] { x.fetch_add(1); }, "B");
      join(a);
      join(b);
      check(x.load() == 2, "an addition was lost");
    });
    EXPECT_TRUE(good.passed()) << info.name << ": " << good;
  }
}

TEST(Explore, ARecordedScheduleShowsTheSameAgain) {
  Report first = explore({}, add_twice);
  ASSERT_FALSE(first.passed());
  for (int i = 0; i < 3; ++i) {
    Report again = replay(first.schedule, add_twice);
    EXPECT_EQ(sentence(first), sentence(again));
    EXPECT_EQ(first.interleaving, again.interleaving);
  }
}

TEST(Explore, SaysWhenEverythingWasSeen) {
  Report all = explore({.strategy = "dfs", .tuning = {.preemptions_max = UINT32_MAX}, .stop_at_first = false},
                       add_twice);
  EXPECT_TRUE(all.exhausted);
  ASSERT_EQ(1u, all.findings.size());
  EXPECT_LT(all.findings[0].hits, all.executions);
  EXPECT_FALSE(explore({.executions = 3}, [] {}).exhausted);
}

/* Everything below owns memory: a leak is found by the build with ASan. */

struct Counted {
  static inline int alive = 0;
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  ~Counted() { --alive; }
};

TEST(Unwinding, EveryTaskThatBeganIsUnwoundWhenOneFails) {
  for (const StrategyInfo& info : strategy_table()) {
    Report report = explore({.strategy = info.name, .executions = 200, .stop_at_first = false}, [] {
      auto shared = std::make_unique<Atomic<int>>("x", 0);
      auto work = [&shared] {
        Counted mine;
        std::vector<int> memory(100);
        for (int i = 0; i < 3; ++i) {
          int old = shared->load();
          shared->store(old + 1);
        }
        check(shared->load() < 5, "five");
      };
      TaskId a = spawn(work, "A");
      TaskId b = spawn(work, "B");
      Counted mine;
      join(a);
      join(b);
    });
    EXPECT_TRUE(report.found("assertion")) << info.name;
    EXPECT_EQ(0, Counted::alive) << info.name;
  }
}

TEST(Unwinding, PassesDestructorsThatUseTheEngine) {
  struct Adds {
    Atomic<int>& x;
    ~Adds() noexcept(false) { x.fetch_add(1); }
  };
  Report report = explore({.executions = 200, .stop_at_first = false}, [] {
    Atomic<int> x("x", 0);
    auto work = [&x] {
      Adds at_the_end{x};
      check(x.load() != 1, "one");
      x.store(3);
    };
    TaskId a = spawn(work, "A");
    TaskId b = spawn(work, "B");
    join(a);
    join(b);
  });
  EXPECT_EQ(report.found("assertion"), !report.findings.empty());
}

TEST(Unwinding, ATaskMaySwitchInsideACatchBlock) {
  Report report = explore({.executions = 300}, [] {
    Atomic<int> x("x", 0);
    auto work = [&x] {
      for (int i = 0; i < 3; ++i) {
        try {
          throw std::runtime_error("own " + std::to_string(i));
        } catch (const std::exception& e) {
          x.fetch_add(1);
          check(std::string(e.what()) == "own " + std::to_string(i), "another task's exception");
        }
      }
    };
    TaskId a = spawn(work, "A");
    TaskId b = spawn(work, "B");
    join(a);
    join(b);
  });
  EXPECT_TRUE(report.passed()) << report;
}

TEST(BadUse, ABodyThatThrowsIsAFindingThatSaysWhat) {
  Report report = explore({}, [] {
    Counted mine;
    Atomic<int> x("x", 0);
    TaskId a = spawn([] { throw std::out_of_range("no such page"); }, "A");
    x.store(1);
    join(a);
  });
  EXPECT_THAT(sentence(report), HasSubstr("misuse: A ended by an exception: no such page"));
  EXPECT_EQ(0, Counted::alive);
  EXPECT_THAT(sentence(explore({}, [] { throw 3; })), HasSubstr("no std::exception"));
}

TEST(BadUse, ATaskTooManyIsAFinding) {
  Report report = explore({}, [] {
    Atomic<int> x("x", 0);
    for (int i = 0; i < 200; ++i) spawn([&x] { x.fetch_add(1); }, "one of many");
  });
  EXPECT_THAT(sentence(report), HasSubstr("one task more than Limits::tasks_max"));
}

TEST(BadUse, MemoryWithoutEndIsAFinding) {
  ExploreOptions options{.executions = 2, .stop_at_first = false};
  options.limits.memory_max = 4u << 20;
  Report report = explore(options, [] {
    Counted mine;
    while (true) Execution::current().arena().make_array<char>(100000);
  });
  EXPECT_THAT(sentence(report), HasSubstr("more memory than Limits::memory_max"));
  EXPECT_EQ(0, Counted::alive);
}

TEST(BadUse, ALoopWithoutEndIsALivelock) {
  ExploreOptions options;
  options.limits.steps_max = 500;
  Report report = explore(options, [] {
    Atomic<int> x("x", 0);
    while (x.load() == 0) {
    }
  });
  EXPECT_TRUE(report.found("livelock")) << report;
}

TEST(BadUse, ABodyThatSwallowsTheUnwindingIsGivenUp) {
  Report report = explore({.executions = 2, .stop_at_first = false}, [] {
    Atomic<int> x("x", 0);
    TaskId stubborn = spawn(
        [&x] {
          while (true) {
            try {
              x.fetch_add(1);
            } catch (...) {
            }
          }
        },
        "stubborn");
    x.store(1);
    check(false, "stop");
    join(stubborn);
  });
  EXPECT_TRUE(report.found("assertion")) << report;
}

TEST(BadUse, AnUnknownStrategyIsAnErrorOfTheHarness) {
  EXPECT_EQ("there is no strategy bfs", explore({.strategy = "bfs"}, add_twice).harness_error);
}

/* A clock, an address, a value that was never set: whatever it is, the two runs differ at some step. */
TEST(SelfCheck, NamesTheFirstStepThatDiffered) {
  int runs = 0;
  auto body = [&runs] {
    Atomic<int> x("x", 0);
    x.store(7);
    x.store(++runs);
  };
  Report report = explore({.self_check = true}, body);
  EXPECT_THAT(report.harness_error,
              HasSubstr("step 2 was setup store x#0 = 1, and then setup store x#0 = 2"));
  EXPECT_FALSE(report.passed());
  Report sound = explore({.executions = 100, .self_check = true}, [] {
    Atomic<int> x("x", 0);
    TaskId a = spawn([&x] { x.fetch_add(1); }, "A");
    x.fetch_add(1);
    join(a);
  });
  EXPECT_TRUE(sound.passed()) << sound;
}

/* A bounded queue of one slot, with everything that C++ has for it. */
void producer_and_consumer(bool notify_inside) {
  Named<Mutex> mutex("mutex");
  Named<CondVar> filled("filled");
  Named<Semaphore> slots("slots", 1u);
  Named<Barrier> start("start", 2u);
  Plain<int> slot("slot", 0);
  TaskId producer = spawn(
      [&] {
        start.arrive_and_wait();
        for (int i = 1; i <= 2; ++i) {
          slots.acquire();
          if (!notify_inside) filled.notify_one();
          std::lock_guard guard(mutex);
          slot.write(i);
          if (notify_inside) filled.notify_one();
        }
      },
      "producer");
  TaskId consumer = spawn(
      [&] {
        start.arrive_and_wait();
        for (int i = 1; i <= 2; ++i) {
          std::unique_lock lock(mutex);
          while (slot.read() != i) filled.wait(lock);
          slots.release();
        }
      },
      "consumer");
  join(producer);
  join(consumer);
}

TEST(Explore, ProgramsWithEverythingThatCppHas) {
  for (const StrategyInfo& info : strategy_table()) {
    ExploreOptions options{.strategy = info.name, .executions = 300};
    Report sound = explore(options, [] { producer_and_consumer(true); });
    EXPECT_TRUE(sound.passed()) << info.name << ": " << sound;
    /* It is named a deadlock where the producer, which is stuck too, could have been the one to wake. */
    options.stop_at_first = false;
    Report lost = explore(options, [] { producer_and_consumer(false); });
    EXPECT_TRUE(lost.found("lost-wakeup")) << info.name << ": " << lost;
  }
}

TEST(Tasks, ThereMayBe128) {
  Report report = explore({.executions = 5}, [] {
    Atomic<int> x("x", 0);
    std::vector<TaskId> tasks;
    for (int i = 1; i < kTasksMax; ++i) tasks.push_back(spawn([&x] { x.fetch_add(1); }, "one of many"));
    for (TaskId task : tasks) join(task);
    check(x.load() == kTasksMax - 1, "all have run");
  });
  EXPECT_TRUE(report.passed()) << report;
}

}  // namespace
}  // namespace daxrace::engine
