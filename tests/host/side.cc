/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/host/side.h"

#include <cstring>

namespace daxrace::host {

std::string describe(const Outcome& outcome) {
  if (outcome.result == kSigbus) return "SIGBUS";
  if (outcome.result == kSigsegv) return "SIGSEGV";
  if (outcome.result == kPartOfPage) return "part of a page";
  std::string text = outcome.result < 0
                         ? std::string("-") + strerrorname_np(static_cast<int>(-outcome.result))
                         : std::to_string(outcome.result);
  if (outcome.size != 0) text += ", size " + std::to_string(outcome.size);
  if (outcome.values.empty()) return text;
  text += " {";
  for (uint64_t value : outcome.values) {
    /* The number of the operation that wrote it is the low part. */
    text += value == kTorn ? " torn" : value == 0 ? " 0" : " #" + std::to_string((value & 0xffff) - 1);
  }
  return text + " }";
}

}  // namespace daxrace::host
