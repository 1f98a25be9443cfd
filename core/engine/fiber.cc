/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/fiber.h"

#include <sys/mman.h>

#include <boost/context/detail/fcontext.hpp>
#include <cstdio>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__)
#define DAXRACE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DAXRACE_ASAN 1
#endif
#endif
#ifdef DAXRACE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace daxrace::engine {

namespace bc = boost::context::detail;

namespace {
#ifdef DAXRACE_ASAN
constexpr size_t kStackBytes = 512u << 10;
#else
constexpr size_t kStackBytes = 128u << 10;
#endif
constexpr size_t kGuardBytes = 4096;

/* What travels with a switch: who left, and who arrives. */
struct Handover {
  Fiber* from;
  Fiber* to;
};
}  // namespace

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

Fiber::~Fiber() {
  if (mapping_ != nullptr) munmap(mapping_, kStackBytes + kGuardBytes);
}

void Fiber::allocate_stack() {
  if (mapping_ != nullptr) return;
  mapping_ =
      mmap(nullptr, kStackBytes + kGuardBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping_ == MAP_FAILED || mprotect(mapping_, kGuardBytes, PROT_NONE) != 0) {
    std::perror("harness: cannot map the stack of a task");
    std::abort();
  }
  stack_bottom_ = static_cast<char*>(mapping_) + kGuardBytes;
  stack_size_ = kStackBytes;
}

void Fiber::start(Entry entry, void* arg) {
#ifdef DAXRACE_ASAN
  /* An abandoned execution left its frames' red zones behind. */
  __asan_unpoison_memory_region(stack_bottom_, stack_size_);
#endif
  entry_ = entry;
  arg_ = arg;
  fake_stack_ = nullptr;
  context_ = bc::make_fcontext(static_cast<char*>(stack_bottom_) + stack_size_, stack_size_, Trampoline::run);
}

void Fiber::switch_to(Fiber& from, Fiber& to) {
  Handover handover{&from, &to};
#ifdef DAXRACE_ASAN
  __sanitizer_start_switch_fiber(&from.fake_stack_, to.stack_bottom_, to.stack_size_);
#endif
  bc::transfer_t back = bc::jump_fcontext(to.context_, &handover);
  Trampoline::arrive(*static_cast<Handover*>(back.data), back.fctx);
}

}  // namespace daxrace::engine
