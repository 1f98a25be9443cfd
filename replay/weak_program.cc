/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/weak_program.h"

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "replay/campaign_process.h"
#include "replay/command.h"

namespace daxrace::replay {

namespace {

std::string program_path() {
  std::error_code error;
  std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  std::filesystem::path path = self.parent_path() / "daxrace-weak";
  if (error || !std::filesystem::exists(path)) {
    throw UsageError{"there is no daxrace-weak beside daxrace: build it, without a sanitizer"};
  }
  return path.string();
}

using Fields = std::vector<std::string>;

std::vector<Fields> output_of(std::vector<std::string> command) {
  constexpr double kPatience = 24 * 3600;
  command.insert(command.begin(), program_path());
  Process process;
  if (!process.start(command)) throw UsageError{"cannot start " + command[0]};
  std::istringstream text(process.finish(kPatience));
  std::vector<Fields> lines;
  for (std::string line; std::getline(text, line);) {
    Fields fields;
    std::istringstream in(line);
    for (std::string field; std::getline(in, field, '\t');) fields.push_back(field);
    if (!fields.empty()) lines.push_back(fields);
  }
  if (!lines.empty() && lines.back()[0] == "harness") throw UsageError{"harness: " + lines.back().back()};
  if (process.status() > 1) {
    throw UsageError{"harness: daxrace-weak ended with status " + std::to_string(process.status())};
  }
  return lines;
}

uint64_t number(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); }

WeakEvent event_of(const Fields& fields) {
  WeakEvent event;
  event.task = static_cast<int>(number(fields[1]));
  event.function = fields[2];
  event.what = fields[3];
  event.name = fields[4];
  event.kind = static_cast<WeakEvent::Kind>(number(fields[5]));
  event.value = number(fields[6]);
  event.newest = number(fields[7]);
  return event;
}

}  // namespace

std::vector<WeakProgram> weak_programs() {
  std::vector<WeakProgram> programs;
  for (const Fields& fields : output_of({"list"})) {
    if (fields[0] == "program" && fields.size() >= 6) {
      WeakProgram program;
      program.name = fields[1];
      program.group = fields[2];
      program.threads = static_cast<int>(number(fields[3]));
      program.search = fields[4];
      program.number = static_cast<uint32_t>(number(fields[5]));
      if (fields.size() > 6) program.question = fields[6];
      programs.push_back(program);
    } else if (fields[0] == "without" && fields.size() == 2 && !programs.empty()) {
      programs.back().without.push_back(fields[1]);
    }
  }
  return programs;
}

WeakRun weak_run(const std::vector<std::string>& arguments) {
  WeakRun run;
  for (const Fields& fields : output_of(arguments)) {
    const std::string second = fields.size() > 1 ? fields[1] : "";
    if (fields[0] == "executions") run.executions = number(second);
    if (fields[0] == "outcome") run.outcomes.push_back(second);
    if (fields[0] == "schedule") run.schedule = second;
    if (fields[0] == "trace") run.trace = second;
    if (fields[0] == "event" && fields.size() == 8) run.events.push_back(event_of(fields));
    if (fields[0] != "verdict") continue;
    run.verdict = second;
    if (fields.size() > 2) run.complaint = fields[2];
  }
  if (run.verdict.empty()) throw UsageError{"harness: daxrace-weak came to no verdict"};
  return run;
}

}  // namespace daxrace::replay
