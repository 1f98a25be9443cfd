/* SPDX-License-Identifier: GPL-2.0-only */
#include "fuzz/options.h"

#include <sys/stat.h>

#include <algorithm>

#include "core/model/patches.h"
#include "core/scenario/text.h"

namespace daxrace::fuzz {

namespace {

constexpr std::string_view kNames[] = {"--kernel", "--without",    "--with",     "--mode", "--code",
                                       "--pairs",  "--states",     "--locks",    "--only", "--ignore",
                                       "--unless", "--keep-going", "--campaign", "--stats"};

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
  if (name == "--keep-going") {
    options.keep_going = true;
    return has_value ? "--keep-going takes no value" : "";
  }
  if (std::ranges::find(kNames, name) == std::end(kNames)) {
    return unknown("option", name, {std::begin(kNames), std::end(kNames)});
  }
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
