/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Journal, blocks and extents. Blocks are zeroed before anybody can find them and are reused only once their freeing
 * has committed.
 */
#include "core/model/extents.h"

#include <algorithm>

#include "core/model/page.h"
#include "core/model/pgmap.h"

namespace kernel
{

/* --- the journal: fs/jbd2 ----------------------------------------------------------------------------------- */

/* jbd2_journal_start(). A handle inside a handle is the same one. */
void testfs_journal_start(void)
{
	model *m = model::current;

	if (m->handles[engine::Execution::current().self()]++ == 0)
		down_read(&m->j_barrier);
}

void testfs_journal_stop(void)
{
	model *m = model::current;

	if (--m->handles[engine::Execution::current().self()] == 0)
		up_read(&m->j_barrier);
}

static uint64_t testfs_committed_hash(const inode *inode)
{
	uint64_t hash = inode->committed_size;

	for (pgoff_t i = 0; i < inode->nr_blocks; i++)
		hash = engine::combine(hash, inode->committed_block[i]);
	return hash;
}

static uint64_t testfs_alloc_hash(void)
{
	const model *m = model::current;
	uint64_t hash = m->nr_free;

	for (uint32_t i = 0; i < m->nr_free; i++)
		hash = engine::combine(hash, m->free_stack[i]);
	for (uint32_t i = 0; i < m->nr_freed; i++)
		hash = engine::combine(hash, ~uint64_t(m->freed[i]));
	return hash;
}

/*
 * jbd2_complete_transaction(): waits for running handles; what they did is durable at once. xfs_log_force(), v6.15: what
 * transactions have logged is durable, those that run are not waited for.
 */
void testfs_commit(void)
{
	model *m = model::current;
	engine::Execution &execution = engine::Execution::current();

	down_write(&m->j_barrier);
	for (unsigned int n = 0; n < m->config.nr_inodes; n++) {
		inode *inode = &m->inodes[n];
		uint64_t before = testfs_committed_hash(inode);

		for (pgoff_t i = 0; i < inode->nr_blocks; i++)
			inode->committed_block[i] = inode->logged_block ? inode->logged_block[i]
									: inode->i_block[i].peek();
		inode->committed_size =
			inode->logged_block ? inode->logged_size : inode->i_size.peek();
		if (m->config.map_sync || m->config.xfs)
			MODEL_WRITE_HERE(inode->datasync_dirty, uint8_t(0));
		execution.changed(inode->committed, before, testfs_committed_hash(inode));
	}
	uint64_t before = testfs_alloc_hash();
	for (uint32_t i = 0; i < m->nr_freed; i++)
		m->free_stack[m->nr_free++] = m->freed[i];
	m->nr_freed = 0;
	execution.changed(m->alloc_state, before, testfs_alloc_hash());
	up_write(&m->j_barrier);
}

/* ext4_update_inode_fsync_trans(), inside a handle. */
void testfs_datasync_dirtied(inode *inode)
{
	if (model::current->config.map_sync)
		MODEL_WRITE_HERE(inode->datasync_dirty, uint8_t(1));
}

/* --- blocks: fs/ext4/mballoc.c ------------------------------------------------------------------------------ */

static bool testfs_take_run(uint32_t first, uint32_t nr)
{
	model *m = model::current;
	uint32_t have = 0;

	for (uint32_t i = 0; i < m->nr_free; i++)
		have += m->free_stack[i] >= first && m->free_stack[i] < first + nr;
	if (have != nr)
		return false;
	m->nr_free = uint32_t(std::remove_if(m->free_stack, m->free_stack + m->nr_free,
					     [=](uint32_t b) {
						     return b >= first && b < first + nr;
					     }) -
			      m->free_stack);
	return true;
}

/*
 * One block, the most recently freed first; or, for a whole PMD of the file, an aligned run of blocks if there is one.
 * Returns how many, 0 if there are none.
 */
static uint32_t testfs_allocate(pgoff_t page, pgoff_t len, uint32_t *block)
{
	model *m = model::current;
	uint32_t got = 0;

	spin_lock(&m->alloc_lock);
	uint64_t before = testfs_alloc_hash();
	if ((page & (PMD_NR - 1)) == 0 && len >= PMD_NR) {
		for (uint32_t b = 0; !got && b + PMD_NR <= m->nr_blocks; b += PMD_NR) {
			*block = b;
			got = testfs_take_run(b, PMD_NR) ? PMD_NR : 0;
		}
	}
	if (!got && m->nr_free) {
		*block = m->free_stack[--m->nr_free];
		got = 1;
	}
	engine::Execution::current().changed(m->alloc_state, before, testfs_alloc_hash());
	engine::Execution::current().observe(m->alloc_state, engine::combine(got, *block));
	spin_unlock(&m->alloc_lock);
	return got;
}

void testfs_put_freed(uint32_t block)
{
	model *m = model::current;

	spin_lock(&m->alloc_lock);
	uint64_t before = testfs_alloc_hash();
	m->freed[m->nr_freed++] = block;
	engine::Execution::current().changed(m->alloc_state, before, testfs_alloc_hash());
	spin_unlock(&m->alloc_lock);
}

/* --- extents: fs/ext4/inode.c, fs/ext4/extents.c ------------------------------------------------------------ */

void testfs_find_extent(inode *inode, pgoff_t pos, pgoff_t len, struct iomap *map)
{
	uint32_t first = pos < inode->nr_blocks ? GET(inode->i_block[pos]) : 0;

	*map = { first ? IOMAP_MAPPED : IOMAP_HOLE, 0, pos, 1, first ? i_block_nr(first) - 1 : 0u };
	if (first & I_BLOCK_UNWRITTEN)
		map->type = IOMAP_UNWRITTEN;
	while (map->length < len && pos + map->length < inode->nr_blocks) {
		uint32_t next = GET(inode->i_block[pos + map->length]);

		if (first ? next != first + map->length : next != 0)
			break;
		map->length++;
	}
}

/* Whether the extent already is what is asked for. */
static bool testfs_extent_done(const struct iomap *map, unsigned int flags)
{
	if (map->type == IOMAP_MAPPED)
		return !(flags & TESTFS_CONVERT_UNWRITTEN);
	return map->type == IOMAP_UNWRITTEN && (flags & TESTFS_CREATE_UNWRIT_EXT);
}

int testfs_create_extent(inode *inode, unsigned int flags, struct iomap *map)
{
	bool unwritten = (flags & TESTFS_CREATE_UNWRIT_EXT) != 0;
	uint32_t block = uint32_t(map->addr);
	uint32_t got = uint32_t(map->length);
	pgoff_t pos = map->offset;

	if (testfs_extent_done(map, flags))
		return 0;
	/* blkdev_issue_zeroout(). Asked before anything is allocated, so that nothing has to be given back. */
	if (!unwritten && !bio_queue_enter())
		return -EIO;
	if (map->type == IOMAP_HOLE)
		got = testfs_allocate(pos, map->length, &block);
	if (!got) {
		if (!unwritten)
			blk_queue_exit();
		return -ENOSPC;
	}
	/* Zeroed before it is in the extent map: nobody finds what was there. */
	for (uint32_t i = 0; i < got && !unwritten; i++)
		FORMS.model_zero_block(block + i);
	if (!unwritten)
		blk_queue_exit();
	for (uint32_t i = 0; i < got; i++)
		SET(inode->i_block[pos + i],
		    (block + i + 1) | (unwritten ? I_BLOCK_UNWRITTEN : 0u));
	*map = { unwritten ? IOMAP_UNWRITTEN : IOMAP_MAPPED, IOMAP_F_NEW, pos, got, block };
	return 0;
}

/*
 * ext4_map_blocks(). Left out: the zeroing of neighbours instead of splitting a small unwritten extent
 * (EXT4_EXT_MAY_ZEROOUT).
 */
int testfs_map_blocks_create(inode *inode, pgoff_t pos, pgoff_t len, unsigned int flags,
			     struct iomap *map)
{
	int ret;

