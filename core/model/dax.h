/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fs/dax.c, as far as it is modelled, and what its parts need of mm/ and the file system.
 */
#ifndef DAXRACE_CORE_MODEL_DAX_H_
#define DAXRACE_CORE_MODEL_DAX_H_

#include "core/model/model.h"
#include "core/model/xarray.h"

namespace kernel
{

/* fs/dax.c */
xa_entry grab_mapping_entry(xa_state *xas, address_space *mapping, unsigned int nr);
xa_entry dax_insert_entry(xa_state *xas, vm_fault *vmf, const iomap_iter *iter, xa_entry entry,
			  uint64_t pfn, uint64_t flags);
void dax_associate_entry(xa_entry entry, address_space *mapping, pgoff_t index);
void dax_disassociate_entry(xa_entry entry, address_space *mapping, bool trunc);
vm_fault_t dax_load_hole(xa_state *xas, vm_fault *vmf, const iomap_iter *iter, xa_entry *entry);
vm_fault_t dax_pmd_load_hole(xa_state *xas, vm_fault *vmf, const iomap_iter *iter, xa_entry *entry);
vm_fault_t dax_fault_cow_page(vm_fault *vmf, const iomap_iter *iter);
vm_fault_t dax_iomap_fault(vm_fault *vmf, bool pmd);
vm_fault_t dax_fault_iter(vm_fault *vmf, const iomap_iter *iter, xa_state *xas, xa_entry *entry,
			  bool pmd);
vm_fault_t dax_iomap_pte_fault(vm_fault *vmf);
vm_fault_t dax_iomap_pmd_fault(vm_fault *vmf);
bool dax_fault_check_fallback(vm_fault *vmf, xa_state *xas, pgoff_t max_pgoff);
int dax_writeback_one(xa_state *xas, address_space *mapping, xa_entry entry);
int dax_writeback_mapping_range(address_space *mapping, pgoff_t start, pgoff_t end);
vm_fault_t dax_finish_sync_fault(vm_fault *vmf, bool pmd);
vm_fault_t dax_insert_pfn_mkwrite(vm_fault *vmf, bool pmd);
bool dax_fault_is_synchronous(const iomap_iter *iter, const vm_area_struct *vma);
int __dax_invalidate_entry(address_space *mapping, pgoff_t index, bool trunc);
int dax_invalidate_mapping_entry_sync(address_space *mapping, pgoff_t index);
int dax_delete_mapping_entry(address_space *mapping, pgoff_t index);
page *dax_layout_busy_page_range(address_space *mapping);
int dax_break_layout(inode *inode);
void dax_break_layout_final(inode *inode);
int dax_iomap_rw(const model_io *io, bool write);
int dax_iomap_iter(const model_io *io, iomap_iter *iomi, bool write);

/* mm/memory.c, mm/huge_memory.c, mm/rmap.c, mm/truncate.c */
vm_area_struct *find_vma(mm_struct *mm, pgoff_t address);
vm_fault_t handle_mm_fault(vm_area_struct *vma, pgoff_t address, unsigned int flags);
vm_fault_t vmf_insert_page_mkwrite(vm_fault *vmf, uint64_t pfn, bool write);
vm_area_struct *find_vma(mm_struct *mm, pgoff_t address);
vm_fault_t vmf_insert_folio_pmd(vm_fault *vmf, uint64_t pfn, bool write);
int insert_page_into_pte_locked(vm_area_struct *vma, Atomic<pte_t> *pte, uint64_t pfn,
				bool mkwrite);
void model_pte_alloc(mm_struct *mm, pmd_slot *pmd);
vm_fault_t model_insert_huge_zero_pmd(vm_fault *vmf);
void add_mm_counter(mm_struct *mm, mm_counter member, int64_t value);
void model_remove_rmap_pmd(mm_struct *mm, pmd_t pmd);
void model_put_pmd(pmd_t pmd);
void split_huge_pmd(vm_area_struct *vma, pmd_slot *pmd);
void unmap_mapping_pages(address_space *mapping, pgoff_t start, pgoff_t nr, bool even_cows = false);
void unmap_single_vma(vm_area_struct *vma, pgoff_t start, pgoff_t end, bool even_cows = true);
void pfn_mkclean_range(uint64_t pfn, pgoff_t nr, pgoff_t pgoff, vm_area_struct *vma);
int invalidate_inode_pages2_range(address_space *mapping, pgoff_t start, pgoff_t end);
void clear_shadow_entries(address_space *mapping, pgoff_t start, pgoff_t last);
void invalidate_mapping_pages(address_space *mapping, pgoff_t start, pgoff_t end);
void truncate_inode_pages(address_space *mapping, pgoff_t start);
void truncate_pagecache(inode *inode, pgoff_t newsize);
void truncate_pagecache_range(inode *inode, pgoff_t start, pgoff_t end);
void truncate_inode_pages_final(address_space *mapping);

/* mm/mmap.c, mm/vma.c: a mapping comes where nothing is, and goes. Under mmap_lock. */
void model_mmap_region(vm_area_struct *vma, pgoff_t address, pgoff_t len, address_space *mapping,
		       pgoff_t pgoff, unsigned int vm_flags);
void free_pgtables(vm_area_struct *vma);
/* arch/x86/mm/fault.c */
vm_fault_t do_user_addr_fault(mm_struct *mm, pgoff_t address, bool write);

/* The file system: testfs.cc. */
int generic_write_checks(model_io *io);
int testfs_dax_write_iter(const model_io *io);
void testfs_truncate_blocks(inode *inode, pgoff_t size);
int testfs_sync_file(inode *inode, pgoff_t start, pgoff_t end);
void testfs_journal_start(void);
void testfs_journal_stop(void);
void testfs_evict_inode(inode *inode);
void testfs_delete_inode(inode *inode);
void testfs_sync_fs(void);
int testfs_iomap_begin(iomap_iter *iter);
int ext4_break_layouts(inode *inode);
vm_fault_t testfs_dax_huge_fault(vm_fault *vmf, bool pmd);
pgoff_t i_size_read(inode *inode);

/* Page tables. */
inline bool pte_present(pte_t pte)
{
	return (pte & _PAGE_PRESENT) != 0;
}
inline bool pte_none(pte_t pte)
{
	return pte == 0;
}
inline bool pte_write(pte_t pte)
{
	return (pte & _PAGE_RW) != 0;
}
inline bool pte_dirty(pte_t pte)
{
	return (pte & _PAGE_DIRTY) != 0;
}
inline uint64_t pte_pfn(pte_t pte)
{
	return pte >> _PAGE_PFN_SHIFT;
}
inline pte_t mk_pte(uint64_t pfn, uint64_t flags)
{
	return pfn << _PAGE_PFN_SHIFT | _PAGE_PRESENT | flags;
}
inline bool pmd_none(pmd_t pmd)
{
	return pmd == 0;
}
/* As on x86, a PMD that pmdp_invalidate() took the present bit of is still present and huge for the kernel. */
inline bool pmd_present(pmd_t pmd)
{
	return (pmd & (_PAGE_PRESENT | _PAGE_PSE | _PAGE_TABLE)) != 0;
}
inline bool pmd_trans_huge(pmd_t pmd)
{
	return (pmd & _PAGE_PSE) != 0;
}
inline Atomic<pte_t> *pte_offset(mm_struct *mm, pgoff_t address)
{
	return &mm->ptes[address];
}
inline pmd_slot *pmd_offset(mm_struct *mm, pgoff_t address)
{
	return &mm->pmds[address / PMD_NR];
}

#define vma_interval_tree_foreach(vma, mapping, start, last)                         \
	for (vma = model_first_vma(mapping, start, last, model::current->vmas); vma; \
	     vma = model_first_vma(mapping, start, last, vma + 1))

/* The next VMA in the i_mmap tree that overlaps the pages [start, last]. Under i_mmap_rwsem. */
vm_area_struct *model_first_vma(address_space *mapping, pgoff_t start, pgoff_t last,
				vm_area_struct *from);

/* 0, or -ENXIO: the device is dead. */
int dax_iomap_direct_access(void);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_DAX_H_ */
