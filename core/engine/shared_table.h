/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What processes that explore parts of one search have to know of each other: a map from keys of 128 bits to
 * words of 32, in memory that fork(2) shares. Without locks, so that a process may be killed at any time.
 *
 * A word says how much of what is below its key somebody has taken on to explore. It only grows, by raise()
 * or unite(); what is not found there (a key that was not known is at 0) is the caller's to explore. After a
 * process was killed, forget() takes back what it took on.
 *
 * 24 bytes a slot, open addressing with linear probing. The table is made larger by grow() while nobody else
 * uses it, up to bytes_max; when it is full, new keys read as 0: states are then explored more than once.
 */
#ifndef DAXRACE_CORE_ENGINE_SHARED_TABLE_H_
#define DAXRACE_CORE_ENGINE_SHARED_TABLE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/engine/bytes.h"

namespace daxrace::engine {

class SharedTable {
 public:
  /* Address space of bytes_max is reserved, memory of it only used as the table grows. slots is a power of
   * two. Throws std::bad_alloc. */
  SharedTable(size_t slots, size_t bytes_max);
  ~SharedTable();
  SharedTable(const SharedTable&) = delete;
  SharedTable& operator=(const SharedTable&) = delete;

  /* Who this process is, for forget(): at least 1, below kManyOwners. */
  void set_owner(uint32_t owner) { owner_ = owner; }

  /* The word becomes the larger of itself and `value`. Returns what it was. *fresh: the key was not there. */
  uint32_t raise(Hash128 key, uint32_t value, bool* fresh);
  /* The word gets the bits of `value` too. Returns what it was. */
  uint32_t unite(Hash128 key, uint32_t value, bool* fresh);

  /* To be grown before much more is put in. */
  bool crowded() const;
  size_t slots() const { return size_t{1} << header_->bits.load(std::memory_order_relaxed); }
  uint64_t keys() const; /* exact while nobody else uses it; looks at all slots */

  /* --- while nobody else uses it
   * ---------------------------------------------------------------------------- */

  /* Words that `owner` had a part in become 0; their keys stay. */
  void forget(uint32_t owner);
  /* False: it is as large as it may be. */
  bool grow();
  void clear();
  void write(ByteWriter& out) const;
  bool read(ByteReader& in);

 private:
  static constexpr uint32_t kManyOwners = UINT32_MAX;
  static constexpr uint32_t kNoOwner = 0; /* of what was read(): what was left of it then is in some part */

  struct Slot {
    std::atomic<uint64_t> high; /* 0: free */
    std::atomic<uint64_t> low;  /* 0: not written yet */
    std::atomic<uint64_t> word; /* owner << 32 | word */
  };
  struct Header {
    std::atomic<uint32_t> bits; /* log2 of slots */
    std::atomic<uint64_t> used;
  };
  static_assert(std::atomic<uint64_t>::is_always_lock_free);

  static bool has_key(const Slot& slot);
  Slot* find(Hash128 key, bool* fresh);
  void insert(Hash128 key, uint64_t word);

  void* memory_ = nullptr;
  size_t bytes_ = 0;
  size_t slots_max_ = 0;
  Header* header_ = nullptr;
  Slot* slots_ = nullptr;
  uint32_t owner_ = 1;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_SHARED_TABLE_H_
