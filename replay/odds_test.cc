/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/odds.h"

#include <gtest/gtest.h>

#include <sstream>

#include "replay/replayer.h"
#include "replay/timeline.h"

namespace daxrace::replay {
namespace {

void show(scenario::Runner& runner, Input& input, const char* file) {
  input = read_any(std::string(DAXRACE_SOURCE_DIR) + "/corpus/" + file);
  load(runner, input, input.program.config.kernel);
  replay_program(runner);
}

TEST(Odds, RiseToCertainty) {
  Input input;
  scenario::Runner runner;
  show(runner, input, "001-fault-races-with-write-stale-read-v4.11.dax");
  std::vector<int> odds = odds_of(runner, 50);
  ASSERT_EQ(odds.size(), runner.execution().steps());
  EXPECT_LT(odds.front(), 60);
  EXPECT_EQ(odds.back(), 100);
  uint32_t jump = point_of_no_return(odds);
  ASSERT_GT(jump, 0u);
  EXPECT_GT(odds[jump], odds[jump - 1]);
  EXPECT_EQ(odds, odds_of(runner, 50));
  std::istringstream lines(odds_chart(runner, odds));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), kTimelineWidth) << line;
}

TEST(Odds, AreCertainFromTheStartWhereNoOrderMatters) {
  Input input;
  scenario::Runner runner;
  show(runner, input, "001-zero-page-outlives-write-stale-read-v4.11.dax");
  /* One task: there is nothing to go another way. */
  ASSERT_EQ(input.program.tasks.size(), 1u);
  EXPECT_EQ(odds_of(runner, 5).front(), 100);
}

TEST(Odds, PointIsWhereTheyRiseMost) {
  EXPECT_EQ(point_of_no_return({}), 0u);
  EXPECT_EQ(point_of_no_return({5, 5, 5}), 0u);
  EXPECT_EQ(point_of_no_return({5, 10, 9, 90, 100}), 3u);
}

}  // namespace
}  // namespace daxrace::replay
