/* SPDX-License-Identifier: GPL-2.0-only */
/* mm/vmscan.c, mm/rmap.c: reclaim of one anonymous page, which the caller has isolated. */
#include "core/model/vmscan.h"

#include "core/model/inode.h"
#include "core/model/rmap.h"

namespace kernel
{

/* mm/vmscan.c: folio_isolate_lru(), v6.15. The caller has a reference or the page table lock. */
bool folio_isolate_lru(folio *folio)
{
	if (!model_folio_test_clear(folio, PG_lru))
		return false;
	folio_get(folio);
	return true;
}

/* mm/swap.c: folio_putback_lru(), v6.15 */
void folio_putback_lru(folio *folio)
{
	model_lru_add(folio);
	folio_put(folio);
}

/*
 * mm/rmap.c: try_to_unmap_one(), v6.15, of an anonymous page. Left out: MADV_FREE, soft-dirty.
 *
 * Whether the page was exclusive goes into the swap entry, so that a reference that is not a pin (FOLL_GET) need not
 * keep the page from being unmapped.
 */
bool try_to_unmap_one(folio *folio, vm_area_struct *vma, pgoff_t address)
{
	struct page_vma_mapped_walk pvmw = {
		folio_pfn(folio), 1, GET(folio->index), vma, address, nullptr, nullptr, nullptr
	};
	swp_entry_t entry = GET(folio->swap);
	bool ret = true;

	while (page_vma_mapped_walk(&pvmw)) {
		bool anon_exclusive = FORMS.PageAnonExclusive(folio);
		pte_t pteval = ptep_get_and_clear(pvmw.pte); /* ptep_clear_flush() */
		pte_t swp_pte = swp_entry_to_pte(entry);

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

/* mm/rmap.c: try_to_unmap(), rmap_walk_anon(), v6.15. Locked. */
void try_to_unmap(folio *folio)
{
	model *m = model::current;
	pgoff_t pgoff = GET(folio->index);

	down_read(&m->anon->anon_vma_lock);
	for (vm_area_struct *vma = m->vmas; vma < m->vmas + m->config.nr_vmas; vma++) {
		if (!GET(vma->in_anon_vma) || pgoff < vma->vm_pgoff ||
		    pgoff >= vma->vm_pgoff + (vma->vm_end - vma->vm_start))
			continue;
		if (!FORMS.try_to_unmap_one(folio, vma, vma->vm_start + (pgoff - vma->vm_pgoff)))
			break;
		if (!folio_mapped(folio))
			break;
	}
	up_read(&m->anon->anon_vma_lock);
}

enum pageout_t {
	PAGE_KEEP,
	PAGE_SUCCESS,
	PAGE_CLEAN
};

/* mm/vmscan.c: pageout(), v6.15. PAGE_SUCCESS: unlocked, and under write-back. */
static pageout_t pageout(folio *folio)
{
	/* is_page_cache_freeable(): whoever isolated it, and the swap cache */
	if (folio_ref_count(folio) != 2)
		return PAGE_KEEP;
	if (!model_folio_test_clear(folio, PG_dirty)) /* folio_clear_dirty_for_io() */
		return PAGE_CLEAN;
	swap_writepage(folio);
	return PAGE_SUCCESS;
}

/* mm/vmscan.c: __remove_mapping(), v6.15. True: nobody has a reference, and it is not in the swap cache. */
static bool __remove_mapping(folio *folio)
{
	swp_entry_t entry = GET(folio->swap);

	if (!folio_ref_freeze(folio, 2))
		return false;
	/* Whoever wrote to it through a reference has marked it dirty before he gave that up. */
	if (model_folio_test(folio, PG_dirty)) {
		folio_ref_unfreeze(folio, 2);
		return false;
	}
	__delete_from_swap_cache(folio);
	put_swap_folio(entry);
	return true;
}

bool model_keep_locked(folio *folio)
{
	folio_unlock(folio);
	folio_putback_lru(folio);
	return false;
}

bool model_shrink_unmapped(folio *folio)
{
	bool submitted = false;

	if (model_folio_test(folio, PG_dirty)) {
		switch (pageout(folio)) {
		case PAGE_KEEP:
			goto keep_locked;
		case PAGE_SUCCESS:
			submitted = model_folio_test(folio, PG_writeback);
			if (submitted || model_folio_test(folio, PG_dirty))
				goto keep;
			if (!folio_trylock(folio))
				goto keep;
			if (model_folio_test(folio, PG_dirty) ||
			    model_folio_test(folio, PG_writeback) ||
			    !model_folio_test(folio, PG_swapcache))
				goto keep_locked;
			break;
		case PAGE_CLEAN:
			break;
		}
	}
	if (!__remove_mapping(folio))
		goto keep_locked;
	folio_unlock(folio);
	free_unref_page(folio);
	return false;
keep_locked:
	folio_unlock(folio);
keep:
	folio_putback_lru(folio);
	return submitted;
}

/*
 * mm/vmscan.c: shrink_folio_list(), v6.15, of one page; references to it are ignored, as MADV_PAGEOUT does. True: the
 * device has been asked to write it.
 */
bool shrink_folio_list(folio *folio)
{
	if (!folio_trylock(folio)) {
		folio_putback_lru(folio);
		return false;
	}
	if (model_folio_test(folio, PG_writeback))
		return model_keep_locked(folio);
	if (!model_folio_test(folio, PG_swapcache)) {
		if (folio_maybe_dma_pinned(folio))
			return model_keep_locked(folio);
		if (!add_to_swap(folio))
			return model_keep_locked(folio);
	}
	if (folio_mapped(folio)) {
		try_to_unmap(folio);
		if (folio_mapped(folio))
			return model_keep_locked(folio);
	}
	/* A pin that came before the page was unmapped may be for writing. */
	if (folio_maybe_dma_pinned(folio))
		return model_keep_locked(folio);
	return model_shrink_unmapped(folio);
}

/* The device, and then kswapd, which finds the page at the tail of its list: folio_rotate_reclaimable(). */
void model_finish_pageout(folio *folio)
{
	bool submitted;

	do {
		/* It is in the swap cache as long as it is under write-back. */
		folio_get(folio);
		model_swap_write_done(folio, folio->swap.peek());
		if (folio_mapped(folio) || !folio_isolate_lru(folio)) {
			folio_put(folio);
			return;
		}
		folio_put(folio);
		submitted = FORMS.shrink_folio_list(folio);
	} while (submitted);
}

void model_shrink_folio(folio *folio)
{
	/* isolate_lru_folios(): not one that is being freed */
	if (!folio_try_get(folio))
		return;
	if (!model_folio_test_clear(folio, PG_lru)) {
		folio_put(folio);
		return;
	}
	if (FORMS.shrink_folio_list(folio))
		model_finish_pageout(folio);
}

/*
 * mm/vmscan.c: try_to_free_pages(), shrink_node(), shrink_slab(), v6.15. Left out: priorities, ages, how much is enough:
 * it frees what it can. The device writes while nobody else waits for it.
 */
void try_to_free_pages(gfp_t gfp)
{
	model *m = model::current;

	if (m->anon && (gfp & __GFP_IO)) { /* shrink_lruvec() */
		for (uint32_t i = 0; i < m->anon->nr_folios; i++) {
			if (folio_ref_count(&m->anon->folios[i]))
				model_shrink_folio(&m->anon->folios[i]);
		}
	}
	if (m->life)
		super_cache_scan(gfp);
}

} /* namespace kernel */
