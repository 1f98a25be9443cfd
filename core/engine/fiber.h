/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stackful fibers over Boost.Context's fcontext. One switch is one call; a fiber is kept alive across
 * executions and can be restarted on its own stack whatever state it was left in.
 */
#ifndef DAXRACE_CORE_ENGINE_FIBER_H_
#define DAXRACE_CORE_ENGINE_FIBER_H_

#include <cstddef>

namespace daxrace::engine {

class Fiber {
 public:
  using Entry = void (*)(void* arg);

  /* The context of the caller's own stack: switched away from, never started. */
  Fiber() = default;
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /* Gives the fiber a stack (with a guard page below it) unless it has one. Aborts if memory is out. */
  void allocate_stack();

  /* The next switch to this fiber calls entry(arg), which must not return. What was on its stack is lost. */
  void start(Entry entry, void* arg);

  /* From the running fiber, which must be `from`, to `to`; returns when somebody switches back. */
  static void switch_to(Fiber& from, Fiber& to);

 private:
  struct Trampoline;

  void* context_ = nullptr;
  void* mapping_ = nullptr;      /* guard page and stack */
  void* stack_bottom_ = nullptr; /* lowest usable byte */
  size_t stack_size_ = 0;
  void* fake_stack_ = nullptr; /* ASan's, while switched away */
  Entry entry_ = nullptr;
  void* arg_ = nullptr;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_FIBER_H_
