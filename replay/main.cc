/* SPDX-License-Identifier: GPL-2.0-only */
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iostream>

#include "core/scenario/text.h"
#include "daxrace_version.h"
#include "replay/command.h"

namespace {

/* Logging goes to stderr, so that stdout is the result. */
void set_up_logging() {
  auto logger = spdlog::stderr_logger_st("daxrace");
  logger->set_pattern("%n: %l: %v");
  spdlog::set_default_logger(logger);
}

/* CLI11 would only say that a subcommand is missing. */
void check_command(int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  std::vector<std::string_view> names;
#define COMMAND(name, summary) names.push_back(#name);
#include "replay/commands.def"
#undef COMMAND
  names.push_back("minimize"); /* an alias */
  std::string_view word(argv[1]);
  if (std::find(names.begin(), names.end(), word) != names.end()) return;
  std::string_view near = daxrace::scenario::did_you_mean(word, names);
  throw daxrace::replay::UsageError{
      "no command is called `" + std::string(word) + "`; " +
      (near.empty() ? "see `daxrace --help`" : "did you mean `" + std::string(near) + "`?")};
}

}  // namespace

int main(int argc, char** argv) {
  set_up_logging();
  int exit_code = daxrace::replay::kNoFinding;
  CLI::App app("daxrace finds, replays and explains races in a model of Linux's fsdax and mm code",
               "daxrace");
  app.set_version_flag("--version", DAXRACE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 no finding, 1 a finding, 2 usage, a bad file or a fault of the harness, 130 "
      "interrupted.");
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return "daxrace: " + std::string(error.what()) + "; see `daxrace --help`\n";
  });
#define COMMAND(name, summary) daxrace::replay::add_##name(app, summary, &exit_code);
#include "replay/commands.def"
#undef COMMAND
  try {
    check_command(argc, argv);
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? daxrace::replay::kNoFinding : daxrace::replay::kUsage;
  } catch (const daxrace::replay::UsageError& error) {
    spdlog::error("{}", error.line);
    return daxrace::replay::kUsage;
  }
  std::cout.flush();
  if (!std::cout) {
    spdlog::error("cannot write to standard output");
    return daxrace::replay::kUsage;
  }
  return exit_code;
}
