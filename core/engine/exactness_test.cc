/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every exhaustive search reaches is what brute force reaches: on programs that were thought of, and on
 * programs that were not. DAXRACE_EXACTNESS_PROGRAMS=n, DAXRACE_EXACTNESS_SEED=s: n programs from seed s on.
 */
#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdlib>

#include "core/engine/exactness_programs_for_test.h"
#include "core/engine/exactness_random_for_test.h"
#include "core/engine/exactness_sync_for_test.h"
#include "core/engine/sanitized_for_test.h"
#include "core/engine/strategy_dfs.h"
#include "core/engine/strategy_dpor.h"
#include "core/engine/strategy_stateful.h"

namespace daxrace::engine::exactness {
namespace {

constexpr Limits kLimits{.steps_max = 250, .tasks_max = 12};
constexpr StrategyOptions kNoBound{.preemptions_max = UINT32_MAX, .preemptions_min = UINT32_MAX};

/* Executions, complete or not, and of states. */
struct Counts {
  uint64_t whole = 0;
  uint64_t dfs = 0;
  uint64_t dpor = 0;
  uint64_t dpor_blocked = 0;
  uint64_t stateful = 0;
  uint64_t stateful_sleep = 0;
  uint64_t states = 0;

  void add(const Counts& more) {
    whole += more.whole;
    dfs += more.dfs;
    dpor += more.dpor;
    dpor_blocked += more.dpor_blocked;
    stateful += more.stateful;
    stateful_sleep += more.stateful_sleep;
    states += more.states;
  }
  void print(const char* name) const {
    std::printf("%8" PRIu64 " %7" PRIu64 " %6" PRIu64 " +%4" PRIu64 " %7" PRIu64 " %7" PRIu64 " %7" PRIu64
                "  %s\n",
                whole, dfs, dpor, dpor_blocked, stateful, stateful_sleep, states, name);
  }
  static void print_head() { std::puts("   brute     dfs   dpor +cut stateful  +sleep  states"); }
};

using Outcomes = std::map<std::string, uint64_t>;

/* Where clocks are no part of a state, data races are not claimed. */
std::vector<std::string> without_races(const Outcomes& outcomes) {
  std::vector<std::string> texts;
  for (const auto& [text, n] : outcomes) {
    size_t at = text.find("data-race ");
    texts.push_back(at == std::string::npos ? text : text.substr(0, at) + text.substr(at + 10));
  }
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

std::vector<std::string> all(const Outcomes& outcomes) {
  std::vector<std::string> texts;
  for (const auto& [text, n] : outcomes) texts.push_back(text);
  return texts;
}

/* False: too large for brute force. */
bool compare(Execution& execution, Execution::Body first, void* arg, uint64_t runs_max,
             const std::string& name, Counts* counts, size_t* outcomes = nullptr) {
  StrategyOptions options = kNoBound;
  options.prune = false;
  DfsStrategy brute(options);
  Explored whole = explore(execution, brute, first, arg, runs_max);
  if (!whole.finished) return false;
  EXPECT_EQ(0u, whole.abandoned);
  counts->whole = whole.runs;
  if (outcomes != nullptr) *outcomes = whole.outcomes.size();

  DporStrategy dpor;
  EXPECT_EQ(all(whole.outcomes), all(explore(execution, dpor, first, arg, 2 * runs_max).outcomes))
      << "dpor, " << name;
  EXPECT_LE(dpor.stats().executions, whole.runs) << "dpor, " << name;
  counts->dpor = dpor.stats().executions;
  counts->dpor_blocked = dpor.stats().repeats;

  auto states_only = without_races(whole.outcomes);
  DfsStrategy dfs(kNoBound);
  Explored pruned = explore(execution, dfs, first, arg, 2 * runs_max);
  EXPECT_EQ(states_only, without_races(pruned.outcomes)) << "dfs, " << name;
  counts->dfs = pruned.runs;
  for (bool sleep : {false, true}) {
    StatefulStrategy stateful({.sleep_sets = sleep});
    Explored found = explore(execution, stateful, first, arg, 2 * runs_max);
    EXPECT_EQ(states_only, without_races(found.outcomes))
        << "stateful" << (sleep ? " with sleep sets, " : ", ") << name;
    (sleep ? counts->stateful_sleep : counts->stateful) = found.runs;
    EXPECT_TRUE(!sleep || stateful.stats().states <= counts->states) << name << ": sleep sets add states";
    counts->states = stateful.stats().states;
  }
  return true;
}

void compare_all(const std::vector<Program>& table, Execution::Body first) {
  Execution execution(kLimits);
  Counts total;
  Counts::print_head();
  for (const Program& program : table) {
    Counts counts;
    size_t outcomes = 0;
    ASSERT_TRUE(
        compare(execution, first, const_cast<Program*>(&program), 300000, program.name, &counts, &outcomes))
        << program.name;
    EXPECT_GE(outcomes, program.outcomes_min) << program.name << " shows too little";
    counts.print(program.name);
    total.add(counts);
  }
  total.print("all");
  EXPECT_LT(total.dpor * 10, total.whole);
  EXPECT_LT(total.stateful_sleep, total.stateful);
}

TEST(Exactness, NamedPrograms) { compare_all(programs(), spawn_all); }

TEST(Exactness, ProgramsThatWaitInOtherWays) { compare_all(sync_programs(), spawn_all_with_sync); }

/* Goes where brute force goes, and looks whether a key of a state and a choice always lead to the same key.
 */
class KeysAreStates : public Strategy {
 public:
  explicit KeysAreStates(const StrategyOptions& options) : brute_(options) {}

  bool begin() override {
    from_ = 0;
    return brute_.begin();
  }
  size_t pick(const Pick& pick) override {
    Hash128 key = pick.execution.state_key(Execution::Turns::kIgnored);
    arrive(key);
    size_t index = brute_.pick(pick);
    from_ = key + wide(0x63686f696365, pick.candidates[index]);
    return index;
  }
  uint32_t draw(const Execution& execution, uint32_t bound) override {
    uint32_t value = brute_.draw(execution, bound);
    from_ = from_ * 31 + wide(0x64726177, value);
    return value;
  }
  void end(const Execution& execution) override {
    arrive(wide(hash_text(without_races({{outcome(execution), 1}})[0]), 0));
    brute_.end(execution);
  }
  uint64_t differences() const { return differences_; }

 private:
  void arrive(Hash128 key) {
    if (from_ != 0) differences_ += next_.try_emplace(from_, key).first->second != key;
  }

  DfsStrategy brute_;
  Hash128 from_ = 0;
  std::map<Hash128, Hash128> next_;
  uint64_t differences_ = 0;
};

uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(Exactness, RandomPrograms) {
  const uint64_t programs = from_environment("DAXRACE_EXACTNESS_PROGRAMS", kSanitized ? 60 : 300);
  const uint64_t first = from_environment("DAXRACE_EXACTNESS_SEED", 1);
  const uint64_t runs_max = programs <= 300 ? 2000 : 20000;
  Execution execution(kLimits);
  Counts total;
  uint64_t compared = 0;
  for (uint64_t seed = first; seed < first + programs; ++seed) {
    RandomProgram program(seed);
    Counts counts;
    std::string name = "seed " + std::to_string(seed) + ": " + program.text();
    if (!compare(execution, RandomProgram::first, &program, runs_max, name, &counts)) continue;
    ++compared;
    total.add(counts);
  }
  Counts::print_head();
  total.print((std::to_string(compared) + " random programs").c_str());
  EXPECT_GT(compared, programs / 2) << "most programs are too large to tell anything";
}

TEST(Exactness, EqualKeysMeanEqualFutures) {
  const uint64_t programs = from_environment("DAXRACE_EXACTNESS_PROGRAMS", kSanitized ? 40 : 200);
  const uint64_t first = from_environment("DAXRACE_EXACTNESS_SEED", 1);
  Execution execution(kLimits);
  for (uint64_t seed = first; seed < first + programs; ++seed) {
    RandomProgram program(seed);
    StrategyOptions options = kNoBound;
    options.prune = false;
    KeysAreStates keys(options);
    explore(execution, keys, RandomProgram::first, &program, 400);
    EXPECT_EQ(0u, keys.differences()) << "keys, seed " << seed << ": " << program.text();
  }
}

}  // namespace
}  // namespace daxrace::engine::exactness
