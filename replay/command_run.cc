/* SPDX-License-Identifier: GPL-2.0-only */
#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/engine/determinism.h"
#include "core/engine/strategies.h"
#include "core/engine/strategy_portfolio.h"
#include "replay/command.h"

namespace daxrace::replay {

namespace {

struct Options {
  std::string file;
  KernelOptions kernel;
  std::string strategy = "portfolio";
  engine::StrategyOptions tuning;
  uint64_t schedules = 10000;
  std::string save;
  bool no_save = false;
  bool twice = false;
  bool json = false;
};

/* What a clean sample is worth. */
std::string meaning(const Options& options, bool all, uint32_t choices, size_t tasks) {
  if (all)
    return "no finding; the strategy has no others within its bound: `daxrace explore` says which that is";
  if (options.strategy != "pct" || choices == 0) {
    return "no finding, which proves nothing about the others: `daxrace explore` does";
  }
  double p = 1 / (static_cast<double>(tasks) * std::pow(choices, options.tuning.depth - 1));
  double miss = std::pow(1 - p, static_cast<double>(options.schedules));
  char text[160];
  std::snprintf(
      text, sizeof text,
      "no finding; a bug of depth %d (%zu tasks, at most %u choices) was missed with probability <= %.3g",
      options.tuning.depth, tasks, choices, miss);
  return text;
}

/* Of a portfolio; null for any other strategy. */
using Portfolio = const engine::PortfolioStrategy*;

nlohmann::json json_of_shares(Portfolio portfolio) {
  nlohmann::json shares = nlohmann::json::object();
  for (const auto& member : portfolio->members()) {
    shares[std::string(member.name)] = {{"schedules", member.executions}, {"new_pairs", member.fresh}};
  }
  return shares;
}

void print_shares(Portfolio portfolio) {
  if (portfolio == nullptr) return;
  const char* separator = "schedules of each strategy: ";
  for (const auto& member : portfolio->members()) {
    std::cout << separator << member.name << " " << grouped(member.executions);
    separator = ", ";
  }
  std::cout << "\n";
}

int found(const Options& options, scenario::Runner& runner, uint64_t schedule, Portfolio portfolio) {
  std::string path = options.save.empty() ? finding_name(runner) : options.save;
  if (!options.no_save) write_program(finding_program(runner), path);
  if (options.json) {
    nlohmann::json json = json_of_execution(runner);
    json["schedules"] = schedule;
    if (portfolio != nullptr) json["shares"] = json_of_shares(portfolio);
    if (!options.no_save) json["file"] = path;
    print_json(json);
    return kFound;
  }
  const engine::Execution& execution = runner.execution();
  std::cout << "FOUND " << execution.headline()->verdict << " in schedule " << grouped(schedule) << " ("
            << execution.steps() << " steps, "
            << counted(execution.preemptions(), "preemption", "preemptions")
            << (portfolio != nullptr ? ", by " + std::string(portfolio->current().name) : "") << ")\n";
  print_finding(runner);
  print_shares(portfolio);
  if (!options.no_save) std::cout << "daxrace replay " << path << "\n";
  return kFound;
}

int run(const Options& options) {
  const engine::StrategyInfo& info = strategy_called(options.strategy);
  Input input = read_strict(options.file);
  check_writable(options.save);
  scenario::Runner runner;
  scenario::KernelChoice kernel = options.kernel.over(input.program);
  load(runner, input, kernel);
  if (!options.json) {
    print_header("run", input, kernel,
                 "strategy " + options.strategy + ", seed " + std::to_string(options.tuning.seed) +
                     ", at most " + grouped(options.schedules) + " schedules");
  }
  auto strategy = info.make(options.tuning);
  Portfolio portfolio = dynamic_cast<Portfolio>(strategy.get());
  engine::TwiceStrategy twice(*strategy);
  engine::Strategy& chosen = options.twice ? static_cast<engine::Strategy&>(twice) : *strategy;
  uint64_t done = 0;
  uint32_t choices = 0;
  while (done < options.schedules && chosen.begin()) {
    runner.run(chosen);
    if (options.twice && !twice.second_run()) continue;
    ++done;
    choices = std::max(choices, runner.execution().steps());
    if (options.twice && twice.differences() != 0) {
      throw UsageError{"harness: the same schedule gave two different traces, in schedule " +
                       std::to_string(done)};
    }
    if (runner.execution().headline() != nullptr) return found(options, runner, done, portfolio);
  }
  if (options.json) {
    nlohmann::json json = {{"schedules", done}, {"findings", nlohmann::json::array()}};
    if (portfolio != nullptr) json["shares"] = json_of_shares(portfolio);
    print_json(json);
  } else {
    std::cout << "PASSED " << grouped(done) << " schedules: "
              << meaning(options, done < options.schedules, choices, input.program.tasks.size()) << "\n";
    print_shares(portfolio);
  }
  return kNoFinding;
}

}  // namespace

void add_run(Command app, const char* text, int* exit_code) {
  auto options = std::make_shared<Options>();
  Command command = app.add_command("run", text);
  command.add_option("FILE", options->file, "program to run").required();
  options->kernel.add_to(command);
  command.add_option("--strategy", options->strategy, "who decides the schedule: `daxrace list strategies`")
      .shows_default();
  command.add_option("--seed", options->tuning.seed, "of the strategy")
      .shows_default()
      .check([](const std::string& value) -> std::string {
        bool number =
            !value.empty() && value.size() < 20 && value.find_first_not_of("0123456789") == value.npos;
        return number ? "" : "expected a number of at most 19 digits, not `" + value + "`";
      });
  command.add_option("--schedules", options->schedules, "give up after so many")
      .shows_default()
      .within(uint64_t{1}, uint64_t{1000000000000});
  command.add_option("--depth", options->tuning.depth, "pct: depth of the bugs it aims at")
      .shows_default()
      .within(1, 20);
  command.add_option("--save", options->save, "file to write a finding to (VERDICT-DIGITS.dax)");
  command.add_flag("--no-save", options->no_save, "do not write a finding");
  command.add_flag("--twice", options->twice, "run every schedule twice and compare the traces");
  command.add_flag("--json", options->json, "for machines");
  command.callback([options, exit_code] { *exit_code = run(*options); });
}

}  // namespace daxrace::replay
