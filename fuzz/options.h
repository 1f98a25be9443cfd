/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The options of daxrace-fuzz. They start with two dashes, which libFuzzer passes over; so they stay on the
 * command line, and the processes that libFuzzer starts (-fork, -jobs, -minimize_crash) get them too.
 *
 *   --kernel=V --without=ROW --with=ROW   the kernel, as the daxrace command takes it; rows may be repeated
 *   --mode=mutate|uniform|portfolio       uniform: every input is drawn afresh and nothing is learnt from
 *                                         coverage; portfolio: so is every program, and it runs under as many
 *                                         schedules as a loop of `daxrace run` would give it; what mutation
 *                                         is compared with
 *   --code=on|off                         feedback: coverage of the model's code
 *   --pairs=on|off                        feedback: pairs of places in different tasks that touched the same
 *                                         object
 *   --states=on|off                       feedback: where the other tasks stand when an operation ends
 *   --locks=on|off                        feedback: which lock is taken under which
 *   --only=VERDICT                        other verdicts are no findings
 *   --ignore=PREFIX                       nor are those whose signature starts so; may be repeated
 *   --unless=V                            nor those whose program shows the verdict on kernel V too
 *   --keep-going                          write the first input of each signature beside the crash files and
 * go on
 *   --campaign=DIR                        work for a campaign: keep going, findings go to DIR and the
 * smallest input of each signature stays, the file of --stats is written every second, SIGTERM is an orderly
 * end
 *   --stats=FILE                          at the end or at a finding, what was done: lines of `key value`
 */
#ifndef DAXRACE_FUZZ_OPTIONS_H_
#define DAXRACE_FUZZ_OPTIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/scenario/program.h"

namespace daxrace::fuzz {

enum class Mode : uint8_t { kMutate, kUniform, kPortfolio };

struct Options {
  scenario::KernelChoice kernel;
  bool kernel_given = false;
  Mode mode = Mode::kMutate;
  bool code = true;
  bool pairs = true;
  bool states = true;
  bool locks = true;
  std::string only; /* empty: every verdict */
  std::vector<std::string> ignore;
  std::string unless; /* empty: no other kernel is asked */
  bool keep_going = false;
  std::string campaign; /* empty: no campaign */
  std::string stats;
  /* From libFuzzer's own options. */
  std::string artifact_prefix;
  bool runs_files = false; /* inputs are named one by one: they are run, nothing is fuzzed */
};

/* The options among the arguments, without the name of the program. Returns the error in one line, or
 * nothing. `verdicts` are those that --only takes. */
std::string read_options(const std::vector<std::string_view>& arguments,
                         const std::vector<std::string_view>& verdicts, Options& options);

}  // namespace daxrace::fuzz

#endif  // DAXRACE_FUZZ_OPTIONS_H_
