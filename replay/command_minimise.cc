/* SPDX-License-Identifier: GPL-2.0-only */
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/scenario/text.h"
#include "replay/constraints.h"
#include "replay/exhaust.h"
#include "replay/minimise.h"
#include "replay/replayer.h"
#include "replay/timeline.h"

namespace daxrace::replay {

namespace {

struct Options {
  std::string file;
  KernelOptions kernel;
  MinimiseOptions tuning;
  uint64_t schedules = 50000;
  std::string save;
  bool no_save = false;
  bool all = false;
  bool json = false;
};

std::string size_words(const ProgramSize& size) {
  return counted(size.operations, "operation", "operations") + " of " + counted(size.tasks, "task", "tasks") +
         ", " + std::to_string(size.setup) + " in setup";
}

std::string shortened(const std::string& text) {
  const auto max = static_cast<size_t>(scenario::kLineTextMax);
  return text.size() <= max ? text : text.substr(0, max - 3) + "...";
}

/* What `daxrace check` will find besides, each with the fewest preemptions. */
std::map<std::string, uint32_t> verdicts_within(const scenario::Program& program, uint32_t bound,
                                                uint64_t executions_max) {
  std::map<std::string, uint32_t> verdicts;
  scenario::Runner runner;
  std::string error;
  if (!runner.load(program, &error)) return verdicts;
  std::unique_ptr<engine::Search> search = search_of({.bound = bound});
  for (uint64_t i = 0; i < executions_max && search->begin(); ++i) {
    runner.run(*search);
    for (const engine::Finding& finding : runner.execution().findings())
      verdicts.try_emplace(std::string(finding.verdict), search->bound());
  }
  return verdicts;
}

/* What the reader has to fill in, what is expected, and which orders it needs. */
void describe_in_words(scenario::Program& program, const Constraints& constraints, uint32_t preemptions,
                       uint64_t executions_max) {
  if (program.title.empty()) program.title = "TITLE: what goes wrong, in the words of the code";
  if (program.question.empty())
    program.question = "QUESTION: which order does the code rule out, or should it?";
  program.notes.clear();
  for (const Constraint& each : constraints.list) {
    if (each.label != OrderLabel::kIrrelevant &&
        program.notes.size() < static_cast<size_t>(scenario::kNotesMax))
      program.notes.push_back(
          shortened((each.label == OrderLabel::kNecessary ? "Needs: " : "Here: ") + words_of(each) + "."));
  }
  constexpr uint32_t kOfCheck = 2; /* preemptions, unless more are expected */
  scenario::Expectation expectation;
  expectation.verdicts = {program.found->verdict};
  for (const auto& [verdict, bound] :
       verdicts_within(program, std::max(kOfCheck, preemptions), executions_max)) {
    preemptions = std::min(preemptions, bound);
    if (verdict != program.found->verdict) expectation.verdicts.push_back(verdict);
  }
  expectation.preemptions = static_cast<int>(preemptions);
  program.expectations = {expectation};
}

nlohmann::json json_of(const ProgramSize& size) {
  return {{"operations", size.operations},
          {"tasks", size.tasks},
          {"setup", size.setup},
          {"switches", size.switches}};
}

std::string label_words(OrderLabel label) {
  constexpr const char* words[] = {"necessary", "one way", "irrelevant"};
  return words[static_cast<size_t>(label)];
}

nlohmann::json json_of(const Constraints& constraints) {
  nlohmann::json json = {{"preemptions", constraints.bound},
                         {"complete", constraints.complete},
                         {"executions", constraints.executions},
                         {"failing", constraints.failing},
                         {"have_all_that_matter", constraints.enough_for},
                         {"of_those_without_finding", constraints.not_failing},
                         {"orders", nlohmann::json::array()}};
  for (const Constraint& each : constraints.list) {
    json["orders"].push_back({{"first", each.first.words},
                              {"first_step", each.first.step},
                              {"then", each.then.words},
                              {"then_step", each.then.step},
                              {"label", label_words(each.label)}});
  }
  return json;
}

void print_orders(const Constraints& constraints, OrderLabel label) {
  for (const Constraint& each : constraints.list) {
    if (each.label != label) continue;
    std::string word = label_words(label);
    word.resize(12, ' ');
    std::cout << wrapped(each.first.words, kTimelineWidth, "              ").replace(2, 12, word) << "\n"
              << wrapped("before " + each.then.words, kTimelineWidth, "              ") << "\n";
  }
}

std::string enough_words(const Constraints& constraints, size_t shown) {
  if (shown == 0) return "No order of two tasks is needed.";
  if (constraints.not_failing == 0)
    return "Together these are enough: every schedule that has them shows the finding.";
  return "Of " + grouped(constraints.enough_for) + " schedules that have them, " +
         grouped(constraints.not_failing) + " do not show it: something else is needed, too.";
}

void print_constraints(const Constraints& constraints, bool all) {
  auto irrelevant = static_cast<size_t>(
      std::count_if(constraints.list.begin(), constraints.list.end(),
                    [](const Constraint& each) { return each.label == OrderLabel::kIrrelevant; }));
  std::cout << "\n"
            << wrapped("Orders: of " + counted(constraints.executions, "schedule", "schedules") +
                           " with at most " + counted(constraints.bound, "preemption", "preemptions") +
                           (constraints.complete ? "" : " (the first ones; --schedules for more)") + ", " +
                           grouped(constraints.failing) +
                           " show the finding. `necessary`: all of those have that order. `one way`: some "
                           "come to the same without.",
                       kTimelineWidth, "")
            << "\n";
  print_orders(constraints, OrderLabel::kNecessary);
  print_orders(constraints, OrderLabel::kOneWay);
  if (all) print_orders(constraints, OrderLabel::kIrrelevant);
  std::string rest = enough_words(constraints, constraints.list.size() - irrelevant);
  if (irrelevant != 0 && !all) rest += " Irrelevant: " + grouped(irrelevant) + " others (--all).";
  std::cout << wrapped(rest, kTimelineWidth, "") << "\n";
}

int run(const Options& options) {
  Input input = read_any(options.file);
  check_writable(options.save);
  scenario::KernelChoice kernel = options.kernel.over(input.program);
  auto shown = std::make_unique<scenario::Runner>();
  load(*shown, input, kernel);
  for (const std::string& line : difference_lines(replay_program(*shown))) spdlog::warn(line);
  if (shown->execution().headline() == nullptr) {
    throw UsageError{input.path +
                     ": its schedule shows no finding, so there is nothing to minimise; `daxrace run` or "
                     "`explore` look for one"};
  }
  Minimised result = minimise(*shown, options.tuning);
  shown = std::make_unique<scenario::Runner>();
  Input smaller{input.path, result.program, false, ""};
  load(*shown, smaller, smaller.program.config.kernel);
  replay_program(*shown);
  Constraints constraints = constraints_of(*shown, result.preemptions + 1, options.schedules);
  replay_program(*shown); /* what is printed asks the machine, which must be this one again */
  scenario::Program program = finding_program(*shown);
  program.config.kernel = shown->kernel();
  describe_in_words(program, constraints, result.preemptions, 20 * options.schedules);
  std::string path =
      options.save.empty() ? std::filesystem::path(input.path).stem().string() + ".min.dax" : options.save;
  if (!options.no_save) write_program(program, path);
  if (options.json) {
    nlohmann::json json = json_of_execution(*shown);
    json["before"] = json_of(result.before);
    json["after"] = json_of(size_of(program));
    json["executions"] = result.executions;
    json["programs"] = result.tried;
    json["constraints"] = json_of(constraints);
    json["program"] = scenario::print(program);
    if (!options.no_save) json["file"] = path;
    print_json(json);
    return kFound;
  }
  print_header("minimise", input, kernel, "");
  std::cout << "\n" << scenario::print(program);
  print_finding(*shown);
  std::cout << "Smallest: " << size_words(size_of(program)) << ", "
            << counted(result.preemptions, "preemption", "preemptions") << "\n"
            << "it was:   " << size_words(result.before) << ", "
            << counted(result.preemptions_before, "preemption", "preemptions") << "\n"
            << grouped(result.tried) << " smaller programs tried, " << grouped(result.executions)
            << " executions"
            << (result.given_up == 0
                    ? ""
                    : "; " + grouped(result.given_up) + " given up after " + grouped(options.tuning.effort))
            << "\n";
  print_constraints(constraints, options.all);
  if (!options.no_save) std::cout << "\ndaxrace replay " << path << "\n";
  return kFound;
}

}  // namespace

void add_minimise(Command app, const char* text, int* exit_code) {
  auto options = std::make_shared<Options>();
  Command command = app.add_command("minimise", text);
  command.alias("minimize");
  command.add_option("FILE", options->file, "finding, crash file or corpus file").required();
  options->kernel.add_to(command);
  command.add_option("--effort", options->tuning.effort, "executions that one smaller program may cost")
      .shows_default()
      .within(uint64_t{1}, uint64_t{1000000000});
  command.add_option("--schedules", options->schedules, "at most so many decide which orders are necessary")
      .shows_default()
      .within(uint64_t{1}, uint64_t{1000000000});
  command.add_option("--save", options->save, "file to write the result to (STEM.min.dax)");
  command.add_flag("--no-save", options->no_save, "do not write it");
  command.add_flag("--all", options->all, "print the irrelevant orders, too");
  command.add_flag("--json", options->json, "for machines");
  command.callback([options, exit_code] { *exit_code = run(*options); });
}

}  // namespace daxrace::replay
