/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entry functions of the operations: op_<name>() for each row of ops.def.
 */
#ifndef DAXRACE_CORE_SCENARIO_OPERATIONS_H_
#define DAXRACE_CORE_SCENARIO_OPERATIONS_H_

#include "core/scenario/execute.h"

namespace daxrace::scenario {

struct OpContext {
  const Runner& runner;
  const Operation& op;
  uint64_t value;                                 /* what a write writes */
  kernel::model_op kind = kernel::model_op::none; /* set by the operation: what the oracles are told */
  const kernel::mm_struct* mm = nullptr;          /* whose memory it is about */
  /* The file that it is about. Who goes by a descriptor or a mapping sets it again: a name may have
   * changed hands. */
  mutable const kernel::inode* inode = nullptr;
  uint64_t cell = 0; /* load and store: of the file */
};

struct OpEntry {
  /* What the operation is about, before it begins. */
  void (*describe)(OpContext& context);
  /* 0 or more, -errno, or a signal. */
  int (*run)(const OpContext& context);
};

const OpEntry& op_entry(OpKind kind);

}  // namespace daxrace::scenario

#endif  // DAXRACE_CORE_SCENARIO_OPERATIONS_H_
