/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/seqcount.h"

namespace daxrace::engine {

uint32_t SeqCount::read_begin(const Site& site) {
  RetryLoop retry;
  for (;;) {
    uint32_t sequence = sequence_.load(Order::kAcquire, site);
    if ((sequence & 1) == 0) return sequence;
    retry.again();
  }
}

bool SeqCount::read_retry(uint32_t start, const Site& site) {
  uint32_t sequence = sequence_.load(Order::kRelaxed, site);
  return sequence != start;
}

/* A plain increment in the kernel, because nobody else writes. */
void SeqCount::write_begin(const Site& site) { sequence_.fetch_add(1, Order::kRelaxed, site); }

void SeqCount::write_end(const Site& site) { sequence_.fetch_add(1, Order::kRelease, site); }

void SeqLock::init(const Role& lock_role, const Role& count_role, LockUse use) {
  lock_.init(lock_role, use);
  count_.init(count_role);
}

void SeqLock::write_lock(const Site& site) {
  lock_.lock(site);
  count_.write_begin(site);
}

void SeqLock::write_unlock(const Site& site) {
  count_.write_end(site);
  lock_.unlock(site);
}

}  // namespace daxrace::engine
