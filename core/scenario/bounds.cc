/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/scenario/bounds.h"

namespace daxrace::scenario {

Bounds argument_bounds(const Operation& op, ArgKind arg, const Geometry& geometry) {
  const int64_t max = pages_max(geometry);
  switch (arg) {
    case ArgKind::kOffset:
      return {0, slot_of(op.kind, ArgKind::kLength) < 0 ? max : max - 1};
    case ArgKind::kLength:
      if (slot_of(op.kind, ArgKind::kOffset) < 0)
        return {slot_of(op.kind, ArgKind::kNewRegion) < 0 ? 0 : 1, max};
      return {1, max - argument(op, ArgKind::kOffset)};
    case ArgKind::kSizeKey:
      return {0, max};
    case ArgKind::kProt:
      return {0, kProtMax};
    case ArgKind::kAccess:
      return {0, 1};
    case ArgKind::kProcess:
    case ArgKind::kFile:
    case ArgKind::kNewFile:
    case ArgKind::kRegion:
    case ArgKind::kNewRegion:
    case ArgKind::kAddr:
      break; /* indices: the program bounds them */
  }
  return {0, INT32_MAX};
}

std::array<int32_t, kRegionsMax> region_pages(const Program& program) {
  std::array<int32_t, kRegionsMax> pages{};
  const auto collect = [&](const Operation& op) {
    const int slot = slot_of(op.kind, ArgKind::kNewRegion);
    if (slot < 0) return;
    const auto region = static_cast<uint32_t>(op.arg[static_cast<size_t>(slot)]);
    if (region < pages.size()) pages[region] = argument(op, ArgKind::kLength);
  };
  for (const Operation& op : program.setup) collect(op);
  for (const Task& task : program.tasks) {
    for (const Operation& op : task.ops) collect(op);
  }
  return pages;
}

bool inherits(const Program& program, int process, int ancestor) {
  /* By process: whether it comes from the ancestor. Forks may stand in any order. */
  std::array<bool, kProcessesMax> known{};
  if (ancestor < 0 || ancestor >= kProcessesMax) return false;
  known[static_cast<size_t>(ancestor)] = true;
  for (bool more = true; more;) {
    more = false;
    for (const Task& task : program.tasks) {
      if (task.process < 0 || task.process >= kProcessesMax || !known[static_cast<size_t>(task.process)])
        continue;
      for (const Operation& op : task.ops) {
        if (slot_of(op.kind, ArgKind::kProcess) < 0) continue;
        const int32_t child = argument(op, ArgKind::kProcess);
        if (child < 0 || child >= kProcessesMax || known[static_cast<size_t>(child)]) continue;
        known[static_cast<size_t>(child)] = true;
        more = true;
      }
    }
  }
  return process >= 0 && process < kProcessesMax && known[static_cast<size_t>(process)];
}

}  // namespace daxrace::scenario
