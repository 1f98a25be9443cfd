/* SPDX-License-Identifier: GPL-2.0-only */
/* A search by several processes: what one finds, whatever is killed or interrupted. */
#include "core/engine/workers.h"

#include <gtest/gtest.h>

#include <map>

#include "core/engine/checkpoint.h"
#include "core/engine/strategy_dfs.h"
#include "core/engine/workers_for_test.h"

namespace daxrace::engine::workers_test {
namespace {

constexpr StrategyOptions kAll{.preemptions_max = UINT32_MAX, .preemptions_min = UINT32_MAX, .prune = false};
constexpr StrategyOptions kBounded{.preemptions_max = 2, .prune = false};
constexpr StrategyOptions kRecognised{.preemptions_max = 3, .prune = true};

Searched by_one_process(Program program, const StrategyOptions& options) {
  DfsStrategy dfs(options);
  Execution execution;
  Searched searched;
  do {
    Search::Stats before = dfs.stats();
    while (dfs.advance()) {
      if (execution.run(dfs, search_test::spawn_all, &program) == engine::End::kAbandoned) continue;
      add(searched, dfs.bound(), describe(execution));
    }
    Search::Stats stats = dfs.stats();
    stats.executions -= before.executions;
    stats.pruned -= before.pruned;
    stats.repeats -= before.repeats;
    stats.steps -= before.steps;
    searched.bounds.push_back({dfs.bound(), stats, true});
  } while (dfs.widen(dfs.left_out()));
  return searched;
}

Searched by_workers(Program program, const StrategyOptions& options, const WorkersOptions& workers,
                    Trouble trouble = {}) {
  return by_workers(std::move(program), std::make_unique<DfsStrategy>(options), workers, trouble);
}

void expect_same_bounds(const Searched& one, const Searched& other, const std::string& what) {
  ASSERT_EQ(one.bounds.size(), other.bounds.size()) << what;
  for (size_t i = 0; i < one.bounds.size(); ++i) {
    EXPECT_EQ(one.bounds[i].bound, other.bounds[i].bound) << what;
    EXPECT_EQ(one.bounds[i].stats, other.bounds[i].stats) << what << ", bound " << one.bounds[i].bound;
    EXPECT_TRUE(other.bounds[i].complete) << what;
  }
}

TEST(Workers, TheSameExecutionsWhateverTheirNumber) {
  for (const Program& program : programs()) {
    for (const StrategyOptions& options : {kAll, kBounded}) {
      Searched one = by_one_process(program, options);
      for (int jobs : {1, 2, 3}) {
        std::string what = std::string(program.name) + ", " + std::to_string(jobs) + " jobs";
        Searched many = by_workers(program, options, {.jobs = jobs});
        EXPECT_EQ(End::kComplete, many.result.end) << what << ": " << many.result.error;
        EXPECT_EQ(one.found, many.found) << what;
        EXPECT_EQ(0, many.result.killed) << what;
        EXPECT_NEAR(1.0, many.result.last.done, 1e-9) << what;
        expect_same_bounds(one, many, what);
      }
    }
  }
}

TEST(Workers, TheSameOutcomesAndStatesWhereStatesAreRecognised) {
  for (const Program& program : programs()) {
    Searched one = by_one_process(program, kRecognised);
    for (int jobs : {1, 2, 3}) {
      std::string what = std::string(program.name) + ", " + std::to_string(jobs) + " jobs";
      Searched many = by_workers(program, kRecognised, {.jobs = jobs});
      EXPECT_EQ(End::kComplete, many.result.end) << what;
      EXPECT_EQ(one.outcomes, many.outcomes) << what;
      ASSERT_EQ(one.bounds.size(), many.bounds.size()) << what;
      for (size_t i = 0; i < one.bounds.size(); ++i) {
        EXPECT_EQ(one.bounds[i].stats.states, many.bounds[i].stats.states) << what;
      }
      if (jobs == 1) {
        EXPECT_EQ(one.found, many.found) << what;
        expect_same_bounds(one, many, what);
      }
    }
  }
}

TEST(Workers, WorkIsShared) {
  Program program = programs()[3];
  DfsStrategy dfs(kAll);
  Execution execution;
  std::map<std::string, int> executions; /* of each process */
  WorkersCallbacks callbacks;
  callbacks.run = [&](Search& search, std::string* report) {
    execution.run(search, search_test::spawn_all, &program);
    *report = std::to_string(getpid());
    /* Until somebody else has come to do something. */
    for (int i = 0; shared_counter().exchange(getpid()) == getpid() && i < 5; ++i) usleep(10);
  };
  callbacks.report = [&](uint32_t, std::string_view who) {
    ++executions[std::string(who)];
    return Kept::kNo;
  };
  WorkersResult result = run_workers(dfs, {.jobs = 3}, callbacks);
  EXPECT_EQ(3u, executions.size());
}

TEST(Workers, AKilledWorkerIsReplacedAndNothingIsLostOrCountedTwice) {
  for (const Program& program : {programs()[1], programs()[4]}) {
    for (const StrategyOptions& options : {kAll, kBounded, kRecognised}) {
      Searched one = by_one_process(program, options);
      for (int jobs : {1, 2, 3}) {
        for (int at : {0, 1, 7, 20, 39}) {
          std::string what = std::string(program.name) + ", " + std::to_string(jobs) + " jobs, killed at " +
                             std::to_string(at);
          Searched many = by_workers(program, options, {.jobs = jobs}, {.kill_at = at});
          EXPECT_EQ(End::kComplete, many.result.end) << what << ": " << many.result.error;
          EXPECT_EQ(1, many.result.killed) << what;
          EXPECT_EQ(one.outcomes, many.outcomes) << what;
          ASSERT_EQ(one.bounds.size(), many.bounds.size()) << what;
          for (size_t i = 0; i < one.bounds.size(); ++i) {
            EXPECT_EQ(one.bounds[i].stats.states, many.bounds[i].stats.states) << what;
            if (options.prune) continue;
            EXPECT_EQ(one.bounds[i].stats, many.bounds[i].stats) << what;
          }
        }
      }
    }
  }
}

TEST(Workers, APartThatKillsWhoeverTakesItEndsTheSearch) {
  Searched many = by_workers(programs()[1], kAll, {.jobs = 2}, {.kill_at = 10, .kills = 1000000});
  EXPECT_EQ(End::kFailed, many.result.end);
  EXPECT_NE(std::string::npos, many.result.error.find("SIGKILL")) << many.result.error;
  EXPECT_EQ(std::string::npos, many.result.error.find('\n'));
}

TEST(Workers, StopsWhenTheCallerHasSeenEnough) {
  for (int jobs : {1, 3}) {
    Program program = programs()[3];
    DfsStrategy dfs(kAll);
    Execution execution;
    int heard = 0;
    WorkersCallbacks callbacks;
    callbacks.run = [&](Search& search, std::string* report) {
      execution.run(search, search_test::spawn_all, &program);
      *report = describe(execution);
    };
    callbacks.report = [&](uint32_t, std::string_view) { return ++heard == 5 ? Kept::kStop : Kept::kNo; };
    WorkersResult result = run_workers(dfs, {.jobs = jobs}, callbacks);
    EXPECT_EQ(End::kStopped, result.end);
    EXPECT_EQ(5, heard);
    ASSERT_EQ(1u, result.bounds.size());
    EXPECT_FALSE(result.bounds[0].complete);
  }
}

/* --- interrupted and resumed --- */

TEST(Workers, InterruptedAndResumedIsTheSameSearch) {
  File file;
  int interruptions = 0;
  for (const Program& program : {programs()[2], programs()[4]}) {
    for (const StrategyOptions& options : {kAll, kBounded, kRecognised}) {
      Searched one = by_one_process(program, options);
      for (int jobs : {1, 2}) {
        for (int at : {1, 2, 13, 30, 31, 55}) {
          std::string what = std::string(program.name) + ", " + std::to_string(jobs) +
                             " jobs, interrupted at " + std::to_string(at);
          WorkersOptions workers{.jobs = jobs, .checkpoint = file.path()};
          Searched part = by_workers(program, options, workers, {.interrupt_at = at});
          bool interrupted = part.result.end == End::kInterrupted;
          EXPECT_TRUE(interrupted || part.result.end == End::kComplete) << what;
          if (!interrupted) continue;
          ++interruptions;
          EXPECT_FALSE(part.bounds.back().complete) << what;
          workers.resume = file.path();
          workers.jobs = 3 - jobs; /* another number does as well */
          if (options.prune) workers.jobs = jobs;
          Searched rest = by_workers(program, options, workers);
          EXPECT_EQ(End::kComplete, rest.result.end) << what << ": " << rest.result.error;
          EXPECT_EQ(one.outcomes, rest.outcomes) << what;
          if (!options.prune || jobs == 1) {
            EXPECT_EQ(one.found, rest.found) << what;
            expect_same_bounds(one, rest, what);
          }
          EXPECT_FALSE(std::filesystem::exists(file.path())) << what << ": it is over";
        }
      }
    }
  }
  EXPECT_GT(interruptions, 20);
}

TEST(Workers, InterruptedAgainAndAgain) {
  File file;
  const Program program = programs()[4];
  Searched one = by_one_process(program, kBounded);
  WorkersOptions workers{.jobs = 2, .checkpoint = file.path()};
  int times = 0;
  Searched part;
  do {
    /* What was heard before is delivered again first. */
    auto heard = static_cast<int>(part.found.size());
    part = by_workers(program, kBounded, workers, {.interrupt_at = heard + 7});
    workers.resume = file.path();
  } while (part.result.end == End::kInterrupted && ++times < 1000);
  EXPECT_GT(times, 2);
  EXPECT_EQ(one.found, part.found);
  expect_same_bounds(one, part, "in pieces");
}

TEST(Workers, APeriodicCheckpointGoesOnFromTheMiddle) {
  File file;
  const std::string copy = file.path() + ".copy";
  const Program program = programs()[4];
  for (const StrategyOptions& options : {kAll, kRecognised}) {
    for (int jobs : {1, 3}) {
      Searched one = by_one_process(program, options);
      /* With no time between them there is one after each round of news; the last is the one that counts. */
      DfsStrategy dfs(options);
      dfs.set_subject(program.name);
      Execution execution;
      Program again = program;
      WorkersCallbacks callbacks;
      callbacks.run = [&](Search& search, std::string* report) {
        bool abandoned = execution.run(search, search_test::spawn_all, &again) == engine::End::kAbandoned;
        if (!abandoned) *report = describe(execution);
      };
      int copies = 0;
      callbacks.report = [&](uint32_t, std::string_view) {
        if (std::filesystem::exists(file.path()) && copies < 4) {
          std::filesystem::copy_file(file.path(), copy, std::filesystem::copy_options::overwrite_existing);
          ++copies;
        }
        return Kept::kYes;
      };
      run_workers(dfs, {.jobs = jobs, .checkpoint = file.path(), .checkpoint_ms = 0}, callbacks);
      ASSERT_GT(copies, 0);
      Searched rest = by_workers(program, options, {.jobs = jobs, .resume = copy});
      EXPECT_EQ(End::kComplete, rest.result.end) << rest.result.error;
      EXPECT_EQ(one.outcomes, rest.outcomes);
      if (!options.prune || jobs == 1) {
        EXPECT_EQ(one.found, rest.found);
        expect_same_bounds(one, rest, "from a periodic checkpoint");
      }
      std::filesystem::remove(copy);
    }
  }
}

/* --- refused --- */

class Refused : public ::testing::Test {
 protected:
  Refused() {
    by_workers(programs()[4], kRecognised, {.jobs = 2, .checkpoint = file_.path()}, {.interrupt_at = 20});
    std::string error;
    EXPECT_TRUE(read_file(file_.path(), &bytes_, &error)) << error;
  }

