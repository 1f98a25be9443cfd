/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/trace_html.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "replay/command.h"
#include "replay/names.h"
#include "replay/odds.h"
#include "replay/spans.h"
#include "replay/step_words.h"

namespace daxrace::replay {

namespace {

using engine::Event;
using engine::EventKind;
using engine::TaskId;

/* Events of one task in one function, one after the other: a row. */
struct Block {
  TaskId task = engine::kNoTask;
  uint32_t from = 0;
  uint32_t last = 0;
  enum class Kind : uint8_t { kOperation, kReturn, kSteps } kind = Kind::kSteps;
};

class Page {
 public:
  Page(const scenario::Runner& runner, const std::vector<int>& odds)
      : runner_(runner),
        trace_(runner.execution().trace()),
        odds_(odds),
        tasks_(tasks_of(runner)),
        guilty_(guilty_steps(runner)),
        holds_(holds_of(runner)) {
    for (const ReadFrom& each : reads_from_of(runner)) reads_from_[each.reader] = each.writer;
    give_slots();
  }

  std::string write() {
    out_ =
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>" +
        html_escaped(heading()) + "</title>\n<style>" + kTimelineStyle + "</style>\n</head>\n<body>\n";
    top();
    out_ +=
        "<main>\n<div id=\"steps\"><svg id=\"arrows\" "
        "aria-hidden=\"true\"></svg>\n<table" +
        std::string(tasks_ > 2 ? " class=\"many\"" : "") + ">\n<thead><tr><th>step</th>";
    for (size_t i = 1; i <= tasks_; ++i)
      out_ += "<th>" + html_escaped(name(static_cast<TaskId>(i))) + "</th>";
    out_ += "</tr></thead>\n<tbody>\n";
    TaskId before = engine::kNoTask;
    for (const Block& block : blocks()) {
      if (before != engine::kNoTask && before != block.task) switch_row(before, block);
      before = block.task;
      row(block);
    }
    out_ += "</tbody>\n</table></div>\n";
    inspector();
    std::string names = legend(runner_, out_);
    if (!names.empty()) out_ += "<footer class=\"dim\">" + html_escaped(names) + "</footer>";
    out_ += "</main>\n<script type=\"application/json\" id=\"data\">" + data() + "</script>\n<script>" +
            kTimelineScript + "</script>\n</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  std::string name(TaskId task) const { return std::string(runner_.execution().task(task).name); }
  bool is_guilty(uint32_t step) const { return std::binary_search(guilty_.begin(), guilty_.end(), step); }

  std::string heading() const {
    const engine::Finding* finding = runner_.execution().headline();
    std::string verdict = finding == nullptr ? "no finding" : std::string(finding->verdict);
    const std::string& title = runner_.program().title;
    return title.empty() ? verdict : verdict + ": " + title;
  }

  void top() {
    const scenario::Program& program = runner_.program();
    const engine::Finding* headline = runner_.execution().headline();
    out_ += "<header>\n<h1><b>" +
            std::string(headline == nullptr ? "no finding" : html_escaped(headline->verdict)) + "</b> " +
            html_escaped(program.title) + "</h1>\n";
    if (!program.question.empty()) out_ += "<p>" + html_escaped(program.question) + "</p>\n";
    for (const engine::Finding& finding : runner_.execution().findings()) {
      out_ += "<p class=\"sentence\">" + html_escaped(finding_words(runner_, finding)) + "</p>\n";
    }
    out_ += "<p class=\"dim\">kernel " + html_escaped(describe(runner_.kernel())) + ", " +
            std::to_string(trace_.size()) + " steps, " +
            counted(runner_.execution().preemptions(), "preemption", "preemptions");
    if (!program.source.empty()) {
      out_ += program.source.starts_with("https://")
                  ? ", <a href=\"" + html_escaped(program.source) + "\">source</a>"
                  : ", " + html_escaped(program.source);
    }
    out_ += "</p>\n";
    odds();
    out_ +=
        "<div class=\"controls\"><label><input type=\"checkbox\" id=\"all\"> all steps</label>"
        "<input class=\"needs-js\" type=\"search\" id=\"filter\" placeholder=\"filter\" aria-label=\"filter "
        "steps\"><span class=\"dim needs-js\" id=\"count\"></span>"
        "<button class=\"needs-js\" id=\"theme\">dark / light</button>"
        "<span class=\"dim needs-js\"><kbd>j</kbd> <kbd>k</kbd> step, <kbd>Enter</kbd> unfold, <kbd>g</kbd> "
        "guilty, <kbd>a</kbd> all, <kbd>/</kbd> filter, <kbd>t</kbd> theme</span></div>\n</header>\n";
  }

  void odds() {
    if (odds_.empty()) return;
    auto jump = point_of_no_return(odds_);
    out_ +=
        "<p class=\"dim\">How likely the finding is, once the schedule has been followed to a "
        "step:</p>\n<div class=\"odds\">";
    for (size_t step = 0; step < odds_.size(); ++step) {
      if (trace_[step].task == 0) continue;
      out_ += "<a href=\"#s" + std::to_string(block_of(static_cast<uint32_t>(step))) + "\"" +
              (step == jump ? " class=\"jump\"" : "") + " style=\"height:" + std::to_string(odds_[step]) +
              "%\" title=\"step " + std::to_string(step) + ": " + std::to_string(odds_[step]) + "%\"></a>";
    }
    out_ += "</div>\n";
    if (jump == 0) return;
    out_ += "<p class=\"dim\">Point of no return: step " + std::to_string(jump - 1) + ", from " +
            std::to_string(odds_[jump - 1]) + "% to " + std::to_string(odds_[jump]) +
            "%: " + html_escaped(step_words(runner_, jump - 1)) + ".</p>\n";
  }

  std::vector<Block> blocks() const {
    std::vector<Block> list;
    for (uint32_t step = 0; step < trace_.size(); ++step) {
      const Event& event = trace_[step];
      if (event.task == 0) continue;
      auto kind = event.kind == EventKind::k_invoke ? Block::Kind::kOperation
                  : event.kind == EventKind::k_ret  ? Block::Kind::kReturn
                                                    : Block::Kind::kSteps;
      bool same = !list.empty() && list.back().task == event.task &&
                  list.back().kind == Block::Kind::kSteps && kind == Block::Kind::kSteps &&
                  std::string_view(trace_[list.back().from].site->function) == event.site->function;
      if (same) {
        list.back().last = step;
      } else {
        list.push_back({event.task, step, step, kind});
      }
    }
    return list;
  }

  /* Locks that are held at the same time by one task stand side by side. */
  void give_slots() {
    slots_.resize(holds_.size());
    for (size_t i = 0; i < holds_.size(); ++i) {
      for (bool taken = true; taken; slots_[i] += taken) {
        taken = false;
        for (size_t k = 0; k < i; ++k)
          taken = taken || (holds_[k].task == holds_[i].task && slots_[k] == slots_[i] &&
                            holds_[k].to > holds_[i].from);
      }
    }
  }

  void bars(TaskId task, const Block& block) {
    for (size_t i = 0; i < holds_.size(); ++i) {
      const Hold& hold = holds_[i];
      if (hold.task != task || hold.from > block.last || hold.to <= block.from || slots_[i] > 5) continue;
      out_ += "<i class=\"bar\" style=\"left:" + std::to_string(2 + slots_[i] * 5) + "px;background:var(--h" +
              std::to_string(slots_[i] % 5) + ")\" title=\"" +
              html_escaped(name(task) + " holds " + hold.object) + (hold.shared ? " (shared)" : "") +
              ", steps " + std::to_string(hold.from) + " to " + std::to_string(hold.to) + "\"></i>";
    }
  }

  void switch_row(TaskId before, const Block& block) {
    std::string held = held_before(holds_, before, block.from);
    /* Above what the task goes on with, unless there is too little room to the right of it. */
    size_t before_it = std::min<size_t>(block.task - 1u, tasks_ - 1);
    out_ += "<tr class=\"switch\"><td class=\"n\"></td>";
    for (size_t i = 0; i < before_it; ++i) out_ += "<td></td>";
    out_ += "<td colspan=\"" + std::to_string(tasks_ - before_it) + "\">" + html_escaped(name(block.task)) +
            " runs" + (held.empty() ? "" : "; " + html_escaped(name(before) + " holds " + held)) +
            "</td></tr>\n";
  }

  void row(const Block& block) {
    std::vector<std::string> states;
    bool guilty = false;
    for (uint32_t step = block.from; step <= block.last; ++step) {
      guilty = guilty || is_guilty(step);
      std::string text = state_words(runner_, trace_[step]);
      if (text.empty() && is_guilty(step) && trace_[step].kind != EventKind::k_finish)
        text = deed_words(runner_, trace_[step]);
      if (trace_[step].kind == EventKind::k_contend || trace_[step].kind == EventKind::k_crash)
        text = deed_words(runner_, trace_[step]);
      if (!text.empty() && (states.empty() || states.back() != text)) states.push_back(text);
    }
    bool steps = block.kind == Block::Kind::kSteps;
    std::string classes = block.kind == Block::Kind::kOperation ? "op" : steps ? "step" : "ret";
    if (steps && states.empty()) classes += " quiet";
    if (guilty) classes += " guilty";
    out_ += "<tr class=\"" + classes + "\" id=\"s" + std::to_string(block.from) + "\" data-step=\"" +
            std::to_string(block.from) + "\" data-last=\"" + std::to_string(block.last) +
            "\"><td class=\"n\"><a href=\"#s" + std::to_string(block.from) + "\">" +
            std::to_string(block.from) + "</a></td>";
    for (size_t i = 1; i <= tasks_; ++i) {
      auto task = static_cast<TaskId>(i);
      out_ += task == block.task ? "<td class=\"own\">" : "<td>";
      bars(task, block);
      if (task == block.task) steps ? unfolding(block, states) : plain(block);
      out_ += "</td>";
    }
    out_ += "</tr>\n";
  }

  void plain(const Block& block) {
    std::string text = event_words(runner_, trace_[block.from]);
    out_ += "<span>" + html_escaped(text) + "</span>";
  }

  void unfolding(const Block& block, const std::vector<std::string>& states) {
    std::string function = trace_[block.from].site->function;
    out_ += "<details><summary>" + html_escaped(function.empty() ? deed_words(runner_, trace_[block.from])
                                                                 : function_words(function));
    for (const std::string& state : states)
      out_ += "<span class=\"state\">" + html_escaped(state) + "</span>";
    out_ += "</summary>";
    chain(block);
    out_ += "<ol>";
    for (uint32_t step = block.from; step <= block.last; ++step) {
      out_ += std::string("<li") + (is_guilty(step) ? " class=\"bad\"" : "") + ">" + std::to_string(step) +
              "  " + html_escaped(deed_words(runner_, trace_[step]));
      auto from = reads_from_.find(step);
      if (from != reads_from_.end()) {
        out_ += "<a class=\"from\" href=\"#s" + std::to_string(block_of(from->second)) + "\">from step " +
                std::to_string(from->second) + "</a>";
      }
      out_ += "</li>";
    }
    out_ += "</ol></details>";
  }

  /* From the operation down: whoever took a lock that is still held has not returned. */
  void chain(const Block& block) {
    std::string text = operation_of(block);
    const char* last = "";
    for (const Hold& hold : holds_) {
      if (hold.task != block.task || hold.from >= block.from || hold.to < block.from) continue;
      std::string lock = "[" + hold.object + (hold.shared ? " shared" : "") + "]";
      if (std::string_view(hold.function) != last) text += " \u203a " + function_words(hold.function);
      text += " " + lock;
      last = hold.function;
    }
    std::string_view function = trace_[block.from].site->function;
    if (!function.empty() && function != last) text += " \u203a " + function_words(function);
    out_ += "<p class=\"chain\">" + html_escaped(text) + "</p>";
  }

  /* "op 0: load m" */
  std::string operation_of(const Block& block) const {
    for (uint32_t step = block.from + 1; step-- > 0;) {
      const Event& event = trace_[step];
      if (event.task != block.task || event.kind != EventKind::k_invoke) continue;
      return "op " + std::to_string(event.value) + ": " + operation_words(runner_, block.task, event.value);
    }
    return name(block.task);
  }

  uint32_t block_of(uint32_t step) {
    if (starts_.empty()) {
      for (const Block& block : blocks()) starts_.push_back(block.from);
    }
    auto after = std::upper_bound(starts_.begin(), starts_.end(), step);
    return after == starts_.begin() ? step : *(after - 1);
  }

  /* Each change of state: step, what, its value from then on. */
  std::vector<std::tuple<uint32_t, std::string, std::string>> changes() const {
    std::vector<std::tuple<uint32_t, std::string, std::string>> list;
    for (uint32_t step = 0; step < trace_.size(); ++step) {
      std::string text = state_words(runner_, trace_[step]);
      size_t at = text.find(" = ");
      if (at != text.npos) list.emplace_back(step, text.substr(0, at), text.substr(at + 3));
    }
    return list;
  }

  void inspector() {
    out_ +=
        "<aside><h2>State <span id=\"at\" class=\"dim\">at the end</span></h2>\n<table id=\"state\"><tbody>";
    std::map<std::string, std::string> state;
    for (const auto& [step, key, value] : changes()) state[key] = value;
    for (const auto& [key, value] : state)
      out_ += "<tr><td>" + html_escaped(key) + "</td><td>" + html_escaped(value) + "</td></tr>";
    out_ += "</tbody></table>\n<div class=\"needs-js\"><h2>Held</h2><div id=\"held\"></div></div></aside>\n";
  }

  /* No "</script>" can be in it. */
  std::string data() const {
    nlohmann::json json;
    json["changes"] = changes();
    json["readsFrom"] = nlohmann::json::array();
    for (const auto& [reader, writer] : reads_from_) json["readsFrom"].push_back({writer, reader});
    json["holds"] = nlohmann::json::array();
    for (const Hold& hold : holds_) {
      json["holds"].push_back({{"task", name(hold.task)},
                               {"object", hold.object + (hold.shared ? " (shared)" : "")},
                               {"from", hold.from},
                               {"to", hold.to}});
    }
    std::string text = json.dump();
    for (size_t at = text.find('<'); at != text.npos; at = text.find('<', at)) text.replace(at, 1, "\\u003c");
    return text;
  }

  const scenario::Runner& runner_;
  std::span<const Event> trace_;
  const std::vector<int>& odds_;
  size_t tasks_;
  std::vector<uint32_t> guilty_;
  std::vector<Hold> holds_;
  std::vector<size_t> slots_; /* of each hold */
  std::map<uint32_t, uint32_t> reads_from_;
  std::vector<uint32_t> starts_; /* of blocks */
  std::string out_;
};

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string timeline_html(const scenario::Runner& runner, const std::vector<int>& odds) {
  return Page(runner, odds).write();
}

}  // namespace daxrace::replay
