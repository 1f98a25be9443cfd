/* SPDX-License-Identifier: GPL-2.0-only */
/* What system calls on names, directories and signals return, and what memory reclaim leaves of the caches.
 */
#include <functional>
#include <set>

#include "core/scenario/machine_for_test.h"

namespace daxrace::scenario {
namespace {

using ::testing::ElementsAre;

/* Every schedule with that many preemptions, every draw. */
void explore(const std::string& text, uint32_t preemptions, const std::function<void(const Runner&)>& look) {
  Program program = program_of(text);
  Runner runner;
  load(runner, program);
  engine::StrategyOptions options;
  options.preemptions_max = preemptions;
  auto strategy = engine::find_strategy("dfs")->make(options);
  while (strategy->begin()) {
    ASSERT_NE(engine::End::kFatal, runner.run(*strategy));
    if (!runner.execution().trace().empty()) look(runner);
  }
}

/* A program, run with every choice the default; the machine is there as long as this is. */
class Ran {
 public:
  explicit Ran(const std::string& text) : program_(program_of(text)) {
    load(runner_, program_);
    EXPECT_EQ(engine::End::kFinished, run_default(runner_));
  }
  std::vector<int> results() const { return scenario::results(runner_, 1); }

 private:
  Program program_;
  Runner runner_;
};

TEST(LifeTest, DirectoriesAreNoFilesAndFilesAreNoDirectories) {
  EXPECT_THAT(Ran(R"(setup
  creat f size=1pg
  mkdir d
task A.a
  readdir d
  fsync d
  read d 0 1pg
  write d 0 1pg
  truncate d 0
  punch d 0 1pg
  mmap m d 0 1pg shared rw
  mmap n d 0 1pg shared r
  readdir f
  rmdir f
  unlink d
  rename f d
  rename d f
  rmdir d
  readdir d
  open d
)")
                  .results(),
              ElementsAre(0, 0, -EISDIR, -EBADF, -EINVAL, -EBADF, -EACCES, -ENODEV, -ENOTDIR, -ENOTDIR,
                          -EISDIR, -EISDIR, -ENOTDIR, 0, -ENOENT, -EEXIST));
}

TEST(LifeTest, OpenCreatMakesAFileWhereTheNameIsGone) {
  Ran ran(R"(setup
  creat f size=1pg
task A.a
  write f 0 1pg
  close f
  opencreat f
  read f 0 1pg
  close f
  unlink f
  open f
  opencreat f
  read f 0 1pg
  write f 0 1pg
  read f 0 1pg
)");

  EXPECT_THAT(ran.results(), ElementsAre(1, 0, 0, 1, 0, 0, -ENOENT, 0, 0, 1, 1));
  /* The first opencreat found a file, and made nothing of its inode. */
  EXPECT_EQ(0u, machine().inodes[0].i_nlink.peek());
  EXPECT_FALSE(machine().inodes[0].i_hashed.peek());
  EXPECT_EQ(0u, machine().inodes[1].i_nlink.peek());
  EXPECT_EQ(1u, machine().inodes[2].i_nlink.peek());
  EXPECT_EQ(1u, machine().inodes[2].i_size.peek());
}

TEST(LifeTest, SigbusIsOfTheFileThatIsMapped) {
  for (const std::string fs : {"ext4", "xfs"}) {
    explore("fs " + fs + R"(
setup
  creat f size=1pg
task A.a
  close f
  unlink f
  opencreat f
  mmap m f 0 1pg shared rw
  load m
  store m
)",
            0, [&](const Runner& runner) {
              EXPECT_EQ(kernel::MODEL_SIGBUS, results(runner, 1).back()) << "the file is empty";
              EXPECT_TRUE(runner.execution().findings().empty()) << fs << runner.execution().sentence(0);
            });
  }
}

/* The PTE is the same again, so do_swap_page() says that there is no memory. */
TEST(LifeTest, LoadGoesOnWhoseSwapSlotWasFreedAndUsedAgain) {
  bool ended = false;
  explore(R"(setup
  creat f size=1pg
  mmap A.m f 0 1pg private rw
  store m
  pageout m
task A.a
  load m
task A.b
  store m
task A.c
  pageout m
)",
          1, [&](const Runner& runner) {
            EXPECT_TRUE(runner.execution().findings().empty()) << runner.execution().sentence(0);
            const std::vector<int> list = results(runner, 1);
            if (list.empty()) return;
            EXPECT_EQ(0, list[0]);
            ended = true;
          });
  EXPECT_TRUE(ended);
}

TEST(LifeTest, SignalEndsATruncationThatWaits) {
  std::set<std::pair<int, uint64_t>> seen;
  explore(R"(setup
  creat f size=1pg
  mmap A.m f 0 1pg shared rw
task A.a
  aioread m
  truncate f 0
task B.b
  signal
)",
          1, [&](const Runner& runner) {
            const std::vector<int> list = results(runner, 1);
            if (list.size() == 2) seen.insert({list[1], machine().inodes[0].i_size.peek()});
          });
  EXPECT_THAT(seen, ElementsAre(std::pair(-EINTR, 1u), std::pair(0, 0u)));
}

TEST(LifeTest, DriverIsUnboundOnce) {
  std::set<std::pair<int, int>> seen;
  explore("task A.a\n  unbind\ntask B.b\n  unbind\n", 2, [&](const Runner& runner) {
    EXPECT_TRUE(runner.execution().findings().empty()) << runner.execution().sentence(0);
    const std::vector<int> first = results(runner, 1), second = results(runner, 2);
    if (!first.empty() && !second.empty()) seen.insert({first[0], second[0]});
  });
  EXPECT_THAT(seen, ElementsAre(std::pair(-ENODEV, 0), std::pair(0, -ENODEV)));
}

TEST(LifeTest, KilledWriteEndsBetweenPages) {
  std::set<int> seen;
  explore(R"(setup
  creat f size=0
task A.a
  write f 0 2pg
task B.b
  killall
)",
          1, [&](const Runner& runner) {
            const std::vector<int> list = results(runner, 1);
            if (list.empty()) return;
            seen.insert(list[0]);
            EXPECT_EQ(static_cast<uint64_t>(std::max(0, list[0])), machine().inodes[0].i_size.peek());
          });
  EXPECT_THAT(seen, ElementsAre(-EINTR, 1, 2));
}

/* Whether the inode of a file that nobody uses was freed, in all executions. */
std::set<bool> freed(const std::string& header) {
  std::set<bool> seen;
  explore(header + R"(setup
  creat f size=1pg
  creat g size=1pg
task A.a
  open f
)",
          0, [&](const Runner&) { seen.insert(!machine().inodes[1].i_hashed.peek()); });
  return seen;
}

TEST(LifeTest, AllocationMayFreeInodesWhereMemoryIsLow) {
  EXPECT_THAT(freed("memory low\n"), ElementsAre(false, true));
  EXPECT_THAT(freed(""), ElementsAre(false));
}

TEST(LifeTest, ShrinkerLeavesInodesWithEntries) {
  const std::string program = R"(setup
  creat f size=2pg
  mmap A.m f 0 2pg shared rw
task A.a
  load m+1pg
  munmap m
  close f
  dropslab
)";
  auto kept = [&](const std::string& header) {
    Ran ran(header + program);
    return machine().inodes[0].i_hashed.peek();
  };
  EXPECT_TRUE(kept(""));
  EXPECT_TRUE(kept("without 51b8c1fe250d\n"));
  EXPECT_FALSE(kept("kernel v5.12\n"));
}

}  // namespace
}  // namespace daxrace::scenario
