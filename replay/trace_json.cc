/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/trace_json.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "replay/names.h"
#include "replay/spans.h"
#include "replay/step_words.h"

namespace daxrace::replay {

namespace {

using engine::Event;
using engine::EventKind;
using engine::TaskId;
using nlohmann::json;

class Perfetto {
 public:
  explicit Perfetto(const scenario::Runner& runner)
      : runner_(runner), trace_(runner.execution().trace()), open_(tasks_of(runner) + 1) {}

  json write() {
    tracks();
    for (uint32_t step = 0; step < trace_.size(); ++step) add(step, trace_[step]);
    for (size_t task = 1; task < open_.size(); ++task) {
      close_function(static_cast<TaskId>(task));
      close_operation(static_cast<TaskId>(task));
    }
    holds();
    flows();
    findings();
    return {{"traceEvents", by_time()}, {"displayTimeUnit", "ns"}};
  }

 private:
  /* What has the same time stays in its order: an outer slice before an inner one. */
  json by_time() const {
    std::vector<std::pair<int64_t, size_t>> order;
    for (size_t i = 0; i < events_.size(); ++i) order.emplace_back(events_[i].value("ts", int64_t{-1}), i);
    std::sort(order.begin(), order.end());
    json sorted = json::array();
    for (const auto& [ts, index] : order) sorted.push_back(events_[index]);
    return sorted;
  }

  struct Slice {
    std::string name;
    uint32_t from = 0;
    uint32_t last = 0;
  };
  struct Open {
    Slice operation;
    Slice function;
  };
  static constexpr int kProcess = 1;
  /* Tracks of locks come behind those of tasks; one for each lock that a task holds at a time. */
  static constexpr int kLockTracks = 100;

  void name_track(int track, const std::string& name) {
    events_.push_back({{"ph", "M"},
                       {"name", "thread_name"},
                       {"pid", kProcess},
                       {"tid", track},
                       {"args", {{"name", name}}}});
    events_.push_back({{"ph", "M"},
                       {"name", "thread_sort_index"},
                       {"pid", kProcess},
                       {"tid", track},
                       {"args", {{"sort_index", sort_index(track)}}}});
  }

  /* The locks of a task stand below it. */
  static int sort_index(int track) {
    return track < kLockTracks ? track * kLockTracks
                               : (track / kLockTracks) * kLockTracks + track % kLockTracks + 1;
  }

  void tracks() {
    events_.push_back(
        {{"ph", "M"}, {"name", "process_name"}, {"pid", kProcess}, {"args", {{"name", "daxrace"}}}});
    for (size_t task = 1; task < open_.size(); ++task) {
      name_track(static_cast<int>(task),
                 std::string(runner_.execution().task(static_cast<TaskId>(task)).name));
    }
  }

  void slice(int track, const Slice& slice, const char* category) {
    events_.push_back({{"ph", "X"},
                       {"name", slice.name},
                       {"cat", category},
                       {"pid", kProcess},
                       {"tid", track},
                       {"ts", int64_t{slice.from} * kStep},
                       {"dur", int64_t{slice.last - slice.from} * kStep + kStep}});
  }

  void close_function(TaskId task) {
    Slice& function = open_[task].function;
    if (!function.name.empty()) slice(task, function, "function");
    function.name.clear();
  }

  void close_operation(TaskId task) {
    Slice& operation = open_[task].operation;
    if (!operation.name.empty()) slice(task, operation, "operation");
    operation.name.clear();
  }

