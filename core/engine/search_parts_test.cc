/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Searches without a bound in parts, several at a time and in any order, in one process: together they come
 * to what one comes to alone, whenever they are split and whoever is killed. DAXRACE_EXACTNESS_PROGRAMS=n,
 * DAXRACE_EXACTNESS_SEED=s as in exactness_test.cc.
 */
#include <gtest/gtest.h>

#include <algorithm>
#include <cinttypes>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <set>

#include "core/engine/exactness_programs_for_test.h"
#include "core/engine/exactness_random_for_test.h"
#include "core/engine/exactness_sync_for_test.h"
#include "core/engine/explore_for_test.h"
#include "core/engine/random.h"
#include "core/engine/sanitized_for_test.h"
#include "core/engine/strategy_dpor.h"
#include "core/engine/strategy_stateful.h"

namespace daxrace::engine::exactness {
namespace {

constexpr Limits kLimits{.steps_max = 250, .tasks_max = 12};

using Make = std::function<std::unique_ptr<Search>()>;

std::unique_ptr<Search> make_dpor() { return std::make_unique<DporStrategy>(); }
std::unique_ptr<Search> make_stateful() { return std::make_unique<StatefulStrategy>(StrategyOptions{}); }
std::unique_ptr<Search> make_without_sleep() {
  return std::make_unique<StatefulStrategy>(StrategyOptions{.sleep_sets = false});
}

/* Whether its executions are one of each class: up to the order of steps that do not conflict. */
bool has_classes(const Search& search) { return dynamic_cast<const DporStrategy*>(&search) != nullptr; }

struct Seen {
  std::set<std::string> outcomes;
  std::set<uint64_t> classes;
  std::set<uint64_t> traces; /* hashes */
  uint64_t executions = 0;   /* run to an end */
  uint64_t states = 0;
  uint64_t parts = 1;
  uint64_t kills = 0;
};

/* One execution; it counts if it was run to an end. */
void run_one(Execution& execution, Search& search, Execution::Body first, void* arg, Seen& seen) {
  uint64_t before = search.stats().executions;
  execution.run(search, first, arg);
  if (search.stats().executions == before) return;
  ++seen.executions;
  seen.traces.insert(execution.trace_hash());
  seen.outcomes.insert(outcome(execution));
  if (has_classes(search)) seen.classes.insert(normal_form(execution));
}

Seen explore_alone(const Make& make, Execution::Body first, void* arg, uint64_t runs_max) {
  Execution execution(kLimits);
  execution.set_outer_state(outer_state, nullptr);
  auto search = make();
  Seen seen;
  for (uint64_t runs = 0; search->begin(); ++runs) {
    if (runs == runs_max) return {};
    run_one(execution, *search, first, arg, seen);
  }
  seen.states = search->stats().states;
  return seen;
}

/* As processes would do it (coordinator.cc), in an order that the seed decides. */
class InParts {
 public:
  InParts(Make make, uint64_t seed, bool kill) : make_(std::move(make)), random_(seed), kill_(kill) {
    execution_.set_outer_state(outer_state, nullptr);
    queue_.push_back(make_()->save());
  }

  Seen explore(Execution::Body first, void* arg) {
    for (;;) {
      for (uint32_t i = 0; i < kWorkers; ++i) {
        if (!workers_[i].search) begin(i);
      }
      uint32_t busy = random_.below(kWorkers);
      for (uint32_t i = 0; i < kWorkers && !workers_[busy].search; ++i) busy = (busy + 1) % kWorkers;
      if (!workers_[busy].search) break;
      step(busy, first, arg);
    }
    seen_.states = table_.keys();
    EXPECT_NEAR(1, progress_, 1e-9);
    return seen_;
  }

 private:
  static constexpr uint32_t kWorkers = 3;
  static constexpr uint64_t kKillsMost = 5;
  struct Worker {
    std::unique_ptr<Search> search;
    std::string saved;
  };

  void begin(uint32_t index) {
    if (queue_.empty()) return;
    Worker& worker = workers_[index];
    worker.search = make_();
    worker.search->share(&table_);
    std::string error;
    worker.saved = queue_.front();
    queue_.pop_front();
    ASSERT_TRUE(worker.search->restore(worker.saved, &error)) << error;
    EXPECT_EQ(worker.saved, worker.search->save());
  }

  void step(uint32_t index, Execution::Body first, void* arg) {
    Worker& worker = workers_[index];
    Search& search = *worker.search;
    table_.set_owner(index + 1);
    if (!search.advance()) {
      progress_ += search.progress();
      worker = {};
      return;
    }
    run_one(execution_, search, first, arg, seen_);
    if (table_.crowded()) table_.grow();
    Hash128 name = 0;
    std::string part;
    while (search.stray(&name, &part)) {
      if (strays_.insert(name).second) add(part);
    }
    if (random_.below(3) == 0 && search.split(&part)) {
      add(part);
      worker.saved = search.save();
    }
    if (random_.below(4) == 0) worker.saved = search.save();
    if (!kill_ || seen_.kills == kKillsMost || random_.below(10) != 0) return;
    ++seen_.kills;
    queue_.push_front(worker.saved);
    worker = {};
    table_.forget(index + 1);
  }

