/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/shared_table.h"

#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace daxrace::engine {

namespace {

constexpr size_t kHeaderBytes = 4096;

/* How often to look whether whoever took a slot has written the rest of its key. */
constexpr int kPatience = 200;
/* What is written there instead by who runs out of patience: whoever took the slot was killed, or is too
 * late. */
constexpr uint64_t kDead = ~uint64_t{0};

constexpr uint64_t pack(uint32_t owner, uint32_t word) { return uint64_t{owner} << 32 | word; }
constexpr uint32_t owner_of(uint64_t packed) { return static_cast<uint32_t>(packed >> 32); }
constexpr uint32_t word_of(uint64_t packed) { return static_cast<uint32_t>(packed); }

}  // namespace

SharedTable::SharedTable(size_t slots, size_t bytes_max) {
  slots_max_ = std::max(slots, std::bit_floor(std::max(bytes_max / sizeof(Slot), size_t{1})));
  bytes_ = kHeaderBytes + slots_max_ * sizeof(Slot);
  memory_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory_ == MAP_FAILED) throw std::bad_alloc();
  header_ = new (memory_) Header;
  header_->bits = static_cast<uint32_t>(std::countr_zero(slots));
  /* Atomics over zeroed memory: constructing them would touch all of it. */
  slots_ = reinterpret_cast<Slot*>(static_cast<char*>(memory_) + kHeaderBytes);
}

SharedTable::~SharedTable() { munmap(memory_, bytes_); }

/* Null: no room. A slot whose owner did not write all of its key is passed by, by its owner, too. */
SharedTable::Slot* SharedTable::find(Hash128 key, bool* fresh) {
  uint64_t high = static_cast<uint64_t>(key >> 64);
  uint64_t low = static_cast<uint64_t>(key);
  /* One more way to collide among 2^64 each. */
  if (high == 0) high = 1;
  if (low == 0 || low == kDead) low = 1;
  const size_t mask = slots() - 1;
  *fresh = false;
  size_t at = low & mask;
  for (size_t probes = 0; probes <= mask; ++probes, at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    uint64_t there = slot.high.load(std::memory_order_acquire);
    if (there == 0) {
      if (header_->used.load(std::memory_order_relaxed) >= mask - mask / 8) return nullptr;
      if (slot.high.compare_exchange_strong(there, high, std::memory_order_acq_rel)) {
        uint64_t rest = 0;
        header_->used.fetch_add(1, std::memory_order_relaxed);
        if (!slot.low.compare_exchange_strong(rest, low, std::memory_order_acq_rel)) continue;
        *fresh = true;
        return &slot;
      }
    }
    if (there != high) continue;
    uint64_t rest = slot.low.load(std::memory_order_acquire);
    for (int i = 0; rest == 0 && i < kPatience; ++i) {
      sched_yield();
      rest = slot.low.load(std::memory_order_acquire);
    }
    if (rest == 0) slot.low.compare_exchange_strong(rest, kDead, std::memory_order_acq_rel);
    if (rest == low) return &slot;
  }
  return nullptr;
}

uint32_t SharedTable::raise(Hash128 key, uint32_t value, bool* fresh) {
  Slot* slot = find(key, fresh);
  if (slot == nullptr) return 0;
  uint64_t there = slot->word.load(std::memory_order_relaxed);
  while (word_of(there) < value && !slot->word.compare_exchange_weak(there, pack(owner_, value))) {
  }
  return word_of(there);
}

uint32_t SharedTable::unite(Hash128 key, uint32_t value, bool* fresh) {
  Slot* slot = find(key, fresh);
  if (slot == nullptr) return 0;
  uint64_t there = slot->word.load(std::memory_order_relaxed);
  for (;;) {
    uint32_t both = word_of(there) | value;
    if (both == word_of(there)) return both;
    bool mine = word_of(there) == 0 || owner_of(there) == owner_;
    if (slot->word.compare_exchange_weak(there, pack(mine ? owner_ : kManyOwners, both))) {
      return word_of(there);
    }
  }
}

bool SharedTable::crowded() const {
  return header_->used.load(std::memory_order_relaxed) > slots() / 2 && slots() < slots_max_;
}

bool SharedTable::has_key(const Slot& slot) {
  const uint64_t low = slot.low.load(std::memory_order_relaxed);
  return low != 0 && low != kDead;
}

uint64_t SharedTable::keys() const {
  uint64_t n = 0;
  for (size_t i = 0; i < slots(); ++i) n += has_key(slots_[i]);
  return n;
}

void SharedTable::forget(uint32_t owner) {
  for (size_t i = 0; i < slots(); ++i) {
    uint64_t there = slots_[i].word.load(std::memory_order_relaxed);
    while (word_of(there) != 0 && (owner_of(there) == owner || owner_of(there) == kManyOwners) &&
           !slots_[i].word.compare_exchange_weak(there, 0)) {
    }
  }
}

void SharedTable::insert(Hash128 key, uint64_t word) {
  bool fresh = false;
  Slot* slot = find(key, &fresh);
  if (slot != nullptr) slot->word = word;
}

bool SharedTable::grow() {
  if (slots() * 2 > slots_max_) return false;
  std::vector<std::pair<Hash128, uint64_t>> all;
  all.reserve(header_->used);
  for (size_t i = 0; i < slots(); ++i) {
    const Slot& slot = slots_[i];
    if (!has_key(slot)) continue;
    all.emplace_back(Hash128{slot.high} << 64 | slot.low, slot.word);
  }
  clear();
  header_->bits = header_->bits + 1;
  for (const auto& [key, word] : all) insert(key, word);
  return true;
}

void SharedTable::clear() {
  std::memset(static_cast<void*>(slots_), 0, slots() * sizeof(Slot));
  header_->used = 0;
}

void SharedTable::write(ByteWriter& out) const {
  std::vector<std::pair<Hash128, uint32_t>> all;
  all.reserve(header_->used);
  for (size_t i = 0; i < slots(); ++i) {
    const Slot& slot = slots_[i];
    if (has_key(slot)) all.emplace_back(Hash128{slot.high} << 64 | slot.low, word_of(slot.word));
  }
  std::sort(all.begin(), all.end());
  out.u64(all.size());
  for (const auto& [key, word] : all) {
    out.u128(key);
    out.u32(word);
  }
}

bool SharedTable::read(ByteReader& in) {
  clear();
  for (uint64_t n = in.count(20); n > 0; --n) {
    Hash128 key = in.u128();
    uint32_t word = in.u32();
    if (header_->used > slots() / 2) grow();
    insert(key, pack(kNoOwner, word));
  }
  return in.ok();
}

}  // namespace daxrace::engine
