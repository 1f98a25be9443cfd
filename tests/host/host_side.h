/* SPDX-License-Identifier: GPL-2.0-only */
/* The operations on the kernel that the test runs on, with real files in a scratch directory. */
#ifndef DAXRACE_TESTS_HOST_HOST_SIDE_H_
#define DAXRACE_TESTS_HOST_HOST_SIDE_H_

#include <array>
#include <memory>
#include <string>

#include "tests/host/host_child.h"
#include "tests/host/side.h"

namespace daxrace::host {

class HostSide {
 public:
  /* `parent`: where the scratch directory is made. `usable()` says whether all that is needed works there. */
  explicit HostSide(const std::string& parent);
  ~HostSide();
  HostSide(const HostSide&) = delete;
  HostSide& operator=(const HostSide&) = delete;

  bool usable() const { return why_not_.empty(); }
  const std::string& why_not() const { return why_not_; }
  const std::string& file_system() const { return file_system_; }
  /* Whether it can zero and collapse ranges, as ext4 and XFS can; a tmpfs punches holes only. */
  bool has_ranges() const { return has_ranges_; }

  /* Empty files, no descriptor, no mapping. */
  void begin();
  void end();
  Outcome run(const Op& op);

 private:
  std::string other_path() const { return directory_ + "/other"; }
  std::string path(int file) const { return directory_ + "/f" + std::to_string(file); }
  void probe();
  void open_other();
  void close_all();
  Outcome read(const Op& op);
  Outcome write(const Op& op);
  Outcome access(const Op& op);
  Outcome run_here(const Op& op);
  Outcome fork_child();
  Outcome direct(const Op& op);
  Outcome fallocate_range(const Op& op);
  static void size_of(int fd, Outcome& outcome);

  std::string directory_;
  std::string why_not_;
  std::string file_system_;
  bool has_ranges_ = false;
  std::array<int, kFds> fds_{};
  int other_ = -1; /* the file that direct I/O is to and from */
  std::unique_ptr<Child> child_;
};

}  // namespace daxrace::host

#endif  // DAXRACE_TESTS_HOST_HOST_SIDE_H_
