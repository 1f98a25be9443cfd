/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small DAX file system with the lock profile of ext4: extents under i_data_sem, a journal whose commit waits for
 * running handles, blocks that are zeroed before anybody can find them and reused only once their freeing has
 * committed. Functions that stand for one of ext4's say which.
 */
#include "core/model/extents.h"
#include "core/model/xfs.h"

namespace kernel
{

/* ext4_set_iomap(). Left out: all but the question whether a crash would forget the extent. */
static void testfs_set_iomap(iomap_iter *iter)
{
	if (model::current->config.map_sync && READ_ONCE(iter->inode->datasync_dirty))
		iter->iomap.flags |= IOMAP_F_DIRTY; /* ext4_inode_datasync_dirty() */
}

/* ext4_iomap_begin(), and the loop of iomap_iter() around it. */
int testfs_iomap_begin(iomap_iter *iter)
{
	inode *inode = iter->inode;
	int retries = 0;
	int ret = 0;

	if (model_is_xfs())
		return testfs_xfs_iomap_begin(iter);
	if (iter->flags & IOMAP_WRITE) {
		if (iter->pos + iter->len > i_size_read(inode))
			goto alloc;
	}
	down_read(&inode->i_data_sem);
	testfs_find_extent(inode, iter->pos, iter->len, &iter->iomap);
	up_read(&inode->i_data_sem);
	if (!(iter->flags & IOMAP_WRITE) || iter->iomap.type == IOMAP_MAPPED)
		goto out;
alloc:
	/* ext4_iomap_alloc() */
	testfs_journal_start();
	ret = FORMS.testfs_map_blocks_create(inode, iter->pos, iter->len, TESTFS_CREATE_ZERO,
					     &iter->iomap);
	testfs_journal_stop();
	if (ret == -ENOSPC && testfs_should_retry_alloc(&retries))
		goto alloc;
	if (ret)
		return ret;
out:
	testfs_set_iomap(iter);
	return 0;
}

/* include/linux/fs.h: i_size_read(), v6.15 */
pgoff_t i_size_read(inode *inode)
{
	return READ_ONCE(inode->i_size);
}

/* --- faults: fs/ext4/file.c --------------------------------------------------------------------------------- */

/* ext4_dax_huge_fault(), ext4_dax_fault(), also ->pfn_mkwrite. Left out: freezing, times. */
vm_fault_t testfs_dax_huge_fault(vm_fault *vmf, bool pmd)
{
	address_space *mapping = vmf->vma->f_mapping;
	bool write = (vmf->flags & FAULT_FLAG_WRITE) && (vmf->vma->vm_flags & VM_SHARED);
	vm_fault_t result;
	int retries = 0;

	if (model_is_xfs())
		return xfs_filemap_fault(vmf, pmd);
	down_read(&mapping->invalidate_lock);
retry:
	if (write)
		testfs_journal_start();
	result = FORMS.dax_iomap_fault(vmf, pmd);
	if (write) {
		testfs_journal_stop();
		if ((result & VM_FAULT_ERROR) && vmf->model_error == -ENOSPC &&
		    testfs_should_retry_alloc(&retries))
			goto retry;
	}
	if (result & VM_FAULT_NEEDDSYNC)
		result = FORMS.dax_finish_sync_fault(vmf, pmd);
	up_read(&mapping->invalidate_lock);
	return result;
}

/* --- system calls: fs/ext4/file.c, fs/ext4/fsync.c, fs/ext4/inode.c ----------------------------------------- */

/* fs/read_write.c: sys_read(), v6.15, through ext4_dax_read_iter() */
int sys_read(const model_io *io)
{
	int ret;

	down_read(&io->inode->i_rwsem);
	ret = FORMS.dax_iomap_rw(io, false);
	up_read(&io->inode->i_rwsem);
	return ret;
}

/*
 * fs/read_write.c: generic_write_checks(), generic_write_check_limits(), v6.15. Left out: s_maxbytes, which is beyond
 * every limit; the signal. A write that crosses the limit is cut there.
 */
int generic_write_checks(model_io *io)
{
	pgoff_t limit = model::current->config.file_pages;

	if (!io->len)
		return 0;
	if (io->append)
		io->pos = MODEL_READ_HERE(io->inode->i_size);
	if (io->pos >= limit)
		return -EFBIG;
	if (io->len > limit - io->pos)
		io->len = limit - io->pos;
	return 1;
}

/*
 * ext4_dax_write_iter(), under i_rwsem. Left out: the orphan list; and that a write behind the end of the file that
 * fails (-EFAULT, -ENOSPC) adds its error to the offset and makes that the size.
 */
int testfs_dax_write_iter(const model_io *io)
{
	inode *inode = io->inode;
	int ret;

	if (model_is_xfs())
		return FORMS.xfs_file_dax_write(io);
	ret = FORMS.dax_iomap_rw(io, true);
	/* ext4_handle_inode_extension(): the size grows once the data is there. */
	if (ret > 0 && io->pos + pgoff_t(ret) > MODEL_READ_HERE(inode->i_size)) {
		model_event event{ model_event_kind::extended };

		testfs_journal_start();
		WRITE_ONCE(inode->i_size, io->pos + pgoff_t(ret));
		testfs_datasync_dirtied(inode);
		event.inode = inode;
		event.cell = (io->pos + pgoff_t(ret)) * model::current->config.cells;
		model_emit(event);
		testfs_journal_stop();
	}
	return ret;
}

/* ext4_inode_extension_cleanup(), ext4_truncate_failed_write(): what was allocated for the rest goes again. */
static void testfs_truncate_failed_write(inode *inode)
{
	address_space *mapping = &inode->i_data;
	pgoff_t size = MODEL_READ_HERE(inode->i_size);

	down_write(&mapping->invalidate_lock);
	truncate_inode_pages(mapping, size);
	FORMS.testfs_truncate_blocks(inode, size);
	up_write(&mapping->invalidate_lock);
}

/* fs/read_write.c: sys_write(), v6.15, through ext4_dax_write_iter(). Left out: O_SYNC. */
int sys_write(const model_io *request)
{
	model_io io = *request;
	inode *inode = io.inode;
	int ret;

	down_write(&inode->i_rwsem);
	ret = FORMS.generic_write_checks(&io);
	if (ret > 0) {
		ret = FORMS.testfs_dax_write_iter(&io);
		if (ret < int(io.len) && !model_is_xfs() &&
		    io.pos + io.len > MODEL_READ_HERE(inode->i_size))
			testfs_truncate_failed_write(inode);
	}
	up_write(&inode->i_rwsem);
	return ret;
}

/* ext4_sync_file(): write back, commit, flush. Left out: errseq. */
int testfs_sync_file(inode *inode, pgoff_t start, pgoff_t end)
{
	int ret = dax_writeback_mapping_range(&inode->i_data, start, end);

	if (ret < 0)
		return ret;
	if (model_is_xfs())
		FORMS.xfs_file_fsync(inode);
	else
		testfs_commit();
	model_sfence(); /* blkdev_issue_flush() */
	return 0;
}

/* fs/sync.c: sys_fsync(), v6.15 */
int sys_fsync(inode *inode)
{
	return testfs_sync_file(inode, 0, inode->i_data.i_pages.nr_slots - 1);
}

/* fs/drop_caches.c: drop_pagecache_sb(), v6.15. Left out: references and states of inodes. */
int model_drop_pagecache(void)
{
	model *m = model::current;

	for (unsigned int n = 0; n < m->config.nr_inodes; n++) {
		address_space *mapping = &m->inodes[n].i_data;

		if (!xa_empty(&mapping->i_pages))
			invalidate_mapping_pages(mapping, 0, mapping->i_pages.nr_slots - 1);
	}
	return 0;
}

/* ext4_ext_truncate(): frees the blocks behind `size`, in a handle of its own. */
void testfs_truncate_blocks(inode *inode, pgoff_t size)
{
	testfs_journal_start();
	down_write(&inode->i_data_sem);
	testfs_remove_space(inode, size, inode->nr_blocks);
	testfs_datasync_dirtied(inode);
	up_write(&inode->i_data_sem);
	testfs_journal_stop();
}

/* fs/ext4/inode.c: ext4_break_layouts(), v6.15: the whole file, whatever the new size. Left out: the check of the lock. */
int ext4_break_layouts(inode *inode)
{
	return FORMS.dax_break_layout(inode);
}

/*
 * fs/open.c: sys_ftruncate(), v6.15, through ext4_setattr(). Left out: direct I/O in flight, the partial page, the
 * orphan list.
 */
int sys_ftruncate(inode *inode, pgoff_t size)
{
	address_space *mapping = &inode->i_data;
	model_event event{ model_event_kind::truncated };
	pgoff_t old;
	int ret;

	if (model_is_xfs())
		return xfs_vn_setattr(inode, size);
	down_write(&inode->i_rwsem);
	/* inode_newsize_ok(), with RLIMIT_FSIZE; no file is longer already */
	if (size > model::current->config.file_pages) {
		up_write(&inode->i_rwsem);
		return -EFBIG;
	}
	down_write(&mapping->invalidate_lock);
	old = MODEL_READ_HERE(inode->i_size);
	ret = FORMS.ext4_break_layouts(inode);
	if (ret < 0)
		goto out;
	testfs_journal_start();
	down_write(&inode->i_data_sem);
	WRITE_ONCE(inode->i_size, size);
	testfs_datasync_dirtied(inode);
	event.kind = size < old ? model_event_kind::truncated : model_event_kind::extended;
	event.inode = inode;
	event.cell = size * model::current->config.cells;
	if (size != old)
		model_emit(event);
	up_write(&inode->i_data_sem);
	testfs_journal_stop();

	truncate_pagecache(inode, size);
	if (size <= old)
		FORMS.testfs_truncate_blocks(inode, size);
out:
	up_write(&mapping->invalidate_lock);
	up_write(&inode->i_rwsem);
	return ret;
}

/*
 * fs/ext4/inode.c: ext4_evict_inode(), v6.15, behind its first statement. The file is gone once the last reference to
 * an inode without links is; pages of a file that has links are dropped, its blocks stay.
 */
void testfs_delete_inode(inode *inode)
{
	model_event event{ model_event_kind::truncated };

	truncate_inode_pages_final(&inode->i_data);
	if (READ_ONCE(inode->i_nlink))
		return;
	if (model_is_xfs()) {
		xfs_inactive(inode);
		return;
	}
	testfs_journal_start();
	WRITE_ONCE(inode->i_size, pgoff_t(0));
	event.inode = inode;
	model_emit(event);
	testfs_truncate_blocks(inode, 0);
	testfs_journal_stop();
}

/* fs/ext4/inode.c: ext4_evict_inode(), v6.15. Left out: files without DAX, the orphan list, quota. */
void testfs_evict_inode(inode *inode)
{
	if (!inode->is_dir) /* dax_mapping() */
		dax_break_layout_final(inode);
	testfs_delete_inode(inode);
}

/* fs/sync.c: sync_filesystem(), v6.15: every file is written back, and what has run is committed. */
void testfs_sync_fs(void)
{
	model *m = model::current;

	for (unsigned int i = 0; i < m->config.nr_inodes; i++)
		dax_writeback_mapping_range(&m->inodes[i].i_data, 0, m->config.file_pages - 1);
	testfs_commit();
	model_sfence();
}

/* In setup, before anybody looks: a file that is one hole, and durable. */
void model_creat(inode *inode, pgoff_t size)
{
	WRITE_ONCE(inode->i_size, size);
	inode->logged_size = size;
	testfs_commit();
}

} /* namespace kernel */
