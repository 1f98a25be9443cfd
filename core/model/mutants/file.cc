/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutants of what keeps an inode alive, and of what its end takes with it. */
#include "core/model/mutants/mutants.h"

namespace kernel
{

/* mm/vma.c: the reference that __mmap_new_file_vma() takes, v6.15, mutant: none. */
file *model_vma_get_file_none(file *)
{
	return nullptr;
}

/* fs/inode.c: find_inode_fast(), v6.15, mutant. Takes a reference to whatever it finds. */
bool model_inode_freeing_ignored(inode *)
{
	return false;
}

/* fs/ext4/inode.c: ext4_evict_inode(), v6.15, mutant. Whether the file has links makes no difference. */
void testfs_evict_inode_leaks_blocks(inode *inode)
{
	dax_break_layout_final(inode);
	truncate_inode_pages_final(&inode->i_data);
}

} /* namespace kernel */
