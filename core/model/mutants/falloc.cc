/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutants of fallocate(2): of what keeps everybody away from extents that are about to change. */
#include "core/model/falloc.h"
#include "core/model/mutants/mutants.h"
#include "core/model/xfs.h"

namespace kernel
{

/*
 * fs/ext4/extents.c: ext4_fallocate(), v6.15, mutant. The lock that keeps faults out is dropped once nobody has the
 * pages; before ea3d7209ca01 there was none.
 */
int ext4_fallocate_keeps_faults(inode *inode, unsigned int mode, pgoff_t offset, pgoff_t len)
{
	address_space *mapping = &inode->i_data;
	int ret;

	if (mode == FALLOC_FL_ALLOCATE_RANGE)
		return ext4_fallocate(inode, mode, offset, len);
	down_write(&inode->i_rwsem);
	down_write(&mapping->invalidate_lock);
	ret = FORMS.ext4_break_layouts(inode);
	up_write(&mapping->invalidate_lock);
	if (!ret)
		ret = model_fallocate_range(inode, mode, offset, len);
	up_write(&inode->i_rwsem);
	return ret;
}

/* fs/ext4/extents.c: ext4_fallocate(), v6.15, mutant. Nobody looks whether a page is in use. */
int ext4_fallocate_no_break(inode *inode, unsigned int mode, pgoff_t offset, pgoff_t len)
{
	address_space *mapping = &inode->i_data;
	int ret;

	if (mode == FALLOC_FL_ALLOCATE_RANGE)
		return ext4_fallocate(inode, mode, offset, len);
	down_write(&inode->i_rwsem);
	down_write(&mapping->invalidate_lock);
	ret = model_fallocate_range(inode, mode, offset, len);
	up_write(&mapping->invalidate_lock);
	up_write(&inode->i_rwsem);
	return ret;
}

/* fs/xfs/xfs_file.c: xfs_file_fallocate(), v6.15, mutant. The same: MMAPLOCK is dropped once nobody has the pages. */
int xfs_file_fallocate_keeps_faults(inode *ip, unsigned int mode, pgoff_t offset, pgoff_t len)
{
	int error;

	down_write(&ip->i_rwsem);
	down_write(&ip->i_data.invalidate_lock);
	error = xfs_break_layouts(ip);
	up_write(&ip->i_data.invalidate_lock);
	if (!error)
		error = model_xfs_fallocate_range(ip, mode, offset, len);
	up_write(&ip->i_rwsem);
	return error;
}

/* fs/xfs/xfs_file.c: xfs_file_fallocate(), v6.15, mutant. Nobody looks whether a page is in use. */
int xfs_file_fallocate_no_break(inode *ip, unsigned int mode, pgoff_t offset, pgoff_t len)
{
	int error;

	down_write(&ip->i_rwsem);
	down_write(&ip->i_data.invalidate_lock);
	error = model_xfs_fallocate_range(ip, mode, offset, len);
	up_write(&ip->i_data.invalidate_lock);
	up_write(&ip->i_rwsem);
	return error;
}

/* fs/ext4/inode.c: ext4_map_blocks(), v6.15, mutant. What the first look said is acted upon, under the lock. */
int testfs_map_blocks_create_no_recheck(inode *inode, pgoff_t pos, pgoff_t len, unsigned int flags,
					struct iomap *map)
{
	int ret;

	down_read(&inode->i_data_sem);
	testfs_find_extent(inode, pos, len, map);
	up_read(&inode->i_data_sem);
	if (map->type == IOMAP_MAPPED && !(flags & TESTFS_CONVERT_UNWRITTEN))
		return 0;
	down_write(&inode->i_data_sem);
	ret = testfs_create_extent(inode, flags, map);
	up_write(&inode->i_data_sem);
	return ret;
}

/* fs/xfs/xfs_iomap.c: xfs_iomap_write_direct(), v6.15, mutant. The same. */
int xfs_iomap_write_direct_no_recheck(iomap_iter *iter)
{
	xfs_trans tp = { iter->inode, false, 0, 0, {} };
	int ret;

	down_write(&iter->inode->i_data_sem);
	ret = xfs_bmapi_write(iter->inode, TESTFS_CREATE_ZERO, &iter->iomap);
	if (!ret)
		xfs_trans_commit(&tp);
	up_write(&iter->inode->i_data_sem);
	return ret;
}

/* fs/ext4/extents.c: ext4_collapse_range(), v6.15, mutant. Entries and page tables stay where they are. */
int ext4_collapse_range_no_truncate(inode *inode, pgoff_t offset, pgoff_t len)
{
	address_space *mapping = &inode->i_data;
	pgoff_t end = offset + len;
	int ret;

	if (end >= MODEL_READ_HERE(inode->i_size))
		return -EINVAL;
	ret = filemap_write_and_wait_range(mapping, end, mapping->i_pages.nr_slots);
	return ret ? ret : model_collapse_extents(inode, offset, end);
}

/*
 * fs/ext4/inode.c: ext4_map_blocks(), v6.15, mutant, for an extent that is unwritten: it is made a written one as it is.
 */
int testfs_create_extent_no_zeroing(inode *inode, unsigned int flags, struct iomap *map)
{
	if (map->type != IOMAP_UNWRITTEN || flags != TESTFS_CREATE_ZERO)
		return testfs_create_extent(inode, flags, map);
	for (pgoff_t i = map->offset; i < map->offset + map->length; i++)
		SET(inode->i_block[i], i_block_nr(GET(inode->i_block[i])));
	map->type = IOMAP_MAPPED;
	map->flags = IOMAP_F_NEW;
	return 0;
}

/* fs/xfs/xfs_file.c: xfs_file_fsync(), v6.15, mutant. Data is written back, the log is not forced. */
void xfs_file_fsync_no_force(inode *)
{
}

} /* namespace kernel */
