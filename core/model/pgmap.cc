/* SPDX-License-Identifier: GPL-2.0-only */
/* drivers/dax/super.c, drivers/nvdimm/pmem.c, mm/memremap.c: how the memory of the device ends. */
#include "core/model/pgmap.h"

namespace kernel
{

static const engine::Role role_srcu("dax_srcu"), role_alive("dax.alive"), role_ref("pgmap.ref"),
	role_dying("pgmap.dying"), role_mapped("pgmap.mapped"), role_done("pgmap.done"),
	role_device("device_lock"), role_queue("q_usage_counter"), role_disk_dead("disk.dead"),
	role_rcu("rcu");

void model_boot_pgmap(model *m)
{
	dev_pagemap *pgmap = engine::Execution::current().arena().make<dev_pagemap>();

	pgmap->device_lock.init(role_device);
	pgmap->dax_srcu.init(role_srcu);
	pgmap->alive.init(role_alive, 1);
	pgmap->ref.init(role_ref, FORMS.memremap_pages());
	pgmap->q_usage.init(role_queue);
	pgmap->disk_dead.init(role_disk_dead);
	pgmap->dying.init(role_dying);
	pgmap->mapped.init(role_mapped, 1);
	pgmap->done.init(role_done);
	pgmap->rcu.init(role_rcu);
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

/* kernel/sched/completion.c: complete(), v6.15 */
static void complete(engine::Completion *x)
{
	x->complete(SITE("complete", "pgmap.done"));
}

#include "core/model/protocol/percpu_ref.h"

/* block/blk-core.c: bio_queue_enter(), v6.15. Left out: freezing for any other reason. */
bool bio_queue_enter(void)
{
	dev_pagemap *pgmap = model::current->pgmap;

	if (!pgmap)
		return true;
	down_read(&pgmap->q_usage);
	if (!READ_ONCE(pgmap->disk_dead))
		return true;
	up_read(&pgmap->q_usage);
	return false;
}

/* block/blk.h: blk_queue_exit(), v6.15 */
void blk_queue_exit(void)
{
	dev_pagemap *pgmap = model::current->pgmap;

	if (pgmap)
		up_read(&pgmap->q_usage);
}

/* block/genhd.c: del_gendisk(), v6.15: no bio comes in any more, and those that were in have ended. */
void del_gendisk(dev_pagemap *pgmap)
{
	down_write(&pgmap->q_usage);
	WRITE_ONCE(pgmap->disk_dead, 1u);
	up_write(&pgmap->q_usage);
}

/* include/linux/memremap.h: try_get_dev_pagemap(), which is get_dev_pagemap(), percpu_ref_tryget_live(), v6.15 */
bool try_get_dev_pagemap(void)
{
	dev_pagemap *pgmap = model::current->pgmap;

	if (!pgmap)
		return true;
	return percpu_ref_tryget_live(pgmap);
}

/* include/linux/memremap.h: put_dev_pagemap(), v6.15 */
void put_dev_pagemap(void)
{
	dev_pagemap *pgmap = model::current->pgmap;

	if (pgmap)
		percpu_ref_put(pgmap);
}

/* mm/memremap.c: memremap_pages(), v6.15, as far as references to the memory map go. */
uint32_t memremap_pages()
{
	return 1;
}

/* mm/memremap.c: model_pageunmap_range(), which is the end of memunmap_pages(), v6.15 */
void model_pageunmap_range(dev_pagemap *pgmap)
{
	engine::Execution &execution = engine::Execution::current();

	pgmap->done.wait(SITE("wait_for_completion", "pgmap.done"));
	WRITE_ONCE(pgmap->mapped, 0u); /* pageunmap_range() */
	pgmap->removed_by = execution.self();
	pgmap->removed_at = execution.steps() - 1;
}

/*
 * mm/memremap.c: memunmap_pages(), v6.15, after the rest of pmem_release_disk(). Left out: the references of the pages,
 * which it drops all at once, used or not; so pages do not hold the memory map.
 */
void memunmap_pages(dev_pagemap *pgmap)
{
	del_gendisk(pgmap);
	percpu_ref_kill(pgmap);
	model_pageunmap_range(pgmap);
}

/*
 * drivers/base/dd.c: model_unbind(), which is device_release_driver_internal() of the pmem device, v6.15:
 * pmem_release_disk(). Whoever comes second finds no driver.
 */
int model_unbind(void)
{
	dev_pagemap *pgmap = model::current->pgmap;
	int ret = -ENODEV;

	MODEL_LOCKED(pgmap->device_lock.lock(SITE("device_lock", "device_lock")));
	if (READ_ONCE(pgmap->alive)) {
		kill_dax(pgmap);
		FORMS.memunmap_pages(pgmap);
		ret = 0;
	}
	pgmap->device_lock.unlock(SITE("device_unlock", "device_lock"));
	return ret;
}

void model_touch_dead(uint64_t block)
{
	model_event event{ model_event_kind::touched };

	MODEL_READ_HERE(model::current->pgmap->mapped);
	event.block = block;
	model_emit(event);
}

} /* namespace kernel */
