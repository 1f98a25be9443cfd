/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Equal keys mean equal futures. A "never" stands on it, so it is tried in two ways: search with pruning
 * reaches what brute force reaches, and from two equal keys the same schedule leads to the same end.
 */
#include <map>
#include <set>

#include "core/engine/random.h"
#include "core/engine/sanitized_for_test.h"
#include "core/engine/strategy_dfs.h"
#include "core/scenario/machine_for_test.h"

namespace daxrace::scenario {
namespace {

using Verdicts = std::set<std::string_view>;

/* What the scenarios leave out: several regions, truncation, sizes that change. */
const char* const kMore[] = {
    "setup\n creat f size=1pmd\n mmap P.m f 0 1pmd shared rw\n mmap Q.n f 1pg 1pg shared rw\ntask P.A\n load "
    "m\n"
    " store m+1pg\ntask Q.B\n store n\n fsync f\n",
    "setup\n creat f size=1pmd\n mmap P.m f 0 1pmd shared rw\n store m+1pg\ntask P.A\n store m+1pg\ntask "
    "T.B\n"
    " truncate f 1pg\n",
    "setup\n creat f size=1pg\n mmap P.m f 0 1pmd shared rw\ntask P.A\n load m\n store m+1pg\ntask W.B\n"
    " write f 0 2pg\n",
    "setup\n creat f size=1pmd\n mmap P.m f 0 1pmd shared rw\ntask P.A\n store m\n munmap m\ntask P.B\n load "
    "m\n"
    " store m\n",
    "setup\n creat f size=1pg\ntask P.A\n mmap m f 0 1pg shared rw\n store m\ntask P.B\n store m\n fsync f\n",
    "setup\n creat f size=1pg\ntask W.A\n write f 0 1pg\n read f 0 1pg\ntask W.B\n write f 0 1pg\n fsync f\n",
    "setup\n creat f size=1pg\n creat g size=1pg\n write f 0 1pg\ntask T.A\n truncate f 0\n fsync f\ntask "
    "W.B\n"
    " write g 0 1pg\n fsync g\n",
    "without 13e451fdc1af\nsetup\n creat f size=1pg\n creat g size=1pg\n mmap R.m f 0 1pg shared rw\ntask "
    "R.A\n load m\n"
    " load m\ntask W.B\n write f 0 1pg\ntask X.C\n read g 0 1pg\n",
    "setup\n creat f size=1pg\n mmap P.m f 0 1pg shared rw\n store m\ntask F.A\n fsync f\n crash\ntask P.B\n"
    " store m\n fsync f\n",
};

/* All scenarios, and the programs above, in the smallest geometry. */
std::vector<NamedProgram> small_programs() {
  std::vector<NamedProgram> list = programs_in("scenarios");
  for (const char* text : kMore) list.push_back({"more", std::string("daxrace 1\n") + text, {}});
  for (NamedProgram& named : list) {
    std::string text = named.text;
    EXPECT_EQ(std::string::npos, text.find("\ngeometry")) << named.name;
    text.insert(text.find("\nsetup"), "\ngeometry pmd=2 cells=1");
    /* Leniently: a second cell becomes the first. */
    named.program = parse_lenient(text);
  }
  return list;
}

std::string label(const NamedProgram& named, const KernelChoice& kernel) {
  return named.name + " on " + kernel::describe({kernel.version, kernel.without, kernel.with}) + "\n" +
         named.text;
}

/* --- search
 * -------------------------------------------------------------------------------------------------- */

struct Reached {
  Verdicts verdicts;
  std::set<engine::Hash128> ends; /* keys of the states in which an execution ended */
  uint64_t executions = 0;
  uint64_t abandoned = 0; /* at a state that was known */
};

Reached search(Runner& runner, uint32_t preemptions, bool prune) {
  engine::DfsStrategy dfs(
      {.preemptions_max = preemptions, .preemptions_min = prune ? 0 : preemptions, .prune = prune});
  Reached reached;
  while (dfs.begin()) {
    engine::End end = runner.run(dfs);
    ++reached.executions;
    const auto found = verdicts(runner.execution());
    for (std::string_view verdict : found) reached.verdicts.insert(verdict);
    if (end == engine::End::kAbandoned) {
      ++reached.abandoned;
    } else if (std::ranges::find(found, "livelock") == found.end()) {
      /* Where a loop without an end is cut short is no state of its own. */
      reached.ends.insert(runner.execution().state_key());
    }
  }
  return reached;
}

/* A loop that waits for another task is cut short here; brute force goes round it until the budget is spent.
 */
constexpr size_t kShare = kSanitized ? 50 : 2;

constexpr engine::Limits kLimits{.steps_max = 1500, .tasks_max = 4};

TEST(StateIdentityTest, PrunedSearchReachesWhatBruteForceReaches) {
  uint64_t abandoned = 0;
  uint64_t searches_of_three = 0;
  Verdicts found;
  size_t nth = 0;
  for (const NamedProgram& named : small_programs()) {
    for (const KernelChoice& kernel : kernels_of(named.program)) {
      if (nth++ % kShare != 0) continue;
      Runner runner(kLimits);
      load(runner, named.program, kernel);
      uint32_t preemptions = 2;
      Reached all = search(runner, preemptions, false);
      if (all.executions < 1100) {
        ++searches_of_three;
        all = search(runner, ++preemptions, false);
      }
      Reached pruned = search(runner, preemptions, true);
      EXPECT_EQ(all.verdicts, pruned.verdicts) << preemptions << " " << label(named, kernel);
      EXPECT_EQ(all.ends, pruned.ends) << preemptions << " " << label(named, kernel);
      EXPECT_EQ(0u, all.abandoned);
      abandoned += pruned.abandoned;
      found.insert(all.verdicts.begin(), all.verdicts.end());
    }
  }
  EXPECT_LT(10000u / kShare, abandoned) << "nothing is pruned: then this shows nothing";
  if (!kSanitized) {
    EXPECT_LT(5u, searches_of_three);
  }
  EXPECT_LE(3u, found.size()) << "no verdicts to be missed";
}

/* --- futures
 * ------------------------------------------------------------------------------------------------- */

/* A schedule that another strategy chose; notes the state at each pick behind the last that was not the
 * default. */
class NotingStrategy : public engine::Strategy {
 public:
  struct Point {
    engine::Hash128 key;
    uint64_t past; /* trace hash */
    size_t findings;
  };

