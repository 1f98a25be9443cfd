/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/campaign_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>

namespace daxrace::replay {

namespace {

constexpr int kCannotExec = 127;

/* Between fork and exec. */
[[noreturn]] void become(pid_t parent, int output, std::vector<char*>& arguments) {
  /* Orphans would go on writing into a campaign that somebody else may have taken up. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kCannotExec);
  /* The terminal's interrupt is the campaign's affair; its children are told when to stop. */
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGHUP, SIG_IGN);
  std::signal(SIGPIPE, SIG_DFL);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  execv(arguments[0], arguments.data());
  _exit(kCannotExec);
}

}  // namespace

Process::~Process() {
  if (running()) {
    signal(SIGKILL);
    finish(1);
  }
  if (output_ >= 0) close(output_);
}

bool Process::start(const std::vector<std::string>& command, bool as_group, int niceness) {
  if (output_ >= 0) close(output_);
  output_ = -1;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  is_group_ = as_group;
  pid_ = fork();
  if (pid_ == 0 && as_group) setpgid(0, 0);
  /* Who may not be nice goes on all the same. */
  if (pid_ == 0 && niceness != 0) setpriority(PRIO_PROCESS, 0, niceness);
  if (pid_ == 0) become(parent, ends[1], arguments);
  close(ends[1]);
  if (pid_ < 0) {
    close(ends[0]);
    return false;
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  output_ = ends[0];
  return true;
}

std::string Process::read_output() {
  std::string text;
  char buffer[65536];
  while (output_ >= 0) {
    const ssize_t count = read(output_, buffer, sizeof buffer);
    if (count <= 0) break;
    text.append(buffer, static_cast<size_t>(count));
  }
  return text;
}

bool Process::ended() {
  if (!running()) return true;
  int status = 0;
  const pid_t got = waitpid(pid_, &status, WNOHANG);
  if (got == 0 || (got < 0 && errno == EINTR)) return false;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  pid_ = -1;
  return true;
}

std::string Process::finish(double seconds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::string text;
  while (!ended()) {
    if (std::chrono::steady_clock::now() > deadline) signal(SIGKILL);
    pollfd wait = {output_, POLLIN, 0};
    poll(&wait, 1, 20);
    text += read_output();
    if ((wait.revents & POLLHUP) != 0) usleep(1000);
  }
  return text + read_output();
}

void Process::signal(int number) const {
  if (running()) kill(is_group_ ? -pid_ : pid_, number);
}

}  // namespace daxrace::replay
