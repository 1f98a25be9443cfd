/* SPDX-License-Identifier: GPL-2.0-only */
/* mm/mmap.c, mm/vma.c: mmap(2) and munmap(2). */
#include "core/model/anon.h"
#include "core/model/file.h"
#include "core/model/page_alloc.h"

namespace kernel
{

/* mmap_region() and vma_link(), for a range where nothing is. Under mmap_lock. */
void model_mmap_region(vm_area_struct *vma, pgoff_t address, pgoff_t len, address_space *mapping,
		       pgoff_t pgoff, unsigned int vm_flags)
{
	vma->vm_start = address;
	vma->vm_end = address + len;
	vma->vm_pgoff = pgoff;
	vma->vm_flags = vm_flags;
	vma->f_mapping = mapping;
	if (model::current->anon)
		SET(vma->prot, vm_flags);
	SET(vma->linked, true);
	if (!(vm_flags & VM_SHARED))
		model_link_anon_vma(vma);
	if (!mapping)
		return;
	down_write(&mapping->i_mmap_rwsem);
	SET(vma->in_i_mmap, true);
	up_write(&mapping->i_mmap_rwsem);
}

/*
 * mm/mmap.c: sys_mmap(), v6.15. Left out: merging, splitting, replacing; the caller chose an address where
 * nothing is, with the colour of the file offset, as thp_get_unmapped_area() does.
 */
int sys_mmap(vm_area_struct *vma, mm_struct *mm, inode *inode, pgoff_t address, pgoff_t len,
	     pgoff_t pgoff, unsigned int vm_flags, struct file *file)
{
	down_write(&mm->mmap_lock);
	if (GET(vma->linked)) {
		up_write(&mm->mmap_lock);
		return -EEXIST;
	}
	model_alloc(GFP_KERNEL); /* vm_area_alloc() */
	vma->vm_mm = mm;
	model_mmap_region(vma, address, len, inode ? &inode->i_data : nullptr, pgoff, vm_flags);
	vma->vm_file = file ? FORMS.model_vma_get_file(file) : nullptr;
	up_write(&mm->mmap_lock);
	return 0;
}

/* mm/memory.c: free_pgtables(), v6.15, of one VMA. No other that stays shares a PMD with it. */
void free_pgtables(vm_area_struct *vma)
{
	if (is_cow_mapping(vma->vm_flags))
		model_unlink_anon_vma(vma);
	if (!vma_is_anonymous(vma)) {
		down_write(&vma->f_mapping->i_mmap_rwsem);
		SET(vma->in_i_mmap, false); /* unlink_file_vma() */
		up_write(&vma->f_mapping->i_mmap_rwsem);
	}

	for (pgoff_t addr = vma->vm_start & ~pgoff_t(PMD_NR - 1); addr < vma->vm_end;
	     addr += PMD_NR) {
		pmd_slot *pmd = pmd_offset(vma->vm_mm, addr);

		if (!pmd_none(READ_ONCE(pmd->pmd)))
			WRITE_ONCE(pmd->pmd, pmd_t(0));
	}
}

/*
 * mm/vma.c: sys_munmap(), do_vmi_align_munmap(), v6.15. Left out: parts of a VMA, downgrading mmap_lock.
 * Where nothing is, nothing is done.
 */
int sys_munmap(vm_area_struct *vma)
{
	mm_struct *mm = vma->vm_mm;

	if (!mm)
		return 0;
	down_write(&mm->mmap_lock);
	if (!GET(vma->linked)) {
		up_write(&mm->mmap_lock);
		return 0;
	}
	SET(vma->linked, false);
	FORMS.unmap_single_vma(vma, vma->vm_start, vma->vm_end, true);
	free_pgtables(vma);
	if (vma->vm_file)
		fput(vma->vm_file); /* remove_vma() */
	vma->vm_file = nullptr;
	up_write(&mm->mmap_lock);
	return 0;
}

} /* namespace kernel */
