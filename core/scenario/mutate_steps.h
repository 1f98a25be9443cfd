/* SPDX-License-Identifier: GPL-2.0-only */
/* The single mutations. Each takes a valid program, and may leave one that needs a repair(). */
#ifndef DAXRACE_CORE_SCENARIO_MUTATE_STEPS_H_
#define DAXRACE_CORE_SCENARIO_MUTATE_STEPS_H_

#include <span>

#include "core/scenario/mutate.h"
#include "core/scenario/operands.h"

namespace daxrace::scenario {

struct MutationContext {
  engine::Random& random;
  Program& program;
  const MutateOptions& options;

  /* bound >= 1 */
  size_t below(size_t bound) const { return random.below(static_cast<uint32_t>(bound)); }
  int any_task() const { return static_cast<int>(below(program.tasks.size())); }
  /* A task, or now and then a request to a device, for a schedule to switch to. */
  int any_target() const;
  std::vector<Operation>& ops_of(int task) const {
    return task == kSetupTask ? program.setup : program.tasks[static_cast<size_t>(task)].ops;
  }
  Operands operands() const {
    return {random, program, options.generate.sharing, options.generate.regions_max};
  }
  uint32_t steps() const {
    return options.steps != 0 ? options.steps : estimate_steps(program, options.generate.steps_of_operation);
  }
};

struct Mutation {
  /* False: it cannot be done to this program, which is unchanged. */
  bool (*apply)(const MutationContext& context);
  uint32_t weight;
};

/* mutate_ops.cc: operations, setup and tasks */
std::span<const Mutation> operation_mutations();
/* mutate_schedule.cc: only for programs with two tasks at least */
std::span<const Mutation> schedule_mutations();

/* Everything that is said about the program, and would not be true of a mutant. */
void strip(Program& program);

}  // namespace daxrace::scenario

#endif  // DAXRACE_CORE_SCENARIO_MUTATE_STEPS_H_
