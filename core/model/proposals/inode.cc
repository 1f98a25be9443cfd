/* SPDX-License-Identifier: GPL-2.0-only */
/* How to keep a file's blocks while its pages are in use: what was proposed before 0e2f80afcfa6. */
#include "core/model/page.h"
#include "core/model/proposals/proposals.h"

namespace kernel
{

/*
 * fs/xfs/xfs_super.c: testfs_evict_inode_locked(), which is xfs_fs_evict_inode() as first proposed, v6.15: the locks that break_layouts asks for, although nobody
 * else can reference the inode.
 */
void testfs_evict_inode_locked(inode *inode)
{
	down_write(&inode->i_rwsem);
	down_write(&inode->i_data.invalidate_lock);
	for (;;) {
		page *page = FORMS.dax_layout_busy_page_range(&inode->i_data);

		if (!page)
			break;
		FORMS.wait_page_idle(page, inode, false);
	}
	up_write(&inode->i_data.invalidate_lock);
	up_write(&inode->i_rwsem);
	testfs_delete_inode(inode);
}

/*
 * include/linux/fs.h: generic_drop_inode_busy(), which is generic_drop_inode() as proposed next, v6.15: an inode with busy pages is kept. The walk that finds
 * them takes semaphores.
 */
bool generic_drop_inode_busy(inode *inode)
{
	if (FORMS.dax_layout_busy_page_range(&inode->i_data))
		return false;
	return READ_ONCE(inode->i_nlink) == 0;
}

} /* namespace kernel */
