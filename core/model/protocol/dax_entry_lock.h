/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The DAX entry lock and its wait queue: a protocol over a backend. The functions are in dax_entry_lock_impl.h, which
 * a program compiles once, with the backend of its choice included before it:
 *
 *   xa_state with xas_load(), xas_find_conflict(), xas_lock_irq() and xas_unlock_irq();
 *   wait_queue_head_t and wait_entry with prepare_to_wait_exclusive(), finish_wait(), schedule_on(),
 *   waitqueue_active() and __wake_up(); dax_wait_key(), dax_wait_table(); PMD_NR;
 *   SITE() and model_site; model_xas_store(); model_retry_loop, model_entry_object(), model_note_hold() and model_note_release(), which may do nothing.
 *
 * The model's is entry_backend.h; that of small_entry.h explores weak memory, and is compared with the engine.
 */
#ifndef DAXRACE_CORE_MODEL_PROTOCOL_DAX_ENTRY_LOCK_H_
#define DAXRACE_CORE_MODEL_PROTOCOL_DAX_ENTRY_LOCK_H_

/* The bits of an entry; the page frame number is above them. */
enum : uint64_t {
	DAX_LOCKED = 1,
	DAX_PMD = 2,
	DAX_ZERO_PAGE = 4,
	DAX_EMPTY = 8,
	DAX_SHIFT = 4
};

enum dax_wake_mode {
	WAKE_ALL,
	WAKE_NEXT
};

/* fs/dax.c: dax_make_entry(), v6.15 */
inline xa_entry dax_make_entry(uint64_t pfn, uint64_t flags)
{
	return xa_mk_value(flags | pfn << DAX_SHIFT);
}

/* fs/dax.c: dax_to_pfn(), v6.15 */
inline uint64_t dax_to_pfn(xa_entry entry)
{
	return xa_to_value(entry) >> DAX_SHIFT;
}

/* fs/dax.c: dax_is_locked(), v6.15 */
inline bool dax_is_locked(xa_entry entry)
{
	return (xa_to_value(entry) & DAX_LOCKED) != 0;
}

/* fs/dax.c: dax_is_pmd_entry(), v6.15 */
inline bool dax_is_pmd_entry(xa_entry entry)
{
	return (xa_to_value(entry) & DAX_PMD) != 0;
}

/* fs/dax.c: dax_is_zero_entry(), v6.15 */
inline bool dax_is_zero_entry(xa_entry entry)
{
	return (xa_to_value(entry) & DAX_ZERO_PAGE) != 0;
}

/* fs/dax.c: dax_is_empty_entry(), v6.15 */
inline bool dax_is_empty_entry(xa_entry entry)
{
	return (xa_to_value(entry) & DAX_EMPTY) != 0;
}

/* fs/dax.c: dax_is_conflict(), v6.15 */
inline bool dax_is_conflict(xa_entry entry)
{
	return entry == XA_RETRY_ENTRY;
}

/* The pages that an entry covers: 1 << dax_entry_order(). */
inline unsigned int model_entry_pages(xa_entry entry)
{
	return dax_is_pmd_entry(entry) ? PMD_NR : 1;
}

xa_entry get_next_unlocked_entry(xa_state *xas, unsigned int nr);
xa_entry wait_entry_unlocked_exclusive(xa_state *xas, xa_entry entry);
void put_unlocked_entry(xa_state *xas, xa_entry entry, enum dax_wake_mode mode);
void dax_wake_entry(xa_state *xas, xa_entry entry, enum dax_wake_mode mode);
void model_unlock_entry(xa_state *xas, xa_entry entry, const model_site &site);
xa_entry model_lock_entry(xa_state *xas, xa_entry entry, const model_site &site);

/* Places of their callers, as in xarray.h. */
#define dax_unlock_entry(xas, entry) \
	model_unlock_entry((xas), (entry), SITE("dax_unlock_entry", "i_pages"))
#define dax_lock_entry(xas, entry) \
	model_lock_entry((xas), (entry), SITE("dax_lock_entry", "i_pages"))

#endif /* DAXRACE_CORE_MODEL_PROTOCOL_DAX_ENTRY_LOCK_H_ */
