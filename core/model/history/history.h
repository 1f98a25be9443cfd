/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Older forms of functions, as they were before the commits of patches.def. NAME_vX_Y: the form that release vX.Y was
 * the last to have.
 */
#ifndef DAXRACE_CORE_MODEL_HISTORY_HISTORY_H_
#define DAXRACE_CORE_MODEL_HISTORY_HISTORY_H_

#include "core/model/dma.h"
#include "core/model/swap.h"

namespace kernel
{

vm_fault_t dax_iomap_pte_fault_v4_11(vm_fault *vmf);
vm_fault_t dax_iomap_pmd_fault_v4_11(vm_fault *vmf);
int invalidate_inode_pages2_range_v4_11(address_space *mapping, pgoff_t start, pgoff_t end);
void clear_shadow_entries_v4_11(address_space *mapping, pgoff_t start, pgoff_t last);
xa_entry grab_mapping_entry_v5_2(xa_state *xas, address_space *mapping, unsigned int nr);
int dax_writeback_one_v5_18(xa_state *xas, address_space *mapping, xa_entry entry);
vm_fault_t dax_fault_iter_v6_14(vm_fault *vmf, const iomap_iter *iter, xa_state *xas,
				xa_entry *entry, bool pmd);

int dax_break_layout_v6_14(inode *inode);
vm_fault_t dax_insert_pfn_mkwrite_v6_14(vm_fault *vmf, bool pmd);
int ext4_break_layouts_v4_17(inode *inode);
int xfs_break_dax_layouts_v4_17(inode *ip);
int ext4_fallocate_v6_14(inode *inode, unsigned int mode, pgoff_t offset, pgoff_t len);
page *dax_layout_busy_page_range_v6_14(address_space *mapping);
bool dax_page_is_busy_v6_14(page *page);
int wait_page_idle_v6_14(page *page, inode *inode, bool interruptible);
uint32_t __init_zone_device_page_v6_14();
void folio_put_refs_v6_14(page *page, uint32_t refs);
page *vm_normal_page_v6_14(uint64_t pfn);
void testfs_evict_inode_v6_14(inode *inode);
void inode_pin_lru_isolating_v6_10(inode *inode);
void inode_unpin_lru_isolating_v6_10(inode *inode);
bool mapping_shrinkable_v5_15(address_space *mapping);
bool mapping_empty_v5_12(address_space *mapping);
bool folio_is_longterm_pinnable_v6_14(const model_pin *pin);
bool gup_fast_folio_allowed_v6_4(const model_pin *pin, unsigned int flags);
int pin_user_pages_fast_v5_6(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin);
int ib_umem_get_v4_14(mm_struct *mm, pgoff_t address, model_pin *pin);
bool gup_fast_v5_8(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin);
int __get_user_pages_v5_8(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin);
bool shrink_folio_list_v5_10(folio *folio);
int folio_try_dup_anon_rmap_pte_v5_8(folio *folio);
bool gup_fast_v5_10(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin);
int bio_iov_iter_get_pages_v6_4(mm_struct *mm, pgoff_t address, bool to_memory, model_pin *pin);

void dax_associate_entry_v4_16(xa_entry entry, address_space *mapping, pgoff_t index);
void dax_disassociate_entry_v4_16(xa_entry entry, address_space *mapping, bool trunc);
void dax_disassociate_entry_v6_14(xa_entry entry, address_space *mapping, bool trunc);
xa_entry dax_insert_entry_v5_1(xa_state *xas, vm_fault *vmf, const iomap_iter *iter, xa_entry entry,
			       uint64_t pfn, uint64_t flags);
bool pte_devmap_v6_14(pte_t pte);
uint32_t memremap_pages_v5_17();
void memunmap_pages_v5_17(dev_pagemap *pgmap);
void folio_put_refs_v5_17(page *page, uint32_t refs);

bool PageAnonExclusive_v5_18(folio *folio);
void SetPageAnonExclusive_v5_18(folio *folio);
int folio_try_dup_anon_rmap_pte_v5_18(folio *folio);
void sanity_check_pinned_pages_v5_18(const model_pin *pin, unsigned int flags);
bool gup_must_unshare_v5_18(unsigned int flags, folio *folio);
vm_fault_t model_do_wp_private_v5_17(vm_fault *vmf);
vm_fault_t model_do_wp_private_v5_8(vm_fault *vmf);
vm_fault_t do_swap_page_v5_17(vm_fault *vmf);
bool reuse_swap_page(folio *folio);

bool try_to_unmap_one_v5_18(folio *folio, vm_area_struct *vma, pgoff_t address);
vm_fault_t do_swap_page_v5_18(vm_fault *vmf);
void copy_nonpresent_pte_v5_18(mm_struct *dst_mm, Atomic<pte_t> *dst_pte, Atomic<pte_t> *src_pte);
int unuse_pte_v5_18(vm_area_struct *vma, pmd_slot *pmd, pgoff_t address, swp_entry_t entry,
		    folio *folio);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_HISTORY_HISTORY_H_ */