  void add(uint32_t step, const Event& event) {
    if (event.task == 0) return;
    Open& open = open_[event.task];
    /* A function that is preempted is two slices: nothing of it happens in between. */
    if (running_ != event.task) {
      if (running_ != engine::kNoTask) close_function(running_);
      running_ = event.task;
    }
    open.operation.last = open.function.last = step;
    if (event.kind == EventKind::k_invoke) {
      close_function(event.task);
      close_operation(event.task);
      open.operation = {operation_words(runner_, event.task, event.value), step, step};
      return;
    }
    std::string function = event.site->function[0] == '\0' ? "" : function_words(event.site->function);
    if (event.kind == EventKind::k_ret) {
      open.operation.last = step;
      open.function.last = open.function.last == step ? previous_[event.task] : open.function.last;
      close_function(event.task);
      close_operation(event.task);
    } else if (!function.empty() && function != open.function.name) {
      open.function.last = previous_[event.task];
      close_function(event.task);
      open.function = {function, step, step};
    }
    previous_[event.task] = step;
    std::string words = event_words(runner_, event);
    events_.push_back({{"ph", "i"},
                       {"name", words},
                       {"cat", state_words(runner_, event).empty() ? "step" : "state"},
                       {"s", "t"},
                       {"pid", kProcess},
                       {"tid", event.task},
                       {"ts", int64_t{step} * kStep},
                       {"args", {{"step", step}, {"site", event.site->name()}}}});
  }

  /* Locks need not nest, slices must: each lock held at the same time gets a track. */
  void holds() {
    std::map<int, uint32_t> busy_until;
    for (const Hold& hold : holds_of(runner_)) {
      int track = hold.task * kLockTracks;
      while (busy_until.contains(track) && busy_until[track] > hold.from) ++track;
      if (!busy_until.contains(track))
        name_track(track, std::string(runner_.execution().task(hold.task).name) + " holds");
      busy_until[track] = hold.to;
      slice(track,
            {hold.object + (hold.shared ? " (shared)" : ""), hold.from, std::max(hold.from, hold.to - 1)},
            "lock");
    }
  }

  void flow(uint32_t from, uint32_t to, const char* name) {
    int id = ++flows_;
    for (auto [phase, step] : {std::pair{"s", from}, std::pair{"f", to}}) {
      json event = {{"ph", phase},
                    {"id", id},
                    {"name", name},
                    {"cat", "flow"},
                    {"pid", kProcess},
                    {"tid", trace_[step].task},
                    {"ts", int64_t{step} * kStep}};
      if (*phase == 'f') event["bp"] = "e";
      events_.push_back(event);
    }
  }

  void flows() {
    for (const ReadFrom& each : reads_from_of(runner_)) flow(each.writer, each.reader, "reads from");
    for (uint32_t step = 0; step < trace_.size(); ++step) {
      const Event& event = trace_[step];
      if (event.task == 0 || event.kind != EventKind::k_wake || event.value == 0) continue;
      for (uint32_t woken = step + 1; woken < trace_.size(); ++woken) {
        const Event& other = trace_[woken];
        bool ends = other.kind == EventKind::k_sleep || other.kind == EventKind::k_wait_end ||
                    other.kind == EventKind::k_finish_wait;
        if (other.task == event.task || !ends || other.role != event.role || other.object != event.object)
          continue;
        flow(step, woken, "wakes");
        break;
      }
    }
  }

  void findings() {
    for (const engine::Finding& finding : runner_.execution().findings()) {
      /* What the set-up did, or nobody, is of the whole. */
      int track = finding.task == engine::kNoTask || finding.task == 0 ? 1 : finding.task;
      events_.push_back({{"ph", "i"},
                         {"name", std::string(finding.verdict)},
                         {"cat", "finding"},
                         {"s", "g"},
                         {"pid", kProcess},
                         {"tid", track},
                         {"ts", int64_t{finding.step} * kStep},
                         {"args", {{"sentence", finding_words(runner_, finding)}}}});
    }
  }

  static constexpr int64_t kStep = 1;

  const scenario::Runner& runner_;
  std::span<const Event> trace_;
  std::vector<Open> open_;
  std::map<TaskId, uint32_t> previous_;
  TaskId running_ = engine::kNoTask;
  int flows_ = 0;
  std::vector<json> events_;
};

}  // namespace

nlohmann::json perfetto_of(const scenario::Runner& runner) { return Perfetto(runner).write(); }

}  // namespace daxrace::replay
