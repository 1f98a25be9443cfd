/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/history/history.h"

namespace kernel
{

/* fs/ext4/inode.c: ext4_break_layouts(), v4.17: there is none, and nobody looks at reference counts. */
int ext4_break_layouts_v4_17(inode *)
{
	return 0;
}

/* fs/xfs/xfs_file.c: xfs_break_dax_layouts(), v4.17: there is none; xfs_break_layouts() knows leases only. */
int xfs_break_dax_layouts_v4_17(inode *)
{
	return 0;
}

} /* namespace kernel */
