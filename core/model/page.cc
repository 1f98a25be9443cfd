/* SPDX-License-Identifier: GPL-2.0-only */
/* mm/memremap.c, mm/rmap.c, fs/dax.c: what counts the references to a page of the device, and who waits for them. */
#include "core/model/page.h"

#include "core/model/dax.h"
#include "core/model/history/history.h"
#include "core/model/protocol/page_backend.h"

namespace kernel
{

static const engine::Role role_page("page"), role_refcount("refcount"), role_mapcount("mapcount"),
	role_generation("generation"), role_var("var_table"), role_page_mapping("page.mapping"),
	role_page_index("page.index");

inline constexpr uint32_t VAR_TABLE_ENTRIES = 4;

void model_boot_pages(model *m)
{
	engine::Execution &execution = engine::Execution::current();

	m->pages = execution.arena().make_array<page>(m->nr_blocks);
	m->var_table = execution.arena().make<engine::WaitVarTable>();
	m->var_table->init(role_var, VAR_TABLE_ENTRIES);
	for (uint32_t i = 0; i < m->nr_blocks; i++) {
		page *page = &m->pages[i];

		execution.init(page->var, role_page);
		page->_mapcount.init(role_mapcount);
		page->generation.init(role_generation);
		page->mapping.init(role_page_mapping);
		page->index.init(role_page_index);
		page->_refcount.init(role_refcount, FORMS.__init_zone_device_page());
	}
}

void model_block_freed(uint32_t block)
{
	engine::Execution &execution = engine::Execution::current();
	page *page = pfn_to_page(block);

	model::current->freed_notes[block] = { execution.self(),
					       execution.steps() == 0 ? 0 : execution.steps() - 1 };
	if (page)
		MODEL_WRITE_HERE(page->generation, page->generation.peek() + 1);
}

/* mm/mm_init.c: __init_zone_device_page(), v6.15. Left out: everything but the count. */
uint32_t __init_zone_device_page()
{
	return 0;
}

/* mm/memory.c: vm_normal_page(), v6.15. The page that a present PTE holds a reference on; null: none. */
page *vm_normal_page(uint64_t pfn)
{
	return pfn_to_page(pfn);
}

static bool model_page_idle(const void *argument)
{
	return static_cast<const page *>(argument)->_refcount.peek() == 0;
}

void model_init_wait_page(wait_entry *wait, const model_var &key, page *page, uint32_t idle,
			  bool interruptible)
{
	wait->key = model_var_key(key);
	if (idle == 0) {
		wait->condition = model_page_idle;
		wait->argument = page;
	}
	if (interruptible)
		wait->state = engine::Sleep::kInterruptible;
	else
		wait->waits_for = &page->var; /* what a report names */
}

static void model_unlock_layout(inode *inode)
{
	up_write(&inode->i_data.invalidate_lock);
}

static void model_lock_layout(inode *inode)
{
	down_write(&inode->i_data.invalidate_lock);
}

#include "core/model/protocol/page_ref.h"
#include "core/model/protocol/page_ref_v6_14.h"

} /* namespace kernel */
