/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A worker reports an execution by its choices; the parent runs it again, so that a finding is shown and
 * saved as if the parent had come to it.
 */
#include <cinttypes>
#include <cstdio>

#include "core/engine/checkpoint.h"
#include "core/scenario/text.h"
#include "daxrace_version.h"
#include "replay/command.h"
#include "replay/exhaust.h"

namespace daxrace::replay {

namespace {

constexpr size_t kChoiceBytes = 5;

std::string hex(uint64_t number) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016" PRIx64, number);
  return digits;
}

/* What is searched: what the program does, not what is said about it; the kernel; what ends the search. The
 * trace of the schedule without switches stands for the model, which may have changed in the meantime. */
std::string subject_of(scenario::Runner& runner, const ExhaustOptions& options) {
  scenario::Program program = runner.program();
  program.title.clear();
  program.source.clear();
  program.question.clear();
  program.mirrors.clear();
  program.notes.clear();
  program.expectations.clear();
  program.found.reset();
  program.schedule = {};
  std::vector<engine::RecordedSwitch> switches;
  std::vector<engine::RecordedDraw> draws;
  engine::ReplayStrategy plain(switches, draws);
  plain.begin();
  runner.run(plain);
  std::string looked_for = options.only.empty() ? std::string("any finding") : options.only;
  return looked_for + (options.stop_at_first ? ", once" : ", all") + "; program " +
         hex(engine::hash_text(scenario::print(program))) + ", " + describe(runner.kernel()) + ", " +
         std::to_string(runner.execution().limits().op_steps_max) + " steps, daxrace " DAXRACE_VERSION " " +
         hex(runner.execution().trace_hash());
}

std::string choices_of(const engine::Execution& execution) {
  std::vector<engine::RecordedSwitch> switches;
  std::vector<engine::RecordedDraw> draws;
  engine::record_choices(execution, switches, draws);
  std::string bytes;
  engine::ByteWriter out(bytes);
  out.u64(execution.trace_hash());
  out.u64(switches.size());
  for (const engine::RecordedSwitch& each : switches) {
    out.u32(each.step);
    out.u8(each.task);
  }
  out.u64(draws.size());
  for (const engine::RecordedDraw& each : draws) {
    out.u32(each.step);
    out.u32(each.value);
  }
  return bytes;
}

void run_again(scenario::Runner& runner, std::string_view choices) {
  engine::ByteReader in(choices);
  uint64_t hash = in.u64();
  std::vector<engine::RecordedSwitch> switches(in.count(kChoiceBytes));
  for (engine::RecordedSwitch& each : switches) {
    each.step = in.u32();
    each.task = in.u8();
  }
  std::vector<engine::RecordedDraw> draws(in.count(kChoiceBytes));
  for (engine::RecordedDraw& each : draws) {
    each.step = in.u32();
    each.value = in.u32();
  }
  engine::ReplayStrategy replay(switches, draws);
  replay.begin();
  runner.run(replay);
  if (runner.execution().trace_hash() != hash) throw UsageError{"harness: a replay gave another trace"};
}

/* Notes the verdicts of the last execution; whether one of them is new. */
bool note_verdicts(const engine::Execution& execution, const std::string& only, uint32_t bound,
                   std::map<std::string, uint32_t>& verdicts) {
  const engine::Finding* headline = execution.headline();
  if (!only.empty() && (headline == nullptr || headline->verdict != only)) return false;
  bool fresh = false;
  for (const engine::Finding& finding : execution.findings()) {
    fresh = verdicts.try_emplace(std::string(finding.verdict), bound).second || fresh;
  }
  return fresh;
}

engine::WorkersResult search(scenario::Runner& runner, const ExhaustOptions& options,
                             const OnFinding& on_finding, std::map<std::string, uint32_t>& verdicts) {
  std::unique_ptr<engine::Search> made = search_of(options);
  engine::Search& search = *made;
  search.set_subject(subject_of(runner, options));
  std::map<std::string, uint32_t> told; /* of this worker */
  engine::WorkersCallbacks callbacks;
  callbacks.run = [&](engine::Search& part, std::string* report) {
    runner.run(part);
    const engine::Execution& execution = runner.execution();
    if (note_verdicts(execution, options.only, part.bound(), told)) *report = choices_of(execution);
  };
  callbacks.report = [&](uint32_t bound, std::string_view report) {
    run_again(runner, report);
    if (!note_verdicts(runner.execution(), options.only, bound, verdicts)) return engine::Kept::kNo;
    on_finding(bound);
    return options.stop_at_first ? engine::Kept::kStop : engine::Kept::kYes;
  };
  callbacks.progress = options.progress;
  return engine::run_workers(search,
                             {.jobs = options.jobs,
                              .checkpoint = options.checkpoint,
                              .resume = options.resume,
                              .checkpoint_ms = options.checkpoint_ms},
                             callbacks);
}

}  // namespace

void check_resume(scenario::Runner& runner, const ExhaustOptions& options) {
  std::unique_ptr<engine::Search> made = search_of(options);
  engine::Search& search = *made;
  search.set_subject(subject_of(runner, options));
  std::string bytes;
  std::string error;
  std::string_view payload;
  if (!engine::read_file(options.resume, &bytes, &error)) throw UsageError{error};
  if (!engine::unseal(bytes, search.identity(), &payload, &error)) {
    throw UsageError{options.resume + ": " + error};
  }
}

Exhausted exhaust_by_workers(scenario::Runner& runner, const ExhaustOptions& options,
                             const OnFinding& on_finding) {
  Exhausted result;
  engine::WorkersResult searched = search(runner, options, on_finding, result.verdicts);
  if (searched.end == engine::WorkersResult::End::kFailed) throw UsageError{searched.error};
  for (const auto& each : searched.bounds) {
    result.bounds.push_back(
        {each.bound, each.stats.executions, each.stats.pruned, each.stats.repeats, each.complete});
  }
  const engine::Search::Stats& total = searched.last.stats;
  result.executions = total.all();
  result.states = total.states;
  result.steps = total.steps;
  result.interrupted = searched.end == engine::WorkersResult::End::kInterrupted;
  result.done = result.interrupted ? searched.last.done : 0;
  result.killed = searched.killed;
  result.not_written = searched.error;
  return result;
}

}  // namespace daxrace::replay
