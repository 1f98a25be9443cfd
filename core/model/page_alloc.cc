/* SPDX-License-Identifier: GPL-2.0-only */
/* mm/page_alloc.c: what an allocation does that finds no memory. */
#include "core/model/page_alloc.h"

#include "core/model/vmscan.h"

namespace kernel
{

static const engine::Role role_fs_reclaim("fs_reclaim"), role_shortages("free_pages");

void model_boot_low_memory(model *m)
{
	engine::Execution &execution = engine::Execution::current();

	m->low_memory = execution.arena().make<model_low_memory>();
	execution.init(m->low_memory->fs_reclaim, role_fs_reclaim);
	m->low_memory->shortages.init(role_shortages, MODEL_SHORTAGES);
	m->low_memory->memalloc = execution.arena().make_array<uint8_t>(m->config.nr_tasks);
}

/* include/linux/sched/mm.h: current_gfp_context(), v6.15. Whoever has a handle of the journal has PF_MEMALLOC_NOFS. */
static gfp_t current_gfp_context(gfp_t flags)
{
	if (model::current->handles[engine::Execution::current().self()])
		flags &= ~gfp_t(__GFP_FS);
	return flags;
}

/* mm/page_alloc.c: __perform_reclaim(), fs_reclaim_acquire(), fs_reclaim_release(), v6.15. Left out: pressure stalls. */
static void __perform_reclaim(gfp_t gfp)
{
	engine::Execution &execution = engine::Execution::current();
	model_low_memory *low = model::current->low_memory;

	if (gfp & __GFP_FS)
		execution.hold(low->fs_reclaim, engine::Hold{});
	low->memalloc[execution.self()] = 1; /* memalloc_noreclaim_save() */
	try_to_free_pages(gfp);
	low->memalloc[execution.self()] = 0;
	if (gfp & __GFP_FS)
		execution.release(low->fs_reclaim);
}

/*
 * mm/page_alloc.c: __alloc_pages_slowpath(), might_alloc(), v6.15. Left out: the watermarks, kswapd, compaction, the OOM
 * killer. Whether there is memory is drawn. fs_reclaim, which lockdep is told of at each allocation, is a class that
 * whoever reclaims holds and whoever might reclaim waits for.
 */
void __alloc_pages_slowpath(gfp_t gfp, const engine::Site &site)
{
	engine::Execution &execution = engine::Execution::current();
	model_low_memory *low = model::current->low_memory;
	uint32_t shortages;

	/* Setup allocates before memory is low. */
	if (execution.self() == 0 || low->memalloc[execution.self()])
		return;
	gfp = current_gfp_context(gfp);
	if (!(gfp & __GFP_DIRECT_RECLAIM))
		return;
	shortages = low->shortages.load(Order::kRelaxed, site);
	if (gfp & __GFP_FS)
		execution.may_wait_for(low->fs_reclaim, site);
	if (shortages == 0 || execution.choose(2, site) == 0)
		return;
	MODEL_WRITE_HERE(low->shortages, shortages - 1);
	__perform_reclaim(gfp);
}

} /* namespace kernel */