  explicit NotingStrategy(engine::Strategy& inner) : inner_(inner) {}

  bool begin() override {
    points_.clear();
    return inner_.begin();
  }
  size_t pick(const engine::Pick& pick) override {
    size_t index = inner_.pick(pick);
    if (index != 0) points_.clear();
    if (index == 0) points_.push_back(point(pick.execution));
    return index;
  }
  uint32_t draw(const engine::Execution& execution, uint32_t bound) override {
    return inner_.draw(execution, bound);
  }
  void end(const engine::Execution& execution) override { inner_.end(execution); }

  const std::vector<Point>& points() const { return points_; }

 private:
  static Point point(const engine::Execution& execution) {
    return {execution.state_key(), execution.trace_hash(), execution.findings().size()};
  }

  engine::Strategy& inner_;
  std::vector<Point> points_;
};

/* What comes of a state if every choice from there on is the default. */
struct Future {
  uint64_t past = 0;
  Verdicts before;
  Verdicts after; /* only the first of a kind is recorded: not those of before */
  engine::Hash128 end = 0;
  engine::End how = engine::End::kFinished;
};

Verdicts without(Verdicts verdicts, const Verdicts& others) {
  for (std::string_view other : others) verdicts.erase(other);
  return verdicts;
}

/* The futures of all states; which of several pasts led there must not matter. */
class Futures {
 public:
  void add(Runner& runner, engine::End how, const std::vector<NotingStrategy::Point>& points) {
    auto findings = runner.execution().findings();
    const engine::Hash128 end = runner.execution().state_key();
    bool met = false;
    for (const NotingStrategy::Point& point : points) {
      Future future{point.past, {}, {}, end, how};
      for (size_t i = 0; i < findings.size(); ++i)
        (i < point.findings ? future.before : future.after).insert(findings[i].verdict);
      auto [at, fresh] = futures_.try_emplace(point.key, future);
      const Future& other = at->second;
      if (fresh || other.past == future.past) continue;
      found_ += !met && !future.after.empty();
      met = true;
      ASSERT_EQ(without(other.after, future.before), without(future.after, other.before));
      ASSERT_TRUE(other.end == future.end);
      ASSERT_EQ(other.how, future.how);
    }
    met_ += met;
  }

  /* Executions that came to a state in which another one, with another past, had been; and that found
   * something. */
  uint64_t met() const { return met_; }
  uint64_t found() const { return found_; }

 private:
  std::map<engine::Hash128, Future> futures_;
  uint64_t met_ = 0;
  uint64_t found_ = 0;
};

void add_schedules(Futures& futures, Runner& runner, engine::Strategy& strategy, int executions,
                   const std::string& what) {
  NotingStrategy noting(strategy);
  for (int i = 0; i < executions && noting.begin(); ++i) {
    engine::End how = runner.run(noting);
    /* The budget of steps is no part of the key. */
    if (runner.execution().steps() >= kLimits.steps_max) continue;
    futures.add(runner, how, noting.points());
    ASSERT_FALSE(testing::Test::HasFatalFailure()) << what;
  }
}

TEST(StateIdentityTest, SameStateAndSameScheduleMeanTheSameEnd) {
  /* Shared out among them all, so that a new scenario does not make the test longer. */
  constexpr int kExecutions = kSanitized ? 20000 : 100000;
  const std::vector<NamedProgram> programs = small_programs();
  int pairs = 0;
  for (const NamedProgram& named : programs) pairs += static_cast<int>(kernels_of(named.program).size());
  uint64_t met = 0;
  uint64_t found = 0;
  for (const NamedProgram& named : programs) {
    for (const KernelChoice& kernel : kernels_of(named.program)) {
      Runner runner(kLimits);
      load(runner, named.program, kernel);
      Futures futures;
      engine::DfsStrategy dfs({.preemptions_max = 2, .preemptions_min = 2, .prune = false});
      add_schedules(futures, runner, dfs, kExecutions / pairs, label(named, kernel));
      if (HasFatalFailure()) return;
      met += futures.met();
      found += futures.found();
    }
  }
  EXPECT_LT(1000u, met) << "no two pasts met: then this shows nothing";
  EXPECT_LT(100u, found);
}

}  // namespace
}  // namespace daxrace::scenario
