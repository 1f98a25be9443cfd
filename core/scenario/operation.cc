/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/scenario/operation.h"

namespace daxrace::scenario {

OpKind op_named(std::string_view name) {
  const auto table = op_table();
  size_t kind = 0;
  while (kind < table.size() && table[kind].name != name) ++kind;
  return static_cast<OpKind>(kind);
}

}  // namespace daxrace::scenario
