/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stackful fibers, kept alive across executions. On x86-64 a switch is our own few instructions; elsewhere,
 * and under ASan, which wants to be told of switches, it is Boost.Context's fcontext. Measured on the
 * workloads of bench/: the fcontext costs 1.2 to 1.5 times ours, because it saves the floating-point
 * environment and returns through two more frames.
 */
#ifndef DAXRACE_CORE_ENGINE_FIBER_H_
#define DAXRACE_CORE_ENGINE_FIBER_H_

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define DAXRACE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DAXRACE_ASAN 1
#endif
#endif

#if defined(__x86_64__) && !defined(DAXRACE_ASAN)
#define DAXRACE_OWN_SWITCH 1
/* Saves the callee-saved registers and the stack pointer at *from, and goes on where `to` was left. */
extern "C" void daxrace_switch_stack(void** from, void* to);
#endif

namespace daxrace::engine {

class Fiber {
 public:
  using Entry = void (*)(void* arg);

  /* The context of the caller's own stack: switched away from, never started. */
  Fiber() = default;
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /* Gives the fiber a stack (with a guard page below it) unless it has one. False: memory is out. */
  bool allocate_stack();

  /* The next switch to this fiber calls entry(arg), which must not return. What was on its stack is lost. */
  void start(Entry entry, void* arg);

  /* From the running fiber, which must be `from`, to `to`; returns when somebody switches back. */
  static void switch_to(Fiber& from, Fiber& to) {
#ifdef DAXRACE_OWN_SWITCH
    daxrace_switch_stack(&from.context_, to.context_);
#else
    switch_context(from, to);
#endif
  }

 private:
  struct Trampoline;
  static void switch_context(Fiber& from, Fiber& to);

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
