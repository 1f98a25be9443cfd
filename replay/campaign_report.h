/* SPDX-License-Identifier: GPL-2.0-only */
/* What a campaign tells: lines for people, JSON, one HTML file, JUnit. */
#ifndef DAXRACE_REPLAY_CAMPAIGN_REPORT_H_
#define DAXRACE_REPLAY_CAMPAIGN_REPORT_H_

#include <string>

#include "replay/campaign.h"

namespace daxrace::replay {

std::string duration_text(double seconds);
/* As the name of a finding's file ends. */
std::string signature_digits(const std::string& signature);

std::string status_line(const CampaignState& state);
std::string summary_text(const CampaignStore& store, const CampaignState& state, const std::string& daxrace);
/* Written every few seconds: without timelines, which are most of a summary. */
nlohmann::json status_json(const CampaignState& state);
nlohmann::json summary_json(const CampaignState& state);
/* What it can of an older status. */
void read_status(const nlohmann::json& json, CampaignState& state);

std::string report_html(const CampaignState& state);
std::string report_junit(const CampaignState& state);
/* summary.json, report.html, junit.xml, signatures.txt. */
bool write_reports(const CampaignStore& store, const CampaignState& state);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_CAMPAIGN_REPORT_H_
