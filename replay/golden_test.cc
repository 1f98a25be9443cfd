/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the text forms look like, byte for byte: replay/golden/. UPDATE_GOLDEN=1 in the environment writes
 * the files anew; what has changed in them is to be read.
 */
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/scenario/text.h"
#include "replay/replayer.h"
#include "replay/timeline.h"

namespace daxrace::replay {
namespace {

const std::string kSource = DAXRACE_SOURCE_DIR;

const char kFourTasks[] = R"(daxrace 1
kernel    v4.11
setup
  creat f size=1pg
  mmap R.m f 0 1pg shared rw
task R.A
  load m
task W.B
  write f 0 1pg
task W.C
  fsync f
task R.D
  load m
schedule
  @39 W.B
  @70 W.C
  @80 R.D
)";

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void compare(const std::string& name, const std::string& text) {
  std::string path = kSource + "/replay/golden/" + name + ".txt";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  EXPECT_EQ(text, file_text(path)) << name << ": if this is right, run it with UPDATE_GOLDEN=1";
}

void draw(const scenario::Program& program, const std::string& name, TimelineForm form) {
  scenario::Runner runner;
  std::string error;
  ASSERT_TRUE(runner.load(program, &error)) << error;
  replay_program(runner);
  compare(name, timeline_report(runner, form));
}

scenario::Program finding(const std::string& name) {
  return read_any(kSource + "/corpus/" + name + ".dax").program;
}

TEST(Golden, TwoTasks) {
  scenario::Program program = finding("001-fault-races-with-write-stale-read-v4.11");
  draw(program, "two-tasks", TimelineForm::kSteps);
  draw(program, "two-tasks-mail", TimelineForm::kMail);
}

/* Locks that are waited for, and no step that could be blamed. */
TEST(Golden, Deadlock) {
  scenario::Program program = finding("003-truncate-killed-deadlock-wait-idle-uninterruptible");
  draw(program, "deadlock", TimelineForm::kSteps);
  draw(program, "deadlock-mail", TimelineForm::kMail);
}

/* A power failure, an fsync, huge pages. */
TEST(Golden, Crash) {
  scenario::Program program = finding("000-missing-writeprotect-lost-after-sync-v5.18");
  draw(program, "crash", TimelineForm::kSteps);
  draw(program, "crash-mail", TimelineForm::kMail);
}

TEST(Golden, ThreeTasks) {
  scenario::Program program = finding("004-fork-during-dma-lost-write-a7e689dd1c06");
  draw(program, "three-tasks", TimelineForm::kSteps);
  draw(program, "three-tasks-mail", TimelineForm::kMail);
}

TEST(Golden, FourTasks) {
  auto program = std::get<scenario::Program>(scenario::parse_strict(kFourTasks));
  draw(program, "four-tasks", TimelineForm::kSteps);
  draw(program, "four-tasks-mail", TimelineForm::kMail);
}

}  // namespace
}  // namespace daxrace::replay
