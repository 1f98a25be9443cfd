/* SPDX-License-Identifier: GPL-2.0-only */
/* What XFS could do about scenarios/found-fsync-before-size.dax. */
#include "core/model/proposals/proposals.h"
#include "core/model/xfs.h"

namespace kernel
{

/*
 * fs/xfs/xfs_file.c: xfs_file_dax_write(), v6.15, with the two steps exchanged: who can store behind the old end finds the
 * inode pinned by the transaction that moves it.
 */
int xfs_file_dax_write_log_size_first(const model_io *io)
{
	inode *ip = io->inode;
	int ret = FORMS.dax_iomap_rw(io, true);

	if (ret > 0 && io->pos + pgoff_t(ret) > MODEL_READ_HERE(ip->i_size)) {
		xfs_setfilesize(ip, io->pos + pgoff_t(ret));
		i_size_write(ip, io->pos + pgoff_t(ret));
	}
	if (ret < int(io->len) && io->pos + io->len > MODEL_READ_HERE(ip->i_size))
		xfs_free_eofblocks(ip);
	return ret;
}

} /* namespace kernel */
