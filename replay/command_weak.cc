/* SPDX-License-Identifier: GPL-2.0-only */
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/scenario/text.h"
#include "daxrace_version.h"
#include "replay/command.h"
#include "replay/weak_program.h"
#include "replay/weak_timeline.h"

namespace daxrace::replay {

namespace {

struct Options {
  std::string name;
  std::vector<std::string> without;
  std::string search = "own";
  uint32_t preemptions = 3;
  uint32_t executions = 100000;
  uint32_t seed = 1;
  std::string schedule;
  bool json = false;
};

std::string near_to(const std::string& word, const std::vector<std::string_view>& names) {
  std::string_view near = scenario::did_you_mean(word, names);
  return near.empty() ? "see `daxrace weak list`" : "did you mean `" + std::string(near) + "`?";
}

WeakProgram program_called(const std::string& name, const std::vector<WeakProgram>& programs) {
  std::vector<std::string_view> names;
  for (const WeakProgram& program : programs) {
    if (program.name == name) return program;
    names.push_back(program.name);
  }
  throw UsageError{"no weak-memory program is called `" + name + "`; " + near_to(name, names)};
}

void check_without(const WeakProgram& program, const std::string& word) {
  std::vector<std::string_view> names;
  for (const std::string& known : program.without) {
    if (known == word) return;
    names.push_back(known);
  }
  throw UsageError{"`" + program.name + "` has nothing called `" + word + "` to do without; " +
                   near_to(word, names)};
}

/* "bound, 6 preemptions" */
std::string search_words(const std::string& search, uint32_t number) {
  if (search == "full") return "full";
  if (search == "bound") return "at most " + counted(number, "preemption", "preemptions");
  return counted(number, "random execution", "random executions");
}

int list(bool json) {
  const std::vector<WeakProgram> programs = weak_programs();
  if (json) {
    nlohmann::json rows = nlohmann::json::array();
    for (const WeakProgram& program : programs) {
      rows.push_back({{"name", program.name},
                      {"kind", program.group == "litmus" ? "litmus" : "protocol"},
                      {"tasks", program.threads},
                      {"search", program.search},
                      {"number", program.number},
                      {"question", program.question},
                      {"without", program.without}});
    }
    print_json({{"programs", rows}});
    return kNoFinding;
  }
  for (const WeakProgram& program : programs) {
    std::cout << program.name << " (" << counted(static_cast<uint64_t>(program.threads), "task", "tasks")
              << "; " << search_words(program.search, program.number) << ")\n";
    if (!program.question.empty()) std::cout << wrapped(program.question, 100, "  ") << "\n";
    for (const std::string& word : program.without) std::cout << "  --without " << word << "\n";
  }
  return kNoFinding;
}

nlohmann::json json_of(const WeakRun& run, const std::string& sentence, const std::string& command) {
  nlohmann::json json = {
      {"executions", run.executions}, {"outcomes", run.outcomes}, {"findings", nlohmann::json::array()}};
  if (run.passed()) return json;
  nlohmann::json events = nlohmann::json::array();
  for (const WeakEvent& event : run.events) {
    nlohmann::json row = {{"task", event.task}, {"function", event.function}, {"what", event.what}};
    if (!event.name.empty()) row["variable"] = event.name;
    if (event.kind != WeakEvent::Kind::kNoValue) row["value"] = event.value;
    if (event.kind == WeakEvent::Kind::kLoaded) row["newest"] = event.newest;
    if (event.kind == WeakEvent::Kind::kChanged) row["before"] = event.newest;
    if (event.stale()) row["stale"] = true;
    events.push_back(row);
  }
  json["findings"].push_back({{"verdict", run.verdict}, {"sentence", sentence}});
  json["trace_hash"] = run.trace;
  json["replay"] = command;
  json["events"] = events;
  return json;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : "+") + word;
  return text;
}

int run(const Options& options) {
  const WeakProgram program = program_called(options.name, weak_programs());
  for (const std::string& word : options.without) check_without(program, word);
  const std::string without = joined(options.without);
  const bool own = options.search == "own";
  const std::string search = own ? program.search : options.search;
  uint32_t number = options.search == "bound" ? options.preemptions : options.executions;
  if (own) number = program.number;

  std::vector<std::string> command = {"run",  program.name,           without,
                                      search, std::to_string(number), std::to_string(options.seed)};
  if (!options.schedule.empty()) command = {"replay", program.name, without, options.schedule};
  if (!options.json) {
    std::cout << "daxrace " << DAXRACE_VERSION << " weak run " << program.name << ": "
              << (without.empty() ? "" : "without " + without + "; ")
              << (options.schedule.empty() ? "search: " + search_words(search, number)
                                           : "one recorded execution")
              << "\n";
    std::cout.flush();
  }
  const WeakRun result = weak_run(command);
  std::string again = "daxrace weak run " + program.name;
  for (const std::string& word : options.without) again += " --without " + word;
  again += " --schedule " + result.schedule;
  if (options.json) {
    print_json(json_of(result, weak_sentence(result, program.threads), again));
    return result.passed() ? kNoFinding : kFound;
  }
  if (result.passed()) {
    std::cout << "PASSED " << grouped(result.executions) << " executions: no finding"
              << (search == "random" ? ", which proves nothing about the others" : "") << "; outcomes";
    for (const std::string& outcome : result.outcomes)
      std::cout << (&outcome == result.outcomes.data() ? ": " : ", ") << outcome;
    std::cout << "\n";
    return kNoFinding;
  }
  std::cout << "FOUND " << result.verdict << " in execution " << grouped(result.executions) << "\n\n"
            << weak_timeline(result, program.threads) << "\n"
            << weak_sentences(result, program.threads) << "trace " << result.trace << "\n"
            << again << "\n";
  return kFound;
}

void add_run_options(Command command, Options& options) {
  command.add_option("NAME", options.name, "of `daxrace weak list`").required();
  command.add_option("--without", options.without, "an ordering, or an ingredient, that it shall lack");
  command
      .add_option("--search", options.search, "full, bound or random; the program's own if it is not given")
      .one_of({"full", "bound", "random", "own"});
  command.add_option("--preemptions", options.preemptions, "of --search bound")
      .shows_default()
      .within(0u, 1000u);
  command.add_option("--executions", options.executions, "of --search random")
      .shows_default()
      .within(1u, 1000000000u);
  command.add_option("--seed", options.seed, "of --search random").shows_default();
  command
      .add_option("--schedule", options.schedule,
                  "one execution again, by the choices that were printed for it")
      .check([](const std::string& text) -> std::string {
        bool fits = (text[0] == 'd' || text[0] == 's') &&
                    text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz") == text.npos;
        return fits ? "" : "`" + text + "` is no schedule of daxrace weak";
      });
  command.add_flag("--json", options.json, "for machines");
}

}  // namespace

void add_weak(Command app, const char* text, int* exit_code) {
  auto options = std::make_shared<Options>();
  Command command = app.add_command("weak", text);
  command.require_command();
  Command lists = command.add_command("list", "list the programs, and what each can do without");
  lists.add_flag("--json", options->json, "for machines");
  lists.callback([options, exit_code] { *exit_code = list(options->json); });
  Command runs = command.add_command("run", "explore the executions of a program");
  add_run_options(runs, *options);
  runs.callback([options, exit_code] { *exit_code = run(*options); });
}

}  // namespace daxrace::replay
