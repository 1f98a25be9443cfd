/* SPDX-License-Identifier: GPL-2.0-only */
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "replay/command.h"
#include "replay/kernel_trials.h"
#include "replay/trace_html.h"

namespace daxrace::replay {

namespace {

struct Options {
  std::vector<std::string> paths;
  TrialOptions tuning;
  std::string format = "text";
};

struct Row {
  std::string name;
  std::string title;
  std::vector<Trial> cells; /* of each range of releases */
};

Row row_of(const std::string& path, const std::vector<Releases>& columns, const TrialOptions& tuning) {
  Input input = read_strict(path);
  KernelTrials trials(input.program, tuning);
  Row row{std::filesystem::path(path).stem().string(), input.program.title, {}};
  for (const Releases& range : columns) row.cells.push_back(trials.on({range.first, {}, {}}));
  return row;
}

std::string padded(std::string text, size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

/* Scenarios are many and releases few, but words are long: one line for each change from release to release.
 */
void print_text(const std::vector<Row>& rows, const std::vector<Releases>& columns) {
  for (const Row& row : rows) {
    std::cout << row.name << "\n";
    for (size_t from = 0; from < columns.size();) {
      size_t to = from;
      while (to + 1 < columns.size() && words_of(row.cells[to + 1]) == words_of(row.cells[from])) ++to;
      std::cout << "  " << padded(words_of(Releases{columns[from].first, columns[to].last}), 16) << "  "
                << words_of(row.cells[from]) << "\n";
      from = to + 1;
    }
  }
}

void print_html(const std::vector<Row>& rows, const std::vector<Releases>& columns,
                const TrialOptions& tuning) {
  std::cout << "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
               "<meta name=\"viewport\" content=\"width=device-width\"><title>daxrace matrix</title>\n<style>"
               ":root{color-scheme:light dark}body{font:14px/1.45 system-ui,sans-serif;margin:20px}"
               "table{border-collapse:collapse}th,td{border:1px solid #8884;padding:4px 8px;text-align:left}"
               "td.never{background:#2f9e5b33}td.found{background:#b3261e33}td.open{background:#c77c1133}"
               "thead th{position:sticky;top:0;background:Canvas}</style></head>\n<body><h1>Scenarios and "
               "releases</h1>"
               "<p>Every schedule with at most "
            << counted(tuning.preemptions, "preemption", "preemptions")
            << "; in brackets, the fewest that show it. A question mark: not all schedules were run.</p>\n"
               "<table><thead><tr><th>scenario</th>";
  for (const Releases& range : columns) std::cout << "<th>" << html_escaped(words_of(range)) << "</th>";
  std::cout << "</tr></thead>\n<tbody>\n";
  for (const Row& row : rows) {
    std::cout << "<tr><th title=\"" << html_escaped(row.title) << "\">" << html_escaped(row.name) << "</th>";
    for (const Trial& trial : row.cells) {
      const char* kind = !trial.verdicts.empty() ? "found" : trial.complete ? "never" : "open";
      std::cout << "<td class=\"" << kind << "\">" << html_escaped(words_of(trial)) << "</td>";
    }
    std::cout << "</tr>\n";
  }
  std::cout << "</tbody></table></body></html>\n";
}

nlohmann::json json_of(const std::vector<Row>& rows, const std::vector<Releases>& columns,
                       const TrialOptions& tuning) {
  nlohmann::json json = {{"preemptions", tuning.preemptions}, {"scenarios", nlohmann::json::array()}};
  for (const Row& row : rows) {
    nlohmann::json entry = {{"name", row.name}, {"title", row.title}, {"releases", nlohmann::json::array()}};
    for (size_t i = 0; i < columns.size(); ++i) {
      entry["releases"].push_back({{"first", columns[i].first},
                                   {"last", columns[i].last},
                                   {"verdicts", row.cells[i].verdicts},
                                   {"executions", row.cells[i].executions},
                                   {"complete", row.cells[i].complete}});
    }
    json["scenarios"].push_back(entry);
  }
  return json;
}

int run(const Options& options) {
  std::vector<Releases> columns = releases();
  std::vector<Row> rows;
  for (const std::string& path : scenario_files(options.paths))
    rows.push_back(row_of(path, columns, options.tuning));
  if (options.format == "json") {
    print_json(json_of(rows, columns, options.tuning));
  } else if (options.format == "html") {
    print_html(rows, columns, options.tuning);
  } else {
    print_text(rows, columns);
  }
  return kNoFinding;
}

}  // namespace

void add_matrix(Command app, const char* text, int* exit_code) {
  auto options = std::make_shared<Options>();
  Command command = app.add_command("matrix", text);
  command.add_option("PATH", options->paths, "scenarios, or directories of them").required();
  command.add_option("--preemptions", options->tuning.preemptions, "of a schedule, at most")
      .shows_default()
      .within(0, scenario::kPreemptionsMax);
  command.add_option("--executions", options->tuning.executions_max, "give a kernel up after so many")
      .shows_default()
      .within(uint64_t{1}, uint64_t{1000000000000});
  command.add_option("--format", options->format, "text, html or json")
      .shows_default()
      .one_of({"text", "html", "json"});
  command.callback([options, exit_code] { *exit_code = run(*options); });
}

}  // namespace daxrace::replay
