/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/scenario/operation.h"

#include <cassert>

namespace daxrace::scenario {

namespace {

/* A template, because a row without arguments would be an array of no elements. */
template <ArgKind... kKinds>
struct Arguments {
  static constexpr std::array<ArgKind, sizeof...(kKinds)> value{kKinds...};
  static constexpr int slots = (0 + ... + slots_of(kKinds));
  static_assert(slots <= kSlotsMax, "an Operation has no room for the arguments of this row");
};

using enum ArgKind;
using enum OpWhere;
using enum OpNeeds;

constexpr std::array<OpInfo, static_cast<size_t>(OpKind::kCount)> kTable = {{
#define OP(name, where, needs, weight, summary, ...) \
  {#name, where, needs, weight, summary, Arguments<__VA_ARGS__>::value},
#include "core/scenario/ops.def"
#undef OP
}};

}  // namespace

const OpInfo& op_info(OpKind kind) {
  assert(kind < OpKind::kCount);
  return kTable[static_cast<size_t>(kind)];
}

std::span<const OpInfo> op_table() { return kTable; }

OpKind op_named(std::string_view name) {
  size_t kind = 0;
  while (kind < kTable.size() && kTable[kind].name != name) ++kind;
  return static_cast<OpKind>(kind);
}

int slot_of(OpKind kind, ArgKind arg) {
  int slot = 0;
  for (const ArgKind each : op_info(kind).args) {
    if (each == arg) return slot;
    slot += slots_of(each);
  }
  return -1;
}

int32_t argument(const Operation& op, ArgKind kind) {
  const int slot = slot_of(op.kind, kind);
  return slot < 0 ? -1 : op.arg[static_cast<size_t>(slot)];
}

}  // namespace daxrace::scenario
