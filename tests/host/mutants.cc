/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/host/mutants.h"

#include <algorithm>

#include "core/model/dax.h"
#include "core/model/falloc.h"
#include "core/model/file.h"
#include "core/model/gup.h"
#include "core/model/mutants/mutants.h"

namespace daxrace::host {

namespace {

using namespace kernel;

int read_ignores_i_size(const model_io* io, iomap_iter* iomi, bool write) {
  int ret = dax_iomap_iter(io, iomi, write);
  return !write && ret == 0 && iomi->pos >= iomi->inode->i_size.peek() && !io->buffer ? 1 : ret;
}
int hole_ends_the_read(const model_io* io, iomap_iter* iomi, bool write) {
  return !write && iomi->iomap.type == IOMAP_HOLE ? 0 : dax_iomap_iter(io, iomi, write);
}
int bad_buffer_counts_in_full(const model_io* io, iomap_iter* iomi, bool write) {
  int ret = dax_iomap_iter(io, iomi, write);
  return write && ret >= 0 ? static_cast<int>(std::min(iomi->len, iomi->iomap.length)) : ret;
}
int bad_buffer_is_end_of_file(const model_io* io, iomap_iter* iomi, bool write) {
  int ret = dax_iomap_iter(io, iomi, write);
  return ret == -EFAULT ? 0 : ret;
}

void munmap_keeps_ptes(vm_area_struct* vma, pgoff_t start, pgoff_t end, bool even_cows) {
  if (vma->linked.peek()) unmap_single_vma(vma, start, end, even_cows);
}
void unmap_forgets_last_page(vm_area_struct* vma, pgoff_t start, pgoff_t end, bool even_cows) {
  unmap_single_vma(vma, start, end - (end - start > 1 ? 1 : 0), even_cows);
}

void truncate_keeps_private_copies(vm_area_struct* vma, pgoff_t start, pgoff_t end, bool even_cows) {
  unmap_single_vma(vma, start, end, even_cows && (vma->vm_flags & VM_SHARED));
}

/* Another page of the same kind is behind the end than before it. */
vm_fault_t load_behind_end_is_zero(vm_fault* vmf) {
  vm_fault_t ret = dax_iomap_pte_fault(vmf);
  if (ret != VM_FAULT_SIGBUS || (vmf->flags & FAULT_FLAG_WRITE)) return ret;
  return vmf_insert_page_mkwrite(vmf, ZERO_PFN, false);
}
vm_fault_t read_only_mapping_is_writable(mm_struct* mm, pgoff_t address, bool write) {
  model* m = model::current;
  for (vm_area_struct* vma = m->vmas; vma < m->vmas + m->config.nr_vmas; vma++) vma->vm_flags |= VM_WRITE;
  return do_user_addr_fault(mm, address, write);
}
vm_fault_t sigbus_is_sigsegv(mm_struct* mm, pgoff_t address, bool write) {
  vm_fault_t ret = do_user_addr_fault(mm, address, write);
  return ret & VM_FAULT_SIGBUS ? vm_fault_t{VM_FAULT_SIGSEGV} : ret;
}

void new_block_keeps_old_data(uint64_t) {}
void truncate_keeps_blocks(inode*, pgoff_t) {}
void truncate_frees_one_too_few(inode* inode, pgoff_t size) { testfs_truncate_blocks(inode, size + 1); }

int write_does_not_grow(const model_io* io) { return dax_iomap_rw(io, true); }
int short_write_grows_in_full(const model_io* io) {
  int ret = testfs_dax_write_iter(io);
  if (ret > 0 && io->pos + io->len > io->inode->i_size.peek())
    io->inode->i_size.store(io->pos + io->len, Order::kRelaxed, DAXRACE_SITE("mutant", "i_size"));
  return ret;
}

/* fallocate(2). */
int punch_beyond_end_grows(inode* inode, unsigned int mode, pgoff_t offset, pgoff_t len) {
  int ret = ext4_fallocate(inode, mode, offset, len);
  if (ret == 0 && mode == FALLOC_FL_PUNCH_HOLE && offset + len <= model::current->config.file_pages &&
      offset + len > inode->i_size.peek())
    inode->i_size.store(offset + len, Order::kRelaxed, DAXRACE_SITE("mutant", "i_size"));
  return ret;
}
int allocation_keeps_the_size(inode* inode, unsigned int mode, pgoff_t offset, pgoff_t len) {
  const pgoff_t size = inode->i_size.peek();
  int ret = ext4_fallocate(inode, mode, offset, len);
  if (mode == FALLOC_FL_ALLOCATE_RANGE)
    inode->i_size.store(size, Order::kRelaxed, DAXRACE_SITE("mutant", "i_size"));
  return ret;
}
int punch_forgets_a_page(inode* inode, unsigned int mode, pgoff_t offset, pgoff_t len) {
  return ext4_fallocate(inode, mode, offset, mode == FALLOC_FL_PUNCH_HOLE && len > 1 ? len - 1 : len);
}
int unwritten_is_not_zeroed(inode* inode, unsigned int flags, struct iomap* map) {
  return testfs_create_extent_no_zeroing(inode, flags, map);
}

int limit_refuses_the_whole_write(model_io* io) {
  pgoff_t len = io->len;
  int ret = generic_write_checks(io);
  return ret > 0 && io->len != len ? -EFBIG : ret;
}
int append_writes_where_told(model_io* io) {
  io->append = false;
  return generic_write_checks(io);
}
int area_may_wrap(const kernel::file*, int64_t, pgoff_t) { return 0; }
int read_only_descriptor_is_ebadf(const kernel::file* file, int64_t length) {
  int ret = do_ftruncate(file, length);
  return ret == -EINVAL ? -EBADF : ret;
}
int mmap_ignores_the_mode(const model_mmap_request* request) {
  const unsigned int mode = request->file->f_mode;
  request->file->f_mode = FMODE_READ | FMODE_WRITE;
  int ret = do_mmap(request);
  request->file->f_mode = mode;
  return ret;
}
int private_is_shared(const model_mmap_request* request) {
  model_mmap_request other = *request;
  other.shared = true;
  return do_mmap(&other);
}
bool pin_may_write_anything(mm_struct* mm, pgoff_t address, unsigned int flags, model_pin* pin) {
  return gup_fast(mm, address, flags & ~unsigned{FOLL_WRITE}, pin);
}
int mmap_off_by_one(const model_mmap_request* request) {
  model_mmap_request other = *request;
  other.pgoff++;
  return do_mmap(&other);
}
int msync_of_a_gap_is_fine(mm_struct* mm, pgoff_t start, pgoff_t len, unsigned int flags) {
  int ret = sys_msync(mm, start, len, flags);
  return ret == -ENOMEM ? 0 : ret;
}

#define MUTANT(name, what, function, form) {name, what, [](model_forms& f) { f.function = form; }}

constexpr Mutant kMutants[] = {
    MUTANT("read-ignores-i-size", "a read goes on behind the end of the file", dax_iomap_iter,
           read_ignores_i_size),
    MUTANT("hole-ends-the-read", "a read stops at a hole", dax_iomap_iter, hole_ends_the_read),
    MUTANT("bad-buffer-counts-in-full", "a write whose buffer faults half-way returns all of it",
           dax_iomap_iter, bad_buffer_counts_in_full),
    MUTANT("bad-buffer-is-end-of-file", "a buffer that faults makes 0, not EFAULT", dax_iomap_iter,
           bad_buffer_is_end_of_file),
    MUTANT("punch-beyond-end-grows", "punching a hole behind the end grows the file", ext4_fallocate,
           punch_beyond_end_grows),
    MUTANT("allocation-keeps-the-size", "fallocate without a flag never grows the file", ext4_fallocate,
           allocation_keeps_the_size),
    MUTANT("punch-forgets-a-page", "the last page of a hole keeps what it had", ext4_fallocate,
           punch_forgets_a_page),
    MUTANT("unwritten-is-not-zeroed", "a preallocated block shows what it held before", testfs_create_extent,
           unwritten_is_not_zeroed),
    MUTANT("munmap-keeps-ptes", "page tables survive munmap", unmap_single_vma, munmap_keeps_ptes),
    MUTANT("unmap-forgets-last-page", "the last page of a range stays mapped", unmap_single_vma,
           unmap_forgets_last_page),
    MUTANT("truncate-keeps-private-copies", "copies of what was cut off survive", unmap_single_vma,
           truncate_keeps_private_copies),
    MUTANT("load-behind-end-is-zero", "a load behind the end reads 0 instead of SIGBUS", dax_iomap_pte_fault,
           load_behind_end_is_zero),
    MUTANT("read-only-mapping-is-writable", "a store through a mapping without PROT_WRITE succeeds",
           do_user_addr_fault, read_only_mapping_is_writable),
    MUTANT("sigbus-is-sigsegv", "an access behind the end is SIGSEGV", do_user_addr_fault, sigbus_is_sigsegv),
    MUTANT("new-block-keeps-old-data", "an allocated block is not zeroed", model_zero_block,
           new_block_keeps_old_data),
    MUTANT("truncate-keeps-blocks", "what was cut off is there again when the file grows",
           testfs_truncate_blocks, truncate_keeps_blocks),
    MUTANT("truncate-frees-one-too-few", "the first page behind the new end survives", testfs_truncate_blocks,
           truncate_frees_one_too_few),
    MUTANT("write-does-not-grow", "a write behind the end leaves the size", testfs_dax_write_iter,
           write_does_not_grow),
    MUTANT("short-write-grows-in-full", "a short write grows the file as if it were not",
           testfs_dax_write_iter, short_write_grows_in_full),
    MUTANT("limit-refuses-the-whole-write", "a write that crosses RLIMIT_FSIZE is not cut but refused",
           generic_write_checks, limit_refuses_the_whole_write),
    MUTANT("append-writes-where-told", "pwrite with O_APPEND obeys its offset", generic_write_checks,
           append_writes_where_told),
    MUTANT("area-may-wrap", "an offset whose end is no loff_t is not EINVAL", rw_verify_area, area_may_wrap),
    MUTANT("read-only-descriptor-is-ebadf", "ftruncate of one is EBADF, not EINVAL", do_ftruncate,
           read_only_descriptor_is_ebadf),
    MUTANT("mmap-ignores-the-mode", "a descriptor may be mapped beyond its mode", do_mmap,
           mmap_ignores_the_mode),
    MUTANT("private-is-shared", "what is stored into a private mapping is in the file", do_mmap,
           private_is_shared),
    MUTANT("mapping-holds-no-file", "an unlinked file ends with its last descriptor, mapped or not",
           model_vma_get_file, model_vma_get_file_none),
    MUTANT("pin-may-write-anything", "direct I/O writes to pages that are mapped read-only", gup_fast,
           pin_may_write_anything),
    MUTANT("mmap-off-by-one", "a mapping shows the next page of the file", do_mmap, mmap_off_by_one),
    MUTANT("msync-of-a-gap-is-fine", "msync of what is not mapped is 0, not ENOMEM", sys_msync,
           msync_of_a_gap_is_fine),
    MUTANT("invalidate-no-unmap", "page tables keep the zero page of a hole that is written",
           invalidate_inode_pages2_range, invalidate_inode_pages2_range_no_unmap),
};

}  // namespace

std::span<const Mutant> mutants() { return kMutants; }

}  // namespace daxrace::host
