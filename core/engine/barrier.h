/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * std::barrier without a completion function. Arriving is no scheduling point, because arrivals commute;
 * waiting for the others is one. All arrivals of a phase happen before whoever has waited for it.
 */
#ifndef DAXRACE_CORE_ENGINE_BARRIER_H_
#define DAXRACE_CORE_ENGINE_BARRIER_H_

#include "core/engine/sync.h"

namespace daxrace::engine {

class Barrier : public Object {
 public:
  /* expected >= 1 arrivals end a phase and begin the next one. */
  void init(const Role& role, uint32_t expected);

  void arrive_and_wait(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  /* The phase to wait for, also by others; each phase can be waited for until the next but one has begun. */
  [[nodiscard]] uint32_t arrive(const Site& site = kAnonymousSite);
  void wait(uint32_t phase, const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  /* Arrives, and is not expected in later phases. */
  void arrive_and_drop(const Site& site = kAnonymousSite);

 private:
  void arrived(const Site& site);
  void wait_for(uint32_t phase, const Site& site);
  void rehash();

  uint32_t expected_ = 0;
  uint32_t missing_ = 0;
  uint32_t phase_ = 0;
  uint32_t* clocks_[2] = {}; /* of the arrivals of even and odd phases */
  uint64_t hashed_ = 0;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_BARRIER_H_
