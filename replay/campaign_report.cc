/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/campaign_report.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/engine/hash.h"
#include "replay/command.h"

namespace daxrace::replay {

std::string duration_text(double seconds) {
  const auto whole = static_cast<uint64_t>(std::max(0.0, seconds));
  char text[64];
  if (whole < 60) {
    std::snprintf(text, sizeof text, "%" PRIu64 " s", whole);
  } else if (whole < 3600) {
    std::snprintf(text, sizeof text, "%" PRIu64 " min %02" PRIu64 " s", whole / 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%" PRIu64 " h %02" PRIu64 " min", whole / 3600, whole / 60 % 60);
  }
  return text;
}

std::string signature_digits(const std::string& signature) {
  char text[10];
  std::snprintf(text, sizeof text, "-%08" PRIx32, static_cast<uint32_t>(engine::hash_text(signature)));
  return text;
}

namespace {

std::string found_text(const CampaignState& state) {
  std::string text = counted(state.findings.size(), "distinct finding", "distinct findings");
  const uint64_t causes = state.causes().size();
  if (causes < state.findings.size()) text += " in " + counted(causes, "group", "groups");
  if (state.count(true) != 0) text += " (" + grouped(state.count(true)) + " known)";
  return text + ", " + counted(state.hits(), "hit", "hits");
}

/* "Nothing was found" means something only where something was tried. */
std::string progress_text(const CampaignState& state) {
  if (state.executions == 0) return "nothing was tried";
  if (state.corpus_new == 0 && state.findings.empty()) return "nothing new was tried";
  return state.findings.empty() ? "nothing was found" : "something was found";
}

}  // namespace

std::string status_line(const CampaignState& state) {
  std::string line = duration_text(state.seconds);
  if (state.seconds_max > 0) line += ", " + duration_text(state.seconds_max - state.seconds) + " left";
  line += ": " + grouped(static_cast<uint64_t>(state.rate)) + " executions/s, " +
          counted(state.corpus, "input", "inputs") + " (" + grouped(state.corpus_new) + " new), " +
          counted(state.pairs, "pair", "pairs") + ", " + found_text(state) + ", last new " +
          duration_text(state.seconds - state.last_new_seconds) + " ago";
  if (state.infrastructure != 0) line += ", " + counted(state.infrastructure, "worker", "workers") + " died";
  if (state.name() == "no progress") line += "; no progress";
  return line;
}

std::string summary_text(const CampaignStore& store, const CampaignState& state, const std::string& daxrace) {
  std::string text;
  for (const CampaignCause& cause : state.causes()) {
    const CampaignFinding& finding = *cause.findings[0];
    text += finding.verdict.empty() ? "not confirmed" : finding.verdict;
    if (!std::ranges::all_of(cause.findings,
                             [&](const auto* each) { return each->verdict == finding.verdict; }))
      text += " and others";
    if (cause.findings.size() > 1) text += ", " + counted(cause.findings.size(), "finding", "findings");
    text += ", " + counted(cause.hits(), "hit", "hits");
    if (cause.closed) text += "; " + cause.name;
    if (finding.known) text += "; known";
    if (!finding.verdict.empty() && !finding.confirmed) text += "; not confirmed";
    text += "\n  " + daxrace + " replay " +
            store.path((finding.minimised == "done" ? "minimised/" : "findings/") + finding.file) + "\n";
  }
  if (state.to_minimise() != 0)
    text += counted(state.to_minimise(), "finding is", "findings are") +
            " still to be made smaller: the same command goes on with that\n";
  if (!state.gave_up.empty()) text += "harness: " + state.gave_up + "\n";
  text += state.name() + ": " + found_text(state) + "; " + progress_text(state) + " in " +
          counted(state.executions, "execution", "executions") + ", " + duration_text(state.seconds) + "; " +
          grouped(state.corpus_new) + " new inputs; report in " + store.path("report.html") + "\n";
  return text;
}

nlohmann::json status_json(const CampaignState& state) {
  nlohmann::json json = {{"state", state.name()},
                         {"progress", progress_text(state)},
                         {"seconds", state.seconds},
                         {"executions", state.executions},
                         {"executions_per_second", state.rate},
                         {"steps", state.steps},
                         {"cpu_seconds", state.cpu_seconds},
                         {"steps_per_cpu_second_first_minute", state.steps_per_cpu_second(0, 60)},
                         {"steps_per_cpu_second_since", state.steps_per_cpu_second(60, state.seconds)},
                         {"steps_per_cpu_second", state.steps_per_cpu_second(0, state.seconds)},
                         {"resident_kb", state.resident_kb},
                         {"resident_kb_first_minute", state.resident_kb_first},
                         {"resident_kb_max", state.resident_kb_max},
                         {"causes", state.causes().size()},
                         {"to_minimise", state.to_minimise()},
                         {"corpus", state.corpus},
                         {"corpus_new", state.corpus_new},
                         {"features", state.features},
                         {"pairs", state.pairs},
                         {"infrastructure", state.infrastructure},
                         {"starts", state.starts},
                         {"last_new_seconds", state.last_new_seconds},
                         {"known", state.count(true)},
                         {"new", state.count(false)},
                         {"seconds_max", state.seconds_max},
                         {"findings", nlohmann::json::array()},
                         {"history", nlohmann::json::array()}};
  if (!state.gave_up.empty()) json["why"] = state.gave_up;
  std::map<std::string, std::string> of; /* which cause, by file */
  for (const CampaignCause& cause : state.causes()) {
    for (const CampaignFinding* finding : cause.findings) of[finding->file] = cause.name;
  }
  for (const auto& [file, finding] : state.findings) {
    json["findings"].push_back({{"file", file},
                                {"verdict", finding.verdict},
                                {"signature", finding.signature},
                                {"sentence", finding.sentence},
                                {"hits", finding.hits},
                                {"size", finding.size},
                                {"seconds", finding.seconds},
                                {"confirmed", finding.confirmed},
                                {"known", finding.known},
                                {"cause", of[file]},
                                {"minimised", finding.minimised},
                                {"operations", finding.operations},
                                {"explained", finding.explained},
                                {"closed_by", finding.closed_by}});
  }
  for (const CampaignSample& each : state.history) {
    json["history"].push_back({each.seconds, each.executions, each.corpus, each.features, each.pairs,
                               each.findings, each.steps, each.cpu_seconds, each.resident_kb});
  }
  return json;
}

nlohmann::json summary_json(const CampaignState& state) {
  nlohmann::json json = status_json(state);
  json.erase("seconds_max");
  json.erase("history");
  auto finding = state.findings.begin();
  for (nlohmann::json& each : json["findings"]) each["timeline"] = (finding++)->second.timeline;
  return json;
}

/* Of values of another kind than expected, nothing is taken: the file may be anybody's. */
void read_status(const nlohmann::json& json, CampaignState& state) try {
  CampaignState read;
  read.seconds = std::max(0.0, json.value("seconds", 0.0));
  read.executions = json.value("executions", uint64_t{0});
  read.steps = json.value("steps", uint64_t{0});
  read.corpus_new = json.value("corpus_new", uint64_t{0});
  read.features = json.value("features", uint64_t{0});
  read.pairs = json.value("pairs", uint64_t{0});
  read.cpu_seconds = json.value("cpu_seconds", 0.0);
  read.resident_kb_first = json.value("resident_kb_first_minute", uint64_t{0});
  read.resident_kb_max = json.value("resident_kb_max", uint64_t{0});
  read.infrastructure = json.value("infrastructure", uint64_t{0});
  read.starts = json.value("starts", uint64_t{0});
  read.last_new_seconds = json.value("last_new_seconds", 0.0);
  for (const auto& each : json.value("findings", nlohmann::json::array())) {
    CampaignFinding finding;
    finding.file = each.value("file", "");
    finding.verdict = each.value("verdict", "");
    finding.signature = each.value("signature", "");
    finding.sentence = each.value("sentence", "");
    finding.hits = each.value("hits", uint64_t{0});
    finding.size = each.value("size", uint64_t{0});
    finding.seconds = each.value("seconds", 0.0);
    finding.confirmed = each.value("confirmed", false);
    finding.known = each.value("known", false);
    finding.minimised = each.value("minimised", "");
    finding.operations = each.value("operations", uint64_t{0});
    finding.explained = each.value("explained", false);
    finding.closed_by = each.value("closed_by", std::vector<std::string>());
    read.findings[finding.file] = finding;
  }
  for (const auto& each : json.value("history", nlohmann::json::array()))
    read.history.push_back({each.at(0), each.at(1), each.at(2), each.at(3), each.at(4), each.at(5),
                            each.at(6), each.at(7), each.at(8)});
  state = read;
} catch (const nlohmann::json::exception&) {
}

namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= ' ')
      out += c;
  }
  return out;
}

