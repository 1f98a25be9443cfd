/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of what the engine finds: tasks named Alice, Bob, Carol and Dave, and the findings of their
 * schedules.
 */
#ifndef DAXRACE_CORE_ENGINE_FAILURE_FOR_TEST_H_
#define DAXRACE_CORE_ENGINE_FAILURE_FOR_TEST_H_

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/strategies.h"
#include "core/engine/strategy_replay.h"
#include "core/engine/sync.h"

namespace daxrace::engine::for_test {

using Body = std::function<void()>;
using Look = std::function<void(const Execution&, End)>;

/* What the tasks of an execution do, after `setup`, which runs alone. */
struct Play {
  Body setup;
  std::vector<Body> tasks;

  static void run(void* arg) {
    static const char* const kNames[] = {"Alice", "Bob", "Carol", "Dave"};
    auto& play = *static_cast<Play*>(arg);
    if (play.setup) play.setup();
    for (size_t i = 0; i < play.tasks.size(); ++i) {
      Body* body = &play.tasks[i];
      Execution::current().spawn([body] { (*body)(); }, kNames[i]);
    }
  }
};

/* Each task for as long as it can, in order of creation. */
inline End in_order(Execution& execution, Play play) {
  static const std::vector<RecordedSwitch> kNone;
  static const std::vector<RecordedDraw> kNoDraws;
  ReplayStrategy strategy(kNone, kNoDraws);
  strategy.begin();
  return execution.run(strategy, Play::run, &play);
}

/* All schedules. */
inline int explore(Execution& execution, Play play, const Look& look) {
  auto strategy = make_dfs_strategy({.preemptions_max = 1000, .preemptions_min = 1000, .prune = false});
  int executions = 0;
  for (; executions < 300000 && !::testing::Test::HasFailure() && strategy->begin(); ++executions) {
    look(execution, execution.run(*strategy, Play::run, &play));
  }
  EXPECT_LT(executions, 300000);
  return executions;
}

inline std::string sentence(const Execution& e) {
  const Finding* finding = e.headline();
  return finding == nullptr ? "" : finding->describe(*finding, e);
}

/* How many executions have each verdict; `none` if an execution has none. */
inline std::map<std::string, int> verdicts(const Play& play, Limits limits = {}) {
  std::map<std::string, int> counts;
  Execution execution(limits);
  explore(execution, play, [&](const Execution& e, End) {
    if (e.findings().empty()) ++counts["none"];
    for (const Finding& finding : e.findings()) ++counts[std::string(finding.verdict)];
  });
  return counts;
}

inline void expect_words(const std::string& text, const std::vector<std::string>& words) {
  for (const std::string& word : words)
    EXPECT_NE(std::string::npos, text.find(word)) << word << " in: " << text;
}

}  // namespace daxrace::engine::for_test

#endif  // DAXRACE_CORE_ENGINE_FAILURE_FOR_TEST_H_
