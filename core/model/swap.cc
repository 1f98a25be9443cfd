/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mm/swapfile.c, mm/swap_state.c, mm/page_io.c: one swap device, its slots and the swap cache.
 *
 * Left out: swap clusters, read-ahead, the short cut past the swap cache for fast devices, zswap.
 */
#include "core/model/swap.h"

namespace kernel
{

/* mm/swap_state.c: swap_cache_get_folio(), v6.15; mm/filemap.c: filemap_get_entry(). With a reference. */
folio *swap_cache_get_folio(swp_entry_t entry)
{
	private_memory *anon = model::current->anon;
	Atomic<uint32_t> *cached = &anon->slots[entry].cached;
	engine::RetryLoop loop;

	for (;;) {
		uint32_t found = READ_ONCE(*cached);
		folio *folio;

		if (!found)
			return nullptr;
		folio = &anon->folios[found - 1];
		if (folio_try_get(folio)) {
			if (READ_ONCE(*cached) == found)
				return folio;
			folio_put(folio);
		}
		loop.again();
	}
}

/* mm/swapfile.c: swap_entry_free(), v6.15: one reference of a PTE, or that of the cache. */
static void model_swap_entry_put(swp_entry_t entry, uint8_t usage)
{
	private_memory *anon = model::current->anon;
	swap_slot *slot = &anon->slots[entry];

	spin_lock(&anon->swap_lock);
	uint8_t count = GET(slot->swap_map);
	uint8_t has_cache = count & SWAP_HAS_CACHE;
	count &= uint8_t(~SWAP_HAS_CACHE);
	if (usage == SWAP_HAS_CACHE) {
		WARN_ON_ONCE(!has_cache); /* the kernel: VM_BUG_ON() */
		has_cache = 0;
	} else {
		WARN_ON_ONCE(!count); /* the kernel counts on */
		count--;
	}
	SET(slot->swap_map, uint8_t(count | has_cache));
	spin_unlock(&anon->swap_lock);
}

/* mm/swapfile.c: swap_free(), v6.15 */
void swap_free(swp_entry_t entry)
{
	model_swap_entry_put(entry, 1);
}

/* mm/swapfile.c: put_swap_folio(), v6.15 */
void put_swap_folio(swp_entry_t entry)
{
	model_swap_entry_put(entry, SWAP_HAS_CACHE);
}

/* mm/swapfile.c: __swap_duplicate(), v6.15. `usage` 1, or SWAP_HAS_CACHE. */
static int __swap_duplicate(swp_entry_t entry, uint8_t usage)
{
	private_memory *anon = model::current->anon;
	swap_slot *slot = &anon->slots[entry];
	int err = 0;

	spin_lock(&anon->swap_lock);
	uint8_t map = GET(slot->swap_map);
	if (!map || (usage == SWAP_HAS_CACHE && !(map & ~SWAP_HAS_CACHE)))
		err = -ENOENT;
	else if (usage == SWAP_HAS_CACHE && (map & SWAP_HAS_CACHE))
		err = -EEXIST;
	else
		SET(slot->swap_map, uint8_t(map + usage));
	spin_unlock(&anon->swap_lock);
	return err;
}

/* mm/swapfile.c: swap_duplicate(), v6.15 */
int swap_duplicate(swp_entry_t entry)
{
	return __swap_duplicate(entry, 1);
}

/* mm/swapfile.c: swap_swapcount(), v6.15 */
unsigned int model_swap_count(swp_entry_t entry)
{
	private_memory *anon = model::current->anon;
	uint8_t map;

	spin_lock(&anon->swap_lock);
	map = GET(anon->slots[entry].swap_map);
	spin_unlock(&anon->swap_lock);
	return map & ~unsigned(SWAP_HAS_CACHE);
}

/* mm/swap_state.c: add_to_swap_cache(), v6.15. The slot has SWAP_HAS_CACHE, the folio is locked. */
static void add_to_swap_cache(folio *folio, swp_entry_t entry)
{
	private_memory *anon = model::current->anon;

	folio_get(folio);
	model_folio_set(folio, PG_swapcache);
	SET(folio->swap, entry);
	WRITE_ONCE(anon->slots[entry].cached, uint32_t(folio - anon->folios) + 1);
}

/* mm/swap_state.c: add_to_swap(), v6.15. Locked; false: there is no slot. */
bool add_to_swap(folio *folio)
{
	private_memory *anon = model::current->anon;
	swp_entry_t entry;

	/* folio_alloc_swap(): SWP_WRITEOK is looked at under the lock */
	spin_lock(&anon->swap_lock);
	for (entry = 0; entry < anon->nr_slots; entry++) {
		if (!GET(anon->slots[entry].swap_map))
			break;
	}
	bool got = entry < anon->nr_slots && anon->swap_writeok.peek() != 0;
	engine::Execution::current().observe(anon->swap_writeok, anon->swap_writeok.peek());
	if (got)
		SET(anon->slots[entry].swap_map, uint8_t(SWAP_HAS_CACHE));
	spin_unlock(&anon->swap_lock);
	if (!got)
		return false;
	add_to_swap_cache(folio, entry);
	model_folio_set(folio, PG_dirty);
	return true;
}

/* mm/swap_state.c: __delete_from_swap_cache(), v6.15 */
void __delete_from_swap_cache(folio *folio)
{
	WRITE_ONCE(model::current->anon->slots[GET(folio->swap)].cached, uint32_t(0));
	model_folio_test_clear(folio, PG_swapcache);
}

/* mm/swap_state.c: delete_from_swap_cache(), v6.15 */
void delete_from_swap_cache(folio *folio)
{
	swp_entry_t entry = GET(folio->swap);

	__delete_from_swap_cache(folio);
	put_swap_folio(entry);
	folio_put(folio);
}

/* mm/swapfile.c: folio_free_swap(), v6.15. Locked. */
bool folio_free_swap(folio *folio)
{
	if (!model_folio_test(folio, PG_swapcache))
		return false;
	if (model_folio_test(folio, PG_writeback))
		return false;
	if (model_swap_count(GET(folio->swap)) != 0) /* folio_swapped() */
		return false;
	delete_from_swap_cache(folio);
	model_folio_set(folio, PG_dirty);
	return true;
}

/* mm/swap_state.c: free_swap_cache(), v6.15 */
void free_swap_cache(folio *folio)
{
	if (!model_folio_test(folio, PG_swapcache) || folio_mapped(folio))
		return;
	if (!folio_trylock(folio))
		return;
	folio_free_swap(folio);
	folio_unlock(folio);
}

/* mm/swapfile.c: free_swap_and_cache(), __try_to_reclaim_swap(), v6.15 */
void free_swap_and_cache(swp_entry_t entry)
{
	folio *folio;

	swap_free(entry);
	folio = swap_cache_get_folio(entry);
	if (!folio)
		return;
	if (folio_trylock(folio)) {
		folio_free_swap(folio);
		folio_unlock(folio);
	}
	folio_put(folio);
}

/* mm/swap_state.c: read_swap_cache_async(), v6.15. The read is done when it returns; meanwhile the page is locked. */
folio *read_swap_cache_async(swp_entry_t entry, pgoff_t index)
{
	swap_slot *slot = &model::current->anon->slots[entry];
	engine::RetryLoop loop;
	folio *folio;
	int err;

	for (;;) {
		folio = swap_cache_get_folio(entry);
		if (folio)
			return folio;
		if (model_swap_count(entry) == 0)
			return nullptr;
		err = __swap_duplicate(entry, SWAP_HAS_CACHE); /* swapcache_prepare() */
		if (!err)
			break;
		if (err != -EEXIST)
			return nullptr;
		/* Somebody is between the slot and the cache. */
		loop.again();
	}
	folio = model_alloc_folio(index);
	if (!folio) {
		put_swap_folio(entry);
		return nullptr;
	}
	folio_lock(folio);
	add_to_swap_cache(folio, entry);
	model_lru_add(folio);
	/* swap_read_folio() */
	for (unsigned int c = 0; c < model::current->config.cells; c++)
		WRITE_ONCE(folio->cells[c], GET(slot->data[c]));
	folio_unlock(folio);
	return folio;
}

/* mm/page_io.c: swap_writepage(), __swap_writepage(), v6.15. Unlocks; the device writes later. */
void swap_writepage(folio *folio)
{
	if (folio_free_swap(folio)) {
		folio_unlock(folio);
		return;
	}
	model_folio_set(folio, PG_writeback);
	folio_unlock(folio);
}

/* The device, and mm/page_io.c: end_swap_bio_write(), v6.15. */
void model_swap_write_done(folio *folio, swp_entry_t entry)
{
	swap_slot *slot = &model::current->anon->slots[entry];
	const unsigned int cells = model::current->config.cells;

	for (unsigned int c = 0; c < cells; c++) {
		uint64_t value = READ_ONCE(folio->cells[c]);

		SET(slot->data[c], value);
	}
	/* What such a device says if its checksum, or what it compressed, is not of what it has got. */
	for (unsigned int c = 0; c < cells && model::current->config.swap_stable_writes; c++)
		WARN_ON_ONCE(READ_ONCE(folio->cells[c]) != slot->data[c].peek());
	folio_end_writeback(folio);
}

/* mm/memory.c: should_try_to_free_swap(), v6.15. Swap is never nearly full. */
static bool should_try_to_free_swap(folio *folio, unsigned int fault_flags)
{
	if (!model_folio_test(folio, PG_swapcache))
		return false;
	return (fault_flags & FAULT_FLAG_WRITE) && folio_ref_count(folio) == 2;
}

/* Steps 1 to 3 of do_swap_page(): the page of the slot, locked and with a reference; null: the fault starts again. */
folio *model_swapin(vm_fault *vmf, vm_fault_t *ret)
{
	swp_entry_t entry = pte_to_swp_entry(vmf->orig_pte);
	folio *folio = swap_cache_get_folio(entry);

	*ret = 0;
	if (!folio)
		folio = read_swap_cache_async(entry, vmf->pgoff);
	if (!folio) {
		/* Only if the PTE is still the same was it for lack of memory. */
		spin_lock(&vmf->pmd->ptl);
		if (READ_ONCE(*pte_offset(vmf->vma->vm_mm, vmf->address)) == vmf->orig_pte)
			*ret = VM_FAULT_OOM;
		spin_unlock(&vmf->pmd->ptl);
		return nullptr;
	}
	folio_lock(folio);
	if (!model_folio_test(folio, PG_swapcache) || GET(folio->swap) != entry) {
		folio_unlock(folio);
		folio_put(folio);
		return nullptr;
	}
	return folio;
}

/* The last steps: maps the page, under the page table lock, and writes to it if that is what the fault is for. */
vm_fault_t model_map_swapped(vm_fault *vmf, folio *folio, bool exclusive)
{
	vm_area_struct *vma = vmf->vma;
	Atomic<pte_t> *ptep = pte_offset(vma->vm_mm, vmf->address);
	rmap_t rmap_flags = RMAP_NONE;
	pte_t pte = mk_pte(folio_pfn(folio), 0);

	swap_free(pte_to_swp_entry(vmf->orig_pte));
	if (should_try_to_free_swap(folio, vmf->flags))
		folio_free_swap(folio);

	/* As in do_wp_page(). */
	if (exclusive || folio_ref_count(folio) == 1) {
		if (vma->vm_flags & VM_WRITE) {
			pte |= _PAGE_RW;
			if (vmf->flags & FAULT_FLAG_WRITE) {
				pte |= _PAGE_DIRTY;
				vmf->flags &= ~unsigned(FAULT_FLAG_WRITE);
			}
		}
		rmap_flags = RMAP_EXCLUSIVE;
	}
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
	add_mm_counter(vma->vm_mm, MM_SWAPENTS, -1);
	vmf->orig_pte = pte;
	folio_add_anon_rmap_pte(folio, rmap_flags);
	WRITE_ONCE(*ptep, pte);
	model_emit_page(model_event_kind::mapped, vma->vm_mm, vmf->address, folio_pfn(folio));
	folio_unlock(folio);

	if (vmf->flags & FAULT_FLAG_WRITE)
		return FORMS.model_do_wp_private(vmf);
	spin_unlock(&vmf->pmd->ptl);
	return 0;
}

/*
 * mm/memory.c: do_swap_page(), v6.15. Left out: what is not a swap entry, the short cut past the swap cache.
 *
 * The swap entry says whether the page was exclusive when it was unmapped; references that others have taken do not
 * count then. Read again under the page table lock, because fork takes the bit away.
 */
vm_fault_t do_swap_page(vm_fault *vmf)
{
	Atomic<pte_t> *ptep = pte_offset(vmf->vma->vm_mm, vmf->address);
	bool exclusive;
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
	/* A page that is exclusive is not in the swap cache with its PTE unmapped. */
	WARN_ON_ONCE((folio->flags.peek() & PG_anon_exclusive) != 0);

	exclusive = pte_swp_exclusive(vmf->orig_pte);
	/*
	 * Where the device wants pages that do not change while it writes them, the page is mapped read-only and not
	 * exclusive: write-back began only because nobody else had a reference.
	 */
	if (exclusive && model_folio_test(folio, PG_writeback) &&
	    model::current->config.swap_stable_writes)
		exclusive = false;
	return model_map_swapped(vmf, folio, exclusive);
}

/* mm/swapfile.c: unuse_pte(), v6.15. Locked, and not under write-back. 1: the PTE maps the page now. */
int unuse_pte(vm_area_struct *vma, pmd_slot *pmd, pgoff_t address, swp_entry_t entry, folio *folio)
{
	Atomic<pte_t> *ptep = pte_offset(vma->vm_mm, address);
	rmap_t rmap_flags = RMAP_NONE;
	pte_t old_pte;

	spin_lock(&pmd->ptl);
	old_pte = READ_ONCE(*ptep);
	/* pte_same_as_swp(): whatever else the entry says */
	if (pte_swp_clear_exclusive(old_pte) != swp_entry_to_pte(entry)) {
		spin_unlock(&pmd->ptl);
		return 0;
	}
	folio_get(folio);
	WARN_ON_ONCE((folio->flags.peek() & (PG_writeback | PG_anon_exclusive)) != 0);
	if (pte_swp_exclusive(old_pte))
		rmap_flags |= RMAP_EXCLUSIVE;
	add_mm_counter(vma->vm_mm, MM_SWAPENTS, -1);
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
	folio_add_anon_rmap_pte(folio, rmap_flags);
	WRITE_ONCE(*ptep, mk_pte(folio_pfn(folio), 0));
	model_emit_page(model_event_kind::mapped, vma->vm_mm, address, folio_pfn(folio));
	swap_free(entry);
	spin_unlock(&pmd->ptl);
	return 1;
}

/* mm/swapfile.c: unuse_pte_range(), unuse_vma(), v6.15. Under mmap_lock. */
static int unuse_vma(vm_area_struct *vma)
{
	for (pgoff_t address = vma->vm_start; address < vma->vm_end; address++) {
		pmd_slot *pmd = pmd_offset(vma->vm_mm, address);
		swp_entry_t entry;
		folio *folio;
		pte_t pte;

		pte = READ_ONCE(*pte_offset(vma->vm_mm, address));
		if (!is_swap_pte(pte))
			continue;
		entry = pte_to_swp_entry(pte);
		folio = read_swap_cache_async(entry, vma->vm_pgoff + (address - vma->vm_start));
		if (!folio)
			continue;
		folio_lock(folio);
		folio_wait_writeback(folio);
		/* The slot may have been given away while the page was not locked. */
		if (model_folio_test(folio, PG_swapcache) && GET(folio->swap) == entry)
			FORMS.unuse_pte(vma, pmd, address, entry, folio);
		folio_free_swap(folio);
		folio_unlock(folio);
		folio_put(folio);
	}
	return 0;
}

/* mm/swapfile.c: try_to_unuse(), v6.15: until no slot is in use. */
static void try_to_unuse(void)
{
	model *m = model::current;

	for (mm_struct *mm = m->mms; mm < m->mms + m->config.nr_mms; mm++) {
		down_read(&mm->mmap_lock);
		for (vm_area_struct *vma = m->vmas; vma < m->vmas + m->config.nr_vmas; vma++) {
			if (vma->vm_mm == mm && is_cow_mapping(vma->vm_flags) && GET(vma->linked))
				unuse_vma(vma);
		}
		up_read(&mm->mmap_lock);
	}
	/* What is left has no PTE: it is in the swap cache only. */
	for (swp_entry_t entry = 0; entry < m->anon->nr_slots; entry++) {
		folio *folio = swap_cache_get_folio(entry);

		if (!folio)
			continue;
		folio_lock(folio);
		folio_wait_writeback(folio);
		folio_free_swap(folio);
		folio_unlock(folio);
		folio_put(folio);
	}
}

static bool model_swap_in_use(void)
{
	private_memory *anon = model::current->anon;
	bool in_use = false;

	spin_lock(&anon->swap_lock);
	for (swp_entry_t entry = 0; entry < anon->nr_slots; entry++)
		in_use = in_use || GET(anon->slots[entry].swap_map) != 0;
	spin_unlock(&anon->swap_lock);
	return in_use;
}

/* mm/swapfile.c: sys_swapoff(), v6.15 */
int sys_swapoff(void)
{
	private_memory *anon = model::current->anon;
	engine::RetryLoop loop;

	spin_lock(&anon->swap_lock);
	uint32_t was = anon->swap_writeok.peek();
	engine::Execution::current().observe(anon->swap_writeok, was);
	MODEL_WRITE_HERE(anon->swap_writeok, uint32_t(0));
	spin_unlock(&anon->swap_lock);
	if (!was)
		return -EINVAL;
	while (model_swap_in_use()) {
		try_to_unuse();
		loop.again();
	}
	return 0;
}

} /* namespace kernel */
