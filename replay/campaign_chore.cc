/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/campaign_chore.h"

#include <unistd.h>

#include <csignal>

namespace daxrace::replay {

namespace {

using Clock = std::chrono::steady_clock;
constexpr int kTries = 4;
constexpr int kSignalled = 128;

}  // namespace

void Chore::start(std::vector<std::string> command, double seconds, int niceness) {
  command_ = std::move(command);
  seconds_ = seconds;
  niceness_ = niceness;
  tries_ = 0;
  busy_ = true;
  ask();
}

bool Chore::ask() {
  ++tries_;
  said_.clear();
  late_ = false;
  since_ = Clock::now();
  return process_.start(command_, false, niceness_);
}

bool Chore::end(Result result) {
  result_ = result;
  busy_ = false;
  return true;
}

bool Chore::ended() {
  if (!busy_) return false;
  if (process_.running()) {
    const bool over = process_.ended();
    said_ += process_.read_output();
    if (!over) {
      late_ = late_ || Clock::now() - since_ > std::chrono::duration<double>(seconds_);
      if (late_) process_.signal(SIGKILL);
      return false;
    }
    if (process_.status() < kSignalled) return end(Result::kAnswered);
    if (late_) return end(Result::kTooLate);
  }
  if (tries_ == kTries) return end(Result::kNoAnswer);
  ask();
  return false;
}

void Chore::drop() {
  if (process_.running()) {
    process_.signal(SIGKILL);
    process_.finish(1);
  }
  busy_ = false;
}

int ask(const std::vector<std::string>& command, double seconds, std::string& said) {
  Chore chore;
  chore.start(command, seconds);
  while (!chore.ended()) usleep(5000);
  said = chore.said();
  if (chore.result() == Chore::Result::kAnswered) return chore.status();
  said = command.front() + (chore.result() == Chore::Result::kTooLate ? ": no answer in time" : ": killed");
  return kSignalled;
}

}  // namespace daxrace::replay
