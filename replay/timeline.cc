/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/timeline.h"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <vector>

#include "core/scenario/text.h"
#include "replay/command.h"
#include "replay/names.h"
#include "replay/spans.h"
#include "replay/step_words.h"

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
  bool result = false; /* of an operation */
};

constexpr uint32_t kNoStep = UINT32_MAX;

/* "block 0.1 = zeros", "entry f:0 is none": up to the number, the number, what is said of it. `number` is
 * empty if there is none. */
struct Parts {
  std::string object;
  std::string number;
  std::string rest;
};

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

Parts parts_of(const std::string& text) {
  size_t end = text.find(" = ");
  if (end == text.npos) end = text.find(" is ");
  if (end == text.npos && text.starts_with("flush ")) end = text.find(" (");
  if (end == text.npos || end == 0 || !is_digit(text[end - 1])) return {};
  size_t from = end;
  while (from > 0 && (is_digit(text[from - 1]) || text[from - 1] == '.')) --from;
  return {text.substr(0, from), text.substr(from, end - from), text.substr(end)};
}

/* What the findings say, and a letter for each step that they speak of. */
class Sentences {
 public:
  explicit Sentences(const scenario::Runner& runner) {
    for (const engine::Finding& finding : runner.execution().findings()) {
      list_.push_back(finding_words(runner, finding));
      for (uint32_t step : steps_named(list_.back())) steps_.push_back(step);
    }
    std::sort(steps_.begin(), steps_.end());
    steps_.erase(std::unique(steps_.begin(), steps_.end()), steps_.end());
  }

  const std::vector<std::string>& list() const { return list_; }
  bool speak_of(uint32_t step) const { return std::binary_search(steps_.begin(), steps_.end(), step); }

  /* Empty: they do not speak of it, or of too many. */
  std::string letter(uint32_t step) const {
    auto found = std::lower_bound(steps_.begin(), steps_.end(), step);
    size_t index = static_cast<size_t>(found - steps_.begin());
    if (found == steps_.end() || *found != step || index >= 26) return "";
    return std::string(1, static_cast<char>('a' + index));
  }

  /* "(step 97)" -> "(a)", "since step 112 in f" -> "since (b) in f". */
  std::string with_letters(const std::string& sentence) const {
    std::string out;
    for (size_t at = 0; at < sentence.size();) {
      size_t word = sentence.find("step ", at);
      size_t number = word == sentence.npos ? word : word + 5;
      size_t end = number;
      while (end < sentence.size() && is_digit(sentence[end])) ++end;
      if (word == sentence.npos || end == number) {
        out += sentence.substr(at);
        break;
      }
      std::string mark = letter(static_cast<uint32_t>(std::stoul(sentence.substr(number, end - number))));
      bool bracket = word > 0 && sentence[word - 1] == '(';
      out += sentence.substr(at, word - at) + (bracket ? mark : "(" + mark + ")");
      at = end;
    }
    return out;
  }

 private:
  std::vector<std::string> list_;
  std::vector<uint32_t> steps_;
};

