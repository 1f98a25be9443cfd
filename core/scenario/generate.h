/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random programs, from the operation table alone: its weights and its argument kinds. No operation, scenario
 * or patch is known here, so what the fuzzer finds nobody has told it.
 */
#ifndef DAXRACE_CORE_SCENARIO_GENERATE_H_
#define DAXRACE_CORE_SCENARIO_GENERATE_H_

#include <cstdint>

#include "core/engine/random.h"
#include "core/scenario/program.h"

namespace daxrace::scenario {

/* All bounds are included, and within those of program.h. Programs are small because small programs run fast,
 * and because their operations meet more often. */
struct GenerateOptions {
  int files_max = 2;         /* 1 at least */
  int processes_max = 3;     /* 1 at least */
  int setup_regions_max = 4; /* 1 at least */
  int regions_max = 8;
  int tasks_max = 3; /* 1 at least */
  int ops_max = 8;   /* of a task; 1 at least */
  int switches_max = 4;
  uint32_t config_one_in = UINT32_MAX; /* another machine or file system than the one given; that: never */
  uint32_t sharing = 85; /* per cent of the operands that prefer what is used already; 0: none */
  uint32_t steps_of_operation =
      16; /* on average; the switch points of a schedule fall within as many steps */
};

/* The same seed gives the same program. */
Program generate(engine::Random& random, const Config& config, const GenerateOptions& options = {});

/* Changes one thing about the machine or the file system: what the text form can say, but the kernel. */
void vary(engine::Random& random, Config& config);

/* An estimate of how many steps the program takes; at least 1. */
uint32_t estimate_steps(const Program& program, uint32_t steps_of_operation);

}  // namespace daxrace::scenario

#endif  // DAXRACE_CORE_SCENARIO_GENERATE_H_
