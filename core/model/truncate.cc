/* SPDX-License-Identifier: GPL-2.0-only */
/* mm/truncate.c: taking pages out of a mapping. */
#include "core/model/dax.h"

namespace kernel
{

inline constexpr unsigned int PAGEVEC_SIZE = 15;

struct model_batch {
	unsigned int nr;
	pgoff_t indices[PAGEVEC_SIZE];
};

/*
 * mm/filemap.c: find_get_entries(), v6.15. The kernel reads under RCU and no lock; here it is the i_pages lock, so that
 * the slots can be plain data. A batch is a snapshot: what comes into it later is missed.
 */
static bool find_get_entries(address_space *mapping, pgoff_t *index, pgoff_t end,
			     model_batch *batch)
{
	xa_state xas = XA_STATE(&mapping->i_pages, *index);
	xa_entry entry;

	batch->nr = 0;
	if (*index > end)
		return false;
	xas_lock_irq(&xas);
	xas_for_each(&xas, entry, end) {
		batch->indices[batch->nr++] = xas.xa_index;
		*index = model_xas_next_index(&xas);
		if (batch->nr == PAGEVEC_SIZE)
			break;
	}
	xas_unlock_irq(&xas);
	return batch->nr != 0;
}

/*
 * mm/truncate.c: invalidate_inode_pages2_range(), v6.15. Left out: page-cache pages.
 *
 * Entries first, page tables last: a fault that comes in between has to take a new entry, and so to look the extent
 * up again.
 */
int invalidate_inode_pages2_range(address_space *mapping, pgoff_t start, pgoff_t end)
{
	pgoff_t index = start;
	model_batch batch;
	int ret = 0;

	if (xa_empty(&mapping->i_pages))
		return 0;

	while (find_get_entries(mapping, &index, end, &batch)) {
		for (unsigned int i = 0; i < batch.nr; i++) {
			if (!dax_invalidate_mapping_entry_sync(mapping, batch.indices[i]))
				ret = -EBUSY;
		}
	}
	unmap_mapping_pages(mapping, start, end - start + 1);
	return ret;
}

/* mm/truncate.c: clear_shadow_entries(), v6.15. Of a DAX mapping nothing is dropped: page tables may map it. */
void clear_shadow_entries(address_space *, pgoff_t, pgoff_t)
{
}

/* mm/truncate.c: invalidate_mapping_pages(), mapping_try_invalidate(), v6.15. Left out: page-cache pages. */
void invalidate_mapping_pages(address_space *mapping, pgoff_t start, pgoff_t end)
{
	pgoff_t index = start;
	model_batch batch;

	while (find_get_entries(mapping, &index, end, &batch))
		FORMS.clear_shadow_entries(mapping, batch.indices[0], batch.indices[batch.nr - 1]);
}

/* mm/truncate.c: truncate_inode_pages_range(), v6.15. Left out: page-cache pages, partial pages. */
static void truncate_inode_pages_range(address_space *mapping, pgoff_t start, pgoff_t last)
{
	pgoff_t index = start;
	model_batch batch;

	if (xa_empty(&mapping->i_pages))
		return;
	/* A PMD entry that begins before `start`, or ends behind `last`, goes as a whole. */
	while (find_get_entries(mapping, &index, last, &batch)) {
		for (unsigned int i = 0; i < batch.nr; i++)
			dax_delete_mapping_entry(mapping, batch.indices[i]);
	}
}

/* mm/truncate.c: truncate_inode_pages(), v6.15 */
void truncate_inode_pages(address_space *mapping, pgoff_t start)
{
	truncate_inode_pages_range(mapping, start, mapping->i_pages.nr_slots - 1);
}

/* mm/truncate.c: truncate_inode_pages_final(), v6.15. Left out: AS_EXITING, which only reclaim of page-cache pages reads. */
void truncate_inode_pages_final(address_space *mapping)
{
	truncate_inode_pages(mapping, 0);
}

/* mm/truncate.c: truncate_pagecache(), v6.15 */
void truncate_pagecache(inode *inode, pgoff_t newsize)
{
	address_space *mapping = &inode->i_data;
	pgoff_t nr = mapping->i_pages.nr_slots - newsize;

	if (nr == 0)
		return;
	unmap_mapping_pages(mapping, newsize, nr, true);
	truncate_inode_pages(mapping, newsize);
	unmap_mapping_pages(mapping, newsize, nr, true);
}

/* mm/truncate.c: truncate_pagecache_range(), v6.15. Pages [start, end). */
void truncate_pagecache_range(inode *inode, pgoff_t start, pgoff_t end)
{
	address_space *mapping = &inode->i_data;

	if (end <= start)
		return;
	unmap_mapping_pages(mapping, start, end - start);
	truncate_inode_pages_range(mapping, start, end - 1);
}

} /* namespace kernel */
