/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutants of a MAP_SYNC fault: the commit, its place before the page table is set, and DIRTY on the entry. */
#include "core/model/mutants/mutants.h"
#include "core/model/protocol/entry_backend.h"

namespace kernel
{

/* fs/dax.c: dax_finish_sync_fault(), v6.15, mutant. The extent may be forgotten. */
vm_fault_t dax_finish_sync_fault_no_commit(vm_fault *vmf, bool pmd)
{
	return FORMS.dax_insert_pfn_mkwrite(vmf, pmd);
}

/* fs/dax.c: dax_finish_sync_fault(), v6.15, mutant. Another thread can store, flush and fence before the commit. */
vm_fault_t dax_finish_sync_fault_maps_first(vm_fault *vmf, bool pmd)
{
	pgoff_t nr = pmd ? PMD_NR : 1;
	pgoff_t start = vmf->pgoff & ~(nr - 1);
	vm_fault_t ret = FORMS.dax_insert_pfn_mkwrite(vmf, pmd);

	if (testfs_sync_file(vmf->vma->f_mapping->host, start, start + nr - 1))
		return VM_FAULT_SIGBUS;
	return ret;
}

/* fs/dax.c: dax_insert_pfn_mkwrite(), v6.15, mutant. A later fsync does not find what was stored since. */
vm_fault_t dax_insert_pfn_mkwrite_not_dirty(vm_fault *vmf, bool pmd)
{
	address_space *mapping = vmf->vma->f_mapping;
	unsigned int nr = pmd ? PMD_NR : 1;
	xa_state xas = XA_STATE_ORDER(&mapping->i_pages, vmf->pgoff, nr);
	xa_entry entry;
	vm_fault_t ret;

	xas_lock_irq(&xas);
	entry = get_next_unlocked_entry(&xas, nr);
	if (!entry || dax_is_conflict(entry) || (!pmd && dax_is_pmd_entry(entry))) {
		put_unlocked_entry(&xas, entry, WAKE_NEXT);
		xas_unlock_irq(&xas);
		return VM_FAULT_NOPAGE;
	}
	dax_lock_entry(&xas, entry);
	xas_unlock_irq(&xas);
	if (pmd)
		ret = vmf_insert_folio_pmd(vmf, vmf->pfn, true);
	else
		ret = FORMS.vmf_insert_page_mkwrite(vmf, vmf->pfn, true);
	dax_unlock_entry(&xas, entry);
	return ret;
}

} /* namespace kernel */
