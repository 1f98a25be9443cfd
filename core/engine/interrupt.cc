/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/interrupt.h"

namespace daxrace::engine {

namespace {
constexpr int kSignals[] = {SIGINT, SIGTERM};
}  // namespace

Interrupt::Interrupt() {
  if (depth_++ == 0) requested_ = 0;
  struct sigaction action{};
  action.sa_handler = handle;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < 2; ++i) {
    sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
  }
}

Interrupt::~Interrupt() {
  --depth_;
  for (int i = 0; i < 2; ++i) sigaction(kSignals[i], &before_[i], nullptr);
}

void Interrupt::ignore() {
  for (int each : kSignals) std::signal(each, SIG_IGN);
}

}  // namespace daxrace::engine
