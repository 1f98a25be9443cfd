/* SPDX-License-Identifier: GPL-2.0-only */
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "replay/command.h"

namespace daxrace::replay {

namespace {

struct Options {
  std::vector<std::string> paths = {"scenarios"};
  std::string out;
  KernelOptions kernel;
  bool json = false;
};

/* Only what runs: words about it and what is expected of it are no matter of the fuzzer's. */
scenario::Program seed_of(const scenario::Program& program, const scenario::KernelChoice& kernel) {
  scenario::Program seed = program;
  seed.title.clear();
  seed.source.clear();
  seed.question.clear();
  seed.mirrors.clear();
  seed.notes.clear();
  seed.expectations.clear();
  seed.found.reset();
  seed.config.kernel = kernel;
  return seed;
}

int run(const Options& options) {
  std::error_code error;
  std::filesystem::create_directories(options.out, error);
  if (error) throw UsageError{options.out + ": " + error.message()};
  size_t count = 0;
  scenario::Runner runner;
  for (const std::string& path : scenario_files(options.paths)) {
    Input input = read_strict(path);
    load(runner, input, options.kernel.choice);
    std::filesystem::path name = std::filesystem::path(path).filename();
    write_program(seed_of(input.program, options.kernel.choice),
                  (std::filesystem::path(options.out) / name).string());
    ++count;
  }
  if (options.json) {
    print_json({{"seeds", count}, {"out", options.out}});
    return kNoFinding;
  }
  std::cout << "wrote " << count << " seeds to " << options.out << "\n";
  return kNoFinding;
}

}  // namespace

void add_seeds(Command app, const char* text, int* exit_code) {
  auto options = std::make_shared<Options>();
  Command command = app.add_command("seeds", text);
  command.add_option("PATH", options->paths, "scenarios, or directories of *.dax").shows_default();
  command.add_option("--out", options->out, "directory to write to").required();
  options->kernel.add_to(command);
  command.add_flag("--json", options->json, "for machines");
  command.callback([options, exit_code] { *exit_code = run(*options); });
}

}  // namespace daxrace::replay
