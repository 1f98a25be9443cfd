/* SPDX-License-Identifier: GPL-2.0-only */
/* mm/memory.c: faults on private memory: the first touch, copy on write, and what is left when a PTE goes. */
#include "core/model/pgmap.h"
#include "core/model/swap.h"

namespace kernel
{

/* mm/memory.c: maybe_mkwrite(), v6.15 */
static pte_t maybe_mkwrite(pte_t pte, vm_area_struct *vma)
{
	return vma->vm_flags & VM_WRITE ? pte | _PAGE_RW : pte;
}

/* mm/memory.c: do_anonymous_page(), v6.15 */
vm_fault_t do_anonymous_page(vm_fault *vmf)
{
	mm_struct *mm = vmf->vma->vm_mm;
	Atomic<pte_t> *pte = pte_offset(mm, vmf->address);
	folio *folio;
	pte_t entry;

	model_pte_alloc(mm, vmf->pmd);
	if (!(vmf->flags & FAULT_FLAG_WRITE)) {
		spin_lock(&vmf->pmd->ptl);
		if (pte_none(READ_ONCE(*pte)))
			WRITE_ONCE(*pte, mk_pte(ZERO_PFN, _PAGE_SPECIAL));
		spin_unlock(&vmf->pmd->ptl);
		return 0;
	}

	folio = model_alloc_folio(vmf->pgoff);
	if (!folio)
		return VM_FAULT_OOM;
	entry = mk_pte(folio_pfn(folio), 0);
	if (vmf->vma->vm_flags & VM_WRITE)
		entry |= _PAGE_DIRTY | _PAGE_RW;

	spin_lock(&vmf->pmd->ptl);
	if (!pte_none(READ_ONCE(*pte))) {
		spin_unlock(&vmf->pmd->ptl);
		folio_put(folio);
		return 0;
	}
	add_mm_counter(mm, MM_ANONPAGES, 1);
	folio_add_new_anon_rmap(folio, RMAP_EXCLUSIVE);
	WRITE_ONCE(*pte, entry);
	model_emit_page(model_event_kind::mapped, mm, vmf->address, folio_pfn(folio));
	spin_unlock(&vmf->pmd->ptl);
	return 0;
}

/* mm/memory.c: wp_can_reuse_anon_folio(), v6.15 */
static bool wp_can_reuse_anon_folio(folio *folio)
{
	int32_t count = folio_ref_count(folio);
	bool cached;

	if (count > 3)
		return false;
	count = folio_ref_count(folio);
	cached = model_folio_test(folio, PG_swapcache);
	if (count > 1 + cached)
		return false;
	if (!folio_trylock(folio))
		return false;
	if (model_folio_test(folio, PG_swapcache))
		folio_free_swap(folio);
	if (folio_ref_count(folio) != 1) {
		folio_unlock(folio);
		return false;
	}
	/* folio_move_anon_rmap() */
	folio_unlock(folio);
	return true;
}

/* mm/memory.c: wp_page_reuse(), v6.15 */
void wp_page_reuse(vm_fault *vmf)
{
	WRITE_ONCE(*pte_offset(vmf->vma->vm_mm, vmf->address),
		   maybe_mkwrite(vmf->orig_pte | _PAGE_DIRTY, vmf->vma));
	spin_unlock(&vmf->pmd->ptl);
}

/* __wp_page_copy_user() of a page of a file: each cell is a load, and begins the history of the copy. */
void model_copy_from_block(folio *to, uint64_t block)
{
	const model_config &config = model::current->config;

	for (unsigned int c = 0; c < config.cells; c++) {
		uint64_t value = block < ZERO_PFN ? READ_ONCE(model_cell(block, c)->data) : 0;

		if (block < ZERO_PFN)
			model_touch(block);
		MODEL_WRITE_HERE(to->cells[c], value);
	}
}

/* The private copy of a page of a file begins its own history with what was copied. Once it is in the page table. */
static void model_emit_copied(vm_fault *vmf, folio *folio)
{
	const model_config &config = model::current->config;

	for (unsigned int c = 0; c < config.cells; c++) {
		model_event event{ model_event_kind::copied };

		event.mm = vmf->vma->vm_mm;
		event.inode = vmf->vma->f_mapping->host;
		event.file_cell = vmf->pgoff * config.cells + c;
		event.cell = vmf->address * config.cells + c;
		event.value = folio->cells[c].peek();
		model_emit(event);
	}
}

/*
 * mm/memory.c: wp_page_copy(), v6.15. The old page has a reference of ours: `old_folio` if it is anonymous, `old_page`
 * if it is a file's and counted.
 */
vm_fault_t wp_page_copy(vm_fault *vmf, folio *old_folio, page *old_page)
{
	mm_struct *mm = vmf->vma->vm_mm;
	Atomic<pte_t> *pte = pte_offset(mm, vmf->address);
	folio *new_folio = model_alloc_folio(vmf->pgoff);
	bool page_copied = false;

	if (!new_folio) {
		if (old_folio)
			folio_put(old_folio);
		if (old_page)
			folio_put(old_page);
		return VM_FAULT_OOM;
	}
	if (old_folio)
		copy_user_highpage(new_folio, old_folio);
	else
		model_copy_from_block(new_folio, pte_pfn(vmf->orig_pte));

	/* The lock was dropped. */
	spin_lock(&vmf->pmd->ptl);
	if (READ_ONCE(*pte) == vmf->orig_pte) {
		pte_t entry = mk_pte(folio_pfn(new_folio), 0);

		if (old_page)
			add_mm_counter(mm, MM_FILEPAGES, -1);
		if (!old_folio)
			add_mm_counter(mm, MM_ANONPAGES, 1);
		if (!(vmf->flags & FAULT_FLAG_UNSHARE))
			entry = maybe_mkwrite(entry | _PAGE_DIRTY, vmf->vma);

		WRITE_ONCE(*pte, pte_t(0)); /* ptep_clear_flush() */
		folio_add_new_anon_rmap(new_folio, RMAP_EXCLUSIVE);
		WRITE_ONCE(*pte, entry);
		model_emit_page(model_event_kind::mapped, mm, vmf->address, folio_pfn(new_folio));
		if (old_folio)
			folio_remove_rmap_pte(old_folio);
		else if (!vma_is_anonymous(vmf->vma))
			model_emit_copied(vmf, new_folio);
		if (old_page)
			folio_remove_rmap(old_page);
		new_folio = old_folio;
		page_copied = true;
	}
	spin_unlock(&vmf->pmd->ptl);

	if (new_folio)
		folio_put(new_folio);
	if (old_folio) {
		if (page_copied)
			free_swap_cache(old_folio);
		folio_put(old_folio);
	}
	if (old_page) {
		if (page_copied)
			folio_put(old_page); /* the mapping's */
		folio_put(old_page);
	}
	return 0;
}

/* mm/memory.c: do_wp_page(), v6.15, what it does for a private mapping. Drops the page table lock. */
vm_fault_t model_do_wp_private(vm_fault *vmf)
{
	folio *folio = model_anon_folio(pte_pfn(vmf->orig_pte));
	page *page = FORMS.vm_normal_page(pte_pfn(vmf->orig_pte));

	if (folio) {
		bool exclusive = FORMS.PageAnonExclusive(folio);

		if (exclusive || wp_can_reuse_anon_folio(folio)) {
			if (!exclusive)
				FORMS.SetPageAnonExclusive(folio);
			if (vmf->flags & FAULT_FLAG_UNSHARE) {
				spin_unlock(&vmf->pmd->ptl);
				return 0;
			}
			wp_page_reuse(vmf);
			return 0;
		}
		folio_get(folio);
	}
	if (page)
		folio_get(page);
	spin_unlock(&vmf->pmd->ptl);
	return wp_page_copy(vmf, folio, page);
}

/* mm/memory.c: do_cow_fault(), v6.15. Left out: file systems whose fault returns a page to be copied. */
vm_fault_t do_cow_fault(vm_fault *vmf)
{
	vm_fault_t ret;

	vmf->cow_page = model_alloc_folio(vmf->pgoff);
	if (!vmf->cow_page)
		return VM_FAULT_OOM;
	ret = testfs_dax_huge_fault(vmf, false); /* __do_fault() */
	if (!(ret & VM_FAULT_DONE_COW))
		folio_put(vmf->cow_page);
	return ret;
}

/* mm/memory.c: finish_fault(), set_pte_range(), v6.15, for the copy of a page of a file. */
vm_fault_t finish_fault(vm_fault *vmf)
{
	mm_struct *mm = vmf->vma->vm_mm;
	Atomic<pte_t> *pte = pte_offset(mm, vmf->address);

	model_pte_alloc(mm, vmf->pmd);
	spin_lock(&vmf->pmd->ptl);
	if (!pte_none(READ_ONCE(*pte))) {
		spin_unlock(&vmf->pmd->ptl);
		return VM_FAULT_NOPAGE;
	}
	add_mm_counter(mm, MM_ANONPAGES, 1);
	folio_add_new_anon_rmap(vmf->cow_page, RMAP_EXCLUSIVE);
	WRITE_ONCE(*pte, maybe_mkwrite(mk_pte(folio_pfn(vmf->cow_page), _PAGE_DIRTY), vmf->vma));
	model_emit_page(model_event_kind::mapped, mm, vmf->address, folio_pfn(vmf->cow_page));
	model_emit_copied(vmf, vmf->cow_page);
	spin_unlock(&vmf->pmd->ptl);
	return 0;
}

/* mm/memory.c: zap_present_ptes(), zap_nonpresent_ptes(), v6.15, after the PTE was cleared. Under its lock. */
void model_zap_private_pte(vm_area_struct *vma, pgoff_t address, pte_t pte)
{
	folio *folio = pte_present(pte) ? model_anon_folio(pte_pfn(pte)) : nullptr;

	if (!folio && !is_swap_pte(pte))
		return;
	model_emit_page(model_event_kind::discarded, vma->vm_mm, address, vma_is_anonymous(vma));
	if (is_swap_pte(pte)) {
		add_mm_counter(vma->vm_mm, MM_SWAPENTS, -1);
		free_swap_and_cache(pte_to_swp_entry(pte));
		return;
	}
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, -1);
	folio_remove_rmap_pte(folio);
	/* The kernel drops these after the lock, in tlb_finish_mmu(): free_swap_cache(), folio_put(). */
	free_swap_cache(folio);
	folio_put(folio);
}

} /* namespace kernel */
