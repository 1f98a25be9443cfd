/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What both profiles of the file system are made of: the journal, the blocks, the extents of a file.
 */
#ifndef DAXRACE_CORE_MODEL_EXTENTS_H_
#define DAXRACE_CORE_MODEL_EXTENTS_H_

#include "core/model/dax.h"

namespace kernel
{

inline bool model_is_xfs(void)
{
	return model::current->config.xfs;
}

/* EXT4_GET_BLOCKS_... */
enum : unsigned int {
	TESTFS_CREATE_ZERO = 0,
	TESTFS_CREATE_UNWRIT_EXT = 1,
	TESTFS_CONVERT_UNWRITTEN = 2,
};

/* What has run is durable: waits for running handles, or for transactions that are about to end. */
void testfs_commit(void);
void testfs_datasync_dirtied(inode *inode);
/* Whether blocks wait for a commit to be free. */
bool testfs_blocks_pending(void);
/* The block is nobody's any more. It is free once that has committed. */
void testfs_put_freed(uint32_t block);

/* The extent at `pos`, at most `len` long. Under i_data_sem. */
void testfs_find_extent(inode *inode, pgoff_t pos, pgoff_t len, struct iomap *map);
/*
 * The same, of what is to be created: `map` is what testfs_find_extent() has said. Under i_data_sem for writing.
 * 0 or -ENOSPC.
 */
int testfs_create_extent(inode *inode, unsigned int flags, struct iomap *map);
/* Inside a handle. */
int testfs_map_blocks_create(inode *inode, pgoff_t pos, pgoff_t len, unsigned int flags,
			     struct iomap *map);
bool testfs_should_retry_alloc(int *retries);

/* Frees what the file has in [start, end). Under i_data_sem for writing, inside a handle. */
void testfs_remove_space(inode *inode, pgoff_t start, pgoff_t end);
/* What is at `from` and behind moves to `to`, which is empty up to `from`. Under i_data_sem for writing. */
void testfs_shift_extents(inode *inode, pgoff_t from, pgoff_t to);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_EXTENTS_H_ */