std::string curve(const CampaignState& state, const char* title, uint64_t CampaignSample::* value) {
  constexpr double kWidth = 640;
  constexpr double kHeight = 120;
  double most = 1;
  for (const CampaignSample& each : state.history) most = std::max(most, static_cast<double>(each.*value));
  const double span = std::max(1.0, state.seconds);
  std::string points;
  for (const CampaignSample& each : state.history) {
    char point[64];
    std::snprintf(point, sizeof point, "%.1f,%.1f ", each.seconds / span * kWidth,
                  kHeight - static_cast<double>(each.*value) / most * kHeight);
    points += point;
  }
  return "<h3>" + std::string(title) + ", up to " + grouped(static_cast<uint64_t>(most)) +
         "</h3><svg width=\"640\" height=\"120\" style=\"border:1px solid #999\"><polyline fill=\"none\" "
         "stroke=\"#036\" points=\"" +
         points + "\"/></svg>\n";
}

}  // namespace

namespace {

/* One that has not been made smaller may take many thousand steps. */
std::string shortened(const CampaignFinding& finding) {
  constexpr size_t kCharactersMax = 12000;
  const std::string& text = finding.timeline;
  if (text.size() <= kCharactersMax) return text;
  return text.substr(0, text.rfind('\n', kCharactersMax / 2) + 1) +
         "...\n(cut: `daxrace timeline` on the file shows all of it)\n..." +
         text.substr(text.find('\n', text.size() - kCharactersMax / 2));
}

std::string row_html(const CampaignFinding& finding) {
  std::string html = "<tr><td>" + escaped(finding.verdict) + (finding.known ? " (known)" : "") +
                     (finding.confirmed ? "" : " (not confirmed)") + "</td><td>" + grouped(finding.hits) +
                     "</td><td>" + duration_text(finding.seconds) + "</td><td>" + escaped(finding.sentence) +
                     "<br><code>" + escaped(finding.signature) + "</code><br>findings/" +
                     escaped(finding.file);
  if (finding.minimised == "done")
    html += ", minimised/" + escaped(finding.file) + " (" +
            counted(finding.operations, "operation", "operations") + ")";
  else if (!finding.minimised.empty())
    html += ", not minimised: " + escaped(finding.minimised);
  for (size_t i = 0; i < finding.closed_by.size(); ++i)
    html += (i == 0 ? "<br>goes away with " : " or with ") + escaped(finding.closed_by[i]);
  if (finding.explained && finding.closed_by.empty())
    html += "<br>no change that the model knows makes it go away";
  return html + "<details><summary>timeline</summary><pre>" + escaped(shortened(finding)) +
         "</pre></details></td></tr>\n";
}

constexpr const char* kHead =
    "<table><tr><th>verdict</th><th>hits</th><th>first seen</th><th>what</th></tr>\n";

/* What to look at first, and the others folded. */
std::string cause_html(const CampaignCause& cause) {
  std::string html;
  const size_t more = cause.findings.size() - 1;
  if (more != 0)
    html += "<tr class=\"cause\"><td colspan=\"4\">" + counted(more + 1, "finding", "findings") + ": " +
            escaped(cause.name) + "</td></tr>\n";
  html += row_html(*cause.findings[0]);
  if (more == 0) return html;
  html += "<tr><td></td><td colspan=\"3\"><details><summary>" + grouped(more) + " more</summary>" + kHead;
  for (size_t i = 1; i <= more; ++i) html += row_html(*cause.findings[i]);
  return html + "</table></details></td></tr>\n";
}

std::string fact(const char* name, const std::string& value) {
  return "<tr><td>" + std::string(name) + "</td><td>" + escaped(value) + "</td></tr>\n";
}

}  // namespace

