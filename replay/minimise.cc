/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/minimise.h"

#include <algorithm>
#include <functional>
#include <set>

#include "core/scenario/bounds.h"
#include "core/scenario/text.h"
#include "replay/command.h"
#include "replay/exhaust.h"
#include "replay/replayer.h"

namespace daxrace::replay {

namespace {

using scenario::ArgKind;
using scenario::Operation;
using scenario::Program;
using scenario::Switch;

/* The switches are moved along, so that they can still be taken by their anchors. */
void erase_operation(Program& program, size_t task, size_t index) {
  auto& ops = program.tasks[task].ops;
  ops.erase(ops.begin() + static_cast<std::ptrdiff_t>(index));
  auto& switches = program.schedule.switches;
  std::erase_if(switches, [&](const Switch& entry) {
    return entry.anchor.task == static_cast<int>(task) && entry.anchor.op == static_cast<int>(index);
  });
  for (Switch& entry : switches) {
    if (entry.anchor.task == static_cast<int>(task) && entry.anchor.op > static_cast<int>(index))
      --entry.anchor.op;
  }
}

void erase_task(Program& program, size_t task) {
  program.tasks.erase(program.tasks.begin() + static_cast<std::ptrdiff_t>(task));
  const int gone = static_cast<int>(task);
  auto& switches = program.schedule.switches;
  std::erase_if(switches,
                [&](const Switch& entry) { return entry.task == gone || entry.anchor.task == gone; });
  for (Switch& entry : switches) {
    entry.task -= entry.task > gone;
    entry.anchor.task -= entry.anchor.task > gone;
  }
}

/* `second` goes on where `first` ends. */
void join_tasks(Program& program, size_t first, size_t second) {
  auto& ops = program.tasks[first].ops;
  const auto& more = program.tasks[second].ops;
  ops.insert(ops.end(), more.begin(), more.end());
  erase_task(program, second);
}

void join_processes(Program& program, int first, int second) {
  const auto renumber = [&](int& process) {
    if (process == second) process = first;
  };
  for (auto& region : program.regions) renumber(region.process);
  for (auto& task : program.tasks) renumber(task.process);
  /* Tasks of one process have names of their own. */
  for (size_t i = 0; i < program.tasks.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (program.tasks[k].process == program.tasks[i].process &&
          program.tasks[k].name == program.tasks[i].name)
        program.tasks[i].name.clear();
    }
  }
}

class Minimiser {
 public:
  Minimiser(const scenario::Runner& shown, const MinimiseOptions& options)
      : options_(options), best_(finding_program(shown)) {
    best_.config.kernel = shown.kernel();
    best_.orders.clear();
    signature_ = best_.found->signature;
    preemptions_ = shown.execution().preemptions();
  }

  Minimised run() {
    result_.before = size_of(best_);
    result_.preemptions_before = preemptions_;
    forget_words();
    fewer_preemptions();
    while (fewer_operations() || fewer_tasks() || simpler_setup() || simpler_kernel() || smaller_operands()) {
    }
    fewer_preemptions();
    fewer_switches();
    result_.preemptions = preemptions_;
    result_.program = best_;
    return result_;
  }

 private:
  using Change = std::function<void(Program&)>;

  /* What was said about the larger program need not be true of the smaller one. */
  void forget_words() { best_.expectations.clear(); }

  /* The changed program, if it differs and shows the finding, is the best one from now on. */
  bool accept(const Change& change) {
    Program candidate = best_;
    change(candidate);
    scenario::repair(candidate);
    if (candidate.tasks.empty()) return false;
    candidate.found.reset();
    if (!new_to_us(candidate)) return false;
    ++result_.tried;
    return shows(candidate);
  }

  bool new_to_us(const Program& candidate) {
    Program plain = candidate;
    plain.schedule = {};
    Program present = best_;
    present.schedule = {};
    present.found.reset();
    if (plain == present) return false;
    return seen_.insert(engine::hash_text(scenario::print(plain))).second;
  }

