/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading programs from files, and the names in them that the text form does not know. */
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/engine/wait_var.h" /* before the macros of vocabulary.h */
#include "core/model/patches.h"
#include "core/oracle/oracle.h"
#include "core/scenario/text.h"
#include "replay/command.h"

namespace daxrace::replay {

namespace {

std::string read_file(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) throw UsageError{path + ": " + std::strerror(errno)};
  if (S_ISDIR(status.st_mode)) throw UsageError{path + ": is a directory; expected the file of a program"};
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UsageError{path + ": " + std::strerror(errno)};
  /* A byte more than a program may have is enough to refuse it. */
  std::string text(scenario::kTextMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > scenario::kTextMax) {
    throw UsageError{path + ": file is " + std::to_string(status.st_size) + " bytes, more than the " +
                     std::to_string(scenario::kTextMax) + " that a program may have"};
  }
  return text;
}

bool word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.'; }

/* Where the word stands in a line that begins with one of the keywords, for a message. */
scenario::ParseError error_at(const std::string& text, const std::string& word,
                              const std::vector<std::string>& keywords, std::string message) {
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    size_t start = line.find_first_not_of(" \t");
    bool fits = false;
    for (const std::string& keyword : keywords)
      fits = fits || (start != line.npos && line.compare(start, keyword.size(), keyword) == 0);
    if (!fits) continue;
    for (size_t at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
      bool starts = at == 0 || !word_char(line[at - 1]);
      bool ends = at + word.size() == line.size() || !word_char(line[at + word.size()]);
      if (starts && ends) return {number, static_cast<int>(at) + 1, std::move(message), ""};
    }
  }
  return {0, 0, std::move(message), ""};
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string_view near = scenario::did_you_mean(word, candidates);
  return near.empty() ? "" : "did you mean `" + std::string(near) + "`?";
}

/* The first name that nobody knows; nothing if all are known. */
std::optional<scenario::ParseError> check_names(const scenario::Program& program, const std::string& text) {
  std::vector<std::string_view> verdicts;
  for (const auto& info : oracle::verdict_table()) verdicts.push_back(info.verdict);
  std::vector<std::string_view> patches;
  for (const auto& info : kernel::patch_table()) patches.push_back(info.id);

  auto check_choice = [&](const scenario::KernelChoice& choice) -> std::optional<scenario::ParseError> {
    for (const auto* rows : {&choice.without, &choice.with}) {
      for (const std::string& row : *rows) {
        if (kernel::find_patch(row) != nullptr) continue;
        auto error = error_at(text, row, {"without", "with", "expect"}, "no patch is called `" + row + "`");
        error.suggestion = suggestion(row, patches);
        return error;
      }
    }
    kernel::model_forms forms;
    std::string why;
    if (kernel::select_forms({choice.version, choice.without, choice.with}, &forms, &why))
      return std::nullopt;
    const std::string& where = !choice.version.empty() ? choice.version
                               : choice.with.empty()   ? choice.without.front()
                                                       : choice.with.front();
    return error_at(text, where, {"kernel", "without", "with", "expect"}, why);
  };

  if (auto error = check_choice(program.config.kernel)) return error;
  for (const scenario::Expectation& expectation : program.expectations) {
    for (const std::string& verdict : expectation.verdicts) {
      if (oracle::find_verdict(verdict) != nullptr) continue;
      auto error = error_at(text, verdict, {"expect"}, "no oracle has the verdict `" + verdict + "`");
      error.suggestion = suggestion(verdict, verdicts);
      return error;
    }
    if (auto error = check_choice(expectation.kernel)) return error;
  }
  return std::nullopt;
}

void require_task(const Input& input) {
  if (input.program.tasks.empty())
    throw UsageError{input.path + ": the program has no task, so there is nothing to run"};
}

}  // namespace

