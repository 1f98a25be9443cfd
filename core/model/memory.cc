/* SPDX-License-Identifier: GPL-2.0-only */
/* mm/memory.c: faults, insertion of PTEs, unmapping. */
#include "core/model/page.h"
#include "core/model/page_alloc.h"
#include "core/model/swap.h"

#include <iterator>

namespace kernel
{

/* pte_alloc(): tables of PTEs exist from the start and are linked here. */
void model_pte_alloc(mm_struct *mm, pmd_slot *pmd)
{
	if (!pmd_none(READ_ONCE(pmd->pmd)))
		return;
	model_alloc(GFP_KERNEL); /* pte_alloc_one(): GFP_PGTABLE_USER */
	spin_lock(&mm->page_table_lock);
	if (pmd_none(READ_ONCE(pmd->pmd)))
		WRITE_ONCE(pmd->pmd, pmd_t(_PAGE_TABLE));
	spin_unlock(&mm->page_table_lock);
}

/*
 * include/linux/mm.h: add_mm_counter(), v6.15. No step: the sums of CPUs are added up when the process is gone, check_mm(),
 * and additions commute.
 */
void add_mm_counter(mm_struct *mm, mm_counter member, int64_t value)
{
	const int64_t before = mm->rss_stat[member];

	mm->rss_stat[member] = before + value;
	engine::Execution::current().changed(mm->rss_state[member], uint64_t(before),
					     uint64_t(before + value));
}

/* mm/memory.c: maybe_mkwrite(), v6.15 */
static pte_t maybe_mkwrite(pte_t pte, vm_area_struct *vma)
{
	return vma->vm_flags & VM_WRITE ? pte | _PAGE_RW : pte;
}

/* mm/memory.c: insert_page_into_pte_locked(), v6.15 */
int insert_page_into_pte_locked(vm_area_struct *vma, Atomic<pte_t> *pte, uint64_t pfn, bool mkwrite)
{
	pte_t pteval = READ_ONCE(*pte);

	if (!pte_none(pteval)) {
		if (!mkwrite)
			return -EBUSY;
		if (pte_pfn(pteval) != pfn) {
			WARN_ON_ONCE(pte_pfn(pteval) != ZERO_PFN);
			return -EFAULT;
		}
		WRITE_ONCE(*pte, maybe_mkwrite(pteval, vma));
		return 0;
	}

	if (page *page = pfn_to_page(pfn)) {
		folio_get(page);
		add_mm_counter(vma->vm_mm, MM_FILEPAGES, 1);
		folio_add_file_rmap(page);
	}
	pteval = mk_pte(pfn, pfn == ZERO_PFN ? uint64_t(_PAGE_SPECIAL) : 0);
	if (mkwrite)
		pteval = maybe_mkwrite(pteval | _PAGE_DIRTY, vma);
	WRITE_ONCE(*pte, pteval);
	return 0;
}

/* mm/memory.c: vmf_insert_page_mkwrite(), v6.15 */
vm_fault_t vmf_insert_page_mkwrite(vm_fault *vmf, uint64_t pfn, bool write)
{
	int err;

	model_pte_alloc(vmf->vma->vm_mm, vmf->pmd);
	spin_lock(&vmf->pmd->ptl);
	err = insert_page_into_pte_locked(vmf->vma, pte_offset(vmf->vma->vm_mm, vmf->address), pfn,
					  write);
	spin_unlock(&vmf->pmd->ptl);
	if (err < 0 && err != -EBUSY)
		return VM_FAULT_SIGBUS;
	return VM_FAULT_NOPAGE;
}

/* mm/memory.c: do_wp_page(), v6.15. */
static vm_fault_t do_wp_page(vm_fault *vmf)
{
	if (is_cow_mapping(vmf->vma->vm_flags))
		return FORMS.model_do_wp_private(vmf);
	/* ->pfn_mkwrite and ->page_mkwrite are the fault handler of the file system */
	spin_unlock(&vmf->pmd->ptl);
	return testfs_dax_huge_fault(vmf, false);
}

/* mm/memory.c: do_pte_missing(), do_fault(), v6.15 */
static vm_fault_t do_pte_missing(vm_fault *vmf)
{
	if (vma_is_anonymous(vmf->vma))
		return do_anonymous_page(vmf);
	if ((vmf->flags & FAULT_FLAG_WRITE) && is_cow_mapping(vmf->vma->vm_flags))
		return do_cow_fault(vmf);
	return testfs_dax_huge_fault(vmf, false);
}

/* mm/memory.c: handle_pte_fault(), v6.15. Left out: NUMA, accessed bits. */
static vm_fault_t handle_pte_fault(vm_fault *vmf)
{
	Atomic<pte_t> *ptep = pte_offset(vmf->vma->vm_mm, vmf->address);
	pte_t orig_pte;
	pte_t pte;

	if (pmd_none(READ_ONCE(vmf->pmd->pmd)))
		return do_pte_missing(vmf);

	orig_pte = READ_ONCE(*ptep);
	if (pte_none(orig_pte))
		return do_pte_missing(vmf);
	vmf->orig_pte = orig_pte;
	if (is_swap_pte(orig_pte))
		return FORMS.do_swap_page(vmf);

	spin_lock(&vmf->pmd->ptl);
	pte = READ_ONCE(*ptep);
	if (pte == orig_pte && (vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE))) {
		if (!pte_write(pte))
			return do_wp_page(vmf);
		if ((vmf->flags & FAULT_FLAG_WRITE) && !pte_dirty(pte))
			WRITE_ONCE(*ptep, pte | _PAGE_DIRTY);
	}
	spin_unlock(&vmf->pmd->ptl);
	return 0;
}

