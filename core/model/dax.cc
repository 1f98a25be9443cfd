/* SPDX-License-Identifier: GPL-2.0-only */
/* fs/dax.c: faults, write-back, invalidation and I/O of a DAX mapping. */
#include "core/model/anon.h"
#include "core/model/pgmap.h"
#include "core/model/signal.h"

#include <algorithm>

#include "core/model/protocol/entry_backend.h"

namespace kernel
{

static bool model_entry_has_storage(xa_entry entry)
{
	return !dax_is_zero_entry(entry) && !dax_is_empty_entry(entry);
}

/*
 * fs/dax.c: dax_associate_entry(), v6.15, for each page. Left out: sharing, compound pages. Under the i_pages lock, in
 * the step that puts the entry into the tree or takes it out.
 */
void dax_associate_entry(xa_entry entry, address_space *mapping, pgoff_t index)
{
	if (!model_entry_has_storage(entry))
		return;
	for (pgoff_t i = 0; i < model_entry_pages(entry); i++) {
		page *page = pfn_to_page(dax_to_pfn(entry) + i);

		if (!page)
			return;
		WARN_ON_ONCE(MODEL_READ_HERE(page->mapping) != 0);
		MODEL_WRITE_HERE(page->mapping, uint32_t(mapping->host->id) + 1);
		MODEL_WRITE_HERE(page->index, index + i);
	}
}

/*
 * fs/dax.c: dax_disassociate_entry(), dax_folio_put(), v6.15, for each page. Left out: sharing. That references are
 * left is a warning only where a compound page is split.
 */
void dax_disassociate_entry(xa_entry entry, address_space *, bool)
{
	if (!model_entry_has_storage(entry))
		return;
	for (pgoff_t i = 0; i < model_entry_pages(entry); i++) {
		page *page = pfn_to_page(dax_to_pfn(entry) + i);

		if (!page)
			return;
		MODEL_WRITE_HERE(page->mapping, uint32_t(0));
		WARN_ON_ONCE(dax_is_pmd_entry(entry) && MODEL_READ_HERE(page->_refcount) != 0);
	}
}

/*
 * fs/dax.c: grab_mapping_entry(), v6.15. Left out: -ENOMEM.
 *
 * Returns the entry locked, a new empty one if there was none. A PTE fault turns a PMD entry without storage into PTE
 * entries; one with storage stays, and the PTE fault locks all of it. A PMD fault that meets a smaller entry falls
 * back: nobody upgrades.
 */
xa_entry grab_mapping_entry(xa_state *xas, address_space *mapping, unsigned int nr)
{
	pgoff_t index = xas->xa_index;
	bool pmd_downgrade = false;
	xa_entry entry;

	xas_lock_irq(xas);
	entry = get_next_unlocked_entry(xas, nr);
	if (entry) {
		if (dax_is_conflict(entry)) {
			xas_unlock_irq(xas);
			return xa_mk_internal(VM_FAULT_FALLBACK);
		}
		if (nr == 1 && dax_is_pmd_entry(entry) &&
		    (dax_is_zero_entry(entry) || dax_is_empty_entry(entry)))
			pmd_downgrade = true;
	}

	if (pmd_downgrade) {
		/* The lock keeps the entry valid while the i_pages lock is dropped. */
		dax_lock_entry(xas, entry);
		if (dax_is_zero_entry(entry)) {
			xas_unlock_irq(xas);
			unmap_mapping_pages(mapping, index & ~pgoff_t(PMD_NR - 1), PMD_NR);
			xas_lock_irq(xas);
		}
		FORMS.dax_disassociate_entry(entry, mapping, false);
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

/* fs/dax.c: dax_busy_page(), v6.15. Null: nobody but mappings has a page of the entry. */
static page *dax_busy_page(xa_entry entry)
{
	if (dax_is_zero_entry(entry) || dax_is_empty_entry(entry))
		return nullptr;
	for (pgoff_t i = 0; i < model_entry_pages(entry); i++) {
		page *page = pfn_to_page(dax_to_pfn(entry) + i);

		if (page && FORMS.dax_page_is_busy(page))
			return page;
	}
	return nullptr;
}

/*
 * fs/dax.c: dax_layout_busy_page_range(), v6.15, for the whole file. Called with the lock that keeps faults out. The
 * page is returned without a reference.
 */
page *dax_layout_busy_page_range(address_space *mapping)
{
	page *page = nullptr;
	xa_state xas = XA_STATE(&mapping->i_pages, 0);
	xa_entry entry;

	unmap_mapping_pages(mapping, 0, mapping->i_pages.nr_slots);

	xas_lock_irq(&xas);
	xas_for_each(&xas, entry, mapping->i_pages.nr_slots - 1) {
		entry = wait_entry_unlocked_exclusive(&xas, entry);
		if (entry)
			page = dax_busy_page(entry);
		put_unlocked_entry(&xas, entry, WAKE_NEXT);
		if (page)
			break;
	}
	xas_unlock_irq(&xas);
	return page;
}

/* fs/dax.c: dax_delete_mapping_range(), v6.15, for the whole file. */
static void dax_delete_mapping_range(address_space *mapping)
{
	xa_state xas = XA_STATE(&mapping->i_pages, 0);
	xa_entry entry;

	xas_lock_irq(&xas);
	xas_for_each(&xas, entry, mapping->i_pages.nr_slots - 1) {
		entry = wait_entry_unlocked_exclusive(&xas, entry);
		if (!entry)
			continue;
		FORMS.dax_disassociate_entry(entry, mapping, true);
		xas_store(&xas, 0);
		SET(mapping->nrpages, mapping->nrpages.peek() - model_entry_pages(entry));
		put_unlocked_entry(&xas, entry, WAKE_ALL);
	}
	xas_unlock_irq(&xas);
}

/* fs/dax.c: dax_break_layout(), v6.15, for the whole file. 0 or -ERESTARTSYS. */
int dax_break_layout(inode *inode)
{
	for (;;) {
		page *page = FORMS.dax_layout_busy_page_range(&inode->i_data);
		int error;

		if (!page)
			break;
		error = FORMS.wait_page_idle(page, inode, true);
		if (error)
			return error;
	}
	dax_delete_mapping_range(&inode->i_data);
	return 0;
}

/* fs/dax.c: dax_break_layout_final(), v6.15. For eviction: nobody can find the inode, and no lock is held. */
void dax_break_layout_final(inode *inode)
{
	for (;;) {
		page *page = FORMS.dax_layout_busy_page_range(&inode->i_data);

		if (!page)
			break;
		FORMS.wait_page_idle(page, nullptr, false);
	}
	dax_delete_mapping_range(&inode->i_data);
}

/* fs/dax.c: __dax_invalidate_entry(), v6.15 */
int __dax_invalidate_entry(address_space *mapping, pgoff_t index, bool trunc)
{
	xa_state xas = XA_STATE(&mapping->i_pages, index);
	int ret = 0;
	xa_entry entry;

	xas_lock_irq(&xas);
	entry = get_next_unlocked_entry(&xas, 1);
	if (!entry)
		goto out;
	if (!trunc &&
	    (xas_get_mark(&xas, PAGECACHE_TAG_DIRTY) || xas_get_mark(&xas, PAGECACHE_TAG_TOWRITE)))
		goto out;
	FORMS.dax_disassociate_entry(entry, mapping, trunc);
	xas_store(&xas, 0);
	SET(mapping->nrpages, mapping->nrpages.peek() - model_entry_pages(entry));
	ret = 1;
out:
	put_unlocked_entry(&xas, entry, WAKE_ALL);
	xas_unlock_irq(&xas);
	return ret;
}

/* fs/dax.c: dax_delete_mapping_entry(), v6.15 */
int dax_delete_mapping_entry(address_space *mapping, pgoff_t index)
{
	int ret = FORMS.__dax_invalidate_entry(mapping, index, true);

	/* The caller holds the lock that keeps faults out and has seen an entry there. */
	WARN_ON_ONCE(!ret);
	return ret;
}

/* fs/dax.c: dax_invalidate_mapping_entry_sync(), v6.15 */
int dax_invalidate_mapping_entry_sync(address_space *mapping, pgoff_t index)
{
	return FORMS.__dax_invalidate_entry(mapping, index, false);
}

/* fs/dax.c: dax_fault_is_synchronous(), v6.15 */
bool dax_fault_is_synchronous(const iomap_iter *iter, const vm_area_struct *vma)
{
	return (iter->flags & IOMAP_WRITE) && (vma->vm_flags & VM_SYNC) &&
	       (iter->iomap.flags & IOMAP_F_DIRTY);
}

/* fs/dax.c: dax_insert_entry(), v6.15. Left out: shared extents. */
xa_entry dax_insert_entry(xa_state *xas, vm_fault *vmf, const iomap_iter *iter, xa_entry entry,
			  uint64_t pfn, uint64_t flags)
{
	address_space *mapping = vmf->vma->f_mapping;
	xa_entry new_entry = dax_make_entry(pfn, flags);
	bool dirty = (iter->flags & IOMAP_WRITE) && !dax_fault_is_synchronous(iter, vmf->vma);

	if (dax_is_zero_entry(entry) && !(flags & DAX_ZERO_PAGE)) {
		/* A zero page gives way to a block: nobody may go on reading zeros. */
		if (dax_is_pmd_entry(entry))
			unmap_mapping_pages(mapping, xas->xa_index & ~pgoff_t(PMD_NR - 1), PMD_NR);
		else
			unmap_mapping_pages(mapping, xas->xa_index, 1);
	}

	xas_lock_irq(xas);
	if (dax_is_zero_entry(entry) || dax_is_empty_entry(entry)) {
		/*
		 * Only an entry without storage is replaced. A PTE fault that met a PMD entry with storage leaves
		 * it and dirties all of it.
		 */
		xa_entry old;

		FORMS.dax_disassociate_entry(entry, mapping, false);
		FORMS.dax_associate_entry(new_entry, mapping,
					  vmf->pgoff & ~(model_entry_pages(new_entry) - 1));
		old = dax_lock_entry(xas, new_entry);
		WARN_ON_ONCE(old != xa_mk_value(xa_to_value(entry) | DAX_LOCKED));
		entry = new_entry;
	}
	if (dirty)
		xas_set_mark(xas, PAGECACHE_TAG_DIRTY);
	xas_unlock_irq(xas);
	return entry;
}

/*
 * fs/dax.c: dax_writeback_one(), v6.15
 *
 * Called with the i_pages lock, which it drops and retakes. The entry lock keeps faults out from before the mappings
 * are write-protected until after DIRTY is cleared, and makes a second fsync of the entry wait.
 */
int dax_writeback_one(xa_state *xas, address_space *mapping, xa_entry entry)
{
	pgoff_t index, count, end;
	vm_area_struct *vma;
	uint64_t pfn;

	if (dax_is_locked(entry)) {
		xa_entry old_entry = entry;
		int ret = 0;

		entry = get_next_unlocked_entry(xas, 1);
		if (!entry || dax_to_pfn(old_entry) != dax_to_pfn(entry))
			goto put_unlocked; /* punched out, or reallocated elsewhere */
		if (WARN_ON_ONCE(dax_is_empty_entry(entry) || dax_is_zero_entry(entry))) {
			ret = -EIO;
			goto put_unlocked;
		}
		if (xas_get_mark(xas, PAGECACHE_TAG_TOWRITE))
			goto lock;
		/* Another fsync has done it already. */
put_unlocked:
		put_unlocked_entry(xas, entry, WAKE_NEXT);
		return ret;
	}
lock:
	dax_lock_entry(xas, entry);
	/*
	 * TOWRITE can go now: another fsync of the same entry looks at it only under the i_pages lock, and there it
	 * finds the entry locked and waits until the caches are flushed.
	 */
	xas_clear_mark(xas, PAGECACHE_TAG_TOWRITE);
	xas_unlock_irq(xas);

	pfn = dax_to_pfn(entry);
	count = model_entry_pages(entry);
	index = xas->xa_index & ~(count - 1);
	end = index + count - 1;

	down_read(&mapping->i_mmap_rwsem);
	vma_interval_tree_foreach(vma, mapping, index, end)
		pfn_mkclean_range(pfn, count, index, vma);
	up_read(&mapping->i_mmap_rwsem);

	dax_flush(pfn, count);
	/* No store can come between the flush and this: the mappings are write-protected and faults wait. */
	xas_lock_irq(xas);
	xas_store(xas, entry);
	model_note_release(*model_entry_object(xas));
	xas_clear_mark(xas, PAGECACHE_TAG_DIRTY);
	dax_wake_entry(xas, entry, WAKE_NEXT);
	return 0;
}

/* mm/page-writeback.c: tag_pages_for_writeback(), v6.15. Left out: the batches it drops the lock between. */
static void tag_pages_for_writeback(address_space *mapping, pgoff_t start, pgoff_t end)
{
	xa_state xas = XA_STATE(&mapping->i_pages, start);
	xa_entry entry;

	xas_lock_irq(&xas);
	xas_for_each_marked(&xas, entry, end, PAGECACHE_TAG_DIRTY)
		xas_set_mark(&xas, PAGECACHE_TAG_TOWRITE);
	xas_unlock_irq(&xas);
}

/* fs/dax.c: dax_writeback_mapping_range(), v6.15. Left out: mapping_set_error(). */
int dax_writeback_mapping_range(address_space *mapping, pgoff_t start, pgoff_t end)
{
	xa_state xas = XA_STATE(&mapping->i_pages, start);
	xa_entry entry;
	int ret = 0;

	if (xa_empty(&mapping->i_pages))
		return 0;

	tag_pages_for_writeback(mapping, start, end);

	xas_lock_irq(&xas);
	xas_for_each_marked(&xas, entry, end, PAGECACHE_TAG_TOWRITE) {
		ret = FORMS.dax_writeback_one(&xas, mapping, entry);
		if (ret < 0)
			break;
	}
	xas_unlock_irq(&xas);
	return ret;
}

/* fs/dax.c: dax_load_hole(), v6.15 */
vm_fault_t dax_load_hole(xa_state *xas, vm_fault *vmf, const iomap_iter *iter, xa_entry *entry)
{
	*entry = FORMS.dax_insert_entry(xas, vmf, iter, *entry, ZERO_PFN, DAX_ZERO_PAGE);
	return FORMS.vmf_insert_page_mkwrite(vmf, ZERO_PFN, false);
}

/* fs/dax.c: dax_pmd_load_hole(), v6.15. Left out: running out of huge zero pages, deposited page tables. */
vm_fault_t dax_pmd_load_hole(xa_state *xas, vm_fault *vmf, const iomap_iter *iter, xa_entry *entry)
{
	*entry = FORMS.dax_insert_entry(xas, vmf, iter, *entry, HUGE_ZERO_PFN,
					DAX_PMD | DAX_ZERO_PAGE);
	return model_insert_huge_zero_pmd(vmf);
}

/*
 * fs/dax.c: dax_iomap_direct_access(), v6.15. The device is not held any more when it returns: what the caller makes
 * of the page frame may be of memory that is gone.
 */
int dax_iomap_direct_access(void)
{
	uint32_t id = dax_read_lock();
	int ret = dax_direct_access();

	dax_read_unlock(id);
	return ret;
}

/* fs/dax.c: dax_fault_cow_page(), v6.15. The entry is locked until the copy is in the page table. */
vm_fault_t dax_fault_cow_page(vm_fault *vmf, const iomap_iter *iter)
{
	const struct iomap *iomap = &iter->iomap;
	vm_fault_t ret;

	if (iomap->type == IOMAP_MAPPED) { /* copy_cow_page_dax(); else the page is zeroed */
		uint32_t id = dax_read_lock();
		int error = dax_direct_access();

		if (!error)
			model_copy_from_block(vmf->cow_page,
					      iomap->addr + (iter->pos - iomap->offset));
		dax_read_unlock(id);
		if (error)
			return VM_FAULT_SIGBUS;
	}
	ret = finish_fault(vmf);
	return ret ? ret : VM_FAULT_DONE_COW;
}

/* fs/dax.c: dax_fault_iter(), v6.15. Left out: shared extents. */
vm_fault_t dax_fault_iter(vm_fault *vmf, const iomap_iter *iter, xa_state *xas, xa_entry *entry,
			  bool pmd)
{
	const struct iomap *iomap = &iter->iomap;
	bool write = (iter->flags & IOMAP_WRITE) != 0;
	vm_fault_t ret;
	uint64_t pfn;
	page *page;

	if (!pmd && vmf->cow_page)
		return dax_fault_cow_page(vmf, iter);
	if (!write && (iomap->type == IOMAP_UNWRITTEN || iomap->type == IOMAP_HOLE)) {
		if (!pmd)
			return dax_load_hole(xas, vmf, iter, entry);
		return dax_pmd_load_hole(xas, vmf, iter, entry);
	}
	if (WARN_ON_ONCE(iomap->type != IOMAP_MAPPED))
		return pmd ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;

	if (dax_iomap_direct_access())
		return pmd ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;
	pfn = iomap->addr + (xas->xa_index - iomap->offset);
	if (pmd && (pfn & (PMD_NR - 1)))
		return VM_FAULT_FALLBACK;

	*entry = FORMS.dax_insert_entry(xas, vmf, iter, *entry, pfn, pmd ? uint64_t(DAX_PMD) : 0);
	if (dax_fault_is_synchronous(iter, vmf->vma)) {
		/* dax_fault_synchronous_pfnp(): the file system commits, and only then the page is mapped writable. */
		vmf->pfn = pfn;
		return VM_FAULT_NEEDDSYNC;
	}
	page = pfn_to_page(pfn);
	if (page)
		folio_get(page);
	if (pmd)
		ret = vmf_insert_folio_pmd(vmf, pfn, write);
	else
		ret = FORMS.vmf_insert_page_mkwrite(vmf, pfn, write);
	if (page)
		folio_put(page);
	return ret;
}

/*
 * fs/dax.c: dax_iomap_pte_fault(), v6.15. Left out: event counters.
 *
 * The entry is locked from before the extent is looked up until after the page table is set, so that what is put into
 * the tree and the page table is not out of date: a write that allocates in between waits for the entry to
 * invalidate it.
 */
vm_fault_t dax_iomap_pte_fault(vm_fault *vmf)
{
	address_space *mapping = vmf->vma->f_mapping;
	xa_state xas = XA_STATE(&mapping->i_pages, vmf->pgoff);
	iomap_iter iter = { mapping->host, vmf->pgoff, 1, IOMAP_FAULT, {} };
	vm_fault_t ret = 0;
	xa_entry entry;
	int error;

	if (iter.pos >= i_size_read(iter.inode))
		return VM_FAULT_SIGBUS;

	if ((vmf->flags & FAULT_FLAG_WRITE) && !vmf->cow_page)
		iter.flags |= IOMAP_WRITE;

	entry = FORMS.grab_mapping_entry(&xas, mapping, 1);
	if (xa_is_internal(entry))
		return xa_to_internal(entry);

	/* A PMD fault may have won: come back and find it done. */
	if (pmd_trans_huge(READ_ONCE(vmf->pmd->pmd))) {
		ret = VM_FAULT_NOPAGE;
		goto unlock_entry;
	}

	error = testfs_iomap_begin(&iter);
	vmf->model_error = error;
	if (error)
		ret = error == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
	else
		ret = FORMS.dax_fault_iter(vmf, &iter, &xas, &entry, false);

unlock_entry:
	dax_unlock_entry(&xas, entry);
	return ret;
}

/* fs/dax.c: dax_fault_check_fallback(), v6.15 */
bool dax_fault_check_fallback(vm_fault *vmf, xa_state *xas, pgoff_t max_pgoff)
{
	pgoff_t pmd_addr = vmf->address & ~pgoff_t(PMD_NR - 1);

	/* A PMD of the page table must be a PMD of the file. */
	if ((vmf->pgoff & (PMD_NR - 1)) != (vmf->address & (PMD_NR - 1)))
		return true;
	if ((vmf->flags & FAULT_FLAG_WRITE) && !(vmf->vma->vm_flags & VM_SHARED))
		return true;
	if (pmd_addr < vmf->vma->vm_start || pmd_addr + PMD_NR > vmf->vma->vm_end)
		return true;
	return (xas->xa_index | (PMD_NR - 1)) >= max_pgoff;
}

/* fs/dax.c: dax_iomap_pmd_fault(), v6.15. Left out: event counters. */
vm_fault_t dax_iomap_pmd_fault(vm_fault *vmf)
{
	address_space *mapping = vmf->vma->f_mapping;
	xa_state xas = XA_STATE_ORDER(&mapping->i_pages, vmf->pgoff, PMD_NR);
	iomap_iter iter = { mapping->host, 0, PMD_NR, IOMAP_FAULT, {} };
	vm_fault_t ret = VM_FAULT_FALLBACK;
	pgoff_t max_pgoff;
	xa_entry entry;
	pmd_t pmd;

	if (vmf->flags & FAULT_FLAG_WRITE)
		iter.flags |= IOMAP_WRITE;

	max_pgoff = i_size_read(iter.inode);
	if (xas.xa_index >= max_pgoff)
		return VM_FAULT_SIGBUS;
	if (dax_fault_check_fallback(vmf, &xas, max_pgoff))
		goto fallback;

	entry = FORMS.grab_mapping_entry(&xas, mapping, PMD_NR);
	if (xa_is_internal(entry)) {
		ret = xa_to_internal(entry);
		goto fallback;
	}

	/* A PTE fault may have won: come back and find it done. */
	pmd = READ_ONCE(vmf->pmd->pmd);
	if (!pmd_none(pmd) && !pmd_trans_huge(pmd)) {
		ret = 0;
		goto unlock_entry;
	}

	iter.pos = xas.xa_index;
	if (testfs_iomap_begin(&iter) == 0 && iter.iomap.length >= PMD_NR)
		ret = FORMS.dax_fault_iter(vmf, &iter, &xas, &entry, true);

unlock_entry:
	dax_unlock_entry(&xas, entry);
fallback:
	if (ret == VM_FAULT_FALLBACK)
		split_huge_pmd(vmf->vma, vmf->pmd);
	return ret;
}

/* fs/dax.c: dax_iomap_fault(), v6.15 */
vm_fault_t dax_iomap_fault(vm_fault *vmf, bool pmd)
{
	if (!pmd)
		return FORMS.dax_iomap_pte_fault(vmf);
	return model::current->config.pmd_mappings ? FORMS.dax_iomap_pmd_fault(vmf)
						   : VM_FAULT_FALLBACK;
}

/*
 * fs/dax.c: dax_insert_pfn_mkwrite(), v6.15. The entry lock was dropped for the commit; what is there by now need not
 * be what dax_insert_entry() left.
 */
vm_fault_t dax_insert_pfn_mkwrite(vm_fault *vmf, bool pmd)
{
	address_space *mapping = vmf->vma->f_mapping;
	unsigned int nr = pmd ? PMD_NR : 1;
	xa_state xas = XA_STATE_ORDER(&mapping->i_pages, vmf->pgoff, nr);
	xa_entry entry;
	vm_fault_t ret;
	page *page;

	xas_lock_irq(&xas);
	entry = get_next_unlocked_entry(&xas, nr);
	if (!entry || dax_is_conflict(entry) || (!pmd && dax_is_pmd_entry(entry))) {
		put_unlocked_entry(&xas, entry, WAKE_NEXT);
		xas_unlock_irq(&xas);
		return VM_FAULT_NOPAGE;
	}
	xas_set_mark(&xas, PAGECACHE_TAG_DIRTY);
	dax_lock_entry(&xas, entry);
	xas_unlock_irq(&xas);
	page = pfn_to_page(vmf->pfn);
	if (page)
		folio_get(page);
	if (pmd)
		ret = vmf_insert_folio_pmd(vmf, vmf->pfn, true);
	else
		ret = FORMS.vmf_insert_page_mkwrite(vmf, vmf->pfn, true);
	if (page)
		folio_put(page);
	dax_unlock_entry(&xas, entry);
	return ret;
}

/* fs/dax.c: dax_finish_sync_fault(), v6.15 */
vm_fault_t dax_finish_sync_fault(vm_fault *vmf, bool pmd)
{
	pgoff_t nr = pmd ? PMD_NR : 1;
	pgoff_t start = vmf->pgoff & ~(nr - 1);

	/* vfs_fsync_range() */
	if (testfs_sync_file(vmf->vma->f_mapping->host, start, start + nr - 1))
		return VM_FAULT_SIGBUS;
	return FORMS.dax_insert_pfn_mkwrite(vmf, pmd);
}

/* copy_to_user() of one cell of the page that goes to page `page` of the file. False: it faults. */
static bool model_copy_to_user(const model_io *io, pgoff_t page, unsigned int cell, uint64_t value)
{
	if (!io->buffer)
		return true;
	pgoff_t address = io->address + (page - io->pos);
	return address < io->buffer->nr_pages &&
	       model_cpu_store(io->buffer, address, cell, value) == 0;
}

/* copy_from_user() of one cell. */
static bool model_copy_from_user(const model_io *io, pgoff_t page, unsigned int cell,
				 uint64_t *value)
{
	*value = io->value;
	if (!io->buffer)
		return true;
	pgoff_t address = io->address + (page - io->pos);
	return address < io->buffer->nr_pages &&
	       model_cpu_load(io->buffer, address, cell, value) == 0;
}

/* iov_iter_zero() of one page: what a read finds in a hole. */
static bool model_read_hole(const model_io *io, pgoff_t page)
{
	const model_config &config = model::current->config;
	model_event event{ model_event_kind::read_cell };

	event.inode = io->inode;
	for (unsigned int c = 0; c < config.cells; c++) {
		if (!model_copy_to_user(io, page, c, 0))
			return false;
		event.cell = page * config.cells + c;
		model_emit(event);
	}
	return true;
}

/* One page: what dax_copy_from_iter() and dax_copy_to_iter() do, cell by cell. False: the user's buffer faults. */
static bool model_copy_page(const model_io *io, const iomap_iter *iter, pgoff_t page, bool write)
{
	const model_config &config = model::current->config;
	uint64_t block = iter->iomap.addr + (page - iter->iomap.offset);
	uint64_t value;
	model_event event{ write ? model_event_kind::write_cell : model_event_kind::read_cell };

	event.inode = io->inode;
	for (unsigned int c = 0; c < config.cells; c++) {
		event.cell = page * config.cells + c;
		event.block = block;
		if (write) {
			if (!model_copy_from_user(io, page, c, &value))
				return false;
			model_copy_flushcache(block, c, value);
			model_touch(block);
		} else {
			value = READ_ONCE(model_cell(block, c)->data);
			model_touch(block);
			if (!model_copy_to_user(io, page, c, value))
				return false;
		}
		event.value = value;
		model_emit(event);
	}
	return true;
}

/*
 * fs/dax.c: dax_iomap_iter(), v6.15. Left out: copy on write, poison.
 *
 * A buffer that faults at once is -EFAULT, but nothing done (0) where a hole is read.
 */
int dax_iomap_iter(const model_io *io, iomap_iter *iomi, bool write)
{
	const struct iomap *iomap = &iomi->iomap;
	pgoff_t end = iomi->pos + std::min(iomi->len, iomap->offset + iomap->length - iomi->pos);
	pgoff_t pos = iomi->pos;
	uint32_t id;
	int ret = 0;

	if (!write) {
		end = std::min(end, i_size_read(iomi->inode));
		if (pos >= end)
			return 0;
		if (iomap->type == IOMAP_HOLE || iomap->type == IOMAP_UNWRITTEN) {
			while (pos < end && model_read_hole(io, pos))
				pos++;
			return int(pos - iomi->pos);
		}
	}
	if (WARN_ON_ONCE(iomap->type != IOMAP_MAPPED))
		return -EIO;

	/* Page tables may have zero pages where there are blocks now. */
	if (write && (iomap->flags & IOMAP_F_NEW))
		FORMS.invalidate_inode_pages2_range(&iomi->inode->i_data, pos, end - 1);

	id = dax_read_lock();
	while (pos < end) {
		ret = fatal_signal_pending() ? -EINTR : dax_direct_access();
		if (ret || !model_copy_page(io, iomi, pos, write))
			break;
		pos++;
	}
	dax_read_unlock(id);
	if (ret && pos == iomi->pos)
		return ret;
	return pos == iomi->pos ? -EFAULT : int(pos - iomi->pos);
}

/* fs/dax.c: dax_iomap_rw(), v6.15. Called with i_rwsem. Pages done, or -errno. */
int dax_iomap_rw(const model_io *io, bool write)
{
	iomap_iter iomi = { io->inode, io->pos, io->len, write ? unsigned(IOMAP_WRITE) : 0u, {} };

	while (iomi.len > 0) {
		int ret = testfs_iomap_begin(&iomi);

		if (ret == 0)
			ret = FORMS.dax_iomap_iter(io, &iomi, write);
		if (ret <= 0)
			return iomi.pos == io->pos ? ret : int(iomi.pos - io->pos);
		iomi.pos += pgoff_t(ret);
		iomi.len -= pgoff_t(ret);
	}
	return int(iomi.pos - io->pos);
}

} /* namespace kernel */
