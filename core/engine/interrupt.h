/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SIGINT and SIGTERM as a question that is asked between executions. The first only asks to stop; the second
 * ends the process as if nobody listened. A signal that was ignored from the start stays so: the process was
 * put into the background by a shell.
 */
#ifndef DAXRACE_CORE_ENGINE_INTERRUPT_H_
#define DAXRACE_CORE_ENGINE_INTERRUPT_H_

#include <csignal>

namespace daxrace::engine {

/* Listens while it lives. Within the life of another it hears what that one has heard. */
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  static bool requested() { return requested_ != 0; }
  /* In a process that is not to be stopped by the signals of its terminal, but by its parent. */
  static void ignore();

 private:
  static void handle(int) { requested_ = 1; }

  static inline int depth_ = 0;
  static inline volatile std::sig_atomic_t requested_ = 0;
  struct sigaction before_[2];
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_INTERRUPT_H_
