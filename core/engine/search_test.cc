/* SPDX-License-Identifier: GPL-2.0-only */
/* An exhaustive search as a thing that is saved, restored, split and measured, in one process. */
#include "core/engine/search.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <set>

#include "core/engine/sanitized_for_test.h"
#include "core/engine/search_programs_for_test.h"
#include "core/engine/strategy_dfs.h"
#include "core/engine/strategy_dpor.h"
#include "core/engine/strategy_stateful.h"

namespace daxrace::engine {
namespace {

using search_test::Program;
using search_test::programs;

constexpr StrategyOptions kAll{.preemptions_max = UINT32_MAX, .preemptions_min = UINT32_MAX, .prune = false};
constexpr StrategyOptions kBounded{.preemptions_max = 2, .prune = false};
constexpr StrategyOptions kRecognised{.preemptions_max = 2, .prune = true};

/* Every execution by its trace, in the order in which they were run. */
std::vector<uint64_t> run_to_the_end(Search& search, Program program) {
  std::vector<uint64_t> hashes;
  Execution execution;
  while (search.begin()) {
    execution.run(search, search_test::spawn_all, &program);
    hashes.push_back(execution.trace_hash());
  }
  return hashes;
}

/* Whether a search of its kind that is saved and restored between any two executions goes on as the whole. */
template <class Make>
void expect_same_after_restore(const Program& program, const Make& make) {
  auto whole = make();
  const std::vector<uint64_t> hashes = run_to_the_end(*whole, program);
  const size_t stride = hashes.size() / (kSanitized ? 8 : 40) + 1;
  auto first = make();
  Execution execution;
  Program again = program;
  double progress = 0;
  for (size_t done = 0; done < hashes.size(); ++done) {
    if (done % stride == 0) {
      std::string error;
      auto second = make();
      ASSERT_TRUE(second->restore(first->save(), &error)) << error;
      EXPECT_EQ(first->save(), second->save());
      std::vector<uint64_t> rest = run_to_the_end(*second, program);
      EXPECT_EQ(std::vector<uint64_t>(hashes.begin() + static_cast<std::ptrdiff_t>(done), hashes.end()), rest)
          << program.name << ", stopped after " << done;
      EXPECT_EQ(whole->stats(), second->stats()) << program.name << ", stopped after " << done;
    }
    ASSERT_TRUE(first->begin());
    execution.run(*first, search_test::spawn_all, &again);
    EXPECT_GE(first->progress(), progress);
    progress = first->progress();
  }
  EXPECT_FALSE(first->begin());
  EXPECT_EQ(1, first->progress());
}

TEST(Search, SearchesWithoutABoundGoOnExactlyWhereTheyStopped) {
  for (const Program& program : programs()) {
    expect_same_after_restore(program, [] { return std::make_unique<DporStrategy>(); });
    for (bool sleep : {false, true}) {
      expect_same_after_restore(program, [sleep] {
        return std::make_unique<StatefulStrategy>(StrategyOptions{.sleep_sets = sleep});
      });
    }
  }
}

TEST(Search, ACheckpointOfAnotherStrategyIsRefused) {
  std::string error;
  DporStrategy dpor;
  EXPECT_FALSE(dpor.restore(StatefulStrategy({}).save(), &error));
  EXPECT_NE(std::string::npos, error.find("dpor")) << error;
}

TEST(Search, RestoredItGoesOnExactlyWhereItStopped) {
  for (const Program& program : programs()) {
    for (const StrategyOptions& options : {kAll, kBounded, kRecognised}) {
      DfsStrategy whole(options);
      const std::vector<uint64_t> hashes = run_to_the_end(whole, program);
      const size_t stride = hashes.size() / (kSanitized ? 8 : 40) + 1;
      DfsStrategy first(options);
      Execution execution;
      Program again = program;
      for (size_t done = 0; done < hashes.size(); ++done) {
        if (done % stride == 0) {
          std::string error;
          DfsStrategy second(options);
          ASSERT_TRUE(second.restore(first.save(), &error)) << error;
          EXPECT_EQ(first.save(), second.save());
          EXPECT_EQ(first.progress(), second.progress());
          std::vector<uint64_t> rest = run_to_the_end(second, program);
          EXPECT_EQ(std::vector<uint64_t>(hashes.begin() + static_cast<std::ptrdiff_t>(done), hashes.end()),
                    rest)
              << program.name << ", stopped after " << done;
          EXPECT_EQ(whole.stats(), second.stats()) << program.name << ", stopped after " << done;
        }
        ASSERT_TRUE(first.begin());
        execution.run(first, search_test::spawn_all, &again);
      }
    }
  }
}

TEST(Search, ProgressNeverFallsAndEndsAtOne) {
  for (const Program& program : programs()) {
    for (const StrategyOptions& options : {kAll, kBounded, kRecognised}) {
      DfsStrategy dfs(options);
      Execution execution;
      Program again = program;
      do {
        double last = dfs.progress();
        EXPECT_EQ(0, last);
        while (dfs.advance()) {
          execution.run(dfs, search_test::spawn_all, &again);
          EXPECT_GE(dfs.progress(), last) << program.name;
          EXPECT_LE(dfs.progress(), 1) << program.name;
          last = dfs.progress();
        }
        EXPECT_NEAR(1, dfs.progress(), 1e-9) << program.name;
      } while (dfs.widen(dfs.left_out()));
    }
  }
}

/* In a tree whose choices are alike, the fraction of executions is the fraction of the tree. */
TEST(Search, ProgressIsExactWhereSubtreesAreAlike) {
  Program program{"three draws", {[] {
                    for (int i = 0; i < 3; ++i) Execution::current().choose(4);
                  }}};
  DfsStrategy dfs(kAll);
  Execution execution;
  for (int done = 1; dfs.advance(); ++done) {
    execution.run(dfs, search_test::spawn_all, &program);
    EXPECT_NEAR(done / 64.0, dfs.progress(), 1e-9);
  }
}

/* Parts, each explored by a search of its own and split now and then, are together the whole: each execution
 * once, statistics and progress that add up. */
TEST(Search, PartsAddUpToTheWhole) {
  for (const Program& program : programs()) {
    for (uint64_t stride : {1, 2, 5, 17}) {
      DfsStrategy whole(kAll);
      std::vector<uint64_t> hashes = run_to_the_end(whole, program);
      std::multiset<uint64_t> found;
      Search::Stats total;
      double progress = 0;
      size_t parts = 0;
      std::deque<std::string> queue{DfsStrategy(kAll).save()};
      Execution execution;
      Program again = program;
      for (; !queue.empty(); ++parts) {
        DfsStrategy part(kAll);
        std::string error;
        ASSERT_TRUE(part.restore(queue.front(), &error)) << error;
        queue.pop_front();
        EXPECT_EQ(Search::Stats{}, part.stats());
        while (part.advance()) {
          execution.run(part, search_test::spawn_all, &again);
          found.insert(execution.trace_hash());
          std::string given;
          double before = part.progress();
          if (part.stats().executions % stride == 0 && part.split(&given)) queue.push_back(given);
          EXPECT_NEAR(before, part.progress(), 1e-9);
        }
        std::string given;
        EXPECT_FALSE(part.split(&given)) << "nothing is left";
        total.add(part.stats());
        progress += part.progress();
      }
      EXPECT_EQ(std::multiset<uint64_t>(hashes.begin(), hashes.end()), found) << program.name;
      EXPECT_EQ(whole.stats(), total) << program.name;
      EXPECT_NEAR(1, progress, 1e-9) << program.name;
      EXPECT_TRUE(hashes.size() < 50 || parts > 2) << program.name;
    }
  }
}

/* Within a bound, a part has the preemptions that its prefix leaves. */
TEST(Search, PartsOfABoundStayWithinIt) {
  const Program program = programs()[4];
  for (uint32_t bound : {1u, 2u}) {
    const StrategyOptions options{.preemptions_max = bound, .preemptions_min = bound, .prune = false};
    DfsStrategy whole(options);
    std::vector<uint64_t> hashes = run_to_the_end(whole, program);
    std::multiset<uint64_t> found;
    bool left_out = false;
    std::deque<std::string> queue{DfsStrategy(options).save()};
    Execution execution;
    Program again = program;
    while (!queue.empty()) {
      DfsStrategy part(options);
      std::string error;
      ASSERT_TRUE(part.restore(queue.front(), &error)) << error;
      queue.pop_front();
      while (part.advance()) {
        execution.run(part, search_test::spawn_all, &again);
        EXPECT_LE(execution.preemptions(), bound);
        found.insert(execution.trace_hash());
        std::string given;
        if (part.split(&given)) queue.push_back(given);
      }
      left_out = left_out || part.left_out();
    }
    EXPECT_EQ(std::multiset<uint64_t>(hashes.begin(), hashes.end()), found);
    EXPECT_EQ(whole.left_out(), left_out);
  }
}

TEST(Search, RefusesWhatIsNotItsOwn) {
  DfsStrategy dfs(kBounded);
  dfs.set_subject("program 1");
  const std::string bytes = dfs.save();
  std::string error;
  EXPECT_TRUE(dfs.restore(bytes, &error));
  DfsStrategy others(kRecognised);
  others.set_subject("program 1");
  EXPECT_FALSE(others.restore(bytes, &error));
  EXPECT_EQ(
      "a checkpoint of another search: dfs, preemptions 0 to 2, no states; program 1; this is dfs, "
      "preemptions 0 "
      "to 2, states recognised; program 1",
      error);
  dfs.set_subject("program 2");
  EXPECT_FALSE(dfs.restore(bytes, &error));
  dfs.set_subject("program 1");
  for (size_t i = 0; i < bytes.size(); ++i) {
    error.clear();
    EXPECT_FALSE(dfs.restore(bytes.substr(0, i), &error)) << "cut off at " << i;
    EXPECT_FALSE(error.empty());
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1 << i % 8);
    EXPECT_FALSE(dfs.restore(damaged, &error)) << "a bit of byte " << i;
  }
  EXPECT_TRUE(dfs.restore(bytes, &error));
}

}  // namespace
}  // namespace daxrace::engine
