/* SPDX-License-Identifier: GPL-2.0-only */
/* fs/xfs/xfs_file.c, fs/xfs/xfs_bmap_util.c: fallocate(2). */
#include "core/model/falloc.h"
#include "core/model/xfs.h"

namespace kernel
{

/* fs/xfs/xfs_bmap_util.c: xfs_flush_unmap_range(), v6.15. Pages [offset, end). */
static int xfs_flush_unmap_range(inode *ip, pgoff_t offset, pgoff_t end)
{
	int error = filemap_write_and_wait_range(&ip->i_data, offset, end);

	if (error)
		return error;
	truncate_pagecache_range(ip, offset, end);
	return 0;
}

/* fs/xfs/xfs_bmap_util.c: xfs_unmap_extent(), v6.15. Where it stopped. */
static pgoff_t xfs_unmap_extent(inode *ip, pgoff_t start, pgoff_t end)
{
	xfs_trans tp = { ip, false, 0, 0, {} };
	pgoff_t stopped;

	down_write(&ip->i_data_sem);
	stopped = xfs_bunmapi(&tp, start, end);
	model_emit_range(model_event_kind::zeroed, ip, stopped, end);
	xfs_trans_commit(&tp);
	up_write(&ip->i_data_sem);
	return stopped;
}

/* fs/xfs/xfs_bmap_util.c: xfs_free_file_space(), v6.15. Left out: partial blocks, real-time files. */
static int xfs_free_file_space(inode *ip, pgoff_t offset, pgoff_t len)
{
	pgoff_t end = offset + len;
	int error = xfs_flush_unmap_range(ip, offset, end);

	if (error)
		return error;
	while (end > offset)
		end = xfs_unmap_extent(ip, offset, end);
	return 0;
}

/* fs/xfs/xfs_bmap_util.c: xfs_alloc_file_space(), v6.15, XFS_BMAPI_PREALLOC */
static int xfs_alloc_file_space(inode *ip, pgoff_t offset, pgoff_t len)
{
	int error = 0;

	while (len && !error) {
		xfs_trans tp = { ip, false, 0, 0, {} };
		struct iomap map;

		down_write(&ip->i_data_sem); /* xfs_trans_alloc_inode() */
		testfs_find_extent(ip, offset, len, &map);
		error = xfs_bmapi_write(ip, TESTFS_CREATE_UNWRIT_EXT, &map);
		if (!error) {
			xfs_trans_commit(&tp);
			offset += map.length;
			len -= map.length;
		}
		up_write(&ip->i_data_sem);
	}
	return error;
}

/* fs/xfs/xfs_file.c: xfs_falloc_setsize(), v6.15 */
static int xfs_falloc_setsize(inode *ip, pgoff_t new_size)
{
	return new_size ? xfs_vn_setattr_size(ip, new_size) : 0;
}

/* fs/xfs/xfs_file.c: xfs_falloc_newsize(), v6.15. Left out: FALLOC_FL_KEEP_SIZE. */
static int xfs_falloc_newsize(inode *ip, pgoff_t offset, pgoff_t len, pgoff_t *new_size)
{
	*new_size = 0;
	if (offset + len <= i_size_read(ip))
		return 0;
	*new_size = offset + len;
	return inode_newsize_ok(*new_size);
}

/* fs/xfs/xfs_file.c: xfs_falloc_zero_range(), v6.15: a hole, filled again with unwritten extents */
static int xfs_falloc_zero_range(inode *ip, pgoff_t offset, pgoff_t len)
{
	pgoff_t new_size;
	int error = xfs_falloc_newsize(ip, offset, len, &new_size);

	if (!error)
		error = xfs_free_file_space(ip, offset, len);
	if (!error)
		error = xfs_alloc_file_space(ip, offset, len);
	return error ? error : xfs_falloc_setsize(ip, new_size);
}

/* fs/xfs/xfs_file.c: xfs_falloc_allocate_range(), v6.15 */
static int xfs_falloc_allocate_range(inode *ip, pgoff_t offset, pgoff_t len)
{
	pgoff_t new_size;
	int error = xfs_falloc_newsize(ip, offset, len, &new_size);

	if (!error)
		error = xfs_alloc_file_space(ip, offset, len);
	return error ? error : xfs_falloc_setsize(ip, new_size);
}

/*
 * fs/xfs/xfs_bmap_util.c: xfs_collapse_file_space(), v6.15. Left out: that each extent is shifted by a transaction of its
 * own.
 */
static int xfs_collapse_file_space(inode *ip, pgoff_t offset, pgoff_t len)
{
	xfs_trans tp = { ip, false, 0, 0, {} };
	int error = xfs_free_file_space(ip, offset, len);

	/* xfs_prepare_shift() */
	if (!error)
		error = xfs_flush_unmap_range(ip, offset, MODEL_READ_HERE(ip->i_size));
	if (error)
		return error;
	down_write(&ip->i_data_sem);
	testfs_shift_extents(ip, offset + len, offset);
	model_emit_range(model_event_kind::collapsed, ip, offset, offset + len);
	xfs_trans_commit(&tp);
	up_write(&ip->i_data_sem);
	return 0;
}

/* fs/xfs/xfs_file.c: xfs_falloc_collapse_range(), v6.15 */
static int xfs_falloc_collapse_range(inode *ip, pgoff_t offset, pgoff_t len)
{
	pgoff_t isize = i_size_read(ip);
	int error;

	if (offset + len >= isize)
		return -EINVAL;
	error = xfs_collapse_file_space(ip, offset, len);
	return error ? error : xfs_falloc_setsize(ip, isize - len);
}

int model_xfs_fallocate_range(inode *ip, unsigned int mode, pgoff_t offset, pgoff_t len)
{
	switch (mode) {
	case FALLOC_FL_PUNCH_HOLE:
		return xfs_free_file_space(ip, offset, len);
	case FALLOC_FL_COLLAPSE_RANGE:
		return xfs_falloc_collapse_range(ip, offset, len);
	case FALLOC_FL_ZERO_RANGE:
		return xfs_falloc_zero_range(ip, offset, len);
	default:
		return xfs_falloc_allocate_range(ip, offset, len);
	}
}

/* fs/xfs/xfs_file.c: xfs_file_fallocate(), v6.15. Left out: direct I/O in flight, times, O_SYNC. */
int xfs_file_fallocate(inode *ip, unsigned int mode, pgoff_t offset, pgoff_t len)
{
	int error;

	down_write(&ip->i_rwsem);
	down_write(&ip->i_data.invalidate_lock);
	error = xfs_break_layouts(ip);
	if (!error)
		error = model_xfs_fallocate_range(ip, mode, offset, len);
	up_write(&ip->i_data.invalidate_lock);
	up_write(&ip->i_rwsem);
	return error;
}

} /* namespace kernel */
