/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/host/host_child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <type_traits>

namespace daxrace::host {

/* A read into the plain buffer returns the most values: of a whole file. */
struct Child::Mailbox {
  Op op;
  int64_t result;
  int64_t size;
  uint64_t count;
  uint64_t values[kFilePages * kCells];
};
static_assert(std::is_trivially_copyable_v<Op>);

Child::Child(const std::function<Outcome(const Op&)>& run) {
  void* room = mmap(nullptr, sizeof(Mailbox), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED || pipe2(to_child_, O_CLOEXEC) != 0 || pipe2(from_child_, O_CLOEXEC) != 0) return;
  mailbox_ = static_cast<Mailbox*>(room);
  pid_ = fork();
  if (pid_ == 0) serve(run);
}

Child::~Child() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (int fd : {to_child_[0], to_child_[1], from_child_[0], from_child_[1]}) {
    if (fd >= 0) close(fd);
  }
  if (mailbox_ != nullptr) munmap(mailbox_, sizeof(Mailbox));
}

void Child::serve(const std::function<Outcome(const Op&)>& run) {
  char byte = 0;
  close(to_child_[1]);
  while (read(to_child_[0], &byte, 1) == 1) {
    const Outcome outcome = run(mailbox_->op);
    mailbox_->result = outcome.result;
    mailbox_->size = outcome.size;
    mailbox_->count = std::min<uint64_t>(outcome.values.size(), std::size(mailbox_->values));
    std::copy_n(outcome.values.begin(), mailbox_->count, mailbox_->values);
    if (write(from_child_[1], &byte, 1) != 1) break;
  }
  _exit(0);
}

Outcome Child::run(const Op& op) {
  Outcome outcome;
  char byte = 0;
  outcome.result = kChildDied;
  if (!alive()) return outcome;
  mailbox_->op = op;
  if (from_child_[1] >= 0) close(from_child_[1]);
  from_child_[1] = -1; /* so that its end is seen */
  if (write(to_child_[1], &byte, 1) != 1 || read(from_child_[0], &byte, 1) != 1) return outcome;
  outcome.result = mailbox_->result;
  outcome.size = mailbox_->size;
  outcome.values.assign(mailbox_->values, mailbox_->values + mailbox_->count);
  return outcome;
}

}  // namespace daxrace::host
