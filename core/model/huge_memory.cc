/* SPDX-License-Identifier: GPL-2.0-only */
/* mm/huge_memory.c: huge PMDs of a DAX mapping. page_table_lock is the lock of all PMDs of an mm. */
#include "core/model/dax.h"
#include "core/model/page.h"

namespace kernel
{

/* mm/rmap.c: folio_remove_rmap_pmd(), v6.15, for each page, and its counter. Under the lock of the PMD. */
void model_remove_rmap_pmd(mm_struct *mm, pmd_t pmd)
{
	if (FORMS.vm_normal_page(pte_pfn(pmd)))
		add_mm_counter(mm, MM_FILEPAGES, -int64_t(PMD_NR));
	for (pgoff_t i = 0; i < PMD_NR; i++) {
		if (page *page = FORMS.vm_normal_page(pte_pfn(pmd) + i))
			folio_remove_rmap(page);
	}
}

void model_put_pmd(pmd_t pmd)
{
	for (pgoff_t i = 0; i < PMD_NR; i++) {
		if (page *page = FORMS.vm_normal_page(pte_pfn(pmd) + i))
			folio_put(page);
	}
}

/* mm/huge_memory.c: insert_pfn_pmd(), v6.15. Left out: deposited page tables. */
static int insert_pfn_pmd(vm_area_struct *vma, pmd_slot *pmd, uint64_t pfn, bool write)
{
	pmd_t entry = READ_ONCE(pmd->pmd);

	if (!pmd_none(entry)) {
		if (!write)
			return -EEXIST;
		if (pte_pfn(entry) != pfn) {
			WARN_ON_ONCE(pte_pfn(entry) != HUGE_ZERO_PFN);
			return -EEXIST;
		}
		entry |= _PAGE_DIRTY;
		if (vma->vm_flags & VM_WRITE)
			entry |= _PAGE_RW;
		WRITE_ONCE(pmd->pmd, entry);
		return -EEXIST;
	}

	for (pgoff_t i = 0; i < PMD_NR; i++) {
		if (page *page = FORMS.vm_normal_page(pfn + i)) {
			folio_get(page);
			folio_add_file_rmap(page);
		}
	}
	if (FORMS.vm_normal_page(pfn))
		add_mm_counter(vma->vm_mm, MM_FILEPAGES, int64_t(PMD_NR));
	entry = mk_pte(pfn, _PAGE_PSE);
	if (write)
		entry |= _PAGE_DIRTY | (vma->vm_flags & VM_WRITE ? uint64_t(_PAGE_RW) : 0);
	WRITE_ONCE(pmd->pmd, entry);
	return 0;
}

/* mm/huge_memory.c: vmf_insert_folio_pmd(), v6.15 */
vm_fault_t vmf_insert_folio_pmd(vm_fault *vmf, uint64_t pfn, bool write)
{
	spinlock_t *ptl = &vmf->vma->vm_mm->page_table_lock;

	spin_lock(ptl);
	insert_pfn_pmd(vmf->vma, vmf->pmd, pfn, write);
	spin_unlock(ptl);
	return VM_FAULT_NOPAGE;
}

/* The part of dax_pmd_load_hole() that sets the page table. */
vm_fault_t model_insert_huge_zero_pmd(vm_fault *vmf)
{
	spinlock_t *ptl = &vmf->vma->vm_mm->page_table_lock;

	spin_lock(ptl);
	if (!pmd_none(READ_ONCE(vmf->pmd->pmd))) {
		spin_unlock(ptl);
		return VM_FAULT_FALLBACK; /* the zero PMD entry stays in the tree */
	}
	WRITE_ONCE(vmf->pmd->pmd, mk_pte(HUGE_ZERO_PFN, _PAGE_PSE));
	spin_unlock(ptl);
	return VM_FAULT_NOPAGE;
}

/*
 * mm/huge_memory.c: split_huge_pmd(), __split_huge_pmd(), v6.15. Left out: anonymous memory. The PMD of a file is cleared as a whole;
 * whoever needs it faults again.
 */
void split_huge_pmd(vm_area_struct *vma, pmd_slot *pmd)
{
	pmd_t old_pmd;

	if (!pmd_trans_huge(READ_ONCE(pmd->pmd)))
		return;
	spin_lock(&vma->vm_mm->page_table_lock);
	old_pmd = READ_ONCE(pmd->pmd);
	if (pmd_trans_huge(old_pmd)) {
		WRITE_ONCE(pmd->pmd, pmd_t(0));
		model_remove_rmap_pmd(vma->vm_mm, old_pmd);
		model_put_pmd(old_pmd);
	}
	spin_unlock(&vma->vm_mm->page_table_lock);
}

} /* namespace kernel */
