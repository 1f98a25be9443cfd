/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations that may have to free memory first: include/linux/gfp.h, mm/page_alloc.c.
 *
 * Only programs that say `memory low` have them; for all others an allocation is nothing at all.
 */
#ifndef DAXRACE_CORE_MODEL_PAGE_ALLOC_H_
#define DAXRACE_CORE_MODEL_PAGE_ALLOC_H_

#include "core/model/model.h"

namespace kernel
{

using gfp_t = unsigned int;

enum : gfp_t {
	__GFP_DIRECT_RECLAIM = 1,
	__GFP_IO = 2,
	__GFP_FS = 4,
	GFP_NOFS = __GFP_DIRECT_RECLAIM | __GFP_IO,
	GFP_KERNEL = GFP_NOFS | __GFP_FS,
};

/* How often in one execution an allocation may find no memory: the reclaims of one more make no new order of locks. */
inline constexpr uint32_t MODEL_SHORTAGES = 1;

struct model_low_memory {
	engine::Object fs_reclaim;  /* a class of lockdep's, which nobody ever waits for */
	Atomic<uint32_t> shortages; /* still to come */
	uint8_t *memalloc;	    /* PF_MEMALLOC, for each task */
};

void model_boot_low_memory(model *m);

/* Where the kernel allocates. May sleep unless `gfp` says otherwise; never fails. */
#define model_alloc(gfp)                                                              \
	do {                                                                          \
		if (::kernel::model::current->low_memory)                             \
			::kernel::__alloc_pages_slowpath((gfp), SITE("alloc", #gfp)); \
	} while (0)
void __alloc_pages_slowpath(gfp_t gfp, const engine::Site &site);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_PAGE_ALLOC_H_ */
