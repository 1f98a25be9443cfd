/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/minimise.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/engine/sanitized_for_test.h"
#include "core/scenario/text.h"
#include "replay/constraints.h"
#include "replay/replayer.h"

namespace daxrace::replay {
namespace {

const std::string kCorpus = std::string(DAXRACE_SOURCE_DIR) + "/corpus";
const char kFaultRacesWithWrite[] = R"(daxrace 1
kernel    v4.11
setup
  creat f size=1pmd
  creat g size=2pg
  mmap R.n g 0 2pg shared rw
  mmap R.m f 0 1pmd shared rw
  store n+1pg
task R.C
  store n
  fsync g
task R.A
  load m+2pg.1
  load n+1pg
  load m+2pg.1
task W.B
  read f 0 2pg
  write f 2pg 1pg
  truncate g 0
)";

/* Runs the program until it shows the verdict; the runner keeps that execution. */
void find(scenario::Runner& runner, const scenario::Program& program, std::string_view verdict) {
  std::string error;
  ASSERT_TRUE(runner.load(program, &error)) << error;
  auto strategy = engine::find_strategy("random")->make({.seed = 3});
  for (int i = 0; i < 200000; ++i) {
    strategy->begin();
    runner.run(*strategy);
    if (runner.execution().headline() != nullptr && runner.execution().headline()->verdict == verdict) return;
  }
  FAIL() << "no " << verdict;
}

scenario::Program program_of(const char* text) {
  return std::get<scenario::Program>(scenario::parse_strict(text));
}

TEST(Minimise, KeepsTheFindingAndNeverGrows) {
  size_t smaller = 0;
  size_t nth = 0;
  for (const std::string& file : share_of(scenario_files({kCorpus}))) {
    if (nth++ % 3 != 0) continue; /* many are one program on several kernels */
    Input input = read_any(file);
    scenario::Runner shown;
    load(shown, input, input.program.config.kernel);
    replay_program(shown);
    if (shown.execution().headline() == nullptr) continue; /* a verdict whose trace has moved */
    std::string signature = scenario::signature(*shown.execution().headline(), shown);
    Minimised result = minimise(shown, {.effort = 2000});
    EXPECT_EQ(result.program.found->signature, signature) << file;
    ProgramSize after = size_of(result.program);
    EXPECT_LE(after.operations, result.before.operations) << file;
    EXPECT_LE(after.tasks, result.before.tasks) << file;
    EXPECT_LE(after.setup, result.before.setup) << file;
    smaller += after.operations < result.before.operations;
    /* What is written is a program, and replays exactly. */
    auto parsed = scenario::parse_strict(scenario::print(result.program));
    auto* program = std::get_if<scenario::Program>(&parsed);
    ASSERT_NE(program, nullptr) << file;
    scenario::Runner again;
    std::string error;
    ASSERT_TRUE(again.load(*program, &error)) << error;
    EXPECT_TRUE(replay_program(again).exact) << file;
  }
  EXPECT_GT(smaller, 0u);
}

TEST(Minimise, TakesOutWhatASampledFindingDoesNotNeed) {
  scenario::Program program = program_of(kFaultRacesWithWrite);
  scenario::Runner shown;
  find(shown, program, "stale-read");
  Minimised result = minimise(shown, {});
  ProgramSize after = size_of(result.program);
  EXPECT_EQ(result.before.operations, 8u);
  EXPECT_EQ(after.operations, 3u) << scenario::print(result.program);
  EXPECT_EQ(after.tasks, 2u);
  EXPECT_EQ(after.setup, 2u);
  EXPECT_LE(result.preemptions, 2u);
  /* Nothing is random. */
  EXPECT_EQ(scenario::print(minimise(shown, {}).program), scenario::print(result.program));
}

TEST(Minimise, TakesOutRowsOfTheKernelThatDoNotMatter) {
  Input input = read_any(kCorpus + "/001-fault-races-with-write-stale-read-13e451fdc1af.dax");
  scenario::Runner shown;
  input.program.config.kernel.without.push_back("06083a0921fd");
  load(shown, input, input.program.config.kernel);
  replay_program(shown);
  ASSERT_NE(shown.execution().headline(), nullptr);
  Minimised result = minimise(shown, {});
  EXPECT_EQ(result.program.config.kernel.without, (std::vector<std::string>{"13e451fdc1af"}));
}

Constraints constraints_in(const char* file, uint32_t bound, uint64_t executions) {
  Input input = read_any(kCorpus + "/" + file);
  scenario::Runner shown;
  load(shown, input, input.program.config.kernel);
  replay_program(shown);
  return constraints_of(shown, bound, executions);
}

TEST(Constraints, AreThoseOfTheReport) {
  Constraints result = constraints_in("001-fault-races-with-write-stale-read-v4.11.dax", 2, 100000);
  EXPECT_TRUE(result.complete);
  EXPECT_GT(result.failing, 0u);
  EXPECT_LT(result.failing, result.executions);
  EXPECT_EQ(result.not_failing, 0u);
  size_t necessary = 0;
  bool lookup_before_allocation = false;
  for (const Constraint& each : result.list) {
    if (each.label != OrderLabel::kNecessary) continue;
    ++necessary;
    lookup_before_allocation |= words_of(each) ==
                                "R.A testfs_find_extent(): extent f:0 is hole before W.B "
                                "testfs_create_extent(): extent f:0 = block 31";
  }
  EXPECT_GE(necessary, 2u);
  EXPECT_TRUE(lookup_before_allocation);
}

TEST(Constraints, SayWhenNotAllSchedulesWereRun) {
  Constraints cut = constraints_in("001-fault-races-with-write-stale-read-v4.11.dax", 2, 10);
  EXPECT_FALSE(cut.complete);
  EXPECT_EQ(cut.executions, 10u);
}

}  // namespace
}  // namespace daxrace::replay
