/* SPDX-License-Identifier: GPL-2.0-only */
/* What commands print, and findings as files. */
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "core/engine/strategy_replay.h"
#include "core/scenario/text.h"
#include "daxrace_version.h"
#include "replay/command.h"
#include "replay/orders.h"
#include "replay/step_words.h"
#include "replay/timeline.h"

namespace daxrace::replay {

std::string grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string counted(uint64_t number, const char* one, const char* many) {
  return grouped(number) + " " + (number == 1 ? one : many);
}

std::string wrapped(const std::string& text, size_t width, const std::string& indent) {
  std::string out = indent;
  size_t column = indent.size();
  size_t at = 0;
  while (at < text.size()) {
    size_t end = text.find(' ', at);
    if (end == text.npos) end = text.size();
    size_t length = end - at;
    if (column > indent.size() && column + 1 + length > width) {
      out += "\n" + indent;
      column = indent.size();
    } else if (column > indent.size()) {
      out += ' ';
      ++column;
    }
    out += text.substr(at, length);
    column += length;
    at = end + 1;
  }
  return out;
}

void print_header(const std::string& command, const Input& input, const scenario::KernelChoice& kernel,
                  const std::string& bounds) {
  std::cout << "daxrace " << DAXRACE_VERSION << " " << command << " " << input.path << ": kernel "
            << describe(kernel) << (bounds.empty() ? "" : "; ") << bounds << "\n";
}

scenario::Program finding_program(const scenario::Runner& runner) {
  const engine::Execution& execution = runner.execution();
  scenario::Program program = runner.program();
  program.expectations.clear();
  program.config.kernel = runner.kernel();
  program.schedule = {};
  for (const engine::Decision& decision : execution.decisions()) {
    if (decision.is_draw) {
      program.schedule.draws.push_back({decision.step, decision.value});
      continue;
    }
    scenario::Switch entry{decision.step, static_cast<int>(decision.value) - 1, {}};
    if (decision.preempted != engine::kNoTask && decision.preempted != 0) {
      std::string site;
      engine::Anchor anchor = engine::anchor_at(execution, decision.preempted, decision.step, &site);
      if (anchor.task != engine::kNoTask) {
        entry.anchor = {anchor.task - 1, static_cast<int>(anchor.op), site, anchor.occurrence};
      }
    }
    program.schedule.switches.push_back(entry);
  }
  program.found.reset();
  program.orders.clear();
  if (const engine::Finding* finding = execution.headline()) {
    program.found = scenario::Found{std::string(finding->verdict), scenario::signature(*finding, runner),
                                    execution.trace_hash()};
    program.orders = orders_of(runner);
  }
  return program;
}

void check_writable(const std::string& path) {
  if (path.empty()) return;
  std::string directory = std::filesystem::path(path).parent_path().string();
  if (directory.empty()) directory = ".";
  if (std::filesystem::is_directory(path))
    throw UsageError{path + ": is a directory; expected a file to write to"};
  if (access(directory.c_str(), W_OK) != 0)
    throw UsageError{path + ": cannot write: " + std::strerror(errno)};
}

void write_text(const std::string& text, const std::string& path) {
  if (path.empty()) {
    std::cout << text;
    return;
  }
  /* A device or a pipe is no file to put another one in the place of. */
  std::error_code error;
  if (std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error)) {
    std::ofstream(path, std::ios::binary) << text << std::flush;
    return;
  }
  std::string temporary = path + ".tmp" + std::to_string(getpid());
  std::ofstream file(temporary, std::ios::binary);
  file << text;
  file.close();
  if (!file || std::rename(temporary.c_str(), path.c_str()) != 0) {
    std::string why = std::strerror(errno);
    std::remove(temporary.c_str());
    throw UsageError{path + ": cannot write: " + why};
  }
}

void write_program(const scenario::Program& program, const std::string& path) {
  write_text(scenario::print(program), path);
}

std::string finding_name(const scenario::Runner& runner) {
  const engine::Finding* finding = runner.execution().headline();
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08" PRIx32,
                static_cast<uint32_t>(engine::hash_text(scenario::signature(*finding, runner))));
  return std::string(finding->verdict) + "-" + digits + ".dax";
}

void print_finding(const scenario::Runner& runner) { std::cout << "\n" << timeline_report(runner) << "\n"; }

nlohmann::json json_of_execution(const scenario::Runner& runner) {
  const engine::Execution& execution = runner.execution();
  char hash[17];
  std::snprintf(hash, sizeof hash, "%016" PRIx64, execution.trace_hash());
  nlohmann::json json = {{"steps", execution.steps()},
                         {"preemptions", execution.preemptions()},
                         {"trace_hash", hash},
                         {"findings", nlohmann::json::array()}};
  for (const engine::Finding& finding : execution.findings()) {
    json["findings"].push_back({{"verdict", finding.verdict},
                                {"signature", scenario::signature(finding, runner)},
                                {"step", finding.step},
                                {"sentence", sentence_words(runner, finding)}});
  }
  return json;
}

nlohmann::json json_of_events(const scenario::Runner& runner) {
  nlohmann::json events = nlohmann::json::array();
  uint32_t step = 0;
  for (const engine::Event& event : runner.execution().trace()) {
    events.push_back({{"step", step++},
                      {"task", runner.execution().task(event.task).name},
                      {"kind", engine::name_of(event.kind)},
                      {"site", event.site->name()},
                      {"object", engine::object_name(event)},
                      {"value", event.value},
                      {"choice", event.choice}});
  }
  return events;
}

void print_json(const nlohmann::json& json) { std::cout << json.dump(2) << "\n"; }

}  // namespace daxrace::replay
