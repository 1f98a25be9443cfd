/* SPDX-License-Identifier: GPL-2.0-only */
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "core/engine/sanitized_for_test.h"
#include "tests/host/compare.h"
#include "tests/host/mutants.h"
#include "tests/host/rules.h"

namespace daxrace::host {
namespace {

constexpr uint64_t kPrograms = 1000;
constexpr uint64_t kProgramsOnDisk =
    200; /* where fsync waits for a device, and shared memory has had them all */
/* Instrumented, an access that is signalled costs a hundred times as much. */
constexpr uint64_t kShare = kSanitized ? 10 : 1;
constexpr uint64_t kProgramsOfOlder = 100 / kShare;
constexpr double kExcusedMax = 0.02; /* of all operations */

uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

/* The scratch directories to try: the user's, and shared memory, which is a tmpfs and fast. */
std::vector<std::string> directories() {
  const char* chosen = std::getenv("TMPDIR");
  return {chosen != nullptr ? chosen : "/tmp", "/dev/shm"};
}

/* The fastest that works. Null: `why` says what is wrong with each. */
std::unique_ptr<HostSide> any_host(std::string* why) {
  std::vector<std::string> list = directories();
  for (auto directory = list.rbegin(); directory != list.rend(); ++directory) {
    auto host = std::make_unique<HostSide>(*directory);
    if (host->usable()) return host;
    *why += *directory + ": " + host->why_not() + "\n";
  }
  return nullptr;
}

std::string again(uint64_t seed) {
  return "again: DAXRACE_HOST_SEED=" + std::to_string(seed) +
         " DAXRACE_HOST_PROGRAMS=1 " DAXRACE_BIN_DIR "/host_test --gtest_filter='*ProgramsAgree*'\n";
}

class OnDirectory : public testing::TestWithParam<size_t> {};

TEST_P(OnDirectory, ProgramsAgree) {
  const std::string directory = directories()[GetParam()];
  HostSide host(directory);
  if (!host.usable()) GTEST_SKIP() << host.why_not();
  ModelSide model;
  Comparison comparison(host, model);
  const uint64_t first = number_from("DAXRACE_HOST_SEED", 1);
  const bool slow = host.file_system() != "tmpfs" && HostSide("/dev/shm").usable();
  const uint64_t count = number_from("DAXRACE_HOST_PROGRAMS", (slow ? kProgramsOnDisk : kPrograms) / kShare);
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t seed = first; seed < first + count; ++seed) {
    Program program = generate(seed);
    if (comparison.run(program))
      FAIL() << host.file_system() << " and the model disagree\n"
             << Comparison(host, model).shrink_and_describe(program) << again(seed);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  const Tally& tally = comparison.tally;
  std::printf("%s: %llu programs, %llu operations, %.0f programs/s; %llu errors, %llu signals\n",
              host.file_system().c_str(), static_cast<unsigned long long>(count),
              static_cast<unsigned long long>(tally.ops), static_cast<double>(count) / seconds.count(),
              static_cast<unsigned long long>(tally.failed), static_cast<unsigned long long>(tally.faults));
  for (size_t i = 0; i < rules().size(); ++i)
    std::printf("  rule %s: %llu times\n", std::string(rules()[i].name).c_str(),
                static_cast<unsigned long long>(tally.rules[i]));
  EXPECT_LE(static_cast<double>(tally.excused()), kExcusedMax * static_cast<double>(tally.ops));
  if (count >= kProgramsOnDisk && kShare == 1) {
    EXPECT_GT(tally.failed, tally.ops / 50) << "errors are worth comparing";
    EXPECT_GT(tally.faults, tally.ops / 50) << "and so are signals";
    for (size_t i = 0; i < rules().size(); ++i)
      EXPECT_TRUE(tally.rules[i] > 0 || !rules()[i].everywhere)
          << rules()[i].name << " excuses nothing: take it out";
  }
}

INSTANTIATE_TEST_SUITE_P(HostComparison, OnDirectory, testing::Values(size_t{0}, size_t{1}),
                         [](const auto& info) { return info.param == 0 ? "Tmpdir" : "SharedMemory"; });

/* What is worth nothing if it finds nothing: a model with an error in it has to disagree. */
TEST(HostComparison, EveryMutantIsFound) {
  std::string why;
  std::unique_ptr<HostSide> host = any_host(&why);
  if (!host) GTEST_SKIP() << why;
  for (const Mutant& mutant : mutants()) {
    ModelSide model;
    mutant.set(model.forms());
    Comparison comparison(*host, model);
    uint64_t seed = 1;
    while (seed <= kPrograms && !comparison.run(generate(seed))) ++seed;
    ModelSide right;
    EXPECT_FALSE(Comparison(*host, right).run(generate(seed))) << "it is not the mutant that disagrees";
    EXPECT_LE(seed, kPrograms) << mutant.name << " agrees with the host";
    if (seed > kPrograms) continue;
    std::printf("%s: found by program %llu\n", std::string(mutant.name).c_str(),
                static_cast<unsigned long long>(seed));
    if (number_from("DAXRACE_HOST_SHOW", 0) != 0)
      std::printf("%s", Comparison(*host, model).shrink_and_describe(generate(seed)).c_str());
  }
  EXPECT_GE(mutants().size(), 12u);
}

/* Rows that are about more than races: without the commit, or with the proposal, a single task sees it. */
bool seen_by_one_task(std::string_view row) {
  return row == "cd656375f940" ||           /* data that a mapped zero page hides */
         row == "drop-inode-busy" ||        /* it sleeps under a spinlock */
         row == "1571c029a2ff" ||           /* a PMD entry whose page is faulted by itself: it warns */
         row == "5fac7408d828" ||           /* a PMD entry that goes while a part of it is mapped: it warns */
         row == "invalidate-after-write" || /* the same */
         row == "entry-locks-shared" ||     /* a buffer that is a mapping of the file: it waits for itself */
         row == "write-takes-fault-lock";   /* a buffer that faults under that lock: lock-order */
}

/* Of the races that commits close, and of those that proposals would, a single task sees nothing. */
TEST(HostComparison, OlderFormsAndProposalsAgreeToo) {
  std::string why;
  std::unique_ptr<HostSide> host = any_host(&why);
  if (!host) GTEST_SKIP() << why;
  for (const kernel::patch_info& patch : kernel::patch_table()) {
    if (patch.kind == kernel::patch_kind::mutant) continue;
    const std::vector<std::string> row = {std::string(patch.id)};
    const std::vector<std::string> none;
    const bool commit = patch.kind == kernel::patch_kind::commit;
    const kernel::patch_choice choice{"", commit ? row : none, commit ? none : row};
    ModelSide model;
    std::string error;
    if (!select_forms(choice, &model.forms(), &error)) continue; /* it does not stand alone */
    Comparison comparison(*host, model);
    const uint64_t programs = seen_by_one_task(patch.id) ? kPrograms : kProgramsOfOlder;
    uint64_t seed = 1;
    while (seed <= programs && !comparison.run(generate(seed))) ++seed;
    if (seed > programs) {
      EXPECT_FALSE(seen_by_one_task(patch.id)) << describe(choice) << " agrees with the host";
      continue;
    }
    if (seen_by_one_task(patch.id)) continue;
    ADD_FAILURE() << describe(choice) << "\n" << Comparison(*host, model).shrink_and_describe(generate(seed));
  }
}

TEST(HostComparison, GenerationIsDeterministic) {
  auto text = [](const Program& program) {
    std::string all;
    for (const Op& op : program.ops) all += describe(op) + "\n";
    return all;
  };
  EXPECT_EQ(text(generate(7)), text(generate(7)));
  EXPECT_NE(text(generate(7)), text(generate(8)));
  EXPECT_EQ(static_cast<size_t>(kOps), generate(7).ops.size());
}

/* A mismatch is shown as the few operations that make it, with both results. */
TEST(HostComparison, MismatchIsShrunk) {
  std::string why;
  std::unique_ptr<HostSide> host = any_host(&why);
  if (!host) GTEST_SKIP() << why;
  ModelSide model;
  for (const Mutant& mutant : mutants()) {
    if (mutant.name == "write-does-not-grow") mutant.set(model.forms());
  }
  Comparison comparison(*host, model);
  uint64_t seed = 1;
  while (seed < kPrograms && !comparison.run(generate(seed))) ++seed;
  const std::string text = comparison.shrink_and_describe(generate(seed));
  EXPECT_NE(std::string::npos, text.find("pwrite")) << text;
  EXPECT_NE(std::string::npos, text.find("  host ")) << text;
  EXPECT_NE(std::string::npos, text.find("  model ")) << text;
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 12) << text;
}

}  // namespace
}  // namespace daxrace::host
