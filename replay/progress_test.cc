/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/progress.h"

#include <gtest/gtest.h>

namespace daxrace::replay {
namespace {

using std::chrono::seconds;

engine::WorkersProgress at(uint32_t bound, uint64_t executions, double done) {
  engine::WorkersProgress progress;
  progress.bound = bound;
  progress.stats.executions = executions;
  progress.done = done;
  return progress;
}

TEST(ProgressLine, SpeaksAtMostOnceAPeriod) {
  ProgressLine::Clock::time_point start{};
  ProgressLine line(false, seconds(60), start);
  int lines = 0;
  for (int second = 0; second < 600; ++second) {
    lines += !line.line(at(2, 10, 0.5), start + seconds(second)).empty();
  }
  EXPECT_EQ(9, lines);
}

/* The time that is left is as the time that was taken, from where this process began within this bound. */
TEST(ProgressLine, EstimatesFromWhatItHasSeenOfTheBound) {
  ProgressLine::Clock::time_point start{};
  ProgressLine line(false, seconds(1), start);
  line.line(at(1, 10, 0.9), start);
  line.line(at(2, 1000, 0.5), start + seconds(100));
  EXPECT_EQ("bound 2: 2,000 executions; about 37.5% of this bound left, 90 s",
            line.line(at(2, 2000, 0.625), start + seconds(130)));
  engine::WorkersProgress with_states = at(3, 5, 0);
  with_states.stats.states = 7;
  EXPECT_EQ("bound 3: 5 executions, 7 states; more than 99.9% of this bound left",
            line.line(with_states, start + seconds(140)));
}

TEST(ProgressLine, NeverSaysThatNothingOrAllIsLeft) {
  EXPECT_EQ("more than 99.9%", left_of(1e-9));
  EXPECT_EQ("about 12.5%", left_of(0.875));
  EXPECT_EQ("less than 0.1%", left_of(1));
}

TEST(ProgressLine, DurationsHaveAUnitThatPeopleUse) {
  EXPECT_EQ("5 s", duration(5.2));
  EXPECT_EQ("12 min", duration(12 * 60));
  EXPECT_EQ("30 h", duration(30 * 3600));
  EXPECT_EQ("365 days", duration(365 * 86400.0));
  EXPECT_EQ("ages", duration(1e300));
}

}  // namespace
}  // namespace daxrace::replay
