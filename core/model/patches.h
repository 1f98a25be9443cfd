/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The patch table: which form each patched function has. Only the model reads the result; no oracle, generator or
 * mutator knows a patch.
 */
#ifndef DAXRACE_CORE_MODEL_PATCHES_H_
#define DAXRACE_CORE_MODEL_PATCHES_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/types.h"

namespace kernel
{

struct xa_state;
struct model_io;
struct model_mmap_request;
struct model_pin;
struct dentry;
struct dev_pagemap;

/* One pointer for each function that some row changes. */
struct model_forms {
	vm_fault_t (*dax_iomap_fault)(vm_fault *vmf, bool pmd);
	vm_fault_t (*dax_iomap_pte_fault)(vm_fault *vmf);
	vm_fault_t (*dax_iomap_pmd_fault)(vm_fault *vmf);
	xa_entry (*grab_mapping_entry)(xa_state *xas, address_space *mapping, unsigned int nr);
	xa_entry (*dax_insert_entry)(xa_state *xas, vm_fault *vmf, const iomap_iter *iter,
				     xa_entry entry, uint64_t pfn, uint64_t flags);
	void (*dax_associate_entry)(xa_entry entry, address_space *mapping, pgoff_t index);
	void (*dax_disassociate_entry)(xa_entry entry, address_space *mapping, bool trunc);
	void (*clear_shadow_entries)(address_space *mapping, pgoff_t start, pgoff_t last);
	vm_fault_t (*dax_fault_iter)(vm_fault *vmf, const iomap_iter *iter, xa_state *xas,
				     xa_entry *entry, bool pmd);
	vm_fault_t (*vmf_insert_page_mkwrite)(vm_fault *vmf, uint64_t pfn, bool write);
	int (*dax_iomap_rw)(const model_io *io, bool write);
	int (*dax_writeback_one)(xa_state *xas, address_space *mapping, xa_entry entry);
	int (*__dax_invalidate_entry)(address_space *mapping, pgoff_t index, bool trunc);
	int (*dax_break_layout)(inode *inode);
	int (*ext4_break_layouts)(inode *inode);
	int (*xfs_break_dax_layouts)(inode *ip);
	int (*xfs_file_dax_write)(const model_io *io);
	void (*xfs_file_fsync)(inode *ip);
	int (*xfs_file_fallocate)(inode *ip, unsigned int mode, pgoff_t offset, pgoff_t len);
	int (*xfs_iomap_write_direct)(iomap_iter *iter);
	int (*ext4_fallocate)(inode *inode, unsigned int mode, pgoff_t offset, pgoff_t len);
	int (*ext4_collapse_range)(inode *inode, pgoff_t offset, pgoff_t len);
	int (*testfs_map_blocks_create)(inode *inode, pgoff_t pos, pgoff_t len, unsigned int flags,
					struct iomap *map);
	int (*testfs_create_extent)(inode *inode, unsigned int flags, struct iomap *map);
	page *(*dax_layout_busy_page_range)(address_space *mapping);
	bool (*dax_page_is_busy)(page *page);
	int (*wait_page_idle)(page *page, inode *inode, bool interruptible);
	uint32_t (*__init_zone_device_page)();
	int (*__get_user_pages)(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin);
	int (*pin_user_pages_fast)(mm_struct *mm, pgoff_t address, unsigned int flags,
				   model_pin *pin);
	void (*noop_dirty_folio)(page *page);
	int (*ib_umem_get)(mm_struct *mm, pgoff_t address, model_pin *pin);
	bool (*folio_is_longterm_pinnable)(const model_pin *pin);
	bool (*gup_fast_folio_allowed)(const model_pin *pin, unsigned int flags);
	bool (*shrink_folio_list)(folio *folio);
	void (*folio_put_refs)(page *page, uint32_t refs);
	page *(*vm_normal_page)(uint64_t pfn);
	bool (*pte_devmap)(pte_t pte);
	uint32_t (*memremap_pages)();
	void (*memunmap_pages)(dev_pagemap *pgmap);
	bool (*gup_fast)(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin);
	bool (*gup_fast_pte_range)(mm_struct *mm, pgoff_t address, unsigned int flags,
				   model_pin *pin);
	int (*invalidate_inode_pages2_range)(address_space *mapping, pgoff_t start, pgoff_t end);
	bool (*generic_drop_inode)(inode *inode);
	bool (*model_inode_freeing)(inode *inode);
	void (*iput_final)(inode *inode);
	dentry *(*lookup_open)(uint32_t name, inode *creat);
	int (*sys_munmap)(vm_area_struct *vma);
	bool (*mapping_shrinkable)(address_space *mapping);
	bool (*mapping_empty)(address_space *mapping);
	void (*inode_pin_lru_isolating)(inode *inode);
	void (*inode_unpin_lru_isolating)(inode *inode);
	void (*evict_inodes)();
	bool (*model_pin_inode)(const model_pin *pin);
	void (*model_unpin_inode)(const model_pin *pin);
	void (*testfs_evict_inode)(inode *inode);
	struct file *(*model_vma_get_file)(struct file *file);
	vm_fault_t (*dax_finish_sync_fault)(vm_fault *vmf, bool pmd);
	vm_fault_t (*dax_insert_pfn_mkwrite)(vm_fault *vmf, bool pmd);
	/* Those that tests alone change. */
	int (*dax_iomap_iter)(const model_io *io, iomap_iter *iomi, bool write);
	void (*unmap_single_vma)(vm_area_struct *vma, pgoff_t start, pgoff_t end, bool even_cows);
	vm_fault_t (*do_user_addr_fault)(mm_struct *mm, pgoff_t address, bool write);
	void (*model_zero_block)(uint64_t block);
	void (*testfs_truncate_blocks)(inode *inode, pgoff_t size);
	int (*testfs_dax_write_iter)(const model_io *io);
	int (*generic_write_checks)(model_io *io);
	int (*rw_verify_area)(const struct file *file, int64_t pos, pgoff_t count);
	int (*do_ftruncate)(const struct file *file, int64_t length);
	int (*do_mmap)(const model_mmap_request *request);
	int (*sys_msync)(mm_struct *mm, pgoff_t start, pgoff_t len, unsigned int flags);
	int (*bio_iov_iter_get_pages)(mm_struct *mm, pgoff_t address, bool to_memory,
				      model_pin *pin);
	bool (*try_to_unmap_one)(folio *folio, vm_area_struct *vma, pgoff_t address);
	vm_fault_t (*do_swap_page)(vm_fault *vmf);
	vm_fault_t (*model_do_wp_private)(vm_fault *vmf);
	bool (*PageAnonExclusive)(folio *folio);
	void (*SetPageAnonExclusive)(folio *folio);
	int (*folio_try_dup_anon_rmap_pte)(folio *folio);
	void (*sanity_check_pinned_pages)(const model_pin *pin, unsigned int flags);
	bool (*gup_must_unshare)(unsigned int flags, folio *folio);
	void (*copy_nonpresent_pte)(mm_struct *dst_mm, Atomic<pte_t> *dst_pte,
				    Atomic<pte_t> *src_pte);
	int (*unuse_pte)(vm_area_struct *vma, pmd_slot *pmd, pgoff_t address, uint32_t entry,
			 folio *folio);

