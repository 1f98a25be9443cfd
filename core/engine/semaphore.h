/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A counting semaphore: down(), up() and down_trylock() of the kernel, std::counting_semaphore of C++.
 * Whoever waits competes with whoever comes. All releases happen before whoever acquires after them.
 */
#ifndef DAXRACE_CORE_ENGINE_SEMAPHORE_H_
#define DAXRACE_CORE_ENGINE_SEMAPHORE_H_

#include "core/engine/sync.h"

namespace daxrace::engine {

class Semaphore : public Object {
 public:
  void init(const Role& role, uint32_t count, LockUse use = LockUse::kWaitsOnly);
  void acquire(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  /* False: there was none left. Only on a semaphore of use kTriedToo. */
  bool try_acquire(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  void release(uint32_t n = 1, const Site& site = kAnonymousSite);
  uint32_t count() const { return count_; }

 private:
  void take(const Site& site);
  void set(uint32_t count);

  uint32_t count_ = 0;
  LockUse use_ = LockUse::kWaitsOnly;
  uint32_t* clock_ = nullptr;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_SEMAPHORE_H_
