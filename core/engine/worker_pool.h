/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processes of workers.h: forks them, tells them what to do, notices when one is gone. What they do for
 * the search is not decided here.
 */
#ifndef DAXRACE_CORE_ENGINE_WORKER_POOL_H_
#define DAXRACE_CORE_ENGINE_WORKER_POOL_H_

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "core/engine/worker.h"

namespace daxrace::engine {

class WorkerPool {
 public:
  enum class State : uint8_t { kIdle, kBusy, kPaused };

  /* A part, and how many workers were killed at it since it was last seen to get on. */
  struct Item {
    std::string part;
    int attempts = 0;
  };

  struct Member {
    pid_t pid = -1;
    Channel channel;
    State state = State::kIdle;
    bool asked = false;   /* to give something away */
    bool pausing = false; /* told to */
    std::chrono::steady_clock::time_point ask_after;
    Item item;           /* unless idle: where it was when that was last heard */
    WorkerStatus status; /* unless idle */
  };

  /* `entry` is what a worker does, with its number from 1; it must not return. */
  using Entry = std::function<void(uint32_t number, Channel& parent, std::atomic<uint32_t>& attention)>;

  WorkerPool(int jobs, Entry entry);
  /* Kills and waits for all of them. */
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /* In the place of a member that is gone, or was not there. False: the system has no room. */
  bool start(size_t index);
  /* That process, which is gone or to go, is waited for. Returns how it ended, in words. */
  std::string bury(Member& member);

  void order(size_t index, Command command, std::string_view bytes = {});
  /* Waits for news of any, at most that long, or until a signal. */
  void wait(int milliseconds);

  std::vector<Member>& members() { return members_; }
  const std::vector<Member>& members() const { return members_; }
  size_t count(State state) const;

 private:
  Entry entry_;
  std::atomic<uint32_t>* attention_; /* of each, in shared memory */
  std::vector<Member> members_;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_WORKER_POOL_H_
