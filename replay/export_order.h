/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of a schedule user space can force, and what it cannot: the order in which operations begin and
 * return, and the places inside the kernel where a task was preempted.
 */
#ifndef DAXRACE_REPLAY_EXPORT_ORDER_H_
#define DAXRACE_REPLAY_EXPORT_ORDER_H_

#include <string>
#include <vector>

#include "core/scenario/execute.h"

namespace daxrace::replay {

struct ExportWait {
  bool returned = false; /* of that operation; else that it has begun */
  size_t task = 0;       /* indices of the program */
  size_t op = 0;
};

struct ExportOrder {
  /* By task and operation: what it waits for before it begins; nothing that follows from other waits. */
  std::vector<std::vector<std::vector<ExportWait>>> waits;
  /* Where the kernel has to be slowed down, in the order of the schedule; one paragraph each. */
  std::vector<std::string> delays;
};

/* Of the last execution of the runner. Bounds: it has a trace. */
ExportOrder order_of(const scenario::Runner& runner);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_EXPORT_ORDER_H_
