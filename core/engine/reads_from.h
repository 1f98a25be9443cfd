/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who read what whom wrote: the reads-from relation of an execution, between places of the code.
 *
 * The reader is an event that a scheduling point came before, because only that can be put off. The writer is
 * the transition that wrote last, named by the event that begins it: a store inside a section with a lock is
 * brought about, or put off, where the lock is taken. Acquiring a lock reads from the acquire before it
 * (Wolff et al., ASPLOS 2024, treat a mutex as a variable); releases do not count. Orders that no schedule
 * can change (spawn and join) and real time are left out.
 */
#ifndef DAXRACE_CORE_ENGINE_READS_FROM_H_
#define DAXRACE_CORE_ENGINE_READS_FROM_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/engine/execution.h"

namespace daxrace::engine {

/* Where an event happens, by a name that survives edits. Callers that name no site are told apart by the role
 * of the object and the kind of event. Never 0. */
uint64_t place_of(const Site& site, const Role& role, EventKind kind);
/* Of what the task would do next; of its start if it has not started. */
uint64_t place_of(const Pending& pending);

/* Instead of a writer: nobody has written yet. */
inline constexpr uint64_t kInitialValue = 0;

struct ReadsFromPair {
  uint64_t reader = 0; /* places */
  uint64_t writer = kInitialValue;
  bool operator==(const ReadsFromPair&) const = default;
};

/* Whether events of that kind depend on what was written before, and whether later ones depend on them. */
bool reads(EventKind kind);
bool writes(EventKind kind);

/* Follows a trace while it grows, and knows the last writer of every object. Allocates only when an
 * execution has more objects than any before. */
class ReadsFrom {
 public:
  /* An object within an execution. */
  static uint64_t id(const Role& role, uint32_t index) { return uint64_t{role.slot()} << 32 | index; }
  static uint64_t id(const Object& object) { return id(*object.role, object.index); }

  ReadsFrom() : entries_(size_t{1} << 8) {}

  /* A new execution. */
  void begin();

  /* Looks at the events since the last call, in order:
   *   visitor.read(pair)                    a reader read
   *   visitor.wrote(place, head, object)    the transition that began at `place`, on object `head`, wrote */
  template <class Visitor>
  void follow(const Execution& execution, Visitor&& visitor) {
    std::span<const Event> trace = execution.trace();
    for (; next_ < trace.size(); ++next_) {
      const Event& event = trace[next_];
      if (event.point) {
        place_ = place_of(*event.site, *event.role, event.kind);
        head_ = id(*event.role, event.object);
      }
      bool reader = event.point && reads(event.kind);
      bool writer = writes(event.kind);
      if (!reader && !writer) continue;
      uint64_t object = id(*event.role, event.object);
      Entry& entry = find_or_add(object);
      if (reader) visitor.read(ReadsFromPair{place_, entry.writer});
      if (!writer) continue;
      entry.writer = place_;
      visitor.wrote(place_, head_, object);
    }
  }

  /* The place that wrote the object last, or kInitialValue. */
  uint64_t writer_of(uint64_t object) const;

 private:
  struct Entry {
    uint64_t object = 0;
    uint64_t writer = kInitialValue;
    uint64_t execution = 0; /* that the entry is of; another one: it is free */
  };

  size_t slot_of(uint64_t object) const;
  Entry& find_or_add(uint64_t object);
  void grow();

  std::vector<Entry> entries_; /* open addressing; a power of two */
  size_t used_ = 0;
  uint64_t execution_ = 1;
  size_t next_ = 0;    /* event of the trace */
  uint64_t place_ = 0; /* of the present transition */
  uint64_t head_ = 0;
};

/* The pairs seen, at most kPairsMax: of those that fall into one set of kWays, the one seen least often makes
 * room. Allocates nothing after construction. */
class ReadsFromPool {
 public:
  static constexpr size_t kPairsMax = 4096;
  static constexpr size_t kFreshKept = 4;

  ReadsFromPool();

  /* A new execution. */
  void begin();
  /* The execution has shown the pair. */
  void add(const ReadsFromPair& pair);

  /* Of this execution: pairs that were not in the pool before it, and a hash of all its pairs, which is equal
   * for two executions with the same set of pairs. */
  uint32_t fresh() const { return fresh_; }
  /* The first of those pairs, at most kFreshKept. */
  std::span<const ReadsFromPair> fresh_pairs() const {
    return {fresh_pairs_.data(), std::min<size_t>(fresh_, kFreshKept)};
  }
  uint64_t path() const { return path_; }

  /* In order of arrival; a pair that made room is replaced in its place. */
  size_t size() const { return order_.size(); }
  const ReadsFromPair& operator[](size_t index) const { return entries_[order_[index]].pair; }

 private:
  static constexpr size_t kWays = 4;

  struct Entry {
    ReadsFromPair pair;
    uint64_t execution = 0; /* the last that showed it */
    uint64_t count = 0;     /* executions that did; 0: free */
  };

  void show(Entry& entry, uint64_t hash);

  std::vector<Entry> entries_;
  std::vector<uint32_t> order_;
  uint64_t execution_ = 0;
  uint32_t fresh_ = 0;
  std::array<ReadsFromPair, kFreshKept> fresh_pairs_;
  uint64_t path_ = 0;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_READS_FROM_H_
