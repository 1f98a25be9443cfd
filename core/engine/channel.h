/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages between two processes, over one end of a pair of stream sockets. A message comes whole or not at
 * all. That the other end is gone is no error here: its process was killed, or is done.
 */
#ifndef DAXRACE_CORE_ENGINE_CHANNEL_H_
#define DAXRACE_CORE_ENGINE_CHANNEL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace daxrace::engine {

struct Message {
  uint8_t type = 0;
  std::string bytes;
};

class Channel {
 public:
  Channel() = default;
  /* Closes it in the end. */
  explicit Channel(int fd) : fd_(fd) {}
  ~Channel() { close(); }
  Channel(Channel&& other) noexcept { *this = static_cast<Channel&&>(other); }
  Channel& operator=(Channel&& other) noexcept;

  /* False: the system has no more descriptors. */
  static bool pair(Channel* one, Channel* other);

  int fd() const { return fd_; }
  void close();

  /* Waits while the other end does not read. False: it is gone. */
  bool send(uint8_t type, std::string_view bytes = {});
  /* Waits for a message. False: the other end is gone. */
  bool receive(Message* message);
  /* Takes what has come, without waiting. False: the other end is gone, and next() gives the last of it. */
  bool fill();
  /* A message that has come whole. */
  bool next(Message* message);

 private:
  static constexpr size_t kHeaderBytes = 9;

  bool read_some(int flags, bool* gone);

  int fd_ = -1;
  std::string in_;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_CHANNEL_H_
