/* SPDX-License-Identifier: GPL-2.0-only */
/* Invalidation before cd656375f940 and 4636e70bb0a8. */
#include "core/model/history/history.h"
#include "core/model/protocol/entry_backend.h"

namespace kernel
{

/* The first entry of [*index, end], and where the walk goes on. */
static xa_entry model_next_entry(address_space *mapping, pgoff_t *index, pgoff_t end, pgoff_t *at)
{
	xa_state xas = XA_STATE(&mapping->i_pages, *index);
	xa_entry entry;
	xa_entry found = 0;

	if (*index > end)
		return 0;
	xas_lock_irq(&xas);
	xas_for_each(&xas, entry, end) {
		found = entry;
		*at = xas.xa_index;
		*index = model_xas_next_index(&xas);
		break;
	}
	xas_unlock_irq(&xas);
	return found;
}

/* v4.11 has a page of the page cache where a hole is mapped by a PTE, v6.15 an entry. */
static bool model_is_hole_page(xa_entry entry)
{
	return dax_is_zero_entry(entry) && !dax_is_pmd_entry(entry);
}

/* The test of mapping->nrpages, which counts hole pages and no entries, anywhere in the file. */
static bool model_has_hole_page(address_space *mapping)
{
	pgoff_t index = 0;
	pgoff_t at = 0;
	xa_entry entry;

	while ((entry = model_next_entry(mapping, &index, mapping->i_pages.nr_slots - 1, &at))) {
		if (model_is_hole_page(entry))
			return true;
	}
	return false;
}

/*
 * mm/truncate.c: invalidate_inode_pages2_range(), v4.11, with the test that fs/dax.c: dax_iomap_actor() makes before
 * its one call. Left out: page-cache pages other than hole pages.
 *
 * Hole pages are unmapped as pages are; of a DAX entry what maps it stays. A hole page goes under the page lock, which
 * a fault takes too: so it is deleted first here.
 */
int invalidate_inode_pages2_range_v4_11(address_space *mapping, pgoff_t start, pgoff_t end)
{
	pgoff_t index = start;
	pgoff_t at = start;
	int ret = 0;
	xa_entry entry;

	if (!model_has_hole_page(mapping))
		return 0;

	while ((entry = model_next_entry(mapping, &index, end, &at))) {
		if (!dax_invalidate_mapping_entry_sync(mapping, at))
			ret = -EBUSY;
		else if (model_is_hole_page(entry))
			unmap_mapping_pages(mapping, at, 1);
	}
	return ret;
}

/* fs/dax.c: dax_invalidate_mapping_entry(), v4.11. Waits for nobody. */
static void dax_invalidate_mapping_entry(address_space *mapping, pgoff_t index)
{
	xa_state xas = XA_STATE(&mapping->i_pages, index);
	xa_entry entry;

	xas_lock_irq(&xas);
	entry = xas_load(&xas);
	if (entry && !dax_is_locked(entry) && !xas_get_mark(&xas, PAGECACHE_TAG_DIRTY) &&
	    !xas_get_mark(&xas, PAGECACHE_TAG_TOWRITE)) {
		xas_store(&xas, 0);
		SET(mapping->nrpages, mapping->nrpages.peek() - model_entry_pages(entry));
		dax_wake_entry(&xas, entry, WAKE_ALL);
	}
	xas_unlock_irq(&xas);
}

/*
 * mm/truncate.c: clear_shadow_entries_v4_11(), which is invalidate_exceptional_entry(), v4.11. Clean entries go, although
 * page tables may map them; a hole page that is mapped stays.
 */
void clear_shadow_entries_v4_11(address_space *mapping, pgoff_t start, pgoff_t last)
{
	pgoff_t index = start;
	pgoff_t at = start;
	xa_entry entry;

	while ((entry = model_next_entry(mapping, &index, last, &at))) {
		if (!model_is_hole_page(entry))
			dax_invalidate_mapping_entry(mapping, at);
	}
}

} /* namespace kernel */
