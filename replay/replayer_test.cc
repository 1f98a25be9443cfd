/* SPDX-License-Identifier: GPL-2.0-only */
/* Findings are found again when less and less of what was recorded fits; and executions that are stopped are what the
 * whole ones were up to there. */
#include "replay/replayer.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <set>

#include "core/scenario/text.h"
#include "replay/inspect.h"

namespace daxrace::replay {
namespace {

using scenario::Program;

std::vector<std::string> findings() { return scenario_files({std::string(DAXRACE_SOURCE_DIR) + "/corpus"}); }

/* As it would be recorded now. */
Program recorded(const std::string& file) {
  Input input = read_any(file);
  scenario::Runner runner;
  load(runner, input, input.program.config.kernel);
  replay_program(runner);
  Program program = finding_program(runner);
  program.config.kernel = runner.kernel();
  return program;
}

/* No step is what it was. */
void move_steps(Program& program) {
  for (auto& entry : program.schedule.switches) entry.step += 5000;
}

Replayed replayed(const Program& program) {
  scenario::Runner runner;
  std::string error;
  EXPECT_TRUE(runner.load(program, &error)) << error;
  return replay_program(runner);
}

TEST(Replayer, FindsAgainByAnchorsWhatHasMoved) {
  for (const std::string& file : findings()) {
    Program program = recorded(file);
    if (!program.found || program.schedule.switches.empty()) continue;
    move_steps(program);
    Replayed result = replayed(program);
    EXPECT_EQ(result.found, program.found->signature) << file;
  }
}

/* Orders do not say everything: a draw, or a lock that is only waited for, is in none of them. */
TEST(Replayer, FindsMostFindingsByTheirOrdersAlone) {
  size_t tried = 0;
  size_t found = 0;
  for (const std::string& file : findings()) {
    Program program = recorded(file);
    bool preempts = false;
    for (const auto& entry : program.schedule.switches) preempts = preempts || entry.anchor.task >= 0;
    if (!program.found || !preempts) continue;
    move_steps(program);
    for (auto& entry : program.schedule.switches) entry.anchor = {};
    Replayed result = replayed(program);
    ++tried;
    found += result.found == program.found->signature;
    if (result.found == program.found->signature && !result.exact) {
      EXPECT_FALSE(difference_lines(result).empty());
    }
  }
  RecordProperty("tried", static_cast<int>(tried));
  RecordProperty("found", static_cast<int>(found));
  std::printf("%zu of %zu by orders alone\n", found, tried);
  EXPECT_GT(tried, 50u);
  EXPECT_GE(found * 10, tried * 8);
}

TEST(Replayer, OrdersSurviveTheTextForm) {
  size_t orders = 0;
  for (const std::string& file : findings()) {
    const Program program = recorded(file);
    orders += program.orders.size();
    EXPECT_LE(program.orders.size(), static_cast<size_t>(scenario::kOrdersMax));
    auto parsed = scenario::parse_strict(scenario::print(program));
    const Program* again = std::get_if<Program>(&parsed);
    ASSERT_NE(again, nullptr) << file;
    EXPECT_EQ(*again, program) << file;
  }
  EXPECT_GT(orders, 0u);
}

TEST(Stopped, IsWhatTheWholeWasUpToThere) {
  for (const char* name : {"001-fault-races-with-write-stale-read-v4.11", "002-truncate-own-pin-deadlock",
                           "004-fork-during-dma-lost-write-a7e689dd1c06"}) {
    Input input = read_any(std::string(DAXRACE_SOURCE_DIR) + "/corpus/" + name + ".dax");
    scenario::Runner runner;
    load(runner, input, input.program.config.kernel);
    replay_program(runner);
    const std::vector<engine::Event> whole(runner.execution().trace().begin(),
                                           runner.execution().trace().end());
    std::vector<engine::RecordedSwitch> switches;
    std::vector<engine::RecordedDraw> draws;
    engine::record_choices(runner.execution(), switches, draws);
    std::set<std::vector<std::string>> states;
    for (uint32_t stop = 1; stop < whole.size(); stop += 3) {
      runner.execution().stop_after(stop);
      engine::ReplayStrategy replay(switches, draws);
      replay.begin();
      runner.run(replay);
      ASSERT_EQ(runner.execution().steps(), stop);
      auto trace = runner.execution().trace();
      for (uint32_t i = 0; i < stop; ++i) {
        ASSERT_EQ(trace[i].site, whole[i].site);
        ASSERT_EQ(trace[i].task, whole[i].task);
        ASSERT_EQ(trace[i].value, whole[i].value);
      }
      std::vector<std::string> state = file_lines(runner, -1);
      for (const auto& lines : {table_lines(runner, -1), page_lines(runner), cache_lines(runner)})
        state.insert(state.end(), lines.begin(), lines.end());
      states.insert(state);
    }
    EXPECT_GT(states.size(), 5u) << name;
  }
}

}  // namespace
}  // namespace daxrace::replay
