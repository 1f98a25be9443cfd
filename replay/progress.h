/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far a search has come, for people: on stderr, on one line that is written over if that is a terminal,
 * otherwise as a line of the log now and then. A search of less than a period shows nothing.
 */
#ifndef DAXRACE_REPLAY_PROGRESS_H_
#define DAXRACE_REPLAY_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "core/engine/workers.h"

namespace daxrace::replay {

class ProgressLine {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ProgressLine(bool terminal, std::chrono::milliseconds period, Clock::time_point now = Clock::now())
      : terminal_(terminal), period_(period), next_(now + period) {}
  ~ProgressLine() { erase(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const engine::WorkersProgress& progress);
  /* Before anything else is written. */
  void erase();

  /* What is to be shown now, if it is time; else empty. */
  std::string line(const engine::WorkersProgress& progress, Clock::time_point now);

 private:
  bool terminal_;
  bool shown_ = false;
  std::chrono::milliseconds period_;
  Clock::time_point next_;
  /* When the bound was first heard of, and how much of it was done then. */
  bool begun_ = false;
  uint32_t bound_ = 0;
  Clock::time_point since_;
  double done_then_ = 0;
};

/* For stderr: a second on a terminal, else a minute; the environment may say otherwise. */
std::chrono::milliseconds progress_period(bool terminal);
/* From the environment, for tests; else `otherwise`. */
int milliseconds_of(const char* variable, int otherwise);

/* "about 12.5%", "more than 99.9%", "less than 0.1%": what is left when `done` of 1 is. */
std::string left_of(double done);
/* "5 s", "12 min", "3 h", "2 days". */
std::string duration(double seconds);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_PROGRESS_H_
