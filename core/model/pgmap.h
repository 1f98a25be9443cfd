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
	engine::Mutex device_lock; /* of the pmem device: who unbinds its driver */
	engine::Srcu dax_srcu;
	Atomic<uint32_t> alive; /* DAXDEV_ALIVE */
	Atomic<uint32_t> ref;	/* a percpu_ref; memunmap_pages() drops what it begins with */
	rw_semaphore
		q_usage; /* of the request queue: bios share it, del_gendisk() waits for them */
	Atomic<uint32_t> disk_dead; /* GD_DEAD */
	Atomic<uint32_t> dying;	    /* of the percpu_ref */
	Atomic<uint32_t> mapped;    /* 0: the memory map is gone */
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

/* The block layer's way to the memory: false: the disk is gone. */
bool bio_queue_enter(void);
void blk_queue_exit(void);
void del_gendisk(dev_pagemap *pgmap);

/* Of the percpu_ref. False: it is dying. */
bool try_get_dev_pagemap(void);
void put_dev_pagemap(void);
void percpu_ref_kill(dev_pagemap *pgmap);

/* How many references it begins with. */
uint32_t memremap_pages();
void memunmap_pages(dev_pagemap *pgmap);
/* The last part of it: waits until nobody holds the memory map, and removes it. */
void model_pageunmap_range(dev_pagemap *pgmap);
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
