/* SPDX-License-Identifier: GPL-2.0-only */
/* page->mapping of the pages of DAX files, as it came to be. */
#include "core/model/history/history.h"
#include "core/model/protocol/entry_backend.h"

namespace kernel
{

/* fs/dax.c: dax_associate_entry(), v4.16: there was none; no page said whose it is. */
void dax_associate_entry_v4_16(xa_entry, address_space *, pgoff_t)
{
}

/* fs/dax.c: dax_disassociate_entry(), v4.16: there was none. */
void dax_disassociate_entry_v4_16(xa_entry, address_space *, bool)
{
}

/* fs/dax.c: dax_disassociate_entry(), v6.14. Left out: sharing. That a page is still in use is said and not heeded. */
void dax_disassociate_entry_v6_14(xa_entry entry, address_space *mapping, bool trunc)
{
	if (dax_is_zero_entry(entry) || dax_is_empty_entry(entry))
		return;
	for (pgoff_t i = 0; i < model_entry_pages(entry); i++) {
		page *page = pfn_to_page(dax_to_pfn(entry) + i);
		uint32_t owner;

		if (!page)
			return;
		if (trunc)
			WARN_ON_ONCE(MODEL_READ_HERE(page->_refcount) > 1);
		owner = MODEL_READ_HERE(page->mapping);
		WARN_ON_ONCE(owner && owner != uint32_t(mapping->host->id) + 1);
		MODEL_WRITE_HERE(page->mapping, uint32_t(0));
		MODEL_WRITE_HERE(page->index, pgoff_t(0));
	}
}

/* fs/dax.c: dax_entry_size(), v5.1, in pages */
static pgoff_t dax_entry_size(xa_entry entry)
{
	if (dax_is_zero_entry(entry) || dax_is_empty_entry(entry))
		return 0;
	return model_entry_pages(entry);
}

/*
 * fs/dax.c: dax_insert_entry(), v5.1. Whose the pages are is changed whenever the sizes differ, and so also when the
 * fault of a page finds a PMD entry with storage, which stays.
 */
xa_entry dax_insert_entry_v5_1(xa_state *xas, vm_fault *vmf, const iomap_iter *iter, xa_entry entry,
			       uint64_t pfn, uint64_t flags)
{
	address_space *mapping = vmf->vma->f_mapping;
	xa_entry new_entry = dax_make_entry(pfn, flags);
	bool dirty = (iter->flags & IOMAP_WRITE) && !dax_fault_is_synchronous(iter, vmf->vma);

	if (dax_is_zero_entry(entry) && !(flags & DAX_ZERO_PAGE)) {
		if (dax_is_pmd_entry(entry))
			unmap_mapping_pages(mapping, xas->xa_index & ~pgoff_t(PMD_NR - 1), PMD_NR);
		else
			unmap_mapping_pages(mapping, xas->xa_index, 1);
	}

	xas_lock_irq(xas);
	if (dax_entry_size(entry) != dax_entry_size(new_entry)) {
		FORMS.dax_disassociate_entry(entry, mapping, false);
		FORMS.dax_associate_entry(new_entry, mapping,
					  vmf->pgoff & ~(model_entry_pages(new_entry) - 1));
	}
	if (dax_is_zero_entry(entry) || dax_is_empty_entry(entry)) {
		xa_entry old = dax_lock_entry(xas, new_entry);

		WARN_ON_ONCE(old != xa_mk_value(xa_to_value(entry) | DAX_LOCKED));
		entry = new_entry;
	}
	if (dirty)
		xas_set_mark(xas, PAGECACHE_TAG_DIRTY);
	xas_unlock_irq(xas);
	return entry;
}

} /* namespace kernel */
