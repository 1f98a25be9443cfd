/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests that run programs: texts to programs, and eyes to look into the machine that a run leaves. */
#ifndef DAXRACE_CORE_SCENARIO_MACHINE_FOR_TEST_H_
#define DAXRACE_CORE_SCENARIO_MACHINE_FOR_TEST_H_

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/engine/strategies.h"
#include "core/engine/strategy_replay.h"
#include "core/model/dax.h"
#include "core/model/protocol/entry_backend.h"
#include "core/scenario/execute.h"
#include "core/scenario/text.h"

namespace daxrace::scenario {

/* Of a text without its first line. */
inline Program program_of(const std::string& text) {
  auto parsed = parse_strict("daxrace 1\n" + text);
  if (const auto* error = std::get_if<ParseError>(&parsed)) {
    ADD_FAILURE() << describe(*error, "program") << "\n" << text;
    return {};
  }
  return std::get<Program>(parsed);
}

struct NamedProgram {
  std::string name;
  std::string text;
  Program program;
};

/* All of a directory of the source tree, in order of their names. */
inline std::vector<NamedProgram> programs_in(const std::string& directory) {
  std::vector<NamedProgram> list;
  for (const auto& entry : std::filesystem::directory_iterator(DAXRACE_SOURCE_DIR "/" + directory)) {
    if (entry.path().extension() != ".dax") continue;
    std::ifstream file(entry.path());
    std::stringstream text;
    text << file.rdbuf();
    auto parsed = parse_strict(text.str());
    const auto* program = std::get_if<Program>(&parsed);
    EXPECT_NE(nullptr, program) << entry.path();
    if (program != nullptr) list.push_back({entry.path().stem().string(), text.str(), *program});
  }
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  EXPECT_FALSE(list.empty()) << directory;
  return list;
}

/* The kernels that the program expects something of, its own first. */
inline std::vector<KernelChoice> kernels_of(const Program& program) {
  std::vector<KernelChoice> list = {program.config.kernel};
  for (const Expectation& expectation : program.expectations) {
    if (expectation.kernel != KernelChoice{}) list.push_back(expectation.kernel);
  }
  return list;
}

inline void load(Runner& runner, const Program& program, const KernelChoice& kernel) {
  std::string error;
  ASSERT_TRUE(runner.load(program, kernel, &error)) << error;
}
inline void load(Runner& runner, const Program& program) { load(runner, program, program.config.kernel); }

/* Every choice is the default. */
inline engine::End run_default(Runner& runner) {
  const std::vector<engine::RecordedSwitch> switches;
  const std::vector<engine::RecordedDraw> draws;
  engine::ReplayStrategy strategy(switches, draws);
  strategy.keep_state();
  strategy.begin();
  return runner.run(strategy);
}

/* What each operation of a task (0: the setup) returned. */
inline std::vector<int> results(const Runner& runner, engine::TaskId task) {
  std::vector<int> list;
  for (const engine::Event& event : runner.execution().trace()) {
    if (event.task == task && event.kind == engine::EventKind::k_ret)
      list.push_back(static_cast<int>(static_cast<int64_t>(event.value)));
  }
  return list;
}

/* --- the machine of the last run --- */

inline kernel::model& machine() { return *kernel::model::current; }
inline unsigned int pmd_pages() { return machine().config.pmd_nr; }

/* The page of the region, by its number in the order of the program. */
inline kernel::pmd_t pmd_of(const Runner& runner, int region, int32_t page) {
  const Runner::RegionPlan& plan = runner.region(region);
  return machine()
      .mms[plan.process]
      .pmds[static_cast<uint32_t>(plan.address + page) / pmd_pages()]
      .pmd.peek();
}
inline kernel::pte_t pte_of(const Runner& runner, int region, int32_t page) {
  const Runner::RegionPlan& plan = runner.region(region);
  return machine().mms[plan.process].ptes[plan.address + page].peek();
}

struct EntryView {
  kernel::xa_entry entry = 0;
  uint64_t first = 0; /* page at which it begins */
  unsigned int marks = 0;
  bool dirty() const { return (marks & kernel::PAGECACHE_TAG_DIRTY) != 0; }
};
inline EntryView entry_of(const kernel::inode& inode, uint64_t page) {
  const kernel::xarray& tree = inode.i_data.i_pages;
  kernel::xa_entry entry = tree.slots[page].peek();
  uint64_t first = (entry & 0xff) == 6 ? page - (entry >> 8) : page;
  return {tree.slots[first].peek(), first, tree.marks[first].peek()};
}

}  // namespace daxrace::scenario

#endif  // DAXRACE_CORE_SCENARIO_MACHINE_FOR_TEST_H_
