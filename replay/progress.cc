/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/progress.h"

#include <spdlog/spdlog.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "replay/command.h"

namespace daxrace::replay {

namespace {

/* Less than that in one bound says nothing about the rest. */
constexpr double kDoneMin = 1e-6;

constexpr double kMinute = 60;
constexpr double kHour = 60 * kMinute;
constexpr double kDay = 24 * kHour;

}  // namespace

std::string left_of(double done) {
  const double percent = 100 * (1 - done);
  if (percent > 99.9) return "more than 99.9%";
  if (percent < 0.1) return "less than 0.1%";
  char text[24];
  std::snprintf(text, sizeof text, "about %.1f%%", percent);
  return text;
}

std::string duration(double seconds) {
  auto whole = [](double number) { return grouped(static_cast<uint64_t>(std::llround(number))); };
  if (seconds < 2 * kMinute) return whole(seconds) + " s";
  if (seconds < 2 * kHour) return whole(seconds / kMinute) + " min";
  if (seconds < 2 * kDay) return whole(seconds / kHour) + " h";
  return seconds < 1e6 * kDay ? whole(seconds / kDay) + " days" : "ages";
}

std::string ProgressLine::line(const engine::WorkersProgress& progress, Clock::time_point now) {
  if (!begun_ || bound_ != progress.bound) {
    begun_ = true;
    bound_ = progress.bound;
    since_ = now;
    done_then_ = progress.done;
  }
  if (now < next_) return {};
  next_ = now + period_;
  std::string text =
      (progress.bound == UINT32_MAX ? std::string("no bound") : "bound " + std::to_string(progress.bound)) +
      ": " + counted(progress.stats.all(), "execution", "executions");
  if (progress.stats.states != 0) text += ", " + counted(progress.stats.states, "state", "states");
  text += "; " + left_of(progress.done) + (progress.bound == UINT32_MAX ? " left" : " of this bound left");
  double gained = progress.done - done_then_;
  if (gained < kDoneMin) return text;
  double seconds = std::chrono::duration<double>(now - since_).count();
  return text + ", " + duration(seconds / gained * (1 - progress.done));
}

void ProgressLine::show(const engine::WorkersProgress& progress) {
  std::string text = line(progress, Clock::now());
  if (text.empty()) return;
  if (!terminal_) {
    spdlog::info(text);
    return;
  }
  std::fprintf(stderr, "\r%s\033[K", text.c_str());
  shown_ = true;
}

void ProgressLine::erase() {
  if (shown_) std::fputs("\r\033[K", stderr);
  shown_ = false;
}

int milliseconds_of(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::atoi(text) : otherwise;
}

std::chrono::milliseconds progress_period(bool terminal) {
  return std::chrono::milliseconds(milliseconds_of("DAXRACE_PROGRESS_MS", terminal ? 1000 : 60000));
}

}  // namespace daxrace::replay