	bool operator==(const model_forms &) const = default;
};

enum class patch_kind : uint8_t {
	commit,
	proposal,
	mutant
};

struct patch_info {
	patch_kind kind;
	std::string_view id;
	std::string_view version; /* of a commit: the first that has it, "vN.M" */
	std::string_view subject;
	std::string_view source;
	std::string_view needs;
	std::string_view excludes;
};

std::span<const patch_info> patch_table();
const patch_info *find_patch(std::string_view id);
std::string_view name_of(patch_kind kind);

/* The newest release whose form the main files have. */
inline constexpr std::string_view MODEL_NEWEST = "v6.15";
/* The oldest that makes sense: before it nothing write-protects in fsync and faults do not go through iomap. */
inline constexpr std::string_view MODEL_OLDEST = "v4.10";

/* What was asked for: a release (empty: the newest), rows taken out and put in. */
struct patch_choice {
	std::string_view version;
	std::span<const std::string> without;
	std::span<const std::string> with;
};

/* The forms of that choice. On an impossible choice returns false and says in one line what is wrong. */
bool select_forms(const patch_choice &choice, model_forms *forms, std::string *error);

/* "v6.15", "v5.18", "v6.15 without 06083a0921fd": for the first line of a run. */
std::string describe(const patch_choice &choice);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_PATCHES_H_ */
