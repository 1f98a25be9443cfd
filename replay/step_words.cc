/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/step_words.h"

#include <algorithm>
#include <charconv>

#include "core/model/describe.h"
#include "core/scenario/text.h"
#include "replay/names.h"

namespace daxrace::replay {

using engine::Event;
using engine::EventKind;
using engine::TaskId;

std::string value_words(const scenario::Runner& runner, uint64_t value) {
  if (value == 0) return "zeros";
  auto task = static_cast<TaskId>(value >> 16);
  return std::string(runner.execution().task(task).name) + " op " + std::to_string((value & 0xffff) - 1);
}

size_t tasks_of(const scenario::Runner& runner) {
  size_t tasks = runner.program().tasks.size();
  for (const Event& event : runner.execution().trace()) tasks = std::max<size_t>(tasks, event.task);
  return tasks;
}

std::string operation_words(const scenario::Runner& runner, TaskId task, uint64_t index) {
  const auto& program = runner.program();
  if (task > program.tasks.size()) return "transfer"; /* of a device */
  const auto& ops = task == 0 ? program.setup : program.tasks[task - 1u].ops;
  return index < ops.size() ? scenario::print_operation(program, ops[index]) : "?";
}

std::string object_words(const scenario::Runner& runner, const Event& event) {
  return object_words(runner, event.role->name(), event.object);
}

std::string result_words(uint64_t value) {
  auto result = static_cast<int>(static_cast<int64_t>(value));
  if (result == kernel::MODEL_SIGBUS) return "SIGBUS";
  if (result == kernel::MODEL_SIGSEGV) return "SIGSEGV";
  return "= " + std::to_string(result);
}

std::string state_words(const scenario::Runner& runner, const Event& event) {
  std::string text = kernel::model_describe(event, runner.machine().cells,
                                            [&](uint64_t value) { return value_words(runner, value); });
  /* Of which file or mapping it is, instead of a number among all. */
  std::string place = place_words(runner, event.role->name(), event.object);
  size_t first = text.find(' ');
  size_t second = first == text.npos ? text.npos : text.find(' ', first + 1);
  if (!place.empty() && second != text.npos) text.replace(first + 1, second - first - 1, place);
  /* What a flush reads is what it takes along. */
  size_t is = text.find(" is ");
  if (is != text.npos && std::string_view(event.site->function) == "dax_flush")
    text = "flush " + text.substr(0, is) + " (" + text.substr(is + 4) + ")";
  return text;
}

namespace {

/* The state that was read, in the words for the write that made it. */
std::string read_words(const scenario::Runner& runner, const Event& event) {
  if (event.kind != EventKind::k_load && event.kind != EventKind::k_plain_read &&
      event.kind != EventKind::k_rmw)
    return "";
  Event as_written = event;
  as_written.kind = EventKind::k_store;
  std::string text = state_words(runner, as_written);
  size_t at = text.find(" = ");
  return at == text.npos ? "" : text.replace(at, 3, event.kind == EventKind::k_rmw ? " was " : " is ");
}

/* What is done to an object that state_words() has no words for. */
std::string plain_words(const scenario::Runner& runner, const Event& event) {
  const std::string object = object_words(runner, event);
  switch (event.kind) {
    case EventKind::k_contend: {
      auto holder = static_cast<TaskId>(event.value);
      return "waits for " + object +
             (holder == engine::kNoTask ? ""
                                        : ", held by " + std::string(runner.execution().task(holder).name));
    }
    case EventKind::k_load:
    case EventKind::k_plain_read:
      if (event.role->name() == "generation" && std::string_view(event.site->function) == "model_note_pin")
        return "pins the page of block " + std::to_string(event.object);
      /* How often the block has left an extent map. */
      if (event.role->name() == "generation")
        return "block " + std::to_string(event.object) +
               (event.value == 0 ? " is in use" : " has been freed");
      return "reads " + object + ": " + std::to_string(event.value);
    case EventKind::k_store:
    case EventKind::k_plain_write:
      return object + " = " + std::to_string(event.value);
    case EventKind::k_rmw:
      return "changes " + object + " from " + std::to_string(event.value);
    case EventKind::k_lock:
      return "takes " + object + (event.value == 0 ? " shared" : "");
    case EventKind::k_unlock:
      return "releases " + object;
    case EventKind::k_wake:
      return "wakes " + (event.value == 0 ? "nobody" : std::to_string(event.value) + " waiting") + " for " +
             object;
    case EventKind::k_sleep:
      return "sleeps, waiting for " + object;
    case EventKind::k_start:
      return "starts";
    case EventKind::k_prepare_wait:
      return "queues up to wait for " + object;
    case EventKind::k_finish_wait:
      return "leaves the queue for " + object;
    case EventKind::k_wait_active:
      return event.value == 0 ? "nobody waits for " + object : "somebody waits for " + object;
    case EventKind::k_wait_end:
      return "goes on after its wait for " + object;
    case EventKind::k_gave_up:
      return "gives up its wait for " + object + (event.value == 0 ? ": time is up" : ": a signal");
    case EventKind::k_complete:
      return "completes " + object;
    case EventKind::k_wait_done:
      return "has seen " + object + " completed";
    case EventKind::k_downgrade:
      return "keeps " + object + " shared";
    case EventKind::k_rcu_lock:
      return "begins a read section of " + object;
    case EventKind::k_rcu_unlock:
      return "ends its read section of " + object;
    case EventKind::k_rcu_sync:
      return "asks for a grace period of " + object + ": " + std::to_string(event.value) +
             " in read sections";
    case EventKind::k_rcu_synced:
      return "has seen a grace period of " + object;
    case EventKind::k_finish:
      return "the task ends";
    default:
      return std::string(engine::name_of(event.kind)) + " " + object;
  }
}

/* Whether somebody waits for that page to become idle, or for one that cannot be told. */
bool is_waited_for(const scenario::Runner& runner, uint64_t pfn) {
  const engine::Execution& execution = runner.execution();
  for (int id = 0; id < execution.task_count(); ++id) {
    const engine::Task& task = execution.task(static_cast<TaskId>(id));
    if (task.state != engine::Task::State::kRunnable || task.pending.object == nullptr) continue;
    const engine::Object& object = *task.pending.object;
    const std::string_view role = object.role->name();
    if (role == "page" ? object.index == pfn : role == "var_table" || role == "pgmap.done") return true;
  }
  return false;
}

/* Who keeps a page of a file from becoming idle that somebody waits for: no task holds a page, so the engine
 * cannot know. */
std::string pins_words(const scenario::Runner& runner) {
  std::string words;
  for (const oracle::Pin* pin = runner.oracles().history().pins(); pin != nullptr; pin = pin->next) {
    if (pin->inode == nullptr || !is_waited_for(runner, pin->pfn)) continue;
    const uint64_t page = pin->cell / runner.machine().cells;
    words += "; page " + std::to_string(page) + " of " + runner.oracles().names().files[pin->inode->id] +
             " is pinned by " + std::string(runner.execution().task(pin->task).name) + " op " +
             std::to_string(pin->op) + " (" + operation_words(runner, pin->task, pin->op) + "), since step " +
             std::to_string(pin->step);
  }
  return words;
}

}  // namespace

std::string deed_words(const scenario::Runner& runner, const Event& event) {
  std::string text = state_words(runner, event);
  if (text.empty()) text = read_words(runner, event);
  return text.empty() ? plain_words(runner, event) : text;
}

std::string event_words(const scenario::Runner& runner, const Event& event) {
  switch (event.kind) {
    case EventKind::k_invoke:
      return operation_words(runner, event.task, event.value);
    case EventKind::k_ret:
      return result_words(event.value);
    case EventKind::k_crash:
      return "power failure";
    default:
      break;
  }
  std::string text = deed_words(runner, event);
  const char* function = event.site->function;
  return function[0] == '\0' ? text : function_words(function) + ": " + text;
}

std::string step_words(const scenario::Runner& runner, uint32_t step) {
  auto trace = runner.execution().trace();
  const Event& event = trace[step];
  std::string name(runner.execution().task(event.task).name);
  if (event.kind == EventKind::k_invoke)
    return name + " begins op " + std::to_string(event.value) + " (" + event_words(runner, event) + ")";
  if (event.kind == EventKind::k_ret) {
    for (uint32_t i = step; i-- > 0;) {
      if (trace[i].task != event.task || trace[i].kind != EventKind::k_invoke) continue;
      return name + " returns from op " + std::to_string(trace[i].value) + " (" +
             operation_words(runner, event.task, trace[i].value) + ")";
    }
  }
  return name + " " + event_words(runner, event);
}

std::string sentence_words(const scenario::Runner& runner, const engine::Finding& finding) {
  const std::string sentence = renamed(runner, finding.describe(finding, runner.execution()));
  return finding.verdict == "deadlock" ? sentence + pins_words(runner) : sentence;
}

std::string finding_words(const scenario::Runner& runner, const engine::Finding& finding) {
  return std::string(finding.verdict) + ": " + sentence_words(runner, finding) + ".";
}

std::vector<uint32_t> steps_named(const std::string& sentence) {
  constexpr std::string_view kWord = "step ";
  std::vector<uint32_t> steps;
  for (size_t at = sentence.find(kWord); at != sentence.npos; at = sentence.find(kWord, at + 1)) {
    uint32_t step = 0;
    const char* from = sentence.data() + at + kWord.size();
    if (std::from_chars(from, sentence.data() + sentence.size(), step).ptr != from) steps.push_back(step);
  }
  return steps;
}

}  // namespace daxrace::replay
