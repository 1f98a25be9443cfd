/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/wait_var.h"

namespace daxrace::engine {

void WaitVarTable::init(const Role& role, uint32_t size) {
  queues_ = Execution::current().arena().make_array<WaitQueue>(size);
  size_ = size;
  for (uint32_t i = 0; i < size; ++i) queues_[i].init(role);
}

void WaitVarTable::wake_up_var(const Object& variable, const Site& site) {
  WaitQueue& queue = queue_of(variable);
  if (queue.active(site)) queue.wake(1, variable.key, site);
}

}  // namespace daxrace::engine
