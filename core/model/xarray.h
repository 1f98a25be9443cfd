/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of the xarray that DAX needs: value entries of order 0 and PMD order, marks, and an iterator state that
 * is explicit across sleeps. Everything but xa_empty() needs the lock, and what happens under it is one step.
 *
 * Left out: nodes and their allocation (so never -ENOMEM), RCU readers. An entry of PMD order stands in its first
 * slot; the others hold siblings that point to it.
 */
#ifndef DAXRACE_CORE_MODEL_XARRAY_H_
#define DAXRACE_CORE_MODEL_XARRAY_H_

#include "core/model/types.h"

namespace kernel
{

enum xa_mark_t : uint8_t {
	PAGECACHE_TAG_DIRTY = 1,
	PAGECACHE_TAG_TOWRITE = 2
};

struct xa_state {
	xarray *xa;
	pgoff_t xa_index;
	unsigned int order_nr; /* 1, or PMD_NR: slots that a new entry takes */
};

inline xa_entry xa_mk_value(uint64_t v)
{
	return v << 1 | 1;
}
inline uint64_t xa_to_value(xa_entry entry)
{
	return entry >> 1;
}
inline bool xa_is_value(xa_entry entry)
{
	return (entry & 1) != 0;
}
inline xa_entry xa_mk_internal(uint64_t v)
{
	return v << 2 | 2;
}
inline uint64_t xa_to_internal(xa_entry entry)
{
	return entry >> 2;
}
inline bool xa_is_internal(xa_entry entry)
{
	return (entry & 3) == 2;
}
inline constexpr xa_entry XA_RETRY_ENTRY = 256 << 2 | 2;

/* Of xa_head: one entry, of order 0 and at index 0, stands in the head itself; all others are in nodes. */
inline constexpr uint32_t XA_HEAD_VALUE = 0x80000000u;

inline uint32_t model_xa_entries(const xarray *xa)
{
	return xa->xa_head.peek() & ~XA_HEAD_VALUE;
}

void xa_init(xarray *xa, pgoff_t nr_slots);
bool xa_empty(xarray *xa);

/* XA_STATE, XA_STATE_ORDER. */
inline xa_state XA_STATE(xarray *xa, pgoff_t index)
{
	return { xa, index, 1 };
}
inline xa_state XA_STATE_ORDER(xarray *xa, pgoff_t index, unsigned int nr)
{
	return { xa, index & ~pgoff_t(nr - 1), nr };
}

xa_entry xas_load(xa_state *xas);
/* Any entry in the range of the state; NULL if there is none. */
xa_entry xas_find_conflict(xa_state *xas);
/* Replaces what is there, or makes a new entry of the state's order. NULL deletes all of an entry. */
xa_entry model_xas_store(xa_state *xas, xa_entry entry, const engine::Site &site);
bool xas_get_mark(xa_state *xas, xa_mark_t mark);
void model_xas_mark(xa_state *xas, xa_mark_t mark, bool set, const engine::Site &site);

/* Writers are places of their callers: that an entry was stored says little, that dax_insert_entry() did much. */
#define xas_store(xas, entry) model_xas_store((xas), (entry), SITE("xas_store", "i_pages"))
#define xas_set_mark(xas, mark) model_xas_mark((xas), (mark), true, SITE("xas_set_mark", "marks"))
#define xas_clear_mark(xas, mark) \
	model_xas_mark((xas), (mark), false, SITE("xas_clear_mark", "marks"))

/* The first entry at or behind xa_index with the mark (0: any) up to max; moves xa_index to it. NULL: none. */
xa_entry model_xas_find(xa_state *xas, pgoff_t max, unsigned int mark);
/* The next one behind the entry, whatever became of it, at xa_index. */
xa_entry model_xas_next(xa_state *xas, pgoff_t max, unsigned int mark);
/* One behind the entry at xa_index. */
pgoff_t model_xas_next_index(xa_state *xas);

#define xas_for_each(xas, entry, max) \
	for (entry = model_xas_find(xas, max, 0); entry; entry = model_xas_next(xas, max, 0))
#define xas_for_each_marked(xas, entry, max, mark) \
	for (entry = model_xas_find(xas, max, mark); entry; entry = model_xas_next(xas, max, mark))

#define xas_lock_irq(xas) spin_lock(&(xas)->xa->xa_lock)
#define xas_unlock_irq(xas) spin_unlock(&(xas)->xa->xa_lock)

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_XARRAY_H_ */
