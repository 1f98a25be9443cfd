/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/timeline.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/engine/strategies.h"
#include "core/scenario/text.h"
#include "replay/replayer.h"

namespace daxrace::replay {
namespace {

std::vector<std::string> files_in(const char* directory) {
  std::vector<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(DAXRACE_SOURCE_DIR) + "/" + directory)) {
    if (entry.path().extension() == ".dax") files.push_back(entry.path().string());
  }
  return files;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Timeline, FitsIntoAMailWhateverTheSchedule) {
  size_t drawn = 0;
  for (const std::string& file : files_in("scenarios")) {
    Input input = read_any(file);
    scenario::Runner runner;
    load(runner, input, input.program.config.kernel);
    auto strategy = engine::find_strategy("random")->make({.seed = 7});
    for (int i = 0; i < 20; ++i, ++drawn) {
      strategy->begin();
      runner.run(*strategy);
      for (const std::string& line : lines_of(timeline(runner))) {
        EXPECT_LE(line.size(), kTimelineWidth) << file << ": " << line;
        EXPECT_EQ(line.find('\t'), line.npos);
      }
    }
  }
  EXPECT_GT(drawn, 0u);
}

TEST(Timeline, MarksTheStepsOfTheFindingAndEverySwitch) {
  for (const std::string& file : files_in("corpus")) {
    Input input = read_any(file);
    scenario::Runner runner;
    load(runner, input, input.program.config.kernel);
    replay_program(runner);
    const engine::Finding* finding = runner.execution().headline();
    ASSERT_NE(finding, nullptr) << file;
    std::string text = timeline(runner);
    size_t marked = 0;
    size_t switches = 0;
    uint32_t first_drawn = 0;
    bool guilty = false;
    for (const std::string& line : lines_of(text)) {
      bool mark = line.size() > 6 && line[6] == '>';
      const bool is_step = line.size() > 6 && std::isdigit(static_cast<unsigned char>(line[4])) != 0;
      if (is_step && first_drawn == 0) first_drawn = static_cast<uint32_t>(std::stoul(line));
      marked += mark;
      guilty = guilty || (mark && std::stoul(line) == finding->step);
      switches += line.find("--- ") != line.npos;
    }
    /* Neither what the set-up did is drawn, nor that a task ends, when all have. */
    if (finding->task != 0 && runner.execution().trace()[finding->step].kind != engine::EventKind::k_finish) {
      EXPECT_GE(marked, 1u) << file;
      EXPECT_TRUE(guilty) << file << "\n" << text;
    }
    /* A switch is drawn where the drawn steps change hands; a recorded one behind the first of them is such a
     * place.
     */
    const auto& recorded = input.program.schedule.switches;
    if (!recorded.empty() && recorded.back().step > first_drawn) {
      EXPECT_GE(switches, 1u) << file;
    }
  }
}

/* The last execution under the default schedule. */
std::string played(const std::string& text, scenario::Runner& runner) {
  static Input input;
  auto parsed = scenario::parse_strict(text);
  input.program = std::get<scenario::Program>(parsed);
  load(runner, input, input.program.config.kernel);
  replay_program(runner);
  return timeline_report(runner);
}

std::string in_one_line(std::string text) {
  for (char& c : text) c = c == '\n' ? ' ' : c;
  return text;
}

TEST(Timeline, ADeadlockOverAPageSaysWhoHasPinnedIt) {
  const std::string program =
      "daxrace 1\nsetup\n  creat f size=2pg\n  mmap R.m f 0 2pg shared rw\n  mmap R.n f 0 2pg shared rw\n"
      "task R.A\n  store m+1pg\n  vmsplice n+1pg\n";
  scenario::Runner runner;
  const std::string stuck = in_one_line(played(program + "  truncate f 0\n", runner));
  EXPECT_NE(stuck.find("waits for the page"), stuck.npos) << stuck;
  EXPECT_NE(stuck.find("page 1 of f is pinned by R.A op 1 (vmsplice n+1pg), since step "), stuck.npos)
      << stuck;
  /* Given back, it is nobody's. */
  const std::string other =
      in_one_line(played(program + "  drain\n  store m\n  vmsplice n\n  truncate f 0\n", runner));
  EXPECT_NE(other.find("page 0 of f is pinned by R.A op 4 (vmsplice n)"), other.npos) << other;
  EXPECT_EQ(other.find("page 1 of f is pinned"), other.npos) << other;
}

TEST(Timeline, ABlockThatReadsAsZerosIsCalledUnwritten) {
  scenario::Runner runner;
  const std::string text =
      played("daxrace 1\nsetup\n  creat f size=1pg\ntask P.A\n  zero f 0 1pg\n  read f 0 1pg\n", runner);
  EXPECT_NE(text.find("is unwritten block "), text.npos) << text;
  EXPECT_EQ(text.find("block 2147"), text.npos) << text;
}

TEST(Timeline, NamesEveryTaskInItsHeader) {
  for (const std::string& file : files_in("scenarios")) {
    Input input = read_any(file);
    scenario::Runner runner;
    load(runner, input, input.program.config.kernel);
    replay_program(runner);
    std::string header = lines_of(timeline(runner)).front();
    for (size_t i = 0; i < input.program.tasks.size(); ++i) {
      EXPECT_NE(header.find(scenario::task_label(input.program, static_cast<int>(i))), header.npos) << header;
    }
  }
}

}  // namespace
}  // namespace daxrace::replay
