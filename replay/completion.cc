/* SPDX-License-Identifier: GPL-2.0-only */
/* What may come next on a command line. The shells ask for it with `daxrace completion words`. */
#include <CLI/CLI.hpp>
#include <algorithm>

#include "core/engine/strategies.h"
#include "core/engine/wait_var.h" /* before the macros of vocabulary.h */
#include "core/model/patches.h"
#include "core/oracle/oracle.h"
#include "replay/help.h"
#include "replay/kernel_trials.h"

namespace daxrace::replay {

namespace {

using Words = std::vector<std::string>;

Words kernels() {
  Words list;
  for (const Releases& range : releases()) {
    list.push_back(range.first);
    if (range.last != range.first) list.push_back(range.last);
  }
  return list;
}

Words patches(bool commits) {
  Words list;
  for (const auto& row : kernel::patch_table()) {
    if (!commits || row.kind == kernel::patch_kind::commit) list.emplace_back(row.id);
  }
  return list;
}

Words strategies(const std::string& command) {
  Words list;
  for (const auto& row : engine::strategy_table()) {
    if (command != "explore" || row.kind == engine::StrategyKind::kExhausts) list.emplace_back(row.name);
  }
  return list;
}

Words verdicts() {
  Words list;
  for (const auto& row : oracle::verdict_table()) list.emplace_back(row.verdict);
  return list;
}

Words values_of(const CLI::App& command, const CLI::Option& option) {
  Words choices = choices_of(option);
  if (!choices.empty()) return choices;
  const std::string name = option.get_lnames().empty() ? option.get_name(true) : option.get_lnames().front();
  if (name == "kernel") return kernels();
  if (name == "without") return patches(true);
  if (name == "with") return patches(false);
  if (name == "strategy") return strategies(command.get_name());
  if (name == "only") return verdicts();
  const std::string type = option.get_type_name();
  if (type.starts_with("INT") || type.starts_with("UINT") || type.starts_with("FLOAT")) return {};
  return {kFilesComplete};
}

const CLI::Option* option_called(const CLI::App& command, const std::string& word) {
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional() && option->check_name(word)) return option;
  }
  return nullptr;
}

bool takes_value(const CLI::Option* option) {
  return option != nullptr && option->get_items_expected_max() > 0;
}

Words names_of(const CLI::App& command) {
  Words list;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) list.push_back("--" + name);
  }
  return list;
}

Words positional(const CLI::App& command) {
  Words list;
  for (const CLI::App* inner : commands_of(command)) list.push_back(inner->get_name());
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    Words values = values_of(command, *option);
    list.insert(list.end(), values.begin(), values.end());
  }
  return list;
}

}  // namespace

std::vector<std::string> completions(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* command = &app;
  const CLI::Option* pending = nullptr;
  const std::string begun = words.empty() ? "" : words.back();
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "=") continue; /* bash makes three words of --option=value */
    if (takes_value(pending)) {
      pending = nullptr;
      continue;
    }
    pending = nullptr;
    if (word.starts_with("-")) {
      if (word.find('=') == word.npos) pending = option_called(*command, word);
      continue;
    }
    for (const CLI::App* inner : commands_of(*command)) {
      if (inner->check_name(word)) {
        command = inner;
        break;
      }
    }
  }
  std::string prefix = begun == "=" ? "" : begun;
  std::string before; /* zsh leaves --option=value as one */
  Words all;
  if (takes_value(pending)) {
    all = values_of(*command, *pending);
  } else if (prefix.starts_with("--") && prefix.find('=') != prefix.npos) {
    before = prefix.substr(0, prefix.find('=') + 1);
    const CLI::Option* option = option_called(*command, before.substr(0, before.size() - 1));
    prefix = prefix.substr(before.size());
    if (option != nullptr) all = values_of(*command, *option);
  } else if (prefix.starts_with("-")) {
    all = names_of(*command);
  } else {
    all = positional(*command);
  }
  Words fit;
  for (const std::string& word : all) {
    if (word == kFilesComplete) {
      fit.push_back(word);
    } else if (word.starts_with(prefix)) {
      fit.push_back(before + word);
    }
  }
  std::sort(fit.begin(), fit.end());
  fit.erase(std::unique(fit.begin(), fit.end()), fit.end());
  return fit;
}

}  // namespace daxrace::replay
