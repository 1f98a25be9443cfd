/* SPDX-License-Identifier: GPL-2.0-only */
#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "replay/kernel_trials.h"
#include "replay/replayer.h"
#include "replay/timeline.h"

namespace daxrace::replay {

namespace {

using scenario::KernelChoice;

struct Options {
  std::string file;
  KernelOptions kernel;
  TrialOptions tuning;
  bool quick = false;
  bool json = false;
};

struct Change {
  std::vector<const kernel::patch_info*> rows;
  KernelChoice kernel;
};

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/* Whether the kernel lacks the row, and could have it to be better: a mutant makes nothing better. */
bool lacks(const KernelChoice& kernel, const kernel::patch_info& row) {
  if (row.kind == kernel::patch_kind::mutant || contains(kernel.with, row.id)) return false;
  if (row.kind == kernel::patch_kind::proposal || contains(kernel.without, row.id)) return true;
  return !kernel.version.empty() && older(kernel.version, row.version);
}

KernelChoice with(KernelChoice kernel, const kernel::patch_info& row) {
  if (contains(kernel.without, row.id)) {
    std::erase(kernel.without, row.id);
  } else {
    kernel.with.emplace_back(row.id);
  }
  return kernel;
}

class Bisection {
 public:
  Bisection(const scenario::Program& program, const KernelChoice& kernel, std::string verdict,
            const TrialOptions& tuning)
      : trials_(program, tuning),
        kernel_(kernel),
        verdict_(std::move(verdict)),
        quick_(!tuning.until.empty()) {
    for (const Releases& range : quick() ? std::vector<Releases>() : releases()) {
      const Trial& trial = trials_.on({range.first, {}, {}});
      of_release_.emplace_back(range, trial);
    }
    for (const kernel::patch_info& row : kernel::patch_table()) {
      if (!lacks(kernel_, row)) continue;
      singles_.push_back({{&row}, with(kernel_, row)});
      if (closes(singles_.back())) closing_.push_back(singles_.back());
    }
    /* A fix that was merged in two parts, even where a proposal does it alone. */
    bool commit_alone = false;
    for (const Change& change : closing_) commit_alone |= change.rows[0]->kind == kernel::patch_kind::commit;
    if (!commit_alone) pairs();
    /* What was merged comes first. */
    const auto merged = [](const Change& change) {
      return std::ranges::all_of(change.rows,
                                 [](const auto* row) { return row->kind == kernel::patch_kind::commit; });
    };
    std::vector<Change> sorted;
    std::ranges::copy_if(closing_, std::back_inserter(sorted), merged);
    std::ranges::copy_if(closing_, std::back_inserter(sorted), std::not_fn(merged));
    closing_ = std::move(sorted);
  }

  bool shown_on(const Trial& trial) const { return trial.verdicts.contains(verdict_); }

  bool quick() const { return quick_; }

  /* Only what was searched to its end can be said to be without it; who is in a hurry takes it on trust. */
  bool closes(const Change& change) {
    const Trial& trial = trials_.on(change.kernel);
    return trial.impossible.empty() && (trial.complete || quick()) && !shown_on(trial);
  }

  KernelTrials trials_;
  KernelChoice kernel_;
  std::string verdict_;
  std::vector<std::pair<Releases, Trial>> of_release_;
  std::vector<Change> singles_;
  std::vector<Change> closing_; /* of one row, and, if no commit does it alone, of two */

 private:
  bool quick_;

  bool alone(const kernel::patch_info& row) const {
    for (const Change& change : closing_) {
      if (change.rows.size() == 1 && change.rows[0] == &row) return true;
    }
    return false;
  }

