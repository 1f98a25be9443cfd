/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * std::condition_variable over the engine. Whom notify_one() wakes is drawn, the longest waiter being the
 * default. A notification orders nothing by itself, as in C++: the mutex does.
 */
#ifndef DAXRACE_CORE_ENGINE_CONDVAR_H_
#define DAXRACE_CORE_ENGINE_CONDVAR_H_

#include <mutex>

#include "core/engine/sync.h"

namespace daxrace::engine {

/* kSpurious: every wait draws whether it may also end without a notification. */
enum class Wakeups : uint8_t { kNotified, kSpurious };

class CondVar : public Object {
 public:
  void init(const Role& role, Wakeups wakeups = Wakeups::kNotified);

  /* Lets go of `mutex`, which the task holds, and sleeps, in one; then takes it again. */
  void wait(Lock& mutex, const Site& site = kAnonymousSite);
  /* False: the time (sleep.h) was up. */
  bool wait_for(Lock& mutex, const Site& site = kAnonymousSite);

  template <class Condition>
    requires requires(const Condition& c) { static_cast<bool>(c()); }
  void wait(Lock& mutex, const Condition& condition, const Site& site = kAnonymousSite) {
    while (!condition()) wait(mutex, site);
  }

  /* The same for a std::unique_lock that owns its mutex. */
  template <class M>
  void wait(std::unique_lock<M>& lock, const Site& site = kAnonymousSite) {
    wait(*lock.mutex(), site);
  }
  template <class M>
  bool wait_for(std::unique_lock<M>& lock, const Site& site = kAnonymousSite) {
    return wait_for(*lock.mutex(), site);
  }
  template <class M, class Condition>
    requires requires(const Condition& c) { static_cast<bool>(c()); }
  void wait(std::unique_lock<M>& lock, const Condition& condition, const Site& site = kAnonymousSite) {
    wait(*lock.mutex(), condition, site);
  }

  void notify_one(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  void notify_all(const Site& site = kAnonymousSite, ExpressionGuard guard = {});

 private:
  static bool enabled(const Object* object, const Pending& pending, TaskId task);
  bool wait(Lock& mutex, Timeout timeout, const Site& site);
  void remove(uint32_t nth);
  void rehash();

  TaskId* waiters_ = nullptr; /* in order of arrival */
  uint32_t count_ = 0;
  WakeUp last_notify_;
  Wakeups wakeups_ = Wakeups::kNotified;
  uint64_t hashed_ = 0;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_CONDVAR_H_
