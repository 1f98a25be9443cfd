/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/help.h"

#include <CLI/CLI.hpp>
#include <regex>
#include <sstream>

#include "core/scenario/text.h"

namespace daxrace::replay {

namespace {

constexpr Example kExamples[] = {
#define EXAMPLE(command, line, what) {#command, line, what},
#include "replay/examples.def"
#undef EXAMPLE
};

constexpr const char* kExit =
    "Exit status: 0 no finding, 1 a finding, 2 usage, a bad file or a fault of the harness, 130 "
    "interrupted.";

std::string footer_of(std::string_view command) {
  std::string text;
  for (const Example& example : examples_of(command)) {
    text += text.empty() ? "Examples:\n" : "";
    text += "  # " + std::string(example.what) + "\n  $ " + example.line + "\n";
  }
  return text + (text.empty() ? "" : "\n") + kExit;
}

/* The command that the line has come to, with those that it is a command of. */
const CLI::App* deepest(const CLI::App& app) {
  const CLI::App* at = &app;
  for (;;) {
    auto parsed = at->get_subcommands();
    if (parsed.empty()) return at;
    at = parsed.front();
  }
}

std::string meant(std::string_view word, const std::vector<std::string>& names) {
  std::vector<std::string_view> candidates(names.begin(), names.end());
  std::string_view near = scenario::did_you_mean(word, candidates);
  return near.empty() ? "" : "; did you mean `" + std::string(near) + "`?";
}

std::string path_of(const CLI::App& app, const CLI::App* command) {
  if (command == &app) return "daxrace";
  const CLI::App* parent = command->get_parent();
  return (parent == nullptr ? "daxrace" : path_of(app, parent)) + " " + command->get_name();
}

}  // namespace

std::vector<Example> examples_of(std::string_view command) {
  std::vector<Example> list;
  for (const Example& example : kExamples) {
    if (example.command == command) list.push_back(example);
  }
  return list;
}

void add_footers(CLI::App& app) {
  app.footer(
      std::string("`daxrace COMMAND --help` has examples, and so have the manual pages (daxrace man).\n\n") +
      kExit);
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    const std::string text = footer_of(command->get_name());
    command->footer(text);
    for (CLI::App* inner : command->get_subcommands([](CLI::App*) { return true; })) inner->footer(text);
  }
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  std::vector<const CLI::App*> list;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_name().empty()) list.push_back(command);
  }
  return list;
}

std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t from = type.find('{');
  const size_t to = type.find('}');
  std::vector<std::string> list;
  if (from == type.npos || to == type.npos || to < from) return list;
  std::istringstream stream(type.substr(from + 1, to - from - 1));
  for (std::string word; std::getline(stream, word, ',');) list.push_back(word);
  return list;
}

std::string explained(const CLI::App& app, const CLI::Error& error) {
  const CLI::App* command = deepest(app);
  std::string text = error.what();
  std::string hint;
  const auto code = static_cast<CLI::ExitCodes>(error.get_exit_code());
  /* A word that is no subcommand leaves the subcommand missing. */
  if (code == CLI::ExitCodes::ExtrasError ||
      (code == CLI::ExitCodes::RequiredError && !app.remaining(true).empty())) {
    for (const std::string& word : app.remaining(true)) {
      const std::string name = word.substr(0, word.find('='));
      if (!name.starts_with("-")) {
        text = "`" + word + "` is one argument too many";
        std::vector<std::string> names;
        for (const CLI::App* inner : commands_of(*command)) names.push_back(inner->get_name());
        hint = meant(word, names);
      } else {
        std::vector<std::string> names;
        for (const CLI::Option* option : command->get_options()) {
          for (const std::string& each : option->get_lnames()) names.push_back("--" + each);
        }
        text = "no option is called `" + name + "`";
        hint = meant(name, names);
      }
      break;
    }
  } else {
    static const std::regex kNotIn(R"((\S+) not in \{(.*)\}$)");
    std::smatch match;
    if (std::regex_search(text, match, kNotIn)) {
      std::vector<std::string> names;
      std::istringstream stream(match[2].str());
      for (std::string name; std::getline(stream, name, ',');) names.push_back(name);
      hint = meant(match[1].str(), names);
    }
  }
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text + (hint.empty() ? "; see `" + path_of(app, command) + " --help`" : hint);
}

}  // namespace daxrace::replay