/* mm/huge_memory.c: huge_pmd_set_accessed(), v6.15. Left out: the bits; what is left waits for the lock's holder. */
static void huge_pmd_set_accessed(vm_fault *vmf)
{
	spin_lock(&vmf->vma->vm_mm->page_table_lock);
	spin_unlock(&vmf->vma->vm_mm->page_table_lock);
}

/* mm/memory.c: handle_mm_fault(), __handle_mm_fault(), v6.15. Left out: PUDs, migration, NUMA. */
vm_fault_t handle_mm_fault(vm_area_struct *vma, pgoff_t address, unsigned int flags)
{
	vm_fault vmf = { vma,
			 address,
			 address - vma->vm_start + vma->vm_pgoff,
			 flags,
			 pmd_offset(vma->vm_mm, address),
			 0,
			 0,
			 0 };
	pgoff_t haddr = address & ~pgoff_t(PMD_NR - 1);
	bool suitable = haddr >= vma->vm_start &&
			haddr + PMD_NR <= vma->vm_end; /* thp_vma_suitable_order() */
	vm_fault_t ret;

	vmf.orig_pmd = READ_ONCE(vmf.pmd->pmd);
	if (pmd_none(vmf.orig_pmd) && suitable && !vma_is_anonymous(vma)) {
		ret = testfs_dax_huge_fault(&vmf, true); /* create_huge_pmd() */
		if (!(ret & VM_FAULT_FALLBACK))
			return ret;
	} else if (pmd_trans_huge(vmf.orig_pmd)) {
		if (!(flags & FAULT_FLAG_WRITE) || (vmf.orig_pmd & _PAGE_RW)) {
			huge_pmd_set_accessed(&vmf);
			return 0;
		}
		if (!is_cow_mapping(vma->vm_flags)) { /* wp_huge_pmd() */
			ret = testfs_dax_huge_fault(&vmf, true);
			if (!(ret & VM_FAULT_FALLBACK))
				return ret;
		}
		split_huge_pmd(vma, vmf.pmd);
	}
	return handle_pte_fault(&vmf);
}

/* References that go once the TLB is flushed, which is once the lock is dropped. */
struct mmu_gather {
	unsigned int nr;
	page *pages[8];
};

/* mm/mmu_gather.c: tlb_flush_mmu(), v6.15. Left out: the TLB. */
static void tlb_flush_mmu(mmu_gather *tlb)
{
	for (unsigned int i = 0; i < tlb->nr; i++)
		folio_put(tlb->pages[i]);
	tlb->nr = 0;
}

/* mm/memory.c: zap_present_pte(), v6.15. True: no room for more. */
static bool zap_present_pte(mmu_gather *tlb, vm_area_struct *vma, pgoff_t addr, Atomic<pte_t> *pte,
			    pte_t ptent)
{
	page *page = pte_present(ptent) ? FORMS.vm_normal_page(pte_pfn(ptent)) : nullptr;

	WRITE_ONCE(*pte, pte_t(0));
	if (is_cow_mapping(vma->vm_flags))
		model_zap_private_pte(vma, addr, ptent);
	if (!page)
		return false;
	add_mm_counter(vma->vm_mm, MM_FILEPAGES, -1);
	folio_remove_rmap(page);
	tlb->pages[tlb->nr++] = page;
	return tlb->nr == std::size(tlb->pages);
}

