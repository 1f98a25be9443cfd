/* SPDX-License-Identifier: GPL-2.0-only */
/* A child by fork(2), which does what it is told. */
#ifndef DAXRACE_TESTS_HOST_HOST_CHILD_H_
#define DAXRACE_TESTS_HOST_HOST_CHILD_H_

#include <sys/types.h>

#include <functional>

#include "tests/host/side.h"

namespace daxrace::host {

/* An operation of the child ended it. Neither side should ever have that. */
inline constexpr int64_t kChildDied = -(98 << 8);

class Child {
 public:
  /* Forks here; `run` is called in the child. */
  explicit Child(const std::function<Outcome(const Op&)>& run);
  /* Kills it, and waits until it is gone: its mappings and descriptors with it. */
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool alive() const { return pid_ > 0; }
  Outcome run(const Op& op);

 private:
  struct Mailbox;
  [[noreturn]] void serve(const std::function<Outcome(const Op&)>& run);

  Mailbox* mailbox_ = nullptr; /* shared with the child */
  int to_child_[2] = {-1, -1};
  int from_child_[2] = {-1, -1};
  pid_t pid_ = -1;
};

}  // namespace daxrace::host

#endif  // DAXRACE_TESTS_HOST_HOST_CHILD_H_
