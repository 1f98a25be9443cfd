/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The order in which locks are taken, as the kernel's lockdep sees it (kernel/locking/lockdep.c, v6.15): two
 * orders that can deadlock are found in executions that pass.
 *
 * A class is a Role and a subclass. Taking a lock of class B while one of class A is held makes the edge A ->
 * B, of one of four kinds: A is held exclusively or shared, B is waited for as everybody waits or as a
 * recursive reader, whom a waiting writer does not stop. An edge closes a cycle if a path leads from B to A
 * in which no edge to a recursive reader is followed by one from a shared holder (lockdep's strong dependency
 * path): every task of the cycle could then wait for the next. A shared hold of a semaphore is not recursive:
 * it waits behind a writer. A lock that was only tried makes no edge to it. Two locks of one class at once
 * are reported too, as possible recursion, unless both are read recursively or the role is nestable.
 *
 * Edges are made by acquisitions that succeeded; an attempt that never does is a deadlock, and reported as
 * one.
 *
 * What is claimed depends on the scope:
 *   kExecution    both orders occurred in the same execution. The finding is a property of its schedule
 * alone: a replay shows it, in any process. A search that prunes or reduces may never run an execution that
 * has both, although it has each: no finding claims nothing about the program. kAccumulated  the orders may
 * come from different executions of this object since reset(). An edge depends on what is held, which is
 * state, and on the operation that comes next; so a search that visits every state, or one of each set of
 * equivalent schedules, sees every edge. The finding keeps the edges of other executions: edges() of it gives
 * them, and learn() of them before the replay of this one execution shows the same finding.
 *
 * Bounded memory, reserved once. full() tells when an edge or a class found no room: from then on findings
 * may be missing, none is wrong.
 */
#ifndef DAXRACE_CORE_ENGINE_LOCK_ORDER_H_
#define DAXRACE_CORE_ENGINE_LOCK_ORDER_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine/finding.h"
#include "core/engine/held.h"

namespace daxrace::engine {

/* One acquisition while something was held. Plain data, to be kept and learned again. */
struct LockEdge {
  const Role* from = nullptr;
  const Role* to = nullptr;
  uint8_t from_subclass = 0;
  uint8_t to_subclass = 0;
  bool from_shared = false;  /* how the first was held */
  bool to_recursive = false; /* how the second was taken */
  bool to_shared = false;
  const Site* from_site = &kAnonymousSite;
  const Site* to_site = &kAnonymousSite;
  uint32_t from_object = 0;
  uint32_t to_object = 0;
  uint32_t from_step = 0;
  uint32_t to_step = 0;
  TaskId task = kNoTask;
  uint64_t execution = 0;           /* by LockOrder's count; 0: learned */
  std::array<char, 24> task_name{}; /* cut off if longer */
};

class LockOrder {
 public:
  enum class Scope : uint8_t { kOff, kExecution, kAccumulated };
  static constexpr size_t kEdgesMax = 1024;
  static constexpr int kClassesMax = 255;

  LockOrder();

  /* Forgets everything, what was learned too. */
  void reset();
  /* Edges of other executions, from now on until reset(). In scope kExecution too. */
  void learn(std::span<const LockEdge> edges);
  /* A new execution. */
  void begin(Scope scope);

  /* The current task has just taken what `held` says. Reports what is wrong with that; its class. */
  uint8_t acquire(Execution& execution, const Held& held, const Hold& how);

  /* One byte each: set where an execution takes one lock while it holds another, by the two classes and how.
   * size is a power of two; null: none are kept. */
  void set_edge_counters(uint8_t* counters, uint32_t size) {
    counters_ = counters;
    counters_mask_ = size - 1;
  }

  bool full() const { return full_; }
  /* Distinct edges since reset(). */
  size_t size() const { return edges_.size(); }

  /* Of a finding lock-order: the new edge, then those of the path back, each from where the last one led. Of
   * recursion, that edge alone. Valid as long as the execution's state. */
  static std::span<const LockEdge> edges(const Finding& finding);

 private:
  using Name = std::array<char, 24>;
  struct Edge {
    uint8_t from = 0; /* classes */
    uint8_t to = 0;
    bool from_shared = false;
    bool to_recursive = false;
    bool learned = false;
    size_t clean_at = 0; /* how many edges there were when it closed no cycle of all of them */
  };
  /* The first occurrence of an edge in the last execution that had it. */
  struct Seen {
    uint64_t execution = 0;
    const Site* from_site = &kAnonymousSite;
    const Site* to_site = &kAnonymousSite;
    uint32_t from_object = 0;
    uint32_t to_object = 0;
    uint32_t from_step = 0;
    uint32_t to_step = 0;
    TaskId task = kNoTask;
    bool to_shared = false;
  };
  struct Taught {
    uint16_t index;
    Seen seen;
    Name name;
  };
  struct Came {
    uint16_t edge = 0;
    uint16_t from = 0;
    bool known = false;
  };
  struct Class {
    const Role* role;
    uint8_t subclass;
  };

  uint8_t class_of(const Role& role, uint8_t subclass);
  /* Its index, kEdgesMax if there is no room. */
  size_t find_or_add(const Edge& edge);
  LockEdge edge_at(const Execution& execution, size_t index) const;
  void check(Execution& execution, size_t index);
  bool find_path(std::span<const uint16_t> among, const Edge& closing);
  void report_cycle(Execution& execution, size_t closing);
  void report_recursion(Execution& execution, const Held& outer, const Held& inner, const Hold& how);

  uint32_t hash_of(const Edge& edge) const;

  uint8_t* counters_ = nullptr;
  uint32_t counters_mask_ = 0;
  Scope scope_ = Scope::kOff;
  bool full_ = false;
  uint64_t execution_ = 0;
  std::vector<Edge> edges_;
  std::vector<Seen> seen_;      /* of each edge */
  std::vector<Name> names_;     /* of the task of that, where it is not of this execution */
  std::vector<uint16_t> slots_; /* hash table: index + 1 */
  std::vector<uint16_t> all_;   /* every edge, in the order of their first occurrence */
  std::vector<Taught> learned_;
  std::vector<uint16_t> present_; /* learned ones, then those of this execution in order of occurrence */
  std::vector<Class> classes_;    /* the first is no class */
  std::vector<uint8_t> class_ids_;
  std::vector<uint16_t> queue_; /* of find_path(): a class and how it was reached */
  std::vector<Came> came_;      /* by that: how it was reached first */
  std::vector<uint16_t> path_;  /* what find_path() found */
};

/* The report in lockdep's form, of a finding lock-order. */
std::string lockdep_report(const Finding& finding, const Execution& execution);

/* For describe of such a finding. */
std::string describe_lock_order(const Finding& finding, const Execution& execution);

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_LOCK_ORDER_H_
