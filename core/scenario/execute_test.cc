/* SPDX-License-Identifier: GPL-2.0-only */
/* Running programs: which kernel, what came of each operation, the same again, and the table of patches in
 * use. */
#include "core/scenario/execute.h"

#include <set>

#include "core/engine/determinism.h"
#include "core/engine/sanitized_for_test.h"
#include "core/engine/strategy_dfs.h"
#include "core/scenario/machine_for_test.h"

namespace daxrace::scenario {
namespace {

using kernel::MODEL_SIGBUS;
using kernel::MODEL_SIGSEGV;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/* Calls visit() after each execution with at most `preemptions`. */
template <class Visit>
void explore(Runner& runner, uint32_t preemptions, const Visit& visit) {
  engine::DfsStrategy dfs({.preemptions_max = preemptions});
  while (dfs.begin()) {
    if (runner.run(dfs) != engine::End::kAbandoned) visit();
  }
}

TEST(ExecuteTest, KernelThatCannotBeIsRefusedInOneLine) {
  Program program = program_of("task P.A\n  crash\n");
  Runner runner;
  std::string error;
  EXPECT_FALSE(runner.load(program, {"v3.0", {}, {}}, &error));
  EXPECT_THAT(error, HasSubstr("v3.0"));
  EXPECT_FALSE(runner.load(program, {"", {}, {"no-such-row"}}, &error));
  EXPECT_THAT(error, HasSubstr("no-such-row"));
  program.config.kernel.version = "v5.18";
  EXPECT_TRUE(runner.load(program, &error)) << error;
  EXPECT_EQ("v5.18", runner.kernel().version);
  EXPECT_TRUE(runner.load(program, {"v4.12", {}, {}}, &error)) << error;
  EXPECT_EQ("v4.12", runner.kernel().version) << "what is asked for replaces what the program says";
}

TEST(ExecuteTest, EachOperationReturnsWhatTheSystemCallWould) {
  Program program = program_of(R"(setup
  creat f size=3pg
  mmap P.m f 0 2pmd shared rw
  mmap P.ro f 0 1pg shared r
task P.A
  load m
  store m+2pg.1
  store m+3pg
  load m+1pmd
  load ro
  store ro
  read f 1pg 1pmd
  read f 3pg 1pg
  write f 2pg 2pg
  store m+3pg
  fsync f
  truncate f 1pg
  store m+1pg
  munmap m
  load m
  munmap m
)");
  Runner runner;
  load(runner, program);
  EXPECT_EQ(engine::End::kFinished, run_default(runner));
  EXPECT_THAT(results(runner, 0), ElementsAre(0, 0, 0));
  EXPECT_THAT(results(runner, 1), ElementsAre(0, 0, MODEL_SIGBUS, MODEL_SIGBUS, 0, MODEL_SIGSEGV, 2, 0, 2, 0,
                                              0, 0, MODEL_SIGBUS, 0, MODEL_SIGSEGV, 0));
}

TEST(ExecuteTest, AnAccessIsOfTheProcessThatMakesIt) {
  Program program = program_of(R"(setup
  creat f size=1pg
task P.A
  fork Q
  mmap m f 0 1pg shared r
  clwb m
task Q.B
  load m
  clwb m
)");
  Runner runner;
  load(runner, program);
  EXPECT_EQ(engine::End::kFinished, run_default(runner));
  EXPECT_THAT(results(runner, 1), ElementsAre(0, 0, 0));
  EXPECT_THAT(results(runner, 2), ElementsAre(MODEL_SIGSEGV, MODEL_SIGSEGV))
      << "what the parent maps later is not mapped in the child";
}

TEST(ExecuteTest, CrashEndsItAndOracleIsAsked) {
  Program program = program_of(R"(setup
  creat f size=1pg
  mmap P.m f 0 1pg shared rw
task P.A
  store m
  crash
task P.B
  store m
)");
  Runner runner;
  load(runner, program);
  EXPECT_EQ(engine::End::kFatal, run_default(runner));
  EXPECT_EQ(engine::EventKind::k_crash, runner.execution().trace().back().kind);
  EXPECT_THAT(verdicts(runner.execution()), IsEmpty());
  EXPECT_THAT(results(runner, 2), IsEmpty()) << "nobody runs after it";
  EXPECT_EQ(engine::End::kFatal, run_default(runner)) << "and the next one can";
}

/* Does something to the machine when all tasks have ended, before the oracles look. */
class TamperStrategy : public engine::Strategy {
 public:
  explicit TamperStrategy(void (*tamper)(kernel::inode&)) : tamper_(tamper) {}
  bool begin() override { return true; }
  size_t pick(const engine::Pick&) override { return 0; }
  uint32_t draw(const engine::Execution&, uint32_t) override { return 0; }
  void end(const engine::Execution&) override { tamper_(machine().inodes[0]); }

