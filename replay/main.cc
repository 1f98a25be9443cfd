/* SPDX-License-Identifier: GPL-2.0-only */
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "core/scenario/text.h"
#include "daxrace_version.h"
#include "replay/command.h"
#include "replay/help.h"

namespace {

/* Logging goes to stderr, so that stdout is the result. */
void set_up_logging() {
  auto logger = spdlog::stderr_logger_st("daxrace");
  logger->set_pattern("%n: %l: %v");
  spdlog::set_default_logger(logger);
}

/* CLI11 would only say that a subcommand is missing. */
void check_command(const std::vector<std::string>& words) {
  if (words.empty() || words.front().starts_with("-")) return;
  std::vector<std::string_view> names;
#define COMMAND(name, summary) names.push_back(#name);
#include "replay/commands.def"
#undef COMMAND
  names.push_back("minimize"); /* an alias */
  std::string_view word(words.front());
  if (std::find(names.begin(), names.end(), word) != names.end()) return;
  std::string_view near = daxrace::scenario::did_you_mean(word, names);
  throw daxrace::replay::UsageError{
      "no command is called `" + std::string(word) + "`; " +
      (near.empty() ? "see `daxrace --help`" : "did you mean `" + std::string(near) + "`?")};
}

/* `daxrace help run` is `daxrace run --help`. */
std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  return words;
}

}  // namespace

int main(int argc, char** argv) {
  namespace replay = daxrace::replay;
  set_up_logging();
  int exit_code = replay::kNoFinding;
  CLI::App app("daxrace finds, replays and explains races in a model of Linux's fsdax and mm code",
               "daxrace");
  app.set_version_flag("--version", "daxrace " DAXRACE_VERSION);
  app.require_subcommand(1);
#define COMMAND(name, summary) replay::add_##name(replay::Command(app), summary, &exit_code);
#include "replay/commands.def"
#undef COMMAND
  replay::add_footers(app);
  std::vector<std::string> words = words_of(argc, argv);
  try {
    /* For the shells: whatever is on the line, it is no error. */
    if (words.size() >= 2 && words[0] == "completion" && words[1] == "words") {
      for (const std::string& word : replay::completions(app, {words.begin() + 2, words.end()}))
        std::cout << word << "\n";
      return replay::kNoFinding;
    }
    check_command(words);
    std::reverse(words.begin(), words.end()); /* as CLI11 wants them */
    app.parse(words);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    spdlog::error(replay::explained(app, error));
    return replay::kUsage;
  } catch (const replay::UsageError& error) {
    spdlog::error(error.line);
    return replay::kUsage;
  }
  std::cout.flush();
  if (!std::cout) {
    spdlog::error("cannot write to standard output");
    return replay::kUsage;
  }
  return exit_code;
}
