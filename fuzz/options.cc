/* SPDX-License-Identifier: GPL-2.0-only */
#include "fuzz/options.h"

#include <sys/stat.h>

#include <algorithm>

#include "core/model/patches.h"
#include "core/scenario/text.h"

namespace daxrace::fuzz {

namespace {

struct Row {
  std::string_view name;
  std::string_view words; /* "VALUE<tab>what it does" */
};
constexpr Row kRows[] = {
    {"--kernel", "V\tthe kernel, as the daxrace command takes it (the newest)"},
    {"--without", "ROW\tthat kernel without a commit; may be repeated"},
    {"--with", "ROW\tthat kernel with a proposal, mutant or back-port; may be repeated"},
    {"--mode",
     "mutate|uniform|portfolio\tuniform: every input is drawn afresh and nothing is learnt from "
     "coverage;\tportfolio: so is every program, and it runs under as many schedules as a loop of\t"
     "`daxrace run` would give it; what mutation is compared with"},
    {"--code", "on|off\tfeedback: coverage of the model's code"},
    {"--pairs", "on|off\tfeedback: pairs of places in different tasks that touched the same object"},
    {"--states", "on|off\tfeedback: where the other tasks stand when an operation ends"},
    {"--locks", "on|off\tfeedback: which lock is taken under which"},
    {"--only", "VERDICT\tother verdicts are no findings"},
    {"--ignore", "PREFIX\tnor are those whose signature starts so; may be repeated"},
    {"--unless", "V\tnor those whose program shows the verdict on kernel V too"},
    {"--keep-going", "\tgo on after a finding; the first input of each signature stays"},
    {"--campaign",
     "DIR\twork for a campaign: keep going, findings go to DIR and the smallest input of each\t"
     "signature stays, the file of --stats is written every second, SIGTERM is an orderly end"},
    {"--stats", "FILE\tat the end or at a finding, what was done: lines of `key value`"},
    {"--help", "\tthis text"},
};

std::vector<std::string_view> names() {
  std::vector<std::string_view> names;
  for (const Row& row : kRows) names.push_back(row.name);
  return names;
}

/* Feedback that can be switched off. */
struct Switch {
  std::string_view name;
  bool Options::* is_on;
};
constexpr Switch kSwitches[] = {{"--code", &Options::code},
                                {"--pairs", &Options::pairs},
                                {"--states", &Options::states},
                                {"--locks", &Options::locks}};

std::string unknown(std::string_view what, std::string_view word,
                    const std::vector<std::string_view>& known) {
  std::string text = "unknown " + std::string(what) + " '" + std::string(word) + "'";
  const std::string_view near = scenario::did_you_mean(word, known);
  if (!near.empty()) return text + "; did you mean " + std::string(near) + "?";
  text += "; there is";
  for (size_t i = 0; i < known.size(); ++i) text += (i == 0 ? " " : ", ") + std::string(known[i]);
  return text;
}

/* Which of `words` it is. */
std::string read_word(std::string_view name, std::string_view value,
                      const std::vector<std::string_view>& words, size_t& which) {
  which = static_cast<size_t>(std::ranges::find(words, value) - words.begin());
  return which < words.size() ? std::string() : unknown("value of " + std::string(name), value, words);
}

std::string read_ours(std::string_view name, std::string_view value, bool has_value,
                      const std::vector<std::string_view>& verdicts, Options& options) {
  if (name == "--keep-going" || name == "--help") {
    (name == "--help" ? options.help : options.keep_going) = true;
    return has_value ? std::string(name) + " takes no value" : "";
  }
  if (std::ranges::find(kRows, name, &Row::name) == std::end(kRows)) return unknown("option", name, names());
  if (value.empty()) return std::string(name) + " needs a value: " + std::string(name) + "=...";
  size_t which = 0;
  std::string error;
  const auto* feedback = std::ranges::find(kSwitches, name, &Switch::name);
  if (name == "--mode") {
    error = read_word(name, value, {"mutate", "uniform", "portfolio"}, which);
    options.mode = static_cast<Mode>(which);
  } else if (feedback != std::end(kSwitches)) {
    error = read_word(name, value, {"on", "off"}, which);
    options.*feedback->is_on = which == 0;
  } else if (name == "--only") {
    options.only = value;
    if (std::ranges::find(verdicts, value) == verdicts.end()) error = unknown("verdict", value, verdicts);
  } else if (name == "--ignore") {
    options.ignore.emplace_back(value);
  } else if (name == "--unless") {
    options.unless = value;
  } else if (name == "--campaign") {
    options.campaign = value;
    options.keep_going = true;
  } else if (name == "--stats") {
    options.stats = value;
  } else {
    options.kernel_given = true;
    if (name == "--kernel") options.kernel.version = value;
    if (name == "--without") options.kernel.without.emplace_back(value);
    if (name == "--with") options.kernel.with.emplace_back(value);
  }
  return error;
}

bool is_file(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

std::string help() {
  std::string text =
      "daxrace-fuzz [--option=value]... [-option=value]... [DIRECTORY | FILE]...\n\n"
      "Fuzzes with the programs of the directories as a corpus, the first of which gets the new\n"
      "ones, or runs the files once each. What begins with one dash is libFuzzer's, which -help=1\n"
      "lists; its -entropic is 0 here if nothing else is said.\n\n";
  for (const Row& row : kRows) {
    const size_t tab = row.words.find('\t');
    text += "  " + std::string(row.name) + (tab == 0 ? "" : "=" + std::string(row.words.substr(0, tab)));
    for (size_t at = tab; at != row.words.npos;) {
      const size_t end = row.words.find('\t', at + 1);
      text += "\n      " + std::string(row.words.substr(at + 1, end - at - 1));
      at = end;
    }
    text += "\n";
  }
  return text +
         "\nExit status: 0 the end of the run, 77 a finding, without --keep-going; 2 usage; others are "
         "libFuzzer's.\n";
}

std::string read_options(const std::vector<std::string_view>& arguments,
                         const std::vector<std::string_view>& verdicts, Options& options) {
  constexpr std::string_view kArtifactPrefix = "-artifact_prefix=";
  for (const std::string_view argument : arguments) {
    if (argument.starts_with(kArtifactPrefix))
      options.artifact_prefix = argument.substr(kArtifactPrefix.size());
    if (!argument.starts_with('-') && is_file(std::string(argument))) options.runs_files = true;
    if (!argument.starts_with("--") || argument == "--") continue;
    const size_t equals = argument.find('=');
    const bool has_value = equals != std::string_view::npos;
    const std::string_view value = has_value ? argument.substr(equals + 1) : std::string_view();
    const std::string error = read_ours(argument.substr(0, equals), value, has_value, verdicts, options);
    if (!error.empty()) return error;
  }
  kernel::model_forms forms;
  std::string error;
  const scenario::KernelChoice& choice = options.kernel;
  if (!kernel::select_forms({choice.version, choice.without, choice.with}, &forms, &error)) return error;
  if (!kernel::select_forms({options.unless, {}, {}}, &forms, &error)) return error;
  return {};
}

}  // namespace daxrace::fuzz
