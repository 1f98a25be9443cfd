/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Read-copy update: rcu_read_lock(), synchronize_rcu(), call_rcu(), rcu_barrier(), and sleepable domains
 * (SRCU).
 *
 * A grace period waits for the read sections that are open when it is asked for, and for no later ones; the
 * kernel's may last longer. Entering a section is a scheduling point and leaving is not, as with a lock:
 * without the point no grace period could begin between what the reader did before and its section. Leaving
 * earlier takes nothing from anybody, so a switch right before it shows nothing new.
 *
 * For races, the guarantee of the kernel's memory model: a section that has ended before a grace period has
 * happens before what follows the grace period; what precedes a grace period happens before what sections do
 * after it, also those that began while it lasted.
 */
#ifndef DAXRACE_CORE_ENGINE_RCU_H_
#define DAXRACE_CORE_ENGINE_RCU_H_

#include "core/engine/data.h"
#include "core/engine/sync.h"

namespace daxrace::engine {

/* Open read sections: tasks, for each index. */
struct Sections {
  Candidates::Mask tasks[2] = {};

  bool empty() const { return (tasks[0] | tasks[1]) == 0; }
  uint64_t hash() const;
};

/* What call() takes: part of what shall be freed. In the arena; queued at most once at a time. */
struct RcuHead : Object {
  using Callback = void (*)(RcuHead* head);

  void init(const Role& role) { Execution::current().init(*this, role); }

  RcuHead* next = nullptr;
  Callback callback = nullptr;
  Sections waits_for;
  Candidates::Mask barriers = 0; /* tasks whose barrier() waits for it */
  uint32_t* clock = nullptr;     /* of the caller at the call */
  uint64_t place = 0;            /* of the call, hashed: tells callbacks apart, whose addresses must not */
  TaskId caller = kNoTask;
};

/* Who runs callbacks: a task that is spawned with the first call, or tasks that call serve(). */
enum class RcuServer : uint8_t { kSpawned, kProvided };

/* One domain of readers. */
class GracePeriods : public Object {
 public:
  void init(const Role& role, RcuServer server = RcuServer::kSpawned);

  /* Waits for a grace period. Inside a section of the same domain: a deadlock. */
  void synchronize(const Site& site = kAnonymousSite, ExpressionGuard guard = {});

  /* Has `callback` run after a grace period, in atomic context. Those of one caller run in order; of callers
   * whose next one may run, the strategy draws one. They overlap only if several tasks serve. */
  void call(RcuHead& head, RcuHead::Callback callback, const Site& site = kAnonymousSite,
            ExpressionGuard guard = {});

  /* Waits until all callbacks that have been queued have run. */
  void barrier(const Site& site = kAnonymousSite, ExpressionGuard guard = {});

  /* Runs callbacks until the only tasks left are such as serve and have nothing to do. */
  void serve(const Site& site = kAnonymousSite);

 protected:
  /* The scheduling point before it is the caller's. */
  void enter(uint32_t index, const Site& site);
  void leave(uint32_t index, const Site& site);
  void nest(uint32_t index, int by);
  uint32_t nesting(uint32_t index) const { return readers_[Execution::current().self()].nesting[index]; }
  uint32_t index_of_new() const { return index_; }
  explicit GracePeriods(uint32_t indices) : indices_(indices) {}

 private:
  /* What the domain keeps for each task. */
  struct PerTask {
    uint32_t nesting[2] = {};
    uint32_t callbacks = 0;        /* that its barrier() waits for */
    Sections waits_for;            /* its synchronize() */
    Candidates::Mask barriers = 0; /* tasks whose barrier() waits for the callback that it runs */
    bool runs = false;             /* a callback */
  };

  static TaskId holder(const Object* object, const Pending& pending);
  static bool can_serve(const Object* object, const Pending& pending, TaskId task);
  Sections open() const;
  void closed(Sections& sections, uint32_t index) const;
  void end_grace_period(const uint32_t* since);
  size_t ready(size_t nth, RcuHead** head) const;
  void unlink(const RcuHead& head);
  void invoke(RcuHead& head, const Site& site);
  void next_index() { index_ = (index_ + 1) % indices_; }
  void tell_servers();
  void rehash();

  PerTask* readers_ = nullptr;
  RcuHead* first_ = nullptr; /* callbacks in order of call() */
  uint32_t queued_ = 0;
  uint32_t indices_; /* 2: new sections have another index after a grace period has begun, as SRCU's do */
  uint32_t index_ = 0;
  Candidates::Mask servers_ = 0;
  RcuServer server_ = RcuServer::kSpawned;
  uint32_t* left_ = nullptr;   /* clocks of sections that have ended */
  uint32_t* ended_ = nullptr;  /* clocks from before grace periods that have ended */
  uint32_t* called_ = nullptr; /* clocks of callbacks that have run */
  uint64_t hashed_ = 0;
};

/* Sections nest, and must not sleep (Task::rcu_nesting). */
class Rcu : public GracePeriods {
 public:
  Rcu() : GracePeriods(1) {}
  void read_lock(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  void read_unlock(const Site& site = kAnonymousSite);
};

/* Sections may sleep. They end in the task that they began in, with the index that read_lock() gave. */
class Srcu : public GracePeriods {
 public:
  Srcu() : GracePeriods(2) {}
  uint32_t read_lock(const Site& site = kAnonymousSite, ExpressionGuard guard = {});
  void read_unlock(uint32_t index, const Site& site = kAnonymousSite);
};

/* T says which object and is no address: addresses must not reach a trace. */
template <class T>
void rcu_assign_pointer(Atomic<T>& pointer, T value, const Site& site = kAnonymousSite,
                        const ExpressionGuard& guard = {}) {
  pointer.store(value, Order::kRelease, site, guard);
}

/* Orders what depends on the value, and here everything after it: the engine does not follow dependencies, so
 * an access that does not depend on the value is taken for ordered. */
template <class T>
T rcu_dereference(Atomic<T>& pointer, const Site& site = kAnonymousSite, const ExpressionGuard& guard = {}) {
  return pointer.load(Order::kAcquire, site, guard);
}

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_RCU_H_
