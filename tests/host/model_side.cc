/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/host/model_side.h"

#include <cstdlib>

namespace daxrace::host {

using kernel::model;
using kernel::model_event;
using kernel::model_event_kind;
using kernel::model_file;

ModelSide::ModelSide() : execution_({.steps_max = 1u << 20, .tasks_max = 1, .trace = false}) {
  static constexpr kernel::pgoff_t kPages[] = {page_of(kRegions, 0) + kRegionPages};
  std::string error;
  if (!kernel::select_forms({}, &forms_, &error)) std::abort();
  config_.pmd_nr = kPmdPages;
  config_.cells = kCells;
  config_.forms = &forms_;
  config_.nr_inodes = kFiles;
  config_.nr_mms = 1;
  config_.nr_vmas = kRegions * kRegionPages;
  config_.nr_tasks = 1;
  config_.file_pages = kFilePages;
  config_.mm_pages = kPages;
  config_.observer = this;
}

void ModelSide::on_event(const model_event& event) {
  if (event.kind == model_event_kind::read_cell) read_.push_back(event.value);
}

const model_file* ModelSide::file(int fd) const {
  const model_file& file = files_[static_cast<size_t>(fd)];
  return file.f_inode != nullptr ? &file : nullptr;
}

std::string ModelSide::with_machine(bool pmd_mappings, const std::function<void()>& body) {
  config_.pmd_mappings = pmd_mappings;
  auto boot_and_go = [&] {
    files_.fill({});
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

bool ModelSide::mapped(uint64_t page, const kernel::inode** inode, uint64_t* file_page) const {
  for (unsigned int i = 0; i < config_.nr_vmas; ++i) {
    const kernel::vm_area_struct& vma = model::current->vmas[i];
    if (!vma.linked.peek() || page < vma.vm_start || page >= vma.vm_end) continue;
    *inode = vma.f_mapping->host;
    *file_page = page - vma.vm_start + vma.vm_pgoff;
    return true;
  }
  return false;
}

Outcome ModelSide::run(const Op& op) {
  model& m = *model::current;
  kernel::mm_struct* mm = m.mms;
  kernel::mm_struct* buffer = op.region < 0 ? nullptr : mm;
  const uint64_t at = page_of(op.region, op.page);
  model_file& slot = files_[static_cast<size_t>(op.fd)];
  /* A byte offset has 12 bits fewer as a page number, so what is beyond is cut as user space cuts it. */
  constexpr uint64_t kOffsets = (1ull << 52) - 1;
  Outcome outcome;
  switch (op.kind) {
    case Kind::open:
      slot.f_inode = &m.inodes[op.file];
      slot.f_mode = op.mode == Mode::r ? kernel::FMODE_READ : op.mode == Mode::w ? kernel::FMODE_WRITE : 3u;
      slot.append = op.mode == Mode::append;
      break;
    case Kind::close:
      if (slot.f_inode == nullptr) outcome.result = -EBADF;
      slot.f_inode = nullptr;
      break;
    case Kind::pread:
      read_.clear();
      outcome.result = kernel::ksys_pread64(file(op.fd), buffer, at, op.len, op.pos);
      if (op.region < 0 && outcome.result > 0) outcome.values = read_;
      break;
    case Kind::pwrite:
      outcome.result = kernel::ksys_pwrite64(file(op.fd), buffer, at, op.len, op.pos, op.value);
      if (slot.f_inode != nullptr) outcome.size = static_cast<int64_t>(slot.f_inode->i_size.peek());
      break;
    case Kind::mmap: {
      kernel::vm_area_struct* free = m.vmas;
      while (free->linked.peek()) ++free;
      const kernel::model_mmap_request request = {
          file(op.fd), free, mm, at, op.len, static_cast<uint64_t>(op.pos) & kOffsets, op.write};
      outcome.result = kernel::ksys_mmap_pgoff(&request);
      break;
    }
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
      outcome.result = kernel::do_sys_ftruncate(file(op.fd), op.pos);
      break;
    case Kind::fsync:
      outcome.result = kernel::do_fsync(file(op.fd));
      break;
    case Kind::msync:
      outcome.result = m.config.forms->sys_msync(mm, at, op.len, static_cast<unsigned>(op.flags));
      break;
  }
  return outcome;
}

}  // namespace daxrace::host
