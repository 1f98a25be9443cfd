/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/scenario/operations.h"

#include "core/model/dma.h"
#include "core/model/falloc.h"
#include "core/model/file.h"
#include "core/model/inode.h"
#include "core/model/pgmap.h"
#include "core/model/signal.h"
#include "core/model/umem.h"

namespace daxrace::scenario {

namespace {

using kernel::model_op;

kernel::model& model() { return *kernel::model::current; }

int32_t arg(const OpContext& c, ArgKind kind) { return argument(c.op, kind); }

kernel::inode* file_of(const OpContext& c) {
  int32_t index = arg(c, ArgKind::kFile);
  return &model().inodes[index >= 0 ? index : arg(c, ArgKind::kNewFile)];
}

kernel::mm_struct* mm_of(const OpContext& c, int32_t region) {
  return &model().mms[c.runner.process_for(region)];
}
kernel::vm_area_struct* vma_of(const OpContext& c, int32_t region) {
  return &model().vmas[c.runner.vma_of(region, c.runner.process_for(region))];
}

/* Slots of an address: region, page, cell. */
struct Address {
  int32_t region;
  int32_t page;
  int32_t cell;
};
Address address_of(const OpContext& c) { return {c.op.arg[0], c.op.arg[1], c.op.arg[2]}; }

kernel::pgoff_t page_of(const OpContext& c) {
  Address at = address_of(c);
  return static_cast<kernel::pgoff_t>(c.runner.region(at.region).address + at.page);
}

/* The address space of the task; in setup, which stands for all processes, null. */
kernel::mm_struct* mm_of(const OpContext& c) {
  engine::TaskId task = engine::Execution::current().self();
  if (task == 0) return nullptr;
  return &model().mms[static_cast<size_t>(c.runner.program().tasks[task - 1u].process)];
}

uint32_t name_of(const OpContext& c) { return static_cast<uint32_t>(arg(c, ArgKind::kFile)); }

/* What a system call says that directories do not have. They are open for reading. */
int directory_error(const OpContext& c) {
  switch (c.kind) {
    case model_op::read:
      return -EISDIR;
    case model_op::truncate:
      return -EINVAL;
    case model_op::mmap:
      return arg(c, ArgKind::kProt) == kProtWrite ? -EACCES : -ENODEV;
    case model_op::fsync:
    case model_op::none:
      return 0;
    default:
      return -EBADF;
  }
}

/* A system call on the file behind the process's descriptor. */
template <typename Call>
int on_file(const OpContext& c, kernel::mm_struct* mm, Call&& call) {
  const int error = file_of(c)->is_dir ? directory_error(c) : 0;
  if (error != 0) return error;
  if (model().life == nullptr || mm == nullptr) return call(file_of(c), nullptr);
  kernel::file* file = kernel::fdget(mm, name_of(c));
  if (file == nullptr) {
    kernel::task_work_run(); /* it may have been closed while we took it */
    return -EBADF;
  }
  c.inode = file->f_inode;
  int result = call(file->f_inode, file);
  kernel::fput(file);
  kernel::task_work_run();
  return result;
}

void describe_file(OpContext& c, model_op kind) {
  c.kind = kind;
  c.inode = file_of(c);
}

void describe_address(OpContext& c, model_op kind) {
  Address at = address_of(c);
  const Runner::RegionPlan& plan = c.runner.region(at.region);
  c.kind = kind;
  c.inode = plan.file < 0 ? nullptr : &model().inodes[plan.file];
  c.cell =
      static_cast<uint64_t>(plan.offset + at.page) * model().config.cells + static_cast<uint64_t>(at.cell);
}

/* In user mode, where a fault that got no memory is taken again: pagefault_out_of_memory(), v6.15. So is that
 * of who swaps in what was swapped out to the same slot meanwhile. (Before v5.16 that killed somebody: left
 * out.) The file is the one that is mapped: the name may have got another since the program was written. */
template <typename Access>
int user_access(const OpContext& c, Access&& access) {
  const Address at = address_of(c);
  engine::RetryLoop loop;
  int result;
  while ((result = access(mm_of(c, at.region), page_of(c), static_cast<unsigned int>(at.cell))) == -ENOMEM)
    loop.again();
  const kernel::vm_area_struct* vma = vma_of(c, at.region);
  if (c.inode != nullptr && vma->f_mapping != nullptr) c.inode = vma->f_mapping->host;
  return result;
}

kernel::model_io io_of(const OpContext& c, kernel::inode* inode) {
  return {inode, static_cast<kernel::pgoff_t>(arg(c, ArgKind::kOffset)),
          static_cast<kernel::pgoff_t>(arg(c, ArgKind::kLength)), c.value};
}

void describe_creat(OpContext& c) { describe_file(c, model_op::none); }
int op_creat(const OpContext& c) {
  kernel::model_creat(file_of(c), static_cast<kernel::pgoff_t>(arg(c, ArgKind::kSizeKey)));
  return 0;
}

unsigned int vm_flags_of(int32_t protection) {
  return ((protection & kProtPrivate) != 0 ? 0U : unsigned{kernel::VM_SHARED}) |
         ((protection & kProtWrite) != 0 ? unsigned{kernel::VM_WRITE} : 0U) |
         ((protection & kProtSync) != 0 ? unsigned{kernel::VM_SYNC} : 0U);
}

void describe_mmap(OpContext& c) { describe_file(c, model_op::mmap); }
int op_mmap(const OpContext& c) {
  int32_t region = arg(c, ArgKind::kNewRegion);
  const Runner::RegionPlan& plan = c.runner.region(region);
  return on_file(c, mm_of(c, region), [&](kernel::inode* inode, kernel::file* file) {
    return kernel::sys_mmap(
        vma_of(c, region), mm_of(c, region), inode, static_cast<kernel::pgoff_t>(plan.address),
        static_cast<kernel::pgoff_t>(arg(c, ArgKind::kLength)),
        static_cast<kernel::pgoff_t>(arg(c, ArgKind::kOffset)), vm_flags_of(arg(c, ArgKind::kProt)), file);
  });
}

void describe_munmap(OpContext& c) { c.kind = model_op::munmap; }
int op_munmap(const OpContext& c) {
  int result = model().config.forms->sys_munmap(vma_of(c, arg(c, ArgKind::kRegion)));
  if (model().life != nullptr) kernel::task_work_run();
  return result;
}

void describe_load(OpContext& c) { describe_address(c, model_op::load); }
int op_load(const OpContext& c) {
  uint64_t value = 0;
  return user_access(c, [&](kernel::mm_struct* mm, kernel::pgoff_t address, unsigned int cell) {
    return kernel::model_cpu_load(mm, address, cell, &value);
  });
}

void describe_store(OpContext& c) { describe_address(c, model_op::store); }
int op_store(const OpContext& c) {
  return user_access(c, [&](kernel::mm_struct* mm, kernel::pgoff_t address, unsigned int cell) {
    return kernel::model_cpu_store(mm, address, cell, c.value);
  });
}

void describe_clwb(OpContext& c) { describe_address(c, model_op::clwb); }
int op_clwb(const OpContext& c) {
  return user_access(c, [&](kernel::mm_struct* mm, kernel::pgoff_t address, unsigned int cell) {
    return kernel::model_cpu_clwb(mm, address, cell);
  });
}

void describe_sfence(OpContext& c) { c.kind = model_op::sfence; }
int op_sfence(const OpContext&) { return kernel::model_cpu_sfence(); }

void describe_read(OpContext& c) { describe_file(c, model_op::read); }
int op_read(const OpContext& c) {
  return on_file(c, mm_of(c), [&](kernel::inode* inode, kernel::file*) {
    kernel::model_io io = io_of(c, inode);
    return kernel::sys_read(&io);
  });
}

void describe_write(OpContext& c) { describe_file(c, model_op::write); }
int op_write(const OpContext& c) {
  return on_file(c, mm_of(c), [&](kernel::inode* inode, kernel::file*) {
    kernel::model_io io = io_of(c, inode);
    return kernel::sys_write(&io);
  });
}

/* The buffer is a mapping: what user space hands to read(2) and write(2). */
kernel::model_io io_to_mapping(const OpContext& c, kernel::inode* inode) {
  kernel::model_io io = io_of(c, inode);
  io.buffer = mm_of(c, address_of(c).region);
  io.address = page_of(c);
  return io;
}

void describe_readto(OpContext& c) { describe_file(c, model_op::read); }
int op_readto(const OpContext& c) {
  return on_file(c, mm_of(c), [&](kernel::inode* inode, kernel::file*) {
    kernel::model_io io = io_to_mapping(c, inode);
    return kernel::sys_read(&io);
  });
}

void describe_writefrom(OpContext& c) { describe_file(c, model_op::write); }
int op_writefrom(const OpContext& c) {
  return on_file(c, mm_of(c), [&](kernel::inode* inode, kernel::file*) {
    kernel::model_io io = io_to_mapping(c, inode);
    return kernel::sys_write(&io);
  });
}

void describe_fsync(OpContext& c) { describe_file(c, model_op::fsync); }
int op_fsync(const OpContext& c) {
  return on_file(c, mm_of(c), [](kernel::inode* inode, kernel::file*) { return kernel::sys_fsync(inode); });
}

void describe_truncate(OpContext& c) { describe_file(c, model_op::truncate); }
int op_truncate(const OpContext& c) {
  return on_file(c, mm_of(c), [&](kernel::inode* inode, kernel::file*) {
    return kernel::sys_ftruncate(inode, static_cast<kernel::pgoff_t>(arg(c, ArgKind::kLength)));
  });
}

int fallocate(const OpContext& c, unsigned int mode) {
  return on_file(c, mm_of(c), [&](kernel::inode* inode, kernel::file*) {
    return kernel::vfs_fallocate(inode, mode, static_cast<kernel::pgoff_t>(arg(c, ArgKind::kOffset)),
                                 static_cast<kernel::pgoff_t>(arg(c, ArgKind::kLength)));
  });
}

void describe_punch(OpContext& c) { describe_file(c, model_op::fallocate); }
int op_punch(const OpContext& c) { return fallocate(c, kernel::FALLOC_FL_PUNCH_HOLE); }

void describe_zero(OpContext& c) { describe_file(c, model_op::fallocate); }
int op_zero(const OpContext& c) { return fallocate(c, kernel::FALLOC_FL_ZERO_RANGE); }

void describe_collapse(OpContext& c) { describe_file(c, model_op::fallocate); }
int op_collapse(const OpContext& c) { return fallocate(c, kernel::FALLOC_FL_COLLAPSE_RANGE); }

void describe_falloc(OpContext& c) { describe_file(c, model_op::fallocate); }
int op_falloc(const OpContext& c) { return fallocate(c, kernel::FALLOC_FL_ALLOCATE_RANGE); }

void describe_dropcaches(OpContext&) {}
int op_dropcaches(const OpContext&) { return kernel::model_drop_pagecache(); }

void describe_mmapanon(OpContext& c) { c.kind = model_op::mmap; }
int op_mmapanon(const OpContext& c) {
  int32_t region = arg(c, ArgKind::kNewRegion);
  const Runner::RegionPlan& plan = c.runner.region(region);
  return kernel::sys_mmap(vma_of(c, region), mm_of(c, region), nullptr,
                          static_cast<kernel::pgoff_t>(plan.address),
                          static_cast<kernel::pgoff_t>(plan.length),
                          static_cast<kernel::pgoff_t>(plan.address), kernel::VM_WRITE);
}

void describe_mprotect(OpContext&) {}
int op_mprotect(const OpContext& c) {
  int32_t region = arg(c, ArgKind::kRegion);
  return kernel::sys_mprotect(vma_of(c, region), mm_of(c, region), arg(c, ArgKind::kAccess) != 0);
}

void describe_dontneed(OpContext&) {}
int op_dontneed(const OpContext& c) {
  int32_t region = address_of(c).region;
  return kernel::model_madvise_dontneed(vma_of(c, region), mm_of(c, region), page_of(c),
                                        static_cast<kernel::pgoff_t>(arg(c, ArgKind::kLength)));
}

void describe_pageout(OpContext&) {}
int op_pageout(const OpContext& c) {
  int32_t region = address_of(c).region;
  return kernel::model_madvise_pageout(vma_of(c, region), mm_of(c, region), page_of(c));
}

void describe_reclaim(OpContext&) {}
int op_reclaim(const OpContext& c) {
  return kernel::model_reclaim(mm_of(c, address_of(c).region), page_of(c));
}

void describe_swapoff(OpContext&) {}
int op_swapoff(const OpContext&) { return kernel::sys_swapoff(); }

void describe_clearrefs(OpContext&) {}
int op_clearrefs(const OpContext& c) {
  return kernel::model_clear_refs(&model().mms[c.runner.process_for(-1)]);
}

void describe_fork(OpContext& c) { c.kind = model_op::fork; }
int op_fork(const OpContext& c) {
  const int process = c.runner.process_for(-1);
  const int child = arg(c, ArgKind::kProcess);
  const auto regions = static_cast<int32_t>(c.runner.program().regions.size());
  /* A child is a process of its own: none that can be among the ancestors of its parent. */
  if (child <= process) return -EINVAL;
  /* One pair of VMAs for each region; those of a region that the parent does not have are not linked. */
  auto* pairs =
      engine::Execution::current().arena().make_array<kernel::model_vma_pair>(static_cast<size_t>(regions));
  for (int32_t region = 0; region < regions; ++region) {
    pairs[region] = {&model().vmas[c.runner.vma_of(region, process)],
                     &model().vmas[c.runner.vma_of(region, child)]};
  }
  return kernel::sys_fork(&model().mms[process], &model().mms[child], {pairs, static_cast<size_t>(regions)});
}

/* Another file's offset, not this one's: none of its registers is the operation's. */
void describe_dioread(OpContext&) {}
int op_dioread(const OpContext& c) {
  Address at = address_of(c);
  return kernel::sys_read_direct(mm_of(c, at.region), page_of(c), static_cast<unsigned int>(at.cell), c.value,
                                 true);
}

void describe_aioread(OpContext&) {}
int op_aioread(const OpContext& c) {
  Address at = address_of(c);
  return kernel::sys_read_direct(mm_of(c, at.region), page_of(c), static_cast<unsigned int>(at.cell), c.value,
                                 false);
}

void describe_diowrite(OpContext&) {}
int op_diowrite(const OpContext& c) {
  Address at = address_of(c);
  return kernel::sys_write_direct(mm_of(c, at.region), page_of(c), static_cast<unsigned int>(at.cell));
}

void describe_vmsplice(OpContext&) {}
int op_vmsplice(const OpContext& c) {
  return kernel::sys_vmsplice(mm_of(c, address_of(c).region), page_of(c));
}

void describe_drain(OpContext&) {}
int op_drain(const OpContext&) { return kernel::model_drain(); }

void describe_crash(OpContext&) {}
int op_crash(const OpContext&) { engine::Execution::current().crash(DAXRACE_SITE("crash", "")); }

void describe_open(OpContext&) {}
int op_open(const OpContext& c) {
  int result = kernel::sys_open(mm_of(c), name_of(c), c.runner.open_number(c.op));
  kernel::task_work_run(); /* another task may have been faster */
  return result;
}

void describe_close(OpContext&) {}
int op_close(const OpContext& c) { return kernel::sys_close(mm_of(c), name_of(c)); }

void describe_unlink(OpContext&) {}
int op_unlink(const OpContext& c) { return kernel::sys_unlink(name_of(c)); }

void describe_rename(OpContext&) {}
int op_rename(const OpContext& c) {
  return kernel::sys_rename(name_of(c), static_cast<uint32_t>(c.op.arg[1]));
}

void describe_exit(OpContext&) {}
int op_exit(const OpContext& c) {
  kernel::model_exit(mm_of(c));
  kernel::task_work_run();
  return 0;
}

void describe_remount(OpContext&) {}
int op_remount(const OpContext&) { return kernel::model_remount(); }

void describe_dropslab(OpContext&) {}
int op_dropslab(const OpContext&) {
  kernel::model_drop_slab();
  return 0;
}

void describe_unbind(OpContext&) {}
int op_unbind(const OpContext&) { return kernel::model_unbind(); }

void signal_others(const OpContext& c, bool fatal) {
  const auto& tasks = c.runner.program().tasks;
  const int self = c.runner.process_for(-1);
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].process != self) kernel::send_signal(static_cast<engine::TaskId>(i + 1), fatal);
  }
}

