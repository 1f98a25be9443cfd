/* SPDX-License-Identifier: GPL-2.0-only */
#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include "core/scenario/text.h"
#include "replay/command.h"
#include "replay/help.h"

namespace daxrace::replay {

namespace {

struct Options {
  std::string command;
  std::string out;
};

void write_page(const std::string& directory, const std::string& name, const std::string& text) {
  write_text(text, directory + "/" + name + ".1");
}

void write_all(const CLI::App& app, const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) throw UsageError{directory + ": " + error.message()};
  write_page(directory, "daxrace", man_page(app, nullptr));
  for (const CLI::App* command : commands_of(app))
    write_page(directory, "daxrace-" + command->get_name(), man_page(app, command));
}

int run(const CLI::App& app, const Options& options) {
  if (!options.out.empty()) {
    write_all(app, options.out);
    return kNoFinding;
  }
  const CLI::App* found = nullptr;
  std::vector<std::string_view> names;
  for (const CLI::App* command : commands_of(app)) {
    names.push_back(command->get_name());
    if (command->check_name(options.command)) found = command;
  }
  if (!options.command.empty() && found == nullptr) {
    std::string_view near = scenario::did_you_mean(options.command, names);
    throw UsageError{"no command is called `" + options.command + "`" +
                     (near.empty() ? "" : "; did you mean `" + std::string(near) + "`?")};
  }
  std::cout << man_page(app, found);
  return kNoFinding;
}

}  // namespace

void add_man(Command app, const char* text, int* exit_code) {
  auto options = std::make_shared<Options>();
  Command command = app.add_command("man", text);
  command.add_option("COMMAND", options->command, "whose page; without, that of daxrace");
  command.add_option("--out", options->out, "directory to write all pages to, instead");
  command.callback([options, exit_code, app] { *exit_code = run(app.app(), *options); });
}

}  // namespace daxrace::replay
