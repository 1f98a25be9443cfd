/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/scenario/mutate.h"

#include "core/scenario/mutate_steps.h"
#include "core/scenario/repair_steps.h"
#include "core/scenario/text.h"

namespace daxrace::scenario {

namespace {

constexpr int kStackedMax = 8;

/* One of `mutations`, by weight; those that cannot be done are drawn again. */
bool apply_one(const MutationContext& context, std::span<const Mutation> mutations) {
  constexpr int kTries = 8;
  uint32_t sum = 0;
  for (const Mutation& mutation : mutations) sum += mutation.weight;
  for (int i = 0; i < kTries; ++i) {
    uint32_t left = context.random.below(sum);
    size_t which = 0;
    while (left >= mutations[which].weight) left -= mutations[which++].weight;
    if (mutations[which].apply(context)) return true;
  }
  return false;
}

}  // namespace

void strip(Program& program) {
  program.title.clear();
  program.source.clear();
  program.question.clear();
  program.mirrors.clear();
  program.notes.clear();
  program.expectations.clear();
  program.found.reset();
  program.orders.clear();
  for (Switch& entry : program.schedule.switches) entry.anchor = {};
}

void mutate(engine::Random& random, Program& program, const MutateOptions& options) {
  strip(program);
  if (program.tasks.empty() || random.one_in(options.fresh_one_in)) {
    program = generate(random, program.config, options.generate);
    return;
  }
  if (random.one_in(options.config_one_in)) {
    vary(random, program.config);
    repair(program); /* what was within a larger geometry */
  }
  const MutationContext context{random, program, options};
  int count = 1;
  while (count < kStackedMax && random.one_in(2)) ++count;
  /* Mostly of one sort: a new operation moves the steps that the schedule is about. */
  const bool mixed = random.one_in(4);
  bool schedule = random.one_in(2);
  for (; count > 0; --count) {
    if (mixed) schedule = random.one_in(2);
    if (schedule && program.tasks.size() > 1) {
      apply_one(context, schedule_mutations());
      repair_schedule(program);
    } else {
      apply_one(context, operation_mutations());
      repair(program);
    }
  }
}

bool shrink(engine::Random& random, Program& program) {
  strip(program);
  Schedule& schedule = program.schedule;
  if (!schedule.draws.empty()) {
    schedule.draws.pop_back();
  } else if (schedule.switches.size() > 2) {
    schedule.switches.pop_back();
  } else {
    std::vector<Operation>* longest = &program.setup;
    for (Task& task : program.tasks) {
      if (task.ops.size() > longest->size()) longest = &task.ops;
    }
    if (longest->empty()) return false;
    longest->erase(longest->begin() + random.below(static_cast<uint32_t>(longest->size())));
  }
  repair(program);
  return true;
}

}  // namespace daxrace::scenario
