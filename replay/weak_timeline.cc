/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/weak_timeline.h"

#include <algorithm>

#include "replay/command.h"
#include "replay/timeline.h"

namespace daxrace::replay {

namespace {

constexpr size_t kGutter = 7;

std::string task_name(int task) { return "T" + std::to_string(task); }

/* Small numbers as such, also below 0; what holds bits in hexadecimal. */
std::string value_words(uint64_t value) {
  char text[24];
  if (value < 100000 || value > UINT64_MAX - 100000) return std::to_string(static_cast<int64_t>(value));
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

/* `&page->_refcount` -> `page->_refcount` */
std::string variable_of(const WeakEvent& event) {
  size_t at = event.name.find_first_not_of("&*(");
  std::string name = at == std::string::npos ? event.name : event.name.substr(at);
  bool unbalanced = std::count(name.begin(), name.end(), ')') > std::count(name.begin(), name.end(), '(');
  if (unbalanced && name.back() == ')') name.pop_back();
  return name;
}

/* `x is 1`, `smp_load_acquire(x) is 1`, `x = 1`, `x: 1 -> 2, atomic_inc`; `smp_mb` */
std::string deed(const WeakEvent& event) {
  if (event.name.empty()) return event.what;
  const std::string variable = variable_of(event);
  const bool plain = event.what == "READ_ONCE" || event.what == "WRITE_ONCE";
  const std::string access = plain ? variable : event.what + "(" + variable + ")";
  switch (event.kind) {
    case WeakEvent::Kind::kLoaded:
      return access + " is " + value_words(event.value);
    case WeakEvent::Kind::kStored:
      return access + " = " + value_words(event.value);
    case WeakEvent::Kind::kChanged:
      return variable + ": " + value_words(event.newest) + " -> " + value_words(event.value) + ", " +
             event.what;
    case WeakEvent::Kind::kNoValue:
      break;
  }
  return event.what == "reads" || event.what == "writes" ? event.what + " " + variable : access;
}

size_t column(int task, int threads) {
  const size_t body = kTimelineWidth - kGutter;
  if (threads == 2) return static_cast<size_t>(task) * (body / 2 + 1);
  return static_cast<size_t>(task) * 6;
}

size_t column_width(int task, int threads) {
  const size_t body = kTimelineWidth - kGutter;
  return threads == 2 ? body / 2 : body - column(task, threads);
}

void add_lines(std::string& out, const std::string& margin, const std::string& text, int indent, int task,
               int threads) {
  const std::string before(2u * static_cast<size_t>(indent), ' ');
  const size_t width = column_width(task, threads) - before.size();
  const std::string lines = wrapped(text, width, "");
  std::string gutter = margin;
  gutter.resize(kGutter, ' ');
  for (size_t at = 0; at <= lines.size();) {
    const size_t end = std::min(lines.find('\n', at), lines.size());
    std::string body = before + (at == 0 ? "" : "  ") + lines.substr(at, end - at);
    if (body.size() > column_width(task, threads))
      body = body.substr(0, column_width(task, threads) - 1) + "~";
    out += gutter + std::string(column(task, threads), ' ') + body + "\n";
    gutter.assign(kGutter, ' ');
    at = end + 1;
  }
}

}  // namespace

std::string weak_timeline(const WeakRun& run, int threads) {
  std::string out = "step";
  for (int task = 0; task < threads; ++task) {
    out.resize(std::max(out.size(), kGutter + column(task, threads)), ' ');
    out += task_name(task);
  }
  out += "\n";
  int before = -1;
  std::string function;
  for (size_t step = 0; step < run.events.size(); ++step) {
    const WeakEvent& event = run.events[step];
    if (before != -1 && before != event.task) {
      out += std::string(kGutter, ' ') + "--- " + task_name(event.task) + " runs ---\n";
      function.clear();
    }
    before = event.task;
    if (event.function != function && event.function != event.what) {
      add_lines(out, "", event.function + "()", 0, event.task, threads);
      function = event.function;
    }
    std::string margin = std::to_string(step);
    margin.insert(0, margin.size() < 5 ? 5 - margin.size() : 0, ' ');
    add_lines(out, margin + (event.stale() ? " >" : "  "), deed(event), 1, event.task, threads);
    if (event.stale())
      add_lines(out, "", "old: it is " + value_words(event.newest) + " already", 2, event.task, threads);
  }
  return out;
}

std::string weak_sentence(const WeakRun& run, int threads) {
  std::string what = run.complaint;
  if (run.verdict == "deadlock") {
    std::string asleep;
    for (int task = 0; task < threads; ++task) {
      const WeakEvent* last = nullptr;
      for (const WeakEvent& event : run.events) {
        if (event.task == task) last = &event;
      }
      if (last == nullptr || last->what != "sleeps") continue;
      asleep += (asleep.empty() ? "" : ", ") + task_name(task);
    }
    what = asleep.empty() ? "nobody can run" : asleep + " sleeps, and nobody is left to wake it";
  }
  if (run.verdict == "data-race" && !run.events.empty()) {
    const WeakEvent& last = run.events.back();
    what = task_name(last.task) + " " + deed(last) + " in " + last.function +
           "(), and nothing orders that with what another task does to it";
  }
  return what;
}

std::string weak_sentences(const WeakRun& run, int threads) {
  std::string out =
      wrapped(run.verdict + ": " + weak_sentence(run, threads) + ".", kTimelineWidth, "") + "\n";
  for (size_t step = 0; step < run.events.size(); ++step) {
    const WeakEvent& event = run.events[step];
    if (!event.stale()) continue;
    out += wrapped("old value: in step " + std::to_string(step) + " " + task_name(event.task) + " reads " +
                       variable_of(event) + " in " + event.function + "() as " + value_words(event.value) +
                       ", which is " + value_words(event.newest) + " already.",
                   kTimelineWidth, "") +
           "\n";
  }
  return out;
}

}  // namespace daxrace::replay
