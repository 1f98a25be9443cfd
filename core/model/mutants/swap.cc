/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/mutants/mutants.h"
#include "core/model/rmap.h"
#include "core/model/vmscan.h"

namespace kernel
{

/*
 * mm/memory.c: copy_nonpresent_pte(), v6.15, mutant. The swap entry stays exclusive in the parent and is so in the
 * child, too: both will map the one page writable.
 */
void copy_nonpresent_pte_keeps_exclusive(mm_struct *dst_mm, Atomic<pte_t> *dst_pte,
					 Atomic<pte_t> *src_pte)
{
	pte_t pte = READ_ONCE(*src_pte);

	if (swap_duplicate(pte_to_swp_entry(pte)) < 0)
		return;
	WRITE_ONCE(*dst_pte, pte);
	add_mm_counter(dst_mm, MM_SWAPENTS, 1);
}

/*
 * mm/rmap.c: try_to_unmap_one(), v6.15, mutant. The PTE is read and then cleared, in two steps: what the MMU sets in
 * between, the dirty bit, is lost.
 */
bool try_to_unmap_one_two_steps(folio *folio, vm_area_struct *vma, pgoff_t address)
{
	struct page_vma_mapped_walk pvmw = {
		folio_pfn(folio), 1, GET(folio->index), vma, address, nullptr, nullptr, nullptr
	};
	swp_entry_t entry = GET(folio->swap);
	bool ret = true;

	while (page_vma_mapped_walk(&pvmw)) {
		bool anon_exclusive = FORMS.PageAnonExclusive(folio);
		pte_t pteval = READ_ONCE(*pvmw.pte);
		pte_t swp_pte = swp_entry_to_pte(entry);

		WRITE_ONCE(*pvmw.pte, pte_t(0));
		if (pte_dirty(pteval))
			model_folio_set(folio, PG_dirty);

		if (swap_duplicate(entry) < 0) {
			WRITE_ONCE(*pvmw.pte, pteval);
			ret = false;
			continue;
		}
		if (anon_exclusive && folio_try_share_anon_rmap_pte(folio)) {
			swap_free(entry);
			WRITE_ONCE(*pvmw.pte, pteval);
			ret = false;
			continue;
		}
		if (anon_exclusive)
			swp_pte = pte_swp_mkexclusive(swp_pte);
		add_mm_counter(vma->vm_mm, MM_ANONPAGES, -1);
		add_mm_counter(vma->vm_mm, MM_SWAPENTS, 1);
		WRITE_ONCE(*pvmw.pte, swp_pte);
		folio_remove_rmap_pte(folio);
		folio_put(folio);
	}
	return ret;
}

/* mm/memory.c: do_swap_page(), v6.15, mutant. Whoever waited for the page takes its PTE for unchanged. */
vm_fault_t do_swap_page_no_recheck(vm_fault *vmf)
{
	vm_fault_t ret;
	folio *folio = model_swapin(vmf, &ret);

	if (!folio)
		return ret;
	spin_lock(&vmf->pmd->ptl);
	return model_map_swapped(vmf, folio, pte_swp_exclusive(vmf->orig_pte));
}

/* mm/memory.c: do_swap_page(), v6.15, mutant. SWP_STABLE_WRITES is not asked. */
vm_fault_t do_swap_page_not_stable(vm_fault *vmf)
{
	Atomic<pte_t> *ptep = pte_offset(vmf->vma->vm_mm, vmf->address);
	vm_fault_t ret;
	folio *folio = model_swapin(vmf, &ret);

	if (!folio)
		return ret;
	spin_lock(&vmf->pmd->ptl);
	if (READ_ONCE(*ptep) != vmf->orig_pte) {
		spin_unlock(&vmf->pmd->ptl);
		folio_unlock(folio);
		folio_put(folio);
		return 0;
	}
	return model_map_swapped(vmf, folio, pte_swp_exclusive(vmf->orig_pte));
}

} /* namespace kernel */
