/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The other profile of the file system: the locks, transactions and order of XFS.
 *
 * IOLOCK is inode::i_rwsem, MMAPLOCK address_space::invalidate_lock, as in Linux, and ILOCK is inode::i_data_sem.
 * What a transaction has done is in the log as a whole once it ends; forcing the log waits for no other transaction.
 */
#ifndef DAXRACE_CORE_MODEL_XFS_H_
#define DAXRACE_CORE_MODEL_XFS_H_

#include "core/model/extents.h"

namespace kernel
{

/* Extents that one transaction unmaps (XFS_ITRUNC_MAX_EXTENTS). */
inline constexpr unsigned int XFS_UNMAP_EXTENTS = 2;

/* A transaction that changes one inode, under its ILOCK. */
struct xfs_trans {
	inode *ip;
	bool sized; /* it sets the size, which is in the inode of the log only */
	pgoff_t size;
	unsigned int nr_frees;
	struct {
		uint32_t first;
		uint32_t len;
	} frees[XFS_UNMAP_EXTENTS];
};

/* xfs.cc */
void xfs_trans_commit(xfs_trans *tp);
int xfs_bmapi_write(inode *ip, unsigned int flags, struct iomap *map);
/* Unmaps from the end on. Where it stopped: the transaction has enough. */
pgoff_t xfs_bunmapi(xfs_trans *tp, pgoff_t start, pgoff_t end);
int xfs_iomap_write_direct(iomap_iter *iter);
int testfs_xfs_iomap_begin(iomap_iter *iter);
vm_fault_t xfs_filemap_fault(vm_fault *vmf, bool pmd);
void xfs_free_eofblocks(inode *ip);
void xfs_setfilesize(inode *ip, pgoff_t size);
void i_size_write(inode *ip, pgoff_t size);
int xfs_file_dax_write(const model_io *io);
void xfs_file_fsync(inode *ip);
void xfs_inactive(inode *ip);
int xfs_break_dax_layouts(inode *ip);
int xfs_break_layouts(inode *ip);
int xfs_vn_setattr_size(inode *ip, pgoff_t newsize);
int xfs_vn_setattr(inode *ip, pgoff_t newsize);

/* xfs_falloc.cc */
/* The switch of xfs_file_fallocate(). */
int model_xfs_fallocate_range(inode *ip, unsigned int mode, pgoff_t offset, pgoff_t len);
int xfs_file_fallocate(inode *ip, unsigned int mode, pgoff_t offset, pgoff_t len);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_XFS_H_ */
