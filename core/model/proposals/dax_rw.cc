/* SPDX-License-Identifier: GPL-2.0-only */
/* What else was thought of against a fault that races with write(2). */
#include "core/model/proposals/proposals.h"

namespace kernel
{

/* fs/dax.c: dax_iomap_rw(), v6.15, that invalidates once more when the data is there, as direct I/O does. */
int dax_iomap_rw_invalidate_after(const model_io *io, bool write)
{
	int ret = dax_iomap_rw(io, write);

	if (write && ret > 0)
		FORMS.invalidate_inode_pages2_range(&io->inode->i_data, io->pos,
						    io->pos + pgoff_t(ret) - 1);
	return ret;
}

/* fs/dax.c: dax_iomap_rw(), v6.15, with faults kept out of the whole write by the file system's fault lock. */
int dax_iomap_rw_fault_lock(const model_io *io, bool write)
{
	rw_semaphore *lock = &io->inode->i_data.invalidate_lock;
	int ret;

	if (!write)
		return dax_iomap_rw(io, write);
	down_write(lock);
	ret = dax_iomap_rw(io, write);
	up_write(lock);
	return ret;
}

/*
 * fs/dax.c: dax_iomap_fault(), v6.15, with a lock that faults share which change no extent. An entry has no bits for it,
 * so it is one lock for the mapping.
 */
vm_fault_t dax_iomap_fault_shared_lock(vm_fault *vmf, bool pmd)
{
	rw_semaphore *lock = &vmf->vma->f_mapping->model_mapping_lock;
	vm_fault_t ret;

	if ((vmf->flags & FAULT_FLAG_WRITE) && (vmf->vma->vm_flags & VM_SHARED)) {
		down_write(lock);
		ret = dax_iomap_fault(vmf, pmd);
		up_write(lock);
	} else {
		down_read(lock);
		ret = dax_iomap_fault(vmf, pmd);
		up_read(lock);
	}
	return ret;
}

/* fs/dax.c: dax_iomap_rw(), v6.15, with that lock. Whether a write changes extents is known too late to be asked. */
int dax_iomap_rw_shared_lock(const model_io *io, bool write)
{
	rw_semaphore *lock = &io->inode->i_data.model_mapping_lock;
	int ret;

	if (write) {
		down_write(lock);
		ret = dax_iomap_rw(io, write);
		up_write(lock);
	} else {
		down_read(lock);
		ret = dax_iomap_rw(io, write);
		up_read(lock);
	}
	return ret;
}

} /* namespace kernel */
