/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * References to a page of the device, and waiting until nobody has one: a protocol over a backend. A program compiles
 * it once, with these before it:
 *
 *   the memory operations (engine_memory.h, relacy_memory.h), WARN_ON_ONCE();
 *   page with _refcount, _mapcount and var; inode; FORMS; GUP_PIN_COUNTING_BIAS; wait_entry;
 *   prepare_to_wait_event(), schedule_on(), finish_wait(), waitqueue_active(), __wake_up();
 *   __var_waitqueue(), model_var_key(), model_init_wait_page(); model_note_page(), which may do nothing;
 *   model_unlock_layout() and model_lock_layout().
 */

/* kernel/sched/wait_bit.c: wake_up_var(), __wake_up_bit(), v6.15. A full barrier has to stand before it. */
static void wake_up_var(const model_var &var)
{
	wait_queue_head_t *wq_head = __var_waitqueue(var);

	if (waitqueue_active(wq_head))
		__wake_up(wq_head, 1, model_var_key(var));
}

/* include/linux/mm.h: folio_get(), v6.15 */
void folio_get(page *page)
{
	atomic_inc(&page->_refcount);
	model_note_page(page);
}

/* include/linux/page_ref.h: folio_try_get(), folio_ref_add_unless_zero(), v6.15. False: nobody has the page. */
bool folio_try_get(page *page, uint32_t refs)
{
	uint32_t old = READ_ONCE(page->_refcount);

	model_note_page(page);
	while (old != 0) {
		if (atomic_try_cmpxchg(&page->_refcount, &old, old + refs))
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
	atomic_fetch_add(1, &page->_mapcount); /* atomic_inc_and_test() */
}

/* mm/rmap.c: folio_remove_rmap(), which is folio_remove_rmap_pte(), v6.15 */
void folio_remove_rmap(page *page)
{
	atomic_fetch_sub(1, &page->_mapcount); /* atomic_add_negative() */
}

/* mm/memremap.c: free_zone_device_folio(), v6.15. Left out: device memory of other kinds. The count stays 0. */
static void free_zone_device_folio(page *page)
{
	wake_up_var(page->var);
}

/* include/linux/mm.h: folio_put_refs(), v6.15 */
void folio_put_refs(page *page, uint32_t refs)
{
	uint32_t old = atomic_fetch_sub(refs, &page->_refcount);

	model_note_page(page);
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

/*
 * fs/dax.c: model_wait_page(), which is ___wait_var_event() in wait_page_idle(), v6.15: until the count is `idle`, woken
 * by `key`.
 */
int model_wait_page(page *page, const model_var &key, uint32_t idle, inode *inode,
		    bool interruptible)
{
	wait_queue_head_t *wq = __var_waitqueue(key);
	wait_entry wait;

	if (READ_ONCE(page->_refcount) == idle)
		return 0;
	model_init_wait_page(&wait, key, page, idle, interruptible);
	for (;;) {
		if (!prepare_to_wait_event(wq, &wait))
			return -MODEL_ERESTARTSYS;
		if (READ_ONCE(page->_refcount) == idle)
			break;
		/* fs/ext4/inode.c: ext4_wait_dax_page(), v6.15 */
		if (inode)
			model_unlock_layout(inode);
		schedule_on(wq, &wait);
		if (inode)
			model_lock_layout(inode);
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
