/* SPDX-License-Identifier: GPL-2.0-only */
/* fs/xfs: transactions, extents, faults, write, fsync, truncation and the end of inodes. */
#include "core/model/xfs.h"

#include "core/model/page.h"

namespace kernel
{

static uint64_t model_logged_hash(const inode *ip)
{
	uint64_t hash = ip->logged_size;

	for (pgoff_t i = 0; i < ip->nr_blocks; i++)
		hash = engine::combine(hash, ip->logged_block[i]);
	return hash;
}

/*
 * fs/xfs/xfs_trans.c: xfs_trans_commit(), xlog_cil_commit(), v6.15. Left out: reservations, intents: what was unmapped is
 * freed by the same transaction. Under ILOCK; it goes on as a new one.
 */
void xfs_trans_commit(xfs_trans *tp)
{
	model *m = model::current;
	inode *ip = tp->ip;
	uint64_t before;

	down_read(&m->j_barrier); /* xc_ctx_lock */
	before = model_logged_hash(ip);
	for (pgoff_t i = 0; i < ip->nr_blocks; i++)
		ip->logged_block[i] = ip->i_block[i].peek();
	if (tp->sized)
		ip->logged_size = tp->size;
	engine::Execution::current().changed(ip->logged, before, model_logged_hash(ip));
	MODEL_WRITE_HERE(ip->datasync_dirty, uint8_t(1)); /* xfs_inode_item_pin() */
	for (unsigned int n = 0; n < tp->nr_frees; n++) {
		for (uint32_t i = 0; i < tp->frees[n].len; i++)
			testfs_put_freed(tp->frees[n].first + i);
	}
	up_read(&m->j_barrier);
	*tp = { ip, false, 0, 0, {} };
}

/* fs/xfs/libxfs/xfs_bmap.c: xfs_bmapi_write(), v6.15. A busy extent may be had once the log is forced. */
int xfs_bmapi_write(inode *ip, unsigned int flags, struct iomap *map)
{
	int ret = FORMS.testfs_create_extent(ip, flags, map);

	if (ret == -ENOSPC && testfs_blocks_pending()) {
		testfs_commit(); /* xfs_extent_busy_flush() */
		ret = FORMS.testfs_create_extent(ip, flags, map);
	}
	if (ret)
		model_emit({ model_event_kind::no_space });
	return ret;
}

/* fs/xfs/libxfs/xfs_bmap.c: xfs_bunmapi(), v6.15 */
pgoff_t xfs_bunmapi(xfs_trans *tp, pgoff_t start, pgoff_t end)
{
	inode *ip = tp->ip;

	for (; end > start; end--) {
		uint32_t at = GET(ip->i_block[end - 1]);
		uint32_t block = i_block_nr(at) - 1;

		if (!at)
			continue;
		if (tp->nr_frees && tp->frees[tp->nr_frees - 1].first == block + 1) {
			tp->frees[tp->nr_frees - 1].first--;
			tp->frees[tp->nr_frees - 1].len++;
		} else if (tp->nr_frees < XFS_UNMAP_EXTENTS) {
			tp->frees[tp->nr_frees++] = { block, 1 };
		} else {
			break;
		}
		SET(ip->i_block[end - 1], 0u);
		model_block_freed(block);
	}
	return end;
}

/* fs/xfs/xfs_iomap.c: xfs_iomap_write_direct(), v6.15, for DAX: blocks are zeroed before anybody finds them. */
int xfs_iomap_write_direct(iomap_iter *iter)
{
	inode *ip = iter->inode;
	xfs_trans tp = { ip, false, 0, 0, {} };
	int ret;

	down_write(&ip->i_data_sem); /* xfs_trans_alloc_inode() */
	testfs_find_extent(ip, iter->pos, iter->len, &iter->iomap);
	ret = xfs_bmapi_write(ip, TESTFS_CREATE_ZERO, &iter->iomap);
	if (iter->iomap.flags & IOMAP_F_NEW)
		xfs_trans_commit(&tp);
	up_write(&ip->i_data_sem);
	iter->iomap.flags |= IOMAP_F_NEW;
	return ret;
}

/*
 * fs/xfs/xfs_iomap.c: xfs_direct_write_iomap_begin(), xfs_read_iomap_begin(), v6.15. Left out: reflink, delayed
 * allocation, the size hint for writes that extend the file.
 */
int testfs_xfs_iomap_begin(iomap_iter *iter)
{
	inode *ip = iter->inode;
	bool write = (iter->flags & IOMAP_WRITE) != 0;
	unsigned int flags = 0;

	if (write && iter->pos + iter->len > i_size_read(ip))
		flags = IOMAP_F_DIRTY;
	down_read(&ip->i_data_sem);
	testfs_find_extent(ip, iter->pos, iter->len, &iter->iomap);
	up_read(&ip->i_data_sem);
	if (write && iter->iomap.type != IOMAP_MAPPED) {
		int ret = FORMS.xfs_iomap_write_direct(iter);

		if (ret)
			return ret;
	}
	/* xfs_bmbt_to_iomap() */
	if (model::current->config.map_sync && READ_ONCE(ip->datasync_dirty))
		flags = IOMAP_F_DIRTY;
	iter->iomap.flags |= flags;
	return 0;
}

/*
 * fs/xfs/xfs_file.c: xfs_filemap_fault(), xfs_filemap_huge_fault(), xfs_dax_fault_locked(), v6.15. Left out: freezing,
 * times, remaps.
 */
vm_fault_t xfs_filemap_fault(vm_fault *vmf, bool pmd)
{
	address_space *mapping = vmf->vma->f_mapping;
	vm_fault_t ret;

	down_read(&mapping->invalidate_lock);
	ret = FORMS.dax_iomap_fault(vmf, pmd);
	if (ret & VM_FAULT_NEEDDSYNC)
		ret = FORMS.dax_finish_sync_fault(vmf, pmd);
	up_read(&mapping->invalidate_lock);
	return ret;
}

/* fs/xfs/xfs_inode.c: xfs_itruncate_extents(), v6.15. Under ILOCK, in a transaction. */
static void xfs_itruncate_extents(xfs_trans *tp, pgoff_t new_size)
{
	pgoff_t end = tp->ip->nr_blocks;

	do {
		end = xfs_bunmapi(tp, new_size, end);
		xfs_trans_commit(tp);
	} while (end > new_size);
}

/* fs/xfs/xfs_bmap_util.c: xfs_free_eofblocks(), v6.15. Linux leaves it to the last close. */
void xfs_free_eofblocks(inode *ip)
{
	xfs_trans tp = { ip, false, 0, 0, {} };

	down_write(&ip->i_data_sem);
	xfs_itruncate_extents(&tp, MODEL_READ_HERE(ip->i_size));
	up_write(&ip->i_data_sem);
}

/* fs/xfs/xfs_aops.c: xfs_setfilesize(), v6.15 */
void xfs_setfilesize(inode *ip, pgoff_t size)
{
	xfs_trans tp = { ip, true, size, 0, {} };

	down_write(&ip->i_data_sem);
	xfs_trans_commit(&tp);
	up_write(&ip->i_data_sem);
}

/* include/linux/fs.h: i_size_write(), v6.15, where the file grows */
void i_size_write(inode *ip, pgoff_t size)
{
	model_event event{ model_event_kind::extended };

	WRITE_ONCE(ip->i_size, size);
	event.inode = ip;
	event.cell = size * model::current->config.cells;
	model_emit(event);
}

/* fs/xfs/xfs_file.c: xfs_file_dax_write(), v6.15, under IOLOCK. Left out: zeroing between the end and the write: nothing is written there. */
int xfs_file_dax_write(const model_io *io)
{
	inode *ip = io->inode;
	int ret = FORMS.dax_iomap_rw(io, true);

	if (ret > 0 && io->pos + pgoff_t(ret) > MODEL_READ_HERE(ip->i_size)) {
		i_size_write(ip, io->pos + pgoff_t(ret));
		xfs_setfilesize(ip, io->pos + pgoff_t(ret));
	}
	if (ret < int(io->len) && io->pos + io->len > MODEL_READ_HERE(ip->i_size))
		xfs_free_eofblocks(ip);
	return ret;
}

/* fs/xfs/xfs_file.c: xfs_file_fsync(), xfs_fsync_flush_log(), v6.15, behind the write-back. Left out: sequence numbers. */
void xfs_file_fsync(inode *ip)
{
	if (!READ_ONCE(ip->datasync_dirty)) /* xfs_ipincount() */
		return;
	down_read(&ip->i_data_sem);
	if (READ_ONCE(ip->datasync_dirty))
		testfs_commit(); /* xfs_log_force_seq() */
	up_read(&ip->i_data_sem);
}

/*
 * fs/xfs/xfs_inode.c: xfs_inactive(), xfs_inactive_truncate(), v6.15. Left out: the worker that does it later, the inode
 * itself.
 */
void xfs_inactive(inode *ip)
{
	model_event event{ model_event_kind::truncated };
	xfs_trans tp = { ip, true, 0, 0, {} };

	down_write(&ip->i_data_sem);
	event.inode = ip;
	model_emit(event);
	xfs_itruncate_extents(&tp, 0);
	up_write(&ip->i_data_sem);
}

/* fs/xfs/xfs_file.c: xfs_break_dax_layouts(), v6.15: the whole file. MMAPLOCK is dropped while it waits, IOLOCK is not. */
int xfs_break_dax_layouts(inode *ip)
{
	return FORMS.dax_break_layout(ip);
}

/* fs/xfs/xfs_file.c: xfs_break_layouts(), v6.15, BREAK_UNMAP. Left out: leases, which are the reason to try again. */
int xfs_break_layouts(inode *ip)
{
	return FORMS.xfs_break_dax_layouts(ip);
}

/*
 * fs/xfs/xfs_iops.c: xfs_vn_setattr_size(), xfs_setattr_size(), v6.15, under IOLOCK and MMAPLOCK. Left out: direct I/O in
 * flight, partial pages; zeroing of what comes to light: nothing is written there.
 */
int xfs_vn_setattr_size(inode *ip, pgoff_t newsize)
{
	model_event event{ model_event_kind::extended };
	xfs_trans tp = { ip, true, newsize, 0, {} };
	pgoff_t oldsize = MODEL_READ_HERE(ip->i_size);

	/* inode_newsize_ok(), with RLIMIT_FSIZE */
	if (newsize > model::current->config.file_pages)
		return -EFBIG;
	/* truncate_setsize() */
	WRITE_ONCE(ip->i_size, newsize);
	if (newsize < oldsize)
		event.kind = model_event_kind::truncated;
	event.inode = ip;
	event.cell = newsize * model::current->config.cells;
	if (newsize != oldsize)
		model_emit(event);
	truncate_pagecache(ip, newsize);

	down_write(&ip->i_data_sem);
	if (newsize <= oldsize)
		xfs_itruncate_extents(&tp, newsize);
	else
		xfs_trans_commit(&tp);
	up_write(&ip->i_data_sem);
	return 0;
}

/* fs/xfs/xfs_iops.c: xfs_vn_setattr(), v6.15, with the lock of do_truncate() */
int xfs_vn_setattr(inode *ip, pgoff_t newsize)
{
	int error;

	down_write(&ip->i_rwsem);
	down_write(&ip->i_data.invalidate_lock);
	error = xfs_break_layouts(ip);
	if (!error)
		error = xfs_vn_setattr_size(ip, newsize);
	up_write(&ip->i_data.invalidate_lock);
	up_write(&ip->i_rwsem);
	return error;
}

} /* namespace kernel */
