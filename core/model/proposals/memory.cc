/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/proposals/proposals.h"

namespace kernel
{

/*
 * mm/memory.c: vmf_insert_page_mkwrite(), v6.15, with -EFAULT, a PTE of another page, answered as insert_pfn() did: the
 * fault is retried. Whoever put that page there is about to unmap it.
 */
vm_fault_t vmf_insert_page_mkwrite_retry(vm_fault *vmf, uint64_t pfn, bool write)
{
	int err;

	model_pte_alloc(vmf->vma->vm_mm, vmf->pmd);
	spin_lock(&vmf->pmd->ptl);
	err = insert_page_into_pte_locked(vmf->vma, pte_offset(vmf->vma->vm_mm, vmf->address), pfn,
					  write);
	spin_unlock(&vmf->pmd->ptl);
	if (err < 0 && err != -EBUSY && err != -EFAULT)
		return VM_FAULT_SIGBUS;
	return VM_FAULT_NOPAGE;
}

} /* namespace kernel */
