/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/scenario/generate.h"

#include <algorithm>

#include "core/scenario/operands.h"
#include "core/scenario/text.h"

namespace daxrace::scenario {

namespace {

class Generator {
 public:
  Generator(engine::Random& random, const Config& config, const GenerateOptions& options)
      : random_(random),
        options_(options),
        operands_(random, program_, options.sharing, options.regions_max) {
    program_.config = config;
  }

  Program generate();

 private:
  /* From 1 on, small numbers more often. */
  int count(int max) {
    const auto bound = static_cast<uint32_t>(max);
    return 1 + static_cast<int>(std::min(random_.below(bound), random_.below(bound)));
  }
  void declare(ArgKind arg, int count);
  void setup();
  void tasks();
  void schedule();

  engine::Random& random_;
  const GenerateOptions& options_;
  Program program_;
  Operands operands_;
};

void Generator::declare(ArgKind arg, int count) {
  for (; count > 0; --count) {
    Operation op;
    if (operands_.draw(operands_.kind_with(kSetupTask, arg), kSetupTask, op)) program_.setup.push_back(op);
  }
}

void Generator::setup() {
  program_.processes.resize(static_cast<size_t>(count(options_.processes_max)));
  declare(ArgKind::kNewFile, count(options_.files_max));
  declare(ArgKind::kNewRegion,
          1 + static_cast<int>(random_.below(static_cast<uint32_t>(options_.setup_regions_max))));
  /* Most races need no history. */
  for (uint32_t more = random_.one_in(4) ? 1 + random_.below(2) : 0; more > 0; --more) {
    Operation op;
    if (operands_.draw(operands_.kind(kSetupTask), kSetupTask, op)) program_.setup.push_back(op);
  }
}

void Generator::tasks() {
  const auto processes = static_cast<uint32_t>(program_.processes.size());
  const auto tasks = 1 + random_.below(static_cast<uint32_t>(options_.tasks_max));
  for (uint32_t i = 0; i < tasks; ++i) {
    program_.tasks.push_back({static_cast<int>(random_.below(processes)), {}, {}});
    for (uint32_t ops = 1 + random_.below(static_cast<uint32_t>(options_.ops_max)); ops > 0; --ops) {
      Operation op;
      const int task = static_cast<int>(i);
      if (operands_.draw(operands_.kind(task), task, op)) program_.tasks.back().ops.push_back(op);
    }
  }
}

void Generator::schedule() {
  const auto tasks = static_cast<uint32_t>(program_.tasks.size());
  if (tasks < 2) return;
  const uint32_t steps = estimate_steps(program_, options_.steps_of_operation);
  for (uint32_t n = random_.below(static_cast<uint32_t>(options_.switches_max) + 1); n > 0; --n) {
    program_.schedule.switches.push_back({random_.below(steps), static_cast<int>(random_.below(tasks)), {}});
  }
  if (random_.one_in(16)) program_.schedule.draws.push_back({random_.below(steps), 1 + random_.below(3)});
}

Program Generator::generate() {
  if (random_.one_in(options_.config_one_in)) vary(random_, program_.config);
  setup();
  tasks();
  schedule();
  repair(program_);
  return std::move(program_);
}

}  // namespace

void vary(engine::Random& random, Config& config) {
  const auto flip = [](bool& what) { what = !what; };
  switch (random.below(9)) {
    case 0:
    case 1:
      return flip(config.xfs);
    case 2:
      return flip(config.pmd_mappings);
    case 3:
      return flip(config.eadr);
    case 4:
      return flip(config.swap_exclusive);
    case 5:
      return flip(config.swap_stable_writes);
    case 6:
      return flip(config.ddio);
    case 7:
      config.geometry.cells = 1 << random.below(3);
      return;
    default:
      config.geometry.pmd_pages = 2 << random.below(3);
      return;
  }
}

uint32_t estimate_steps(const Program& program, uint32_t steps_of_operation) {
  size_t operations = program.setup.size();
  for (const Task& task : program.tasks) operations += task.ops.size();
  return std::max<uint32_t>(1, static_cast<uint32_t>(operations) * steps_of_operation);
}

Program generate(engine::Random& random, const Config& config, const GenerateOptions& options) {
  return Generator(random, config, options).generate();
}

}  // namespace daxrace::scenario