  void add(const std::string& part) {
    ++seen_.parts;
    queue_.push_back(part);
  }

  Make make_;
  Random random_;
  bool kill_;
  Execution execution_{kLimits};
  SharedTable table_{1u << 11, 1u << 24};
  std::deque<std::string> queue_;
  std::set<Hash128> strays_;
  Worker workers_[kWorkers];
  double progress_ = 0;
  Seen seen_;
};

std::set<std::string> without_races(const std::set<std::string>& outcomes) {
  std::set<std::string> texts;
  for (std::string text : outcomes) {
    size_t at = text.find("data-race ");
    if (at != std::string::npos) text.erase(at, 10);
    texts.insert(text);
  }
  return texts;
}

/* What a transition touches is known when all its draws have been made. */
const Program kDraws{"what is touched is drawn",
                     {[] {
                        load_x();
                        if (Execution::current().choose(3) == 2) w.plain->write(1);
                        load_y();
                      },
                      [] {
                        store_y(1);
                        note(static_cast<uint64_t>(w.plain->read()));
                        store_x(1);
                      },
                      [] {
                        store_x(2);
                        note(load_y() * 2 + static_cast<uint64_t>(w.plain->read()));
                      }},
                     2};

struct Total {
  uint64_t compared = 0;
  uint64_t parts = 0;
  uint64_t kills = 0;
  uint64_t alone = 0; /* executions */
  uint64_t in_parts = 0;
};

void compare(const Make& make, Execution::Body first, void* arg, const std::string& name, uint64_t seed,
             Total& total, uint64_t runs_max = 4000) {
  Seen alone = explore_alone(make, first, arg, runs_max);
  if (alone.executions == 0) return;
  uint64_t most =
      alone.states == 0 ? 0 : explore_alone(make_without_sleep, first, arg, 100 * runs_max).states;
  for (bool kill : {false, true}) {
    Seen parts = InParts(make, seed, kill).explore(first, arg);
    std::string what = name + (kill ? ", with kills, seed " : ", seed ") + std::to_string(seed);
    if (alone.states != 0) {
      EXPECT_EQ(without_races(alone.outcomes), without_races(parts.outcomes)) << what;
      /* What wakes sleepers is no part of a state: some are come to only where nobody sleeps. */
      EXPECT_LE(alone.states, parts.states) << what;
      EXPECT_LE(parts.states, most) << what;
    } else {
      EXPECT_EQ(alone.outcomes, parts.outcomes) << what;
      EXPECT_TRUE(std::includes(parts.classes.begin(), parts.classes.end(), alone.classes.begin(),
                                alone.classes.end()))
          << what;
      EXPECT_GE(parts.executions, alone.executions) << what;
      EXPECT_TRUE(kill || parts.traces.size() == parts.executions) << what << ": one was run twice";
    }
    ++total.compared;
    total.parts += parts.parts;
    total.kills += parts.kills;
    if (kill) continue;
    total.alone += alone.executions;
    total.in_parts += parts.executions;
  }
}

uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void compare_all(const Make& make, const char* name) {
  Total total;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    compare(make, spawn_all, const_cast<Program*>(&kDraws), kDraws.name, seed, total);
  }
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    for (const Program& program : programs()) {
      compare(make, spawn_all, const_cast<Program*>(&program), program.name, seed, total);
    }
    for (const Program& program : sync_programs()) {
      compare(make, spawn_all_with_sync, const_cast<Program*>(&program), program.name, seed, total);
    }
  }
  EXPECT_GT(total.compared, 200u);
  const uint64_t random = from_environment("DAXRACE_EXACTNESS_PROGRAMS", kSanitized ? 40 : 200);
  const uint64_t from = from_environment("DAXRACE_EXACTNESS_SEED", 1);
  for (uint64_t seed = from; seed < from + random; ++seed) {
    RandomProgram program(seed);
    compare(make, RandomProgram::first, &program, program.text(), seed, total, 1000);
  }
  EXPECT_GT(total.parts, total.compared * 3);
  EXPECT_GT(total.kills, total.compared / 3);
  std::printf("%s: %" PRIu64 " comparisons, %" PRIu64 " parts, %" PRIu64 " kills; %" PRIu64
              " executions alone, %" PRIu64 " in parts\n",
              name, total.compared, total.parts, total.kills, total.alone, total.in_parts);
}

TEST(SearchParts, DporComesToTheSameClasses) { compare_all(make_dpor, "dpor"); }

TEST(SearchParts, StatefulComesToTheSameStates) { compare_all(make_stateful, "stateful"); }

}  // namespace
}  // namespace daxrace::engine::exactness
