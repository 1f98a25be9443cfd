/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutants of the protocol between references to pages and whoever waits for them. */
#include "core/model/gup.h"
#include "core/model/mutants/mutants.h"
#include "core/model/pgmap.h"

namespace kernel
{

/* mm/gup.c: gup_fast_pte_range(), v6.15, mutant. Does not look again once it has the reference. */
bool gup_fast_pte_range_no_recheck(mm_struct *mm, pgoff_t address, unsigned int flags,
				   model_pin *pin)
{
	pmd_slot *slot = pmd_offset(mm, address);
	pmd_t pmd = READ_ONCE(slot->pmd);
	pte_t pte = pmd;

	if (!pmd_present(pmd))
		return false;
	if (pmd & _PAGE_TABLE)
		pte = READ_ONCE(*pte_offset(mm, address));
	if (!pte_present(pte) || ((flags & FOLL_WRITE) && !pte_write(pte)))
		return false;
	if (!try_grab_folio_fast(pte_pfn(pte) + (pmd_trans_huge(pmd) ? address & (PMD_NR - 1) : 0),
				 flags, pin))
		return false;
	if (!pte_write(pte) && gup_must_unshare(flags, pin->folio)) {
		gup_put_folio(pin, flags);
		return false;
	}
	return true;
}

/* include/linux/mm.h: folio_put_refs(), v6.15, mutant. Wakes by the key that nobody waits for any more. */
void folio_put_refs_other_key(page *page, uint32_t refs)
{
	uint32_t old =
		page->_refcount.fetch_sub(refs, Order::kFull, SITE("folio_put_refs", "refcount"));

	if (old == refs)
		model::current->var_table->wake_up_var(page->_refcount,
						       SITE("wake_up_var", "refcount"));
}

/* fs/dax.c: wait_page_idle(), v6.15, mutant. Sleeps with the lock that faults need. */
int wait_page_idle_keeps_lock(page *page, inode *, bool interruptible)
{
	return model_wait_page(page, page->var, 0, nullptr, interruptible);
}

/* fs/dax.c: wait_page_idle_uninterruptible(), which is wait_page_idle(), v6.15, in the state that eviction waits in. */
int wait_page_idle_uninterruptible(page *page, inode *inode, bool)
{
	return model_wait_page(page, page->var, 0, inode, false);
}

/* fs/ext4/inode.c: ext4_break_layouts(), v6.15, mutant. Does not say that the wait was interrupted. */
int ext4_break_layouts_no_error(inode *inode)
{
	FORMS.dax_break_layout(inode);
	return 0;
}

/* fs/xfs/xfs_file.c: xfs_break_dax_layouts(), v6.15, mutant. The same. */
int xfs_break_dax_layouts_no_error(inode *ip)
{
	FORMS.dax_break_layout(ip);
	return 0;
}

/* mm/memremap.c: memunmap_pages(), v6.15, mutant. The disk is not taken down before its memory. */
void memunmap_pages_keeps_disk(dev_pagemap *pgmap)
{
	percpu_ref_kill(pgmap);
	model_pageunmap_range(pgmap);
}

} /* namespace kernel */
