/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver below the file system and the memory map of its device, and the end of both. Only programs that unbind
 * the driver have them; for all others model::pgmap is null and every check is one look at it.
 */
#ifndef DAXRACE_CORE_MODEL_PGMAP_H_
#define DAXRACE_CORE_MODEL_PGMAP_H_

#include "core/engine/rcu.h"
#include "core/model/page.h"

namespace kernel
{

struct dev_pagemap {
	engine::Srcu dax_srcu;
	Atomic<uint32_t> alive;	 /* DAXDEV_ALIVE */
	Atomic<uint32_t> ref;	 /* a percpu_ref; begins as one, which memunmap_pages() drops */
	Atomic<uint32_t> dying;	 /* of the percpu_ref */
	Atomic<uint32_t> mapped; /* 0: the memory map is gone */
	engine::Completion done;
	engine::Rcu rcu;	   /* of the percpu_ref */
	engine::TaskId removed_by; /* for reports */
	uint32_t removed_at;
};

void model_boot_pgmap(model *m);

/* Left with the number that it returned. 0 in a program without unbind. */
uint32_t dax_read_lock(void);
void dax_read_unlock(uint32_t id);
/* 0, or -ENXIO: the device is dead. */
int dax_direct_access(void);

/* Of the percpu_ref. False: it is dying. */
bool try_get_dev_pagemap(void);
void put_dev_pagemap(void);

int model_unbind(void);

/* The step of the caller has touched the memory of a block, or what describes its page. */
void model_touch_dead(uint64_t block);
inline void model_touch(uint64_t block)
{
	if (model::current->pgmap)
		model_touch_dead(block);
}

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_PGMAP_H_ */
