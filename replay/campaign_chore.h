/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A question that a campaign asks a process, without waiting for the answer. A process that is killed has
 * said nothing about what it was asked: it is asked again, by another.
 */
#ifndef DAXRACE_REPLAY_CAMPAIGN_CHORE_H_
#define DAXRACE_REPLAY_CAMPAIGN_CHORE_H_

#include <chrono>
#include <string>
#include <vector>

#include "replay/campaign_process.h"

namespace daxrace::replay {

class Chore {
 public:
  enum class Result : uint8_t {
    kAnswered,
    kTooLate,  /* the deadline came first */
    kNoAnswer, /* every process that was asked was killed, or none could be started */
  };

  bool busy() const { return busy_; }
  /* Each process has `seconds`. */
  void start(std::vector<std::string> command, double seconds, int niceness = 0);
  /* Whether there is a result, since start() and not yet told. */
  bool ended();
  /* Nobody waits for the answer any more. */
  void drop();

  Result result() const { return result_; }
  /* What the process that answered ended with and said. */
  int status() const { return process_.status(); }
  const std::string& said() const { return said_; }

 private:
  bool ask();
  bool end(Result result);

  Process process_;
  std::vector<std::string> command_;
  std::string said_;
  double seconds_ = 0;
  int niceness_ = 0;
  int tries_ = 0;
  bool busy_ = false;
  bool late_ = false;
  Result result_ = Result::kNoAnswer;
  std::chrono::steady_clock::time_point since_;
};

/* The same, waiting. Returns the status, 128 and more if there is no answer; then `said` tells why. */
int ask(const std::vector<std::string>& command, double seconds, std::string& said);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_CAMPAIGN_CHORE_H_
