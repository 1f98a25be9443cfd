/* SPDX-License-Identifier: GPL-2.0-only */
/* The functions of dax_entry_lock.h, which says what they need. Included once in a program. */
/* fs/dax.c: dax_entry_waitqueue(), v6.15. Left out: hash_long(); the table is small and the key tells them apart. */
static wait_queue_head_t *dax_entry_waitqueue(xa_state *xas, xa_entry entry, uint64_t *key)
{
	pgoff_t index = xas->xa_index;

	/*
	 * Every index in the range of a PMD entry must wait at, and wake, one place: the start of the PMD.
	 */
	if (dax_is_pmd_entry(entry))
		index &= ~pgoff_t(PMD_NR - 1);
	*key = dax_wait_key(xas, index);
	return dax_wait_table(*key);
}

/* fs/dax.c: dax_wake_entry(), v6.15 */
void dax_wake_entry(xa_state *xas, xa_entry entry, enum dax_wake_mode mode)
{
	uint64_t key;
	wait_queue_head_t *wq = dax_entry_waitqueue(xas, entry, &key);

	/*
	 * The lock bit is looked at, and the waiter queued, in one section of the i_pages lock. So whoever has seen
	 * the entry locked is on the queue by now, and the test without the queue's lock cannot miss it.
	 */
	if (waitqueue_active(wq))
		__wake_up(wq, mode == WAKE_ALL ? 0 : 1, key);
}

/*
 * fs/dax.c: get_next_unlocked_entry(), v6.15
 *
 * Looks up the entry and waits until it is not locked. An entry of fewer than `nr` pages is returned at once as a
 * conflict, before its lock bit is looked at. Called with the i_pages lock, which it drops to sleep.
 */
xa_entry get_next_unlocked_entry(xa_state *xas, unsigned int nr)
{
	model_retry_loop loop;

	for (;;) {
		xa_entry entry = xas_find_conflict(xas);
		wait_entry ewait;
		wait_queue_head_t *wq;

		if (!entry)
			return entry;
		if (model_entry_pages(entry) < nr)
			return XA_RETRY_ENTRY;
		if (!dax_is_locked(entry))
			return entry;

		wq = dax_entry_waitqueue(xas, entry, &ewait.key);
		ewait.waits_for = model_entry_object(xas);
		prepare_to_wait_exclusive(wq, &ewait);
		xas_unlock_irq(xas);
		schedule_on(wq, &ewait);
		finish_wait(wq, &ewait);
		xas_lock_irq(xas);
		loop.again();
	}
}

/*
 * fs/dax.c: wait_entry_unlocked_exclusive(), v6.15
 *
 * For walks over the tree: waits until the entry at the present index is not locked. NULL if it is gone.
 */
xa_entry wait_entry_unlocked_exclusive(xa_state *xas, xa_entry entry)
{
	model_retry_loop loop;

	while (dax_is_locked(entry)) {
		wait_entry ewait;
		wait_queue_head_t *wq = dax_entry_waitqueue(xas, entry, &ewait.key);

		ewait.waits_for = model_entry_object(xas);
		prepare_to_wait_exclusive(wq, &ewait);
		xas_unlock_irq(xas);
		schedule_on(wq, &ewait);
		finish_wait(wq, &ewait);
		xas_lock_irq(xas);
		loop.again();
		entry = xas_load(xas);
		if (!entry)
			break;
	}
	return entry;
}

/* fs/dax.c: put_unlocked_entry(), v6.15. A waiter that was woken and does not lock passes the wake-up on. */
void put_unlocked_entry(xa_state *xas, xa_entry entry, enum dax_wake_mode mode)
{
	if (entry && !dax_is_conflict(entry))
		dax_wake_entry(xas, entry, mode);
}

/* fs/dax.c: dax_unlock_entry(), v6.15 */
void model_unlock_entry(xa_state *xas, xa_entry entry, const model_site &site)
{
	xas_lock_irq(xas);
	model_xas_store(xas, entry, site);
	model_note_release(*model_entry_object(xas));
	xas_unlock_irq(xas);
	dax_wake_entry(xas, entry, WAKE_NEXT);
}

/* fs/dax.c: dax_lock_entry(), v6.15. Returns what was there. */
xa_entry model_lock_entry(xa_state *xas, xa_entry entry, const model_site &site)
{
	xa_entry old = model_xas_store(xas, xa_mk_value(xa_to_value(entry) | DAX_LOCKED), site);

	if (!old || !dax_is_locked(old))
		model_note_hold(*model_entry_object(xas));
	return old;
}
