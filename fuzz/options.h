/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The options of daxrace-fuzz. They start with two dashes, which libFuzzer passes over; so they stay on the
 * command line, and the processes that libFuzzer starts (-fork, -jobs, -minimize_crash) get them too. What
 * there is says help().
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
  bool help = false;
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

/* What --help prints. */
std::string help();

/* The options among the arguments, without the name of the program. Returns the error in one line, or
 * nothing. `verdicts` are those that --only takes. */
std::string read_options(const std::vector<std::string_view>& arguments,
                         const std::vector<std::string_view>& verdicts, Options& options);

}  // namespace daxrace::fuzz

#endif  // DAXRACE_FUZZ_OPTIONS_H_
