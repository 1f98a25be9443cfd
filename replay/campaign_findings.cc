/* SPDX-License-Identifier: GPL-2.0-only */
/* What a campaign does with findings: it has them confirmed, drawn, made smaller and explained, each by a
 * process of its own. */
#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "replay/campaign.h"
#include "replay/campaign_report.h"

namespace daxrace::replay {

void Campaign::scan_findings() {
  for (const std::string& name : files_in(store_.path("findings"), ".dax")) {
    std::error_code error;
    const uint64_t size = std::filesystem::file_size(store_.path("findings/" + name), error);
    auto [at, is_new] = state_.findings.try_emplace(name);
    CampaignFinding& finding = at->second;
    if (is_new) {
      finding.file = name;
      finding.seconds = state_.seconds;
      state_.last_new_seconds = state_.seconds;
    }
    if (finding.size == size && (finding.confirmed || !finding.sentence.empty())) continue;
    finding.size = size;
    if (std::ranges::find(to_ask_, name) == to_ask_.end() && asked_about_ != name) to_ask_.push_back(name);
  }
}

/* In a fresh process; the campaign does not wait for it. */
void Campaign::ask(const std::string& file) {
  constexpr double kSecondsMax = 120;
  asked_about_ = file;
  const bool smaller = state_.findings[file].minimised == "done";
  asks_timeline_ = state_.findings[file].confirmed && state_.findings[file].timeline.empty();
  question_.start(
      asks_timeline_
          ? std::vector<std::string>{options_.daxrace, "timeline",
                                     store_.path((smaller ? "minimised/" : "findings/") + file)}
          : std::vector<std::string>{options_.daxrace, "replay", "--json", store_.path("findings/" + file)},
      kSecondsMax);
}

void Campaign::answered() {
  CampaignFinding& finding = state_.findings[asked_about_];
  if (asks_timeline_) {
    if (question_.result() == Chore::Result::kAnswered && question_.status() == 0)
      set_timeline(finding, question_.said());
  } else if (question_.result() == Chore::Result::kAnswered) {
    learn(finding, question_.said());
    if (finding.confirmed) to_ask_.push_front(asked_about_);
  } else if (question_.result() == Chore::Result::kTooLate) {
    learn(finding, "");
  } /* else nobody said anything about it: the next look at the findings asks again */
  asked_about_.clear();
}

void Campaign::next_question() {
  if (question_.ended()) answered();
  if (question_.busy() || to_ask_.empty()) return;
  const std::string file = to_ask_.front();
  to_ask_.pop_front();
  ask(file);
}

std::string Campaign::timeline_path(const CampaignFinding& finding) const {
  return store_.path("timelines/" + finding.stem() + ".txt");
}

void Campaign::set_timeline(CampaignFinding& finding, std::string timeline) {
  if (timeline.empty())
    unlink(timeline_path(finding).c_str());
  else
    write_whole(timeline_path(finding), timeline);
  finding.timeline = std::move(timeline);
}

void Campaign::learn(CampaignFinding& finding, const std::string& replayed) {
  const nlohmann::json json = nlohmann::json::parse(replayed, nullptr, false);
  const bool first = finding.sentence.empty();
  finding.confirmed = false;
  for (const auto& each :
       json.is_object() ? json.value("findings", nlohmann::json::array()) : nlohmann::json::array()) {
    const std::string signature = each.value("signature", "");
    if (!finding.stem().ends_with(signature_digits(signature))) continue;
    finding.confirmed = true;
    finding.signature = signature;
    finding.verdict = each.value("verdict", "");
    finding.sentence = each.value("sentence", "");
  }
  if (!finding.confirmed) {
    finding.sentence = "not confirmed: a fresh process does not show it";
    if (first) ++state_.infrastructure;
    write_whole(store_.path("infrastructure/" + finding.stem() + ".log"), "not confirmed\n" + replayed);
  }
  finding.known = std::ranges::any_of(options_.baseline, [&](const std::string& pattern) {
    return fnmatch(pattern.c_str(), finding.signature.c_str(), 0) == 0;
  });
  set_timeline(finding, ""); /* it was of a larger input */
  sync_file(store_.path("findings/" + finding.file));
  if (!first) return;
  if (terminal_) std::cout << "\r\033[K";
  if (!options_.json)
    std::cout << (finding.confirmed ? finding.known ? "known finding: " : "finding: " : "unconfirmed: ")
              << finding.signature << "\n  " << options_.daxrace << " replay "
              << store_.path("findings/" + finding.file) << std::endl;
}

/* The result stands beside the finding, which stays as it was found. */
void Campaign::work_on(CampaignFinding& finding) {
  constexpr double kSecondsMax = 600;
  constexpr int kNiceness = 5;
  worked_on_ = finding.file;
  explains_ = !finding.minimised.empty();
  const std::string smaller = store_.path("minimised/" + finding.file);
  if (explains_) {
    const std::string& what = finding.minimised == "done" ? smaller : store_.path("findings/" + finding.file);
    task_.start({options_.daxrace, "bisect", "--quick", "--json", "--executions", "2000", what}, kSecondsMax,
                kNiceness);
    return;
  }
  task_.start({options_.daxrace, "minimise", "--json", "--effort", "2000", "--schedules", "5000", "--save",
               smaller, store_.path("findings/" + finding.file)},
              kSecondsMax, kNiceness);
}

void Campaign::worked_on() {
  CampaignFinding& finding = state_.findings[worked_on_];
  worked_on_.clear();
  if (task_.result() == Chore::Result::kNoAnswer) return; /* again, later */
  const nlohmann::json json = nlohmann::json::parse(task_.said(), nullptr, false);
  if (explains_) {
    finding.explained = true;
    if (!json.is_object()) return;
    for (const auto& rows : json.value("closed_by", nlohmann::json::array())) {
      std::string together;
      for (const auto& row : rows) together += (together.empty() ? "" : " + ") + row.get<std::string>();
      finding.closed_by.push_back(together);
    }
    return;
  }
  const std::string smaller = store_.path("minimised/" + finding.file);
  finding.minimised = task_.result() == Chore::Result::kTooLate ? "not in time" : "failed";
  if (!json.is_object()) {
    unlink(smaller.c_str());
    if (task_.result() == Chore::Result::kAnswered)
      write_whole(store_.path("infrastructure/" + finding.stem() + ".minimise.log"), task_.said());
    return;
  }
  /* Of several findings it is the gravest that stays. */
  const std::string program = json.value("program", "");
  const size_t at = program.find("\nsignature ");
  const size_t from = program.find_first_not_of(' ', at == std::string::npos ? at : at + 11);
  const std::string signature =
      from == std::string::npos ? "" : program.substr(from, program.find('\n', from) - from);
  finding.minimised =
      finding.stem().ends_with(signature_digits(signature)) ? "done" : "shows something graver, too";
  if (finding.minimised != "done") {
    unlink(smaller.c_str());
    return;
  }
  finding.operations = json.value("after", nlohmann::json::object()).value("operations", uint64_t{0});
  set_timeline(finding, "");
  to_ask_.push_back(finding.file);
}

void Campaign::next_task() {
  if (task_.ended()) worked_on();
  if (task_.busy()) return;
  /* First one of each kind. */
  std::map<std::string, size_t> explained;
  for (const auto& [file, finding] : state_.findings) explained[finding.places()] += finding.explained;
  CampaignFinding* next = nullptr;
  for (auto& [file, finding] : state_.findings) {
    if (!finding.confirmed || finding.known || (!finding.minimised.empty() && finding.explained)) continue;
    if (next == nullptr || explained[finding.places()] < explained[next->places()]) next = &finding;
  }
  if (next == nullptr) return;
  /* It is written before this process knows: one that was stopped in between need not do it again. */
  if (next->minimised.empty() && access(store_.path("minimised/" + next->file).c_str(), R_OK) == 0)
    next->minimised = "done";
  work_on(*next);
}

bool Campaign::done_with_tasks() const { return !task_.busy() && state_.to_minimise() == 0; }

}  // namespace daxrace::replay
