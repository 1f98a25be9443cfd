/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mm/gup.c, block/bio.c, fs/iomap/direct-io.c: direct I/O between a file on a block device and one cell of private
 * memory. The device works while the caller sleeps, so that its steps are the caller's.
 *
 * Left out: GUP-fast, memory that is not anonymous.
 */
#include "core/model/direct_io.h"

namespace kernel
{

/* mm/gup.c: gup_must_unshare(), v6.15 */
static bool gup_must_unshare(unsigned int flags, folio *folio)
{
	if ((flags & (FOLL_WRITE | FOLL_PIN)) != FOLL_PIN)
		return false;
	return !model_folio_test(folio, PG_anon_exclusive);
}

/* mm/gup.c: try_grab_folio(), v6.15. Under the page table lock. */
static void try_grab_folio(folio *folio, unsigned int flags)
{
	int32_t refs = flags & FOLL_PIN ? GUP_PIN_COUNTING_BIAS : 1;

	folio->_refcount.fetch_add(refs, Order::kFull, SITE("atomic_add", "_refcount"));
}

/* mm/gup.c: follow_page_pte(), v6.15. -ENOENT, -EMLINK: it takes a fault first. */
static int follow_page_pte(mm_struct *mm, pgoff_t address, unsigned int flags, folio **page)
{
	pmd_slot *pmd = pmd_offset(mm, address);
	pmd_t pmdval = READ_ONCE(pmd->pmd);
	int ret = -ENOENT;
	pte_t pte;

	*page = nullptr;
	if (pmd_none(pmdval))
		return -ENOENT;
	if (pmd_trans_huge(pmdval))
		return -EFAULT; /* of a file, as any page that is not private: left out */
	spin_lock(&pmd->ptl);
	pte = READ_ONCE(*pte_offset(mm, address));
	if (!pte_present(pte) || ((flags & FOLL_WRITE) && !pte_write(pte)))
		goto out;
	*page = model_anon_folio(pte_pfn(pte));
	if (!*page) {
		ret = pte_pfn(pte) == ZERO_PFN ? 0 : -EFAULT;
		goto out;
	}
	ret = -EMLINK;
	if (!pte_write(pte) && gup_must_unshare(flags, *page))
		goto out;
	ret = 0;
	WARN_ON_ONCE((flags & FOLL_PIN) && !((*page)->flags.peek() & PG_anon_exclusive));
	try_grab_folio(*page, flags);
	if (flags & FOLL_WRITE) {
		model_event event{ model_event_kind::pinned };

		event.mm = mm;
		event.cell = address * model::current->config.cells;
		event.value = folio_pfn(*page);
		event.result = (flags & FOLL_GET) != 0;
		model_emit(event);
	}
out:
	spin_unlock(&pmd->ptl);
	return ret;
}

/* mm/gup.c: __get_user_pages(), faultin_page(), v6.15, of one page. Left out: GUP-fast, dropping mmap_lock. */
int model_get_user_page(mm_struct *mm, pgoff_t address, unsigned int gup_flags, folio **folio)
{
	engine::RetryLoop loop;
	int ret;

	down_read(&mm->mmap_lock);
	for (;;) {
		vm_area_struct *vma = find_vma(mm, address);
		unsigned int fault_flags = gup_flags & FOLL_WRITE ? unsigned(FAULT_FLAG_WRITE) : 0u;

		ret = -EFAULT;
		if (!vma || ((gup_flags & FOLL_WRITE) && !(GET(vma->prot) & VM_WRITE)))
			break;
		ret = follow_page_pte(mm, address, gup_flags, folio);
		if (ret == -EMLINK)
			fault_flags |= FAULT_FLAG_UNSHARE;
		else if (ret != -ENOENT)
			break;
		if (handle_mm_fault(vma, address, fault_flags) & VM_FAULT_ERROR) {
			ret = -EFAULT;
			break;
		}
		loop.again();
	}
	up_read(&mm->mmap_lock);
	return ret;
}

/* block/bio.c: bio_iov_iter_get_pages(), v6.15: iov_iter_extract_pages() pins. */
int bio_iov_iter_get_pages(bio *bio)
{
	bio->pinned = true;
	return model_get_user_page(bio->mm, bio->address,
				   FOLL_PIN | (bio->to_memory ? unsigned(FOLL_WRITE) : 0u),
				   &bio->folio);
}

/* block/bio.c: bio_set_pages_dirty(), v6.15 */
static void bio_set_pages_dirty(bio *bio)
{
	folio_lock(bio->folio);
	model_folio_set(bio->folio, PG_dirty);
	folio_unlock(bio->folio);
}

/* block/bio.c: bio_release_page(), v6.15; mm/gup.c: unpin_user_page() */
static void bio_release_page(bio *bio)
{
	int32_t refs = bio->pinned ? GUP_PIN_COUNTING_BIAS : 1;
	model_event event{ model_event_kind::unpinned };

	event.mm = bio->mm;
	event.cell = bio->address * model::current->config.cells;
	event.value = folio_pfn(bio->folio);
	if (bio->to_memory)
		model_emit(event);
	if (bio->folio->_refcount.fetch_add(-refs, Order::kFull, SITE("atomic_sub", "_refcount")) ==
	    refs)
		free_unref_page(bio->folio);
}

/* The device: one cell, in one step. */
static void model_dma_transfer(bio *bio, uint64_t value)
{
	model_event event{ bio->to_memory ? model_event_kind::dma_write : model_event_kind::load };

	event.mm = bio->mm;
	event.cell = bio->address * model::current->config.cells + bio->cell;
	if (bio->to_memory)
		WRITE_ONCE(bio->folio->cells[bio->cell], value);
	else
		value = bio->folio ? READ_ONCE(bio->folio->cells[bio->cell]) : 0;
	event.value = value;
	event.file_cell = bio->folio ? folio_pfn(bio->folio) : ZERO_PFN;
	model_emit(event);
}

/* fs/iomap/direct-io.c: iomap_dio_bio_iter(), iomap_dio_bio_end_io(), v6.15, up to the end of the I/O. */
int model_direct_io(mm_struct *mm, pgoff_t address, unsigned int cell, uint64_t value,
		    bool to_memory)
{
	struct bio bio = { mm, address, cell, to_memory, false, nullptr };
	int ret = FORMS.bio_iov_iter_get_pages(&bio);

	if (ret)
		return ret;
	if (to_memory)
		bio_set_pages_dirty(&bio);
	model_dma_transfer(&bio, value);
	if (!bio.folio)
		return 0;
	/* bio_check_pages_dirty() */
	if (to_memory && !model_folio_test(bio.folio, PG_dirty))
		bio_set_pages_dirty(&bio);
	bio_release_page(&bio);
	return 0;
}

} /* namespace kernel */
