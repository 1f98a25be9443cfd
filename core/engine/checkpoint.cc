/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/checkpoint.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/engine/bytes.h"

namespace daxrace::engine {

namespace {

constexpr std::string_view kMagic{
    "\x89"
    "daxrace\n",
    9}; /* no text file begins so */
constexpr size_t kChecksumBytes = 8;
constexpr const char* kPartial = ".partial";

bool fail(std::string* error, std::string why) {
  *error = std::move(why);
  return false;
}

/* Of the call that has just failed. */
bool fail_on(const std::string& path, std::string* error) {
  return fail(error, path + ": " + std::strerror(errno));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace

std::string seal(std::string_view identity, std::string_view payload) {
  std::string bytes(kMagic);
  bytes.reserve(kMagic.size() + 32 + identity.size() + payload.size());
  ByteWriter out(bytes);
  out.u32(kCheckpointVersion);
  out.text(identity);
  out.text(payload);
  out.u64(hash_text(bytes));
  return bytes;
}

bool looks_sealed(std::string_view bytes) { return bytes.substr(0, kMagic.size()) == kMagic; }

bool unseal(std::string_view bytes, std::string_view identity, std::string_view* payload,
            std::string* error) {
  if (!looks_sealed(bytes)) return fail(error, "not a checkpoint");
  ByteReader in(bytes.substr(kMagic.size()));
  uint32_t version = in.u32();
  if (in.ok() && version != kCheckpointVersion) {
    return fail(error, "a checkpoint of version " + std::to_string(version) +
                           "; this program reads version " + std::to_string(kCheckpointVersion));
  }
  std::string_view found = in.text();
  *payload = in.text();
  uint64_t checksum = in.u64();
  if (!in.at_end() || checksum != hash_text(bytes.substr(0, bytes.size() - kChecksumBytes))) {
    return fail(error, "the checkpoint is cut off or damaged");
  }
  if (found != identity) {
    return fail(error, "a checkpoint of another search: " + std::string(found) + "; this is " +
                           std::string(identity));
  }
  return true;
}

bool write_file(const std::string& path, std::string_view bytes, std::string* error) {
  const std::string partial = path + kPartial;
  int fd = open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd < 0) return fail_on(path, error);
  bool written = write_all(fd, bytes) && fsync(fd) == 0;
  int why = errno;
  close(fd);
  if (written && rename(partial.c_str(), path.c_str()) == 0) return true;
  if (written) why = errno;
  unlink(partial.c_str());
  errno = why;
  return fail_on(path, error);
}

void remove_file(const std::string& path) {
  unlink(path.c_str());
  unlink((path + kPartial).c_str());
}

bool read_file(const std::string& path, std::string* bytes, std::string* error) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail_on(path, error);
  struct stat status{};
  bytes->clear();
  if (fstat(fd, &status) == 0) bytes->reserve(static_cast<size_t>(status.st_size));
  char buffer[1 << 16];
  ssize_t n = 0;
  for (;;) {
    n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    bytes->append(buffer, static_cast<size_t>(n));
  }
  int why = errno;
  close(fd);
  errno = why;
  return n == 0 || fail_on(path, error);
}

}  // namespace daxrace::engine
