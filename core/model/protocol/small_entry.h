/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of an xarray as the DAX entry lock needs. Included inside a namespace, after small_kernel.h. What a backend has
 * for it: dax_wait_table(), model_retry_loop, model_site, model_entry_object(), model_note_hold(), model_note_release(),
 * model_before_i_pages(), model_has_i_pages(), model_after_i_pages(), model_queue_is_empty(), model_spurious_wakeups().
 */

inline constexpr unsigned int MODEL_SLOTS = 2;

/* --- the xarray ---------------------------------------------------------------------------------------------- */

using xa_entry = uint64_t;

/* An entry of PMD order stands in its first slot, and the others are empty. */
struct model_slot {
	Plain<xa_entry> entry;
};

struct xarray {
	spinlock_t xa_lock;
	model_slot slots[MODEL_SLOTS];

	xarray()
	{
		MODEL_INIT_LOCK(xa_lock);
		for (model_slot &slot : slots)
			MODEL_INIT(slot.entry, 0);
	}
};

struct xa_state {
	xarray *xa;
	pgoff_t xa_index;
	unsigned int order_nr; /* 1, or PMD_NR */
};

inline xa_entry xa_mk_value(uint64_t v)
{
	return v << 1 | 1;
}

inline uint64_t xa_to_value(xa_entry entry)
{
	return entry >> 1;
}

inline constexpr xa_entry XA_RETRY_ENTRY = 256 << 2 | 2;

inline void xas_lock_irq(xa_state *xas)
{
	model_before_i_pages();
	spin_lock(&xas->xa->xa_lock);
	model_has_i_pages(true);
}

inline void xas_unlock_irq(xa_state *xas)
{
	model_has_i_pages(false);
	spin_unlock(&xas->xa->xa_lock);
	model_after_i_pages();
}

/* Never 0, so that the key of no entry is that of a frame gone. */
inline uint64_t dax_wait_key(const xa_state *xas, pgoff_t index)
{
	return (MODEL_LACKS(entry_key) ? xas->xa_index : index) + 1;
}

inline const model_object *model_entry_object(const xa_state *xas)
{
	return model_object_of(xas->xa->slots[xas->xa_index].entry);
}

xa_entry xas_load(xa_state *xas);
xa_entry xas_find_conflict(xa_state *xas);
xa_entry model_xas_store(xa_state *xas, xa_entry entry, const model_site &site);

#include "core/model/protocol/dax_entry_lock.h"

/* Where the entry of an index stands. */
inline model_slot *model_xas_slot(const xa_state *xas, unsigned int order_nr)
{
	model_slot *head = &xas->xa->slots[xas->xa_index & ~pgoff_t(PMD_NR - 1)];

	return order_nr > 1 || dax_is_pmd_entry(GET(head->entry)) ? head
								  : &xas->xa->slots[xas->xa_index];
}

inline xa_entry xas_load(xa_state *xas)
{
	return GET(model_xas_slot(xas, 1)->entry);
}

inline xa_entry xas_find_conflict(xa_state *xas)
{
	pgoff_t first = xas->xa_index & ~pgoff_t(xas->order_nr - 1);

	for (pgoff_t i = first; i < first + xas->order_nr; i++) {
		xa_state at = { xas->xa, i, 1 };
		xa_entry entry = xas_load(&at);

		if (entry)
			return entry;
	}
	return 0;
}

inline xa_entry model_xas_store(xa_state *xas, xa_entry entry, const model_site &)
{
	model_slot *slot = model_xas_slot(xas, xas->order_nr);
	xa_entry old = GET(slot->entry);

	SET(slot->entry, entry);
	return old;
}

#include "core/model/protocol/dax_entry_lock_impl.h"
