/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/history/history.h"
#include "core/model/protocol/entry_backend.h"

namespace kernel
{

/*
 * fs/dax.c: dax_iomap_pte_fault(), v4.11. Left out: private mappings, event counters. The test of the PMD after the
 * entry is locked is of later kernels, and stays.
 *
 * The extent is looked up before the entry is locked: nothing but the fault lock of the file system, which write(2)
 * does not take, is held between the two.
 */
vm_fault_t dax_iomap_pte_fault_v4_11(vm_fault *vmf)
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

	error = testfs_iomap_begin(&iter);
	if (error)
		return error == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;

	entry = FORMS.grab_mapping_entry(&xas, mapping, 1);
	if (xa_is_internal(entry))
		return xa_to_internal(entry);

	if (pmd_trans_huge(READ_ONCE(vmf->pmd->pmd)))
		ret = VM_FAULT_NOPAGE;
	else
		ret = FORMS.dax_fault_iter(vmf, &iter, &xas, &entry, false);

	dax_unlock_entry(&xas, entry);
	return ret;
}

/*
 * fs/dax.c: dax_iomap_pmd_fault(), v4.11. Left out: event counters. The test of the PMD after the entry is locked, and
 * that of the colour, are of later kernels, and stay.
 *
 * As in dax_iomap_pte_fault(), what the extent was need not be what it is once the entry is locked.
 */
vm_fault_t dax_iomap_pmd_fault_v4_11(vm_fault *vmf)
{
	address_space *mapping = vmf->vma->f_mapping;
	xa_state xas = XA_STATE_ORDER(&mapping->i_pages, vmf->pgoff, PMD_NR);
	iomap_iter iter = { mapping->host, xas.xa_index, PMD_NR, IOMAP_FAULT, {} };
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

	if (testfs_iomap_begin(&iter) || iter.iomap.length < PMD_NR)
		goto fallback;

	entry = FORMS.grab_mapping_entry(&xas, mapping, PMD_NR);
	if (xa_is_internal(entry)) {
		ret = xa_to_internal(entry);
		goto fallback;
	}

	pmd = READ_ONCE(vmf->pmd->pmd);
	if (!pmd_none(pmd) && !pmd_trans_huge(pmd))
		ret = 0;
	else
		ret = FORMS.dax_fault_iter(vmf, &iter, &xas, &entry, true);

	dax_unlock_entry(&xas, entry);
fallback:
	if (ret == VM_FAULT_FALLBACK)
		split_huge_pmd(vmf->vma, vmf->pmd);
	return ret;
}

} /* namespace kernel */
