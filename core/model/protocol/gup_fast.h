/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GUP-fast, which takes a reference to the page of a PTE without any lock: a protocol over a backend. A program
 * compiles it once, with these before it:
 *
 *   the memory operations; the references of page_ref.h, and of a folio; page tables, and what a PTE says;
 *   raw_read_seqcount() and read_seqcount_retry(); the flags of GUP, model_pin, model_foll_refs(), model_pin_frame(),
 *   model_pin_at_once, model_note_pin(), model_note_tentative_pin(), model_keep_pin(), model_drop_pin(), model_forks().
 */

/* mm/gup.c: gup_put_folio(), v6.15 */
void gup_put_folio(const model_pin *pin, unsigned int flags)
{
	if (pin->page)
		FORMS.folio_put_refs(pin->page, model_foll_refs(flags));
	if (pin->folio)
		folio_put_refs(pin->folio, int32_t(model_foll_refs(flags)));
}

/*
 * mm/gup.c: try_grab_folio_fast(), v6.15. False: the frame has no count, or nobody has it any more. The kernel takes one
 * reference, and then makes a pin of it; where model_pin_at_once is set these are one step.
 */
bool try_grab_folio_fast(uint64_t pfn, unsigned int flags, model_pin *pin)
{
	const uint32_t refs = model_foll_refs(flags);
	const uint32_t first = model_pin_at_once ? refs : 1;
	bool got;

	model_pin_frame(pfn, pin);
	if (pin->page)
		got = folio_try_get(pin->page, first);
	else
		got = pin->folio && folio_try_get(pin->folio, int32_t(first));
	if (got && (flags & FOLL_LONGTERM) && !FORMS.folio_is_longterm_pinnable(pin)) {
		gup_put_folio(pin, model_pin_at_once ? flags : unsigned(FOLL_GET));
		return false;
	}
	if (!got || !(flags & FOLL_PIN))
		return got;
	if (!model_pin_at_once && pin->page)
		atomic_add(refs - first, &pin->page->_refcount);
	if (!model_pin_at_once && pin->folio)
		atomic_add(int32_t(refs - first), &pin->folio->_refcount);
	/* Counted before the second look at the PTE: pairs with folio_try_share_anon_rmap_pte(). */
	smp_mb__after_atomic();
	return true;
}

/* mm/internal.h: gup_must_unshare(), v6.15. Of a page of a file only those must that want it for long. */
bool gup_must_unshare(unsigned int flags, folio *folio)
{
	if ((flags & (FOLL_WRITE | FOLL_PIN)) != FOLL_PIN || !folio)
		return false;
	/* First the PTE, then the mark: pairs with folio_try_share_anon_rmap_pte(). */
	smp_rmb();
	return !FORMS.PageAnonExclusive(folio);
}

/*
 * mm/gup.c: gup_fast_pte_range(), gup_fast_pmd_leaf(), v6.15. Left out: protection keys, interrupts that are off.
 *
 * The reference comes before the second look: whoever unmaps and then counts either sees the one or is seen by the
 * other.
 */
bool gup_fast_pte_range(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin)
{
	pmd_slot *slot = pmd_offset(mm, address);
	pmd_t pmd = READ_ONCE(slot->pmd);
	pte_t pte = pmd;
	bool devmap;

	if (!pmd_present(pmd))
		return false;
	if (pmd & _PAGE_TABLE)
		pte = READ_ONCE(*pte_offset(mm, address));
	if (!pte_present(pte) || ((flags & FOLL_WRITE) && !pte_write(pte)))
		return false;
	devmap = FORMS.pte_devmap(pte);
	if (devmap && ((flags & FOLL_LONGTERM) || !try_get_dev_pagemap()))
		return false;
	if (!try_grab_folio_fast(pte_pfn(pte) + (pmd_trans_huge(pmd) ? address & (PMD_NR - 1) : 0),
				 flags, pin))
		goto put_pgmap;

	if (READ_ONCE(slot->pmd) != pmd)
		goto back_out;
	if ((pmd & _PAGE_TABLE) && READ_ONCE(*pte_offset(mm, address)) != pte)
		goto back_out;
	if (!FORMS.gup_fast_folio_allowed(pin, flags))
		goto back_out;
	if (!pte_write(pte) && FORMS.gup_must_unshare(flags, pin->folio))
		goto back_out;
	if (devmap)
		put_dev_pagemap();
	return true;
back_out:
	gup_put_folio(pin, flags);
put_pgmap:
	if (devmap)
		put_dev_pagemap();
	return false;
}

/*
 * mm/gup.c: gup_fast(), v6.15. A fork that ran meanwhile may have found the page without the pin and shared it.
 * Nobody writes the sequence in a program without private memory.
 */
bool gup_fast(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin)
{
	const bool forks = (flags & FOLL_PIN) && model_forks();
	uint32_t seq = 0;

	if (forks) {
		seq = raw_read_seqcount(&mm->write_protect_seq);
		if (seq & 1)
			return false;
	}
	if (!FORMS.gup_fast_pte_range(mm, address, flags, pin))
		return false;
	if (!forks) {
		model_note_pin(mm, address, flags, pin);
		return true;
	}
	model_note_tentative_pin(mm, address, flags, pin);
	if (read_seqcount_retry(&mm->write_protect_seq, seq)) {
		model_drop_pin(pin);
		return false;
	}
	model_keep_pin(pin);
	return true;
}