std::string report_html(const CampaignState& state) {
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>daxrace "
      "campaign</title><style>"
      "body{font-family:sans-serif;max-width:70em;margin:1em auto;padding:0 1em}"
      "td,th{text-align:left;padding:2px 12px 2px 0;vertical-align:top}"
      "pre{background:#f4f4f4;padding:8px;overflow-x:auto}code{overflow-wrap:anywhere}"
      "tr.cause td{border-top:1px solid #999;padding-top:8px;color:#555}</style></head><body>\n"
      "<h1>daxrace campaign: " +
      escaped(state.name()) + "</h1>\n<p>" + escaped(status_line(state)) + "</p>\n<p>" +
      escaped(progress_text(state)) + " in " + counted(state.executions, "execution", "executions") +
      "</p>\n<h2>Findings</h2>\n<p>A change makes a finding go away if its smallest program does not show "
      "the "
      "verdict with it, in 2,000 executions.</p>\n";
  html += kHead;
  for (const CampaignCause& cause : state.causes()) html += cause_html(cause);
  html +=
      "</table>\n<h2>Over time</h2>\n" + curve(state, "Inputs", &CampaignSample::corpus) +
      curve(state, "Coverage counters ever set", &CampaignSample::features) +
      curve(state, "Pairs", &CampaignSample::pairs) + curve(state, "Findings", &CampaignSample::findings) +
      curve(state, "Memory of a worker in KB", &CampaignSample::resident_kb) + "<h2>The run</h2>\n<table>\n";
  html += fact("elapsed", duration_text(state.seconds)) + fact("executions", grouped(state.executions)) +
          fact("steps", grouped(state.steps)) +
          fact("steps per second of the workers' own time, first minute",
               grouped(static_cast<uint64_t>(state.steps_per_cpu_second(0, 60)))) +
          fact("since then", grouped(static_cast<uint64_t>(state.steps_per_cpu_second(60, state.seconds)))) +
          fact("workers that died", grouped(state.infrastructure)) + fact("starts", grouped(state.starts)) +
          "</table>\n";
  return html + "</body></html>\n";
}

