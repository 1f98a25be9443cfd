/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers and texts as bytes, the same on every machine: little-endian, a text after its length in 64 bits.
 * Bytes that come from a file or another process are read without trust.
 */
#ifndef DAXRACE_CORE_ENGINE_BYTES_H_
#define DAXRACE_CORE_ENGINE_BYTES_H_

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/engine/hash.h"

namespace daxrace::engine {

class ByteWriter {
 public:
  /* Appends. */
  explicit ByteWriter(std::string& out) : out_(out) {}

  void u8(uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void u32(uint32_t value) { number(value, 4); }
  void u64(uint64_t value) { number(value, 8); }
  void u128(Hash128 value) {
    u64(static_cast<uint64_t>(value));
    u64(static_cast<uint64_t>(value >> 64));
  }
  void real(double value) { u64(std::bit_cast<uint64_t>(value)); }
  void text(std::string_view value) {
    u64(value.size());
    out_.append(value);
  }

 private:
  void number(uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out_.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  }

  std::string& out_;
};

/* What lies beyond the end reads as 0 or empty, and makes ok() false from then on. */
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : left_(bytes) {}

  uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  uint64_t u64() { return number(8); }
  Hash128 u128() {
    uint64_t low = u64();
    return Hash128{u64()} << 64 | low;
  }
  double real() { return std::bit_cast<double>(u64()); }
  /* Lives as long as the bytes. */
  std::string_view text() {
    uint64_t size = u64();
    return take(size);
  }
  /* The number of items that follow, of at least `bytes_each`; more than there is room for is not ok. */
  uint64_t count(size_t bytes_each) {
    uint64_t n = u64();
    if (n <= left_.size() / bytes_each) return n;
    fail();
    return 0;
  }

  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && left_.empty(); }
  void fail() {
    ok_ = false;
    left_ = {};
  }

 private:
  std::string_view take(uint64_t size) {
    if (size > left_.size()) {
      fail();
      return {};
    }
    std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  uint64_t number(uint64_t bytes) {
    uint64_t value = 0;
    int shift = 0;
    for (char c : take(bytes)) {
      value |= uint64_t{static_cast<unsigned char>(c)} << shift;
      shift += 8;
    }
    return value;
  }

  std::string_view left_;
  bool ok_ = true;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_BYTES_H_
