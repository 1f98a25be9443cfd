/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/history/history.h"
#include "core/model/pgmap.h"
#include "core/model/protocol/entry_backend.h"

namespace kernel
{

/* mm/memory.c: insert_pfn(), v6.14. A PTE with another page frame is left alone, and the fault is retried. */
static vm_fault_t insert_pfn(vm_fault *vmf, uint64_t pfn, bool mkwrite)
{
	vm_area_struct *vma = vmf->vma;
	Atomic<pte_t> *pte = pte_offset(vma->vm_mm, vmf->address);
	pte_t entry;

	model_pte_alloc(vma->vm_mm, vmf->pmd);
	spin_lock(&vmf->pmd->ptl);
	entry = READ_ONCE(*pte);
	if (!pte_none(entry)) {
		if (mkwrite && pte_pfn(entry) == pfn) {
			entry |= _PAGE_DIRTY | (vma->vm_flags & VM_WRITE ? uint64_t(_PAGE_RW) : 0);
			WRITE_ONCE(*pte, entry);
		} else if (mkwrite) {
			WARN_ON_ONCE(pte_pfn(entry) != ZERO_PFN);
		}
	} else {
		entry = mk_pte(pfn, _PAGE_SPECIAL);
		if (mkwrite)
			entry |= _PAGE_DIRTY | (vma->vm_flags & VM_WRITE ? uint64_t(_PAGE_RW) : 0);
		WRITE_ONCE(*pte, entry);
	}
	spin_unlock(&vmf->pmd->ptl);
	return VM_FAULT_NOPAGE;
}

/* fs/dax.c: dax_load_hole(), v6.14, with vmf_insert_mixed() */
static vm_fault_t dax_load_hole_v6_14(xa_state *xas, vm_fault *vmf, const iomap_iter *iter,
				      xa_entry *entry)
{
	*entry = FORMS.dax_insert_entry(xas, vmf, iter, *entry, ZERO_PFN, DAX_ZERO_PAGE);
	return insert_pfn(vmf, ZERO_PFN, false);
}

/* fs/dax.c: dax_fault_iter(), v6.14, with vmf_insert_pfn_pmd() and vmf_insert_mixed_mkwrite() */
vm_fault_t dax_fault_iter_v6_14(vm_fault *vmf, const iomap_iter *iter, xa_state *xas,
				xa_entry *entry, bool pmd)
{
	const struct iomap *iomap = &iter->iomap;
	bool write = (iter->flags & IOMAP_WRITE) != 0;
	uint64_t pfn;

	if (!pmd && vmf->cow_page)
		return dax_fault_cow_page(vmf, iter);
	if (!write && (iomap->type == IOMAP_UNWRITTEN || iomap->type == IOMAP_HOLE)) {
		if (!pmd)
			return dax_load_hole_v6_14(xas, vmf, iter, entry);
		return dax_pmd_load_hole(xas, vmf, iter, entry);
	}
	if (WARN_ON_ONCE(iomap->type != IOMAP_MAPPED))
		return pmd ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;

	if (dax_iomap_direct_access())
		return pmd ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;
	pfn = iomap->addr + (xas->xa_index - iomap->offset);
	if (pmd && (pfn & (PMD_NR - 1)))
		return VM_FAULT_FALLBACK;

	*entry = FORMS.dax_insert_entry(xas, vmf, iter, *entry, pfn, pmd ? uint64_t(DAX_PMD) : 0);
	if (dax_fault_is_synchronous(iter, vmf->vma)) {
		vmf->pfn = pfn;
		return VM_FAULT_NEEDDSYNC;
	}
	if (pmd)
		return vmf_insert_folio_pmd(vmf, pfn,
					    write); /* as vmf_insert_pfn_pmd(), but for counts */
	return insert_pfn(vmf, pfn, write);
}

/* fs/dax.c: dax_insert_pfn_mkwrite(), v6.14, with vmf_insert_mixed_mkwrite() and vmf_insert_pfn_pmd() */
vm_fault_t dax_insert_pfn_mkwrite_v6_14(vm_fault *vmf, bool pmd)
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
	xas_set_mark(&xas, PAGECACHE_TAG_DIRTY);
	dax_lock_entry(&xas, entry);
	xas_unlock_irq(&xas);
	if (pmd)
		ret = vmf_insert_folio_pmd(vmf, vmf->pfn, true); /* as in dax_fault_iter_v6_14() */
	else
		ret = insert_pfn(vmf, vmf->pfn, true);
	dax_unlock_entry(&xas, entry);
	return ret;
}

/*
 * fs/ext4/inode.c: dax_break_layout_v6_14(), which is ext4_break_layouts(), v6.14.
 * Unmaps everything and leaves the entries: truncation takes those that are behind the new end.
 */
int dax_break_layout_v6_14(inode *inode)
{
	for (;;) {
		page *page = FORMS.dax_layout_busy_page_range(&inode->i_data);
		int error;

		if (!page)
			return 0;
		error = FORMS.wait_page_idle(page, inode, true);
		if (error)
			return error;
	}
}

/*
 * include/linux/fs.h: mapping_mapped(), v6.14. The kernel looks whether the tree is empty and takes no lock; here it
 * is i_mmap_rwsem, so that the tree can be plain data.
 */
static bool mapping_mapped(address_space *mapping)
{
	bool mapped;

	down_read(&mapping->i_mmap_rwsem);
	mapped = model_first_vma(mapping, 0, ~pgoff_t(0), model::current->vmas) != nullptr;
	up_read(&mapping->i_mmap_rwsem);
	return mapped;
}

/* fs/dax.c: dax_layout_busy_page_range(), v6.14. A file that nobody maps has no busy pages, it says. */
page *dax_layout_busy_page_range_v6_14(address_space *mapping)
{
	if (!mapping_mapped(mapping))
		return nullptr;
	return dax_layout_busy_page_range(mapping);
}

/* mm/mm_init.c: __init_zone_device_page(), v6.14. A page that nobody has counts 1. */
uint32_t __init_zone_device_page_v6_14()
{
	return 1;
}

/* include/linux/mm.h: pte_devmap(), v6.14. A PTE of the device's memory says so, and its page has to be asked for. */
bool pte_devmap_v6_14(pte_t pte)
{
	return pfn_to_page(pte_pfn(pte)) != nullptr;
}

/* mm/memory.c: vm_normal_page(), v6.14. A PTE of the device's memory holds no reference. */
page *vm_normal_page_v6_14(uint64_t)
{
	return nullptr;
}

/* fs/ext4/inode.c: ext4_evict_inode(), v6.14. Nothing waits for pages that are in use. */
void testfs_evict_inode_v6_14(inode *inode)
{
	testfs_delete_inode(inode);
}

} /* namespace kernel */
