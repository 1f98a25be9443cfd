/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared data. Atomic<T> is what may be read without its lock: each access is a scheduling point and carries
 * the kernel's order. Plain<T> is what a lock protects: no scheduling point, but every access is checked for
 * races. T: trivially copyable, at most eight bytes. Both live in the arena of the current execution.
 */
#ifndef DAXRACE_CORE_ENGINE_DATA_H_
#define DAXRACE_CORE_ENGINE_DATA_H_

#include <cstring>

#include "core/engine/execution.h"
#include "core/engine/race.h"
#include "core/engine/sleep.h"

namespace daxrace::engine {

/* The kernel's orders. kFull is a value-returning read-modify-write or smp_mb(): ordered both ways. */
enum class Order : uint8_t { kRelaxed, kAcquire, kRelease, kFull };

template <class T>
uint64_t bits_of(const T& value) {
  static_assert(sizeof(T) <= sizeof(uint64_t) && std::is_trivially_copyable_v<T>);
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}

/* Happens-before of one Atomic. */
class SyncState {
 public:
  void on_load(Order order) {
    if (clock_ != nullptr) [[unlikely]]
      acquire(order);
  }
  /* A store begins a new release sequence, a read-modify-write extends the one there is. */
  void on_store(Order order) { publish(order, false); }
  void on_rmw(Order order) {
    on_load(order);
    publish(order, true);
  }

 private:
  void publish(Order order, bool extend) {
    bool nothing = order == Order::kRelaxed || order == Order::kAcquire;
    if (nothing && clock_ == nullptr && Execution::current().self_task().released == nullptr) return;
    publish_clock(order, extend);
  }
  void acquire(Order order);
  void publish_clock(Order order, bool extend);

  uint32_t* clock_ = nullptr; /* what an acquire of the present value brings */
};

/* smp_mb, smp_rmb (acquire), smp_wmb (release). */
void fence(Order order = Order::kFull, const Site& site = kAnonymousSite, ExpressionGuard guard = {});

template <class T>
class Atomic : public Object {
 public:
  Atomic() = default;
  explicit Atomic(const Role& role, T value = T()) { init(role, value); }
  explicit Atomic(const char* name, T value = T()) { init(role_named(name), value); }

  [[gnu::always_inline]] void init(const Role& role, T value = T()) {
    Execution& execution = Execution::current();
    execution.init(*this, role);
    value_ = value;
    execution.changed(*this, 0, bits_of(value) + 1);
  }

  [[gnu::always_inline]] T load(Order order = Order::kFull, const Site& site = kAnonymousSite,
                                [[maybe_unused]] const ExpressionGuard& guard = {}) {
    Execution& execution = Execution::current();
    execution.point(site, *this, EventKind::k_load);
    sync_.on_load(order);
    execution.event(site, EventKind::k_load, *this, bits_of(value_));
    execution.observe(*this, bits_of(value_));
    return value_;
  }

  [[gnu::always_inline]] void store(T value, Order order = Order::kFull, const Site& site = kAnonymousSite,
                                    [[maybe_unused]] const ExpressionGuard& guard = {}) {
    Execution::current().point(site, *this, EventKind::k_store);
    store_here(value, order, site);
  }

  /* Without a scheduling point: inside a section that is one step anyway, because the lock that serialises
   * the writers was taken in it and the section has this one write that others can see. */
  [[gnu::always_inline]] void store_here(T value, Order order = Order::kFull,
                                         const Site& site = kAnonymousSite) {
    Execution& execution = Execution::current();
    sync_.on_store(order);
    set(value);
    execution.event(site, EventKind::k_store, *this, bits_of(value));
  }

  /* The same for a read: the value that the step it belongs to decided on. */
  [[gnu::always_inline]] T load_here(Order order = Order::kFull, const Site& site = kAnonymousSite) {
    Execution& execution = Execution::current();
    sync_.on_load(order);
    execution.event(site, EventKind::k_load, *this, bits_of(value_));
    execution.observe(*this, bits_of(value_));
    return value_;
  }

  [[gnu::always_inline]] T exchange(T value, Order order = Order::kFull, const Site& site = kAnonymousSite,
                                    [[maybe_unused]] const ExpressionGuard& guard = {}) {
    return rmw(order, site, [value](T) { return value; });
  }

  [[gnu::always_inline]] T fetch_add(T value, Order order = Order::kFull, const Site& site = kAnonymousSite,
                                     [[maybe_unused]] const ExpressionGuard& guard = {}) {
    return rmw(order, site, [value](T old) { return static_cast<T>(old + value); });
  }

  /* Whether it held `expected` and now holds `value`. A failure is ordered like a relaxed load. */
  [[gnu::always_inline]] bool compare_exchange(T expected, T value, Order order = Order::kFull,
                                               const Site& site = kAnonymousSite,
                                               [[maybe_unused]] const ExpressionGuard& guard = {}) {
    Execution& execution = Execution::current();
    execution.point(site, *this, EventKind::k_rmw);
    bool equal = bits_of(value_) == bits_of(expected);
    finish_rmw(equal ? value : value_, equal ? order : Order::kRelaxed, equal, site);
    return equal;
  }

