/* SPDX-License-Identifier: GPL-2.0-only */
/* include/linux/mm.h, page-flags.h, rmap.h: one anonymous page, its counts, flags and lock, and its page frame. */
#include "core/model/anon.h"

#include "core/model/page_alloc.h"
#include "core/model/protocol/page_backend.h"

namespace kernel
{

static const engine::Role role_refcount("folio.refcount"), role_mapcount("folio.mapcount"),
	role_flags("folio.flags"), role_folio_lock("folio"), role_swap("folio.swap"),
	role_index("folio.index"), role_page_cell("page_cell"), role_zone_lock("zone_lock"),
	role_zone_state("zone"), role_anon_vma("anon_vma"), role_swap_map("swap_map"),
	role_cached("swap_cache"), role_slot_data("swap_data"), role_swap_lock("swap_lock"),
	role_writeok("swap_writeok"), role_writeback("writeback_wait");

void model_boot_anon(model *m)
{
	engine::Execution &execution = engine::Execution::current();
	engine::Arena &arena = execution.arena();
	const model_config &config = m->config;
	private_memory *anon = arena.make<private_memory>();

	m->anon = anon;
	anon->nr_folios = config.nr_folios;
	anon->folios = arena.make_array<folio>(config.nr_folios);
	anon->zone_lock.init(role_zone_lock);
	execution.init(anon->zone_state, role_zone_state);
	anon->free_stack = arena.make_array<uint32_t>(config.nr_folios);
	anon->nr_free = config.nr_folios;
	for (uint32_t i = 0; i < config.nr_folios; i++) {
		folio *folio = &anon->folios[i];

		folio->_refcount.init(role_refcount);
		folio->_mapcount.init(role_mapcount);
		folio->flags.init(role_flags);
		folio->lock.init(role_folio_lock, engine::LockUse::kTriedToo);
		folio->swap.init(role_swap);
		folio->index.init(role_index);
		folio->cells = arena.make_array<Atomic<uint64_t>>(config.cells);
		for (unsigned int c = 0; c < config.cells; c++)
			folio->cells[c].init(role_page_cell);
		anon->free_stack[i] = config.nr_folios - 1 - i;
	}
	anon->anon_vma_lock.init(role_anon_vma);

	anon->nr_slots = config.nr_folios;
	anon->slots = arena.make_array<swap_slot>(anon->nr_slots);
	for (uint32_t i = 0; i < anon->nr_slots; i++) {
		swap_slot *slot = &anon->slots[i];

		slot->swap_map.init(role_swap_map);
		slot->cached.init(role_cached);
		slot->data = arena.make_array<Plain<uint64_t>>(config.cells);
		for (unsigned int c = 0; c < config.cells; c++)
			slot->data[c].init(role_slot_data);
	}
	anon->swap_lock.init(role_swap_lock);
	anon->swap_writeok.init(role_writeok, 1u);
	anon->writeback_wait.init(role_writeback);
}

/* --- the allocator: mm/page_alloc.c ------------------------------------------------------------------------------- */

static uint64_t model_zone_hash(void)
{
	private_memory *anon = model::current->anon;
	uint64_t hash = anon->nr_free;

	for (uint32_t i = 0; i < anon->nr_free; i++)
		hash = engine::combine(hash, anon->free_stack[i]);
	return hash;
}

/* alloc_pages(): what was freed last comes first. With one reference and zeroed; null: there is none. */
folio *model_alloc_folio(pgoff_t index)
{
	private_memory *anon = model::current->anon;
	folio *folio = nullptr;

	model_alloc(GFP_KERNEL); /* GFP_HIGHUSER_MOVABLE */
	spin_lock(&anon->zone_lock);
	if (anon->nr_free > 0) {
		uint64_t before = model_zone_hash();
		uint32_t frame = anon->free_stack[--anon->nr_free];

		folio = &anon->folios[frame];
		engine::Execution::current().changed(anon->zone_state, before, model_zone_hash());
		engine::Execution::current().observe(anon->zone_state, frame + 1);
	}
	spin_unlock(&anon->zone_lock);
	if (!folio)
		return nullptr;
	for (unsigned int c = 0; c < model::current->config.cells; c++) {
		if (folio->cells[c].peek() != 0)
			MODEL_WRITE_HERE(folio->cells[c], uint64_t(0));
	}
	SET(folio->index, index);
	MODEL_WRITE_HERE(folio->_refcount, int32_t(1)); /* set_page_refcounted() */
	return folio;
}

/* mm/page_alloc.c: free_pages_prepare(), free_unref_page(), v6.15 */
void free_unref_page(folio *folio)
{
	private_memory *anon = model::current->anon;
	uint32_t flags = folio->flags.peek();

	/* bad_page() */
	WARN_ON_ONCE(folio->_mapcount.peek() != 0 || folio->_refcount.peek() != 0 ||
		     (flags & (PG_writeback | PG_swapcache)) != 0);
	if (flags)
		MODEL_WRITE_HERE(folio->flags, uint32_t(0));
	spin_lock(&anon->zone_lock);
	uint64_t before = model_zone_hash();
	anon->free_stack[anon->nr_free++] = uint32_t(folio - anon->folios);
	engine::Execution::current().changed(anon->zone_state, before, model_zone_hash());
	spin_unlock(&anon->zone_lock);
}

/* --- references: include/linux/mm.h, include/linux/page_ref.h ------------------------------------------------------ */

#define model_add(x, n) (x).fetch_add((n), Order::kFull, SITE("atomic_add", #x))

/* include/linux/mm.h: folio_put(), v6.15 */
void folio_put(folio *folio)
{
	folio_put_refs(folio, 1);
}

/* include/linux/page_ref.h: folio_ref_freeze(), v6.15 */
bool folio_ref_freeze(folio *folio, int32_t count)
{
	return folio->_refcount.compare_exchange(count, 0, Order::kFull,
						 SITE("cmpxchg", "_refcount"));
}

/* include/linux/page_ref.h: folio_ref_unfreeze(), v6.15 */
void folio_ref_unfreeze(folio *folio, int32_t count)
{
	folio->_refcount.store(count, Order::kRelease, SITE("atomic_set_release", "_refcount"));
}

#include "core/model/protocol/anon_exclusive.h"

/* --- flags and the page lock ----------------------------------------------------------------------------------------- */

void model_folio_set(folio *folio, uint32_t flag)
{
	folio->flags.fetch_or(flag, Order::kRelaxed, SITE("set_bit", "flags"));
}

bool model_folio_test_clear(folio *folio, uint32_t flag)
{
	uint32_t old = folio->flags.fetch_and(~flag, Order::kFull, SITE("clear_bit", "flags"));

	return (old & flag) != 0;
}

/* include/linux/mm.h: folio_mapped(), v6.15 */
bool folio_mapped(folio *folio)
{
	return READ_ONCE(folio->_mapcount) > 0;
}

/* include/linux/pagemap.h: folio_lock(), v6.15 */
void folio_lock(folio *folio)
{
	MODEL_LOCKED(folio->lock.lock(SITE("folio_lock", "folio")));
}

/* include/linux/pagemap.h: folio_trylock(), v6.15 */
bool folio_trylock(folio *folio)
{
	return folio->lock.try_lock(SITE("folio_trylock", "folio"));
}

/* mm/filemap.c: folio_unlock(), v6.15 */
void folio_unlock(folio *folio)
{
	folio->lock.unlock(SITE("folio_unlock", "folio"));
}

/* mm/page-writeback.c: folio_wait_writeback(), v6.15 */
void folio_wait_writeback(folio *folio)
{
	wait_queue_head_t *wq = &model::current->anon->writeback_wait;
	engine::RetryLoop loop;

	while (model_folio_test(folio, PG_writeback)) {
		engine::WaitEntry wait;

		prepare_to_wait_exclusive(wq, &wait);
		if (model_folio_test(folio, PG_writeback))
			schedule_on(wq, &wait);
		finish_wait(wq, &wait);
		loop.again();
	}
}

/* mm/filemap.c: folio_end_writeback(), v6.15 */
void folio_end_writeback(folio *folio)
{
	model_folio_test_clear(folio, PG_writeback);
	__wake_up(&model::current->anon->writeback_wait, 0, engine::WaitQueue::kAnyKey);
}

/* include/linux/highmem.h: copy_user_highpage(), v6.15. Nobody else can reach the page that is written. */
void copy_user_highpage(folio *to, folio *from)
{
	for (unsigned int c = 0; c < model::current->config.cells; c++) {
		uint64_t value = READ_ONCE(from->cells[c]);

		MODEL_WRITE_HERE(to->cells[c], value);
	}
}

/* Lists of pages have a lock, which is left out: whoever takes a page off its list sees all that was there before. */
void model_lru_add(folio *folio)
{
	folio->flags.fetch_or(PG_lru, Order::kRelease, SITE("lru_add", "flags"));
}

/* --- reverse mappings: mm/rmap.c ---------------------------------------------------------------------------------------- */

/* include/linux/page-flags.h: PageAnonExclusive(), v6.15 */
bool PageAnonExclusive(folio *folio)
{
	return model_folio_test(folio, PG_anon_exclusive);
}

/* include/linux/page-flags.h: SetPageAnonExclusive(), v6.15 */
void SetPageAnonExclusive(folio *folio)
{
	model_folio_set(folio, PG_anon_exclusive);
}

/* mm/rmap.c: folio_add_new_anon_rmap(), v6.15; include/linux/swap.h: folio_add_lru_vma() */
void folio_add_new_anon_rmap(folio *folio, rmap_t flags)
{
	WRITE_ONCE(folio->_mapcount, int32_t(1));
	if (flags & RMAP_EXCLUSIVE)
		FORMS.SetPageAnonExclusive(folio);
	model_lru_add(folio);
}

/* mm/rmap.c: folio_add_anon_rmap_pte(), v6.15 */
void folio_add_anon_rmap_pte(folio *folio, rmap_t flags)
{
	model_add(folio->_mapcount, 1);
	if (flags & RMAP_EXCLUSIVE)
		FORMS.SetPageAnonExclusive(folio);
	WARN_ON_ONCE(folio->_mapcount.peek() > 1 && (folio->flags.peek() & PG_anon_exclusive) != 0);
}

/* mm/rmap.c: folio_remove_rmap_pte(), v6.15 */
void folio_remove_rmap_pte(folio *folio)
{
	int32_t old = model_add(folio->_mapcount, -1);

	WARN_ON_ONCE(old <= 0);
}

/* mm/rmap.c: anon_vma_prepare(), anon_vma_fork(), v6.15. When the VMA is made, not at its first fault. */
void model_link_anon_vma(vm_area_struct *vma)
{
	down_write(&model::current->anon->anon_vma_lock);
	SET(vma->in_anon_vma, true);
	up_write(&model::current->anon->anon_vma_lock);
}

/* mm/rmap.c: unlink_anon_vmas(), v6.15 */
void model_unlink_anon_vma(vm_area_struct *vma)
{
	down_write(&model::current->anon->anon_vma_lock);
	SET(vma->in_anon_vma, false);
	up_write(&model::current->anon->anon_vma_lock);
}

/* --- what observers are told --------------------------------------------------------------------------------------------- */

void model_emit_page(model_event_kind kind, mm_struct *mm, pgoff_t address, uint64_t value)
{
	model_event event{ kind };

	event.mm = mm;
	event.cell = address * model::current->config.cells;
	event.value = value;
	model_emit(event);
}

void model_emit_forked(mm_struct *src, mm_struct *dst, pgoff_t address, unsigned int cell)
{
	model_event event{ model_event_kind::forked };

	event.mm = src;
	event.child = dst;
	event.cell = address * model::current->config.cells + cell;
	model_emit(event);
}

void model_emit_forked_page(mm_struct *src, mm_struct *dst, pgoff_t address)
{
	for (unsigned int c = 0; c < model::current->config.cells; c++)
		model_emit_forked(src, dst, address, c);
}

/* What a load would find now. */
uint64_t model_private_content(const mm_struct *mm, uint64_t cell)
{
	const model *m = model::current;
	unsigned int c = unsigned(cell % m->config.cells);
	pte_t pte = mm->ptes[cell / m->config.cells].peek();

	if (pte_present(pte)) {
		folio *folio = model_anon_folio(pte_pfn(pte));

		return folio ? folio->cells[c].peek() : 0;
	}
	if (!is_swap_pte(pte))
		return 0;
	const swap_slot *slot = &m->anon->slots[pte_to_swp_entry(pte)];
	uint32_t cached = slot->cached.peek();

	return cached ? m->anon->folios[cached - 1].cells[c].peek() : slot->data[c].peek();
}

} /* namespace kernel */
