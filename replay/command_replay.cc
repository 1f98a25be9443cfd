/* SPDX-License-Identifier: GPL-2.0-only */
#include <spdlog/spdlog.h>

#include <cinttypes>
#include <iostream>
#include <memory>

#include "core/scenario/text.h"
#include "replay/replayer.h"

namespace daxrace::replay {

namespace {

struct Options {
  std::string file;
  KernelOptions kernel;
  bool verify = false;
  uint64_t times = 1;
  bool json = false;
};

std::string hex(uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, value);
  return text;
}

/* Reads, loads and replays; says what is not as recorded. */
Replayed replay_file(const std::string& file, const KernelOptions& kernel_options, scenario::Runner& runner,
                     Input& input, bool print) {
  input = read_any(file);
  if (input.lenient)
    spdlog::warn("{}; read leniently, the program is now:\n{}", input.why, scenario::print(input.program));
  scenario::KernelChoice kernel = kernel_options.over(input.program);
  load(runner, input, kernel);
  Replayed result = replay_program(runner);
  if (print) {
    print_header("replay", input, kernel,
                 counted(input.program.schedule.switches.size(), "switch", "switches") +
                     (result.by_anchor ? ", placed by their anchors" : ""));
  }
  return result;
}

int verify(const Input& input, const Replayed& result) {
  if (!input.program.found)
    throw UsageError{input.path + ": records no finding to verify; run it without --verify"};
  if (result.exact) {
    std::cout << "VERIFIED " << input.program.found->verdict << ", trace " << hex(result.hash) << "\n";
    return kNoFinding;
  }
  std::cout << "DIFFERS: " << result.differs << "\n";
  return kFound;
}

/* The same trace every time, or the harness is at fault. */
void repeat(scenario::Runner& runner, const Options& options, uint64_t hash) {
  for (uint64_t i = 1; i < options.times; ++i) {
    if (replay_program(runner).hash != hash) {
      throw UsageError{"harness: replay " + std::to_string(i + 1) + " gave another trace"};
    }
  }
}

int run(const Options& options) {
  scenario::Runner runner;
  Input input;
  if (options.verify && !read_any(options.file).program.found) {
    throw UsageError{options.file + ": records no finding to verify; run it without --verify"};
  }
  Replayed result = replay_file(options.file, options.kernel, runner, input, !options.json);
  repeat(runner, options, result.hash);
  if (options.verify) return verify(input, result);
  bool found = runner.execution().headline() != nullptr;
  if (options.json) {
    nlohmann::json json = json_of_execution(runner);
    json["file"] = input.path;
    json["exact"] = result.exact;
    json["replays"] = options.times;
    print_json(json);
    return found ? kFound : kNoFinding;
  }
  if (!result.exact)
    std::cout << "not as recorded: " << result.differs
              << (result.by_anchor ? "; found again by the anchors of its switches\n" : "\n");
  print_finding(runner);
  std::string times = options.times == 1 ? "" : ", " + grouped(options.times) + " times the same";
  std::cout << (found ? "FOUND " + std::string(runner.execution().headline()->verdict)
                      : "no finding: the schedule ran to its end")
            << "; " << runner.execution().steps() << " steps, trace " << hex(result.hash) << times << "\n";
  return found ? kFound : kNoFinding;
}

}  // namespace

void add_replay(CLI::App& app, const char* text, int* exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("replay", text);
  command->add_option("FILE", options->file, "finding, crash file, corpus file or scenario")->required();
  options->kernel.add_to(*command);
  command->add_flag("--verify", options->verify, "exit 0 only if finding and trace are those recorded");
  command->add_option("--times", options->times, "replay so often; every trace must be the same")
      ->capture_default_str()
      ->check(CLI::Range(uint64_t{1}, uint64_t{1000000000}));
  command->add_flag("--json", options->json, "for machines");
  command->callback([options, exit_code] { *exit_code = run(*options); });
}

}  // namespace daxrace::replay
