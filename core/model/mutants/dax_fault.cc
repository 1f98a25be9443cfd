/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutants of the protocol between a fault on a hole and write(2): the fault's side and the entry's. */
#include "core/model/mutants/mutants.h"
#include "core/model/protocol/entry_backend.h"

namespace kernel
{

/*
 * fs/dax.c: dax_iomap_pte_fault(), v6.15, mutant. The entry goes into the tree under its lock, but is unlocked before
 * the page table is set.
 */
vm_fault_t dax_iomap_pte_fault_unlocks_early(vm_fault *vmf)
{
	address_space *mapping = vmf->vma->f_mapping;
	xa_state xas = XA_STATE(&mapping->i_pages, vmf->pgoff);
	iomap_iter iter = { mapping->host, vmf->pgoff, 1, IOMAP_FAULT, {} };
	bool write = (vmf->flags & FAULT_FLAG_WRITE) != 0;
	xa_entry entry;
	uint64_t pfn;

	if (vmf->cow_page)
		return dax_iomap_pte_fault(vmf);
	if (iter.pos >= i_size_read(iter.inode))
		return VM_FAULT_SIGBUS;
	if (write)
		iter.flags |= IOMAP_WRITE;

	entry = FORMS.grab_mapping_entry(&xas, mapping, 1);
	if (xa_is_internal(entry))
		return xa_to_internal(entry);
	if (pmd_trans_huge(READ_ONCE(vmf->pmd->pmd))) {
		dax_unlock_entry(&xas, entry);
		return VM_FAULT_NOPAGE;
	}
	if (testfs_iomap_begin(&iter)) {
		dax_unlock_entry(&xas, entry);
		return VM_FAULT_SIGBUS;
	}
	bool hole = iter.iomap.type != IOMAP_MAPPED;
	pfn = hole ? ZERO_PFN : iter.iomap.addr + (vmf->pgoff - iter.iomap.offset);
	entry = dax_insert_entry(&xas, vmf, &iter, entry, pfn, hole ? uint64_t(DAX_ZERO_PAGE) : 0);
	dax_unlock_entry(&xas, entry);
	return FORMS.vmf_insert_page_mkwrite(vmf, pfn, write);
}

/* fs/dax.c: __dax_invalidate_entry(), v6.15, mutant. A locked entry, which is a fault in progress, is passed over. */
int __dax_invalidate_entry_no_wait(address_space *mapping, pgoff_t index, bool trunc)
{
	xa_state xas = XA_STATE(&mapping->i_pages, index);
	xa_entry entry;
	int ret = 0;

	if (trunc)
		return __dax_invalidate_entry(mapping, index, trunc);
	xas_lock_irq(&xas);
	entry = xas_load(&xas);
	if (entry && !dax_is_locked(entry) && !xas_get_mark(&xas, PAGECACHE_TAG_DIRTY) &&
	    !xas_get_mark(&xas, PAGECACHE_TAG_TOWRITE)) {
		xas_store(&xas, 0);
		SET(mapping->nrpages, mapping->nrpages.peek() - model_entry_pages(entry));
		dax_wake_entry(&xas, entry, WAKE_ALL);
		ret = 1;
	}
	xas_unlock_irq(&xas);
	return ret;
}

/* fs/dax.c: dax_iomap_pte_fault(), v6.15, mutant. Takes the lock that read(2) and write(2) hold while they copy. */
vm_fault_t dax_iomap_pte_fault_rwsem(vm_fault *vmf)
{
	inode *inode = vmf->vma->f_mapping->host;
	vm_fault_t ret;

	down_read(&inode->i_rwsem);
	ret = dax_iomap_pte_fault(vmf);
	up_read(&inode->i_rwsem);
	return ret;
}

} /* namespace kernel */
