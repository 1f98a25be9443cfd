/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/pgmap.h"
#include "core/model/proposals/proposals.h"
#include "core/model/protocol/entry_backend.h"

namespace kernel
{

/*
 * mm/memremap.c: pgmap_request_folios(), v6.15, as proposed, for one page. A page that nobody had holds the device from its
 * first reference on. False: the device goes.
 */
static bool pgmap_request_folios(page *page)
{
	uint32_t old;

	if (!page)
		return true;
	if (!try_get_dev_pagemap())
		return false;
	old = page->_refcount.fetch_add(1, Order::kFull, SITE("folio_get", "refcount"));
	model_touch(page_to_pfn(page));
	if (old != 0)
		put_dev_pagemap();
	return true;
}

/* fs/dax.c: dax_fault_iter(), v6.15, with the device held from dax_direct_access() until the page holds it. */
vm_fault_t dax_fault_iter_holds_pgmap(vm_fault *vmf, const iomap_iter *iter, xa_state *xas,
				      xa_entry *entry, bool pmd)
{
	const struct iomap *iomap = &iter->iomap;
	bool write = (iter->flags & IOMAP_WRITE) != 0;
	vm_fault_t ret;
	uint32_t id;
	uint64_t pfn;
	page *page;

	if ((!pmd && vmf->cow_page) || iomap->type != IOMAP_MAPPED)
		return dax_fault_iter(vmf, iter, xas, entry, pmd);

	id = dax_read_lock();
	ret = pmd ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;
	pfn = iomap->addr + (xas->xa_index - iomap->offset);
	page = pfn_to_page(pfn);
	if (dax_direct_access() || (pmd && (pfn & (PMD_NR - 1)))) {
		dax_read_unlock(id);
		return ret;
	}
	*entry = FORMS.dax_insert_entry(xas, vmf, iter, *entry, pfn, pmd ? uint64_t(DAX_PMD) : 0);
	if (dax_fault_is_synchronous(iter, vmf->vma)) {
		dax_read_unlock(id);
		vmf->pfn = pfn;
		return VM_FAULT_NEEDDSYNC;
	}
	for (pgoff_t i = 0; i < (pmd ? PMD_NR : 1); i++) {
		if (!pgmap_request_folios(pfn_to_page(pfn + i))) {
			dax_read_unlock(id);
			while (i-- > 0)
				folio_put(pfn_to_page(pfn + i));
			return VM_FAULT_SIGBUS;
		}
	}
	dax_read_unlock(id);
	if (pmd)
		ret = vmf_insert_folio_pmd(vmf, pfn, write);
	else
		ret = FORMS.vmf_insert_page_mkwrite(vmf, pfn, write);
	for (pgoff_t i = 0; page && i < (pmd ? PMD_NR : 1); i++)
		folio_put(pfn_to_page(pfn + i));
	return ret;
}

/* fs/dax.c: dax_insert_pfn_mkwrite(), v6.15, which finds the device gone or holds it. */
vm_fault_t dax_insert_pfn_mkwrite_holds_pgmap(vm_fault *vmf, bool pmd)
{
	pgoff_t nr = pmd ? PMD_NR : 1;
	pgoff_t held = 0;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	uint32_t id = dax_read_lock();

	if (!dax_direct_access()) {
		while (held < nr && pgmap_request_folios(pfn_to_page(vmf->pfn + held)))
			held++;
	}
	dax_read_unlock(id);
	if (held == nr)
		ret = dax_insert_pfn_mkwrite(vmf, pmd);
	while (held-- > 0) {
		if (page *page = pfn_to_page(vmf->pfn + held))
			folio_put(page);
	}
	return ret;
}

/* include/linux/mm.h: folio_put_refs(), v6.15, with the device let go by the last reference. */
void folio_put_refs_holds_pgmap(page *page, uint32_t refs)
{
	uint32_t old =
		page->_refcount.fetch_sub(refs, Order::kFull, SITE("folio_put_refs", "refcount"));

	model_touch(page_to_pfn(page));
	WARN_ON_ONCE(old < refs);
	if (old != refs)
		return;
	model::current->var_table->wake_up_var(page->var, SITE("wake_up_var", "page"));
	put_dev_pagemap();
}

} /* namespace kernel */
