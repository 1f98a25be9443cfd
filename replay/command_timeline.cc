/* SPDX-License-Identifier: GPL-2.0-only */
#include <spdlog/spdlog.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/scenario/text.h"
#include "replay/odds.h"
#include "replay/replayer.h"
#include "replay/timeline.h"
#include "replay/trace_html.h"
#include "replay/trace_json.h"

namespace daxrace::replay {

namespace {

struct Options {
  std::string file;
  KernelOptions kernel;
  std::string format = "text";
  std::string output;
  bool odds = false;
  uint32_t samples = 200; /* of each step */
  bool json = false;
};

std::string drawn(const scenario::Runner& runner, const std::string& format, const std::vector<int>& odds) {
  if (format == "html") return timeline_html(runner, odds);
  if (format == "perfetto") return perfetto_of(runner).dump() + "\n";
  if (format == "scenario") return scenario::print(finding_program(runner));
  if (format == "json") {
    nlohmann::json json = json_of_execution(runner);
    json["events"] = json_of_events(runner);
    if (!odds.empty()) json["odds"] = odds;
    return json.dump(2) + "\n";
  }
  std::string chart = odds_chart(runner, odds);
  return timeline_report(runner, format == "mail" ? TimelineForm::kMail : TimelineForm::kSteps) +
         (chart.empty() ? "" : "\n" + chart);
}

int run(const Options& options) {
  Input input = read_any(options.file);
  tell_if_lenient(input);
  check_writable(options.output);
  scenario::Runner runner;
  load(runner, input, options.kernel.over(input.program));
  Replayed result = replay_program(runner);
  for (const std::string& line : difference_lines(result)) spdlog::warn(line);
  std::vector<int> odds;
  if (options.odds) odds = odds_of(runner, options.samples);
  if (options.odds && odds.empty())
    throw UsageError{input.path + ": its schedule shows no finding, so there are no odds of one"};
  write_text(drawn(runner, options.json ? "json" : options.format, odds), options.output);
  return kNoFinding;
}

}  // namespace

void add_timeline(Command app, const char* text, int* exit_code) {
  auto options = std::make_shared<Options>();
  Command command = app.add_command("timeline", text);
  command.add_option("FILE", options->file, "any program; without a schedule, its default one").required();
  options->kernel.add_to(command);
  command
      .add_option("--format", options->format,
                  "text; mail: as on the lists, CPU0 | CPU1; html: one file for a browser; perfetto: for "
                  "ui.perfetto.dev; json: every event; scenario: as a program")
      .shows_default()
      .one_of({"text", "mail", "html", "perfetto", "json", "scenario"});
  command.add_option("--output,-o", options->output, "file to write to, instead of standard output");
  command.add_flag("--odds", options->odds,
                   "how likely the finding is from each step on, and the point of no return");
  command.add_option("--samples", options->samples, "schedules for the odds of each step")
      .shows_default()
      .within(1, 1000000);
  command.add_flag("--json", options->json, "the same as --format json");
  command.callback([options, exit_code] { *exit_code = run(*options); });
}

}  // namespace daxrace::replay
