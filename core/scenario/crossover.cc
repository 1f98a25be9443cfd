/* SPDX-License-Identifier: GPL-2.0-only */
#include <algorithm>

#include "core/scenario/mutate_steps.h"
#include "core/scenario/text.h"

namespace daxrace::scenario {

namespace {

class Crossing {
 public:
  Crossing(engine::Random& random, Program& child, const Program& other, const MutateOptions& options)
      : random_(random), child_(child), other_(other), options_(options) {
    strip(child_);
    strip(other_);
  }

  void tasks_of_other();
  void task_of_other();
  void schedule_of_other();
  void setup_of_other();
  void config_of_other();

 private:
  uint32_t below(size_t bound) { return random_.below(static_cast<uint32_t>(bound)); }
  void adopt_task(size_t which, int task, Operands::Renamed& renamed);
  void adopt_task(size_t which, int task) {
    auto renamed = Operands::nothing_renamed();
    adopt_task(which, task, renamed);
  }

  engine::Random& random_;
  Program& child_;
  Program other_;
  const MutateOptions& options_;
};

/* The operations of a task of the other program become those of a task of the child. */
void Crossing::adopt_task(size_t which, int task, Operands::Renamed& renamed) {
  Operands source(random_, other_, options_.generate.sharing, kRegionsMax);
  Operands target(random_, child_, options_.generate.sharing, options_.generate.regions_max);
  std::vector<Operation> adopted;
  for (const Operation& op : other_.tasks[which].ops) {
    Operation mine;
    if (target.adopt(source, op, task, renamed, mine)) adopted.push_back(mine);
  }
  child_.tasks[static_cast<size_t>(task)].ops = std::move(adopted);
}

/* Setup of one, tasks of the other. */
void Crossing::tasks_of_other() {
  child_.tasks.clear();
  repair(child_); /* the regions that they declared are gone, too */
  const auto processes = std::max(1, static_cast<int>(child_.processes.size()));
  for (size_t i = 0; i < other_.tasks.size(); ++i) {
    child_.tasks.push_back({other_.tasks[i].process % processes, {}, {}});
    adopt_task(i, static_cast<int>(i));
  }
  child_.schedule = other_.schedule;
}

/* One task of the other, instead of one of its own or besides. */
void Crossing::task_of_other() {
  const size_t which = below(other_.tasks.size());
  size_t task = below(child_.tasks.size() + 1);
  if (child_.tasks.size() >= static_cast<size_t>(options_.tasks_max)) task = below(child_.tasks.size());
  if (task == child_.tasks.size()) {
    const auto process = static_cast<int>(below(child_.processes.size()));
    child_.tasks.push_back({process, {}, {}});
  }
  adopt_task(which, static_cast<int>(task));
}

/* Its own up to a step, the other's from there on; from the first step on, all of it. */
void Crossing::schedule_of_other() {
  Schedule& mine = child_.schedule;
  const Schedule& theirs = other_.schedule;
  const uint32_t last = theirs.switches.empty() ? 0 : theirs.switches.back().step;
  const uint32_t from = random_.one_in(2) ? 0 : random_.below(last + 1);
  std::erase_if(mine.switches, [&](const Switch& entry) { return entry.step >= from; });
  std::erase_if(mine.draws, [&](const Draw& draw) { return draw.step >= from; });
  const auto tasks = static_cast<int>(child_.tasks.size());
  for (Switch entry : theirs.switches) {
    if (entry.step < from) continue;
    entry.task %= tasks;
    mine.switches.push_back(entry);
  }
  for (const Draw& draw : theirs.draws) {
    if (draw.step >= from) mine.draws.push_back(draw);
  }
  const auto keep = [](auto& choices, int max) {
    if (choices.size() > static_cast<size_t>(max)) choices.resize(static_cast<size_t>(max));
  };
  keep(mine.switches, options_.switches_max);
  keep(mine.draws, options_.draws_max);
}

/*
 * Its setup behind this one's, with its regions and, while there is room, its files; and most often a task
 * that uses them.
 */
void Crossing::setup_of_other() {
  const size_t files = child_.files.size();
  for (const Operation& op : other_.setup) {
    const bool room = child_.setup.size() < static_cast<size_t>(options_.setup_max) &&
                      child_.files.size() < static_cast<size_t>(options_.generate.files_max);
    const int slot = slot_of(op.kind, ArgKind::kNewFile);
    if (slot < 0 || !room || random_.one_in(2)) continue;
    Operation mine = op;
    mine.arg[static_cast<size_t>(slot)] = static_cast<int32_t>(child_.files.size());
    child_.files.emplace_back();
    child_.setup.push_back(mine);
  }
  Operands source(random_, other_, options_.generate.sharing, kRegionsMax);
  Operands target(random_, child_, options_.generate.sharing, options_.generate.regions_max);
  auto renamed = Operands::nothing_renamed();
  const auto processes = static_cast<int>(child_.processes.size());
  for (const Operation& op : other_.setup) {
    if (child_.setup.size() >= static_cast<size_t>(options_.setup_max)) break;
    if (slot_of(op.kind, ArgKind::kNewFile) >= 0) continue;
    Operation mine;
    if (!target.adopt(source, op, kSetupTask, renamed, mine)) continue;
    if (slot_of(op.kind, ArgKind::kNewRegion) >= 0) {
      const auto theirs = static_cast<size_t>(argument(op, ArgKind::kNewRegion));
      const auto ours = static_cast<size_t>(argument(mine, ArgKind::kNewRegion));
      child_.regions[ours].process = other_.regions[theirs].process % processes;
    }
    child_.setup.push_back(mine);
  }
  if (child_.files.size() == files && random_.one_in(4)) return;
  const size_t which = below(other_.tasks.size());
  const size_t task = below(child_.tasks.size());
  child_.tasks[task].process = other_.tasks[which].process % processes;
  adopt_task(which, static_cast<int>(task), renamed);
}

/* The machine and the file system, not the kernel. */
void Crossing::config_of_other() {
  const KernelChoice kernel = child_.config.kernel;
  child_.config = other_.config;
  child_.config.kernel = kernel;
}

}  // namespace

Program crossover(engine::Random& random, const Program& a, const Program& b, const MutateOptions& options) {
  Program child = a;
  if (a.tasks.empty() || b.tasks.empty() || a.processes.empty()) {
    mutate(random, child, options);
    return child;
  }
  Crossing crossing(random, child, b, options);
  if (random.one_in(4)) crossing.config_of_other();
  switch (random.below(4)) {
    case 0:
      crossing.tasks_of_other();
      break;
    case 1:
      crossing.task_of_other();
      break;
    case 2:
      crossing.setup_of_other();
      break;
    default:
      crossing.schedule_of_other();
      break;
  }
  repair(child);
  return child;
}

}  // namespace daxrace::scenario
