/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a fuzzing process keeps between inputs: what the command line said, the model, the parsed form of the
 * last input.
 *
 * One input is one program with its schedule, and one execution of it. The text of a crash file is that
 * program.
 */
#ifndef DAXRACE_FUZZ_SESSION_H_
#define DAXRACE_FUZZ_SESSION_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine/strategy_replay.h"
#include "core/scenario/execute.h"
#include "core/scenario/mutate.h"
#include "fuzz/differential.h"
#include "fuzz/findings.h"
#include "fuzz/novelty.h"
#include "fuzz/options.h"

namespace daxrace::fuzz {

/* Powers of two; 16 KB together at most: libFuzzer looks at each of them after every execution. */
inline constexpr uint32_t kPairCounters = 4096;
inline constexpr uint32_t kStateCounters = 8192;
inline constexpr uint32_t kLockCounters = 2048;

class Session {
 public:
  explicit Session(Options options);

  /* Runs the program. False: not to be kept. It is none, or is for another kernel than this session's, and
   * was not run; or it ran until its schedule had to become fair. Does not return from a finding that counts,
   * unless the session keeps going. */
  bool run(std::string_view text);

  /* Replaces the text of `size` bytes by a mutant of at most `size_max`; returns its size, 0 only for
   * size_max 0. */
  size_t mutate(char* text, size_t size, size_t size_max, uint64_t seed);

  /* Writes a program out of two. 0: not this time. */
  size_t cross(std::string_view a, std::string_view b, char* out, size_t size_max, uint64_t seed);

  /* To the file that was asked for, if any. */
  void write_stats() const;

  uint64_t executions() const { return executions_; }
  /* Steps of all executions. */
  uint64_t steps() const { return steps_; }
  const scenario::Program& program() const { return last_.program; }
  const Findings& findings() const { return findings_; }

 private:
  /* The text is that of the program. */
  struct Held {
    std::string text;
    scenario::Program program;
    uint32_t steps = 0; /* of its execution; 0: not run yet */
  };

  const scenario::Program& hold(std::string_view text);
  scenario::MutateOptions mutate_options(const scenario::Program& program) const;
  size_t emit(scenario::Program& program, char* out, size_t size_max, engine::Random& random);
  void execute();
  void count(const engine::Execution& execution);
  void look(size_t size);
  void sample();
  void check_determinism();
  void handle_finding(const engine::Finding& first);
  void collect(const engine::Finding& finding, bool is_headline, const std::string& signature);
  void look_for_libfuzzer();
  void report_to_campaign();
  double seconds() const;

  Options options_;
  Findings findings_;
  scenario::Runner runner_;
  std::optional<Differential> other_;
  Held last_;
  scenario::Program scratch_;
  std::vector<engine::RecordedSwitch> switches_;
  std::vector<engine::RecordedDraw> draws_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  uint64_t executions_ = 0;
  uint64_t steps_ = 0;
  uint64_t operations_ = 0;
  uint64_t first_finding_ = 0; /* executions up to it; 0: none */
  double first_finding_seconds_ = 0;
  double first_finding_cpu_seconds_ = 0;
  std::chrono::steady_clock::time_point next_report_ = started_;
  Novelty code_covered_;  /* of a campaign: the compiler's counters */
  Novelty other_covered_; /* and our own, the pairs first */
};

}  // namespace daxrace::fuzz

#endif  // DAXRACE_FUZZ_SESSION_H_
