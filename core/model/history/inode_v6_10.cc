/* SPDX-License-Identifier: GPL-2.0-only */
/* What the inode shrinker made of inodes whose mapping has entries. */
#include "core/model/history/history.h"
#include "core/model/inode.h"

namespace kernel
{

/* fs/inode.c: inode_pin_lru_isolating_v6_10(), which is the __iget() of inode_lru_isolate(), v6.10. Under i_lock. */
void inode_pin_lru_isolating_v6_10(inode *inode)
{
	inode->i_count.fetch_add(1, engine::Order::kRelaxed, SITE("__iget", "i_count"));
}

/* fs/inode.c: inode_unpin_lru_isolating_v6_10(), which is its iput(), v6.10: the last one if the file was unlinked. */
void inode_unpin_lru_isolating_v6_10(inode *inode)
{
	iput(inode);
}

/* fs/inode.c: mapping_shrinkable_v5_15(), v5.15: there is no such test, every inode that nobody uses is on the list. */
bool mapping_shrinkable_v5_15(address_space *)
{
	return true;
}

/* fs/inode.c: mapping_empty_v5_12(), which is inode->i_data.nrpages == 0, v5.12: DAX entries do not count. */
bool mapping_empty_v5_12(address_space *)
{
	return true;
}

} /* namespace kernel */
