/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

#ifndef DAXRACE_OWN_SWITCH
#include <boost/context/detail/fcontext.hpp>
#endif
#ifdef DAXRACE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifdef DAXRACE_OWN_SWITCH
/*
 * The System V ABI has a callee keep rbx, rbp and r12 to r15. The floating-point environment is left alone:
 * no task changes it. A jump instead of a return, because the processor's stack of return addresses belongs
 * to the task that was left.
 */
asm(R"(
.text
.p2align 4
.globl daxrace_switch_stack
.hidden daxrace_switch_stack
.type daxrace_switch_stack, @function
daxrace_switch_stack:
  .cfi_startproc
  pushq %rbp
  .cfi_adjust_cfa_offset 8
  pushq %rbx
  .cfi_adjust_cfa_offset 8
  pushq %r12
  .cfi_adjust_cfa_offset 8
  pushq %r13
  .cfi_adjust_cfa_offset 8
  pushq %r14
  .cfi_adjust_cfa_offset 8
  pushq %r15
  .cfi_adjust_cfa_offset 8
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  .cfi_adjust_cfa_offset -8
  popq %r14
  .cfi_adjust_cfa_offset -8
  popq %r13
  .cfi_adjust_cfa_offset -8
  popq %r12
  .cfi_adjust_cfa_offset -8
  popq %rbx
  .cfi_adjust_cfa_offset -8
  popq %rbp
  .cfi_adjust_cfa_offset -8
  popq %rcx
  .cfi_adjust_cfa_offset -8
  jmp *%rcx
  .cfi_endproc
.size daxrace_switch_stack, .-daxrace_switch_stack

/* Where a fiber begins: its entry stands in r12, the argument in r13. */
.p2align 4
.globl daxrace_fiber_entry
.hidden daxrace_fiber_entry
.type daxrace_fiber_entry, @function
daxrace_fiber_entry:
  .cfi_startproc
  .cfi_undefined rip
  movq %r13, %rdi
  callq *%r12
  ud2
  .cfi_endproc
.size daxrace_fiber_entry, .-daxrace_fiber_entry
)");
extern "C" void daxrace_fiber_entry();
#endif

namespace daxrace::engine {

#ifndef DAXRACE_OWN_SWITCH
namespace bc = boost::context::detail;
#endif

namespace {
#ifdef DAXRACE_ASAN
constexpr size_t kStackBytes = 512u << 10;
#else
constexpr size_t kStackBytes = 128u << 10;
#endif
constexpr size_t kGuardBytes = 4096;

#ifndef DAXRACE_OWN_SWITCH
/* What travels with a switch: who left, and who arrives. */
struct Handover {
  Fiber* from;
  Fiber* to;
};
#endif
}  // namespace

#ifndef DAXRACE_OWN_SWITCH
struct Fiber::Trampoline {
  static void arrive(const Handover& handover, void* context) {
    handover.from->context_ = context;
#ifdef DAXRACE_ASAN
    const void* bottom = nullptr;
    size_t size = 0;
    __sanitizer_finish_switch_fiber(handover.to->fake_stack_, &bottom, &size);
    if (handover.from->stack_size_ == 0) {
      /* The caller's own stack: learnt on the first switch away from it. */
      handover.from->stack_bottom_ = const_cast<void*>(bottom);
      handover.from->stack_size_ = size;
    }
#endif
  }

  static void run(bc::transfer_t transfer) {
    Handover handover = *static_cast<Handover*>(transfer.data);
    arrive(handover, transfer.fctx);
    handover.to->entry_(handover.to->arg_);
    std::abort(); /* an entry must not return */
  }
};
#endif

Fiber::~Fiber() {
  if (mapping_ != nullptr) munmap(mapping_, kStackBytes + kGuardBytes);
}

bool Fiber::allocate_stack() {
  if (mapping_ != nullptr) return true;
  void* mapping =
      mmap(nullptr, kStackBytes + kGuardBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return false;
  if (mprotect(mapping, kGuardBytes, PROT_NONE) != 0) {
    munmap(mapping, kStackBytes + kGuardBytes);
    return false;
  }
  mapping_ = mapping;
  stack_bottom_ = static_cast<char*>(mapping_) + kGuardBytes;
  stack_size_ = kStackBytes;
  return true;
}

void Fiber::start(Entry entry, void* arg) {
#ifdef DAXRACE_ASAN
  /* An abandoned execution left its frames' red zones behind. */
  __asan_unpoison_memory_region(stack_bottom_, stack_size_);
#endif
  entry_ = entry;
  arg_ = arg;
  fake_stack_ = nullptr;
#ifdef DAXRACE_OWN_SWITCH
  /* As daxrace_switch_stack leaves a stack; the entry finds it aligned as before a call. */
  auto top = (reinterpret_cast<uintptr_t>(stack_bottom_) + stack_size_) & ~uintptr_t{15};
  auto* word = reinterpret_cast<uintptr_t*>(top);
  *--word = 0;
  *--word = 0;
  *--word = reinterpret_cast<uintptr_t>(&daxrace_fiber_entry);
  *--word = 0; /* rbp: the end of the chain of frames */
  *--word = 0;
  *--word = reinterpret_cast<uintptr_t>(entry);
  *--word = reinterpret_cast<uintptr_t>(arg);
  *--word = 0;
  *--word = 0;
  context_ = word;
#else
  context_ = bc::make_fcontext(static_cast<char*>(stack_bottom_) + stack_size_, stack_size_, Trampoline::run);
#endif
}

#ifndef DAXRACE_OWN_SWITCH
void Fiber::switch_context(Fiber& from, Fiber& to) {
  Handover handover{&from, &to};
#ifdef DAXRACE_ASAN
  __sanitizer_start_switch_fiber(&from.fake_stack_, to.stack_bottom_, to.stack_size_);
#endif
  bc::transfer_t back = bc::jump_fcontext(to.context_, &handover);
  Trampoline::arrive(*static_cast<Handover*>(back.data), back.fctx);
}
#endif

}  // namespace daxrace::engine
