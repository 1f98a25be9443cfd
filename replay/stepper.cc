/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/stepper.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <istream>
#include <ostream>
#include <sstream>
#include <vector>

#include "core/scenario/text.h"
#include "replay/command.h"
#include "replay/inspect.h"
#include "replay/names.h"
#include "replay/spans.h"
#include "replay/step_words.h"

namespace daxrace::replay {

namespace {

using engine::Event;
using engine::EventKind;
using engine::TaskId;

class Stepper {
 public:
  Stepper(scenario::Runner& runner, std::ostream& out) : runner_(runner), out_(out) {
    engine::record_choices(runner.execution(), switches_, draws_);
    auto trace = runner.execution().trace();
    trace_.assign(trace.begin(), trace.end());
    holds_ = holds_of(runner);
    guilty_ = guilty_steps(runner);
    for (uint32_t step = 0; step < trace_.size(); ++step) {
      words_.push_back(step_words(runner, step));
      telling_.push_back(tells(step));
    }
    for (const engine::Finding& finding : runner.execution().findings())
      sentences_.push_back(finding_words(runner, finding));
    while (first_ < trace_.size() && trace_[first_].task == 0) ++first_;
    now_ = first_;
    stop();
  }

  ~Stepper() { runner_.execution().stop_after(UINT32_MAX); }
  Stepper(const Stepper&) = delete;
  Stepper& operator=(const Stepper&) = delete;

  void greet() {
    out_ << counted(total() - first_, "step", "steps") << " after the set-up, which took " << first_
         << "; `help` lists the commands.\n";
    where();
  }

  /* False: that was all. */
  bool obey(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    if (!(words >> command)) command = last_; /* an empty line: the same again */
    if (command.empty() || command[0] == '#') return true;
    std::string argument;
    std::string more;
    words >> argument >> more;
    for (const Command& each : kCommands) {
      if (command != each.name && command != each.letter) continue;
      if (!more.empty() || (each.operand[0] == '\0' && !argument.empty())) {
        out_ << "`" << each.name << "` takes " << (each.operand[0] == '\0' ? "nothing" : each.operand)
             << ", not `" << (more.empty() ? argument : argument + " " + more) << "`\n";
        return true;
      }
      last_ = each.repeats ? command : "";
      return (this->*each.action)(argument);
    }
    std::vector<std::string_view> names;
    for (const Command& each : kCommands) names.emplace_back(each.name);
    std::string_view near = scenario::did_you_mean(command, names);
    out_ << "no command is called `" << command << "`; "
         << (near.empty() ? "see `help`" : "did you mean `" + std::string(near) + "`?") << "\n";
    return true;
  }

 private:
  struct Command {
    const char* name;
    const char* letter;
    const char* operand; /* empty: takes none */
    bool repeats;        /* an empty line does it again */
    bool (Stepper::*action)(const std::string& argument);
    const char* help;
  };
  static const std::array<Command, 20> kCommands;

  uint32_t total() const { return static_cast<uint32_t>(trace_.size()); }

  /* What a timeline has a line for. */
  bool tells(uint32_t step) const {
    const Event& event = trace_[step];
    return event.kind == EventKind::k_invoke || event.kind == EventKind::k_ret ||
           event.kind == EventKind::k_crash || event.kind == EventKind::k_contend ||
           std::binary_search(guilty_.begin(), guilty_.end(), step) || !state_words(runner_, event).empty();
  }

  /* The execution again, up to where we are. */
  void stop() {
    runner_.execution().stop_after(now_ >= total() ? UINT32_MAX : now_);
    engine::ReplayStrategy replay(switches_, draws_);
    replay.begin();
    runner_.run(replay);
  }

  std::string name(TaskId task) const { return std::string(runner_.execution().task(task).name); }

  void print_step(uint32_t step, bool next) {
    std::string number = std::to_string(step);
    number.insert(0, number.size() < 5 ? 5 - number.size() : 0, ' ');
    bool guilty = std::binary_search(guilty_.begin(), guilty_.end(), step);
    out_ << (next ? "->" : "  ") << number << (guilty ? " > " : "   ") << words_[step] << "\n";
  }

  bool where() {
    constexpr uint32_t kAround = 3;
    uint32_t from = now_ - std::min(now_ - first_, kAround);
    for (uint32_t step = from; step < std::min(total(), now_ + kAround); ++step) {
      if (step > from && trace_[step].task != trace_[step - 1].task)
        out_ << "       --- " << name(trace_[step].task) << " runs ---\n";
      print_step(step, step == now_);
    }
    if (now_ >= total()) end_words();
    return true;
  }

  void end_words() {
    out_ << "-> the end" << (sentences_.empty() ? ": no finding" : ":") << "\n";
    for (const std::string& sentence : sentences_) out_ << wrapped(sentence, 72, "   ") << "\n";
  }