  /* What C++ has beside that. */
  T fetch_sub(T value, Order order, const Site& site = kAnonymousSite, const ExpressionGuard& = {}) {
    return rmw(order, site, [value](T old) { return static_cast<T>(old - value); });
  }
  T fetch_and(T value, Order order, const Site& site = kAnonymousSite, const ExpressionGuard& = {}) {
    return rmw(order, site, [value](T old) { return static_cast<T>(old & value); });
  }
  T fetch_or(T value, Order order, const Site& site = kAnonymousSite, const ExpressionGuard& = {}) {
    return rmw(order, site, [value](T old) { return static_cast<T>(old | value); });
  }
  T fetch_xor(T value, Order order, const Site& site = kAnonymousSite, const ExpressionGuard& = {}) {
    return rmw(order, site, [value](T old) { return static_cast<T>(old ^ value); });
  }
  /* A failure puts the value that was there into `expected`. */
  bool compare_exchange_strong(T& expected, T value, Order success, Order failure,
                               const Site& site = kAnonymousSite, const ExpressionGuard& = {}) {
    return compare_exchange_cxx(expected, value, success, failure, false, site);
  }
  /* May fail for no reason: drawn. */
  bool compare_exchange_weak(T& expected, T value, Order success, Order failure,
                             const Site& site = kAnonymousSite, const ExpressionGuard& = {}) {
    return compare_exchange_cxx(expected, value, success, failure, true, site);
  }
  /* Sleeps until notified and no longer `old`. A value that came and went may be missed. */
  void wait(T old, Order order, const Site& site = kAnonymousSite) {
    while (bits_of(load(order, site)) == bits_of(old)) sleep_on(*this, site);
  }
  void notify_one(const Site& site = kAnonymousSite, const ExpressionGuard& = {}) {
    notify_sleepers(*this, false, site);
  }
  void notify_all(const Site& site = kAnonymousSite, const ExpressionGuard& = {}) {
    notify_sleepers(*this, true, site);
  }

  /* For observers and for whoever runs alone. */
  T peek() const { return value_; }

 private:
  bool compare_exchange_cxx(T& expected, T value, Order success, Order failure, bool weak, const Site& site) {
    Execution& execution = Execution::current();
    execution.point(site, *this, EventKind::k_rmw);
    T old = value_;
    execution.event(site, EventKind::k_rmw, *this, bits_of(old));
    bool equal = bits_of(old) == bits_of(expected) && !(weak && execution.choose(2, site) != 0);
    if (equal) {
      sync_.on_rmw(success);
      set(value);
    } else {
      sync_.on_load(failure);
      expected = old;
    }
    execution.observe(*this, bits_of(old));
    return equal;
  }

  template <class F>
  [[gnu::always_inline]] T rmw(Order order, const Site& site, F&& update) {
    Execution::current().point(site, *this, EventKind::k_rmw);
    T old = value_;
    finish_rmw(update(old), order, true, site);
    return old;
  }

  [[gnu::always_inline]] void finish_rmw(T value, Order order, bool writes, const Site& site) {
    Execution& execution = Execution::current();
    uint64_t old = bits_of(value_);
    if (writes) {
      sync_.on_rmw(order);
      set(value);
    } else {
      sync_.on_load(order);
    }
    execution.event(site, EventKind::k_rmw, *this, old);
    execution.observe(*this, old);
  }

  [[gnu::always_inline]] void set(T value) {
    Execution::current().changed(*this, bits_of(value_) + 1, bits_of(value) + 1);
    value_ = value;
  }

  T value_{};
  SyncState sync_;
};

template <class T>
class Plain : public Object {
 public:
  Plain() = default;
  explicit Plain(const Role& role, T value = T()) { init(role, value); }
  explicit Plain(const char* name, T value = T()) { init(role_named(name), value); }

  [[gnu::always_inline]] void init(const Role& role, T value = T()) {
    Execution& execution = Execution::current();
    execution.init(*this, role);
    value_ = value;
    execution.changed(*this, 0, bits_of(value) + 1);
  }

  T read(const Site& site = kAnonymousSite) {
    Execution& execution = Execution::current();
    execution.event(site, EventKind::k_plain_read, *this, bits_of(value_));
    execution.observe(*this, bits_of(value_));
    race_.on_read(*this, site);
    return value_;
  }

  void write(T value, const Site& site = kAnonymousSite) {
    Execution& execution = Execution::current();
    execution.event(site, EventKind::k_plain_write, *this, bits_of(value));
    execution.changed(*this, bits_of(value_) + 1, bits_of(value) + 1);
    race_.on_write(*this, site);
    value_ = value;
  }

  T peek() const { return value_; }

 private:
  T value_{};
  RaceState race_;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_DATA_H_
