/* SPDX-License-Identifier: GPL-2.0-only */
#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "core/engine/strategy_replay.h"
#include "replay/command.h"
#include "replay/exhaust.h"

namespace daxrace::replay {

namespace {

struct Options {
  std::vector<std::string> paths;
  uint32_t preemptions = 2;
  bool json = false;
};

/* What became of one expectation. */
struct Checked {
  bool ok = true;
  std::string why; /* it is not */
  Exhausted result;
};

std::string text_of(const scenario::Expectation& expectation) {
  std::string text;
  if (expectation.kernel != scenario::KernelChoice{}) text = describe(expectation.kernel) + ": ";
  if (expectation.verdicts.empty()) return text + "never";
  for (size_t i = 0; i < expectation.verdicts.size(); ++i)
    text += (i == 0 ? "" : ", ") + expectation.verdicts[i];
  return text;
}

/* The execution that has just ended, again: the trace must be the same. */
bool replays(scenario::Runner& runner) {
  std::vector<engine::RecordedSwitch> switches;
  std::vector<engine::RecordedDraw> draws;
  engine::record(runner.execution(), switches, draws);
  uint64_t hash = runner.execution().trace_hash();
  engine::ReplayStrategy replay(switches, draws);
  replay.begin();
  runner.run(replay);
  return runner.execution().trace_hash() == hash;
}

Checked check_one(scenario::Runner& runner, const scenario::Expectation& expectation, uint32_t bound) {
  Checked checked;
  std::set<std::string> wanted(expectation.verdicts.begin(), expectation.verdicts.end());
  bool same = true;
  checked.result = exhaust(runner, {.bound = bound, .prune = true, .stop_at_first = false},
                           [&](uint32_t) { same = same && replays(runner); });
  auto fail = [&](const std::string& why) {
    checked.ok = false;
    if (checked.why.empty()) checked.why = why;
  };
  if (!same) fail("harness: a replay gave another trace");
  uint32_t first = UINT32_MAX;
  for (const auto& [verdict, at] : checked.result.verdicts) {
    if (wanted.count(verdict) == 0)
      fail("found " + verdict + " with " + counted(at, "preemption", "preemptions") +
           ", which nobody expects");
    first = std::min(first, at);
  }
  for (const std::string& verdict : wanted) {
    if (checked.result.verdicts.count(verdict) == 0) fail("did not find " + verdict);
  }
  if (expectation.preemptions && checked.ok && first != static_cast<uint32_t>(*expectation.preemptions)) {
    fail("needs " + counted(first, "preemption", "preemptions") + ", not " +
         std::to_string(*expectation.preemptions));
  }
  return checked;
}

void print_checked(const Input& input, const scenario::Expectation& expectation, const Checked& checked,
                   uint32_t bound) {
  std::cout << (checked.ok ? "ok   " : "FAIL ") << input.path << ": " << text_of(expectation) << " ("
            << grouped(checked.result.executions) << " executions, " << grouped(checked.result.states)
            << " states, at most " << bound << " preemptions";
  for (const auto& [verdict, at] : checked.result.verdicts) std::cout << "; " << verdict << " needs " << at;
  std::cout << ")" << (checked.ok ? "" : ": " + checked.why) << std::endl;
}

/* Number of expectations that do not hold. */
int check_file(const std::string& path, const Options& options, nlohmann::json& json, int& total) {
  Input input = read_strict(path);
  if (input.program.expectations.empty())
    throw UsageError{path + ": expects nothing; add `expect never`, or what it should find"};
  /* All sides within the same bounds: a clean side proves something only where the other is found. */
  uint32_t bound = options.preemptions;
  for (const scenario::Expectation& each : input.program.expectations) {
    if (each.preemptions) bound = std::max(bound, static_cast<uint32_t>(*each.preemptions));
  }
  scenario::Runner runner;
  int failed = 0;
  for (const scenario::Expectation& each : input.program.expectations) {
    scenario::KernelChoice kernel =
        each.kernel == scenario::KernelChoice{} ? input.program.config.kernel : each.kernel;
    load(runner, input, kernel);
    Checked checked = check_one(runner, each, bound);
    ++total;
    failed += !checked.ok;
    if (!options.json) {
      print_checked(input, each, checked, bound);
      continue;
    }
    nlohmann::json entry = json_of(checked.result, "dfs");
    entry["file"] = path;
    entry["expect"] = text_of(each);
    entry["ok"] = checked.ok;
    if (!checked.ok) entry["why"] = checked.why;
    json.push_back(entry);
  }
  return failed;
}

int run(const Options& options) {
  nlohmann::json json = nlohmann::json::array();
  int failed = 0;
  int total = 0;
  for (const std::string& file : scenario_files(options.paths))
    failed += check_file(file, options, json, total);
  if (options.json) {
    print_json(json);
  } else if (failed == 0) {
    std::cout << "PASSED " << total << " expectations, each by every schedule within its bound\n";
  } else {
    std::cout << "FAILED " << failed << " of " << total << " expectations\n";
  }
  return failed == 0 ? kNoFinding : kFound;
}

}  // namespace

void add_check(Command app, const char* text, int* exit_code) {
  auto options = std::make_shared<Options>();
  Command command = app.add_command("check", text);
  command.add_option("PATH", options->paths, "scenarios, or directories of *.dax").required();
  command
      .add_option("--preemptions", options->preemptions,
                  "bound of the search, on all sides; a scenario that needs more gets more")
      .shows_default()
      .within(0u, 99u);
  command.add_flag("--json", options->json, "for machines");
  command.callback([options, exit_code] { *exit_code = run(*options); });
}

}  // namespace daxrace::replay
