/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Forms that somebody proposes: the answer to "would this patch close it?".
 */
#ifndef DAXRACE_CORE_MODEL_PROPOSALS_PROPOSALS_H_
#define DAXRACE_CORE_MODEL_PROPOSALS_PROPOSALS_H_

#include "core/model/dax.h"
#include "core/model/gup.h"

namespace kernel
{

void dax_dirty_folio(page *page);
int dax_writeback_one_towrite(xa_state *xas, address_space *mapping, xa_entry entry);
void testfs_evict_inode_locked(inode *inode);
bool generic_drop_inode_busy(inode *inode);
void iput_final_waits(inode *inode);
bool mapping_shrinkable_dirty(address_space *mapping);
void evict_inodes_inactive(void);
void evict_inodes_skip_busy(void);
int sys_munmap_waits(vm_area_struct *vma);
bool gup_fast_no_dax(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin);
bool model_pin_vma(const model_pin *pin);
void model_unpin_vma(const model_pin *pin);
vm_fault_t dax_iomap_fault_shared_lock(vm_fault *vmf, bool pmd);
int dax_iomap_rw_shared_lock(const model_io *io, bool write);
bool model_pin_inode_igrab(const model_pin *pin);
void model_unpin_inode_iput(const model_pin *pin);
vm_fault_t vmf_insert_page_mkwrite_retry(vm_fault *vmf, uint64_t pfn, bool write);
vm_fault_t dax_fault_iter_holds_pgmap(vm_fault *vmf, const iomap_iter *iter, xa_state *xas,
				      xa_entry *entry, bool pmd);
vm_fault_t dax_insert_pfn_mkwrite_holds_pgmap(vm_fault *vmf, bool pmd);
void folio_put_refs_holds_pgmap(page *page, uint32_t refs);
int dax_iomap_rw_invalidate_after(const model_io *io, bool write);
int dax_iomap_rw_fault_lock(const model_io *io, bool write);
int xfs_file_dax_write_log_size_first(const model_io *io);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_PROPOSALS_PROPOSALS_H_ */
