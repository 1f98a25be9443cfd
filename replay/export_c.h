/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program as a C program for a real kernel: the same operations as system calls, in the order of the
 * schedule as far as user space can force it, and a judgement on what came of them.
 */
#ifndef DAXRACE_REPLAY_EXPORT_C_H_
#define DAXRACE_REPLAY_EXPORT_C_H_

#include <string>

#include "core/scenario/execute.h"

namespace daxrace::replay {

/* Of the last execution of the runner. `forced`: in its order; else every task runs as it likes.
 * `name`: what the program will be called. */
std::string c_program(const scenario::Runner& runner, bool forced, const std::string& name);

/* How the operation is done on a real kernel, or what to do by hand instead. */
struct ExportedOp {
  scenario::OpKind kind;
  const char* part; /* of the C program; nullptr: there is none */
  const char* note; /* for who runs it; nullptr: it is the system call that its name says */
};
/* Never null: what has no row is to be done by hand. */
ExportedOp exported_op(scenario::OpKind kind);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_EXPORT_C_H_