class Timeline {
 public:
  Timeline(const scenario::Runner& runner, TimelineForm form)
      : runner_(runner),
        execution_(runner.execution()),
        form_(form),
        tasks_(tasks_of(runner)),
        guilty_(guilty_steps(runner)),
        holds_(holds_of(runner)),
        sentences_(runner) {
    function_.assign(tasks_ + 1, nullptr);
    said_.assign(tasks_ + 1, "");
    stairs_ = stairs();
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
        flush();
        print_switch(before, event.task, step);
        before = event.task;
      }
      for (Line& line : lines_) take(std::move(line));
      lines_.clear();
    }
    flush();
    return out_;
  }

 private:
  bool mail() const { return form_ == TimelineForm::kMail; }
  bool two_columns() const { return tasks_ <= 2; }
  size_t gutter() const { return mail() ? 3 : 7; }
  size_t body() const { return kTimelineWidth - gutter(); }

  /* Width of one stair: names do not run into each other, and the last task has room to say something. */
  size_t stairs() const {
    if (tasks_ < 3) return 0;
    size_t longest = 0;
    for (size_t i = 0; i < tasks_; ++i)
      longest =
          std::max({longest, header_name(i).size(), name(scenario::engine_task(static_cast<int>(i))).size()});
    return std::clamp<size_t>(longest + 2, 5, std::max<size_t>(5, (body() - 36) / (tasks_ - 1)));
  }

  size_t column(TaskId task) const {
    if (tasks_ == 1) return 0;
    if (!two_columns()) return (task - 1u) * stairs_;
    return (task - 1u) * (body() / 2 + 1);
  }
  size_t column_width(TaskId task) const {
    return tasks_ == 2 ? body() / 2 - (mail() && task == 1 ? 1 : 0) : body() - column(task);
  }

  std::string name(TaskId task) const { return std::string(execution_.task(task).name); }

  std::string header_name(size_t index) const {
    std::string own = name(scenario::engine_task(static_cast<int>(index)));
    if (!mail()) return own;
    return "CPU" + std::to_string(index) + (two_columns() ? " (" + own + ")" : "");
  }

  bool is_guilty(uint32_t step) const { return std::binary_search(guilty_.begin(), guilty_.end(), step); }
  /* It has a line of its own, whatever it does. */
  bool stands_out(uint32_t step) const { return is_guilty(step) || sentences_.speak_of(step); }

  void end_line(std::string line) {
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out_ += line + "\n";
  }

  void header() {
    std::string line(gutter(), ' ');
    if (!mail()) line.replace(0, 4, "step");
    for (size_t i = 0; i < tasks_; ++i) {
      size_t at = gutter() + column(scenario::engine_task(static_cast<int>(i)));
      if (line.size() > at) line += " ";
      if (line.size() < at) line.resize(at, ' ');
      line += header_name(i);
    }
    if (mail() && tasks_ == 2) line = with_bar(line);
    end_line(line.substr(0, kTimelineWidth));
    if (mail() && !two_columns()) names();
    if (mail()) rule();
  }

  /* Under CPU0, CPU1, ... of a staircase. */
  void names() {
    std::string line;
    for (size_t i = 0; i < tasks_; ++i) {
      TaskId task = scenario::engine_task(static_cast<int>(i));
      line.resize(std::max(line.size(), gutter() + column(task)), ' ');
      line += name(task) + " ";
    }
    end_line(line.substr(0, kTimelineWidth));
  }

  /* Between two columns, as the lists draw it. */
  std::string with_bar(std::string line) const {
    size_t at = gutter() + column(2) - 2;
    if (line.size() < at + 1) line.resize(at + 1, ' ');
    line[at] = '|';
    return line;
  }

  void rule() {
    std::string line(kTimelineWidth, '-');
    if (tasks_ == 2) line[gutter() + column(2) - 2] = '+';
    end_line(line);
  }

  void print_switch(TaskId before, TaskId task, uint32_t step) {
    if (before == engine::kNoTask) return;
    function_[task] = nullptr;
    said_[task].clear();
    std::string held = held_before(holds_, before, step);
    if (mail()) {
      if (!held.empty()) print({kNoStep, before, 2, "[holds " + held + "]", false});
      return;
    }
    std::string text = "--- " + name(task) + " runs";
    if (!held.empty()) text += "; " + name(before) + " holds " + held;
    out_ += wrapped(text + " ---", kTimelineWidth, std::string(gutter(), ' ')) + "\n";
  }

  /* Lines that say the same of one object after the other become one. */
  void take(Line line) {
    Parts now = parts_of(line.text);
    Parts then = run_.empty() ? Parts{} : parts_of(run_.back().text);
    bool same = !run_.empty() && !now.number.empty() && now.object == then.object &&
                line.indent == run_.back().indent && kind_of(now.rest) == kind_of(then.rest) &&
                now.number != then.number && !stands_out(line.step) && !stands_out(run_.back().step);
    /* An operation in which nothing happens that matters. */
    if (run_.size() == 1 && run_[0].indent == 0 && line.result && !stands_out(line.step) &&
        !stands_out(run_[0].step) && run_[0].task == line.task) {
      run_[0].text += "  " + line.text;
      flush();
      return;
    }
    if (!same) flush();
    run_.push_back(std::move(line));
  }

  /* What is said, without the numbers in it. */
  static std::string kind_of(const std::string& rest) {
    std::string kind;
    for (char c : rest) {
      if (c < '0' || c > '9') kind += c;
    }
    return kind;
  }

  void flush() {
    if (run_.empty()) return;
    Line line = run_.front();
    if (run_.size() > 1) {
      Parts first = parts_of(line.text);
      Parts last = parts_of(run_.back().text);
      line.text = first.object + first.number + ".." + last.number + first.rest;
      if (last.rest != first.rest) line.text += ".." + last.rest.substr(last.rest.rfind(' ') + 1);
    }
    run_.clear();
    print(line);
  }

  void print(const Line& line) {
    /* The name of the function, above what the step does, is not marked. */
    const bool marked = line.indent != 1 || line.result;
    const bool guilty = is_guilty(line.step) && marked;
    std::string margin;
    if (!mail()) {
      std::string number = std::to_string(line.step);
      margin = number.size() < 5 ? std::string(5 - number.size(), ' ') + number : number;
    }
    if (mail()) {
      std::string letter = marked ? sentences_.letter(line.step) : "";
      margin = guilty ? letter + ">" : letter;
    } else {
      margin += guilty ? " >" : "  ";
    }
    margin.resize(gutter(), ' ');
    std::string indent(2u * static_cast<size_t>(line.indent), ' ');
    size_t width = column_width(line.task) - indent.size();
    /* What goes on in a second line is indented. */
    std::string lines = line.text.size() <= width ? line.text : wrapped(line.text, width - 2, "");
    for (size_t at = 0; at <= lines.size();) {
      size_t end = std::min(lines.find('\n', at), lines.size());
      std::string body = indent + (at == 0 ? "" : "  ") + lines.substr(at, end - at);
      if (body.size() > column_width(line.task)) body = body.substr(0, column_width(line.task) - 1) + "~";
      std::string text = margin + std::string(column(line.task), ' ') + body;
      end_line(mail() && tasks_ == 2 ? with_bar(text) : text);
      margin.assign(gutter(), ' ');
      at = end + 1;
    }
  }

  void add(uint32_t step, TaskId task, int indent, const std::string& text) {
    lines_.push_back({step, task, indent, text, false});
  }

  /* The lines of one event; none if it does not matter. */
  void collect(uint32_t step, const Event& event) {
    switch (event.kind) {
      case EventKind::k_invoke:
        function_[event.task] = nullptr;
        add(step, event.task, 0, operation_words(runner_, event.task, event.value));
        return;
      case EventKind::k_ret:
        function_[event.task] = nullptr;
        add(step, event.task, 1, result_words(event.value));
        lines_.back().result = true;
        return;
      case EventKind::k_finish:
        return;
      case EventKind::k_crash:
        /* An operation that says so has been drawn. */
        if (event.task <= runner_.program().tasks.size() && !stands_out(step)) return;
        add(step, event.task, 0, "power failure");
        return;
      case EventKind::k_contend: {
        auto holder = static_cast<TaskId>(event.value);
        std::string who = holder == engine::kNoTask ? "" : ", held by " + name(holder);
        in_function(step, event);
        add(step, event.task, 2, "waits for " + object_words(runner_, event) + who);
        return;
      }
      case EventKind::k_wake:
        if (event.value == 0 && !stands_out(step)) return;
        in_function(step, event);
        add(step, event.task, 2, deed_words(runner_, event));
        return;
      default:
        break;
    }
    std::string text = state_words(runner_, event);
    if (repeats(event, text) && !stands_out(step)) return;
    if (text.empty() && !stands_out(step)) return;
    if (text.empty()) text = deed_words(runner_, event);
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

  void in_function(uint32_t step, const Event& event) {
    const char* function = event.site->function;
    if (function[0] == '\0' || function_[event.task] == function) return;
    function_[event.task] = function;
    add(step, event.task, 1, function_words(function));
  }

  const scenario::Runner& runner_;
  const engine::Execution& execution_;
  TimelineForm form_;
  size_t tasks_;
  size_t stairs_ = 0;
  std::string out_;
  std::vector<Line> lines_;
  std::vector<Line> run_; /* not printed yet: more of its kind may come */
  std::vector<uint32_t> guilty_;
  std::vector<Hold> holds_;
  Sentences sentences_;
  std::vector<const char*> function_;
  std::vector<std::string> said_; /* by each task, last */
};

