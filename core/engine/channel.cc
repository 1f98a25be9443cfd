/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/engine/bytes.h"

namespace daxrace::engine {

Channel& Channel::operator=(Channel&& other) noexcept {
  close();
  fd_ = std::exchange(other.fd_, -1);
  in_ = std::move(other.in_);
  return *this;
}

bool Channel::pair(Channel* one, Channel* other) {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) return false;
  *one = Channel(fds[0]);
  *other = Channel(fds[1]);
  return true;
}

void Channel::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  in_.clear();
}

bool Channel::send(uint8_t type, std::string_view bytes) {
  std::string header;
  ByteWriter out(header);
  out.u8(type);
  out.u64(bytes.size());
  for (std::string_view part : {std::string_view(header), bytes}) {
    while (!part.empty()) {
      ssize_t n = ::send(fd_, part.data(), part.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      part.remove_prefix(static_cast<size_t>(n));
    }
  }
  return true;
}

/* False: nothing more for now. */
bool Channel::read_some(int flags, bool* gone) {
  char buffer[1 << 16];
  ssize_t n = recv(fd_, buffer, sizeof buffer, flags);
  if (n > 0) in_.append(buffer, static_cast<size_t>(n));
  if (n < 0 && errno == EINTR) return true;
  *gone = n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
  return n > 0;
}

bool Channel::receive(Message* message) {
  bool gone = false;
  while (!next(message)) {
    read_some(0, &gone);
    if (gone) return false;
  }
  return true;
}

bool Channel::fill() {
  bool gone = false;
  while (read_some(MSG_DONTWAIT, &gone)) {
  }
  return !gone;
}

bool Channel::next(Message* message) {
  if (in_.size() < kHeaderBytes) return false;
  ByteReader header(in_);
  message->type = header.u8();
  uint64_t size = header.u64();
  if (in_.size() - kHeaderBytes < size) return false;
  message->bytes.assign(in_, kHeaderBytes, size);
  in_.erase(0, kHeaderBytes + size);
  return true;
}

}  // namespace daxrace::engine