std::string report_junit(const CampaignState& state) {
  std::string cases;
  size_t failures = 0;
  for (const auto& [file, finding] : state.findings) {
    cases += "  <testcase classname=\"daxrace\" name=\"" + escaped(finding.signature) + "\">";
    failures += !finding.known;
    cases += finding.known ? "<skipped message=\"known\"/>"
                           : "<failure message=\"" + escaped(finding.sentence) + "\">" +
                                 escaped(finding.timeline) + "</failure>";
    cases += "</testcase>\n";
  }
  cases += "  <testcase classname=\"daxrace\" name=\"campaign\">";
  const bool broken = !state.gave_up.empty();
  if (broken) cases += "<error message=\"" + escaped(state.gave_up) + "\"/>";
  cases += "</testcase>\n";
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"daxrace fuzz\" tests=\"" +
         std::to_string(state.findings.size() + 1) + "\" failures=\"" + std::to_string(failures) +
         "\" errors=\"" + (broken ? "1" : "0") + "\">\n" + cases + "</testsuite>\n";
}

bool write_reports(const CampaignStore& store, const CampaignState& state) {
  std::string signatures = "# what this campaign has found; fit for --baseline\n";
  for (const auto& [file, finding] : state.findings) {
    if (!finding.signature.empty()) signatures += finding.signature + "\n";
  }
  bool written = write_whole(store.path("summary.json"), summary_json(state).dump(1) + "\n");
  written = write_whole(store.path("report.html"), report_html(state)) && written;
  written = write_whole(store.path("junit.xml"), report_junit(state)) && written;
  return write_whole(store.path("signatures.txt"), signatures) && written;
}

}  // namespace daxrace::replay