/* mm/memory.c: zap_pte_range(), v6.15. Left out: the TLB. */
static void zap_pte_range(vm_area_struct *vma, pmd_slot *pmd, pgoff_t addr, pgoff_t end,
			  bool even_cows)
{
	mm_struct *mm = vma->vm_mm;
	mmu_gather tlb;
	bool force_flush;

	tlb.nr = 0;
	do {
		force_flush = false;
		spin_lock(&pmd->ptl);
		for (; addr < end && !force_flush; addr++) {
			Atomic<pte_t> *pte = pte_offset(mm, addr);
			pte_t ptent = READ_ONCE(*pte);

			if (pte_none(ptent))
				continue;
			/* should_zap_cows(), zap_nonpresent_ptes() */
			if (!even_cows && (is_swap_pte(ptent) || pte_pfn(ptent) >= ANON_PFN))
				continue;
			force_flush = zap_present_pte(&tlb, vma, addr, pte, ptent);
		}
		spin_unlock(&pmd->ptl);
		tlb_flush_mmu(&tlb);
	} while (force_flush);
}

/* mm/huge_memory.c: zap_huge_pmd(), v6.15. False: it is not huge any more. */
static bool zap_huge_pmd(mm_struct *mm, pmd_slot *pmd)
{
	pmd_t orig_pmd;
	bool huge;

	spin_lock(&mm->page_table_lock);
	orig_pmd = READ_ONCE(pmd->pmd);
	huge = pmd_trans_huge(orig_pmd);
	if (huge) {
		WRITE_ONCE(pmd->pmd, pmd_t(0));
		model_remove_rmap_pmd(mm, orig_pmd);
	}
	spin_unlock(&mm->page_table_lock);
	if (huge)
		model_put_pmd(orig_pmd);
	return huge;
}

/* mm/memory.c: unmap_single_vma(), zap_pmd_range(), v6.15 */
void unmap_single_vma(vm_area_struct *vma, pgoff_t start, pgoff_t end, bool even_cows)
{
	mm_struct *mm = vma->vm_mm;
	pgoff_t next;

	for (pgoff_t addr = start; addr < end; addr = next) {
		pmd_slot *pmd = pmd_offset(mm, addr);
		pgoff_t pmd_end = (addr | (PMD_NR - 1)) + 1;

		next = end < pmd_end ? end : pmd_end;
		if (pmd_trans_huge(READ_ONCE(pmd->pmd))) {
			if (next - addr != PMD_NR)
				split_huge_pmd(vma, pmd);
			else if (zap_huge_pmd(mm, pmd))
				continue;
		}
		if (pmd_none(READ_ONCE(pmd->pmd)))
			continue;
		zap_pte_range(vma, pmd, addr, next, even_cows);
	}
}

vm_area_struct *model_first_vma(address_space *mapping, pgoff_t start, pgoff_t last,
				vm_area_struct *from)
{
	model *m = model::current;

	for (vm_area_struct *vma = from; vma < m->vmas + m->config.nr_vmas; vma++) {
		if (vma->f_mapping != mapping || !GET(vma->in_i_mmap))
			continue;
		if (vma->vm_pgoff <= last && vma->vm_pgoff + (vma->vm_end - vma->vm_start) > start)
			return vma;
	}
	return nullptr;
}

/* mm/memory.c: unmap_mapping_pages(), unmap_mapping_range_tree(), v6.15 */
void unmap_mapping_pages(address_space *mapping, pgoff_t start, pgoff_t nr, bool even_cows)
{
	pgoff_t last = start + nr - 1;
	vm_area_struct *vma;

	down_read(&mapping->i_mmap_rwsem);
	vma_interval_tree_foreach(vma, mapping, start, last) {
		pgoff_t vma_last = vma->vm_pgoff + (vma->vm_end - vma->vm_start) - 1;
		pgoff_t zba = start < vma->vm_pgoff ? vma->vm_pgoff : start;
		pgoff_t zea = last > vma_last ? vma_last : last;

		FORMS.unmap_single_vma(vma, zba - vma->vm_pgoff + vma->vm_start,
				       zea - vma->vm_pgoff + vma->vm_start + 1, even_cows);
	}
	up_read(&mapping->i_mmap_rwsem);
}

} /* namespace kernel */
