/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * seqcount_t and seqlock_t of include/linux/seqlock.h: readers do not wait for writers to be let in, and read
 * again if a writer came between. What is read inside a section has to be Atomic and read relaxed: a reader
 * overlaps writers, and what it read then does not count.
 *
 * For races: what was written up to the end of a section happens before a reader that begins after it. The
 * fences inside (smp_wmb after the first increment, smp_rmb before the last look) order nothing more for a
 * reader whose section counts, and have no event.
 */
#ifndef DAXRACE_CORE_ENGINE_SEQCOUNT_H_
#define DAXRACE_CORE_ENGINE_SEQCOUNT_H_

#include "core/engine/data.h"
#include "core/engine/sync.h"

namespace daxrace::engine {

class SeqCount {
 public:
  void init(const Role& role) { sequence_.init(role, 0); }

  /* Spins while a writer is inside. */
  uint32_t read_begin(const Site& site = kAnonymousSite);
  /* True: a writer came in since read_begin() gave `start`, so read again. */
  [[nodiscard]] bool read_retry(uint32_t start, const Site& site = kAnonymousSite);

  /* raw_read_seqcount(): does not spin; odd: a writer is inside. */
  uint32_t read_raw(const Site& site = kAnonymousSite) { return sequence_.load(Order::kAcquire, site); }

  /* Writers must be serialised by something else. */
  void write_begin(const Site& site = kAnonymousSite);
  void write_end(const Site& site = kAnonymousSite);

 private:
  Atomic<uint32_t> sequence_;
};

class SeqLock {
 public:
  void init(const Role& lock_role, const Role& count_role, LockUse use = LockUse::kWaitsOnly);

  uint32_t read_begin(const Site& site = kAnonymousSite) { return count_.read_begin(site); }
  [[nodiscard]] bool read_retry(uint32_t start, const Site& site = kAnonymousSite) {
    return count_.read_retry(start, site);
  }
  void write_lock(const Site& site = kAnonymousSite);
  void write_unlock(const Site& site = kAnonymousSite);
  /* Keeps writers out, does not disturb readers. */
  void read_lock_excl(const Site& site = kAnonymousSite) { lock_.lock(site); }
  void read_unlock_excl(const Site& site = kAnonymousSite) { lock_.unlock(site); }

 private:
  SpinLock lock_;
  SeqCount count_;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_SEQCOUNT_H_
