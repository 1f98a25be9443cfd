/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One program on many kernels: which of them show what. What `bisect` and `matrix` do.
 */
#ifndef DAXRACE_REPLAY_KERNEL_TRIALS_H_
#define DAXRACE_REPLAY_KERNEL_TRIALS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/model/patches.h"
#include "core/scenario/execute.h"

namespace daxrace::replay {

struct TrialOptions {
  uint32_t preemptions = 2;
  uint64_t executions_max = 200000; /* of one kernel */
  /* A verdict: a kernel that shows it is left at once, and is first asked with the program's own schedule.
   * Empty: all verdicts are wanted, each with the fewest preemptions. */
  std::string until;
};

struct Trial {
  std::string impossible;                   /* why there is no such kernel; empty: there is */
  std::map<std::string, uint32_t> verdicts; /* of headlines: the fewest preemptions that show it,
                                             * with `until` those of the first schedule that did */
  uint64_t executions = 0;
  bool complete = false; /* all schedules within the bound were run */
};

/* Kernels that have the same form of every function are tried once. */
class KernelTrials {
 public:
  /* The program must outlive it. */
  KernelTrials(const scenario::Program& program, const TrialOptions& options)
      : program_(program), options_(options) {}

  const Trial& on(const scenario::KernelChoice& kernel);

 private:
  Trial run(const scenario::KernelChoice& kernel) const;

  const scenario::Program& program_;
  TrialOptions options_;
  std::vector<std::pair<kernel::model_forms, Trial>> done_;
  Trial impossible_;
};

/* Releases of which the model knows the same: `first` to `last`. */
struct Releases {
  std::string first;
  std::string last;
};
/* All that are modelled, oldest first. */
std::vector<Releases> releases();
std::string words_of(const Releases& range);

/* Releases by age, "v4.9" before "v4.10". */
bool older(std::string_view a, std::string_view b);

/* "never", "stale-read (1)", with the preemptions; " ?" behind it if not all schedules were run. */
std::string words_of(const Trial& trial);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_KERNEL_TRIALS_H_
