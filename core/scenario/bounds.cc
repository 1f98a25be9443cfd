/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/scenario/bounds.h"

namespace daxrace::scenario {

Bounds argument_bounds(const Operation& op, ArgKind arg, const Geometry& geometry) {
  const int64_t max = pages_max(geometry);
  switch (arg) {
    case ArgKind::kOffset:
      return {0, slot_of(op.kind, ArgKind::kLength) < 0 ? max : max - 1};
    case ArgKind::kLength:
      if (slot_of(op.kind, ArgKind::kOffset) < 0) return {0, max};
      return {1, max - argument(op, ArgKind::kOffset)};
    case ArgKind::kSizeKey:
      return {0, max};
    case ArgKind::kProt:
      return {0, kProtWrite | kProtSync};
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

}  // namespace daxrace::scenario
