/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/host/host_side.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace daxrace::host {

namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kCellWords = kPage / kCells / sizeof(uint64_t);
/*
 * Where nothing else is ever mapped: below what the loader, malloc and the shadow memory of sanitizers use,
 * so that a region that is not mapped stays so.
 */
constexpr uint64_t kBase = 0x20000000;
constexpr uint64_t kPlain = 0x10000000;

char* address(uint64_t page) { return reinterpret_cast<char*>(kBase + page * kPage); }
char* buffer_of(const Op& op) {
  return op.region < 0 ? reinterpret_cast<char*>(kPlain) : address(page_of(op.region, op.page));
}

Outcome outcome_of(int64_t result) {
  Outcome outcome;
  outcome.result = result;
  return outcome;
}
Outcome failed_or(int64_t result) { return outcome_of(result < 0 ? -errno : result); }
Outcome pages_or_error(int64_t bytes) {
  if (bytes > 0 && bytes % static_cast<int64_t>(kPage) != 0) return outcome_of(kPartOfPage);
  return failed_or(bytes < 0 ? bytes : bytes / static_cast<int64_t>(kPage));
}

uint64_t value_of(const volatile uint64_t* cell) {
  uint64_t value = cell[0];
  for (uint64_t i = 1; i < kCellWords; ++i) {
    if (cell[i] != value) return kTorn;
  }
  return value;
}

/* Of the load or store that is under way. */
sigjmp_buf fault_return;
volatile sig_atomic_t fault_expected = 0;

void on_fault(int signal) {
  if (!fault_expected) {
    ::signal(signal, SIG_DFL);
    return;
  }
  siglongjmp(fault_return, signal);
}

/* The signal that it was given, or 0. Nothing here has a destructor for the jump to pass over. */
int guarded_access(volatile uint64_t* cell, bool write, uint64_t* value) {
  int signal = sigsetjmp(fault_return, 1);
  if (signal == 0) {
    fault_expected = 1;
    if (write) {
      for (uint64_t i = 0; i < kCellWords; ++i) cell[i] = *value;
    } else {
      *value = value_of(cell);
    }
  }
  fault_expected = 0;
  return signal;
}

struct sigaction old_segv, old_bus, old_xfsz;
char signal_stack[64 * 1024];
stack_t old_stack;

void catch_signals() {
  stack_t stack{};
  stack.ss_sp = signal_stack;
  stack.ss_size = sizeof signal_stack;
  sigaltstack(&stack, &old_stack);
  struct sigaction action{};
  action.sa_handler = on_fault;
  action.sa_flags = SA_ONSTACK;
  sigaction(SIGSEGV, &action, &old_segv);
  sigaction(SIGBUS, &action, &old_bus);
  action.sa_handler = SIG_IGN; /* the error is what is compared */
  sigaction(SIGXFSZ, &action, &old_xfsz);
}

void release_signals() {
  sigaction(SIGSEGV, &old_segv, nullptr);
  sigaction(SIGBUS, &old_bus, nullptr);
  sigaction(SIGXFSZ, &old_xfsz, nullptr);
  sigaltstack(&old_stack, nullptr);
}

rlimit old_limit;

/* The largest file, as in the model. Only while a program runs: it holds for the log of the test as well. */
void limit_file_size() {
  getrlimit(RLIMIT_FSIZE, &old_limit);
  rlimit limit = old_limit;
  limit.rlim_cur = kFilePages * kPage;
  setrlimit(RLIMIT_FSIZE, &limit);
}

/* Once for the process. */
bool map_plain_buffer() {
  static const bool mapped =
      mmap(reinterpret_cast<void*>(kPlain), kPlainPages * kPage, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == reinterpret_cast<void*>(kPlain);
  return mapped;
}

std::string name_of_file_system(const std::string& directory) {
  struct statfs info{};
  if (statfs(directory.c_str(), &info) != 0) return "?";
  switch (static_cast<uint32_t>(info.f_type)) {
    case 0xef53:
      return "ext4";
    case 0x01021994:
      return "tmpfs";
    case 0x58465342:
      return "xfs";
    case 0x9123683e:
      return "btrfs";
    case 0x794c7630:
      return "overlay";
  }
  return "file system " + std::to_string(static_cast<uint32_t>(info.f_type));
}

}  // namespace

HostSide::HostSide(const std::string& parent) {
  fds_.fill(-1);
  std::string name = parent + "/daxrace-host-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    why_not_ = "no directory can be made in " + parent + ": " + strerror(errno);
    return;
  }
  directory_ = name;
  file_system_ = name_of_file_system(directory_);
  probe();
}

