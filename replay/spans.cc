/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/spans.h"

#include <algorithm>
#include <map>

#include "replay/step_words.h"

namespace daxrace::replay {

using engine::Event;
using engine::EventKind;

std::vector<Hold> holds_of(const scenario::Runner& runner) {
  auto trace = runner.execution().trace();
  const auto end = static_cast<uint32_t>(trace.size());
  std::vector<Hold> holds;
  for (uint32_t step = 0; step < end; ++step) {
    const Event& event = trace[step];
    if (event.task == 0) continue;
    if (event.kind == EventKind::k_lock) {
      holds.push_back(
          {event.task, step, end, object_words(runner, event), event.value == 0, event.site->function});
    } else if (event.kind == EventKind::k_unlock) {
      std::string object = object_words(runner, event);
      auto held = std::find_if(holds.rbegin(), holds.rend(), [&](const Hold& hold) {
        return hold.task == event.task && hold.to == end && hold.object == object;
      });
      if (held != holds.rend()) held->to = step;
    }
  }
  return holds;
}

std::string held_before(const std::vector<Hold>& holds, engine::TaskId task, uint32_t step) {
  std::string words;
  for (const Hold& hold : holds) {
    if (hold.task != task || hold.from >= step || hold.to < step) continue;
    words += (words.empty() ? "" : ", ") + hold.object + (hold.shared ? " (shared)" : "");
  }
  return words;
}

std::vector<ReadFrom> reads_from_of(const scenario::Runner& runner) {
  auto trace = runner.execution().trace();
  std::map<std::pair<const engine::Role*, uint32_t>, uint32_t> writers;
  std::vector<ReadFrom> list;
  for (uint32_t step = 0; step < trace.size(); ++step) {
    const Event& event = trace[step];
    bool data = event.kind == EventKind::k_load || event.kind == EventKind::k_plain_read ||
                event.kind == EventKind::k_store || event.kind == EventKind::k_plain_write ||
                event.kind == EventKind::k_rmw;
    if (!data) continue;
    std::pair<const engine::Role*, uint32_t> object{event.role, event.object};
    bool reads = event.kind == EventKind::k_load || event.kind == EventKind::k_plain_read ||
                 event.kind == EventKind::k_rmw;
    auto writer = writers.find(object);
    if (reads && writer != writers.end()) {
      engine::TaskId who = trace[writer->second].task;
      if (who != event.task && who != 0 && !state_words(runner, trace[writer->second]).empty())
        list.push_back({writer->second, step});
    }
    if (event.kind != EventKind::k_load && event.kind != EventKind::k_plain_read) writers[object] = step;
  }
  return list;
}

std::vector<uint32_t> guilty_steps(const scenario::Runner& runner) {
  std::vector<uint32_t> steps;
  for (const engine::Finding& finding : runner.execution().findings()) {
    steps.push_back(finding.step);
    if (finding.other_step != 0) steps.push_back(finding.other_step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

}  // namespace daxrace::replay
