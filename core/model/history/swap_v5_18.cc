/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Swap as before "mm/swap: remember PG_anon_exclusive via a swp pte bit", in the middle of v5.19: PG_anon_exclusive is
 * there, which v5.18 itself did not have yet.
 */
#include "core/model/history/history.h"
#include "core/model/rmap.h"
#include "core/model/vmscan.h"

namespace kernel
{

/* mm/rmap.c: try_to_unmap_one(), v5.18. The swap entry does not say whether the page was exclusive. */
bool try_to_unmap_one_v5_18(folio *folio, vm_area_struct *vma, pgoff_t address)
{
	struct page_vma_mapped_walk pvmw = {
		folio_pfn(folio), 1, GET(folio->index), vma, address, nullptr, nullptr, nullptr
	};
	swp_entry_t entry = GET(folio->swap);
	bool ret = true;

	while (page_vma_mapped_walk(&pvmw)) {
		bool anon_exclusive = FORMS.PageAnonExclusive(folio);
		pte_t pteval = ptep_get_and_clear(pvmw.pte); /* ptep_clear_flush() */

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
		add_mm_counter(vma->vm_mm, MM_ANONPAGES, -1);
		add_mm_counter(vma->vm_mm, MM_SWAPENTS, 1);
		WRITE_ONCE(*pvmw.pte, swp_entry_to_pte(entry));
		folio_remove_rmap_pte(folio);
		folio_put(folio);
	}
	return ret;
}

/*
 * mm/memory.c: do_swap_page(), v5.18. Left out: the same as in v6.15. Whether the page is exclusive has
 * to be told from its count of references, so that it is not if anybody has taken one.
 */
vm_fault_t do_swap_page_v5_18(vm_fault *vmf)
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
	WARN_ON_ONCE((folio->flags.peek() & PG_anon_exclusive) != 0);
	return model_map_swapped(vmf, folio, false);
}

/* mm/memory.c: copy_nonpresent_pte(), v5.18 */
void copy_nonpresent_pte_v5_18(mm_struct *dst_mm, Atomic<pte_t> *dst_pte, Atomic<pte_t> *src_pte)
{
	pte_t pte = READ_ONCE(*src_pte);

	if (swap_duplicate(pte_to_swp_entry(pte)) < 0)
		return;
	WRITE_ONCE(*dst_pte, pte);
	add_mm_counter(dst_mm, MM_SWAPENTS, 1);
}

/* mm/swapfile.c: unuse_pte(), v5.18 */
int unuse_pte_v5_18(vm_area_struct *vma, pmd_slot *pmd, pgoff_t address, swp_entry_t entry,
		    folio *folio)
{
	Atomic<pte_t> *ptep = pte_offset(vma->vm_mm, address);

	spin_lock(&pmd->ptl);
	if (READ_ONCE(*ptep) != swp_entry_to_pte(entry)) {
		spin_unlock(&pmd->ptl);
		return 0;
	}
	add_mm_counter(vma->vm_mm, MM_SWAPENTS, -1);
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
	folio_get(folio);
	folio_add_anon_rmap_pte(folio, RMAP_NONE);
	WRITE_ONCE(*ptep, mk_pte(folio_pfn(folio), 0));
	model_emit_page(model_event_kind::mapped, vma->vm_mm, address, folio_pfn(folio));
	swap_free(entry);
	spin_unlock(&pmd->ptl);
	return 1;
}

} /* namespace kernel */
