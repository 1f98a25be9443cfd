/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What system calls check before they come to the file system and the address space, in the kernel's order: which of
 * several errors a call returns is part of what user space sees.
 */
#include "core/model/file.h"
#include "core/model/swap.h"

namespace kernel
{

inline constexpr unsigned int MODEL_PAGE_SHIFT = 12;
inline constexpr pgoff_t TASK_SIZE = ((1ull << 47) >> MODEL_PAGE_SHIFT) - 1;
inline constexpr pgoff_t MAX_RW_COUNT = 0x7fffffffu >> MODEL_PAGE_SHIFT;
inline constexpr pgoff_t MAX_LFS_FILESIZE = ~0ull >> 1 >> MODEL_PAGE_SHIFT;
/* The largest number of bytes, signed and unsigned, in pages. */
inline constexpr pgoff_t MODEL_SSIZE_PAGES = MAX_LFS_FILESIZE;
inline constexpr pgoff_t MODEL_SIZE_PAGES = ~0ull >> MODEL_PAGE_SHIFT;

enum : unsigned int {
	MS_ASYNC = 1,
	MS_INVALIDATE = 2,
	MS_SYNC = 4
};

/* access_ok(): of memory that never faults only the length counts. */
static bool model_access_ok(const mm_struct *buffer, pgoff_t buf, pgoff_t count)
{
	return count <= TASK_SIZE && (!buffer || buf <= TASK_SIZE - count);
}

/* fs/read_write.c: rw_verify_area(), v6.15. Left out: mandatory locks, security modules. */
int rw_verify_area(const struct file *, int64_t pos, pgoff_t count)
{
	if (count > MODEL_SSIZE_PAGES)
		return -EINVAL;
	if (pos < 0)
		return -EINVAL;
	/* The last byte would have a negative offset. */
	if (pgoff_t(pos) + count > MODEL_SSIZE_PAGES)
		return -EINVAL;
	return 0;
}

/* The checks of vfs_read() and vfs_write(). More than MAX_RW_COUNT is cut, not refused. */
static int model_check_rw(const struct file *file, unsigned int mode, const model_io *io,
			  pgoff_t count, int64_t pos)
{
	if (!(file->f_mode & mode))
		return -EBADF;
	if (!model_access_ok(io->buffer, io->address, count))
		return -EFAULT;
	return FORMS.rw_verify_area(file, pos, count);
}

static model_io model_rw_request(const struct file *file, mm_struct *buffer, pgoff_t buf,
				 pgoff_t count, int64_t pos)
{
	model_io io = {};

	io.inode = file ? file->f_inode : nullptr;
	io.pos = pgoff_t(pos);
	io.len = count < MAX_RW_COUNT ? count : MAX_RW_COUNT;
	io.buffer = buffer;
	io.address = buf;
	return io;
}

/* fs/read_write.c: ksys_pread64(), vfs_read(), v6.15 */
long ksys_pread64(const struct file *file, mm_struct *buffer, pgoff_t buf, pgoff_t count,
		  int64_t pos)
{
	model_io io = model_rw_request(file, buffer, buf, count, pos);
	int ret;

	if (pos < 0)
		return -EINVAL;
	if (!file)
		return -EBADF;
	ret = model_check_rw(file, FMODE_READ, &io, count, pos);
	if (ret || !count)
		return ret; /* ext4_file_read_iter() of nothing looks at nothing */
	return sys_read(&io);
}

/* fs/read_write.c: ksys_pwrite64(), vfs_write(), v6.15 */
long ksys_pwrite64(const struct file *file, mm_struct *buffer, pgoff_t buf, pgoff_t count,
		   int64_t pos, uint64_t value)
{
	model_io io = model_rw_request(file, buffer, buf, count, pos);
	int ret;

	if (pos < 0)
		return -EINVAL;
	if (!file)
		return -EBADF;
	ret = model_check_rw(file, FMODE_WRITE, &io, count, pos);
	if (ret)
		return ret;
	io.value = value;
	io.append = file->append;
	return sys_write(&io);
}

/* fs/open.c: do_ftruncate(), v6.15. Left out: append-only inodes, freezing, security modules. */
int do_ftruncate(const struct file *file, int64_t length)
{
	if (!(file->f_mode & FMODE_WRITE))
		return -EINVAL;
	return sys_ftruncate(file->f_inode, pgoff_t(length));
}

/* fs/open.c: do_sys_ftruncate(), v6.15 */
int do_sys_ftruncate(const struct file *file, int64_t length)
{
	if (length < 0)
		return -EINVAL;
	if (!file)
		return -EBADF;
	return FORMS.do_ftruncate(file, length);
}

/* fs/sync.c: do_fsync(), v6.15 */
int do_fsync(const struct file *file)
{
	return file ? sys_fsync(file->f_inode) : -EBADF;
}

/* mm/mmap.c: find_vma(), v6.15: the first that ends behind `address`. Under mmap_lock. */
static vm_area_struct *model_find_vma(const mm_struct *mm, pgoff_t address)
{
	model *m = model::current;
	vm_area_struct *found = nullptr;

	for (vm_area_struct *vma = m->vmas; vma < m->vmas + m->config.nr_vmas; vma++) {
		if (vma->vm_mm != mm || !GET(vma->linked) || vma->vm_end <= address)
			continue;
		if (!found || vma->vm_start < found->vm_start)
			found = vma;
	}
	return found;
}

/*
 * mm/mmap.c: do_mmap(), v6.15, with MAP_FIXED_NOREPLACE and a file. Left out: protection keys, personalities, the
 * number of mappings, append-only inodes, merging. Called with mmap_lock.
 */
int do_mmap(const model_mmap_request *request)
{
	struct file *file = request->file;
	const vm_area_struct *next;

	if (!request->len)
		return -EINVAL;
	/* __get_unmapped_area() */
	if (request->len > TASK_SIZE || request->addr > TASK_SIZE - request->len)
		return -ENOMEM;
	next = model_find_vma(request->mm, request->addr);
	if (next && next->vm_start < request->addr + request->len)
		return -EEXIST;
	/* file_mmap_ok() */
	if (request->len > MAX_LFS_FILESIZE || request->pgoff > MAX_LFS_FILESIZE - request->len)
		return -EOVERFLOW;
	if (request->shared && request->write && !(file->f_mode & FMODE_WRITE))
		return -EACCES;
	if (!(file->f_mode & FMODE_READ))
		return -EACCES;

	request->vma->vm_mm = request->mm;
	model_mmap_region(request->vma, request->addr, request->len, &file->f_inode->i_data,
			  request->pgoff,
			  (request->shared ? unsigned(VM_SHARED) : 0u) |
				  (request->write ? unsigned(VM_WRITE) : 0u));
	request->vma->vm_file = model::current->life ? FORMS.model_vma_get_file(file) : nullptr;
	return 0;
}

/* mm/mmap.c: ksys_mmap_pgoff(), vm_mmap_pgoff(), v6.15 */
int ksys_mmap_pgoff(const model_mmap_request *request)
{
	int ret;

	if (!request->file)
		return -EBADF;
	down_write(&request->mm->mmap_lock);
	ret = FORMS.do_mmap(request);
	up_write(&request->mm->mmap_lock);
	return ret;
}

/* mm/vma.c: __vm_munmap(), do_vmi_munmap(), v6.15. Left out: parts of a mapping, so one that is not all inside stays. */
int __vm_munmap(mm_struct *mm, pgoff_t start, pgoff_t len)
{
	model *m = model::current;

	if (start > TASK_SIZE || len > TASK_SIZE - start)
		return -EINVAL;
	if (!len)
		return -EINVAL;
	down_write(&mm->mmap_lock);
	for (vm_area_struct *vma = m->vmas; vma < m->vmas + m->config.nr_vmas; vma++) {
		if (vma->vm_mm != mm || !GET(vma->linked))
			continue;
		if (vma->vm_start < start || vma->vm_end > start + len)
			continue;
		SET(vma->linked, false);
		FORMS.unmap_single_vma(vma, vma->vm_start, vma->vm_end, true);
	}
	for (vm_area_struct *vma = m->vmas; vma < m->vmas + m->config.nr_vmas; vma++) {
		if (vma->vm_mm != mm || GET(vma->linked) || !GET(vma->in_i_mmap))
			continue;
		free_pgtables(vma);
		if (vma->vm_file)
			fput(vma->vm_file); /* remove_vma() */
		vma->vm_file = nullptr;
	}
	up_write(&mm->mmap_lock);
	return 0;
}

/* mm/msync.c: sys_msync(), v6.15. Left out: locked mappings. */
int sys_msync(mm_struct *mm, pgoff_t start, pgoff_t len, unsigned int flags)
{
	pgoff_t end = start + len;
	int unmapped_error = 0;
	int error = -EINVAL;
	vm_area_struct *vma;

	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC))
		return error;
	if ((flags & MS_ASYNC) && (flags & MS_SYNC))
		return error;
	/* Of a length that wraps around. */
	if (len > MODEL_SIZE_PAGES || end > MODEL_SIZE_PAGES)
		return -ENOMEM;
	if (!len)
		return 0;

	down_read(&mm->mmap_lock);
	vma = model_find_vma(mm, start);
	for (;;) {
		error = -ENOMEM;
		if (!vma)
			break;
		if (start < vma->vm_start) {
			if (flags == MS_ASYNC)
				break;
			start = vma->vm_start;
			if (start >= end)
				break;
			unmapped_error = -ENOMEM;
		}
		pgoff_t fstart = start - vma->vm_start + vma->vm_pgoff;
		pgoff_t fend = fstart + (end < vma->vm_end ? end : vma->vm_end) - start - 1;

		start = vma->vm_end;
		if ((flags & MS_SYNC) && (vma->vm_flags & VM_SHARED)) {
			/* The file outlives the mapping: it is looked at without the lock. */
			inode *inode = vma->f_mapping->host;

			up_read(&mm->mmap_lock);
			error = testfs_sync_file(inode, fstart, fend); /* vfs_fsync_range() */
			if (error || start >= end)
				return error ? error : unmapped_error;
			down_read(&mm->mmap_lock);
			vma = model_find_vma(mm, start);
		} else {
			error = 0;
			if (start >= end)
				break;
			vma = model_find_vma(mm, start);
		}
	}
	up_read(&mm->mmap_lock);
	return error ? error : unmapped_error;
}

} /* namespace kernel */
