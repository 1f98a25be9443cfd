/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/host/model_side.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "core/model/dma.h"
#include "core/model/falloc.h"
#include "core/model/file.h"
#include "core/model/inode.h"

namespace daxrace::host {

using kernel::model;
using kernel::model_event;
using kernel::model_event_kind;

namespace {

constexpr unsigned int kVmas = kRegions * kRegionPages; /* of a process */
static_assert(kDirect <= static_cast<int>(kernel::MODEL_DMA_MAX));
constexpr uint32_t kOpens = kOps + 2 * kFiles;

}  // namespace

ModelSide::ModelSide() : execution_({.steps_max = 1u << 20, .tasks_max = 1 + kDirect, .trace = false}) {
  static constexpr kernel::pgoff_t kPages[] = {page_of(kRegions, 0) + kRegionPages,
                                               page_of(kRegions, 0) + kRegionPages};
  std::string error;
  if (!kernel::select_forms({}, &forms_, &error)) std::abort();
  nothing_open_.assign(kProcesses * kFiles, 0);
  config_.pmd_nr = kPmdPages;
  config_.cells = kCells;
  config_.forms = &forms_;
  config_.nr_inodes = kFiles;
  config_.nr_tasks = 1 + kDirect;
  config_.open_files = nothing_open_.data();
  config_.nr_opens = kOpens;
  config_.file_pages = kFilePages;
  config_.mm_pages = kPages;
  config_.observer = this;
}

void ModelSide::on_event(const model_event& event) {
  if (event.kind == model_event_kind::read_cell || event.kind == model_event_kind::dma_read)
    read_.push_back(event.value);
}

const kernel::file* ModelSide::file_of(const Op& op) const {
  return files_[static_cast<size_t>(op.process)][static_cast<size_t>(op.fd)];
}

std::string ModelSide::with_machine(const Program& program, const std::function<void()>& body) {
  /* A program pays for a second process, and for private memory, if it has them. */
  const auto has = [&](auto what) { return std::ranges::any_of(program.ops, what); };
  const unsigned int processes = has([](const Op& op) { return op.kind == Kind::fork; }) ? kProcesses : 1;
  const bool copies = has([](const Op& op) { return op.kind == Kind::mmap && !op.shared; });
  config_.pmd_mappings = program.pmd_mappings;
  config_.nr_mms = processes;
  config_.nr_vmas = processes * kVmas;
  config_.dma = config_.pages =
      has([](const Op& op) { return op.kind == Kind::dioread || op.kind == Kind::diowrite; });
  config_.nr_folios = copies || processes > 1 ? 2 * processes * kVmas : 0;
  auto boot_and_go = [&] {
    files_ = {};
    opens_ = 0;
    forked_ = false;
    kernel::model_boot(config_);
    for (int i = 0; i < kFiles; ++i) kernel::model_creat(&model::current->inodes[i], 0);
    body();
  };
  using Go = decltype(boot_and_go);
  const std::vector<engine::RecordedSwitch> switches;
  const std::vector<engine::RecordedDraw> draws;
  engine::ReplayStrategy strategy(switches, draws);
  strategy.begin();
  engine::End end = execution_.run(strategy, [](void* arg) { (*static_cast<Go*>(arg))(); }, &boot_and_go);
  for (const engine::Finding& finding : execution_.findings()) return std::string(finding.verdict);
  return end == engine::End::kFinished ? "" : "did not finish";
}

bool ModelSide::mapped(int process, uint64_t page, const kernel::inode** inode, uint64_t* file_page) const {
  for (unsigned int i = 0; i < config_.nr_vmas; ++i) {
    const kernel::vm_area_struct& vma = model::current->vmas[i];
    if (!vma.linked.peek() || vma.vm_mm != &model::current->mms[process]) continue;
    if (page < vma.vm_start || page >= vma.vm_end) continue;
    *inode = vma.f_mapping->host;
    *file_page = page - vma.vm_start + vma.vm_pgoff;
    return true;
  }
  return false;
}

int64_t ModelSide::open(const Op& op) {
  kernel::file*& file = slot(op);
  if (file != nullptr) kernel::fput(file);
  kernel::task_work_run();
  file = kernel::path_openat(static_cast<uint32_t>(op.file), opens_++);
  if (file == nullptr) return -ENOENT;
  file->f_mode = op.mode == Mode::r   ? kernel::FMODE_READ
                 : op.mode == Mode::w ? kernel::FMODE_WRITE
                                      : kernel::FMODE_READ | kernel::FMODE_WRITE;
  file->append = op.mode == Mode::append;
  return 0;
}

int64_t ModelSide::mmap(const Op& op) {
  /* A byte offset has 12 bits fewer as a page number, so what is beyond is cut as user space cuts it. */
  constexpr uint64_t kOffsets = (1ull << 52) - 1;
  model& m = *model::current;
  kernel::vm_area_struct* free = m.vmas + static_cast<unsigned int>(op.process) * kVmas;
  while (free->linked.peek()) ++free;
  const kernel::model_mmap_request request = {slot(op),
                                              free,
                                              &m.mms[op.process],
                                              page_of(op.region, op.page),
                                              op.len,
                                              static_cast<uint64_t>(op.pos) & kOffsets,
                                              op.write,
                                              op.shared};
  return kernel::ksys_mmap_pgoff(&request);
}

int64_t ModelSide::fork() {
  model& m = *model::current;
  std::array<kernel::model_vma_pair, kVmas> pairs;
  for (unsigned int i = 0; i < kVmas; ++i) pairs[i] = {&m.vmas[i], &m.vmas[kVmas + i]};
  forked_ = true;
  /* dup_fd() */
  for (size_t fd = 0; fd < kFds; ++fd)
    files_[1][fd] = files_[0][fd] != nullptr ? kernel::get_file(files_[0][fd]) : nullptr;
  return kernel::sys_fork(&m.mms[0], &m.mms[1], pairs);
}

Outcome ModelSide::run(const Op& op) {
  Outcome outcome;
  outcome.result = -ESRCH;
  if (op.process != 0 && !forked_) return outcome;
  outcome = run_call(op);
  kernel::task_work_run();
  return outcome;
}

Outcome ModelSide::run_call(const Op& op) {
  model& m = *model::current;
  kernel::mm_struct* mm = &m.mms[op.process];
  kernel::mm_struct* buffer = op.region < 0 ? nullptr : mm;
  const uint64_t at = page_of(op.region, op.page);
  kernel::file* file = slot(op);
  Outcome outcome;
  switch (op.kind) {
    case Kind::open:
      outcome.result = open(op);
      break;
    case Kind::close:
      if (file == nullptr)
        outcome.result = -EBADF;
      else
        kernel::fput(file);
      slot(op) = nullptr;
      break;
    case Kind::pread:
      read_.clear();
      outcome.result = kernel::ksys_pread64(file, buffer, at, op.len, op.pos);
      if (op.region < 0 && outcome.result > 0) outcome.values = read_;
      break;
    case Kind::pwrite:
      outcome.result = kernel::ksys_pwrite64(file, buffer, at, op.len, op.pos, op.value);
      if (file != nullptr) outcome.size = static_cast<int64_t>(file->f_inode->i_size.peek());
      break;
    case Kind::mmap:
      outcome.result = mmap(op);
      break;
    case Kind::munmap:
      outcome.result = kernel::__vm_munmap(mm, at, op.len);
      break;
    case Kind::load: {
      uint64_t value = 0;
      outcome.result = kernel::model_cpu_load(mm, at, static_cast<unsigned>(op.cell), &value);
      if (outcome.result == 0) outcome.values.push_back(value);
      break;
    }
    case Kind::store:
      outcome.result = kernel::model_cpu_store(mm, at, static_cast<unsigned>(op.cell), op.value);
      break;
    case Kind::truncate:
      outcome.result = kernel::do_sys_ftruncate(file, op.pos);
      break;
    case Kind::fallocate: {
      constexpr unsigned int kModes[] = {kernel::FALLOC_FL_ALLOCATE_RANGE, kernel::FALLOC_FL_PUNCH_HOLE,
                                         kernel::FALLOC_FL_ZERO_RANGE, kernel::FALLOC_FL_COLLAPSE_RANGE};
      outcome.result = kernel::ksys_fallocate(file, kModes[static_cast<size_t>(op.range)], op.pos, op.len);
      if (file != nullptr) outcome.size = static_cast<int64_t>(file->f_inode->i_size.peek());
      break;
    }
    case Kind::fsync:
      outcome.result = kernel::do_fsync(file);
      break;
    case Kind::msync:
      outcome.result = m.config.forms->sys_msync(mm, at, op.len, static_cast<unsigned>(op.flags));
      break;
    case Kind::unlink:
      outcome.result = kernel::sys_unlink(static_cast<uint32_t>(op.file));
      break;
    case Kind::rename:
      outcome.result = kernel::sys_rename(static_cast<uint32_t>(op.file), static_cast<uint32_t>(op.other));
      break;
    case Kind::fork:
      outcome.result = fork();
      break;
    case Kind::dioread:
      outcome.result = kernel::sys_read_direct(mm, at, static_cast<unsigned>(op.cell), op.value, true);
      break;
    case Kind::diowrite:
      read_.clear();
      outcome.result = kernel::sys_write_direct(mm, at, static_cast<unsigned>(op.cell));
      if (outcome.result > 0) outcome.values = read_;
      break;
  }
  return outcome;
}

}  // namespace daxrace::host