Input read_strict(const std::string& path) {
  std::string text = read_file(path);
  auto parsed = scenario::parse_strict(text);
  if (auto* error = std::get_if<scenario::ParseError>(&parsed))
    throw UsageError{scenario::describe(*error, path)};
  Input input{path, std::get<scenario::Program>(std::move(parsed)), false, ""};
  if (auto error = check_names(input.program, text)) throw UsageError{scenario::describe(*error, path)};
  require_task(input);
  return input;
}

Input read_any(const std::string& path) {
  std::string text = read_file(path);
  auto parsed = scenario::parse_strict(text);
  if (auto* program = std::get_if<scenario::Program>(&parsed)) {
    if (auto error = check_names(*program, text)) throw UsageError{scenario::describe(*error, path)};
    Input input{path, std::move(*program), false, ""};
    require_task(input);
    return input;
  }
  const auto& error = std::get<scenario::ParseError>(parsed);
  Input input{path, scenario::parse_lenient(text), true, scenario::describe(error, path)};
  /* Nothing to run is what a wrong file gives, and a newer version may mean something else. */
  bool newer = error.line == 1 && error.message.find("version") != std::string::npos;
  if (input.program.tasks.empty() || newer) throw UsageError{input.why};
  if (check_names(input.program, text)) throw UsageError{input.why};
  return input;
}

void tell_if_lenient(const Input& input) {
  if (!input.lenient) return;
  spdlog::warn(input.why + "; read leniently, the program is now:\n" + scenario::print(input.program));
}

std::vector<std::string> scenario_files(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> inside;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.path().extension() == ".dax") inside.push_back(entry.path().string());
    }
    if (inside.empty()) throw UsageError{path + ": holds no file *.dax"};
    std::sort(inside.begin(), inside.end());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

namespace {

/* The row that is meant: a commit may be given by any beginning of its id that no other has, or by more of it
 * than the table holds. Returns what is wrong, or nothing. */
std::string complete_row(std::string& word) {
  if (kernel::find_patch(word) != nullptr) return "";
  std::vector<std::string_view> names;
  std::vector<std::string_view> fit;
  for (const auto& row : kernel::patch_table()) {
    names.push_back(row.id);
    const bool commit = row.kind == kernel::patch_kind::commit;
    if ((word.size() >= 4 && row.id.starts_with(word)) || (commit && word.starts_with(row.id)))
      fit.push_back(row.id);
  }
  if (fit.size() == 1) {
    word = fit.front();
    return "";
  }
  if (fit.empty()) {
    std::string near = suggestion(word, names);
    return "no patch is called '" + word + "'; " + (near.empty() ? "see `daxrace list patches`" : near);
  }
  std::string all;
  for (std::string_view each : fit) all += (all.empty() ? "" : ", ") + std::string(each);
  return "'" + word + "' is the beginning of more than one: " + all;
}

}  // namespace

void KernelOptions::add_to(Command command) {
  command.add_option("--kernel", choice.version,
                     "release to run on, like v5.18 (the program's own, or the newest)");
  command
      .add_option("--without", choice.without,
                  "take a commit out, which a unique beginning of its id names; repeatable")
      .one_at_a_time()
      .transform(complete_row);
  command.add_option("--with", choice.with, "put a proposal, mutant or back-port in; repeatable")
      .one_at_a_time()
      .transform(complete_row);
}

/* A release replaces the program's choice as a whole; rows are added to it. */
scenario::KernelChoice KernelOptions::over(const scenario::Program& program) const {
  if (!choice.version.empty()) return choice;
  scenario::KernelChoice both = program.config.kernel;
  both.without.insert(both.without.end(), choice.without.begin(), choice.without.end());
  both.with.insert(both.with.end(), choice.with.begin(), choice.with.end());
  return both;
}

void load(scenario::Runner& runner, const Input& input, const scenario::KernelChoice& kernel) {
  std::string error;
  if (!runner.load(input.program, kernel, &error)) throw UsageError{error};
}

std::string describe(const scenario::KernelChoice& kernel) {
  return kernel::describe({kernel.version, kernel.without, kernel.with});
}

}  // namespace daxrace::replay
