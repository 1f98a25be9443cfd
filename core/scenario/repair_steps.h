/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The steps of repair(). Each is idempotent and leaves valid programs alone; structure comes before schedule,
 * which names tasks.
 */
#ifndef DAXRACE_CORE_SCENARIO_REPAIR_STEPS_H_
#define DAXRACE_CORE_SCENARIO_REPAIR_STEPS_H_

#include <vector>

#include "core/scenario/program.h"

namespace daxrace::scenario {

/* repair_fields.cc */
void repair_header(Program& program);
void repair_expectations(Program& program);
void repair_schedule(Program& program);

/* repair_structure.cc: files, processes, regions, tasks and their operations */
void repair_structure(Program& program);

/* Unlike std::erase_if, `keep` may change what it keeps. */
template <typename T, typename Keep>
void keep_if(std::vector<T>& items, Keep keep) {
  size_t kept = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    if (!keep(items[i])) continue;
    if (kept != i) items[kept] = std::move(items[i]);
    ++kept;
  }
  items.erase(items.begin() + static_cast<ptrdiff_t>(kept), items.end());
}

template <typename T>
void keep_first(std::vector<T>& items, size_t count) {
  if (items.size() > count) items.erase(items.begin() + static_cast<ptrdiff_t>(count), items.end());
}

}  // namespace daxrace::scenario

#endif  // DAXRACE_CORE_SCENARIO_REPAIR_STEPS_H_
