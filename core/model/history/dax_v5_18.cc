/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/history/history.h"
#include "core/model/protocol/entry_backend.h"

namespace kernel
{

/* fs/dax.c: pgoff_address(), v5.18 */
static pgoff_t pgoff_address(pgoff_t pgoff, vm_area_struct *vma)
{
	return vma->vm_start + (pgoff - vma->vm_pgoff);
}

/* mm/memory.c: follow_invalidate_pte(), v5.18. With *ptl held: *ptep, or else *pmdp, maps the address. */
static bool follow_invalidate_pte(mm_struct *mm, pgoff_t address, Atomic<pte_t> **ptep,
				  pmd_slot **pmdp, spinlock_t **ptl)
{
	pmd_slot *pmd = pmd_offset(mm, address);
	pmd_t pmdval = READ_ONCE(pmd->pmd);

	if (pmd_trans_huge(pmdval)) {
		*ptl = &mm->page_table_lock;
		spin_lock(*ptl);
		*ptep = nullptr;
		*pmdp = pmd;
		if (pmd_trans_huge(READ_ONCE(pmd->pmd)))
			return true;
		spin_unlock(*ptl);
	}
	if (!(READ_ONCE(pmd->pmd) & _PAGE_TABLE))
		return false;
	*ptl = &pmd->ptl;
	spin_lock(*ptl);
	*ptep = pte_offset(mm, address);
	if (pte_present(READ_ONCE(**ptep)))
		return true;
	spin_unlock(*ptl);
	return false;
}

/*
 * fs/dax.c: dax_entry_mkclean(), v5.18. Left out: MMU notifiers, the TLB.
 *
 * Looks up the mappings of the entry's first page alone, and in each the one PTE or huge PMD that maps that page.
 */
static void dax_entry_mkclean(address_space *mapping, pgoff_t index, uint64_t pfn)
{
	vm_area_struct *vma;

	down_read(&mapping->i_mmap_rwsem);
	vma_interval_tree_foreach(vma, mapping, index, index) {
		Atomic<pte_t> *ptep;
		pmd_slot *pmdp;
		spinlock_t *ptl;

		if (!(vma->vm_flags & VM_SHARED))
			continue;
		if (!follow_invalidate_pte(vma->vm_mm, pgoff_address(index, vma), &ptep, &pmdp,
					   &ptl))
			continue;
		if (!ptep) {
			pmd_t pmd = READ_ONCE(pmdp->pmd);

			if (pte_pfn(pmd) == pfn && (pte_dirty(pmd) || pte_write(pmd))) {
				WRITE_ONCE(pmdp->pmd,
					   pmd & ~uint64_t(_PAGE_PRESENT)); /* pmdp_invalidate() */
				WRITE_ONCE(pmdp->pmd, pmd & ~uint64_t(_PAGE_RW | _PAGE_DIRTY));
			}
		} else {
			pte_t pte = READ_ONCE(*ptep);

			if (pte_pfn(pte) == pfn && (pte_dirty(pte) || pte_write(pte))) {
				WRITE_ONCE(*ptep, pte_t(0)); /* ptep_clear_flush() */
				WRITE_ONCE(*ptep, pte & ~uint64_t(_PAGE_RW | _PAGE_DIRTY));
			}
		}
		spin_unlock(ptl);
	}
	up_read(&mapping->i_mmap_rwsem);
}

/* fs/dax.c: dax_writeback_one(), v5.18 */
int dax_writeback_one_v5_18(xa_state *xas, address_space *mapping, xa_entry entry)
{
	pgoff_t index, count;
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
	xas_clear_mark(xas, PAGECACHE_TAG_TOWRITE);
	xas_unlock_irq(xas);

	pfn = dax_to_pfn(entry);
	count = model_entry_pages(entry);
	index = xas->xa_index & ~(count - 1);

	dax_entry_mkclean(mapping, index, pfn);
	dax_flush(pfn, count);

	xas_lock_irq(xas);
	xas_store(xas, entry);
	model_note_release(*model_entry_object(xas));
	xas_clear_mark(xas, PAGECACHE_TAG_DIRTY);
	dax_wake_entry(xas, entry, WAKE_NEXT);
	return 0;
}

} /* namespace kernel */
