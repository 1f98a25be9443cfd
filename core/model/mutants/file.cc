/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutants of what keeps an inode alive, and of what its end takes with it. */
#include "core/model/inode.h"
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

/* fs/ext4/inode.c: ext4_evict_inode(), v6.15, mutant. The wait of a truncation, whose error nobody can make use of. */
void testfs_evict_inode_interruptible(inode *inode)
{
	int error = 0;

	if (!inode->is_dir) {
		down_write(&inode->i_data.invalidate_lock);
		error = dax_break_layout(inode);
		up_write(&inode->i_data.invalidate_lock);
	}
	WARN_ON_ONCE(error != 0);
	testfs_delete_inode(inode);
}

/* fs/namei.c: lookup_open(), v6.15, mutant. O_CREAT looks and creates under the lock of a lookup. */
dentry *lookup_open_shared(uint32_t name, inode *creat)
{
	rw_semaphore *dir = &model::current->life->i_rwsem;
	bool exists;
	dentry *dentry;

	if (!creat)
		return lookup_open(name, nullptr);
	down_read(dir);
	exists = GET(model::current->life->names[name]) != 0;
	dentry = exists ? nullptr : ext4_create(name, creat);
	up_read(dir);
	return exists ? lookup_open(name, nullptr) : dentry;
}

} /* namespace kernel */
