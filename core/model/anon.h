/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Anonymous memory: page frames of their own, copy on write, fork, the swap cache, reclaim.
 *
 * Left out everywhere: large folios, KSM, userfaultfd, mlock, memory cgroups, NUMA, the TLB, the per-CPU batches of the
 * LRU lists (a page is on its list at once).
 */
#ifndef DAXRACE_CORE_MODEL_ANON_H_
#define DAXRACE_CORE_MODEL_ANON_H_

#include "core/model/dax.h"
#include "core/model/page.h"

namespace kernel
{

/* The first frame of anonymous memory. */
inline constexpr uint64_t ANON_PFN = 0x300000;

enum : uint32_t {
	PG_lru = 0x01,
	PG_dirty = 0x02,
	PG_writeback = 0x04,
	PG_swapcache = 0x08,
	PG_anon_exclusive = 0x10,
};

struct folio {
	Atomic<int32_t> _refcount;
	Atomic<int32_t> _mapcount; /* the kernel's and one more */
	Atomic<uint32_t> flags;
	engine::Mutex lock;   /* PG_locked */
	Plain<uint32_t> swap; /* its slot, while it is in the swap cache; under PG_locked */
	Plain<pgoff_t> index; /* set before anybody can find it */
	Atomic<uint64_t> *cells;
};

using swp_entry_t = uint32_t; /* a slot */

/* include/linux/swap.h */
enum : uint8_t {
	SWAP_HAS_CACHE = 0x40
};

struct swap_slot {
	Plain<uint8_t>
		swap_map; /* PTEs that refer to it, SWAP_HAS_CACHE; under the lock of the device */
	Atomic<uint32_t> cached; /* the swap cache: number of the folio and one, or 0 */
	Plain<uint64_t> *data;
};

/* All that private memory needs. Not there in a program that has none. */
struct private_memory {
	folio *folios;
	uint32_t nr_folios;
	spinlock_t zone_lock;
	engine::Object zone_state;
	uint32_t *free_stack; /* the top is the most recently freed */
	uint32_t nr_free;

	/* One tree of reverse mappings, and so one lock: as of processes that come from one another by fork. */
	rw_semaphore anon_vma_lock;

