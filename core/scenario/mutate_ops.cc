/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutations of operations, of setup and of tasks. */
#include <algorithm>
#include <utility>

#include "core/scenario/mutate_steps.h"

namespace daxrace::scenario {

namespace {

using Ops = std::vector<Operation>;

auto at(Ops& ops, size_t index) { return ops.begin() + static_cast<ptrdiff_t>(index); }

bool room(const MutationContext& c, int task) {
  const int max = task == kSetupTask ? c.options.setup_max : c.options.ops_max;
  return c.ops_of(task).size() < static_cast<size_t>(max);
}

bool insert_into(const MutationContext& c, int task) {
  if (!room(c, task)) return false;
  Operands operands = c.operands();
  const OpKind kind = operands.kind(task);
  Operation op;
  if (!operands.draw(kind, task, op)) return false;
  Ops& ops = c.ops_of(task);
  ops.insert(at(ops, c.below(ops.size() + 1)), op);
  return true;
}

bool erase_from(const MutationContext& c, int task) {
  Ops& ops = c.ops_of(task);
  if (ops.empty()) return false;
  ops.erase(at(ops, c.below(ops.size())));
  return true;
}

bool change_in(const MutationContext& c, int task) {
  Ops& ops = c.ops_of(task);
  if (ops.empty()) return false;
  return c.operands().change(ops[c.below(ops.size())], task);
}

bool insert(const MutationContext& c) { return insert_into(c, c.any_task()); }
bool erase(const MutationContext& c) { return erase_from(c, c.any_task()); }
bool change(const MutationContext& c) { return change_in(c, c.any_task()); }
bool insert_setup(const MutationContext& c) { return insert_into(c, kSetupTask); }
bool erase_setup(const MutationContext& c) { return erase_from(c, kSetupTask); }
bool change_setup(const MutationContext& c) { return change_in(c, kSetupTask); }

bool declare_file(const MutationContext& c) {
  if (!room(c, kSetupTask)) return false;
  if (c.program.files.size() >= static_cast<size_t>(c.options.generate.files_max)) return false;
  Operands operands = c.operands();
  Operation op;
  if (!operands.draw(operands.kind_with(kSetupTask, ArgKind::kNewFile), kSetupTask, op)) return false;
  c.program.setup.push_back(op);
  return true;
}

/* Another operation on what this one is on. */
bool replace(const MutationContext& c) {
  const int task = c.any_task();
  Ops& ops = c.ops_of(task);
  if (ops.empty()) return false;
  Operation& op = ops[c.below(ops.size())];
  Operands operands = c.operands();
  Place place;
  const bool has_place = operands.place_of(op, place);
  const OpKind kind = operands.kind(task);
  Operation drawn;
  if (!operands.draw(kind, task, drawn, has_place ? &place : nullptr)) return false;
  if (drawn == op) return false;
  op = drawn;
  return true;
}

/* To any task, also to its own. */
bool transfer(const MutationContext& c, bool move) {
  const int from = c.any_task();
  const int to = c.any_task();
  Ops& source = c.ops_of(from);
  if (source.empty() || (from != to && !room(c, to)) || (!move && !room(c, to))) return false;
  const size_t index = c.below(source.size());
  Operands operands = c.operands();
  auto renamed = Operands::nothing_renamed();
  Operation op = source[index];
  if (from != to || !move) {
    Operation adopted;
    if (!operands.adopt(operands, op, to, renamed, adopted)) return false;
    op = adopted;
  }
  if (move) source.erase(at(source, index));
  Ops& target = c.ops_of(to);
  target.insert(at(target, c.below(target.size() + 1)), op);
  return true;
}

bool move(const MutationContext& c) { return transfer(c, true); }
bool copy(const MutationContext& c) { return transfer(c, false); }

/* A few operations in a row once more, behind themselves: what needs a history often needs it twice. */
bool repeat(const MutationContext& c) {
  const int task = c.any_task();
  Ops& ops = c.ops_of(task);
  if (ops.empty()) return false;
  const size_t first = c.below(ops.size());
  const size_t count = 1 + c.below(std::min<size_t>(3, ops.size() - first));
  const size_t space = static_cast<size_t>(c.options.ops_max);
  if (ops.size() + count > space) return false;
  const Ops copied(at(ops, first), at(ops, first + count));
  for (const Operation& op : copied) {
    if (slot_of(op.kind, ArgKind::kNewRegion) >= 0) return false;
  }
  ops.insert(at(ops, first + count), copied.begin(), copied.end());
  return true;
}

bool swap(const MutationContext& c) {
  Ops& ops = c.ops_of(c.any_task());
  if (ops.size() < 2) return false;
  const size_t a = c.below(ops.size() - 1);
  if (ops[a] == ops[a + 1]) return false;
  std::swap(ops[a], ops[a + 1]);
  return true;
}

bool add_task(const MutationContext& c) {
  Program& program = c.program;
  if (program.tasks.size() >= static_cast<size_t>(c.options.tasks_max)) return false;
  const auto process = static_cast<int>(c.below(program.processes.size()));
  program.tasks.push_back({process, {}, {}});
  const int task = static_cast<int>(program.tasks.size()) - 1;
  Operands operands = c.operands();
  for (size_t n = 1 + c.below(3); n > 0; --n) {
    const OpKind kind = operands.kind(task);
    Operation op;
    if (operands.draw(kind, task, op)) program.tasks.back().ops.push_back(op);
  }
  return true;
}

bool remove_task(const MutationContext& c) {
  Program& program = c.program;
  if (program.tasks.size() < 2) return false;
  const int task = c.any_task();
  program.tasks.erase(program.tasks.begin() + task);
  for (Switch& entry : program.schedule.switches) {
    if (entry.task > task) --entry.task;
  }
  return true;
}

/* All of a task behind or before all of another: what took turns by a schedule no longer does. */
bool join_tasks(const MutationContext& c) {
  Program& program = c.program;
  if (program.tasks.size() < 2) return false;
  const int from = c.any_task();
  const int to = c.any_task();
  const size_t total = c.ops_of(from).size() + c.ops_of(to).size();
  if (from == to || total > static_cast<size_t>(c.options.ops_max)) return false;
  Operands operands = c.operands();
  auto renamed = Operands::nothing_renamed();
  for (const Operation& op : c.ops_of(from)) {
    Operation adopted;
    if (operands.adopt(operands, op, to, renamed, adopted)) c.ops_of(to).push_back(adopted);
  }
  program.tasks.erase(program.tasks.begin() + from);
  return true;
}

/* Its operations go with it, to the regions of the other process that map the same places. */
bool move_task(const MutationContext& c) {
  Program& program = c.program;
  const int task = c.any_task();
  int& process = program.tasks[static_cast<size_t>(task)].process;
  size_t processes = program.processes.size();
  if (processes < static_cast<size_t>(c.options.generate.processes_max) && c.random.one_in(8)) {
    program.processes.emplace_back();
    ++processes;
  }
  const int target = static_cast<int>(c.below(processes));
  if (target == process) return false;
  Operands operands = c.operands();
  process = target;
  auto renamed = Operands::nothing_renamed();
  Ops ops;
  for (const Operation& op : c.ops_of(task)) {
    Operation adopted;
    if (operands.adopt(operands, op, task, renamed, adopted)) ops.push_back(adopted);
  }
  c.ops_of(task) = std::move(ops);
  return true;
}

bool swap_tasks(const MutationContext& c) {
  Program& program = c.program;
  if (program.tasks.size() < 2) return false;
  const auto a = static_cast<size_t>(c.any_task());
  const auto b = static_cast<size_t>(c.any_task());
  if (a == b) return false;
  std::swap(program.tasks[a], program.tasks[b]);
  return true;
}

constexpr Mutation kMutations[] = {
    {insert, 10},     {erase, 18},    {change, 12},      {replace, 8},      {copy, 4},         {move, 4},
    {repeat, 3},      {swap, 4},      {insert_setup, 4}, {erase_setup, 5},  {change_setup, 6}, {add_task, 2},
    {remove_task, 3}, {move_task, 2}, {swap_tasks, 1},   {declare_file, 1}, {join_tasks, 1},
};

}  // namespace

std::span<const Mutation> operation_mutations() { return kMutations; }

}  // namespace daxrace::scenario
