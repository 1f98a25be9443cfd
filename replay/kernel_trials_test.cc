/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/kernel_trials.h"

#include <gtest/gtest.h>

#include "core/engine/strategies.h"
#include "core/scenario/text.h"
#include "replay/command.h"

namespace daxrace::replay {
namespace {

TEST(Releases, GoByAgeNotByLetters) {
  EXPECT_TRUE(older("v4.9", "v4.10"));
  EXPECT_TRUE(older("v4.20", "v5.0"));
  EXPECT_FALSE(older("v6.15", "v6.15"));
}

TEST(Releases, CoverAllThatIsModelledWithoutOverlap) {
  std::vector<Releases> all = releases();
  EXPECT_EQ(all.front().first, kernel::MODEL_OLDEST);
  EXPECT_EQ(all.back().last, kernel::MODEL_NEWEST);
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_FALSE(older(all[i].last, all[i].first)) << words_of(all[i]);
    if (i == 0) continue;
    EXPECT_TRUE(older(all[i - 1].last, all[i].first)) << words_of(all[i]);
  }
}

TEST(KernelTrials, FindOnTheOldReleaseAndNotOnTheNew) {
  Input input = read_strict(std::string(DAXRACE_SOURCE_DIR) + "/scenarios/001-fault-races-with-write.dax");
  KernelTrials trials(input.program, {});
  Trial old = trials.on({"v4.11", {}, {}});
  EXPECT_EQ(words_of(old), "stale-read (1)");
  Trial fixed = trials.on({"v4.12", {}, {}});
  EXPECT_EQ(words_of(fixed), "never");
  /* Half of the fix is not enough. */
  EXPECT_TRUE(trials.on({"v4.11", {}, {"13e451fdc1af"}}).verdicts.contains("stale-read"));
  EXPECT_EQ(words_of(trials.on({"v4.11", {}, {"13e451fdc1af", "cd656375f940"}})), "never");
  EXPECT_NE(trials.on({"v4.11", {}, {"insert-page-retries"}}).impossible, "");
}

/* Whatever else is wrong with a release: what it counts, it counts as often as it is there. */
TEST(Releases, LoseNoCount) {
  std::vector<scenario::Program> programs;
  for (const std::string& file : scenario_files({std::string(DAXRACE_SOURCE_DIR) + "/scenarios"}))
    programs.push_back(read_strict(file).program);
  for (const char* size : {"1pg", "1pmd"}) {
    for (const char* flags : {"sync rw", "shared rw", "private rw"}) {
      for (const char* pin :
           {"aioread m", "diowrite m", "vmsplice m", "dioread m", "regmr m\n  rdmawrite m\n  deregmr"}) {
        auto parsed = scenario::parse_strict(std::string("daxrace 1\nsetup\n  creat f size=") + size +
                                             "\n  mmap P.m f 0 " + size + " " + flags + "\ntask P.A\n  " +
                                             pin + "\n  store m\n  munmap m\ntask Q.B\n  fsync f\n");
        programs.push_back(std::get<scenario::Program>(parsed));
      }
    }
  }
  size_t executions = 0;
  for (const scenario::Program& program : programs) {
    for (const Releases& range : releases()) {
      scenario::Runner runner;
      std::string error;
      if (!runner.load(program, {range.first, {}, {}}, &error)) continue;
      auto strategy = engine::find_strategy("random")->make({.seed = 3});
      for (int i = 0; i < 2 && strategy->begin(); ++i, ++executions) {
        runner.run(*strategy);
        for (const engine::Finding& finding : runner.execution().findings())
          EXPECT_FALSE(finding.site->name().starts_with("at_the_end:counts"))
              << range.first << ": " << finding.describe(finding, runner.execution()) << "\n"
              << scenario::print(program);
      }
    }
  }
  EXPECT_GT(executions, 1000u);
}

TEST(KernelTrials, StopAtWhatIsWanted) {
  Input input = read_strict(std::string(DAXRACE_SOURCE_DIR) +
                            "/corpus/001-fault-races-with-write-stale-read-v4.11.dax");
  KernelTrials trials(input.program, {.preemptions = 2, .executions_max = 200000, .until = "stale-read"});
  const Trial old = trials.on({"v4.11", {}, {}});
  EXPECT_TRUE(old.verdicts.contains("stale-read"));
  EXPECT_EQ(old.executions, 1u) << "its own schedule shows it";
  EXPECT_FALSE(old.complete);
  const Trial fixed = trials.on({"v4.12", {}, {}});
  EXPECT_EQ(words_of(fixed), "never");
}

TEST(KernelTrials, DoNotSayNeverWhenTheyGaveUp) {
  Input input = read_strict(std::string(DAXRACE_SOURCE_DIR) + "/scenarios/001-fault-races-with-write.dax");
  KernelTrials trials(input.program, {.preemptions = 2, .executions_max = 3, .until = {}});
  EXPECT_EQ(words_of(trials.on({"v4.12", {}, {}})), "never ?");
}

}  // namespace
}  // namespace daxrace::replay