HostSide::~HostSide() {
  if (directory_.empty()) return;
  for (int file = 0; file < kFiles; ++file) unlink(path(file).c_str());
  if (other_ >= 0) close(other_);
  unlink(other_path().c_str());
  rmdir(directory_.c_str());
}

void HostSide::probe() {
  if (sysconf(_SC_PAGESIZE) != static_cast<long>(kPage)) {
    why_not_ = "a page has not 4096 bytes";
    return;
  }
  const uint64_t pages = page_of(kRegions, 0) + kRegionPages;
  void* room =
      mmap(address(0), pages * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (room != address(0)) {
    why_not_ = "the addresses of the regions are not free";
    return;
  }
  munmap(room, pages * kPage);
  int fd = open(path(0).c_str(), O_RDWR | O_CREAT, 0600);
  bool works = fd >= 0 && ftruncate(fd, kPage) == 0;
  has_ranges_ = works && fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, kPage) == 0 &&
                ftruncate(fd, 2 * kPage) == 0 && fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, kPage) == 0;
  void* map = works ? mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
  if (map == MAP_FAILED) {
    why_not_ = "no shared mapping of a file in " + directory_ + ": " + strerror(errno);
  } else {
    munmap(map, kPage);
  }
  if (fd >= 0) close(fd);
  if (usable() && !map_plain_buffer()) why_not_ = "the address of the buffer is not free";
  if (usable()) open_other();
}

/* Without O_DIRECT where it is not to be had in pieces of a cell. */
void HostSide::open_other() {
  for (int flags : {O_DIRECT, 0}) {
    if (other_ >= 0) close(other_);
    other_ = open(other_path().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600);
    if (other_ < 0) continue;
    if (pwrite(other_, reinterpret_cast<void*>(kPlain), kPage / kCells, 0) > 0) return;
  }
  why_not_ = "no file can be written in " + directory_ + ": " + strerror(errno);
}

void HostSide::close_all() {
  for (int& fd : fds_) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
}