  void pairs() {
    for (size_t i = 0; i < singles_.size(); ++i) {
      for (size_t k = i + 1; k < singles_.size(); ++k) {
        if (alone(*singles_[i].rows[0]) || alone(*singles_[k].rows[0])) continue;
        Change both{{singles_[i].rows[0], singles_[k].rows[0]},
                    with(singles_[i].kernel, *singles_[k].rows[0])};
        if (closes(both)) closing_.push_back(both);
      }
    }
  }
};

std::string found_words(const Bisection& bisection, const Trial& trial) {
  auto found = trial.verdicts.find(bisection.verdict_);
  if (found != trial.verdicts.end())
    return "found with " + counted(found->second, "preemption", "preemptions");
  std::string words = trial.complete ? "never" : "not found, not all schedules were run";
  if (!trial.verdicts.empty()) words += ", but " + trial.verdicts.begin()->first;
  return words;
}

void print_releases(const Bisection& bisection) {
  const auto& all = bisection.of_release_;
  for (size_t from = 0; from < all.size();) {
    std::string words = found_words(bisection, all[from].second);
    size_t to = from;
    while (to + 1 < all.size() && found_words(bisection, all[to + 1].second) == words) ++to;
    std::string name = words_of(Releases{all[from].first.first, all[to].first.last});
    name.resize(std::max<size_t>(name.size(), 16), ' ');
    std::cout << "  " << name << "  " << words << "\n";
    from = to + 1;
  }
}

/* Rows of which the same can be said, together. */
void print_singles(Bisection& bisection) {
  std::map<std::string, std::string> ids;
  for (const Change& change : bisection.singles_) {
    const Trial& trial = bisection.trials_.on(change.kernel);
    std::string words =
        trial.impossible.empty() ? found_words(bisection, trial) : "cannot be: " + trial.impossible;
    std::string& list = ids[words];
    list += (list.empty() ? "" : ", ") + std::string(change.rows[0]->id);
  }
  for (const auto& [words, list] : ids) {
    std::cout << wrapped(words + ":", kTimelineWidth, "  ") << "\n"
              << wrapped(list, kTimelineWidth, "      ") << "\n";
  }
}

void print(Bisection& bisection, const TrialOptions& tuning) {
  if (!bisection.quick()) {
    std::cout << "\nReleases, every schedule with at most "
              << counted(tuning.preemptions, "preemption", "preemptions") << ":\n";
    print_releases(bisection);
  }
  if (bisection.singles_.empty()) {
    std::cout << "\n" << describe(bisection.kernel_) << " lacks no patch that the model knows.\n";
    return;
  }
  if (!bisection.quick()) {
    std::cout << "\nPatches that " << describe(bisection.kernel_) << " lacks, each put in alone:\n";
    print_singles(bisection);
  }
  std::cout << "\n";
  if (bisection.closing_.empty()) {
    std::cout << "Neither one of them nor two together make " << bisection.verdict_ << " go away.\n";
    return;
  }
  for (Change& change : bisection.closing_) {
    const char* separator = "CLOSED by ";
    for (const kernel::patch_info* row : change.rows) {
      std::cout << wrapped(separator + std::string(row->id) + ": " + std::string(row->subject),
                           kTimelineWidth, "")
                << "\n";
      separator = "  and by ";
    }
    const Trial& trial = bisection.trials_.on(change.kernel);
    if (!trial.complete)
      std::cout << "  as far as " << counted(trial.executions, "execution", "executions") << " can tell\n";
  }
}

nlohmann::json json_of(const Trial& trial) {
  if (!trial.impossible.empty()) return {{"impossible", trial.impossible}};
  return {{"verdicts", trial.verdicts}, {"executions", trial.executions}, {"complete", trial.complete}};
}

nlohmann::json json_of(Bisection& bisection) {
  nlohmann::json json = {
      {"verdict", bisection.verdict_},        {"kernel", describe(bisection.kernel_)},
      {"releases", nlohmann::json::array()},  {"patches", nlohmann::json::array()},
      {"closed_by", nlohmann::json::array()}, {"closed_for_certain", nlohmann::json::array()}};
  for (const auto& [range, trial] : bisection.of_release_) {
    nlohmann::json entry = json_of(trial);
    entry["first"] = range.first;
    entry["last"] = range.last;
    json["releases"].push_back(entry);
  }
  for (const Change& change : bisection.singles_) {
    nlohmann::json entry = json_of(bisection.trials_.on(change.kernel));
    entry["id"] = change.rows[0]->id;
    json["patches"].push_back(entry);
  }
  for (Change& change : bisection.closing_) {
    nlohmann::json ids = nlohmann::json::array();
    for (const kernel::patch_info* row : change.rows) ids.push_back(row->id);
    json["closed_by"].push_back(ids);
    json["closed_for_certain"].push_back(bisection.trials_.on(change.kernel).complete);
  }
  return json;
}

int run(const Options& options) {
  Input input = read_any(options.file);
  KernelChoice kernel = options.kernel.over(input.program);
  scenario::Runner runner;
  load(runner, input, kernel);
  for (const std::string& line : difference_lines(replay_program(runner))) spdlog::warn(line);
  const engine::Finding* headline = runner.execution().headline();
  if (headline == nullptr) {
    throw UsageError{
        input.path + ": its schedule shows no finding on kernel " + describe(kernel) +
        ", so there is nothing to bisect; `daxrace matrix` shows what a scenario does on each kernel"};
  }
  TrialOptions tuning = options.tuning;
  tuning.preemptions = std::max(tuning.preemptions, runner.execution().preemptions());
  if (options.quick) tuning.until = headline->verdict;
  Bisection bisection(input.program, kernel, std::string(headline->verdict), tuning);
  if (options.json) {
    print_json(json_of(bisection));
  } else {
    print_header("bisect", input, kernel, std::string(headline->verdict));
    print(bisection, tuning);
  }
  return kFound;
}

}  // namespace

void add_bisect(Command app, const char* text, int* exit_code) {
  auto options = std::make_shared<Options>();
  Command command = app.add_command("bisect", text);
  command.add_option("FILE", options->file, "finding, crash file or corpus file").required();
  options->kernel.add_to(command);
  command.add_option("--preemptions", options->tuning.preemptions, "at least those that the finding has")
      .shows_default()
      .within(0, scenario::kPreemptionsMax);
  command.add_option("--executions", options->tuning.executions_max, "give a kernel up after so many")
      .shows_default()
      .within(uint64_t{1}, uint64_t{1000000000000});
  command.add_flag("--quick", options->quick,
                   "only the patches that make it go away: a kernel is left as soon as it shows the finding");
  command.add_flag("--json", options->json, "for machines");
  command.callback([options, exit_code] { *exit_code = run(*options); });
}

}  // namespace daxrace::replay
