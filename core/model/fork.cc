/* SPDX-License-Identifier: GPL-2.0-only */
/* kernel/fork.c, mm/memory.c: fork(2) copies the mappings of a process, and the page tables of private ones. */
#include "core/model/fork.h"

#include "core/model/file.h"

namespace kernel
{

/* mm/memory.c: copy_nonpresent_pte(), v6.15, of a swap entry. Both page table locks are held. */
void copy_nonpresent_pte(mm_struct *dst_mm, Atomic<pte_t> *dst_pte, Atomic<pte_t> *src_pte)
{
	pte_t pte = READ_ONCE(*src_pte);

	if (swap_duplicate(pte_to_swp_entry(pte)) < 0)
		return;
	/* From now on it is shared, for both. */
	if (pte_swp_exclusive(pte)) {
		pte = pte_swp_clear_exclusive(pte);
		WRITE_ONCE(*src_pte, pte);
	}
	WRITE_ONCE(*dst_pte, pte);
	add_mm_counter(dst_mm, MM_SWAPENTS, 1);
}

/* mm/memory.c: copy_present_page(), v6.15. The page may be pinned: the child has a copy of its own from the start. */
static int copy_present_page(vm_area_struct *dst_vma, vm_area_struct *src_vma, pgoff_t address,
			     folio *folio, struct folio **prealloc)
{
	Atomic<pte_t> *dst_pte = pte_offset(dst_vma->vm_mm, address);
	struct folio *new_folio = *prealloc;

	if (!new_folio)
		return -EAGAIN;
	*prealloc = nullptr;
	for (unsigned int c = 0; c < model::current->config.cells; c++) {
		uint64_t value = READ_ONCE(folio->cells[c]);

		MODEL_WRITE_HERE(new_folio->cells[c], value);
		model_emit_forked(src_vma->vm_mm, dst_vma->vm_mm, address, c);
	}
	folio_add_new_anon_rmap(new_folio, RMAP_EXCLUSIVE);
	add_mm_counter(dst_vma->vm_mm, MM_ANONPAGES, 1);
	WRITE_ONCE(*dst_pte, mk_pte(folio_pfn(new_folio), _PAGE_DIRTY) |
				     (dst_vma->vm_flags & VM_WRITE ? uint64_t(_PAGE_RW) : 0));
	return 0;
}

/*
 * mm/memory.c: copy_present_ptes(), v6.15. Left out: pages of a file and the zero page, which the child's own faults
 * find again.
 */
static int copy_present_ptes(vm_area_struct *dst_vma, vm_area_struct *src_vma, pgoff_t address,
			     struct folio **prealloc)
{
	Atomic<pte_t> *src_pte = pte_offset(src_vma->vm_mm, address);
	Atomic<pte_t> *dst_pte = pte_offset(dst_vma->vm_mm, address);
	pte_t pte = READ_ONCE(*src_pte);
	folio *folio = model_anon_folio(pte_pfn(pte));

