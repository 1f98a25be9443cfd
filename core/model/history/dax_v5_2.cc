/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/history/history.h"
#include "core/model/protocol/entry_backend.h"

namespace kernel
{

/*
 * fs/dax.c: get_unlocked_entry(), v5.2. Left out: sleeping without a bound, in words of the later kernel. Whatever entry
 * is found is waited for, under the key of the index that was looked up: not the one that a smaller entry is woken by.
 */
static xa_entry get_unlocked_entry_v5_2(xa_state *xas)
{
	model_retry_loop loop;

	for (;;) {
		xa_entry entry = xas_find_conflict(xas);
		wait_entry ewait;
		wait_queue_head_t *wq;

		if (!entry || !dax_is_locked(entry))
			return entry;

		ewait.key = dax_wait_key(xas, dax_is_pmd_entry(entry)
						      ? xas->xa_index & ~pgoff_t(PMD_NR - 1)
						      : xas->xa_index);
		wq = dax_wait_table(ewait.key);
		ewait.waits_for = model_entry_object(xas);
		prepare_to_wait_exclusive(wq, &ewait);
		xas_unlock_irq(xas);
		schedule_on(wq, &ewait);
		finish_wait(wq, &ewait);
		xas_lock_irq(xas);
		loop.again();
	}
}

/* fs/dax.c: grab_mapping_entry(), v5.2. Left out: -ENOMEM; page->mapping. The conflict is seen after the wait. */
xa_entry grab_mapping_entry_v5_2(xa_state *xas, address_space *mapping, unsigned int nr)
{
	pgoff_t index = xas->xa_index;
	bool pmd_downgrade = false;
	xa_entry entry;

	xas_lock_irq(xas);
	entry = get_unlocked_entry_v5_2(xas);
	if (entry) {
		if (model_entry_pages(entry) < nr) {
			put_unlocked_entry(xas, entry, WAKE_NEXT);
			xas_unlock_irq(xas);
			return xa_mk_internal(VM_FAULT_FALLBACK);
		}
		if (nr == 1 && dax_is_pmd_entry(entry) &&
		    (dax_is_zero_entry(entry) || dax_is_empty_entry(entry)))
			pmd_downgrade = true;
	}

	if (pmd_downgrade) {
		dax_lock_entry(xas, entry);
		if (dax_is_zero_entry(entry)) {
			xas_unlock_irq(xas);
			unmap_mapping_pages(mapping, index & ~pgoff_t(PMD_NR - 1), PMD_NR);
			xas_lock_irq(xas);
		}
		model_note_release(*model_entry_object(xas));
		xas_store(xas, 0);
		dax_wake_entry(xas, entry, WAKE_ALL);
		SET(mapping->nrpages, mapping->nrpages.peek() - PMD_NR);
		entry = 0;
	}

	if (entry) {
		dax_lock_entry(xas, entry);
	} else {
		entry = dax_make_entry(0, DAX_EMPTY | (nr > 1 ? uint64_t(DAX_PMD) : 0));
		dax_lock_entry(xas, entry);
		SET(mapping->nrpages, mapping->nrpages.peek() + nr);
	}
	xas_unlock_irq(xas);
	return entry;
}

} /* namespace kernel */
