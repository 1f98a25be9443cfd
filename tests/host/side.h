/* SPDX-License-Identifier: GPL-2.0-only */
/* What an operation came to, on either side: everything that user space can see of it. */
#ifndef DAXRACE_TESTS_HOST_SIDE_H_
#define DAXRACE_TESTS_HOST_SIDE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/host/program.h"

namespace daxrace::host {

/* A signal as a result. */
inline constexpr int64_t kSigbus = -(7 << 8);
inline constexpr int64_t kSigsegv = -(11 << 8);
/* A cell whose bytes differ, and a count that is no number of pages: neither side should ever have one. */
inline constexpr uint64_t kTorn = ~0ull;
inline constexpr int64_t kPartOfPage = -(99 << 8);

struct Outcome {
  int64_t result = 0;           /* pages or 0; -errno; a signal */
  int64_t size = 0;             /* of the file, after a write */
  std::vector<uint64_t> values; /* of the cells that a load, or a read into the plain buffer, returned */
  bool operator==(const Outcome&) const = default;
};

std::string describe(const Outcome& outcome);

}  // namespace daxrace::host

#endif  // DAXRACE_TESTS_HOST_SIDE_H_
