/* SPDX-License-Identifier: GPL-2.0-only */
/* mm/mprotect.c, mm/madvise.c, fs/proc/task_mmu.c: what changes the page table of a process without unmapping. */
#include "core/model/vmscan.h"

namespace kernel
{

/* mm/mprotect.c: can_change_private_pte_writable(), v6.15 */
static bool can_change_private_pte_writable(pte_t pte)
{
	folio *folio = model_anon_folio(pte_pfn(pte));

	return folio && FORMS.PageAnonExclusive(folio);
}

/* mm/mprotect.c: change_pte_range(), v6.15. Swap entries stay as they are. */
static void change_pte_range(vm_area_struct *vma, pgoff_t addr, pgoff_t end)
{
	pmd_slot *pmd = pmd_offset(vma->vm_mm, addr);

	spin_lock(&pmd->ptl);
	for (; addr < end; addr++) {
		Atomic<pte_t> *ptep = pte_offset(vma->vm_mm, addr);
		pte_t oldpte = READ_ONCE(*ptep);
		pte_t ptent;

		if (!pte_present(oldpte))
			continue;
		oldpte = ptep_get_and_clear(ptep); /* ptep_modify_prot_start() */
		ptent = oldpte & ~pte_t(_PAGE_RW);
		if ((vma->vm_flags & VM_WRITE) && is_cow_mapping(vma->vm_flags) &&
		    can_change_private_pte_writable(oldpte))
			ptent |= _PAGE_RW;
		WRITE_ONCE(*ptep, ptent);
	}
	spin_unlock(&pmd->ptl);
}

/* mm/mprotect.c: sys_mprotect(), mprotect_fixup(), change_protection(), v6.15, of a whole VMA. */
int sys_mprotect(vm_area_struct *vma, mm_struct *mm, bool write)
{
	pgoff_t next;

	down_write(&mm->mmap_lock);
	if (!GET(vma->linked)) {
		up_write(&mm->mmap_lock);
		return -ENOMEM;
	}
	vma->vm_flags = (vma->vm_flags & VM_SHARED) | (write ? unsigned(VM_WRITE) : 0u);
	SET(vma->prot, vma->vm_flags);
	for (pgoff_t addr = vma->vm_start; addr < vma->vm_end; addr = next) {
		pmd_slot *pmd = pmd_offset(mm, addr);
		pgoff_t pmd_end = (addr | (PMD_NR - 1)) + 1;

		next = vma->vm_end < pmd_end ? vma->vm_end : pmd_end;
		if (pmd_trans_huge(READ_ONCE(pmd->pmd)))
			split_huge_pmd(vma,
				       pmd); /* change_huge_pmd() would protect it as a whole */
		if (!pmd_none(READ_ONCE(pmd->pmd)))
			change_pte_range(vma, addr, next);
	}
	up_write(&mm->mmap_lock);
	return 0;
}

/* fs/proc/task_mmu.c: clear_soft_dirty(), clear_soft_dirty_pmd(), v6.15. Left out: the soft-dirty bit itself. */
static void clear_soft_dirty(vm_area_struct *vma, pgoff_t address)
{
	Atomic<pte_t> *ptep = pte_offset(vma->vm_mm, address);
	pte_t ptent = READ_ONCE(*ptep);
	folio *folio;

	if (!pte_present(ptent))
		return;
	folio = model_anon_folio(pte_pfn(ptent));
	/* pte_is_pinned() */
	if (folio && is_cow_mapping(vma->vm_flags) && pte_write(ptent) &&
	    folio_maybe_dma_pinned(folio))
		return;
	ptent = ptep_get_and_clear(ptep); /* ptep_modify_prot_start() */
	WRITE_ONCE(*ptep, ptent & ~pte_t(_PAGE_RW));
}

/* fs/proc/task_mmu.c: clear_refs_write(), v6.15: 4 into /proc/PID/clear_refs. */
int model_clear_refs(mm_struct *mm)
{
	model *m = model::current;

	down_write(&mm->mmap_lock);
	for (vm_area_struct *vma = m->vmas; vma < m->vmas + m->config.nr_vmas; vma++) {
		if (vma->vm_mm != mm || !GET(vma->linked))
			continue;
		for (pgoff_t addr = vma->vm_start; addr < vma->vm_end; addr++) {
			pmd_slot *pmd = pmd_offset(mm, addr);
			pmd_t pmdval = READ_ONCE(pmd->pmd);

			if (pmd_none(pmdval) || pmd_trans_huge(pmdval))
				continue;
			spin_lock(&pmd->ptl);
			clear_soft_dirty(vma, addr);
			spin_unlock(&pmd->ptl);
		}
	}
	up_write(&mm->mmap_lock);
	return 0;
}

/* mm/madvise.c: madvise_dontneed_single_vma(), v6.15 */
int model_madvise_dontneed(vm_area_struct *vma, mm_struct *mm, pgoff_t start, pgoff_t len)
{
	pgoff_t end;
	int ret = 0;

	down_read(&mm->mmap_lock);
	if (GET(vma->linked)) {
		end = start + len < vma->vm_end ? start + len : vma->vm_end;
		unmap_single_vma(vma, start, end); /* zap_page_range_single() */
	} else {
		ret = -ENOMEM;
	}
	up_read(&mm->mmap_lock);
	return ret;
}

/*
 * mm/madvise.c: madvise_cold_or_pageout_pte_range(), v6.15, of one page. Left out: accessed bits. The page isolated,
 * or null.
 */
static folio *madvise_pageout_pte(vm_area_struct *vma, pgoff_t address)
{
	pmd_slot *pmd = pmd_offset(vma->vm_mm, address);
	folio *folio = nullptr;
	pmd_t pmdval = READ_ONCE(pmd->pmd);
	pte_t pte;

	if (pmd_none(pmdval) || pmd_trans_huge(pmdval))
		return nullptr;
	spin_lock(&pmd->ptl);
	pte = READ_ONCE(*pte_offset(vma->vm_mm, address));
	if (pte_present(pte))
		folio = model_anon_folio(pte_pfn(pte));
	/* Mappings of others are left alone. */
	if (folio && READ_ONCE(folio->_mapcount) != 1)
		folio = nullptr;
	if (folio && !folio_isolate_lru(folio))
		folio = nullptr;
	spin_unlock(&pmd->ptl);
	return folio;
}

/* mm/madvise.c: madvise_pageout(), v6.15; then the device writes, and reclaim frees the page. */
int model_madvise_pageout(vm_area_struct *vma, mm_struct *mm, pgoff_t address)
{
	folio *folio = nullptr;
	bool submitted = false;
	int ret = 0;

	down_read(&mm->mmap_lock);
	if (GET(vma->linked)) {
		folio = madvise_pageout_pte(vma, address);
		if (folio)
			submitted = FORMS.shrink_folio_list(folio); /* reclaim_pages() */
	} else {
		ret = -ENOMEM;
	}
	up_read(&mm->mmap_lock);
	if (submitted)
		model_finish_pageout(folio);
	return ret;
}

/* kswapd comes by the page that is mapped there: no mmap_lock, and whoever else maps it loses it, too. */
int model_reclaim(mm_struct *mm, pgoff_t address)
{
	pte_t pte = READ_ONCE(*pte_offset(mm, address));
	folio *folio = pte_present(pte) ? model_anon_folio(pte_pfn(pte)) : nullptr;

	if (folio)
		model_shrink_folio(folio);
	return 0;
}

} /* namespace kernel */