void describe_killall(OpContext&) {}
int op_killall(const OpContext& c) {
  signal_others(c, true);
  return 0;
}

void describe_signal(OpContext&) {}
int op_signal(const OpContext& c) {
  signal_others(c, false);
  return 0;
}

void describe_opencreat(OpContext&) {}
int op_opencreat(const OpContext& c) {
  const int creat = c.runner.creat_inode(c.op);
  if (creat < 0) return -ENOSPC;
  int result = kernel::sys_open(mm_of(c), name_of(c), c.runner.open_number(c.op), &model().inodes[creat]);
  kernel::task_work_run(); /* another task may have been faster */
  return result;
}

void describe_mkdir(OpContext&) {}
int op_mkdir(const OpContext&) { return 0; /* it is there from the start */ }

void describe_rmdir(OpContext&) {}
int op_rmdir(const OpContext& c) { return kernel::sys_rmdir(name_of(c)); }

void describe_readdir(OpContext&) {}
int op_readdir(const OpContext& c) {
  return on_file(c, mm_of(c), [](kernel::inode* inode, kernel::file*) { return kernel::iterate_dir(inode); });
}

void describe_regmr(OpContext&) {}
int op_regmr(const OpContext& c) {
  return kernel::ib_uverbs_reg_mr(mm_of(c, address_of(c).region), page_of(c));
}

void describe_rdmawrite(OpContext&) {}
int op_rdmawrite(const OpContext& c) {
  Address at = address_of(c);
  return kernel::model_rdma_write(mm_of(c, at.region), page_of(c), static_cast<unsigned int>(at.cell),
                                  c.value);
}

void describe_deregmr(OpContext&) {}
int op_deregmr(const OpContext& c) { return kernel::ib_uverbs_dereg_mr(mm_of(c)); }

constexpr OpEntry kEntries[] = {
#define OP(name, where, needs, weight, summary, ...) {describe_##name, op_##name},
#include "core/scenario/ops.def"
#undef OP
};

}  // namespace

const OpEntry& op_entry(OpKind kind) { return kEntries[static_cast<size_t>(kind)]; }

}  // namespace daxrace::scenario
