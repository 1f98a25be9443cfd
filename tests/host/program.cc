/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/host/program.h"

#include <sys/mman.h>

#include <algorithm>

#include "core/engine/random.h"

namespace daxrace::host {

namespace {

struct Weight {
  Kind kind;
  uint32_t weight;
};
constexpr Weight kWeights[] = {
    {Kind::open, 4},     {Kind::close, 1},     {Kind::pread, 17}, {Kind::pwrite, 17},  {Kind::mmap, 10},
    {Kind::munmap, 4},   {Kind::load, 17},     {Kind::store, 17}, {Kind::truncate, 8}, {Kind::fsync, 2},
    {Kind::msync, 3},    {Kind::unlink, 1},    {Kind::rename, 1}, {Kind::fork, 1},     {Kind::dioread, 2},
    {Kind::diowrite, 1}, {Kind::fallocate, 5},
};

/* Bounds of what an interface takes: the end of user space, of a loff_t, of a size_t. */
constexpr uint64_t kHuge[] = {1ull << 20,       1ull << 35, 1ull << 50,
                              (1ull << 51) - 1, 1ull << 51, (1ull << 52) - 1};

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  Op draw(size_t index, uint64_t seed) {
    Op op;
    op.kind = kind();
    if (op.kind == Kind::fork && forked_) op.kind = Kind::load;
    const bool direct = op.kind == Kind::dioread || op.kind == Kind::diowrite;
    if (direct && directs_++ >= kDirect) op.kind = Kind::load;
    op.process = forked_ && one_in(3);
    op.fd = fd();
    op.value = (seed & 0xffffff) << 16 | (index + 1);
    switch (op.kind) {
      case Kind::open:
        op.file = below(kFiles);
        /* The first two are good for everything most of the time. */
        op.mode = op.fd < 2 && !one_in(4) ? Mode::rw : static_cast<Mode>(below(5));
        break;
      case Kind::pread:
      case Kind::pwrite:
        range(op);
        op.region = kPlainBuffer;
        if (!one_in(4)) break;
        address(op);
        if (one_in(80)) op.page = kHuge[1 + below(4)];
        break;
      case Kind::fallocate:
        op.range = static_cast<Range>(below(4));
        op.pos = below(9);
        op.len = static_cast<uint64_t>(1 + below(5));
        /* What is within a loff_t but beyond the largest file is EFBIG or not by file system. */
        if (one_in(12)) op.len = one_in(2) ? 0 : kHuge[4 + below(2)];
        if (one_in(12)) op.pos = one_in(2) ? -1 - below(3) : 10 + below(9);
        break;
      case Kind::mmap:
        op.region = below(kRegions);
        op.pos = below(5);
        op.len = static_cast<uint64_t>(1 + below(6));
        op.write = !one_in(4);
        op.shared = !one_in(4);
        op.page = static_cast<uint64_t>(op.pos) % kPmdPages; /* the colour, as mmap(2) would choose */
        if (one_in(8)) op.page = static_cast<uint64_t>(below(kPmdPages));
        if (one_in(16)) op.len = one_in(2) ? 0 : kHuge[1 + below(5)];
        if (one_in(32)) op.pos = one_in(2) ? -1 - below(3) : 1 << 30;
        mapped_[op.region] = {op.page, op.len};
        break;
      case Kind::munmap:
        op.region = region();
        op.len = kRegionPages;
        if (one_in(12)) op.len = one_in(2) ? 0 : kHuge[1 + below(5)];
        mapped_[op.region] = {};
        break;
      case Kind::load:
      case Kind::store:
      case Kind::dioread:
      case Kind::diowrite:
        address(op);
        op.cell = below(kCells);
        break;
      case Kind::truncate:
        op.pos = one_in(3) ? below(9) : 5 + below(7);
        if (one_in(12)) op.pos = one_in(2) ? -1 - below(3) : kFilePages + below(3);
        break;
      case Kind::msync:
        address(op);
        op.len = static_cast<uint64_t>(one_in(3) ? below(2 * kRegionPages) : below(4));
        op.flags = one_in(3) ? below(16) : MS_SYNC;
        if (one_in(12)) op.len = kHuge[below(6)];
        break;
      case Kind::unlink:
      case Kind::rename:
        op.file = below(kFiles);
        op.other = below(kFiles);
        break;
      case Kind::fork:
        forked_ = true;
        break;
      case Kind::close:
      case Kind::fsync:
        break;
    }
    return op;
  }

 private:
  int below(int bound) { return static_cast<int>(random_.below(static_cast<uint32_t>(bound))); }
  bool one_in(uint32_t n) { return random_.one_in(n); }