  bool shows(const Program& candidate) {
    scenario::Runner runner;
    std::string error;
    if (!runner.load(candidate, &error)) return false;
    if (!candidate.schedule.empty() || candidate.tasks.size() == 1) {
      replay_by_anchors(runner);
      ++result_.executions;
      if (take(runner)) return true;
    }
    return search(runner, std::max(preemptions_, options_.preemptions));
  }

  bool is_it(const scenario::Runner& runner) const {
    const engine::Finding* finding = runner.execution().headline();
    return finding != nullptr && scenario::signature(*finding, runner) == signature_;
  }

  bool take(const scenario::Runner& runner) {
    if (!is_it(runner)) return false;
    preemptions_ = runner.execution().preemptions();
    best_ = finding_program(runner);
    best_.orders.clear(); /* of what is still to change */
    return true;
  }

  /* Bound by bound, so that what is found has the fewest preemptions. */
  bool search(scenario::Runner& runner, uint32_t bound) {
    ExhaustOptions options;
    options.bound = bound;
    std::unique_ptr<engine::Search> search = search_of(options);
    for (uint64_t i = 0; i < options_.effort; ++i) {
      if (!search->begin()) return false;
      runner.run(*search);
      ++result_.executions;
      if (take(runner)) return true;
    }
    ++result_.given_up;
    return false;
  }

  bool fewer_preemptions() {
    if (preemptions_ == 0) return false;
    const Program present = best_;
    scenario::Runner runner;
    std::string error;
    return runner.load(present, &error) && search(runner, preemptions_ - 1);
  }

  bool fewer_operations() {
    bool changed = false;
    for (size_t task = best_.tasks.size(); task-- > 0;)
      changed |= accept([&](Program& program) { erase_task(program, task); });
    for (size_t task = 0; task < best_.tasks.size(); ++task) {
      changed |= erase_runs([&](const Program& program) { return program.tasks[task].ops.size(); },
                            [&](Program& program, size_t index) { erase_operation(program, task, index); });
    }
    return changed;
  }

  /* Runs of half of them, of a quarter, ... of one. A repair may drop more than was asked for. */
  template <class Count, class Erase>
  bool erase_runs(Count count, Erase erase) {
    bool changed = false;
    for (size_t run = std::max<size_t>(1, count(best_) / 2); run > 0; run /= 2) {
      for (size_t end = count(best_); end >= run && end > 0;) {
        bool done = accept([&](Program& program) {
          for (size_t i = 0; i < run; ++i) erase(program, end - 1 - i);
        });
        changed |= done;
        end = std::min(end - std::min(end, run), count(best_));
      }
    }
    return changed;
  }

  bool fewer_tasks() {
    for (size_t i = 0; i < best_.tasks.size(); ++i) {
      for (size_t k = 0; k < best_.tasks.size(); ++k) {
        if (i == k || best_.tasks[i].process != best_.tasks[k].process) continue;
        if (accept([&](Program& program) { join_tasks(program, i, k); })) return true;
      }
    }
    for (int i = 0; i < static_cast<int>(best_.processes.size()); ++i) {
      for (int k = i + 1; k < static_cast<int>(best_.processes.size()); ++k) {
        if (accept([&](Program& program) { join_processes(program, i, k); })) return true;
      }
    }
    return false;
  }

  bool simpler_setup() {
    return erase_runs([](const Program& program) { return program.setup.size(); },
                      [](Program& program, size_t index) {
                        program.setup.erase(program.setup.begin() + static_cast<std::ptrdiff_t>(index));
                      });
  }

