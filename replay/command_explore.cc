/* SPDX-License-Identifier: GPL-2.0-only */
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/engine/interrupt.h"
#include "replay/command.h"
#include "replay/exhaust.h"
#include "replay/progress.h"

namespace daxrace::replay {

namespace {

struct Options {
  std::string file;
  KernelOptions kernel;
  std::string strategy = "dfs";
  std::string preemptions;
  bool no_prune = false;
  bool all = false;
  std::string only;
  std::string save;
  bool no_save = false;
  int jobs = 1;
  std::string checkpoint;
  std::string resume;
  bool json = false;
};

std::string coverage(const Exhausted& result, const scenario::Program& program, uint32_t bound,
                     const std::string& strategy) {
  size_t ops = 0;
  for (const scenario::Task& task : program.tasks) ops += task.ops.size();
  std::string schedules = bound == UINT32_MAX
                              ? "every schedule"
                              : "every schedule with at most " + std::to_string(bound) + " preemptions";
  std::string text = schedules + " of " + counted(program.tasks.size(), "task", "tasks") + " with " +
                     std::to_string(ops) + " operations, " +
                     std::to_string(program.config.geometry.pmd_pages) + " pages a PMD, " +
                     std::to_string(program.config.geometry.cells) + " cells a page";
  if (strategy == "dpor")
    text +=
        "; of those that only differ in the order of steps that do not conflict, one, which has the data "
        "races of all";
  if (result.states != 0) {
    text += "; " + grouped(result.states) +
            " states, told apart by 128 bits (two of them alike with probability < 2^-" +
            std::to_string(collision_bits(result.states)) + "); data races are not claimed";
  }
  return text;
}

std::string bound_name(uint32_t bound) {
  return bound == UINT32_MAX ? "no bound" : "bound " + std::to_string(bound);
}

/* Nothing that is there already is written over, but what the search goes on from. */
void check_checkpoint(const ExhaustOptions& options) {
  check_writable(options.checkpoint);
  if (options.checkpoint.empty() || options.checkpoint == options.resume) return;
  if (!std::filesystem::exists(options.checkpoint)) return;
  throw UsageError{options.checkpoint + ": exists; `--resume " + options.checkpoint +
                   "` goes on from it, if it is a checkpoint"};
}

ExhaustOptions exhaust_options(const Options& options, uint32_t bound) {
  ExhaustOptions exhaust;
  exhaust.strategy = options.strategy;
  exhaust.bound = bound;
  exhaust.prune = !options.no_prune;
  exhaust.stop_at_first = !options.all;
  exhaust.only = options.only;
  exhaust.interruptible = true;
  exhaust.jobs = options.jobs;
  exhaust.resume = options.resume;
  exhaust.checkpoint = options.checkpoint.empty() ? options.resume : options.checkpoint;
  exhaust.checkpoint_ms = milliseconds_of("DAXRACE_CHECKPOINT_MS", exhaust.checkpoint_ms);
  return exhaust;
}

void print_bounds(const Exhausted& result) {
  for (const BoundStats& stats : result.bounds) {
    std::cout << bound_name(stats.bound) << ": " << counted(stats.executions, "execution", "executions");
    if (stats.pruned != 0) std::cout << " and " << grouped(stats.pruned) << " that met a known state";
    if (stats.repeats != 0)
      std::cout << " and " << grouped(stats.repeats) << " that turned out to repeat others";
    std::cout << (stats.complete ? "\n" : ", not finished\n");
  }
}

void print_interrupted(const Exhausted& result, const std::string& checkpoint) {
  std::cout << "INTERRUPTED after " << counted(result.executions, "execution", "executions") << ": "
            << left_of(result.done);
  uint32_t bound = result.bounds.back().bound;
  if (bound != UINT32_MAX) std::cout << " of " << bound_name(bound);
  std::cout << " is left";
  if (!checkpoint.empty() && result.not_written.empty()) {
    std::cout << "; the same command with --resume " << checkpoint << " goes on";
  }
  std::cout << "\n";
}

int run(const Options& options) {
  exhaustive_strategy_called(options.strategy);
  const bool bounded = options.strategy == "dfs";
  if (!bounded && (!options.preemptions.empty() || options.no_prune)) {
    throw UsageError{"--preemptions and --no-prune are for --strategy dfs: " + options.strategy +
                     " has no bound"};
  }
  const std::string preemptions = !bounded ? "all" : options.preemptions.empty() ? "2" : options.preemptions;
  uint32_t bound = UINT32_MAX;
  if (preemptions != "all") bound = static_cast<uint32_t>(std::stoul(preemptions));
  Input input = read_strict(options.file);
  check_writable(options.save);
  scenario::Runner runner;
  scenario::KernelChoice kernel = options.kernel.over(input.program);
  load(runner, input, kernel);
  ExhaustOptions exhaustion = exhaust_options(options, bound);
  check_checkpoint(exhaustion);
  if (!exhaustion.resume.empty()) check_resume(runner, exhaustion);
  if (!options.json) {
    print_header("explore", input, kernel,
                 (bound == UINT32_MAX ? std::string("no bound on preemptions")
                                      : "at most " + preemptions + " preemptions") +
                     (bounded ? "" : "; strategy " + options.strategy) +
                     (options.no_prune ? ", no state is recognised" : ""));
  }
  engine::Interrupt until_all_is_written;
  std::string path = options.save;
  bool saved = false;
  const bool terminal = isatty(STDERR_FILENO) != 0;
  ProgressLine progress(terminal, progress_period(terminal));
  exhaustion.progress = [&](const engine::WorkersProgress& now) { progress.show(now); };
  auto on_finding = [&](uint32_t at_bound) {
    progress.erase();
    if (!options.no_save && !saved) {
      if (path.empty()) path = finding_name(runner);
      write_program(finding_program(runner), path);
      saved = true;
    }
    if (options.json) return;
    std::cout << "FOUND " << runner.execution().headline()->verdict << " with "
              << counted(at_bound == UINT32_MAX ? runner.execution().preemptions() : at_bound, "preemption",
                         "preemptions")
              << "\n";
    print_finding(runner);
  };
  Exhausted result = exhaust(runner, exhaustion, on_finding);
  progress.erase();
  if (result.killed != 0) {
    spdlog::warn(counted(static_cast<uint64_t>(result.killed), "worker was", "workers were") +
                 " killed, and what they had to do was done again");
  }
  if (!result.not_written.empty()) spdlog::error("no checkpoint: " + result.not_written);
  if (options.json) {
    nlohmann::json json = json_of(result, options.strategy);
    if (saved) json["file"] = path;
    if (result.interrupted && result.not_written.empty() && !exhaustion.checkpoint.empty()) {
      json["checkpoint"] = exhaustion.checkpoint;
    }
    print_json(json);
  } else {
    print_bounds(result);
    if (saved) std::cout << "daxrace replay " << path << "\n";
    if (result.interrupted) print_interrupted(result, exhaustion.checkpoint);
  }
  if (result.interrupted) return kInterrupted;
  if (!result.verdicts.empty()) return kFound;
  if (!options.json) {
    std::cout << "PASSED " << grouped(result.executions)
              << " executions: " << coverage(result, input.program, bound, options.strategy) << "\n";
  }
  return kNoFinding;
}

}  // namespace

void add_explore(Command app, const char* text, int* exit_code) {
  auto options = std::make_shared<Options>();
  Command command = app.add_command("explore", text);
  command.add_option("FILE", options->file, "program to explore").required();
  options->kernel.add_to(command);
  command
      .add_option("--strategy", options->strategy,
                  "dfs: bound by bound; dpor or stateful: without a bound, `daxrace list strategies`")
      .shows_default();
  command.add_option("--preemptions", options->preemptions, "bound of dfs, from 0 up to it; or `all`")
      .shows_default("2")
      .check([](const std::string& value) -> std::string {
        bool number =
            !value.empty() && value.size() < 6 && value.find_first_not_of("0123456789") == value.npos;
        return number || value == "all" ? "" : "expected a number up to 99999, or `all`, not `" + value + "`";
      });
  command.add_flag("--no-prune", options->no_prune, "brute force: follow every schedule to its end");
  command.add_flag("--all", options->all, "go on after a finding, for the set of verdicts");
  command.add_option("--only", options->only, "look for this verdict alone: `daxrace list verdicts`")
      .check([](const std::string& value) -> std::string {
        return oracle::find_verdict(value) != nullptr ? "" : "no oracle has the verdict `" + value + "`";
      });
  command.add_option("--save", options->save, "file to write the first finding to (VERDICT-DIGITS.dax)");
  command.add_flag("--no-save", options->no_save, "do not write a finding");
  command.add_option("--jobs", options->jobs, "worker processes; few do not pay for stateful")
      .shows_default()
      .within(1, 256);
  command.add_option("--checkpoint", options->checkpoint,
                     "file to go on from with --resume: written when interrupted (SIGINT, SIGTERM) and every "
                     "30 seconds, removed at the end");
  command.add_option(
      "--resume", options->resume,
      "go on from a checkpoint of the same command, with any --jobs; it is the checkpoint again");
  command.add_flag("--json", options->json, "for machines");
  command.callback([options, exit_code] { *exit_code = run(*options); });
}

}  // namespace daxrace::replay
