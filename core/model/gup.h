/* SPDX-License-Identifier: GPL-2.0-only */
/* mm/gup.c: references to the page that an address of a process shows. */
#ifndef DAXRACE_CORE_MODEL_GUP_H_
#define DAXRACE_CORE_MODEL_GUP_H_

#include "core/model/page.h"

namespace kernel
{

enum : unsigned int {
	FOLL_WRITE = 0x1,
	FOLL_GET = 0x2,
	FOLL_PIN = 0x4,
	FOLL_LONGTERM = 0x8, /* it may stay for ever */
	FOLL_COW = 0x10, /* v5.8: a fault has copied it; who may not write does not get to write */
};

/* A reference to a page, and what it was taken for. */
struct model_pin {
	/* One of them, or neither: the zero page, which nobody counts. */
	struct page *page;   /* of the device */
	struct folio *folio; /* anonymous */

	mm_struct *mm;	     /* whose private memory it was; null: a page of a file's */
	const inode *host;   /* of that file; null: anonymous memory */
	struct file *file;   /* the one that is mapped; for a proposal */
	pgoff_t pgoff;	     /* in the file; of private memory: the address */
	uint32_t generation; /* of the block, then */
	unsigned int flags;
	engine::TaskId task;
	uint32_t op;
	uint32_t step;
	bool tentative; /* fork may have found the page without it: it may yet be given back */
};

/* 0, or -errno. */
int get_user_pages_fast(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin);
/* mm/gup.c: the parts that have older forms. Called with mmap_lock. */
int check_vma_flags(vm_area_struct *vma, unsigned int flags);
int __get_user_pages(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin);
int model_faultin_page(vm_area_struct *vma, pgoff_t address, unsigned int flags, model_pin *pin);
int pin_user_pages_fast(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin);
/* The pages were written to. */
void unpin_user_page_range_dirty_lock(const model_pin *pin);
/* With the reference that belongs to its flags. */
void model_unpin(const model_pin *pin);
/* That alone. */
void model_drop_pin(const model_pin *pin);
/* What a proposal does to the inode for each reference to a page. False: the inode is being freed. */
bool model_pin_inode(const model_pin *pin);
void model_unpin_inode(const model_pin *pin);

bool gup_fast(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin);
/* Of GUP-fast, which mutants change: one present PTE or huge PMD, without a lock. Sets the page or the folio. */
bool gup_fast_pte_range(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin);
/*
 * To be called in the step that made sure of the page. What the reference is for: the page of the file that the VMA has
 * there, or that page of the process.
 */
void model_note_pin(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin);
/* The same of one that may yet be given back because of a fork; and that it is not. */
void model_note_tentative_pin(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin);
void model_keep_pin(model_pin *pin);
/* Parts of it. */
bool try_grab_folio_fast(uint64_t pfn, unsigned int flags, model_pin *pin);
bool pte_devmap(pte_t pte);
bool folio_is_longterm_pinnable(const model_pin *pin);
bool gup_fast_folio_allowed(const model_pin *pin, unsigned int flags);
bool gup_must_unshare(unsigned int flags, folio *folio);
void sanity_check_pinned_pages(const model_pin *pin, unsigned int flags);
void gup_put_folio(const model_pin *pin, unsigned int flags);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_GUP_H_ */
