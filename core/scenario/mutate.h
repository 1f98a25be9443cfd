/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mutation of programs and of their schedules, and crossover. Like generation it follows from the operation
 * table and knows no operation, scenario or patch.
 *
 * Programs must be valid; what comes out is, and has no words about itself: title, expectations, what it
 * found and the anchors of its switches are true of the program before. The kernel stays as it is.
 */
#ifndef DAXRACE_CORE_SCENARIO_MUTATE_H_
#define DAXRACE_CORE_SCENARIO_MUTATE_H_

#include <cstdint>

#include "core/engine/execution.h"
#include "core/engine/random.h"
#include "core/scenario/generate.h"
#include "core/scenario/program.h"

namespace daxrace::scenario {

/* Bounds are included. A program that is beyond one already does not grow further, but it need not shrink. */
struct MutateOptions {
  GenerateOptions generate = {.config_one_in = 4}; /* of fresh programs; regions and sharing of all */
  int tasks_max = 4;
  int ops_max = 12; /* of a task */
  int setup_max = 12;
  int switches_max = 12;
  int draws_max = 4;
  uint32_t fresh_one_in = 10;                   /* a new program instead of a mutant */
  uint32_t config_one_in = 40;                  /* another machine or file system, too; UINT32_MAX: never */
  uint32_t steps = 0;                           /* that the program took when it ran; 0: not known */
  const engine::Execution* execution = nullptr; /* of the program, if its trace is still there */
};

/* One mutation or several. A program without tasks becomes a fresh one. */
void mutate(engine::Random& random, Program& program, const MutateOptions& options = {});

/* A program out of two, with the kernel of `a`: tasks, setup, schedule and configuration of one or the other,
 * or the setup of both. */
Program crossover(engine::Random& random, const Program& a, const Program& b,
                  const MutateOptions& options = {});

/* Takes something out, so that the text gets shorter. False: there is nothing left to take. */
bool shrink(engine::Random& random, Program& program);

}  // namespace daxrace::scenario

#endif  // DAXRACE_CORE_SCENARIO_MUTATE_H_
