/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/gup.h"

#include "core/model/anon.h"
#include "core/model/pgmap.h"

namespace kernel
{

static uint32_t model_foll_refs(unsigned int flags)
{
	return flags & FOLL_PIN ? GUP_PIN_COUNTING_BIAS : 1;
}

static void model_pin_frame(uint64_t pfn, model_pin *pin)
{
	pin->page = pfn_to_page(pfn);
	pin->folio = model_anon_folio(pfn);
}

/* mm/gup.c: try_grab_folio(), v6.15. Under ptl, where a mapping has its own reference. */
static void try_grab_folio(const model_pin *pin, unsigned int flags)
{
	if (pin->page) {
		pin->page->_refcount.fetch_add(model_foll_refs(flags), Order::kRelaxed,
					       SITE("try_grab_folio", "refcount"));
		model_touch(page_to_pfn(pin->page));
	}
	if (pin->folio)
		pin->folio->_refcount.fetch_add(int32_t(model_foll_refs(flags)), Order::kFull,
						SITE("try_grab_folio", "refcount"));
}

/* mm/gup.c: sanity_check_pinned_pages(), v6.15. A pin is of a page that nobody else can get a copy of. */
void sanity_check_pinned_pages(const model_pin *pin, unsigned int flags)
{
	WARN_ON_ONCE(pin->folio && (flags & FOLL_PIN) &&
		     !(pin->folio->flags.peek() & PG_anon_exclusive));
}

/* include/linux/mm.h: pte_devmap(), v6.15. Not of a file system's pages: their PTEs are like all others. */
bool pte_devmap(pte_t)
{
	return false;
}

/*
 * include/linux/mm.h: folio_is_longterm_pinnable(), v6.15. Left out: movable memory, from which a page would be moved. A
 * file system can wait for pages that are in use for a moment alone.
 */
bool folio_is_longterm_pinnable(const model_pin *pin)
{
	return !pin->page;
}

/*
 * mm/gup.c: gup_fast_folio_allowed(), v6.15. Left out: hugetlb, shmem, secretmem. Who writes for long to a page of a file
 * would do so behind the back of its write-back.
 */
bool gup_fast_folio_allowed(const model_pin *pin, unsigned int flags)
{
	const unsigned int rejected = FOLL_PIN | FOLL_LONGTERM | FOLL_WRITE;

	return (flags & rejected) != rejected || !pin->page;
}

static void model_emit_gup(model_event_kind kind, const model_pin *pin)
{
	model_event event{ kind };

	if (!pin->folio && !pin->page)
		return;
	event.mm = pin->mm;
	event.inode = pin->mm ? nullptr : pin->host;
	event.cell = pin->pgoff * model::current->config.cells;
	event.value = pin->folio ? folio_pfn(pin->folio) : page_to_pfn(pin->page);
	event.pin = pin;
	model_emit(event);
}

void model_note_pin(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin)
{
	engine::Execution &execution = engine::Execution::current();
	model *m = model::current;

	for (vm_area_struct *vma = m->vmas; vma < m->vmas + m->config.nr_vmas; vma++) {
		if (vma->vm_mm != mm || address < vma->vm_start || address >= vma->vm_end)
			continue;
		if (pin->folio || (!pin->page && is_cow_mapping(vma->vm_flags)))
			pin->mm = mm;
		if (!vma_is_anonymous(vma)) {
			pin->host = vma->f_mapping->host;
			pin->file = vma->vm_file;
		}
		pin->pgoff = pin->mm ? address : address - vma->vm_start + vma->vm_pgoff;
	}
	pin->flags = flags;
	pin->task = execution.self();
	pin->op = execution.self_task().op;
	pin->step = execution.steps() - 1;
	pin->generation = pin->page ? MODEL_READ_HERE(pin->page->generation) : 0;
	model_emit_gup(model_event_kind::pinned, pin);
}

void model_note_tentative_pin(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin)
{
	pin->tentative = true;
	model_note_pin(mm, address, flags, pin);
}

void model_keep_pin(model_pin *pin)
{
	pin->tentative = false;
	model_emit_gup(model_event_kind::kept, pin);
}

/* One processor at a time: between the reference and the pin nobody could tell the difference. */
static constexpr bool model_pin_at_once = true;

static bool model_forks()
{
	return model::current->anon != nullptr;
}

#include "core/model/protocol/gup_fast.h"

/*
 * mm/gup.c: follow_page_mask(), follow_page_pte(), follow_huge_pmd(), v6.15. 0: found, with its reference; -ENOENT,
 * -EMLINK: it takes a fault first. `pgmap`: the memory map is held, until the caller is done.
 */
static int follow_page_mask(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin,
			    bool *pgmap)
{
	pmd_slot *slot = pmd_offset(mm, address);
	pmd_t pmd = READ_ONCE(slot->pmd);
	bool huge = pmd_trans_huge(pmd);
	spinlock_t *ptl = huge ? &mm->page_table_lock : &slot->ptl;
	int ret = -ENOENT;
	pte_t pte;

	if (pmd_none(pmd))
		return -ENOENT;
	spin_lock(ptl);
	if (huge)
		pte = READ_ONCE(slot->pmd);
	else
		pte = READ_ONCE(*pte_offset(mm, address));
	if (pmd_trans_huge(pte) != huge || !pte_present(pte) ||
	    ((flags & FOLL_WRITE) && !pte_write(pte) &&
	     !((flags & FOLL_COW) && pte_dirty(pte) && model_anon_folio(pte_pfn(pte)))))
		goto out;
	if (FORMS.pte_devmap(pte)) {
		*pgmap = try_get_dev_pagemap();
		if (!*pgmap) {
			/* follow_devmap_pmd() says so; of a PTE there is just no page, again and again. */
			ret = huge ? -EFAULT : -ENOENT;
			goto out;
		}
	}
	model_pin_frame(pte_pfn(pte) + (huge ? address & (PMD_NR - 1) : 0), pin);
	ret = -EMLINK;
	if (!pte_write(pte) && FORMS.gup_must_unshare(flags, pin->folio))
		goto out;
	ret = 0;
	FORMS.sanity_check_pinned_pages(pin, flags);
	try_grab_folio(pin, flags);
out:
	spin_unlock(ptl);
	return ret;
}

/* mm/gup.c: check_vma_flags(), v6.15. Every file is on DAX: vma_is_fsdax(). */
int check_vma_flags(vm_area_struct *vma, unsigned int flags)
{
	if (!vma)
		return -EFAULT;
	if (model::current->anon)
		GET(vma->prot);
	if ((flags & FOLL_LONGTERM) && !vma_is_anonymous(vma))
		return -EOPNOTSUPP;
	if ((flags & FOLL_WRITE) && !(vma->vm_flags & VM_WRITE))
		return -EFAULT;
	return 0;
}

/* The loop of __get_user_pages(), with faultin_page(). */
int model_faultin_page(vm_area_struct *vma, pgoff_t address, unsigned int flags, model_pin *pin)
{
	engine::RetryLoop loop;

	for (;;) {
		unsigned int fault_flags = flags & FOLL_WRITE ? unsigned(FAULT_FLAG_WRITE) : 0u;
		bool pgmap = false;
		int ret = follow_page_mask(vma->vm_mm, address, flags, pin, &pgmap);

		if (pgmap)
			put_dev_pagemap();
		if (ret == 0 || ret == -EFAULT)
			return ret;
		if (ret == -EMLINK)
			fault_flags |= FAULT_FLAG_UNSHARE;
		if (handle_mm_fault(vma, address, fault_flags) & VM_FAULT_ERROR)
			return -EFAULT;
		/* Of memory that must not be written to, in v5.8 alone. The kernel asks the fault: VM_FAULT_WRITE. */
		if ((flags & FOLL_WRITE) && !(vma->vm_flags & VM_WRITE))
			flags |= FOLL_COW;
		loop.again();
	}
}

/* mm/gup.c: __get_user_pages(), v6.15, for one page */
int __get_user_pages(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin)
{
	vm_area_struct *vma = find_vma(mm, address);
	int ret = check_vma_flags(vma, flags);

	return ret ? ret : model_faultin_page(vma, address, flags, pin);
}

/* mm/gup.c: get_user_pages_fast(), gup_fast_fallback(), v6.15, for one page */
int get_user_pages_fast(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin)
{
	int ret;

	*pin = model_pin{};
	if (FORMS.gup_fast(mm, address, flags, pin)) {
		if (FORMS.model_pin_inode(pin))
			return 0;
		model_drop_pin(pin);
	}
	/* __gup_longterm_locked() */
	*pin = model_pin{};
	down_read(&mm->mmap_lock);
	ret = FORMS.__get_user_pages(mm, address, flags, pin);
	if (ret == 0) {
		model_note_pin(mm, address, flags, pin);
		FORMS.model_pin_inode(pin);
	}
	up_read(&mm->mmap_lock);
	return ret;
}

/* mm/gup.c: pin_user_pages_fast(), v6.15, for one page */
int pin_user_pages_fast(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin)
{
	return get_user_pages_fast(mm, address, flags | FOLL_PIN, pin);
}

/* mm/gup.c: unpin_user_page_range_dirty_lock(), v6.15. Pages of DAX files have nothing to set: noop_dirty_folio(). */
void unpin_user_page_range_dirty_lock(const model_pin *pin)
{
	if (pin->folio && !model_folio_test(pin->folio, PG_dirty)) {
		folio_lock(pin->folio);
		model_folio_set(pin->folio, PG_dirty);
		folio_unlock(pin->folio);
	}
	model_unpin(pin);
}

void model_drop_pin(const model_pin *pin)
{
	model_emit_gup(model_event_kind::unpinned, pin);
	gup_put_folio(pin, pin->flags);
}

void model_unpin(const model_pin *pin)
{
	model_drop_pin(pin);
	FORMS.model_unpin_inode(pin);
}

/* mm/gup.c: model_pin_inode(), v6.15: nothing; a reference to a page is none to its file. */
bool model_pin_inode(const model_pin *)
{
	return true;
}

/* mm/gup.c: model_unpin_inode(), v6.15: nothing. */
void model_unpin_inode(const model_pin *)
{
}

} /* namespace kernel */
