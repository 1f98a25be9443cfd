/* SPDX-License-Identifier: GPL-2.0-only */
/* What is done to corpora between campaigns. Each has a deadline: no merge may eat the night. */
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/scenario/text.h"
#include "replay/campaign_process.h"
#include "replay/campaign_store.h"
#include "replay/command.h"

namespace daxrace::replay {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string directory;
  std::vector<std::string> from;
  uint64_t deadline = 600; /* seconds */
  std::string fuzzer;
  KernelOptions kernel;
  bool json = false;
};

class Deadline {
 public:
  explicit Deadline(uint64_t seconds) : end_(Clock::now() + std::chrono::seconds(seconds)) {}
  bool over() const { return Clock::now() >= end_; }

 private:
  Clock::time_point end_;
};

void need_directory(const std::string& path) {
  if (!fs::is_directory(path)) throw UsageError{path + ": is no directory of inputs"};
}

int report(const Options& options, const nlohmann::json& json, const std::string& text, int code) {
  if (options.json) {
    print_json(json);
  } else {
    std::cout << text << "\n";
  }
  return code;
}

std::string unfinished(bool cut_off) {
  return cut_off ? "; the deadline came first, the rest was not looked at" : "";
}

/* 1 if some file is no program as it stands: a fuzzer would read something else than what is written. */
int check(const Options& options) {
  need_directory(options.directory);
  const Deadline deadline(options.deadline);
  uint64_t good = 0;
  uint64_t repairable = 0;
  uint64_t garbage = 0;
  bool cut_off = false;
  for (const std::string& name : files_in(options.directory)) {
    cut_off = deadline.over();
    if (cut_off) break;
    const std::string text = read_whole(options.directory + "/" + name);
    if (std::holds_alternative<scenario::Program>(scenario::parse_strict(text))) {
      ++good;
      continue;
    }
    const bool is_program = text.starts_with("daxrace ") && !scenario::parse_lenient(text).tasks.empty();
    (is_program ? repairable : garbage) += 1;
    if (!options.json)
      std::cout << options.directory << "/" << name << ": "
                << (is_program ? "is no valid program, but can be read as one" : "is no program") << "\n";
  }
  return report(options,
                {{"valid", good}, {"repairable", repairable}, {"garbage", garbage}, {"complete", !cut_off}},
                grouped(good) + " valid, " + grouped(repairable) + " that can be repaired, " +
                    grouped(garbage) + " that are no programs" + unfinished(cut_off),
                repairable + garbage == 0 && !cut_off ? kNoFinding : kFound);
}

/* Only what runs, for the kernel that was asked for, under a name made from its text: twice is once. */
int import(const Options& options) {
  for (const std::string& from : options.from) {
    if (!fs::exists(from)) throw UsageError{from + ": No such file or directory"};
  }
  std::error_code error;
  fs::create_directories(options.directory, error);
  if (error || access(options.directory.c_str(), W_OK | X_OK) != 0)
    throw UsageError{options.directory + ": cannot be written"};
  const Deadline deadline(options.deadline);
  uint64_t imported = 0;
  uint64_t known = 0;
  uint64_t refused = 0;
  bool cut_off = false;
  std::vector<std::string> paths;
  for (const std::string& from : options.from) {
    if (!fs::is_directory(from)) {
      paths.push_back(from);
      continue;
    }
    for (const std::string& name : files_in(from)) paths.push_back(from + "/" + name);
  }
  for (const std::string& path : paths) {
    cut_off = deadline.over();
    if (cut_off) break;
    const std::string text = read_whole(path);
    scenario::Program program = scenario::parse_lenient(text);
    if (!text.starts_with("daxrace ") || program.tasks.empty()) {
      ++refused;
      continue;
    }
    program.title.clear();
    program.source.clear();
    program.question.clear();
    program.mirrors.clear();
    program.notes.clear();
    program.expectations.clear();
    program.found.reset();
    program.config.kernel = options.kernel.choice;
    const std::string printed = scenario::print(program);
    char name[24];
    std::snprintf(name, sizeof name, "%016" PRIx64, engine::hash_text(printed));
    const std::string target = options.directory + "/" + name;
    if (fs::exists(target, error)) {
      ++known;
    } else if (write_whole(target, printed)) {
      ++imported;
    } else {
      throw UsageError{target + ": cannot be written"};
    }
  }
  return report(options,
                {{"imported", imported}, {"known", known}, {"refused", refused}, {"complete", !cut_off}},
                grouped(imported) + " imported, " + grouped(known) + " there already, " + grouped(refused) +
                    " no programs" + unfinished(cut_off),
                kNoFinding);
}

void need_fuzzer(const Options& options) {
  if (access(options.fuzzer.c_str(), X_OK) != 0)
    throw UsageError{options.fuzzer +
                     ": no fuzzing program there; build the preset fuzz, or say --fuzzer FILE"};
}

