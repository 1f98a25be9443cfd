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

} /* namespace kernel */
