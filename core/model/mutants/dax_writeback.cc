/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutants of the write-back of one entry. What they have in common with dax_writeback_one() is below, once. */
#include "core/model/mutants/mutants.h"
#include "core/model/protocol/entry_backend.h"

namespace kernel
{

namespace
{

enum class mutant {
	head_lookup,
	head_page,
	flush_first,
	clean_first
};

/* Waits for the entry and locks it, as dax_writeback_one() does; 0: nothing to be done. */
xa_entry model_lock_for_writeback(xa_state *xas, xa_entry entry)
{
	xa_entry old_entry = entry;

	if (dax_is_locked(entry)) {
		entry = get_next_unlocked_entry(xas, 1);
		if (!entry || dax_to_pfn(old_entry) != dax_to_pfn(entry) ||
		    !xas_get_mark(xas, PAGECACHE_TAG_TOWRITE)) {
			put_unlocked_entry(xas, entry, WAKE_NEXT);
			return 0;
		}
	}
	dax_lock_entry(xas, entry);
	xas_clear_mark(xas, PAGECACHE_TAG_TOWRITE);
	return entry;
}

void model_mkclean(address_space *mapping, xa_entry entry, pgoff_t index, mutant which)
{
	pgoff_t count = model_entry_pages(entry);
	pgoff_t lookup_end = which == mutant::head_lookup ? index : index + count - 1;
	pgoff_t clean = which == mutant::head_page ? 1 : count;
	vm_area_struct *vma;

	down_read(&mapping->i_mmap_rwsem);
	vma_interval_tree_foreach(vma, mapping, index, lookup_end) {
		if (which != mutant::head_page || index >= vma->vm_pgoff)
			pfn_mkclean_range(dax_to_pfn(entry), clean, index, vma);
	}
	up_read(&mapping->i_mmap_rwsem);
}

int model_writeback_one(xa_state *xas, address_space *mapping, xa_entry found, mutant which)
{
	xa_entry entry = model_lock_for_writeback(xas, found);
	pgoff_t count, index;

	if (!entry)
		return 0;
	if (which == mutant::clean_first)
		xas_clear_mark(xas, PAGECACHE_TAG_DIRTY);
	xas_unlock_irq(xas);

	count = model_entry_pages(entry);
	index = xas->xa_index & ~(count - 1);
	if (which == mutant::flush_first)
		dax_flush(dax_to_pfn(entry), count);
	if (which == mutant::clean_first) {
		/* The whole of what the lock is for is over before the caches are flushed. */
		model_mkclean(mapping, entry, index, which);
		dax_unlock_entry(xas, entry);
		dax_flush(dax_to_pfn(entry), count);
		xas_lock_irq(xas);
		return 0;
	}
	model_mkclean(mapping, entry, index, which);
	if (which != mutant::flush_first)
		dax_flush(dax_to_pfn(entry), count);

	xas_lock_irq(xas);
	xas_store(xas, entry);
	model_note_release(*model_entry_object(xas));
	xas_clear_mark(xas, PAGECACHE_TAG_DIRTY);
	dax_wake_entry(xas, entry, WAKE_NEXT);
	return 0;
}

} /* namespace */

/* fs/dax.c: dax_writeback_one(), v6.15, mutant. Only mappings of the entry's first page are looked up. */
int dax_writeback_one_head_lookup(xa_state *xas, address_space *mapping, xa_entry entry)
{
	return model_writeback_one(xas, mapping, entry, mutant::head_lookup);
}

/* fs/dax.c: dax_writeback_one(), v6.15, mutant. In each mapping only the first page of the entry is cleaned. */
int dax_writeback_one_head_page(xa_state *xas, address_space *mapping, xa_entry entry)
{
	return model_writeback_one(xas, mapping, entry, mutant::head_page);
}

/* fs/dax.c: dax_writeback_one(), v6.15, mutant. A store may come between the flush and the write protection. */
int dax_writeback_one_flush_first(xa_state *xas, address_space *mapping, xa_entry entry)
{
	return model_writeback_one(xas, mapping, entry, mutant::flush_first);
}

/* fs/dax.c: dax_writeback_one(), v6.15, mutant. Another fsync finds the entry clean before it is flushed. */
int dax_writeback_one_clean_first(xa_state *xas, address_space *mapping, xa_entry entry)
{
	return model_writeback_one(xas, mapping, entry, mutant::clean_first);
}

/* fs/dax.c: dax_writeback_one(), v6.15, mutant. Faults and other fsyncs are not kept out. */
int dax_writeback_one_unlocked(xa_state *xas, address_space *mapping, xa_entry entry)
{
	pgoff_t count = model_entry_pages(entry);
	pgoff_t index = xas->xa_index & ~(count - 1);

	xas_clear_mark(xas, PAGECACHE_TAG_TOWRITE);
	xas_unlock_irq(xas);
	model_mkclean(mapping, entry, index, mutant::flush_first);
	dax_flush(dax_to_pfn(entry), count);
	xas_lock_irq(xas);
	if (xas_load(xas))
		xas_clear_mark(xas, PAGECACHE_TAG_DIRTY);
	return 0;
}

} /* namespace kernel */