/* libFuzzer's merge: of all inputs the smallest set with the same coverage is added to `into`. */
bool merge_into(const Options& options, const std::string& into, const std::vector<std::string>& from) {
  std::vector<std::string> command = {options.fuzzer, "-merge=1", "--keep-going", "-handle_int=0"};
  const scenario::KernelChoice& kernel = options.kernel.choice;
  if (!kernel.version.empty()) command.push_back("--kernel=" + kernel.version);
  for (const std::string& row : kernel.without) command.push_back("--without=" + row);
  for (const std::string& row : kernel.with) command.push_back("--with=" + row);
  /* Findings are no matter of a merge; their files go where nobody looks. */
  const std::string aside = into + ".aside";
  std::error_code error;
  fs::create_directories(aside, error);
  command.insert(command.end(), {"-artifact_prefix=" + aside + "/", into});
  command.insert(command.end(), from.begin(), from.end());
  Process process;
  /* It starts processes of its own. */
  process.start(command, true);
  const std::string said = process.finish(static_cast<double>(options.deadline));
  fs::remove_all(aside, error);
  const int status = process.status();
  if (status == 128 + SIGKILL) return false;
  if (status != 0) {
    const std::string last = said.substr(0, said.find('\n'));
    throw UsageError{"harness: the merge ended with status " + std::to_string(status) + ": " + last};
  }
  return true;
}

/* The new set appears whole or not at all. */
bool settle(const Options& options, const std::vector<std::string>& from, bool keep_old) {
  const std::string next = options.directory + ".next";
  std::error_code error;
  fs::remove_all(next, error);
  fs::create_directories(next, error);
  if (error) throw UsageError{next + ": " + error.message()};
  bool complete = false;
  try {
    if (keep_old) {
      for (const std::string& name : files_in(options.directory))
        fs::create_hard_link(options.directory + "/" + name, next + "/" + name, error);
    }
    complete = merge_into(options, next, from);
  } catch (const UsageError&) {
    fs::remove_all(next, error);
    throw;
  }
  if (!complete) {
    fs::remove_all(next, error);
    return false;
  }
  /* At once: whoever is killed here leaves the one corpus or the other. */
  if (renameat2(AT_FDCWD, next.c_str(), AT_FDCWD, options.directory.c_str(), RENAME_EXCHANGE) != 0) {
    const std::string what = std::strerror(errno);
    fs::remove_all(next, error);
    throw UsageError{options.directory + ": cannot be replaced: " + what};
  }
  fs::remove_all(next, error);
  return true;
}

int settled(const Options& options, bool complete, size_t before) {
  const size_t after = count_files(options.directory);
  const std::string text =
      complete ? options.directory + ": " + grouped(before) + " inputs before, " + grouped(after) + " now"
               : options.directory + ": the deadline came first; nothing was changed";
  return report(options, {{"before", before}, {"after", after}, {"complete", complete}}, text,
                complete ? kNoFinding : kFound);
}

int merge(const Options& options) {
  for (const std::string& from : options.from) need_directory(from);
  need_fuzzer(options);
  std::error_code error;
  fs::create_directories(options.directory, error);
  need_directory(options.directory);
  const size_t before = count_files(options.directory);
  return settled(options, settle(options, options.from, true), before);
}

int prune(const Options& options) {
  need_directory(options.directory);
  need_fuzzer(options);
  const size_t before = count_files(options.directory);
  return settled(options, settle(options, {options.directory}, false), before);
}

std::string beside(const char* name) {
  std::error_code error;
  const fs::path bin = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (fs::exists(bin / name, error)) return (bin / name).string();
  return (bin.parent_path().parent_path() / "fuzz" / "bin" / name).string();
}

struct Row {
  const char* name;
  const char* text;
  int (*run)(const Options&);
  bool takes_from;
  bool takes_kernel;
};

constexpr Row kRows[] = {
    {"merge", "add the inputs that bring new coverage from other corpora", merge, true, true},
    {"prune", "keep the smallest set of inputs with the same coverage", prune, false, true},
    {"check", "say which files are no valid programs", check, false, false},
    {"import", "take programs from anywhere: findings, scenarios, other people's corpora", import, true,
     true},
};

}  // namespace

void add_corpus(Command app, const char* text, int* exit_code) {
  Command corpus = app.add_command("corpus", text);
  corpus.require_command();
  for (const Row& row : kRows) {
    auto options = std::make_shared<Options>();
    Command command = corpus.add_command(row.name, row.text);
    command.add_option("DIR", options->directory, "the corpus").required();
    if (row.takes_from) command.add_option("FROM", options->from, "other directories").required();
    if (row.takes_kernel) options->kernel.add_to(command);
    command.add_option("--deadline", options->deadline, "seconds; what is not done then is left as it was")
        .shows_default()
        .within(uint64_t{1}, uint64_t{1000000});
    command.add_option("--fuzzer", options->fuzzer, "daxrace-fuzz, which measures coverage");
    command.add_flag("--json", options->json, "for machines");
    command.callback([options, exit_code, &row] {
      if (options->fuzzer.empty()) options->fuzzer = beside("daxrace-fuzz");
      while (options->directory.size() > 1 && options->directory.ends_with('/'))
        options->directory.pop_back();
      *exit_code = row.run(*options);
    });
  }
}

}  // namespace daxrace::replay
