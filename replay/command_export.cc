/* SPDX-License-Identifier: GPL-2.0-only */
#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include "core/scenario/text.h"
#include "replay/command.h"
#include "replay/export_c.h"
#include "replay/replayer.h"

namespace daxrace::replay {

namespace {

struct Options {
  std::string file;
  KernelOptions kernel;
  std::string format = "c";
  std::string output;
};

/* The finding as a scenario: what it found on which kernel, and no schedule. */
std::string scenario_of(const scenario::Runner& runner) {
  scenario::Program program = runner.program();
  const engine::Finding* finding = runner.execution().headline();
  program.schedule = {};
  program.found.reset();
  if (finding != nullptr) {
    scenario::Expectation expectation;
    expectation.kernel = runner.kernel();
    for (std::string_view verdict : scenario::verdicts(runner.execution()))
      expectation.verdicts.emplace_back(verdict);
    program.expectations = {expectation};
    program.config.kernel = {};
  }
  if (program.title.empty()) program.title = "TITLE";
  if (program.question.empty())
    program.question = "QUESTION: which order is it about, and what must not come of it?";
  return scenario::print(program);
}

/* What the program is called in its own text: the file to write, or the one that was read. */
std::string name_of(const Options& options) {
  std::filesystem::path path(options.output.empty() ? options.file : options.output);
  std::string name = path.stem().string();
  for (char& c : name) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                 c == '_' || c == '.';
    if (!plain) c = '_';
  }
  return name.empty() ? "reproducer" : name;
}

int run(const Options& options) {
  Input input = read_any(options.file);
  tell_if_lenient(input);
  check_writable(options.output);
  scenario::Runner runner({.steps_max = scenario::Runner::default_limits().steps_max,
                           .tasks_max = scenario::Runner::default_limits().tasks_max,
                           .trace = true});
  load(runner, input, options.kernel.over(input.program));
  Replayed result = replay_program(runner);
  if (!result.exact) spdlog::warn("not as recorded: " + result.differs);
  const bool forced = input.program.found.has_value() || !input.program.schedule.empty();
  write_text(options.format == "c" ? c_program(runner, forced, name_of(options)) : scenario_of(runner),
             options.output);
  return kNoFinding;
}

}  // namespace

void add_export(Command app, const char* text, int* exit_code) {
  auto options = std::make_shared<Options>();
  Command command = app.add_command("export", text);
  command.add_option("FILE", options->file, "finding, crash file, corpus file or scenario").required();
  options->kernel.add_to(command);
  command
      .add_option(
          "--format", options->format,
          "c: a program for a real kernel; scenario: what was found as an expectation, without the schedule")
      .shows_default()
      .one_of({"c", "scenario"});
  command.add_option("--output,-o", options->output, "file to write to, instead of standard output");
  command.callback([options, exit_code] { *exit_code = run(*options); });
}

}  // namespace daxrace::replay
