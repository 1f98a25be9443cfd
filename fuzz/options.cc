/* SPDX-License-Identifier: GPL-2.0-only */
#include "fuzz/options.h"

#include <sys/stat.h>

#include <algorithm>

#include "core/model/patches.h"
#include "core/scenario/text.h"

namespace daxrace::fuzz {

namespace {

constexpr std::string_view kNames[] = {"--kernel",     "--without",  "--with",   "--mode",
                                       "--pairs",      "--only",     "--ignore", "--unless",
                                       "--keep-going", "--campaign", "--stats"};

std::string unknown(std::string_view what, std::string_view word,
                    const std::vector<std::string_view>& known) {
  std::string text = "unknown " + std::string(what) + " '" + std::string(word) + "'";
  const std::string_view near = scenario::did_you_mean(word, known);
  if (!near.empty()) return text + "; did you mean " + std::string(near) + "?";
  text += "; there is";
  for (size_t i = 0; i < known.size(); ++i) text += (i == 0 ? " " : ", ") + std::string(known[i]);
  return text;
}

/* One of two words. */
std::string read_word(std::string_view name, std::string_view value, std::string_view yes,
                      std::string_view no, bool& is_yes) {
  is_yes = value == yes;
  if (is_yes || value == no) return {};
  return unknown("value of " + std::string(name), value, {yes, no});
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
  bool is_yes = false;
  std::string error;
  if (name == "--mode") {
    error = read_word(name, value, "uniform", "mutate", is_yes);
    options.mode = is_yes ? Mode::kUniform : Mode::kMutate;
  } else if (name == "--pairs") {
    error = read_word(name, value, "on", "off", is_yes);
    options.pairs = is_yes;
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