  bool go(uint32_t to) {
    to = std::clamp(to, first_, total());
    if (to == now_) {
      out_ << (to == first_ ? "this is where the set-up ends\n" : to == total() ? "this is the end\n" : "");
    }
    uint32_t before = now_;
    now_ = to;
    stop();
    bool switched = before < now_ && now_ < total() && trace_[now_].task != trace_[now_ - 1].task;
    if (switched) {
      std::string held = held_before(holds_, trace_[now_ - 1].task, now_);
      out_ << "       --- " << name(trace_[now_].task) << " runs"
           << (held.empty() ? "" : "; " + name(trace_[now_ - 1].task) + " holds " + held) << " ---\n";
    }
    if (now_ < total()) {
      print_step(now_, true);
    } else {
      end_words();
    }
    return true;
  }

  bool number_of(const std::string& text, uint32_t least, uint32_t fallback, uint32_t& number) {
    number = fallback;
    if (text.empty()) return true;
    auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec == std::errc() && read.ptr == text.data() + text.size() && number >= least) return true;
    out_ << "`" << text << "` is not a number of steps\n";
    return false;
  }

  bool forward(const std::string& argument) {
    uint32_t steps = 0;
    if (!number_of(argument, 1, 1, steps)) return true;
    return go(now_ + std::min(steps, total() - now_));
  }
  bool back(const std::string& argument) {
    uint32_t steps = 0;
    if (!number_of(argument, 1, 1, steps)) return true;
    return go(now_ - std::min(steps, now_ - first_));
  }
  bool to_step(const std::string& argument) {
    uint32_t step = 0;
    if (argument.empty()) {
      out_ << "`to` takes the number of a step\n";
      return true;
    }
    if (!number_of(argument, 0, 0, step)) return true;
    if (step > total()) out_ << "the last step is " << total() - 1 << "\n";
    return go(step);
  }

  /* Forward to the next step, behind this one, that `is` it. */
  template <class Is>
  bool search(const std::string& what, Is is) {
    for (uint32_t step = now_ + 1; step < total(); ++step) {
      if (is(step)) return go(step);
    }
    out_ << "no " << what << " comes after this\n";
    return true;
  }

  bool next(const std::string&) {
    return search("step that the timeline shows", [&](uint32_t step) { return telling_[step] != 0; });
  }
  bool to_lock(const std::string& argument) {
    return search(argument.empty() ? "lock" : "lock `" + argument + "`", [&](uint32_t step) {
      if (trace_[step].kind != EventKind::k_lock && trace_[step].kind != EventKind::k_contend) return false;
      return words_[step].find(argument) != std::string::npos;
    });
  }
  bool to_switch(const std::string&) {
    return search("switch", [&](uint32_t step) { return trace_[step].task != trace_[step - 1].task; });
  }
  bool to_finding(const std::string&) {
    return search("guilty step",
                  [&](uint32_t step) { return std::binary_search(guilty_.begin(), guilty_.end(), step); });
  }
  bool to_operation(const std::string&) {
    return search("operation", [&](uint32_t step) { return trace_[step].kind == EventKind::k_invoke; });
  }
  bool to_start(const std::string&) { return go(first_); }
  bool to_end(const std::string&) { return go(total()); }
  bool print_where(const std::string&) { return where(); }

  void print(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) out_ << wrapped(line, 72, "  ") << "\n";
  }

  /* The index of that name; -1: none was given, -2: there is none, and that was said. */
  int index_of(const std::string& word, const std::vector<std::string>& names, const char* what) {
    if (word.empty()) return -1;
    auto found = std::find(names.begin(), names.end(), word);
    if (found != names.end()) return static_cast<int>(found - names.begin());
    std::string_view near =
        scenario::did_you_mean(word, std::vector<std::string_view>(names.begin(), names.end()));
    out_ << "no " << what << " is called `" << word << "`"
         << (near.empty() ? "" : "; did you mean `" + std::string(near) + "`?") << "\n";
    return -2;
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (size_t i = 0; i < runner_.machine().nr_inodes; ++i) names.push_back(file_words(runner_, i));
    return names;
  }
  bool print_file(const std::string& argument) {
    int file = index_of(argument, files(), "file");
    if (file >= -1) print(file_lines(runner_, file));
    return true;
  }
  bool print_entry(const std::string& argument) {
    int file = index_of(argument, files(), "file");
    if (file >= -1) print(entry_lines(runner_, file));
    return true;
  }
  bool print_tables(const std::string& argument) {
    int process = index_of(argument, runner_.program().processes, "process");
    if (process >= -1) print(table_lines(runner_, process));
    return true;
  }
  bool print_pages(const std::string&) {
    print(page_lines(runner_));
    return true;
  }
  bool print_lines(const std::string&) {
    print(cache_lines(runner_));
    return true;
  }

