/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/worker_pool.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <utility>

#include "core/engine/interrupt.h"

namespace daxrace::engine {

WorkerPool::WorkerPool(int jobs, Entry entry) : entry_(std::move(entry)) {
  members_.resize(static_cast<size_t>(jobs));
  void* memory = mmap(nullptr, members_.size() * sizeof(*attention_), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  attention_ = new (memory) std::atomic<uint32_t>[members_.size()];
}

WorkerPool::~WorkerPool() {
  for (Member& member : members_) bury(member);
  munmap(attention_, members_.size() * sizeof(*attention_));
}

bool WorkerPool::start(size_t index) {
  Member& member = members_[index];
  Channel parent;
  if (!Channel::pair(&member.channel, &parent)) return false;
  attention_[index] = 0;
  pid_t parent_pid = getpid();
  pid_t pid = fork();
  if (pid < 0) return false;
  if (pid == 0) {
    Interrupt::ignore();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent_pid) _exit(0); /* it died before it could be told */
    for (Member& other : members_) other.channel.close();
    entry_(static_cast<uint32_t>(index) + 1, parent, attention_[index]);
    _exit(1);
  }
  member.pid = pid;
  member.state = State::kIdle;
  member.asked = member.pausing = false;
  member.item = {};
  member.status = {};
  return true;
}

std::string WorkerPool::bury(Member& member) {
  member.channel.close();
  if (member.pid < 0) return {};
  kill(member.pid, SIGKILL);
  int status = 0;
  while (waitpid(member.pid, &status, 0) < 0 && errno == EINTR) {
  }
  member.pid = -1;
  if (WIFSIGNALED(status)) {
    const char* name = sigabbrev_np(WTERMSIG(status));
    return std::string("was killed by SIG") + (name != nullptr ? name : "?");
  }
  return "exited with " + std::to_string(WEXITSTATUS(status));
}

void WorkerPool::order(size_t index, Command command, std::string_view bytes) {
  /* If it is gone, that is noticed when it is listened to. */
  members_[index].channel.send(static_cast<uint8_t>(command), bytes);
  attention_[index] = 1;
}

void WorkerPool::wait(int milliseconds) {
  std::vector<pollfd> fds;
  for (const Member& member : members_) {
    if (member.channel.fd() >= 0) fds.push_back({member.channel.fd(), POLLIN, 0});
  }
  poll(fds.data(), fds.size(), milliseconds);
}

size_t WorkerPool::count(State state) const {
  return static_cast<size_t>(std::count_if(members_.begin(), members_.end(), [&](const Member& member) {
    return member.pid >= 0 && member.state == state;
  }));
}

}  // namespace daxrace::engine