	down_read(&inode->i_data_sem);
	testfs_find_extent(inode, pos, len, map);
	up_read(&inode->i_data_sem);
	if (map->type == IOMAP_MAPPED && !(flags & TESTFS_CONVERT_UNWRITTEN))
		return 0;

	down_write(&inode->i_data_sem);
	/* Somebody may have allocated it meanwhile. */
	testfs_find_extent(inode, pos, len, map);
	ret = FORMS.testfs_create_extent(inode, flags, map);
	if (map->flags & IOMAP_F_NEW)
		testfs_datasync_dirtied(inode);
	up_write(&inode->i_data_sem);
	if (ret)
		model_emit({ model_event_kind::no_space });
	return ret;
}

bool testfs_blocks_pending(void)
{
	model *m = model::current;
	bool pending;

	spin_lock(&m->alloc_lock);
	pending = m->nr_freed != 0;
	engine::Execution::current().observe(m->alloc_state, pending);
	spin_unlock(&m->alloc_lock);
	return pending;
}

/*
 * ext4_should_retry_alloc(): blocks that were freed and wait for their commit may be had by committing now, unless the
 * caller is inside a handle. Left out: the test whether there is room after all.
 */
bool testfs_should_retry_alloc(int *retries)
{
	model *m = model::current;

	if (++*retries > 3 || !testfs_blocks_pending())
		return false;
	if (m->handles[engine::Execution::current().self()] == 0)
		testfs_commit();
	return true;
}

/* ext4_ext_remove_space() */
void testfs_remove_space(inode *inode, pgoff_t start, pgoff_t end)
{
	for (pgoff_t i = start; i < end; i++) {
		uint32_t block = GET(inode->i_block[i]);

		if (!block)
			continue;
		SET(inode->i_block[i], 0u);
		model_block_freed(i_block_nr(block) - 1);
		testfs_put_freed(i_block_nr(block) - 1);
	}
}

/* ext4_ext_shift_extents(), to the left */
void testfs_shift_extents(inode *inode, pgoff_t from, pgoff_t to)
{
	for (pgoff_t i = from; i < inode->nr_blocks; i++) {
		uint32_t block = GET(inode->i_block[i]);

		if (!block)
			continue;
		SET(inode->i_block[i - from + to], block);
		SET(inode->i_block[i], 0u);
	}
}

} /* namespace kernel */
