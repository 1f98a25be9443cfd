/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/inode.h"
#include "core/model/page.h"
#include "core/model/proposals/proposals.h"
#include "core/model/protocol/entry_backend.h"

namespace kernel
{

/*
 * fs/dax.c: dax_writeback_one(), v6.15, with TOWRITE cleared together with DIRTY, after the flush. A scan for TOWRITE
 * that begins meanwhile finds the entry, sees it locked, and waits.
 */
int dax_writeback_one_towrite(xa_state *xas, address_space *mapping, xa_entry entry)
{
	pgoff_t index, count, end;
	vm_area_struct *vma;
	uint64_t pfn;

	if (dax_is_locked(entry)) {
		xa_entry old_entry = entry;
		int ret = 0;

		entry = get_next_unlocked_entry(xas, 1);
		if (!entry || dax_to_pfn(old_entry) != dax_to_pfn(entry))
			goto put_unlocked;
		if (WARN_ON_ONCE(dax_is_empty_entry(entry) || dax_is_zero_entry(entry))) {
			ret = -EIO;
			goto put_unlocked;
		}
		if (xas_get_mark(xas, PAGECACHE_TAG_TOWRITE))
			goto lock;
put_unlocked:
		put_unlocked_entry(xas, entry, WAKE_NEXT);
		return ret;
	}
lock:
	dax_lock_entry(xas, entry);
	xas_unlock_irq(xas);

	pfn = dax_to_pfn(entry);
	count = model_entry_pages(entry);
	index = xas->xa_index & ~(count - 1);
	end = index + count - 1;

	down_read(&mapping->i_mmap_rwsem);
	vma_interval_tree_foreach(vma, mapping, index, end)
		pfn_mkclean_range(pfn, count, index, vma);
	up_read(&mapping->i_mmap_rwsem);

	dax_flush(pfn, count);

	xas_lock_irq(xas);
	xas_store(xas, entry);
	model_note_release(*model_entry_object(xas));
	xas_clear_mark(xas, PAGECACHE_TAG_DIRTY);
	xas_clear_mark(xas, PAGECACHE_TAG_TOWRITE);
	dax_wake_entry(xas, entry, WAKE_NEXT);
	return 0;
}

/*
 * fs/dax.c: dax_dirty_folio(), proposed for v6.15 in the place of noop_dirty_folio(). A write-back that has the entry may
 * have flushed it before the device wrote, and will clear DIRTY: so it waits for that first.
 */
void dax_dirty_folio(page *page)
{
	uint32_t owner = MODEL_READ_HERE(page->mapping);
	pgoff_t index = MODEL_READ_HERE(page->index);
	xa_state xas;
	xa_entry entry;

	if (!owner)
		return;
	xas = XA_STATE(&model::current->inodes[owner - 1].i_data.i_pages, index);
	xas_lock_irq(&xas);
	entry = get_next_unlocked_entry(&xas, 1);
	if (entry && !dax_is_zero_entry(entry) && !dax_is_empty_entry(entry) &&
	    page_to_pfn(page) - dax_to_pfn(entry) < model_entry_pages(entry))
		xas_set_mark(&xas, PAGECACHE_TAG_DIRTY);
	put_unlocked_entry(&xas, entry, WAKE_NEXT);
	xas_unlock_irq(&xas);
}

} /* namespace kernel */