 private:
  void (*tamper_)(kernel::inode&);
};

TEST(ExecuteTest, OraclesAreAskedAtTheEnd) {
  const std::string start =
      "setup\n creat f size=2pg\n mmap P.m f 0 2pg shared rw\ntask P.A\n store m\n fsync f\n";
  Program to_the_end = program_of(start);
  Program crashes = program_of(start + " crash\n");
  Runner runner;
  TamperStrategy honest([](kernel::inode&) {});
  TamperStrategy forgets_a_block([](kernel::inode& file) { file.committed_block[0] = 0; });
  TamperStrategy shifts_the_file([](kernel::inode& file) { ++file.i_block; });
  load(runner, to_the_end);
  runner.run(honest);
  EXPECT_THAT(verdicts(runner.execution()), IsEmpty());
  runner.run(shifts_the_file);
  EXPECT_THAT(verdicts(runner.execution()), Contains("lost-write"));
  runner.run(forgets_a_block);
  EXPECT_THAT(verdicts(runner.execution()), IsEmpty()) << "there was no crash";
  load(runner, crashes);
  runner.run(honest);
  EXPECT_THAT(verdicts(runner.execution()), IsEmpty());
  runner.run(forgets_a_block);
  EXPECT_THAT(verdicts(runner.execution()), ElementsAre("lost-after-sync"));
}

/* An access to a region that another task maps only after the access has begun. */
TEST(ExecuteTest, RegionThatAppearsMeanwhile) {
  for (const char* offset : {"0", "1pg"}) {
    Program program = program_of(std::string("setup\n  creat f size=1pg\ntask P.A\n  mmap m f ") + offset +
                                 " 1pg shared rw\ntask P.B\n  store m\n");
    Runner runner;
    load(runner, program);
    std::set<int> seen;
    explore(runner, 2, [&] {
      EXPECT_THAT(verdicts(runner.execution()), IsEmpty());
      seen.insert(results(runner, 2).at(0));
    });
    int mapped = *offset == '0' ? 0 : MODEL_SIGBUS;
    EXPECT_EQ((std::set<int>{MODEL_SIGSEGV, mapped}), seen);
  }
}

/* Data that write(2) has copied is durable for whoever syncs afterwards, on whatever CPU. */
TEST(ExecuteTest, FsyncOfAnotherTaskCoversAWrite) {
  Program program = program_of("setup\n creat f size=1pg\ntask W.A\n write f 0 1pg\ntask F.B\n fsync f\n");
  Runner runner;
  load(runner, program);
  uint64_t executions = 0;
  explore(runner, 2, [&] {
    EXPECT_THAT(verdicts(runner.execution()), IsEmpty());
    ++executions;
  });
  EXPECT_LT(10u, executions);
}

/* --- names
 * -------------------------------------------------------------------------------------------------- */

std::string headline_signature(const std::string& text) {
  Program program = program_of(text);
  Runner runner;
  load(runner, program);
  std::set<std::string> signatures;
  explore(runner, 1, [&] {
    const engine::Finding* finding = runner.execution().headline();
    if (finding != nullptr) signatures.insert(signature(*finding, runner));
  });
  EXPECT_EQ(1u, signatures.size()) << text;
  return signatures.empty() ? "" : *signatures.begin();
}

TEST(SignatureTest, IsWithoutValuesStepsAndNames) {
  const std::string base =
      "setup\n creat f size=1pg\n mmap P.m f 0 1pg shared rw\n load m\ntask P.A\n store m\ntask W.B\n write "
      "f 0 1pg\n";
  const std::string others =
      "geometry pmd=8 cells=1\nsetup\n creat other size=1pmd\n creat f size=3pg\n write other 0 1pg\n"
      " mmap Q.big f 0 3pg shared rw\n load big+2pg\ntask X.D\n write f 2pg 1pg\ntask Q.C\n load big\n"
      " store big+2pg\n";
  std::string name = headline_signature(base);
  EXPECT_EQ(name, headline_signature(others));
  EXPECT_THAT(name, testing::StartsWith("spurious-sigbus/store/"));
}

TEST(SignatureTest, TellsOperationsApart) {
  const std::string start =
      "without 06083a0921fd\nsetup\n creat f size=1pmd\n mmap P.m f 0 1pmd shared rw\n"
      " mmap Q.n f 1pg 1pg shared rw\n store m\n store n\n fsync f\n store n\ntask P.A\n fsync f\n";
  std::string name = headline_signature(start);
  EXPECT_THAT(name, testing::StartsWith("lost-after-sync/fsync/store"));
  const std::string stale =
      "without 13e451fdc1af\nsetup\n creat f size=1pg\n mmap P.m f 0 1pg shared rw\ntask P.A\n"
      " load m\n load m\ntask W.B\n write f 0 1pg\n";
  EXPECT_THAT(headline_signature(stale), testing::StartsWith("stale-read/load/write"));
}

/* --- the same again
 * ----------------------------------------------------------------------------------------- */

constexpr int kRuns = kSanitized ? 100 : 1000;

TEST(DeterminismTest, EveryScheduleRunsTheSameTwice) {
  for (const NamedProgram& named : programs_in("scenarios")) {
    for (const KernelChoice& kernel : kernels_of(named.program)) {
      for (const char* name : {"random", "pct"}) {
        Runner runner;
        load(runner, named.program, kernel);
        auto inner = engine::find_strategy(name)->make({.seed = 5});
        engine::TwiceStrategy twice(*inner);
        std::set<uint64_t> traces;
        for (int i = 0; i < 2 * (kRuns / 5); ++i) {
          ASSERT_TRUE(twice.begin());
          runner.run(twice);
          traces.insert(runner.execution().trace_hash());
        }
        EXPECT_EQ(0u, twice.differences()) << named.name << " " << name;
        if (named.program.tasks.size() == 1) continue;
        EXPECT_LT(2u, traces.size()) << named.name << " " << name << ": the schedules are all alike";
      }
    }
  }
}

/* What ran before on the same Runner leaves no mark. */
TEST(DeterminismTest, FirstRunAndLastAreTheSame) {
  for (const NamedProgram& named : programs_in("scenarios")) {
    Runner fresh;
    load(fresh, named.program);
    run_default(fresh);
    Runner used;
    Program other =
        program_of("setup\n creat f size=1pmd\n mmap P.m f 0 1pmd shared rw\ntask P.A\n store m\n");
    load(used, other);
    run_default(used);
    load(used, named.program);
    auto random = engine::find_strategy("random")->make({});
    for (int i = 1; i < kRuns; ++i) used.run(*random);
    run_default(used);
    EXPECT_EQ(fresh.execution().trace_hash(), used.execution().trace_hash()) << named.name;
    EXPECT_TRUE(fresh.execution().state_key() == used.execution().state_key()) << named.name;
  }
}

TEST(DeterminismTest, EachRecordedFindingReplaysTheSameEveryTime) {
  for (const NamedProgram& named : programs_in("corpus")) {
    ASSERT_TRUE(named.program.found.has_value()) << named.name;
    const Found& found = *named.program.found;
    std::vector<engine::RecordedSwitch> switches;
    std::vector<engine::RecordedDraw> draws;
    for (const Switch& entry : named.program.schedule.switches)
      switches.push_back({entry.step, engine_task(entry.task), {}});
    for (const Draw& draw : named.program.schedule.draws) draws.push_back({draw.step, draw.value});
    Runner runner;
    load(runner, named.program);
    engine::ReplayStrategy replay(switches, draws, engine::ReplayStrategy::Mode::kByStep, kRuns);
    int runs = 0;
    for (; replay.begin(); ++runs) {
      runner.run(replay);
      ASSERT_EQ(found.trace_hash, runner.execution().trace_hash()) << named.name << " run " << runs;
      const engine::Finding* finding = runner.execution().headline();
      ASSERT_NE(nullptr, finding) << named.name;
      ASSERT_EQ(found.verdict, finding->verdict) << named.name;
      ASSERT_EQ(found.signature, signature(*finding, runner)) << named.name;
      ASSERT_EQ(switches.size(), replay.taken()) << named.name << ": a switch that changes nothing";
    }
    EXPECT_EQ(kRuns, runs);
  }
}

/* A search abandons what leads to a known state; what it reports must be a whole execution all the same. */
TEST(DeterminismTest, FindingsOfASearchReplayToTheEnd) {
  for (const NamedProgram& named : programs_in("scenarios")) {
    if (named.name.find("004-fork-swap-entry") == std::string::npos) continue;
    Program program = named.program;
    program.config.kernel.with = {"fork-keeps-exclusive"};
    Runner searching({.trace = true});
    Runner replaying;
    load(searching, program);
    load(replaying, program);
    auto search = engine::find_strategy("dfs")->make({});
    std::vector<engine::RecordedSwitch> switches;
    std::vector<engine::RecordedDraw> draws;
    int findings = 0;
    for (int i = 0; i < 500 && search->begin(); ++i) {
      const engine::End end = searching.run(*search);
      if (searching.execution().findings().empty()) continue;
      ASSERT_NE(engine::End::kAbandoned, end);
      ++findings;
      engine::record_choices(searching.execution(), switches, draws);
      engine::ReplayStrategy replay(switches, draws);
      replay.begin();
      replaying.run(replay);
      ASSERT_EQ(searching.execution().trace_hash(), replaying.execution().trace_hash());
    }
    EXPECT_GT(findings, 0);
  }
}

/* --- scenarios and patches
 * ---------------------------------------------------------------------------------- */

bool mentions(const std::vector<std::string>& rows, std::string_view id) {
  return std::find(rows.begin(), rows.end(), id) != rows.end();
}

/* A patch that no scenario can see is not known to do anything. Of a proposal it is worth knowing that it
 * changes nothing, so it is enough that a scenario asks. */
TEST(ScenarioTest, EveryPatchChangesWhatSomeScenarioExpects) {
  const std::vector<NamedProgram> scenarios = programs_in("scenarios");
  for (const kernel::patch_info& row : kernel::patch_table()) {
    bool shown = false;
    for (const NamedProgram& named : scenarios) {
      const bool own = std::ranges::any_of(named.program.expectations,
                                           [](const Expectation& e) { return e.kernel == KernelChoice{}; });
      ASSERT_TRUE(own) << named.name << " says nothing of its own kernel";
      for (const Expectation& each : named.program.expectations) {
        /* What the same kernel has without the row; some show only where another is missing, too. */
        KernelChoice rest = each.kernel;
        std::erase(rest.without, row.id);
        std::erase(rest.with, row.id);
        const auto& all = named.program.expectations;
        const auto base = std::ranges::find(all, rest, &Expectation::kernel);
        bool alone = each.kernel.version.empty() && base != all.end();
        bool about_it = mentions(each.kernel.without, row.id) || mentions(each.kernel.with, row.id);
        bool differs = alone && (each.verdicts != base->verdicts || each.preemptions != base->preemptions);
        /* A mutant must be found. */
        bool found = row.kind != kernel::patch_kind::mutant || !each.verdicts.empty();
        bool answered = row.kind == kernel::patch_kind::proposal && about_it;
        shown = shown || answered || (alone && about_it && differs && found);
      }
    }
    EXPECT_TRUE(shown) << row.id << ": no scenario expects a difference";
  }
}

TEST(ScenarioTest, SaysWhatItMirrorsAndAsks) {
  for (const NamedProgram& named : programs_in("scenarios")) {
    EXPECT_NE("", named.program.title) << named.name;
    EXPECT_NE("", named.program.question) << named.name;
    EXPECT_FALSE(named.program.mirrors.empty()) << named.name;
    EXPECT_EQ(named.program.expectations.size(), kernels_of(named.program).size());
  }
}

/* A clean side is worth something only where the same bounds find something on another one; a silent twin,
 * which is clean on all of them, only where another scenario finds something on the same kernel. */
TEST(ScenarioTest, EachFindsSomethingOnSomeKernelOrIsTheTwinOfOneThatDoes) {
  const std::vector<NamedProgram> scenarios = programs_in("scenarios");
  std::vector<KernelChoice> caught;
  std::set<std::string> expected;
  for (const NamedProgram& named : scenarios) {
    for (const Expectation& each : named.program.expectations) {
      expected.insert(each.verdicts.begin(), each.verdicts.end());
      if (!each.verdicts.empty() && each.kernel != KernelChoice{}) caught.push_back(each.kernel);
    }
  }
  for (const NamedProgram& named : scenarios) {
    const auto& all = named.program.expectations;
    const bool finds = std::ranges::any_of(all, [](const Expectation& e) { return !e.verdicts.empty(); });
    const bool twin = std::ranges::any_of(
        all, [&](const Expectation& e) { return std::ranges::find(caught, e.kernel) != caught.end(); });
    EXPECT_TRUE(finds || twin) << named.name;
  }
  for (const char* verdict : {"lost-after-sync", "stale-read", "spurious-sigbus"})
    EXPECT_EQ(1u, expected.count(verdict)) << verdict;
}

/* Whether some of the schedules has a finding of one of these verdicts. */
bool finds(Runner& runner, const std::vector<std::string>& wanted, int schedules) {
  auto strategy = engine::find_strategy("pct")->make({.seed = 11});
  for (int i = 0; i < schedules; ++i) {
    strategy->begin();
    runner.run(*strategy);
    for (std::string_view verdict : verdicts(runner.execution())) {
      if (std::ranges::find(wanted, verdict) != wanted.end()) return true;
    }
  }
  return false;
}

/*
 * An oracle is worth something if there is a scenario in which it says what nobody else does. Each has one
 * whose findings on some kernel are all its own and which is clean on another; with every other oracle
 * switched off they are found, and with it switched off nothing is.
 */
TEST(ScenarioTest, EachOracleHasAScenarioThatItAloneCatches) {
  constexpr int kSchedules = 2000;
  const std::vector<NamedProgram> scenarios = programs_in("scenarios");
  for (const oracle::OracleInfo& info : oracle::oracle_table()) {
    std::vector<std::string> own;
    for (const oracle::VerdictInfo& verdict : oracle::verdict_table()) {
      if (verdict.oracle == info.name) own.emplace_back(verdict.verdict);
    }
    if (info.name == "lifetime") own = {"use-after-free"}; /* in the engine's words */
    bool shown = false;
    for (const NamedProgram& named : scenarios) {
      const auto& all = named.program.expectations;
      if (std::ranges::none_of(all, [](const Expectation& e) { return e.verdicts.empty(); })) continue;
      for (const Expectation& each : all) {
        if (shown || each.verdicts.empty() ||
            std::ranges::any_of(each.verdicts, [&](const std::string& verdict) {
              return std::ranges::find(own, verdict) == own.end();
            }))
          continue;
        Runner runner;
        load(runner, named.program,
             each.kernel == KernelChoice{} ? named.program.config.kernel : each.kernel);
        runner.oracles().watch(info.name, true);
        if (!finds(runner, own, kSchedules)) continue; /* it takes more schedules than these */
        runner.oracles().watch(info.name, false);
        shown = !finds(runner, own, kSchedules / 4);
      }
    }
    EXPECT_TRUE(shown) << info.name;
  }
}

}  // namespace
}  // namespace daxrace::scenario
