/* SPDX-License-Identifier: GPL-2.0-only */
/* The walk over what maps a range of page frames in one VMA. */
#ifndef DAXRACE_CORE_MODEL_RMAP_H_
#define DAXRACE_CORE_MODEL_RMAP_H_

#include "core/model/dax.h"

namespace kernel
{

struct page_vma_mapped_walk {
	uint64_t pfn;
	pgoff_t nr_pages;
	pgoff_t pgoff;
	vm_area_struct *vma;
	pgoff_t address;
	pmd_slot *pmd;
	Atomic<pte_t> *pte;
	spinlock_t *ptl; /* held between the calls that find something */
};

bool page_vma_mapped_walk(struct page_vma_mapped_walk *pvmw);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_RMAP_H_ */
