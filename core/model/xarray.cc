/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/xarray.h"

#include <algorithm>

#include "core/model/model.h"

namespace kernel
{

static const engine::Role role_lock("i_pages.xa_lock"), role_head("i_pages.xa_head"),
	role_slot("i_pages"), role_mark("i_pages.marks");

/* A slot behind the first of an entry: how far back that is. */
static xa_entry model_mk_sibling(pgoff_t back)
{
	return back << 8 | 6;
}

static bool model_is_sibling(xa_entry entry)
{
	return (entry & 0xff) == 6;
}

/* include/linux/xarray.h: xa_init(), v6.15 */
void xa_init(xarray *xa, pgoff_t nr_slots)
{
	engine::Arena &arena = engine::Execution::current().arena();

	xa->xa_lock.init(role_lock);
	xa->xa_head.init(role_head);
	xa->slots = arena.make_array<Plain<xa_entry>>(nr_slots);
	xa->marks = arena.make_array<Plain<uint8_t>>(nr_slots);
	xa->nr_slots = nr_slots;
	xa->cleaned_by = arena.make_array<const engine::Site *>(nr_slots);
	for (pgoff_t i = 0; i < nr_slots; i++) {
		xa->slots[i].init(role_slot);
		xa->marks[i].init(role_mark);
	}
}

/* include/linux/xarray.h: xa_empty(), v6.15 */
bool xa_empty(xarray *xa)
{
	return READ_ONCE(xa->xa_head) == 0;
}

/* The slot that stands for `index`: the first of the entry there. */
static pgoff_t model_head(xarray *xa, pgoff_t index)
{
	xa_entry entry = GET(xa->slots[index]);

	return model_is_sibling(entry) ? index - (entry >> 8) : index;
}

/* lib/xarray.c: xas_load(), v6.15 */
xa_entry xas_load(xa_state *xas)
{
	if (xas->xa_index >= xas->xa->nr_slots)
		return 0;
	return GET(xas->xa->slots[model_head(xas->xa, xas->xa_index)]);
}

/* lib/xarray.c: xas_find_conflict(), v6.15 */
xa_entry xas_find_conflict(xa_state *xas)
{
	for (unsigned int i = 0; i < xas->order_nr && xas->xa_index + i < xas->xa->nr_slots; i++) {
		pgoff_t head = model_head(xas->xa, xas->xa_index + i);
		xa_entry entry = GET(xas->xa->slots[head]);

		if (entry)
			return entry;
	}
	return 0;
}

/* For reports alone, so without an event. */
static void model_note_cleaned(xarray *xa, pgoff_t head, const engine::Site &site)
{
	xa->cleaned_by[head] = &site;
	for (pgoff_t i = head + 1; i < xa->nr_slots && model_is_sibling(xa->slots[i].peek()); i++)
		xa->cleaned_by[i] = &site;
}

static pgoff_t model_entry_nr(xarray *xa, pgoff_t head)
{
	pgoff_t nr = 1;

	while (head + nr < xa->nr_slots && nr < PMD_NR) {
		xa_entry next = GET(xa->slots[head + nr]);

		if (!model_is_sibling(next) || next >> 8 != nr)
			break;
		nr++;
	}
	return nr;
}

/* xas_expand(), xas_shrink(): whether there is a node. */
static void model_xas_set_head(xarray *xa, uint32_t entries)
{
	bool value = entries == 1 && xa->slots[0].peek() &&
		     !(xa->nr_slots > 1 && model_is_sibling(xa->slots[1].peek()));

	MODEL_WRITE_HERE(xa->xa_head, entries | (value ? XA_HEAD_VALUE : 0));
}

/* xas_store(). Left out: splitting; the callers never store into the middle of an entry. */
xa_entry model_xas_store(xa_state *xas, xa_entry entry, const engine::Site &site)
{
	xarray *xa = xas->xa;
	pgoff_t head = model_head(xa, xas->xa_index);
	xa_entry old = GET(xa->slots[head]);

	if (entry && old) {
		xa->slots[head].write(entry, site);
	} else if (entry) {
		xa->slots[head].write(entry, site);
		for (pgoff_t i = 1; i < xas->order_nr; i++)
			SET(xa->slots[head + i], model_mk_sibling(i));
		model_xas_set_head(xa, model_xa_entries(xa) + 1);
	} else if (old) {
		pgoff_t nr = model_entry_nr(xa, head);

		if (xa->marks[head].peek() & PAGECACHE_TAG_DIRTY)
			model_note_cleaned(xa, head, site);
		xa->slots[head].write(0, site);
		for (pgoff_t i = 1; i < nr; i++)
			SET(xa->slots[head + i], xa_entry(0));
		SET(xa->marks[head], uint8_t(0));
		model_xas_set_head(xa, model_xa_entries(xa) - 1);
	}
	return old;
}

/* lib/xarray.c: xas_get_mark(), v6.15 */
bool xas_get_mark(xa_state *xas, xa_mark_t mark)
{
	return (GET(xas->xa->marks[model_head(xas->xa, xas->xa_index)]) & mark) != 0;
}

/* xas_set_mark(), xas_clear_mark() */
void model_xas_mark(xa_state *xas, xa_mark_t mark, bool set, const engine::Site &site)
{
	pgoff_t head = model_head(xas->xa, xas->xa_index);
	Plain<uint8_t> &marks = xas->xa->marks[head];
	uint8_t old = GET(marks);

	marks.write(uint8_t(set ? old | mark : old & ~mark), site);
	if (!set && (old & mark & PAGECACHE_TAG_DIRTY))
		model_note_cleaned(xas->xa, head, site);
}

xa_entry model_xas_find(xa_state *xas, pgoff_t max, unsigned int mark)
{
	pgoff_t end = std::min(max, xas->xa->nr_slots - 1);

	for (pgoff_t i = xas->xa_index; i <= end; i++) {
		pgoff_t head = model_head(xas->xa, i);
		xa_entry entry = GET(xas->xa->slots[head]);

		if (!entry)
			continue;
		if (mark && !(GET(xas->xa->marks[head]) & mark))
			continue;
		/* Where the walk began if that is in the middle of the entry, as with xas_find(). */
		xas->xa_index = i;
		return entry;
	}
	return 0;
}

pgoff_t model_xas_next_index(xa_state *xas)
{
	pgoff_t head = model_head(xas->xa, xas->xa_index);
	xa_entry entry = GET(xas->xa->slots[head]);

	return entry ? head + model_entry_nr(xas->xa, head) : xas->xa_index + 1;
}

xa_entry model_xas_next(xa_state *xas, pgoff_t max, unsigned int mark)
{
	xas->xa_index = model_xas_next_index(xas);
	return model_xas_find(xas, max, mark);
}

} /* namespace kernel */
