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
  kProcess,    // PROCESS                  index into Program::processes
};

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

/* Bounds: kind < OpKind::kCount. */
const OpInfo& op_info(OpKind kind);
std::span<const OpInfo> op_table();

/* The operation of that name, or OpKind::kCount. */
OpKind op_named(std::string_view name);

/* The (first) slot of the first argument of that kind, or -1. */
int slot_of(OpKind kind, ArgKind arg);

struct Operation {
  OpKind kind = OpKind::kCount;
  std::array<int32_t, kSlotsMax> arg{};

  bool operator==(const Operation&) const = default;
};

/* The value of the first argument of that kind, or -1. */
int32_t argument(const Operation& op, ArgKind kind);

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
