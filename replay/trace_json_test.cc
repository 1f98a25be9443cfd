/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/trace_json.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/engine/sanitized_for_test.h"
#include "replay/replayer.h"

namespace daxrace::replay {
namespace {

using nlohmann::json;

std::vector<std::string> findings() {
  return share_of(scenario_files({std::string(DAXRACE_SOURCE_DIR) + "/corpus"}));
}

json perfetto_of_file(const std::string& file) {
  Input input = read_any(file);
  scenario::Runner runner;
  load(runner, input, input.program.config.kernel);
  replay_program(runner);
  return json::parse(perfetto_of(runner).dump());
}

/* What the format asks of each phase that is used. */
void check_event(const json& event) {
  ASSERT_TRUE(event.at("name").is_string());
  ASSERT_FALSE(event.at("name").get<std::string>().empty());
  ASSERT_TRUE(event.at("pid").is_number_integer());
  std::string phase = event.at("ph");
  if (phase == "M") {
    ASSERT_TRUE(event.at("args").is_object());
    return;
  }
  ASSERT_TRUE(event.at("tid").is_number_integer());
  ASSERT_GE(event.at("ts").get<int64_t>(), 0);
  if (phase == "X") {
    ASSERT_GT(event.at("dur").get<int64_t>(), 0);
  } else if (phase == "i") {
    ASSERT_TRUE(event.at("s") == "t" || event.at("s") == "g");
  } else {
    ASSERT_TRUE(phase == "s" || phase == "f") << phase;
    ASSERT_TRUE(event.at("id").is_number_integer());
  }
}

TEST(Perfetto, EveryEventIsOneOfTheFormat) {
  for (const std::string& file : findings()) {
    json trace = perfetto_of_file(file);
    int64_t before = 0;
    for (const json& event : trace.at("traceEvents")) {
      check_event(event);
      if (!event.contains("ts")) continue;
      EXPECT_GE(event["ts"].get<int64_t>(), before) << file;
      before = event["ts"];
    }
  }
}

TEST(Perfetto, SlicesOfATrackNest) {
  for (const std::string& file : findings()) {
    std::map<int, std::vector<int64_t>> open; /* ends, by track */
    size_t slices = 0;
    const json trace = perfetto_of_file(file);
    for (const json& event : trace.at("traceEvents")) {
      if (event["ph"] != "X") continue;
      ++slices;
      auto& ends = open[event["tid"].get<int>()];
      int64_t from = event["ts"];
      int64_t end = from + event["dur"].get<int64_t>();
      while (!ends.empty() && ends.back() <= from) ends.pop_back();
      if (!ends.empty()) {
        EXPECT_LE(end, ends.back()) << file << ": " << event;
      }
      ends.push_back(end);
    }
    EXPECT_GT(slices, 0u);
  }
}

TEST(Perfetto, EveryFlowHasABeginningAndAnEndInTwoTasks) {
  size_t flows = 0;
  for (const std::string& file : findings()) {
    std::map<int, int> from;
    std::map<int, int> to;
    const json trace = perfetto_of_file(file);
    for (const json& event : trace.at("traceEvents")) {
      if (event["ph"] == "s") from[event["id"]] = event["tid"];
      if (event["ph"] == "f") to[event["id"]] = event["tid"];
    }
    ASSERT_EQ(from.size(), to.size()) << file;
    for (auto [id, task] : from) {
      ASSERT_TRUE(to.contains(id));
      EXPECT_NE(to[id], task) << file;
    }
    flows += from.size();
  }
  EXPECT_GT(flows, 0u);
}

/* A track for each task, under its name; slices and flows of every kind in some finding or other. */
TEST(Perfetto, HasTracksSlicesAndFlowsOfEveryKind) {
  std::set<std::string> slices;
  std::set<std::string> flows;
  for (const std::string& file : findings()) {
    std::set<std::string> tracks;
    std::set<int> named;
    std::set<int> used;
    const json trace = perfetto_of_file(file);
    for (const json& event : trace.at("traceEvents")) {
      const std::string phase = event["ph"];
      if (phase == "M" && event["name"] == "thread_name") {
        tracks.insert(event["args"]["name"]);
        named.insert(event["tid"].get<int>());
      }
      if (phase == "X") slices.insert(event["cat"]);
      if (phase == "s") flows.insert(event["name"]);
      if (phase != "M") used.insert(event["tid"].get<int>());
    }
    EXPECT_TRUE(std::includes(named.begin(), named.end(), used.begin(), used.end())) << file;
    Input input = read_any(file);
    for (size_t i = 0; i < input.program.tasks.size(); ++i)
      EXPECT_TRUE(tracks.contains(scenario::task_label(input.program, static_cast<int>(i)))) << file;
  }
  EXPECT_EQ(slices, (std::set<std::string>{"operation", "function", "lock"}));
  EXPECT_EQ(flows, (std::set<std::string>{"reads from", "wakes"}));
}

TEST(Perfetto, MarksTheFinding) {
  for (const std::string& file : findings()) {
    std::set<std::string> verdicts;
    const json trace = perfetto_of_file(file);
    for (const json& event : trace.at("traceEvents")) {
      if (event.value("cat", "") == "finding") verdicts.insert(event["name"]);
    }
    EXPECT_FALSE(verdicts.empty()) << file;
  }
}

}  // namespace
}  // namespace daxrace::replay
