/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/reads_from.h"

#include <array>

namespace daxrace::engine {

namespace {

constexpr uint8_t kReads = 1;
constexpr uint8_t kWrites = 2;

constexpr auto kUse = [] {
  std::array<uint8_t, static_cast<size_t>(EventKind::kCount) + 1> use{};
  auto set = [&](EventKind kind, uint8_t how) { use[static_cast<size_t>(kind)] = how; };
  set(EventKind::k_load, kReads);
  set(EventKind::k_store, kWrites);
  set(EventKind::k_rmw, kReads | kWrites);
  set(EventKind::k_plain_read, kReads);
  set(EventKind::k_plain_write, kWrites);
  set(EventKind::k_lock, kReads | kWrites);
  set(EventKind::k_prepare_wait, kReads | kWrites);
  set(EventKind::k_wake, kReads | kWrites);
  set(EventKind::k_wait_active, kReads);
  set(EventKind::k_complete, kReads | kWrites);
  set(EventKind::k_wait_done, kReads | kWrites);
  return use;
}();

uint8_t use_of(EventKind kind) { return kUse[static_cast<size_t>(kind)]; }

uint64_t hash_of(const ReadsFromPair& pair) {
  return fold(pair.reader ^ 0x2d358dccaa6c78a5ULL, mix(pair.writer + 1));
}

}  // namespace

uint64_t place_of(const Site& site, const Role& role, EventKind kind) {
  if (&site != &kAnonymousSite) return site.hash;
  return role.hash() + (static_cast<uint64_t>(kind) + 1) * 0x9e3779b97f4a7c15ULL;
}

uint64_t place_of(const Pending& pending) {
  if (pending.object == nullptr) return place_of(kAnonymousSite, kTaskRole, EventKind::k_start);
  return place_of(*pending.site, *pending.object->role, pending.kind);
}

bool reads(EventKind kind) { return (use_of(kind) & kReads) != 0; }
bool writes(EventKind kind) { return (use_of(kind) & kWrites) != 0; }

/* --- ReadsFrom
 * ----------------------------------------------------------------------------------------------- */

void ReadsFrom::begin() {
  ++execution_;
  used_ = 0;
  next_ = 0;
  place_ = head_ = 0;
}

/* Of the object, or of the free entry where it would go. */
size_t ReadsFrom::slot_of(uint64_t object) const {
  size_t mask = entries_.size() - 1;
  size_t slot = static_cast<size_t>(object * 0x9e3779b97f4a7c15ULL >> 32) & mask;
  while (entries_[slot].execution == execution_ && entries_[slot].object != object) slot = (slot + 1) & mask;
  return slot;
}

ReadsFrom::Entry& ReadsFrom::find_or_add(uint64_t object) {
  size_t slot = slot_of(object);
  if (entries_[slot].execution != execution_) {
    if (++used_ > entries_.size() / 2) {
      grow();
      slot = slot_of(object);
    }
    entries_[slot] = {object, kInitialValue, execution_};
  }
  return entries_[slot];
}

void ReadsFrom::grow() {
  std::vector<Entry> old(entries_.size() * 2);
  old.swap(entries_);
  for (const Entry& entry : old) {
    if (entry.execution == execution_) entries_[slot_of(entry.object)] = entry;
  }
}

uint64_t ReadsFrom::writer_of(uint64_t object) const {
  const Entry& entry = entries_[slot_of(object)];
  return entry.execution == execution_ ? entry.writer : kInitialValue;
}

/* --- ReadsFromPool
 * ------------------------------------------------------------------------------------------- */

ReadsFromPool::ReadsFromPool() : entries_(kPairsMax) { order_.reserve(kPairsMax); }

void ReadsFromPool::begin() {
  ++execution_;
  fresh_ = 0;
  path_ = 0;
}

void ReadsFromPool::show(Entry& entry, uint64_t hash) {
  if (entry.execution == execution_) return;
  entry.execution = execution_;
  ++entry.count;
  path_ += mix(hash);
}

void ReadsFromPool::add(const ReadsFromPair& pair) {
  uint64_t hash = hash_of(pair);
  size_t first = static_cast<size_t>(hash % (kPairsMax / kWays)) * kWays;
  size_t victim = first;
  for (size_t i = first; i < first + kWays; ++i) {
    if (entries_[i].count != 0 && entries_[i].pair == pair) return show(entries_[i], hash);
    if (entries_[i].count < entries_[victim].count) victim = i;
  }
  if (entries_[victim].count == 0) order_.push_back(static_cast<uint32_t>(victim));
  entries_[victim] = {pair, 0, 0};
  if (fresh_ < kFreshKept) fresh_pairs_[fresh_] = pair;
  ++fresh_;
  show(entries_[victim], hash);
}

}  // namespace daxrace::engine
