/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An operation of a program: a row of ops.def and its arguments.
 *
 * Arguments are plain integers, so that the fuzzer can change any of them and an execution reads them without
 * looking anything up. Units: pages for offsets and lengths, cells for the cell of an address.
 */
#ifndef DAXRACE_CORE_SCENARIO_OPERATION_H_
#define DAXRACE_CORE_SCENARIO_OPERATION_H_

#include <array>
#include <cassert>
#include <cstdint>
#include <span>
#include <string_view>

namespace daxrace::scenario {

enum class OpKind : uint8_t {
#define OP(name, where, needs, weight, summary, ...) k_##name,
#include "core/scenario/ops.def"
#undef OP
  kCount
};

enum class OpWhere : uint8_t { kSetup, kTask, kAnywhere };

/* A part of the machine. */
enum class OpNeeds : uint8_t { kNothing, kMemory, kDevices, kRdma, kLife, kUnbind };

enum class ArgKind : uint8_t {
  kFile,       // FILE              index into Program::files
  kNewFile,    // FILE              declares it
  kRegion,     // REGION            index into Program::regions
  kNewRegion,  // [PROCESS.]REGION  declares it; the prefix only in setup
  kAddr,       // REGION[+OFFSET][.CELL]   three slots: region, page, cell
  kOffset,     // 0, 3pg, 1pmd      pages
  kLength,     // 1pg, 2pmd, 0      pages; after a kOffset at least one page, else a size that may be 0
  kSizeKey,    // size=LENGTH       pages
  kProt,       // shared|private|sync rw|r bits: kProt..., up to kProtMax
  kAccess,     // rw | r                   1: writable
  kProcess,    // PROCESS                  index into Program::processes; the last
};

inline constexpr size_t kArgKinds = static_cast<size_t>(ArgKind::kProcess) + 1;

/* MAP_SHARED_VALIDATE | MAP_SYNC is `sync`. */
inline constexpr int32_t kProtWrite = 1;
inline constexpr int32_t kProtPrivate = 2;
inline constexpr int32_t kProtSync = 4; /* and not private */
inline constexpr int32_t kProtMax = kProtSync | kProtWrite;

inline constexpr int kSlotsMax = 6;

constexpr int slots_of(ArgKind kind) { return kind == ArgKind::kAddr ? 3 : 1; }

/* One row of ops.def. */
struct OpInfo {
  std::string_view name;
  OpWhere where;
  OpNeeds needs;
  int weight;
  std::string_view summary;
  std::span<const ArgKind> args;
};

namespace internal {

/* A template, because a row without arguments would be an array of no elements. */
template <ArgKind... kKinds>
struct Arguments {
  static constexpr std::array<ArgKind, sizeof...(kKinds)> value{kKinds...};
  static constexpr int slots = (0 + ... + slots_of(kKinds));
  static_assert(slots <= kSlotsMax, "an Operation has no room for the arguments of this row");
};

using OpTable = std::array<OpInfo, static_cast<size_t>(OpKind::kCount)>;
using SlotTable = std::array<std::array<int8_t, kArgKinds>, static_cast<size_t>(OpKind::kCount)>;

constexpr OpTable make_op_table() {
  using enum ArgKind;
  using enum OpWhere;
  using enum OpNeeds;
  return {{
#define OP(name, where, needs, weight, summary, ...) \
  {#name, where, needs, weight, summary, Arguments<__VA_ARGS__>::value},
#include "core/scenario/ops.def"
#undef OP
  }};
}

inline constexpr OpTable kOpTable = make_op_table();

constexpr SlotTable make_slot_table() {
  SlotTable table{};
  for (size_t kind = 0; kind < table.size(); ++kind) {
    table[kind].fill(-1);
    int8_t slot = 0;
    for (const ArgKind arg : kOpTable[kind].args) {
      int8_t& first = table[kind][static_cast<size_t>(arg)];
      if (first < 0) first = slot;
      slot = static_cast<int8_t>(slot + slots_of(arg));
    }
  }
  return table;
}

inline constexpr SlotTable kSlotTable = make_slot_table();

}  // namespace internal

/* Bounds: kind < OpKind::kCount. */
constexpr const OpInfo& op_info(OpKind kind) {
  assert(kind < OpKind::kCount);
  return internal::kOpTable[static_cast<size_t>(kind)];
}
constexpr std::span<const OpInfo> op_table() { return internal::kOpTable; }

/* The operation of that name, or OpKind::kCount. */
OpKind op_named(std::string_view name);

/* The (first) slot of the first argument of that kind, or -1. */
constexpr int slot_of(OpKind kind, ArgKind arg) {
  assert(kind < OpKind::kCount);
  return internal::kSlotTable[static_cast<size_t>(kind)][static_cast<size_t>(arg)];
}

struct Operation {
  OpKind kind = OpKind::kCount;
  std::array<int32_t, kSlotsMax> arg{};

  bool operator==(const Operation&) const = default;
};

/* The value of the first argument of that kind, or -1. */
inline int32_t argument(const Operation& op, ArgKind kind) {
  const int slot = slot_of(op.kind, kind);
  return slot < 0 ? -1 : op.arg[static_cast<size_t>(slot)];
}

/* Calls visit(ArgKind, first slot) for each argument, in the order of the row. */
template <typename Visit>
void for_each_argument(OpKind kind, Visit&& visit) {
  int slot = 0;
  for (const ArgKind arg : op_info(kind).args) {
    visit(arg, slot);
    slot += slots_of(arg);
  }
}

}  // namespace daxrace::scenario

#endif  // DAXRACE_CORE_SCENARIO_OPERATION_H_
