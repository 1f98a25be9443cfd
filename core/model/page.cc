/* SPDX-License-Identifier: GPL-2.0-only */
/* mm/memremap.c, mm/rmap.c, fs/dax.c: what counts the references to a page of the device, and who waits for them. */
#include "core/model/page.h"

#include "core/model/dax.h"
#include "core/model/pgmap.h"

namespace kernel
{

static const engine::Role role_page("page"), role_refcount("refcount"), role_mapcount("mapcount"),
	role_generation("generation"), role_var("var_table");

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

/* include/linux/mm.h: folio_get(), v6.15 */
void folio_get(page *page)
{
	page->_refcount.fetch_add(1, Order::kRelaxed, SITE("folio_get", "refcount"));
	model_touch(page_to_pfn(page));
}

/* include/linux/page_ref.h: folio_try_get(), folio_ref_add_unless_zero(), v6.15. False: nobody has the page. */
bool folio_try_get(page *page, uint32_t refs)
{
	uint32_t old = READ_ONCE(page->_refcount);

	model_touch(page_to_pfn(page));
	while (old != 0) {
		if (page->_refcount.compare_exchange_strong(old, old + refs, Order::kFull,
							    Order::kRelaxed,
							    SITE("folio_try_get", "refcount")))
			return true;
	}
	return false;
}

/* include/linux/mm.h: folio_put(), v6.15 */
void folio_put(page *page)
{
	FORMS.folio_put_refs(page, 1);
}

/* mm/gup.c: unpin_user_page(), gup_put_folio(), v6.15 */
void unpin_user_page(page *page)
{
	FORMS.folio_put_refs(page, GUP_PIN_COUNTING_BIAS);
}

/* mm/rmap.c: folio_add_file_rmap(), which is folio_add_file_rmap_pte(), v6.15 */
void folio_add_file_rmap(page *page)
{
	page->_mapcount.fetch_add(1, Order::kRelaxed, SITE("folio_add_file_rmap", "mapcount"));
}

/* mm/rmap.c: folio_remove_rmap(), which is folio_remove_rmap_pte(), v6.15 */
void folio_remove_rmap(page *page)
{
	page->_mapcount.fetch_sub(1, Order::kRelaxed, SITE("folio_remove_rmap", "mapcount"));
}

/* mm/memory.c: vm_normal_page(), v6.15. The page that a present PTE holds a reference on; null: none. */
page *vm_normal_page(uint64_t pfn)
{
	return pfn_to_page(pfn);
}

/* mm/memremap.c: free_zone_device_folio(), v6.15. Left out: device memory of other kinds. The count stays 0. */
static void free_zone_device_folio(page *page)
{
	model::current->var_table->wake_up_var(page->var, SITE("wake_up_var", "page"));
}

/* include/linux/mm.h: folio_put_refs(), v6.15 */
void folio_put_refs(page *page, uint32_t refs)
{
	uint32_t old =
		page->_refcount.fetch_sub(refs, Order::kFull, SITE("folio_put_refs", "refcount"));

	model_touch(page_to_pfn(page));
	WARN_ON_ONCE(old < refs);
	if (old == refs)
		free_zone_device_folio(page);
}

/* fs/dax.c: dax_page_is_busy(), which is dax_busy_page() for one page, v6.15: somebody has it who is not a mapping. */
bool dax_page_is_busy(page *page)
{
	uint32_t refs = READ_ONCE(page->_refcount);
	uint32_t mapped = READ_ONCE(page->_mapcount);

	return refs != mapped;
}

static bool model_page_idle(const void *argument)
{
	return static_cast<const page *>(argument)->_refcount.peek() == 0;
}

int model_wait_page(page *page, const engine::Object &key, uint32_t idle, inode *inode,
		    bool interruptible)
{
	wait_queue_head_t *wq = &model::current->var_table->queue_of(key);
	engine::WaitEntry wait;

	if (READ_ONCE(page->_refcount) == idle)
		return 0;
	wait.key = key.key;
	if (idle == 0) {
		wait.condition = model_page_idle;
		wait.argument = page;
	}
	if (interruptible)
		wait.state = engine::Sleep::kInterruptible;
	else
		wait.waits_for = &page->var; /* what a report names */
	for (;;) {
		if (!wq->prepare_to_wait_event(wait, false, SITE("prepare_to_wait_event", "page")))
			return -MODEL_ERESTARTSYS;
		if (READ_ONCE(page->_refcount) == idle)
			break;
		if (inode) {
			/* fs/ext4/inode.c: ext4_wait_dax_page(), v6.15 */
			up_write(&inode->i_data.invalidate_lock);
			wq->schedule(wait, SITE("schedule", "page"));
			down_write(&inode->i_data.invalidate_lock);
		} else {
			wq->schedule(wait, SITE("schedule", "page"));
		}
	}
	finish_wait(wq, &wait);
	return 0;
}

/*
 * fs/dax.c: wait_page_idle(), wait_page_idle_uninterruptible(), v6.15. The inode is that of the lock to drop while it
 * sleeps; null: none.
 */
int wait_page_idle(page *page, inode *inode, bool interruptible)
{
	return model_wait_page(page, page->var, 0, inode, interruptible);
}

} /* namespace kernel */