void HostSide::begin() {
  close_all();
  for (int file = 0; file < kFiles; ++file)
    close(open(path(file).c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  catch_signals();
  limit_file_size();
}

void HostSide::end() {
  child_.reset();
  munmap(address(0), (page_of(kRegions, 0) + kRegionPages) * kPage);
  close_all();
  setrlimit(RLIMIT_FSIZE, &old_limit);
  release_signals();
}

Outcome HostSide::read(const Op& op) {
  char* buffer = buffer_of(op);
  int64_t bytes = syscall(SYS_pread64, fds_[static_cast<size_t>(op.fd)], buffer, op.len * kPage,
                          static_cast<uint64_t>(op.pos) * kPage);
  Outcome outcome = pages_or_error(bytes);
  if (op.region >= 0) return outcome; /* what was read is seen by loads */
  for (int64_t cell = 0; cell < outcome.result * kCells; ++cell)
    outcome.values.push_back(
        value_of(reinterpret_cast<uint64_t*>(buffer) + static_cast<uint64_t>(cell) * kCellWords));
  return outcome;
}

void HostSide::size_of(int fd, Outcome& outcome) {
  struct stat info{};
  if (fstat(fd, &info) != 0) return;
  constexpr auto kBytes = static_cast<int64_t>(kPage);
  outcome.size = info.st_size % kBytes != 0 ? kPartOfPage : info.st_size / kBytes;
}

Outcome HostSide::write(const Op& op) {
  char* buffer = buffer_of(op);
  if (op.region < 0) {
    uint64_t pages = std::min<uint64_t>(op.len, kPlainPages);
    std::fill_n(reinterpret_cast<uint64_t*>(buffer), pages * kPage / sizeof(uint64_t), op.value);
  }
  const int fd = fds_[static_cast<size_t>(op.fd)];
  Outcome outcome = pages_or_error(
      syscall(SYS_pwrite64, fd, buffer, op.len * kPage, static_cast<uint64_t>(op.pos) * kPage));
  size_of(fd, outcome);
  return outcome;
}

Outcome HostSide::access(const Op& op) {
  auto* cell = reinterpret_cast<volatile uint64_t*>(address(page_of(op.region, op.page))) +
               static_cast<uint64_t>(op.cell) * kCellWords;
  uint64_t value = op.value;
  int signal = guarded_access(cell, op.kind == Kind::store, &value);
  if (signal != 0) return outcome_of(signal == SIGBUS ? kSigbus : kSigsegv);
  Outcome outcome;
  if (op.kind == Kind::load) outcome.values.push_back(value);
  return outcome;
}

Outcome HostSide::run_here(const Op& op) {
  /* Where the page cache and direct I/O to a device meet is another matter, which DAX has nothing of. */
  const int no_cache = file_system_ == "tmpfs" ? O_DIRECT : 0;
  const int flags[] = {O_RDWR, O_RDONLY, O_WRONLY, O_RDWR | O_APPEND, O_RDWR | no_cache};
  int& fd = fds_[static_cast<size_t>(op.fd)];
  switch (op.kind) {
    case Kind::open:
      if (fd >= 0) close(fd);
      fd = open(path(op.file).c_str(), flags[static_cast<size_t>(op.mode)] | O_CLOEXEC);
      return failed_or(fd >= 0 ? 0 : -1);
    case Kind::close: {
      Outcome outcome = failed_or(close(fd));
      fd = -1;
      return outcome;
    }
    case Kind::pread:
      return read(op);
    case Kind::pwrite:
      return write(op);
    case Kind::mmap: {
      int prot = op.write ? PROT_READ | PROT_WRITE : PROT_READ;
      int64_t at = syscall(SYS_mmap, address(page_of(op.region, op.page)), op.len * kPage, prot,
                           (op.shared ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED_NOREPLACE, fd,
                           static_cast<uint64_t>(op.pos) * kPage);
      return failed_or(at < 0 ? -1 : 0);
    }
    case Kind::munmap:
      return failed_or(syscall(SYS_munmap, address(page_of(op.region, op.page)), op.len * kPage));
    case Kind::load:
    case Kind::store:
      return access(op);
    case Kind::truncate:
      return failed_or(syscall(SYS_ftruncate, fd, op.pos * static_cast<int64_t>(kPage)));
    case Kind::fallocate:
      return fallocate_range(op);
    case Kind::fsync:
      return failed_or(fsync(fd));
    case Kind::msync:
      return failed_or(syscall(SYS_msync, address(page_of(op.region, op.page)), op.len * kPage, op.flags));
    case Kind::unlink:
      return failed_or(unlink(path(op.file).c_str()));
    case Kind::rename:
      return failed_or(rename(path(op.file).c_str(), path(op.other).c_str()));
    case Kind::fork:
      return fork_child();
    case Kind::dioread:
    case Kind::diowrite:
      return direct(op);
  }
  return {};
}

Outcome HostSide::fallocate_range(const Op& op) {
  constexpr int kModes[] = {0, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE,
                            FALLOC_FL_COLLAPSE_RANGE};
  const int fd = fds_[static_cast<size_t>(op.fd)];
  Outcome outcome = failed_or(syscall(SYS_fallocate, fd, kModes[static_cast<size_t>(op.range)],
                                      op.pos * static_cast<int64_t>(kPage), op.len * kPage));
  size_of(fd, outcome);
  return outcome;
}

/* One cell, from or to the beginning of another file, which has the value to begin with. */
Outcome HostSide::direct(const Op& op) {
  constexpr uint64_t kBytes = kCellWords * sizeof(uint64_t);
  auto* plain = reinterpret_cast<uint64_t*>(kPlain);
  char* cell = address(page_of(op.region, op.page)) + static_cast<uint64_t>(op.cell) * kBytes;
  std::fill_n(plain, kCellWords, op.kind == Kind::dioread ? op.value : 0);
  if (pwrite(other_, plain, kBytes, 0) != static_cast<ssize_t>(kBytes)) return outcome_of(kPartOfPage);
  const bool read = op.kind == Kind::dioread;
  const int64_t bytes = syscall(read ? SYS_pread64 : SYS_pwrite64, other_, cell, kBytes, 0);
  Outcome outcome = failed_or(bytes < 0 ? -1 : bytes == static_cast<int64_t>(kBytes) ? 1 : kPartOfPage);
  if (read || outcome.result < 0) return outcome;
  if (pread(other_, plain, kBytes, 0) != static_cast<ssize_t>(kBytes)) return outcome_of(kPartOfPage);
  outcome.values.push_back(value_of(plain));
  return outcome;
}

Outcome HostSide::fork_child() {
  child_ = std::make_unique<Child>([this](const Op& op) { return run_here(op); });
  return outcome_of(child_->alive() ? 0 : -EAGAIN);
}

Outcome HostSide::run(const Op& op) {
  if (op.process == 0) return run_here(op);
  return child_ ? child_->run(op) : outcome_of(-ESRCH);
}

}  // namespace daxrace::host
