/* SPDX-License-Identifier: GPL-2.0-only */
/* mm/rmap.c, mm/page_vma_mapped.c: write-protecting the mappings of a range of page frames. */
#include <algorithm>

#include "core/model/anon.h"
#include "core/model/rmap.h"

namespace kernel
{

/* mm/page_vma_mapped.c: not_found(), v6.15 */
static bool not_found(struct page_vma_mapped_walk *pvmw)
{
	if (pvmw->ptl)
		spin_unlock(pvmw->ptl);
	pvmw->ptl = nullptr;
	return false;
}

/* mm/page_vma_mapped.c: check_pte(), v6.15 */
static bool check_pte(struct page_vma_mapped_walk *pvmw, pte_t pte)
{
	return pte_present(pte) && pte_pfn(pte) >= pvmw->pfn &&
	       pte_pfn(pte) < pvmw->pfn + pvmw->nr_pages;
}

/* mm/page_vma_mapped.c: check_pmd(), v6.15 */
static bool check_pmd(struct page_vma_mapped_walk *pvmw, pmd_t pmd)
{
	uint64_t pfn = pte_pfn(pmd);

	return pfn + PMD_NR - 1 >= pvmw->pfn && pfn <= pvmw->pfn + pvmw->nr_pages - 1;
}

/* mm/internal.h: vma_address_end(), v6.15 */
static pgoff_t vma_address_end(struct page_vma_mapped_walk *pvmw)
{
	vm_area_struct *vma = pvmw->vma;

	return std::min(vma->vm_end,
			vma->vm_start + (pvmw->pgoff + pvmw->nr_pages - vma->vm_pgoff));
}

/*
 * mm/page_vma_mapped.c: page_vma_mapped_walk(), v6.15. Left out: hugetlb, migration entries.
 *
 * Finds the next PTE or huge PMD that maps a page frame of the range and returns with its lock held; to be called
 * again until it returns false. The lock of a table of PTEs is kept until the table is left.
 */
bool page_vma_mapped_walk(struct page_vma_mapped_walk *pvmw)
{
	mm_struct *mm = pvmw->vma->vm_mm;
	pgoff_t end = vma_address_end(pvmw);

	/* The only possible PMD was handled in the last call. */
	if (pvmw->pmd && !pvmw->pte)
		return not_found(pvmw);
	if (pvmw->pte)
		goto next_pte;
restart:
	while (pvmw->address < end) {
		pmd_t pmde;

		pvmw->pmd = pmd_offset(mm, pvmw->address);
		pmde = READ_ONCE(pvmw->pmd->pmd);
		if (pmd_trans_huge(pmde)) {
			pvmw->ptl = &mm->page_table_lock;
			spin_lock(pvmw->ptl);
			pmde = READ_ONCE(pvmw->pmd->pmd);
			if (!pmd_present(pmde))
				return not_found(pvmw);
			if (pmd_trans_huge(pmde))
				return check_pmd(pvmw, pmde) || not_found(pvmw);
			/* It was split meanwhile: look at its PTEs. */
			spin_unlock(pvmw->ptl);
			pvmw->ptl = nullptr;
		} else if (!pmd_present(pmde)) {
			pvmw->pmd = nullptr;
			pvmw->address = (pvmw->address | (PMD_NR - 1)) + 1; /* step_forward() */
			continue;
		}
		/* map_pte() with PVMW_SYNC */
		pvmw->pte = pte_offset(mm, pvmw->address);
		pvmw->ptl = &pvmw->pmd->ptl;
		spin_lock(pvmw->ptl);
this_pte:
		if (check_pte(pvmw, READ_ONCE(*pvmw->pte)))
			return true;
next_pte:
		do {
			pvmw->address++;
			if (pvmw->address >= end)
				return not_found(pvmw);
			if ((pvmw->address & (PMD_NR - 1)) == 0) {
				/* Into the next table. */
				spin_unlock(pvmw->ptl);
				pvmw->ptl = nullptr;
				pvmw->pte = nullptr;
				goto restart;
			}
			pvmw->pte++;
		} while (pte_none(READ_ONCE(*pvmw->pte)));
		goto this_pte;
	}
	return false;
}

/* mm/rmap.c: page_vma_mkclean_one(), v6.15. Left out: MMU notifiers, the TLB. */
static void page_vma_mkclean_one(struct page_vma_mapped_walk *pvmw)
{
	while (page_vma_mapped_walk(pvmw)) {
		if (pvmw->pte) {
			pte_t entry = READ_ONCE(*pvmw->pte);

			if (!pte_dirty(entry) && !pte_write(entry))
				continue;
			entry = ptep_get_and_clear(pvmw->pte); /* ptep_clear_flush() */
			WRITE_ONCE(*pvmw->pte, entry & ~uint64_t(_PAGE_RW | _PAGE_DIRTY));
		} else {
			pmd_t entry = READ_ONCE(pvmw->pmd->pmd);

			if (!pte_dirty(entry) && !pte_write(entry))
				continue;
			/* pmdp_invalidate() */
			entry = pvmw->pmd->pmd.fetch_and(~pmd_t(_PAGE_PRESENT), Order::kFull,
							 SITE("pmdp_establish", "pmd"));
			WRITE_ONCE(pvmw->pmd->pmd, entry & ~uint64_t(_PAGE_RW | _PAGE_DIRTY));
		}
	}
}

/* mm/rmap.c: pfn_mkclean_range(), v6.15 */
void pfn_mkclean_range(uint64_t pfn, pgoff_t nr, pgoff_t pgoff, vm_area_struct *vma)
{
	struct page_vma_mapped_walk pvmw = { pfn, nr, pgoff, vma, 0, nullptr, nullptr, nullptr };

	if (!(vma->vm_flags & VM_SHARED))
		return; /* invalid_mkclean_vma() */

	/* vma_address(): the first page of the range, or the VMA's if that begins inside the range */
	pvmw.address =
		pgoff >= vma->vm_pgoff ? vma->vm_start + (pgoff - vma->vm_pgoff) : vma->vm_start;
	page_vma_mkclean_one(&pvmw);
}

} /* namespace kernel */