  bool print_locks(const std::string&) {
    bool any = false;
    for (const Hold& hold : holds_) {
      if (hold.from >= now_ || hold.to < now_) continue;
      any = true;
      out_ << "  " << name(hold.task) << " holds " << hold.object << (hold.shared ? " (shared)" : "")
           << " since step " << hold.from << "\n";
    }
    if (!any) out_ << "  nobody holds a lock\n";
    return true;
  }

  /* Of each task what it does next. */
  bool print_tasks(const std::string&) {
    for (size_t i = 1; i <= tasks_of_trace(); ++i) {
      auto task = static_cast<TaskId>(i);
      uint32_t step = now_;
      while (step < total() && trace_[step].task != task) ++step;
      if (step < total()) {
        print_step(step, step == now_);
      } else {
        out_ << "          " << name(task) << " does nothing more\n";
      }
    }
    return true;
  }
  size_t tasks_of_trace() const {
    size_t tasks = runner_.program().tasks.size();
    for (const Event& event : trace_) tasks = std::max<size_t>(tasks, event.task);
    return tasks;
  }

  bool print_help(const std::string&) {
    for (const Command& each : kCommands) {
      std::string line = std::string("  ") + each.name + " " + each.operand;
      line.resize(std::max<size_t>(line.size(), 20), ' ');
      line += std::string(each.letter) + "  ";
      line.resize(std::max<size_t>(line.size(), 24), ' ');
      out_ << line << each.help << "\n";
    }
    out_ << "  An empty line repeats a movement.\n";
    return true;
  }
  bool quit(const std::string&) { return false; }

  scenario::Runner& runner_;
  std::ostream& out_;
  std::vector<engine::RecordedSwitch> switches_;
  std::vector<engine::RecordedDraw> draws_;
  std::vector<Event> trace_;
  std::vector<std::string> words_;
  std::vector<uint8_t> telling_;
  std::vector<std::string> sentences_;
  std::vector<Hold> holds_;
  std::vector<uint32_t> guilty_;
  uint32_t first_ = 0; /* step after the set-up */
  uint32_t now_ = 0;   /* the step that comes next */
  std::string last_;   /* movement, to be repeated */
};

const std::array<Stepper::Command, 20> Stepper::kCommands = {{
    {"forward", "f", "[N]", true, &Stepper::forward, "N steps forward, or one"},
    {"back", "b", "[N]", true, &Stepper::back, "N steps back, or one"},
    {"next", "n", "", true, &Stepper::next, "to the next step that the timeline shows"},
    {"to", "t", "STEP", false, &Stepper::to_step, "to that step, forward or back"},
    {"lock", "l", "[NAME]", true, &Stepper::to_lock, "to the next lock taken or waited for, of that name"},
    {"switch", "s", "", true, &Stepper::to_switch, "to the next switch to another task"},
    {"operation", "o", "", true, &Stepper::to_operation, "to the next operation of a task"},
    {"guilty", "g", "", true, &Stepper::to_finding, "to the next step that a finding is about"},
    {"start", "0", "", false, &Stepper::to_start, "to where the set-up ends"},
    {"end", "$", "", false, &Stepper::to_end, "to the end, and what was found there"},
    {"where", "w", "", false, &Stepper::print_where, "the steps around this one"},
    {"tasks", "k", "", false, &Stepper::print_tasks, "what each task does next"},
    {"locks", "h", "", false, &Stepper::print_locks, "who holds which lock, and since when"},
    {"file", "i", "[FILE]", false, &Stepper::print_file,
     "size, blocks and entries, and what of it is durable"},
    {"entry", "e", "[FILE]", false, &Stepper::print_entry, "DAX entries and their marks"},
    {"tables", "p", "[PROCESS]", false, &Stepper::print_tables, "page tables"},
    {"page", "r", "", false, &Stepper::print_pages, "references and mappings of pages"},
    {"lines", "c", "", false, &Stepper::print_lines, "cache lines, and what a power failure would leave"},
    {"help", "?", "", false, &Stepper::print_help, "this list"},
    {"quit", "q", "", false, &Stepper::quit, "leave"},
}};

}  // namespace

void step_through(scenario::Runner& runner, std::istream& in, std::ostream& out, bool prompt) {
  Stepper stepper(runner, out);
  stepper.greet();
  for (std::string line;;) {
    if (prompt) out << "(daxrace) " << std::flush;
    if (!std::getline(in, line)) break;
    if (!stepper.obey(line)) return;
  }
  if (prompt) out << "\n";
}

}  // namespace daxrace::replay
