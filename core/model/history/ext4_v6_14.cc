/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/falloc.h"
#include "core/model/history/history.h"

namespace kernel
{

/*
 * fs/ext4/extents.c: ext4_fallocate(), v6.14. A hole is written back before it is made, and with it all of a PMD entry
 * that reaches into it; with no lock. Left out: the look whether anything is DIRTY.
 */
int ext4_fallocate_v6_14(inode *inode, unsigned int mode, pgoff_t offset, pgoff_t len)
{
	if (mode == FALLOC_FL_PUNCH_HOLE) {
		int ret = filemap_write_and_wait_range(&inode->i_data, offset, offset + len);

		if (ret)
			return ret;
	}
	return ext4_fallocate(inode, mode, offset, len);
}

} /* namespace kernel */
