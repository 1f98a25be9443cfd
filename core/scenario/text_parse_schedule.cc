/* SPDX-License-Identifier: GPL-2.0-only */
/* The schedule: switches with their anchors, draws, and the orders of a finding. */
#include <algorithm>

#include "core/model/model.h"
#include "core/scenario/text_reader.h"
#include "core/scenario/text_words.h"

namespace daxrace::scenario {

namespace {

/* The switch or draw before, if it is not before this step; else null. */
template <typename Choice>
const Choice* not_before(const std::vector<Choice>& choices, uint32_t step) {
  return choices.empty() || choices.back().step < step ? nullptr : &choices.back();
}

}  // namespace

bool Reader::read_schedule_line(Line& line, const Token& word) {
  if (section_ != kScheduleSection) {
    const bool go_on = fail(word, Quoted{word.text}, " outside of `schedule`; expected `schedule` before it");
    if (!go_on) return false;
  }
  int64_t step = 0;
  if (!read_number(word.part(1), {0, kStepMax}, step)) return false;
  const Token what = line.next();
  if (what.text == "draw") return read_draw(line, word, static_cast<uint32_t>(step));
  return read_switch(line, word, what, static_cast<uint32_t>(step));
}

bool Reader::read_draw(Line& line, const Token& at, uint32_t step) {
  int64_t value = 0;
  if (!read_number(line.next(), {0, UINT32_MAX}, value) || !check_end(line)) return false;
  auto& draws = program_.schedule.draws;
  if (draws.size() == kDrawsMax) return fail(at, "one draw too many; expected at most ", int64_t{kDrawsMax});
  if (const Draw* before = not_before(draws, step)) {
    const bool go_on = fail(at, "draw at step ", int64_t{step}, "; expected one after step ",
                            int64_t{before->step}, " (line ", int64_t{draw_line_}, ")");
    if (!go_on) return false;
  }
  draw_line_ = at.line;
  draws.push_back({step, static_cast<uint32_t>(value)});
  return true;
}

bool Reader::read_switch(Line& line, const Token& at, const Token& task, uint32_t step) {
  Switch entry;
  entry.step = step;
  if (!read_task_name(task, entry.task)) return false;
  if (!line.at_end() && (!read_anchor(line, entry.anchor) || !check_end(line))) return false;
  auto& switches = program_.schedule.switches;
  if (switches.size() == kSwitchesMax) {
    return fail(at, "one switch too many; expected at most ", int64_t{kSwitchesMax});
  }
  if (const Switch* before = not_before(switches, step)) {
    const bool go_on = fail(at, "switch at step ", int64_t{step}, "; expected one after step ",
                            int64_t{before->step}, " (line ", int64_t{switch_line_}, ")");
    if (!go_on) return false;
  }
  switch_line_ = at.line;
  switches.push_back(std::move(entry));
  return true;
}

/* `[PROCESS.TASK op N: SITE xN]` */
bool Reader::read_anchor(Line& line, Anchor& anchor) {
  Anchor read;
  if (!line.take('[')) return fail_expected(line.next(), "an anchor (`[P.A op 1: SITE x2]`)");
  if (!read_task_name(line.next("]"), read.task)) return false;
  const Token op_word = line.next("]");
  if (op_word.text != "op") return fail_expected(op_word, "`op N:`");
  int64_t op = 0;
  if (!read_number(line.next(":]"), {0, kOpsMax - 1}, op)) return false;
  if (!line.take(':')) return fail_expected(line.next("]"), "`:` and the name of a scheduling point");
  const Token site = line.next("[]");
  if (!is_site(site.text)) return fail_expected(site, "the name of a scheduling point");
  int64_t occurrence = 0;
  if (!line.take(']')) {
    const Token times = line.next("]");
    if (!times.text.starts_with('x')) return fail_expected(times, "`xN` or `]`");
    if (!read_number(times.part(1), {0, UINT32_MAX}, occurrence)) return false;
    if (!line.take(']')) return fail_expected(line.next(), "`]`");
  }
  read.op = static_cast<int>(op);
  read.site.assign(site.text);
  read.occurrence = static_cast<uint32_t>(occurrence);
  anchor = std::move(read);
  return true;
}

/* `order [FIRST] [THEN]` */
bool Reader::read_order(Line& line) {
  Order order;
  if (!read_anchor(line, order.first) || !read_anchor(line, order.then) || !check_end(line)) return false;
  if (program_.orders.size() == kOrdersMax)
    return fail(line.last(), "one order too many; expected at most ", int64_t{kOrdersMax});
  program_.orders.push_back(std::move(order));
  return true;
}

bool Reader::read_task_name(const Token& name, int& task) {
  const size_t dot = std::min(name.text.find('.'), name.text.size());
  const auto& tasks = program_.tasks;
  task = find_task(name.text.substr(0, dot), name.text.substr(std::min(dot + 1, name.text.size())));
  if (task >= 0) return true;
  if (!tasks.empty()) task = name_hash(name.text) % static_cast<int>(tasks.size());
  if (name.empty()) return fail_expected(name, "a task");
  fail(name, "unknown task ", Quoted{name.text}, "; expected one of this program");
  if (lenient()) return true;
  std::vector<std::string> names;
  for (const Task& each : tasks) {
    names.push_back(message_of(program_.processes[static_cast<size_t>(each.process)], ".", each.name));
  }
  return suggest(name.text, [&](auto& out) {
    out.assign(names.begin(), names.end());
    out.push_back("draw");
  });
}

int Reader::find_task(std::string_view process, std::string_view name) const {
  const auto& tasks = program_.tasks;
  const auto found = std::ranges::find_if(tasks, [&](const Task& task) {
    return task.name == name && program_.processes[static_cast<size_t>(task.process)] == process;
  });
  if (found != tasks.end()) return static_cast<int>(found - tasks.begin());
  /* A request to the device, in the order of submission. */
  if (process != "dma" || name.size() != 1 || name[0] < '0') return -1;
  const int request = name[0] - '0';
  return request < static_cast<int>(kernel::MODEL_DMA_MAX) ? static_cast<int>(tasks.size()) + request : -1;
}

}  // namespace daxrace::scenario
