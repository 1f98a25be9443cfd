/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/timeline.h"

#include <algorithm>
#include <vector>

#include "core/model/describe.h"
#include "core/scenario/text.h"

namespace daxrace::replay {

namespace {

using engine::Event;
using engine::EventKind;
using engine::TaskId;

struct Line {
  uint32_t step;
  TaskId task;
  int indent;
  std::string text;
};

class Timeline {
 public:
  explicit Timeline(const scenario::Runner& runner)
      : runner_(runner), execution_(runner.execution()), tasks_(runner.program().tasks.size()) {
    for (const Event& event : execution_.trace()) tasks_ = std::max<size_t>(tasks_, event.task);
    function_.assign(tasks_ + 1, nullptr);
    said_.assign(tasks_ + 1, "");
    mark();
  }

  std::string draw() {
    header();
    auto trace = execution_.trace();
    TaskId before = engine::kNoTask;
    for (uint32_t step = 0; step < trace.size(); ++step) {
      const Event& event = trace[step];
      if (event.task == 0) continue;
      collect(step, event);
      if (lines_.empty()) continue;
      if (before != event.task) {
        print_switch(before, event.task);
        before = event.task;
      }
      for (const Line& line : lines_) print(line);
      lines_.clear();
    }
    return out_;
  }

 private:
  bool two_columns() const { return tasks_ <= 2; }
  size_t column(TaskId task) const {
    if (tasks_ == 1) return 0;
    return two_columns() ? (task - 1u) * (kBody / 2 + 1) : (task - 1u) * 6;
  }
  size_t column_width(TaskId task) const { return tasks_ == 2 ? kBody / 2 : kBody - column(task); }

  std::string name(TaskId task) const { return std::string(execution_.task(task).name); }

  /* Steps that the findings are about. */
  void mark() {
    for (const engine::Finding& finding : execution_.findings()) {
      guilty_.push_back(finding.step);
      if (finding.other_step != 0) guilty_.push_back(finding.other_step);
    }
  }

  bool is_guilty(uint32_t step) const {
    return std::find(guilty_.begin(), guilty_.end(), step) != guilty_.end();
  }

  void header() {
    std::string line(kGutter, ' ');
    line.replace(0, 4, "step");
    for (size_t i = 0; i < tasks_; ++i) {
      size_t at = kGutter + column(scenario::engine_task(static_cast<int>(i)));
      if (!two_columns() && line.size() > at) line += "  ";
      if (line.size() < at) line.resize(at, ' ');
      line += name(scenario::engine_task(static_cast<int>(i)));
    }
    out_ += line.substr(0, kTimelineWidth) + "\n";
  }

  void print_switch(TaskId before, TaskId task) {
    if (before == engine::kNoTask) return;
    function_[task] = nullptr;
    out_ += std::string(kGutter, ' ') + "--- " + name(task) + " runs ---\n";
  }

  void print(const Line& line) {
    std::string number = std::to_string(line.step);
    std::string gutter = number.size() < 5 ? std::string(5 - number.size(), ' ') + number : number;
    gutter += is_guilty(line.step) && line.indent >= 0 ? " >" : "  ";
    std::string text(gutter);
    text.resize(kGutter, ' ');
    text += std::string(column(line.task), ' ');
    std::string body = std::string(2u * static_cast<size_t>(std::max(0, line.indent)), ' ') + line.text;
    size_t width = column_width(line.task);
    if (body.size() > width) body = body.substr(0, width - 1) + "~";
    text += body;
    out_ += text + "\n";
  }

  void add(uint32_t step, TaskId task, int indent, const std::string& text) {
    lines_.push_back({step, task, indent, text});
  }

  std::string operation_text(TaskId task, uint64_t index) const {
    const auto& program = runner_.program();
    if (task > program.tasks.size()) return "transfer";
    const auto& ops = program.tasks[task - 1u].ops;
    return index < ops.size() ? scenario::print_operation(program, ops[index]) : "?";
  }

  static std::string result_text(uint64_t value) {
    auto result = static_cast<int>(static_cast<int64_t>(value));
    if (result == kernel::MODEL_SIGBUS) return "SIGBUS";
    if (result == kernel::MODEL_SIGSEGV) return "SIGSEGV";
    return "= " + std::to_string(result);
  }

  /* The lines of one event; none if it does not matter. */
  void collect(uint32_t step, const Event& event) {
    switch (event.kind) {
      case EventKind::k_invoke:
        function_[event.task] = nullptr;
        add(step, event.task, 0, operation_text(event.task, event.value));
        return;
      case EventKind::k_ret:
        function_[event.task] = nullptr;
        add(step, event.task, 1, result_text(event.value));
        return;
      case EventKind::k_crash:
        add(step, event.task, 0, "power failure");
        return;
      case EventKind::k_contend: {
        auto holder = static_cast<TaskId>(event.value);
        std::string who = holder == engine::kNoTask ? "" : ", held by " + name(holder);
        in_function(step, event);
        add(step, event.task, 2, "waits for " + event_object(event) + who);
        return;
      }
      case EventKind::k_wake:
        if (event.value == 0) return;
        in_function(step, event);
        add(step, event.task, 2, "wakes " + std::to_string(event.value));
        return;
      default:
        break;
    }
    std::string text = kernel::model_describe(event, [this](uint64_t value) { return whose(value); });
    if (repeats(event, text) && !is_guilty(step)) return;
    if (text.empty() && !is_guilty(step)) return;
    if (text.empty()) text = event.site->name();
    in_function(step, event);
    add(step, event.task, 2, text);
  }

  /* A loop over extents or cache lines finds the same again and again: the first is enough. */
  bool repeats(const Event& event, const std::string& text) {
    if (text.empty()) return false;
    size_t is = text.find(" is ");
    std::string what = event.site->function + (is == text.npos ? text : text.substr(is));
    bool same = what == said_[event.task];
    said_[event.task] = what;
    return same;
  }

  std::string whose(uint64_t value) const {
    if (value == 0) return "zeros";
    return name(static_cast<TaskId>(value >> 16)) + " op " + std::to_string((value & 0xffff) - 1);
  }

  static std::string event_object(const Event& event) {
    std::string role(event.role->name());
    return (role == "i_pages" ? "entry" : role) + " " + std::to_string(event.object);
  }

  void in_function(uint32_t step, const Event& event) {
    const char* function = event.site->function;
    if (function[0] == '\0' || function_[event.task] == function) return;
    function_[event.task] = function;
    add(step, event.task, 1, std::string(function) + "()");
  }

  static constexpr size_t kGutter = 7;
  static constexpr size_t kBody = kTimelineWidth - kGutter;

  const scenario::Runner& runner_;
  const engine::Execution& execution_;
  size_t tasks_;
  std::string out_;
  std::vector<Line> lines_;
  std::vector<uint32_t> guilty_;
  std::vector<const char*> function_;
  std::vector<std::string> said_; /* by each task, last */
};

}  // namespace

std::string timeline(const scenario::Runner& runner) { return Timeline(runner).draw(); }

}  // namespace daxrace::replay
