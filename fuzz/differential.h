/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differential fuzzing: a finding counts only if another kernel does not have it too. What did a release
 * break, or what did it mend, when both have other failures as well?
 */
#ifndef DAXRACE_FUZZ_DIFFERENTIAL_H_
#define DAXRACE_FUZZ_DIFFERENTIAL_H_

#include <string>
#include <string_view>
#include <unordered_map>

#include "core/scenario/execute.h"

namespace daxrace::fuzz {

class Differential {
 public:
  explicit Differential(std::string version) { kernel_.version = std::move(version); }

  /* Whether the program shows the verdict on the other kernel: under `schedule`, or under one of kSchedules
   * sampled ones, half of them random and half PCT. Runs executions of its own. */
  bool shows(const scenario::Program& program, std::string_view verdict, engine::Strategy& schedule);

  static constexpr int kSchedules = 1000;

 private:
  scenario::KernelChoice kernel_;
  scenario::Runner runner_;
  /* By program and verdict: mutants of a schedule ask the same again. */
  std::unordered_map<uint64_t, bool> known_;

  bool sample(std::string_view verdict);
  bool run(engine::Strategy& strategy, std::string_view verdict);
};

}  // namespace daxrace::fuzz

#endif  // DAXRACE_FUZZ_DIFFERENTIAL_H_