	swap_slot *slots;
	uint32_t nr_slots;
	spinlock_t swap_lock;
	Atomic<uint32_t> swap_writeok; /* SWP_WRITEOK */
	wait_queue_head_t writeback_wait;
};

using rmap_t = unsigned int;
enum : rmap_t {
	RMAP_NONE = 0,
	RMAP_EXCLUSIVE = 1
};

/* --- page table entries ---------------------------------------------------------------------------------------- */

enum : uint64_t {
	_PAGE_SWP_EXCLUSIVE = 0x40,
	_PAGE_SWP = 0x80, /* not present: the slot is where the frame number is */
};

/* The MMU sets the dirty bit without the page table lock, so whoever takes a PTE away takes it in one step. */
#define ptep_get_and_clear(ptep) \
	(ptep)->exchange(pte_t(0), Order::kFull, SITE("ptep_get_and_clear", "pte"))
#define ptep_set_wrprotect(ptep) \
	(ptep)->fetch_and(~pte_t(_PAGE_RW), Order::kFull, SITE("ptep_set_wrprotect", "pte"))

inline bool is_swap_pte(pte_t pte)
{
	return !pte_present(pte) && !pte_none(pte);
}
inline pte_t swp_entry_to_pte(swp_entry_t entry)
{
	return pte_t(entry) << _PAGE_PFN_SHIFT | _PAGE_SWP;
}
inline swp_entry_t pte_to_swp_entry(pte_t pte)
{
	return swp_entry_t(pte >> _PAGE_PFN_SHIFT);
}
/* Without __HAVE_ARCH_PTE_SWP_EXCLUSIVE the bit is never there. */
inline pte_t pte_swp_mkexclusive(pte_t pte)
{
	return model::current->config.swap_exclusive ? pte | _PAGE_SWP_EXCLUSIVE : pte;
}
inline bool pte_swp_exclusive(pte_t pte)
{
	return (pte & _PAGE_SWP_EXCLUSIVE) != 0;
}
inline pte_t pte_swp_clear_exclusive(pte_t pte)
{
	return pte & ~pte_t(_PAGE_SWP_EXCLUSIVE);
}

inline bool vma_is_anonymous(const vm_area_struct *vma)
{
	return !vma->f_mapping;
}
inline bool is_cow_mapping(unsigned int flags)
{
	return !(flags & VM_SHARED);
}

/* --- folios: anon.cc ------------------------------------------------------------------------------------------- */

/* The anonymous page that a present PTE maps; null: it maps something else. */
inline folio *model_anon_folio(uint64_t pfn)
{
	return pfn >= ANON_PFN ? &model::current->anon->folios[pfn - ANON_PFN] : nullptr;
}
inline uint64_t folio_pfn(const folio *folio)
{
	return ANON_PFN + uint64_t(folio - model::current->anon->folios);
}

void model_boot_anon(model *m);
folio *model_alloc_folio(pgoff_t index);
void folio_get(folio *folio);
bool folio_try_get(folio *folio, int32_t refs = 1);
void folio_put(folio *folio);
void folio_put_refs(folio *folio, int32_t refs);
int32_t folio_ref_count(folio *folio);
bool folio_ref_freeze(folio *folio, int32_t count);
void folio_ref_unfreeze(folio *folio, int32_t count);
bool model_folio_test(folio *folio, uint32_t flag);
void model_folio_set(folio *folio, uint32_t flag);
void model_folio_clear(folio *folio, uint32_t flag);
bool model_folio_test_clear(folio *folio, uint32_t flag);
bool folio_mapped(folio *folio);
bool folio_maybe_dma_pinned(folio *folio);
void folio_lock(folio *folio);
bool folio_trylock(folio *folio);
void folio_unlock(folio *folio);
void folio_wait_writeback(folio *folio);
void folio_end_writeback(folio *folio);
void free_unref_page(folio *folio);
void copy_user_highpage(folio *to, folio *from);

void model_lru_add(folio *folio);

bool PageAnonExclusive(folio *folio);
void SetPageAnonExclusive(folio *folio);
void folio_add_new_anon_rmap(folio *folio, rmap_t flags);
void folio_add_anon_rmap_pte(folio *folio, rmap_t flags);
void folio_remove_rmap_pte(folio *folio);
int folio_try_dup_anon_rmap_pte(folio *folio);
int folio_try_share_anon_rmap_pte(folio *folio);

vm_fault_t do_anonymous_page(vm_fault *vmf);
vm_fault_t do_cow_fault(vm_fault *vmf);
vm_fault_t finish_fault(vm_fault *vmf);
vm_fault_t model_do_wp_private(vm_fault *vmf);
void wp_page_reuse(vm_fault *vmf);
vm_fault_t wp_page_copy(vm_fault *vmf, folio *old_folio, page *old_page);
void model_copy_from_block(folio *to, uint64_t block);

/* The page of a PTE is gone from it: what zap_pte_range() does with a page or a swap entry. */
void model_zap_private_pte(vm_area_struct *vma, pgoff_t address, pte_t pte);
void model_unlink_anon_vma(vm_area_struct *vma);
void model_link_anon_vma(vm_area_struct *vma);

/* --- vmscan.cc, fork.cc --------------------------------------------------------------------------------------- */

bool try_to_unmap_one(folio *folio, vm_area_struct *vma, pgoff_t address);
void copy_nonpresent_pte(mm_struct *dst_mm, Atomic<pte_t> *dst_pte, Atomic<pte_t> *src_pte);

/* --- what observers are told ------------------------------------------------------------------------------------- */

void model_emit_page(model_event_kind kind, mm_struct *mm, pgoff_t address, uint64_t value);
void model_emit_forked(mm_struct *src, mm_struct *dst, pgoff_t address, unsigned int cell);
void model_emit_forked_page(mm_struct *src, mm_struct *dst, pgoff_t address);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_ANON_H_ */
