/* SPDX-License-Identifier: GPL-2.0-only */
/* fs/open.c, fs/ext4/extents.c, fs/ext4/inode.c: fallocate(2). */
#include "core/model/falloc.h"

#include <algorithm>

#include "core/model/file.h"
#include "core/model/xfs.h"

namespace kernel
{

void model_emit_range(model_event_kind kind, const inode *inode, pgoff_t start, pgoff_t end)
{
	model_event event{ kind };

	event.inode = inode;
	event.cell = start * model::current->config.cells;
	event.end = end * model::current->config.cells;
	model_emit(event);
}

/* mm/filemap.c: filemap_write_and_wait_range(), v6.15, through dax_writeback_mapping_range() */
int filemap_write_and_wait_range(address_space *mapping, pgoff_t start, pgoff_t end)
{
	end = std::min(end, mapping->i_pages.nr_slots);
	return start < end ? dax_writeback_mapping_range(mapping, start, end - 1) : 0;
}

/* fs/attr.c: inode_newsize_ok(), v6.15, with RLIMIT_FSIZE; no file is longer already. Left out: the signal. */
int inode_newsize_ok(pgoff_t size)
{
	return size > model::current->config.file_pages ? -EFBIG : 0;
}

/*
 * fs/ext4/extents.c: ext4_alloc_file_blocks(), v6.15. The size grows with what has been allocated; 0: it stays.
 * Left out: the check that i_disksize lags.
 */
static int ext4_alloc_file_blocks(inode *inode, pgoff_t pos, pgoff_t len, pgoff_t new_size,
				  unsigned int flags)
{
	int retries = 0;
	int ret;

retry:
	ret = 0;
	while (len && !ret) {
		struct iomap map;

		testfs_journal_start();
		ret = FORMS.testfs_map_blocks_create(inode, pos, len, flags, &map);
		if (!ret) {
			pos += map.length;
			len -= map.length;
			/* ext4_update_inode_size() */
			if (new_size && pos > MODEL_READ_HERE(inode->i_size)) {
				WRITE_ONCE(inode->i_size, pos);
				model_emit_range(model_event_kind::extended, inode, pos, pos);
			}
			testfs_datasync_dirtied(inode);
		}
		testfs_journal_stop();
	}
	if (ret == -ENOSPC && testfs_should_retry_alloc(&retries))
		goto retry;
	return ret;
}

/* The size that an allocation up to `end` leaves; 0: it does not change. */
static pgoff_t model_new_size(inode *inode, pgoff_t end)
{
	return end > MODEL_READ_HERE(inode->i_size) ? end : 0;
}

/* fs/ext4/extents.c: ext4_do_fallocate(), v6.15. Left out: FALLOC_FL_KEEP_SIZE, O_SYNC. Faults are not kept out. */
int ext4_do_fallocate(inode *inode, pgoff_t offset, pgoff_t len)
{
	pgoff_t new_size = model_new_size(inode, offset + len);
	int ret = inode_newsize_ok(new_size);

	if (ret)
		return ret;
	return ext4_alloc_file_blocks(inode, offset, len, new_size, TESTFS_CREATE_UNWRIT_EXT);
}

/* fs/ext4/inode.c: ext4_punch_hole(), v6.15. Left out: partial blocks; i_disksize, which lags behind nothing. */
int ext4_punch_hole(inode *inode, pgoff_t offset, pgoff_t len)
{
	pgoff_t size = MODEL_READ_HERE(inode->i_size);
	pgoff_t end = std::min(offset + len, size);

	if (offset >= size)
		return 0;
	truncate_pagecache_range(inode, offset, end); /* ext4_truncate_page_cache_block_range() */
	testfs_journal_start();
	down_write(&inode->i_data_sem);
	testfs_remove_space(inode, offset, end);
	model_emit_range(model_event_kind::zeroed, inode, offset, end);
	up_write(&inode->i_data_sem);
	testfs_datasync_dirtied(inode);
	testfs_journal_stop();
	return 0;
}

/*
 * fs/ext4/extents.c: ext4_zero_range(), v6.15: blocks stay, and become unwritten. Left out: partial blocks,
 * FALLOC_FL_KEEP_SIZE.
 */
static int ext4_zero_range(inode *inode, pgoff_t offset, pgoff_t len)
{
	pgoff_t new_size = model_new_size(inode, offset + len);
	int ret = inode_newsize_ok(new_size);

	if (ret)
		return ret;
	truncate_pagecache_range(inode, offset, offset + len);
	model_emit_range(model_event_kind::zeroed, inode, offset, offset + len);
	return ext4_alloc_file_blocks(inode, offset, len, new_size,
				      TESTFS_CREATE_UNWRIT_EXT | TESTFS_CONVERT_UNWRITTEN);
}

int model_collapse_extents(inode *inode, pgoff_t offset, pgoff_t end)
{
	pgoff_t new_size = MODEL_READ_HERE(inode->i_size) - (end - offset);

	testfs_journal_start();
	down_write(&inode->i_data_sem);
	testfs_remove_space(inode, offset, end);
	testfs_shift_extents(inode, end, offset);
	WRITE_ONCE(inode->i_size, new_size);
	model_emit_range(model_event_kind::collapsed, inode, offset, end);
	up_write(&inode->i_data_sem);
	testfs_datasync_dirtied(inode);
	testfs_journal_stop();
	return 0;
}

/* fs/ext4/extents.c: ext4_collapse_range(), v6.15. Left out: data journalling, the pages before the range. */
int ext4_collapse_range(inode *inode, pgoff_t offset, pgoff_t len)
{
	address_space *mapping = &inode->i_data;
	pgoff_t end = offset + len;
	int ret;

	if (end >= MODEL_READ_HERE(inode->i_size))
		return -EINVAL;
	/* What will be shifted. */
	ret = filemap_write_and_wait_range(mapping, end, mapping->i_pages.nr_slots);
	if (ret)
		return ret;
	truncate_pagecache(inode, offset);
	return model_collapse_extents(inode, offset, end);
}

int model_fallocate_range(inode *inode, unsigned int mode, pgoff_t offset, pgoff_t len)
{
	switch (mode) {
	case FALLOC_FL_PUNCH_HOLE:
		return ext4_punch_hole(inode, offset, len);
	case FALLOC_FL_COLLAPSE_RANGE:
		return FORMS.ext4_collapse_range(inode, offset, len);
	default:
		return ext4_zero_range(inode, offset, len);
	}
}

/* fs/ext4/extents.c: ext4_fallocate(), v6.15. Left out: direct I/O in flight, times, inline data, inserting. */
int ext4_fallocate(inode *inode, unsigned int mode, pgoff_t offset, pgoff_t len)
{
	address_space *mapping = &inode->i_data;
	int ret;

	down_write(&inode->i_rwsem);
	if (mode == FALLOC_FL_ALLOCATE_RANGE) {
		ret = ext4_do_fallocate(inode, offset, len);
		goto out_inode_lock;
	}
	/* Nobody may bring pages back that are about to go. */
	down_write(&mapping->invalidate_lock);
	ret = FORMS.ext4_break_layouts(inode);
	if (!ret)
		ret = model_fallocate_range(inode, mode, offset, len);
	up_write(&mapping->invalidate_lock);
out_inode_lock:
	up_write(&inode->i_rwsem);
	return ret;
}

/* fs/open.c: vfs_fallocate(), v6.15. Left out: what depends on the file and its mode alone; s_maxbytes. */
int vfs_fallocate(inode *inode, unsigned int mode, pgoff_t offset, pgoff_t len)
{
	if (len == 0)
		return -EINVAL;
	return model_is_xfs() ? FORMS.xfs_file_fallocate(inode, mode, offset, len)
			      : FORMS.ext4_fallocate(inode, mode, offset, len);
}

/* The largest loff_t, in pages. */
inline constexpr pgoff_t LOFF_T_PAGES = (1ull << (63 - 12)) - 1;

/* fs/open.c: ksys_fallocate(), vfs_fallocate(), v6.15: what depends on the descriptor, and on numbers that a loff_t has not. */
int ksys_fallocate(const struct file *file, unsigned int mode, int64_t offset, pgoff_t len)
{
	if (!file)
		return -EBADF;
	if (offset < 0 || len == 0 || len > LOFF_T_PAGES)
		return -EINVAL;
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	return vfs_fallocate(file->f_inode, mode, pgoff_t(offset), len);
}

} /* namespace kernel */