  Kind kind() {
    uint32_t sum = 0;
    for (const Weight& row : kWeights) sum += row.weight;
    uint32_t at = random_.below(sum);
    for (const Weight& row : kWeights) {
      if (at < row.weight) return row.kind;
      at -= row.weight;
    }
    return Kind::fsync;
  }
  /* The first two are open for most of a program. */
  int fd() { return one_in(10) ? below(kFds) : below(2); }
  int region() { return below(kRegions); }

  /* For the most part where something has been mapped and, for all that is known here, still is. */
  void address(Op& op) {
    op.region = region();
    op.page = static_cast<uint64_t>(below(kRegionPages));
    if (one_in(8)) return;
    for (int tries = 0; tries < kRegions && mapped_[op.region].len == 0; ++tries)
      op.region = (op.region + 1) % kRegions;
    const Mapped& at = mapped_[op.region];
    op.page = at.page + static_cast<uint64_t>(below(static_cast<int>(std::clamp<uint64_t>(at.len, 1, 6))));
  }

  void range(Op& op) {
    op.pos = below(9);
    op.len = static_cast<uint64_t>(1 + below(4));
    if (one_in(10)) op.len = static_cast<uint64_t>(below(20));
    if (one_in(10)) op.pos = 10 + below(9);
    if (one_in(40)) op.pos = one_in(2) ? -1 - below(3) : static_cast<int64_t>(kHuge[2 + below(2)]);
    if (one_in(40)) op.len = kHuge[below(6)];
  }

  struct Mapped {
    uint64_t page = 0;
    uint64_t len = 0; /* 0: nothing */
  };
  engine::Random random_;
  int directs_ = 0;
  bool forked_ = false; /* one child, and it stays one */
  Mapped mapped_[kRegions];
};

std::string number(uint64_t pages) {
  for (int bits : {20, 35, 50, 51, 52}) {
    if (pages == 1ull << bits) return "2^" + std::to_string(bits);
    if (pages == (1ull << bits) - 1) return "2^" + std::to_string(bits) + "-1";
  }
  return std::to_string(pages);
}
std::string number(int64_t pages) {
  return pages < 0 ? std::to_string(pages) : number(static_cast<uint64_t>(pages));
}

std::string place(const Op& op) { return "m" + std::to_string(op.region) + "+" + number(op.page); }

}  // namespace

Program generate(uint64_t seed) {
  Program program{seed, seed % 4 != 0, {}};
  Generator generator(seed);
  for (int file = 0; file < 2; ++file) {
    Op open;
    open.kind = Kind::open;
    open.fd = open.file = file;
    program.ops.push_back(open);
  }
  while (program.ops.size() < kOps) program.ops.push_back(generator.draw(program.ops.size(), seed));
  return program;
}

static std::string describe_call(const Op& op) {
  static constexpr const char* kModes[] = {"rw", "r", "w", "rw append", "rw direct"};
  static constexpr const char* kRanges[] = {"0", "PUNCH_HOLE", "ZERO_RANGE", "COLLAPSE_RANGE"};
  const std::string fd = "fd" + std::to_string(op.fd);
  const std::string range = "page " + number(op.pos) + " len " + number(op.len);
  const std::string cell = "." + std::to_string(op.cell);
  switch (op.kind) {
    case Kind::open:
      return "open f" + std::to_string(op.file) + " as " + fd + " " + kModes[static_cast<size_t>(op.mode)];
    case Kind::close:
      return "close " + fd;
    case Kind::pread:
      return "pread " + fd + " " + range + (op.region < 0 ? "" : " into " + place(op));
    case Kind::pwrite:
      return "pwrite " + fd + " " + range + (op.region < 0 ? "" : " from " + place(op));
    case Kind::mmap:
      return "mmap " + place(op) + " " + fd + " " + range + (op.shared ? " shared " : " private ") +
             (op.write ? "rw" : "r");
    case Kind::munmap:
      return "munmap " + place(op) + " len " + number(op.len);
    case Kind::load:
      return "load " + place(op) + cell;
    case Kind::store:
      return "store " + place(op) + cell;
    case Kind::truncate:
      return "ftruncate " + fd + " " + number(op.pos);
    case Kind::fsync:
      return "fsync " + fd;
    case Kind::msync:
      return "msync " + place(op) + " len " + number(op.len) + " flags " + std::to_string(op.flags);
    case Kind::unlink:
      return "unlink f" + std::to_string(op.file);
    case Kind::rename:
      return "rename f" + std::to_string(op.file) + " over f" + std::to_string(op.other);
    case Kind::fork:
      return "fork";
    case Kind::fallocate:
      return "fallocate " + fd + " " + kRanges[static_cast<size_t>(op.range)] + " " + range;
    case Kind::dioread:
      return "O_DIRECT read of another file into " + place(op) + cell;
    case Kind::diowrite:
      return "O_DIRECT write to another file from " + place(op) + cell;
  }
  return "";
}

std::string describe(const Op& op) { return (op.process != 0 ? "child: " : "") + describe_call(op); }

}  // namespace daxrace::host