	if (!folio)
		return 0;
	folio_get(folio);
	if (FORMS.folio_try_dup_anon_rmap_pte(folio)) {
		folio_put(folio);
		return copy_present_page(dst_vma, src_vma, address, folio, prealloc);
	}
	add_mm_counter(dst_vma->vm_mm, MM_ANONPAGES, 1);
	if (pte_write(pte)) {
		ptep_set_wrprotect(src_pte);
		pte &= ~pte_t(_PAGE_RW);
	}
	WRITE_ONCE(*dst_pte, pte);
	model_emit_forked_page(src_vma->vm_mm, dst_vma->vm_mm, address);
	return 0;
}

/* mm/memory.c: copy_pte_range(), v6.15. A page for a copy is allocated without the locks. */
static int copy_pte_range(vm_area_struct *dst_vma, vm_area_struct *src_vma, pgoff_t addr,
			  pgoff_t end)
{
	pmd_slot *src_pmd = pmd_offset(src_vma->vm_mm, addr);
	pmd_slot *dst_pmd = pmd_offset(dst_vma->vm_mm, addr);
	folio *prealloc = nullptr;
	int ret = 0;

	model_pte_alloc(dst_vma->vm_mm, dst_pmd);
again:
	spin_lock(&dst_pmd->ptl);
	spin_lock_nested(&src_pmd->ptl, 1); /* SINGLE_DEPTH_NESTING */
	for (; addr < end; addr++) {
		pte_t pte = READ_ONCE(*pte_offset(src_vma->vm_mm, addr));

		ret = 0;
		if (is_swap_pte(pte)) {
			FORMS.copy_nonpresent_pte(dst_vma->vm_mm, pte_offset(dst_vma->vm_mm, addr),
						  pte_offset(src_vma->vm_mm, addr));
			model_emit_forked_page(src_vma->vm_mm, dst_vma->vm_mm, addr);
		} else if (pte_present(pte))
			ret = copy_present_ptes(dst_vma, src_vma, addr, &prealloc);
		if (ret)
			break;
	}
	spin_unlock(&src_pmd->ptl);
	spin_unlock(&dst_pmd->ptl);
	if (ret == -EAGAIN) {
		prealloc = model_alloc_folio(src_vma->vm_pgoff + (addr - src_vma->vm_start));
		if (!prealloc)
			return -ENOMEM;
		goto again;
	}
	if (prealloc)
		folio_put(prealloc);
	return ret;
}

/* mm/memory.c: copy_page_range(), copy_pmd_range(), v6.15. Both mmap_locks are held for writing. */
static int copy_page_range(vm_area_struct *dst_vma, vm_area_struct *src_vma)
{
	pgoff_t next;
	int ret = 0;

	if (!is_cow_mapping(src_vma->vm_flags)) /* vma_needs_copy() */
		return 0;
	/* GUP-fast looks whether pages were shared while it took its pin. */
	raw_write_seqcount_begin(&src_vma->vm_mm->write_protect_seq);
	for (pgoff_t addr = src_vma->vm_start; addr < src_vma->vm_end; addr = next) {
		pmd_t pmd = READ_ONCE(pmd_offset(src_vma->vm_mm, addr)->pmd);
		pgoff_t pmd_end = (addr | (PMD_NR - 1)) + 1;

		next = src_vma->vm_end < pmd_end ? src_vma->vm_end : pmd_end;
		if (pmd_none(pmd) || pmd_trans_huge(pmd))
			continue; /* of a file: copy_huge_pmd() leaves it to a fault */
		ret = copy_pte_range(dst_vma, src_vma, addr, next);
		if (ret)
			break;
	}
	raw_write_seqcount_end(&src_vma->vm_mm->write_protect_seq);
	return ret;
}

/* kernel/fork.c: the part of dup_mmap() that is about one VMA, v6.15 */
static int model_dup_vma(vm_area_struct *dst, vm_area_struct *src, mm_struct *mm)
{
	dst->vm_start = src->vm_start;
	dst->vm_end = src->vm_end;
	dst->vm_pgoff = src->vm_pgoff;
	dst->vm_flags = src->vm_flags;
	SET(dst->prot, src->vm_flags);
	dst->vm_mm = mm;
	dst->f_mapping = src->f_mapping;
	dst->vm_file = src->vm_file ? FORMS.model_vma_get_file(src->vm_file) : nullptr;
	SET(dst->linked, true);
	if (is_cow_mapping(dst->vm_flags))
		model_link_anon_vma(dst); /* anon_vma_fork() */
	if (dst->f_mapping) {
		down_write(&dst->f_mapping->i_mmap_rwsem);
		SET(dst->in_i_mmap, true);
		up_write(&dst->f_mapping->i_mmap_rwsem);
	}
	return copy_page_range(dst, src);
}

/*
 * kernel/fork.c: sys_fork(), dup_mmap(), v6.15. Left out: everything but memory. The child is a process whose tasks
 * exist already: until now they had no mapping.
 */
int sys_fork(mm_struct *oldmm, mm_struct *mm, std::span<const model_vma_pair> vmas)
{
	int ret = 0;

	if (oldmm == mm)
		return -EINVAL;
	down_write(&oldmm->mmap_lock);
	down_write_nested(&mm->mmap_lock, 1);
	if (GET(mm->forked))
		ret = -EEXIST;
	else
		SET(mm->forked, true);
	for (const model_vma_pair &pair : vmas) {
		if (!ret && pair.src->vm_mm == oldmm && GET(pair.src->linked))
			ret = model_dup_vma(pair.dst, pair.src, mm);
	}
	up_write(&mm->mmap_lock);
	up_write(&oldmm->mmap_lock);
	return ret;
}

} /* namespace kernel */
