/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private memory before PG_anon_exclusive: whether a page is one process's alone has to be told from its counts. Which
 * count, and where it is looked at, changed in v5.9 and in v5.18.
 */
#include "core/model/history/history.h"

namespace kernel
{

/* include/linux/page-flags.h: PageAnonExclusive(), v5.18: there was none. */
bool PageAnonExclusive_v5_18(folio *)
{
	return false;
}

/* include/linux/page-flags.h: SetPageAnonExclusive(), v5.18: there was none. */
void SetPageAnonExclusive_v5_18(folio *)
{
}

/*
 * mm/memory.c: folio_try_dup_anon_rmap_pte_v5_18(), which is copy_present_page(), page_needs_cow_for_dma(), v5.18, up to
 * where they decide.
 */
int folio_try_dup_anon_rmap_pte_v5_18(folio *folio)
{
	if (folio_maybe_dma_pinned(folio))
		return -EBUSY;
	folio->_mapcount.fetch_add(1, Order::kFull, SITE("page_dup_rmap", "mapcount"));
	return 0;
}

/* mm/memory.c: folio_try_dup_anon_rmap_pte_v5_8(), which is copy_one_pte(), v5.8, up to there: it shares every page. */
int folio_try_dup_anon_rmap_pte_v5_8(folio *folio)
{
	folio->_mapcount.fetch_add(1, Order::kFull, SITE("page_dup_rmap", "mapcount"));
	return 0;
}

/* mm/gup.c: sanity_check_pinned_pages(), v5.18: there was none. */
void sanity_check_pinned_pages_v5_18(const model_pin *, unsigned int)
{
}

/* mm/gup.c: gup_must_unshare(), v5.18: there was none; a pin for reading took what it found. */
bool gup_must_unshare_v5_18(unsigned int, folio *)
{
	return false;
}

/* A copy for a write fault; drops the page table lock. */
static vm_fault_t model_copy_v5_18(vm_fault *vmf, folio *folio, page *page)
{
	if (folio)
		folio_get(folio);
	if (page)
		folio_get(page);
	spin_unlock(&vmf->pmd->ptl);
	return wp_page_copy(vmf, folio, page);
}

/* mm/memory.c: do_wp_page(), v5.17, what it does for a private mapping. Any reference makes it copy. */
vm_fault_t model_do_wp_private_v5_17(vm_fault *vmf)
{
	folio *folio = model_anon_folio(pte_pfn(vmf->orig_pte));
	page *page = FORMS.vm_normal_page(pte_pfn(vmf->orig_pte));
	bool reuse;

	if (folio && folio_ref_count(folio) == 1 && folio_trylock(folio)) {
		reuse = READ_ONCE(folio->_mapcount) == 1;
		reuse = reuse && folio_ref_count(folio) == 1;
		folio_unlock(folio);
		if (reuse) {
			wp_page_reuse(vmf);
			return 0;
		}
	}
	return model_copy_v5_18(vmf, folio, page);
}

/*
 * mm/swapfile.c: reuse_swap_page(), v5.17. Locked. Nobody else maps the page or has it in a swap entry; who else has a
 * reference does not matter.
 */
bool reuse_swap_page(folio *folio)
{
	unsigned int count = unsigned(READ_ONCE(folio->_mapcount));
	bool cached = model_folio_test(folio, PG_swapcache);

	if (cached)
		count += model_swap_count(GET(folio->swap)); /* page_trans_huge_map_swapcount() */
	if (count == 1 && cached) {
		if (model_folio_test(folio, PG_writeback))
			return !model::current->config.swap_stable_writes;
		delete_from_swap_cache(folio);
		model_folio_set(folio, PG_dirty);
	}
	return count <= 1;
}

/* mm/memory.c: do_wp_page(), v5.8, what it does for a private mapping. Left out: pages that KSM merged. */
vm_fault_t model_do_wp_private_v5_8(vm_fault *vmf)
{
	Atomic<pte_t> *ptep = pte_offset(vmf->vma->vm_mm, vmf->address);
	folio *folio = model_anon_folio(pte_pfn(vmf->orig_pte));
	page *page = FORMS.vm_normal_page(pte_pfn(vmf->orig_pte));
	bool reuse;

	if (!folio)
		return model_copy_v5_18(vmf, folio, page);
	if (!folio_trylock(folio)) {
		folio_get(folio);
		spin_unlock(&vmf->pmd->ptl);
		folio_lock(folio);
		spin_lock(&vmf->pmd->ptl);
		if (READ_ONCE(*ptep) != vmf->orig_pte) {
			folio_unlock(folio);
			spin_unlock(&vmf->pmd->ptl);
			folio_put(folio);
			return 0;
		}
		folio_put(folio);
	}
	reuse = reuse_swap_page(folio);
	folio_unlock(folio);
	if (!reuse)
		return model_copy_v5_18(vmf, folio, page);
	wp_page_reuse(vmf);
	return 0;
}

/*
 * mm/memory.c: do_swap_page(), v5.17. Left out: the same as in v6.15. A write fault maps the page writable if nobody
 * else maps it or has it in a swap entry; references do not count.
 */
vm_fault_t do_swap_page_v5_17(vm_fault *vmf)
{
	vm_area_struct *vma = vmf->vma;
	Atomic<pte_t> *ptep = pte_offset(vma->vm_mm, vmf->address);
	swp_entry_t entry = pte_to_swp_entry(vmf->orig_pte);
	rmap_t rmap_flags = RMAP_NONE;
	vm_fault_t ret;
	folio *folio = model_swapin(vmf, &ret);
	pte_t pte;

	if (!folio)
		return ret;
	spin_lock(&vmf->pmd->ptl);
	if (READ_ONCE(*ptep) != vmf->orig_pte) {
		spin_unlock(&vmf->pmd->ptl);
		folio_unlock(folio);
		folio_put(folio);
		return 0;
	}
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
	add_mm_counter(vma->vm_mm, MM_SWAPENTS, -1);
	pte = mk_pte(folio_pfn(folio), 0);
	if ((vmf->flags & FAULT_FLAG_WRITE) && reuse_swap_page(folio)) {
		pte |= _PAGE_DIRTY | _PAGE_RW;
		vmf->flags &= ~unsigned(FAULT_FLAG_WRITE);
		rmap_flags = RMAP_EXCLUSIVE;
	}
	vmf->orig_pte = pte;
	WRITE_ONCE(*ptep, pte);
	folio_add_anon_rmap_pte(folio, rmap_flags);
	model_emit_page(model_event_kind::mapped, vma->vm_mm, vmf->address, folio_pfn(folio));
	swap_free(entry);
	folio_unlock(folio);

	if (vmf->flags & FAULT_FLAG_WRITE)
		return FORMS.model_do_wp_private(vmf);
	spin_unlock(&vmf->pmd->ptl);
	return 0;
}

} /* namespace kernel */
