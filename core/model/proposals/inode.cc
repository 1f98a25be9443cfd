/* SPDX-License-Identifier: GPL-2.0-only */
/* How to keep a file's blocks while its pages are in use: what was proposed before 0e2f80afcfa6. */
#include "core/model/file.h"
#include "core/model/gup.h"
#include "core/model/inode.h"
#include "core/model/proposals/proposals.h"

namespace kernel
{

/*
 * fs/xfs/xfs_super.c: testfs_evict_inode_locked(), which is xfs_fs_evict_inode() as first proposed, v6.15: the locks that break_layouts asks for, although nobody
 * else can reference the inode.
 */
void testfs_evict_inode_locked(inode *inode)
{
	down_write(&inode->i_rwsem);
	down_write(&inode->i_data.invalidate_lock);
	for (;;) {
		page *page = FORMS.dax_layout_busy_page_range(&inode->i_data);

		if (!page)
			break;
		FORMS.wait_page_idle(page, inode, false);
	}
	up_write(&inode->i_data.invalidate_lock);
	up_write(&inode->i_rwsem);
	testfs_delete_inode(inode);
}

/*
 * include/linux/fs.h: generic_drop_inode_busy(), which is generic_drop_inode() as proposed next, v6.15: an inode with busy pages is kept. The walk that finds
 * them takes semaphores.
 */
bool generic_drop_inode_busy(inode *inode)
{
	if (FORMS.dax_layout_busy_page_range(&inode->i_data))
		return false;
	return READ_ONCE(inode->i_nlink) == 0;
}

/*
 * fs/inode.c: iput_final_waits(), which is iput_final() as proposed, v6.15: dax_break_layouts() after write_inode_now(),
 * or in it; an inode that is kept dirty waits at the same place, the last write-back before it is freed. Only an inode
 * that has links gets there, and only when its file system is no longer active.
 */
void iput_final_waits(inode *inode)
{
	bool drop = FORMS.generic_drop_inode(inode);

	if (drop || !model::current->life->s_inactive) {
		iput_final(inode);
		return;
	}
	SET(inode->i_state, uint32_t(I_WILL_FREE));
	spin_unlock(&inode->i_lock);
	dax_break_layout_final(inode);
	spin_lock(&inode->i_lock);
	SET(inode->i_state, (GET(inode->i_state) & ~uint32_t(I_WILL_FREE)) | I_FREEING);
	SET(inode->i_lru, false);
	spin_unlock(&inode->i_lock);
	evict(inode);
}

/*
 * fs/inode.c: mapping_shrinkable_dirty(), which is the test of I_DIRTY_ALL in __inode_add_lru(), v6.15, of inodes that are
 * dirty as long as their mapping has entries: the shrinker leaves them alone.
 */
bool mapping_shrinkable_dirty(address_space *mapping)
{
	return xa_empty(&mapping->i_pages);
}

/* fs/super.c: evict_inodes_inactive(), which is generic_shutdown_super() from where it clears SB_ACTIVE, v6.15. */
void evict_inodes_inactive(void)
{
	model::current->life->s_inactive = true;
	evict_inodes();
	model::current->life->s_inactive = false;
}

/*
 * fs/inode.c: evict_inodes_skip_busy(), which is evict_inodes() with the check that was proposed for invalidate_inodes(),
 * v6.15: umount does not come by invalidate_inodes(), which serves block devices that change. The walk takes
 * semaphores, so it cannot be where it was proposed, under i_lock.
 */
void evict_inodes_skip_busy(void)
{
	model *m = model::current;

	for (inode *inode = m->inodes; inode < m->inodes + m->config.nr_inodes; inode++) {
		if (FORMS.dax_layout_busy_page_range(&inode->i_data))
			continue;
		spin_lock(&inode->i_lock);
		if (!GET(inode->i_hashed) || READ_ONCE(inode->i_count) ||
		    (GET(inode->i_state) & I_FREEING)) {
			spin_unlock(&inode->i_lock);
			continue;
		}
		SET(inode->i_state, GET(inode->i_state) | I_FREEING);
		SET(inode->i_lru, false);
		spin_unlock(&inode->i_lock);
		evict(inode);
	}
}

/* The page of the device that is mapped there, whole or as a part of a PMD. Under mmap_lock. */
static page *model_mapped_page(mm_struct *mm, pgoff_t address)
{
	pmd_t pmd = READ_ONCE(pmd_offset(mm, address)->pmd);
	pte_t pte;

	if (pmd_trans_huge(pmd))
		return pfn_to_page(pte_pfn(pmd) + (address & (PMD_NR - 1)));
	if (pmd_none(pmd))
		return nullptr;
	pte = READ_ONCE(*pte_offset(mm, address));
	return pte_present(pte) ? pfn_to_page(pte_pfn(pte)) : nullptr;
}

/*
 * mm/vma.c: sys_munmap_waits(), which is sys_munmap() as it was proposed to keep the VMA until nobody has a page of it,
 * v6.15: who unmapped pages that he had given to a pipe now waits for the pipe. Also for other mappings of the page.
 */
int sys_munmap_waits(vm_area_struct *vma)
{
	mm_struct *mm = vma->vm_mm;
	unsigned int nr = 0;
	page **pages;

	if (!mm)
		return 0;
	down_write(&mm->mmap_lock);
	if (!GET(vma->linked)) {
		up_write(&mm->mmap_lock);
		return 0;
	}
	pages = engine::Execution::current().arena().make_array<page *>(vma->vm_end -
									vma->vm_start);
	for (pgoff_t addr = vma->vm_start; addr < vma->vm_end; addr++) {
		page *page = model_mapped_page(mm, addr);

		if (page)
			pages[nr++] = page;
	}
	SET(vma->linked, false);
	FORMS.unmap_single_vma(vma, vma->vm_start, vma->vm_end, true);
	while (nr > 0)
		FORMS.wait_page_idle(pages[--nr], nullptr, false);
	free_pgtables(vma);
	if (vma->vm_file)
		fput(vma->vm_file);
	vma->vm_file = nullptr;
	up_write(&mm->mmap_lock);
	return 0;
}

/*
 * mm/gup.c: model_pin_inode_igrab(), v6.15, with fs/inode.c: igrab(). GUP-fast has the page and neither a lock nor a VMA, so the file
 * may be ending: then the reference to the page goes back, and the VMA is looked up.
 */
bool model_pin_inode_igrab(const model_pin *pin)
{
	bool grabbed;
	inode *inode;

	if (!pin->page || !pin->host || !model::current->life)
		return true;
	inode = &model::current->inodes[pin->host->id];
	spin_lock(&inode->i_lock);
	grabbed = (GET(inode->i_state) & I_FREEING) == 0;
	if (grabbed)
		inode->i_count.fetch_add(1, engine::Order::kRelaxed, SITE("__iget", "i_count"));
	spin_unlock(&inode->i_lock);
	return grabbed;
}

/*
 * mm/gup.c: model_unpin_inode_iput(), v6.15. A device may be the last to put the inode; the kernel would have to leave that to a work
 * item, as its completion may not sleep.
 */
void model_unpin_inode_iput(const model_pin *pin)
{
	if (pin->page && pin->host && model::current->life)
		iput(&model::current->inodes[pin->host->id]);
}

/*
 * mm/gup.c: gup_fast(), v6.15, that leaves pages of DAX files to the slow way: only there is a VMA to hold.
 */
bool gup_fast_no_dax(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin)
{
	if (!gup_fast(mm, address, flags, pin))
		return false;
	if (!pin->page)
		return true;
	model_drop_pin(pin);
	return false;
}

/* mm/gup.c: model_pin_vma(), v6.15. Under mmap_lock: what the VMA holds stays after it is gone. */
bool model_pin_vma(const model_pin *pin)
{
	if (pin->page && pin->file)
		get_file(pin->file);
	return true;
}

/* mm/gup.c: model_unpin_vma(), v6.15. A device is no process on its way to user space: a work item would do it. */
void model_unpin_vma(const model_pin *pin)
{
	if (!pin->page || !pin->file)
		return;
	fput(pin->file);
	task_work_run();
}

} /* namespace kernel */
