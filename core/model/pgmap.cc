/* SPDX-License-Identifier: GPL-2.0-only */
/* drivers/dax/super.c, drivers/nvdimm/pmem.c, mm/memremap.c: how the memory of the device ends. */
#include "core/model/pgmap.h"

namespace kernel
{

static const engine::Role role_srcu("dax_srcu"), role_alive("dax.alive"), role_ref("pgmap.ref"),
	role_dying("pgmap.dying"), role_mapped("pgmap.mapped"), role_done("pgmap.done");

void model_boot_pgmap(model *m)
{
	dev_pagemap *pgmap = engine::Execution::current().arena().make<dev_pagemap>();

	pgmap->dax_srcu.init(role_srcu);
	pgmap->alive.init(role_alive, 1);
	pgmap->ref.init(role_ref, 1);
	pgmap->dying.init(role_dying);
	pgmap->mapped.init(role_mapped, 1);
	pgmap->done.init(role_done);
	m->pgmap = pgmap;
}

/* drivers/dax/super.c: dax_read_lock(), v6.15 */
uint32_t dax_read_lock(void)
{
	dev_pagemap *pgmap = model::current->pgmap;

	return pgmap ? pgmap->dax_srcu.read_lock(SITE("srcu_read_lock", "dax_srcu")) : 0;
}

/* drivers/dax/super.c: dax_read_unlock(), v6.15 */
void dax_read_unlock(uint32_t id)
{
	dev_pagemap *pgmap = model::current->pgmap;

	if (pgmap)
		pgmap->dax_srcu.read_unlock(id, SITE("srcu_read_unlock", "dax_srcu"));
}

/* drivers/dax/super.c: dax_direct_access(), v6.15. Left out: what it looks up, which iomap says already; poison. */
int dax_direct_access(void)
{
	dev_pagemap *pgmap = model::current->pgmap;

	if (!pgmap || READ_ONCE(pgmap->alive))
		return 0;
	/* The caller's operation may fail for it. */
	model_emit({ model_event_kind::no_space });
	return -ENXIO;
}

/* drivers/dax/super.c: kill_dax(), v6.15. Left out: the holder, whom ext4 does not give. */
static void kill_dax(dev_pagemap *pgmap)
{
	WRITE_ONCE(pgmap->alive, 0u);
	pgmap->dax_srcu.synchronize(SITE("synchronize_srcu", "dax_srcu"));
}

/* include/linux/memremap.h: try_get_dev_pagemap(), which is get_dev_pagemap(), percpu_ref_tryget_live(), v6.15 */
bool try_get_dev_pagemap(void)
{
	dev_pagemap *pgmap = model::current->pgmap;

	if (!pgmap)
		return true;
	if (READ_ONCE(pgmap->dying))
		return false;
	/* In one step with the look: percpu_ref_kill() waits for whoever is in between, by RCU. */
	MODEL_WRITE_HERE(pgmap->ref, pgmap->ref.peek() + 1);
	return true;
}

/* include/linux/memremap.h: put_dev_pagemap(), v6.15, with dev_pagemap_percpu_release() */
void put_dev_pagemap(void)
{
	dev_pagemap *pgmap = model::current->pgmap;

	if (!pgmap)
		return;
	if (pgmap->ref.fetch_sub(1, Order::kFull, SITE("percpu_ref_put", "pgmap.ref")) == 1)
		pgmap->done.complete(SITE("complete", "pgmap.done"));
}

/*
 * mm/memremap.c: memunmap_pages(), v6.15. Left out: the reference of each page, which it drops all at once, used or
 * not; so pages do not hold the memory map.
 */
static void memunmap_pages(dev_pagemap *pgmap)
{
	engine::Execution &execution = engine::Execution::current();

	WRITE_ONCE(pgmap->dying, 1u); /* percpu_ref_kill() */
	put_dev_pagemap();
	pgmap->done.wait(SITE("wait_for_completion", "pgmap.done"));
	WRITE_ONCE(pgmap->mapped, 0u); /* pageunmap_range() */
	pgmap->removed_by = execution.self();
	pgmap->removed_at = execution.steps() - 1;
}

/* drivers/base/dd.c: model_unbind(), which is device_driver_detach() of the pmem device, v6.15: pmem_release_disk() */
int model_unbind(void)
{
	dev_pagemap *pgmap = model::current->pgmap;

	if (!READ_ONCE(pgmap->alive))
		return -ENODEV;
	kill_dax(pgmap);
	memunmap_pages(pgmap);
	return 0;
}

void model_touch_dead(uint64_t block)
{
	model_event event{ model_event_kind::touched };

	MODEL_READ_HERE(model::current->pgmap->mapped);
	event.block = block;
	model_emit(event);
}

} /* namespace kernel */
