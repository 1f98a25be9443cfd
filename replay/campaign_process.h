/* SPDX-License-Identifier: GPL-2.0-only */
/* A program that a campaign starts: what it prints is read here, and it dies with the campaign. */
#ifndef DAXRACE_REPLAY_CAMPAIGN_PROCESS_H_
#define DAXRACE_REPLAY_CAMPAIGN_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace daxrace::replay {

class Process {
 public:
  Process() = default;
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /* Stdout and stderr come together; as a group, signals reach what it starts, too. False: it could not be
   * started. */
  bool start(const std::vector<std::string>& command, bool as_group = false, int niceness = 0);
  /* Takes what it has printed since, without waiting. */
  std::string read_output();
  /* Whether it has ended; then status() says how. */
  bool ended();
  /* Waits; kills it after so many seconds. Returns all of its output. */
  std::string finish(double seconds);
  void signal(int number) const;

  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }
  /* Its exit status, or 128 + signal. */
  int status() const { return status_; }

 private:
  pid_t pid_ = -1;
  bool is_group_ = false;
  int output_ = -1;
  int status_ = 0;
};

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_CAMPAIGN_PROCESS_H_
