/* SPDX-License-Identifier: GPL-2.0-only */
#include <algorithm>
#include <tuple>

#include "replay/campaign.h"

namespace daxrace::replay {

uint64_t CampaignState::count(bool known) const {
  return static_cast<uint64_t>(std::count_if(findings.begin(), findings.end(),
                                             [&](const auto& entry) { return entry.second.known == known; }));
}

uint64_t CampaignState::hits() const {
  uint64_t sum = 0;
  for (const auto& [file, finding] : findings) sum += finding.hits;
  return sum;
}

uint64_t CampaignCause::hits() const {
  uint64_t sum = 0;
  for (const CampaignFinding* finding : findings) sum += finding->hits;
  return sum;
}

std::vector<CampaignCause> CampaignState::causes() const {
  std::map<std::string, std::string> known; /* places, and what closes what is there */
  for (const auto& [file, finding] : findings) {
    if (!finding.closed_by.empty()) known.try_emplace(finding.places(), finding.closed_by[0]);
  }
  std::map<std::string, CampaignCause> causes;
  for (const auto& [file, finding] : findings) {
    const auto at = known.find(finding.places());
    std::string change = finding.closed_by.empty() ? "" : finding.closed_by[0];
    if (!finding.explained && at != known.end()) change = at->second;
    const std::string name = change.empty() ? finding.places() : "goes away with " + change;
    CampaignCause& cause = causes[name];
    cause.name = name;
    cause.closed = !change.empty();
    cause.findings.push_back(&finding);
  }
  const auto first = [](const CampaignFinding* finding) {
    return std::tuple(finding->known, !finding->confirmed, finding->minimised != "done", finding->size,
                      std::string_view(finding->file));
  };
  std::vector<CampaignCause> list;
  for (auto& [name, cause] : causes) {
    std::ranges::sort(cause.findings, {}, first);
    list.push_back(std::move(cause));
  }
  return list;
}

uint64_t CampaignState::to_minimise() const {
  return static_cast<uint64_t>(std::ranges::count_if(findings, [](const auto& entry) {
    return entry.second.confirmed && !entry.second.known &&
           (entry.second.minimised.empty() || !entry.second.explained);
  }));
}

double CampaignState::steps_per_cpu_second(double from, double to) const {
  const CampaignSample* first = nullptr;
  const CampaignSample* last = nullptr;
  for (const CampaignSample& each : history) {
    if (each.seconds < from || each.seconds > to) continue;
    if (first == nullptr) first = &each;
    last = &each;
  }
  if (first == nullptr || last->cpu_seconds <= first->cpu_seconds || last->steps <= first->steps) return 0;
  return static_cast<double>(last->steps - first->steps) / (last->cpu_seconds - first->cpu_seconds);
}

/* "verdict/operation/operation/place/place" without the operations, unless there is nothing else. */
std::string CampaignFinding::places() const {
  size_t at = signature.find('/');
  if (at == std::string::npos) return verdict.empty() ? file : verdict;
  for (int i = 0; i < 2 && at != std::string::npos; ++i) at = signature.find('/', at + 1);
  return signature.substr(0, signature.find('/')) + (at == std::string::npos ? "" : signature.substr(at));
}

std::string CampaignState::name() const {
  constexpr double kLong = 600;
  if (!gave_up.empty()) return "given up";
  if (interrupted) return "interrupted";
  if (finished) return "finished";
  return seconds - last_new_seconds > std::max(kLong, seconds / 4) ? "no progress" : "running";
}

}  // namespace daxrace::replay
