/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A target that must fail: it proves that the harness finds a race, replays it, and stops with a crash file.
 * Linked with the same harness as daxrace-fuzz.
 *
 * The failure: one operation on a file is interrupted twice, and each time another task does a whole
 * operation on the same file before it goes on. That takes two tasks that share a file, and three switches at
 * the right steps.
 */
#include <string>

#include "fuzz/planted.h"

namespace daxrace::fuzz {
namespace {

int32_t file_of(const scenario::Program& program, engine::TaskId task, uint64_t op) {
  if (task == 0 || task > program.tasks.size()) return -1;
  const auto& ops = program.tasks[task - 1u].ops;
  return op < ops.size() ? scenario::argument(ops[op], scenario::ArgKind::kFile) : -1;
}

/* What has been seen of one operation since it was invoked. */
struct Progress {
  int32_t file = -1;
  int interruptions = 0;    /* that it got on after */
  bool interrupted = false; /* a whole operation of another task has been seen since it last got on */
};

constexpr int kInterruptionsWanted = 2;

std::string describe(const engine::Finding& finding, const engine::Execution& execution) {
  return std::string(execution.task(finding.task).name) + "'s operation " + std::to_string(finding.args[0]) +
         " was interrupted twice by whole operations on its file (step " + std::to_string(finding.step) + ")";
}

void report(engine::Execution& execution, engine::TaskId task, uint32_t step) {
  engine::Finding finding;
  finding.verdict = kPlantedVerdict;
  finding.precedence = 0;
  finding.task = task;
  finding.step = step;
  finding.args[0] = execution.task(task).op;
  finding.describe = describe;
  execution.report(finding);
}

void look(scenario::Runner& runner) {
  engine::Execution& execution = runner.execution();
  Progress running[scenario::kTasksMax + 1];
  bool alone[scenario::kTasksMax + 1] = {};
  engine::TaskId last = 0;
  const auto trace = execution.trace();
  for (uint32_t step = 0; step < trace.size(); ++step) {
    const engine::Event& event = trace[step];
    Progress& mine = running[event.task];
    if (event.task != last) alone[event.task] = false;
    last = event.task;
    if (mine.interrupted && ++mine.interruptions == kInterruptionsWanted) {
      report(execution, event.task, step);
      return;
    }
    mine.interrupted = false;
    if (event.kind == engine::EventKind::k_invoke) {
      mine = {file_of(runner.program(), event.task, event.value)};
      alone[event.task] = true;
    }
    if (event.kind != engine::EventKind::k_ret) continue;
    const int32_t file = mine.file;
    mine = {};
    if (!alone[event.task] || file < 0) continue;
    for (Progress& other : running) other.interrupted = other.interrupted || other.file == file;
  }
}

}  // namespace
}  // namespace daxrace::fuzz

void daxrace_fuzz_planted(daxrace::scenario::Runner& runner) {
  /* A fault of the harness itself, on an input that says so. */
  if (runner.program().title == "crash the worker") __builtin_trap();
  daxrace::fuzz::look(runner);
}