/* What a reader of a mail has to know before the first step. */
std::string set_up_of(const scenario::Runner& runner) {
  const scenario::Program& program = runner.program();
  std::string text = "Kernel " + describe(runner.kernel()) + ".";
  /* As the file has it: with the processes of the mappings. */
  scenario::Program alone = program;
  alone.tasks.clear();
  alone.expectations.clear();
  alone.found.reset();
  alone.orders.clear();
  alone.schedule = {};
  std::istringstream lines(scenario::print(alone));
  std::string separator = " Set-up: ";
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (inside && line.starts_with("  ")) {
      text += separator + line.substr(2);
      separator = "; ";
    }
    inside = inside || line == "setup";
  }
  return wrapped(text + (program.setup.empty() ? "" : "."), kTimelineWidth, "") + "\n";
}

}  // namespace

std::string timeline(const scenario::Runner& runner, TimelineForm form) {
  return Timeline(runner, form).draw();
}

std::string timeline_report(const scenario::Runner& runner, TimelineForm form) {
  const bool mail = form == TimelineForm::kMail;
  std::string body = timeline(runner, form);
  const Sentences sentences(runner);
  for (const std::string& sentence : sentences.list()) {
    body += "\n" + wrapped(mail ? sentences.with_letters(sentence) : sentence, kTimelineWidth, "") + "\n";
  }
  std::string names = legend(runner, body);
  if (!names.empty()) body += "\n" + wrapped("(" + names + ")", kTimelineWidth, "") + "\n";
  return mail ? set_up_of(runner) + "\n" + body : body;
}

}  // namespace daxrace::replay
