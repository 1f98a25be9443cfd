/* SPDX-License-Identifier: GPL-2.0-only */
/* Registered memory: what may be registered, and what is left of it. */
#include <set>

#include "core/model/anon.h"
#include "core/scenario/machine_for_test.h"

namespace daxrace::scenario {
namespace {

using ::testing::ElementsAre;

std::vector<int> results_of(const std::string& text) {
  Program program = program_of(text);
  Runner runner;
  load(runner, program);
  EXPECT_EQ(engine::End::kFinished, run_default(runner));
  return results(runner, 1);
}

TEST(RdmaTest, MemoryOfADaxFileIsRefusedHoweverItIsFound) {
  /* By its VMA; by its PTE, without a lock; a page of a private mapping that is a copy by now is no page of
   * the file. */
  EXPECT_THAT(results_of(R"(setup
  creat f size=4pg
  mmap P.m f 0 1pg shared rw
  mmap P.c f 1pg 1pg private rw
task P.A
  regmr m
  store m
  regmr m
  regmr c
  store c
  regmr c
  rdmawrite m
  rdmawrite c
)"),
              ElementsAre(-EOPNOTSUPP, 0, -EOPNOTSUPP, -EOPNOTSUPP, 0, 1, -EINVAL, 1));
}

TEST(RdmaTest, RegistersAsMuchAsThereIsRoomFor) {
  EXPECT_THAT(results_of(R"(setup
  mmapanon P.m 4pg
task P.A
  rdmawrite m
  regmr m
  regmr m+1pg
  regmr m+2pg
  rdmawrite m+2pg
  rdmawrite m+1pg.1
  deregmr
  rdmawrite m
  deregmr
  regmr m+2pg
  mprotect m r
  regmr m+3pg
  munmap m
  regmr m
)"),
              ElementsAre(-EINVAL, 1, 1, -ENOMEM, -EINVAL, 1, 2, -EINVAL, 0, 1, 0, -EFAULT, 0, -EFAULT));
}

/* Whatever comes first: what was pinned is given back once, and not while the device may still write to it.
 */
TEST(RdmaTest, NothingIsPinnedAfterTheRegionWasGivenUp) {
  for (const char* end : {"deregmr", "exit"}) {
    Program program = program_of(
        std::string("setup\n  mmapanon P.m 1pg\ntask P.A\n  regmr m\n  rdmawrite m\ntask P.B\n  ") + end +
        "\n  deregmr\n");
    Runner runner;
    load(runner, program);
    engine::StrategyOptions options;
    options.preemptions_max = 2;
    auto strategy = engine::find_strategy("dfs")->make(options);
    std::set<int> seen;
    while (strategy->begin()) {
      ASSERT_NE(engine::End::kFatal, runner.run(*strategy));
      if (runner.execution().trace().empty()) continue;
      ASSERT_TRUE(runner.execution().findings().empty()) << runner.execution().sentence(0);
      const std::vector<int> list = results(runner, 1);
      const kernel::private_memory& anon = *machine().anon;
      int pinned = 0;
      for (uint32_t i = 0; i < anon.nr_folios; ++i)
        pinned += anon.folios[i]._refcount.peek() >= int32_t{kernel::GUP_PIN_COUNTING_BIAS};
      if (list.size() == 2) {
        seen.insert(list[1]);
        /* A peer that finds it gone finds it unpinned; what is registered after the last deregmr stays. */
        EXPECT_TRUE(list[1] == 1 || pinned == 0) << list[0] << " " << list[1];
      }
    }
    EXPECT_TRUE(seen.contains(1)) << end;
    EXPECT_TRUE(seen.contains(-EINVAL)) << end;
  }
}

}  // namespace
}  // namespace daxrace::scenario
