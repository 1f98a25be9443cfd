/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/kernel_trials.h"

#include <algorithm>
#include <charconv>

#include "core/engine/strategies.h"
#include "replay/command.h"
#include "replay/exhaust.h"
#include "replay/replayer.h"

namespace daxrace::replay {

namespace {

std::pair<int, int> numbers_of(std::string_view version) {
  std::pair<int, int> numbers{0, 0};
  size_t dot = version.find('.');
  if (version.empty() || version[0] != 'v' || dot == version.npos) return numbers;
  std::from_chars(version.data() + 1, version.data() + dot, numbers.first);
  std::from_chars(version.data() + dot + 1, version.data() + version.size(), numbers.second);
  return numbers;
}

/* Linux went from v4.20 to v5.0 and from v5.19 to v6.0. */
std::string release_before(std::string_view version) {
  auto [major, minor] = numbers_of(version);
  if (minor > 0) return "v" + std::to_string(major) + "." + std::to_string(minor - 1);
  return "v" + std::to_string(major - 1) + (major == 5 ? ".20" : ".19");
}

}  // namespace

bool older(std::string_view a, std::string_view b) { return numbers_of(a) < numbers_of(b); }

std::vector<Releases> releases() {
  std::vector<std::string> starts{std::string(kernel::MODEL_OLDEST)};
  for (const kernel::patch_info& info : kernel::patch_table()) {
    if (info.kind == kernel::patch_kind::commit) starts.emplace_back(info.version);
  }
  std::sort(starts.begin(), starts.end(), older);
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  std::vector<Releases> ranges;
  for (size_t i = 0; i < starts.size(); ++i) {
    bool last = i + 1 == starts.size();
    ranges.push_back({starts[i], last ? std::string(kernel::MODEL_NEWEST) : release_before(starts[i + 1])});
  }
  return ranges;
}

std::string words_of(const Releases& range) {
  return range.first == range.last ? range.first : range.first + " .. " + range.last;
}

std::string words_of(const Trial& trial) {
  if (!trial.impossible.empty()) return "-";
  std::string words;
  for (const auto& [verdict, bound] : trial.verdicts)
    words += (words.empty() ? "" : ", ") + verdict + " (" + std::to_string(bound) + ")";
  if (words.empty()) words = "never";
  return words + (trial.complete ? "" : " ?");
}

const Trial& KernelTrials::on(const scenario::KernelChoice& kernel) {
  kernel::model_forms forms;
  impossible_ = {};
  if (!kernel::select_forms({kernel.version, kernel.without, kernel.with}, &forms, &impossible_.impossible))
    return impossible_;
  for (const auto& [known, trial] : done_) {
    if (known == forms) return trial;
  }
  return done_.emplace_back(forms, run(kernel)).second;
}

Trial KernelTrials::run(const scenario::KernelChoice& kernel) const {
  Trial trial;
  scenario::Runner runner;
  if (!runner.load(program_, kernel, &trial.impossible)) return trial;
  const auto shown = [&](uint32_t preemptions) {
    ++trial.executions;
    const engine::Finding* headline = runner.execution().headline();
    if (headline != nullptr) trial.verdicts.try_emplace(std::string(headline->verdict), preemptions);
    return headline != nullptr && headline->verdict == options_.until;
  };
  if (!options_.until.empty()) {
    replay_program(runner);
    if (shown(runner.execution().preemptions())) return trial;
    /* What a changed function moves, drawn schedules find sooner than those in order. */
    auto drawn = engine::find_strategy("portfolio")->make({.seed = 1});
    const uint64_t draws = std::min<uint64_t>(options_.executions_max / 2, 1000);
    while (trial.executions < draws && drawn->begin()) {
      runner.run(*drawn);
      if (shown(runner.execution().preemptions())) return trial;
    }
  }
  ExhaustOptions options;
  options.bound = options_.preemptions;
  std::unique_ptr<engine::Search> search = search_of(options);
  while (trial.executions < options_.executions_max) {
    if (!search->begin()) {
      trial.complete = true;
      break;
    }
    runner.run(*search);
    if (shown(search->bound())) break;
  }
  return trial;
}

}  // namespace daxrace::replay