  bool simpler_kernel() {
    bool changed = false;
    for (auto rows : {&scenario::KernelChoice::without, &scenario::KernelChoice::with}) {
      changed |= erase_runs([&](const Program& program) { return (program.config.kernel.*rows).size(); },
                            [&](Program& program, size_t index) {
                              auto& list = program.config.kernel.*rows;
                              list.erase(list.begin() + static_cast<std::ptrdiff_t>(index));
                            });
    }
    const scenario::Config plain;
    changed |= accept([&](Program& program) { program.config.geometry = plain.geometry; });
    changed |= accept([&](Program& program) { program.config.pmd_mappings = plain.pmd_mappings; });
    changed |= accept([&](Program& program) { program.config.swap_exclusive = plain.swap_exclusive; });
    changed |=
        accept([&](Program& program) { program.config.swap_stable_writes = plain.swap_stable_writes; });
    changed |= accept([&](Program& program) { program.config.low_memory = plain.low_memory; });
    return changed;
  }

  bool smaller_operands() {
    bool changed = false;
    for (size_t i = 0; i < best_.setup.size(); ++i)
      changed |= smaller_operands([](Program& program) { return &program.setup; }, i);
    for (size_t task = 0; task < best_.tasks.size(); ++task) {
      for (size_t i = 0; i < best_.tasks[task].ops.size(); ++i)
        changed |= smaller_operands([task](Program& program) { return &program.tasks[task].ops; }, i);
    }
    return changed;
  }

  template <class List>
  bool smaller_operands(List list, size_t index) {
    bool changed = false;
    const auto kind = (*list(best_))[index].kind;
    scenario::for_each_argument(kind, [&](ArgKind arg, int slot) {
      if (arg == ArgKind::kNewFile || arg == ArgKind::kNewRegion || arg == ArgKind::kProcess) return;
      for (int part = 0; part < scenario::slots_of(arg); ++part)
        changed |= smaller_value(list, index, kind, static_cast<size_t>(slot + part));
    });
    return changed;
  }

  template <class List>
  bool smaller_value(List list, size_t index, scenario::OpKind kind, size_t slot) {
    const auto value = [&]() -> int32_t {
      auto& ops = *list(best_);
      return index < ops.size() && ops[index].kind == kind ? ops[index].arg[slot] : 0;
    };
    bool changed = false;
    for (int32_t present = value(); present > 0;) {
      bool done = false;
      for (int32_t less : {0, 1, present / 2, present - 1}) {
        if (less >= present) continue;
        done = accept([&](Program& program) {
          auto& ops = *list(program);
          if (index < ops.size()) ops[index].arg[slot] = less;
        });
        /* A repair may have made the old value of the new one. */
        if (done) break;
      }
      changed |= done;
      if (!done || value() >= present) break;
      present = value();
    }
    return changed;
  }

  bool fewer_switches() {
    bool changed = false;
    const auto try_one = [&](auto list, size_t index) {
      Program candidate = best_;
      auto& entries = candidate.schedule.*list;
      entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(index));
      candidate.found.reset();
      scenario::Runner runner;
      std::string error;
      if (!runner.load(candidate, &error)) return false;
      replay_by_anchors(runner);
      ++result_.executions;
      return runner.execution().preemptions() <= preemptions_ && take(runner);
    };
    for (size_t i = best_.schedule.switches.size(); i-- > 0;) {
      if (i < best_.schedule.switches.size()) changed |= try_one(&scenario::Schedule::switches, i);
    }
    for (size_t i = best_.schedule.draws.size(); i-- > 0;) {
      if (i < best_.schedule.draws.size()) changed |= try_one(&scenario::Schedule::draws, i);
    }
    return changed;
  }

  MinimiseOptions options_;
  Program best_;
  std::string signature_;
  uint32_t preemptions_ = 0;
  std::set<uint64_t> seen_;
  Minimised result_;
};

}  // namespace

ProgramSize size_of(const scenario::Program& program) {
  ProgramSize size;
  for (const auto& task : program.tasks) size.operations += task.ops.size();
  size.tasks = program.tasks.size();
  size.switches = program.schedule.switches.size();
  size.setup = program.setup.size();
  return size;
}

Minimised minimise(const scenario::Runner& shown, const MinimiseOptions& options) {
  return Minimiser(shown, options).run();
}

}  // namespace daxrace::replay
