/* SPDX-License-Identifier: GPL-2.0-only */
#include <unistd.h>

#include <cinttypes>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/scenario/text.h"
#include "replay/replayer.h"
#include "replay/stepper.h"

namespace daxrace::replay {

namespace {

struct Options {
  std::string file;
  KernelOptions kernel;
  bool verify = false;
  bool step = false;
  uint64_t times = 1;
  bool json = false;
};

std::string hex(uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, value);
  return text;
}

constexpr const char* kWayWords[] = {"", ", placed by their anchors", ", placed by their anchors",
                                     ", replaced by the orders of events"};

/* The same trace every time, or the harness is at fault. */
void repeat(scenario::Runner& runner, const Options& options, uint64_t hash) {
  for (uint64_t i = 1; i < options.times; ++i) {
    if (replay_program(runner).hash != hash) {
      throw UsageError{"harness: replay " + std::to_string(i + 1) + " gave another trace"};
    }
  }
}

void say_differences(const Replayed& result) {
  for (const std::string& line : difference_lines(result)) std::cout << line << "\n";
}

/* Exit 0 only if finding and trace are those recorded. */
int verify(const Input& input, const Replayed& result) {
  if (result.exact) {
    std::cout << "VERIFIED " << input.program.found->verdict << ", trace " << hex(result.hash) << "\n";
    return kNoFinding;
  }
  std::cout << "DIFFERS\n";
  say_differences(result);
  return kFound;
}

void print_result(const scenario::Runner& runner, const Options& options, const Replayed& result) {
  say_differences(result);
  print_finding(runner);
  const engine::Finding* headline = runner.execution().headline();
  std::string times = options.times == 1 ? "" : ", " + grouped(options.times) + " times the same";
  std::cout << (headline != nullptr ? "FOUND " + std::string(headline->verdict)
                                    : "no finding: the schedule ran to its end")
            << "; " << runner.execution().steps() << " steps, trace " << hex(result.hash) << times << "\n";
}

void print_as_json(const scenario::Runner& runner, const Input& input, const Options& options,
                   const Replayed& result) {
  nlohmann::json json = json_of_execution(runner);
  json["file"] = input.path;
  json["kernel"] = describe(runner.kernel());
  json["exact"] = result.exact;
  json["replay"] = json_of(result);
  json["replays"] = options.times;
  json["read_leniently"] = input.lenient;
  if (input.lenient) json["why"] = input.why;
  if (options.verify) json["verified"] = result.exact;
  print_json(json);
}

int run(const Options& options) {
  if (options.step && (options.json || options.verify))
    throw UsageError{"--step is for people; it goes with neither --json nor --verify"};
  Input input = read_any(options.file);
  tell_if_lenient(input);
  if (options.verify && !input.program.found)
    throw UsageError{input.path + ": records no finding to verify; run it without --verify"};
  scenario::KernelChoice kernel = options.kernel.over(input.program);
  scenario::Runner runner;
  load(runner, input, kernel);
  Replayed result = replay_program(runner);
  repeat(runner, options, result.hash);
  const bool found = runner.execution().headline() != nullptr;
  if (options.json) {
    print_as_json(runner, input, options, result);
    if (options.verify) return result.exact ? kNoFinding : kFound;
    return found ? kFound : kNoFinding;
  }
  print_header("replay", input, kernel,
               counted(input.program.schedule.switches.size(), "switch", "switches") +
                   kWayWords[static_cast<size_t>(result.way)]);
  if (options.verify) return verify(input, result);
  if (!options.step) {
    print_result(runner, options, result);
  } else {
    say_differences(result);
    step_through(runner, std::cin, std::cout, isatty(STDIN_FILENO) != 0);
  }
  return found ? kFound : kNoFinding;
}

}  // namespace

void add_replay(Command app, const char* text, int* exit_code) {
  auto options = std::make_shared<Options>();
  Command command = app.add_command("replay", text);
  command.add_option("FILE", options->file, "finding, crash file, corpus file or scenario").required();
  options->kernel.add_to(command);
  command.add_flag("--verify", options->verify, "exit 0 only if finding and trace are those recorded");
  command.add_flag("--step", options->step,
                   "go through it forward and backward, and look at the machine; reads commands, see `help`");
  command.add_option("--times", options->times, "replay so often; every trace must be the same")
      .shows_default()
      .within(uint64_t{1}, uint64_t{1000000000});
  command.add_flag("--json", options->json, "for machines");
  command.callback([options, exit_code] { *exit_code = run(*options); });
}

}  // namespace daxrace::replay