  std::string why(const Program& program, const StrategyOptions& options) {
    Searched searched = by_workers(program, options, {.resume = file_.path()});
    if (searched.result.end != End::kFailed) return "accepted";
    EXPECT_EQ(std::string::npos, searched.result.error.find('\n'));
    EXPECT_TRUE(searched.found.empty());
    return searched.result.error;
  }
  void replace(std::string_view bytes) {
    std::string error;
    EXPECT_TRUE(write_file(file_.path(), bytes, &error)) << error;
  }

  File file_;
  std::string bytes_;
};

TEST_F(Refused, ACheckpointOfAnotherSearch) {
  EXPECT_EQ("accepted", why(programs()[4], kRecognised));
  replace(bytes_);
  EXPECT_NE(std::string::npos, why(programs()[3], kRecognised).find("of another search"));
  EXPECT_NE(std::string::npos, why(programs()[4], kBounded).find("of another search"));
  StrategyOptions more = kRecognised;
  ++more.preemptions_max;
  EXPECT_NE(std::string::npos, why(programs()[4], more).find("preemptions 0 to 3"));
}

TEST_F(Refused, WhatIsNoCheckpoint) {
  for (std::string_view text : {"", "daxrace 1\ntask P.A\n"}) {
    replace(text);
    EXPECT_NE(std::string::npos, why(programs()[4], kRecognised).find("not a checkpoint"));
  }
  std::filesystem::remove(file_.path());
  EXPECT_NE(std::string::npos, why(programs()[4], kRecognised).find("No such file"));
}

TEST_F(Refused, ACheckpointThatWasCutOff) {
  for (size_t size = 9; size < bytes_.size(); size += bytes_.size() / 50 + 1) {
    replace(bytes_.substr(0, size));
    EXPECT_NE(std::string::npos, why(programs()[4], kRecognised).find("cut off or damaged")) << size;
  }
  replace(bytes_ + '\0');
  EXPECT_NE(std::string::npos, why(programs()[4], kRecognised).find("cut off or damaged"));
}

TEST_F(Refused, ACheckpointWithAFlippedBit) {
  for (size_t at = 0; at < bytes_.size(); at += bytes_.size() / 100 + 1) {
    std::string damaged = bytes_;
    damaged[at] = static_cast<char>(damaged[at] ^ 1 << at % 8);
    replace(damaged);
    EXPECT_NE("accepted", why(programs()[4], kRecognised)) << "byte " << at;
  }
}

}  // namespace
}  // namespace daxrace::engine::workers_test
