/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page frames with a reference count: the blocks of the device. Only programs that pin pages have them; for all
 * others pfn_to_page() is null and nothing is counted.
 *
 * Left out: compound pages, so a huge PMD counts in each of its pages and each says whose it is; flags; sharing of a
 * page between files (reflink).
 */
#ifndef DAXRACE_CORE_MODEL_PAGE_H_
#define DAXRACE_CORE_MODEL_PAGE_H_

#include "core/model/model.h"

namespace kernel
{

/* FOLL_PIN counts as this many references. */
inline constexpr uint32_t GUP_PIN_COUNTING_BIAS = 1024;

struct page {
	engine::Object
		var; /* what the kernel has the address of the page for: a key of wait_var_event() */
	Atomic<uint32_t> _refcount;
	Atomic<uint32_t> _mapcount; /* number of mappings; the kernel counts from -1 */

	/*
	 * Which page of which file it is: written under the i_pages lock of that file, read without it by who handles
	 * memory errors. The kernel's pointer as the number of the inode and one; 0 is NULL.
	 */
	Atomic<uint32_t> mapping;
	Atomic<pgoff_t> index;

	/* How often the block has left an extent map: who set something up for the block holds on to the number. */
	Atomic<uint32_t> generation;
};

void model_boot_pages(model *m);

/* Null: the frame has no count, it is the zero page, or nobody pins in this program. */
inline page *pfn_to_page(uint64_t pfn)
{
	model *m = model::current;

	return m->pages && pfn < m->nr_blocks ? &m->pages[pfn] : nullptr;
}

inline uint64_t page_to_pfn(const page *page)
{
	return uint64_t(page - model::current->pages);
}

/* The block has left the extent map, in the step of the caller. It may not be reused yet, but it is nobody's. */
void model_block_freed(uint32_t block);

/* References. */
void folio_get(page *page);
bool folio_try_get(page *page, uint32_t refs);
void folio_put(page *page);
void unpin_user_page(page *page);

/* Mappings. */
void folio_add_file_rmap(page *page);
void folio_remove_rmap(page *page);

/* What row 38607c62b34b changes. */
uint32_t __init_zone_device_page(); /* what the count begins as */
page *vm_normal_page(uint64_t pfn);
void folio_put_refs(page *page, uint32_t refs);
bool dax_page_is_busy(page *page);
int wait_page_idle(page *page, inode *inode, bool interruptible);

/* The loop of wait_page_idle(): until the count is `idle`, woken by `key`. */
int model_wait_page(page *page, const engine::Object &key, uint32_t idle, inode *inode,
		    bool interruptible);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_PAGE_H_ */
