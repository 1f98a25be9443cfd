/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the commands of `daxrace` share: exit codes, the input file, the kernel that was asked for.
 */
#ifndef DAXRACE_REPLAY_COMMAND_H_
#define DAXRACE_REPLAY_COMMAND_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/engine/strategies.h"
#include "core/scenario/execute.h"
#include "replay/arguments.h"

namespace daxrace::replay {

enum ExitCode {
  kNoFinding = 0,
  kFound = 1,
  kUsage = 2, /* or a bad file, or a fault of the harness */
  kInterrupted = 130,
};

/* Ends a command with one line on stderr and exit 2. Thrown and caught outside of executions. */
struct UsageError {
  std::string line;
};

/* Each command adds itself to the application; when it was chosen, its callback sets *exit_code. */
#define COMMAND(name, summary) void add_##name(Command app, const char* text, int* exit_code);
#include "replay/commands.def"
#undef COMMAND

/* --- the program to work on
 * ---------------------------------------------------------------------------------- */

struct Input {
  std::string path;
  scenario::Program program;
  bool lenient = false; /* the file is not a valid program; this is what could be made of it */
  std::string why;      /* it is not */
};

/* Strictly, with the names of patches and verdicts checked. Throws UsageError. */
Input read_strict(const std::string& path);
/* Falls back to the lenient reader. Throws UsageError if the file cannot be read or is not text of a program
 * at all. */
Input read_any(const std::string& path);
/* On stderr, if that was so: why, and the program as it is now. */
void tell_if_lenient(const Input& input);

/* The files named, and all *.dax below the directories named, sorted. Throws UsageError for an empty
 * directory. */
std::vector<std::string> scenario_files(const std::vector<std::string>& paths);

/* --kernel, --without, --with. */
struct KernelOptions {
  scenario::KernelChoice choice;
  void add_to(Command command);
  /* The program's choice with what the command line adds; a release on the command line replaces it. */
  scenario::KernelChoice over(const scenario::Program& program) const;
};

/* Loads the program with that kernel. Throws UsageError. */
void load(scenario::Runner& runner, const Input& input, const scenario::KernelChoice& kernel);

std::string describe(const scenario::KernelChoice& kernel);

/* The strategy that --strategy names; for `explore`, one that comes to an end. Throw UsageError. */
const engine::StrategyInfo& strategy_called(const std::string& name);
const engine::StrategyInfo& exhaustive_strategy_called(const std::string& name);

/* --- reports
 * ------------------------------------------------------------------------------------------------- */

/* The first line of a run: version, command, file, kernel, and whatever bounds it. */
void print_header(const std::string& command, const Input& input, const scenario::KernelChoice& kernel,
                  const std::string& bounds);

/* 1234567 as "1,234,567". */
std::string grouped(uint64_t number);
/* "1 switch", "2 switches". */
std::string counted(uint64_t number, const char* one, const char* many);
/* Breaks at spaces; every line begins with `indent`. */
std::string wrapped(const std::string& text, size_t width, const std::string& indent);

/* The program of the last execution as a finding: its schedule with anchors, what was found, the trace hash.
 */
scenario::Program finding_program(const scenario::Runner& runner);
/* Before anything is run: whether `path`, if it is not empty, names a file that could be written. Throws
 * UsageError. */
void check_writable(const std::string& path);
/* Writes it by a temporary name and rename(), or to standard output where `path` is empty. Throws UsageError.
 */
void write_text(const std::string& text, const std::string& path);
void write_program(const scenario::Program& program, const std::string& path);
/* `VERDICT-XXXXXXXX.dax`, from the signature. */
std::string finding_name(const scenario::Runner& runner);

/* Timeline, sentence and further findings of the last execution. */
void print_finding(const scenario::Runner& runner);
nlohmann::json json_of_execution(const scenario::Runner& runner);
nlohmann::json json_of_events(const scenario::Runner& runner);
void print_json(const nlohmann::json& json);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_COMMAND_H_
