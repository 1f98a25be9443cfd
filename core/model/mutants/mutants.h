/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Wrong forms: what a function would be with one ordering, lock, flush or wake-up taken out. They show that a clean
 * result is worth something: the bounds that prove the right form must find each of these.
 */
#ifndef DAXRACE_CORE_MODEL_MUTANTS_MUTANTS_H_
#define DAXRACE_CORE_MODEL_MUTANTS_MUTANTS_H_

#include "core/model/dax.h"

namespace kernel
{

int dax_writeback_one_head_lookup(xa_state *xas, address_space *mapping, xa_entry entry);
int dax_writeback_one_head_page(xa_state *xas, address_space *mapping, xa_entry entry);
int dax_writeback_one_flush_first(xa_state *xas, address_space *mapping, xa_entry entry);
int dax_writeback_one_clean_first(xa_state *xas, address_space *mapping, xa_entry entry);
int dax_writeback_one_unlocked(xa_state *xas, address_space *mapping, xa_entry entry);
vm_fault_t dax_iomap_pte_fault_unlocks_early(vm_fault *vmf);
int __dax_invalidate_entry_no_wait(address_space *mapping, pgoff_t index, bool trunc);
int invalidate_inode_pages2_range_no_unmap(address_space *mapping, pgoff_t start, pgoff_t end);
int invalidate_inode_pages2_range_unmap_first(address_space *mapping, pgoff_t start, pgoff_t end);
vm_fault_t dax_finish_sync_fault_no_commit(vm_fault *vmf, bool pmd);
vm_fault_t dax_finish_sync_fault_maps_first(vm_fault *vmf, bool pmd);
vm_fault_t dax_insert_pfn_mkwrite_not_dirty(vm_fault *vmf, bool pmd);
vm_fault_t do_swap_page_no_recheck(vm_fault *vmf);
vm_fault_t do_swap_page_not_stable(vm_fault *vmf);
bool try_to_unmap_one_two_steps(folio *folio, vm_area_struct *vma, pgoff_t address);
void copy_nonpresent_pte_keeps_exclusive(mm_struct *dst_mm, Atomic<pte_t> *dst_pte,
					 Atomic<pte_t> *src_pte);
file *model_vma_get_file_none(file *file);
bool model_inode_freeing_ignored(inode *inode);
void testfs_evict_inode_leaks_blocks(inode *inode);
int ext4_fallocate_keeps_faults(inode *inode, unsigned int mode, pgoff_t offset, pgoff_t len);
int ext4_fallocate_no_break(inode *inode, unsigned int mode, pgoff_t offset, pgoff_t len);
int xfs_file_fallocate_keeps_faults(inode *ip, unsigned int mode, pgoff_t offset, pgoff_t len);
int xfs_file_fallocate_no_break(inode *ip, unsigned int mode, pgoff_t offset, pgoff_t len);
int testfs_map_blocks_create_no_recheck(inode *inode, pgoff_t pos, pgoff_t len, unsigned int flags,
					struct iomap *map);
int xfs_iomap_write_direct_no_recheck(iomap_iter *iter);
int ext4_collapse_range_no_truncate(inode *inode, pgoff_t offset, pgoff_t len);
int testfs_create_extent_no_zeroing(inode *inode, unsigned int flags, struct iomap *map);
void xfs_file_fsync_no_force(inode *ip);

bool gup_fast_pte_range_no_recheck(mm_struct *mm, pgoff_t address, unsigned int flags,
				   model_pin *pin);
void memunmap_pages_keeps_disk(dev_pagemap *pgmap);
void folio_put_refs_other_key(page *page, uint32_t refs);
int wait_page_idle_keeps_lock(page *page, inode *inode, bool interruptible);
int wait_page_idle_uninterruptible(page *page, inode *inode, bool interruptible);
vm_fault_t dax_iomap_pte_fault_rwsem(vm_fault *vmf);
int ext4_break_layouts_no_error(inode *inode);
int xfs_break_dax_layouts_no_error(inode *ip);
void testfs_evict_inode_interruptible(inode *inode);
dentry *lookup_open_shared(uint32_t name, inode *creat);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_MUTANTS_MUTANTS_H_ */
