/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/host/rules.h"

#include <algorithm>
#include <cerrno>

namespace daxrace::host {

namespace {

bool hole_into_bad_buffer(const Step& step) {
  return step.op.kind == Kind::pread && step.op.region >= 0 && step.first_page_is_hole &&
         step.host.result == -EFAULT && step.model.result == 0;
}

bool size_after_copy(const Step& step) {
  return step.op.kind == Kind::pwrite && step.buffer_maps_behind_end && step.host.result > 0 &&
         (step.model.result == -EFAULT || (step.model.result > 0 && step.model.result < step.host.result));
}

bool failed_write_grows(const Step& step) {
  return step.op.kind == Kind::pwrite && step.op.region >= 0 && step.host.result == -EFAULT &&
         step.model.result == -EFAULT && step.model.size < step.host.size && step.host.size == step.op.pos;
}

constexpr Rule kRules[] = {
    {"hole-into-bad-buffer",
     "fsdax zeroes the buffer for a hole and takes what it zeroed, be it nothing, for the count; the page "
     "cache says "
     "EFAULT",
     hole_into_bad_buffer, false, true},
    {"size-after-copy",
     "fsdax grows the file when all is copied, the page cache page by page: a buffer that maps the pages "
     "that the "
     "write itself adds faults",
     size_after_copy, true, true},
    {"failed-write-grows",
     "since v6.15 the page cache prefaults only after a copy that got nowhere, and by then the end of a "
     "write of 0 bytes "
     "has grown the file up to the offset",
     failed_write_grows, true, false},
};

}  // namespace

std::span<const Rule> rules() { return kRules; }

void look_at(const ModelSide& model, Step& step) {
  const Op& op = step.op;
  if ((op.kind != Kind::pread && op.kind != Kind::pwrite) || op.region < 0) return;
  const kernel::file* file = model.file_of(op);
  if (file == nullptr) return;
  const kernel::inode* inode = file->f_inode;
  const uint64_t size = inode->i_size.peek();
  const auto pos = static_cast<uint64_t>(op.pos);
  step.first_page_is_hole = pos < size && !kernel::i_block_written(inode->i_block[pos].peek());
  for (uint64_t i = 0; i < std::min<uint64_t>(op.len, kFilePages); ++i) {
    const kernel::inode* mapped = nullptr;
    uint64_t page = 0;
    if (!model.mapped(op.process, page_of(op.region, op.page) + i, &mapped, &page)) break;
    step.buffer_maps_behind_end |= mapped == inode && page >= size;
  }
}

}  // namespace daxrace::host
