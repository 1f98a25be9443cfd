/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs of one task, for the comparison of the model with the kernel that the test runs on. They are drawn
 * from a seed, and an operation says all about itself: any of them can be dropped and the rest is still a
 * program.
 *
 * Units are pages and cells. Numbers may be out of range on purpose.
 */
#ifndef DAXRACE_TESTS_HOST_PROGRAM_H_
#define DAXRACE_TESTS_HOST_PROGRAM_H_

#include <cstdint>
#include <string>
#include <vector>

namespace daxrace::host {

inline constexpr int kFiles = 3;
inline constexpr int kFds = 5;
inline constexpr int kProcesses = 2;
inline constexpr int kRegions = 6;
inline constexpr int kRegionPages = 16; /* from the beginning of one region to that of the next */
inline constexpr int kFilePages = 16;   /* RLIMIT_FSIZE */
inline constexpr int kPmdPages = 4;
inline constexpr int kCells = 2;
inline constexpr int kOps = 100;
inline constexpr int kDirect =
    3; /* dioread and diowrite of a program: as many as the model has devices for */

enum class Kind : uint8_t {
  open,
  close,
  pread,
  pwrite,
  mmap,
  munmap,
  load,
  store,
  truncate,
  fsync,
  msync,
  unlink,
  rename,
  fork,
  dioread,
  diowrite,
  fallocate
};

/* Of fallocate: no flag; PUNCH_HOLE with KEEP_SIZE; ZERO_RANGE; COLLAPSE_RANGE. */
enum class Range : uint8_t { allocate, punch, zero, collapse };

enum class Mode : uint8_t { rw, r, w, append, direct };

inline constexpr int kPlainBuffer = -1; /* memory that no mapping of the program is in, instead of a region */
inline constexpr uint64_t kPlainPages = 2 * kFilePages;

/* Pages are counted from the beginning of region 0, minus one region: so page 0 is never mapped. */
constexpr uint64_t page_of(int region, uint64_t page) {
  return static_cast<uint64_t>(region + 1) * kRegionPages + page;
}

struct Op {
  Kind kind = Kind::close;
  int fd = 0;
  int process = 0;   /* 1: the child, once there is one */
  int file = 0;      /* open, unlink, rename */
  Mode mode{};       /* open */
  Range range{};     /* fallocate */
  int region = 0;    /* mmap, munmap, load, store, msync; pread and pwrite: the buffer */
  uint64_t page = 0; /* in the region */
  int cell = 0;
  int64_t pos = 0; /* of the file; truncate: the size */
  uint64_t len = 0;
  bool write = false; /* mmap: PROT_WRITE too */
  bool shared = true; /* mmap */
  int other = 0;      /* rename: the file that is replaced */
  int flags = 0;      /* msync */
  uint64_t value = 0; /* what a write or a store writes */
};

struct Program {
  uint64_t seed = 0;
  bool pmd_mappings = true; /* of the model */
  std::vector<Op> ops;
};

Program generate(uint64_t seed);

std::string describe(const Op& op);

}  // namespace daxrace::host

#endif  // DAXRACE_TESTS_HOST_PROGRAM_H_
