/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A CPU in user space: one load, store or clwb, with the page faults that it takes.
 *
 * Left out: the TLB, so a translation and its access are one step, as a TLB flush would wait for; accessed bits.
 */
#include "core/model/anon.h"
#include "core/model/pgmap.h"

namespace kernel
{

struct model_access {
	mm_struct *mm;
	pgoff_t address;
	unsigned int cell;
	model_event_kind kind; /* load, store or flushed */
	uint64_t value;
	uint64_t pfn; /* that it went to */
};

static bool model_writes(const model_access *access)
{
	return access->kind == model_event_kind::store;
}

/* The walk by hardware. False: it would fault. */
static bool model_translate(const model_access *access, uint64_t *pfn, Atomic<uint64_t> **leaf)
{
	pmd_slot *slot = pmd_offset(access->mm, access->address);
	pmd_t pmd = MODEL_READ_HERE(slot->pmd);
	pte_t pte = pmd;
	Atomic<pte_t> *ptep = pte_offset(access->mm, access->address);

	*leaf = &slot->pmd;
	if (pmd & _PAGE_TABLE) {
		pte = MODEL_READ_HERE(*ptep);
		*leaf = ptep;
	}
	if (!pte_present(pte) || (model_writes(access) && !pte_write(pte)))
		return false;
	*pfn = pte_pfn(pte);
	if (pmd_trans_huge(pte))
		*pfn += access->address & (PMD_NR - 1);
	return true;
}

static bool model_access_anon(model_access *access, Atomic<uint64_t> *cell, Atomic<uint64_t> *leaf)
{
	if (!model_writes(access)) {
		access->value = MODEL_READ_HERE(*cell);
		return true;
	}
	if (!pte_dirty(leaf->peek()))
		MODEL_WRITE_HERE(*leaf, leaf->peek() | _PAGE_DIRTY);
	MODEL_WRITE_HERE(*cell, access->value);
	return true;
}

/* The access itself, in the step that the caller has begun. False: page fault. */
static bool model_try_access(model_access *access)
{
	Atomic<uint64_t> *leaf;
	uint64_t pfn;

	if (!model_translate(access, &pfn, &leaf))
		return false;
	access->pfn = pfn;
	if (folio *folio = model_anon_folio(pfn))
		return model_access_anon(access, &folio->cells[access->cell], leaf);
	if (pfn >= ZERO_PFN) {
		access->value = 0; /* a zero page is never mapped writable */
		return true;
	}
	pmem_cell *cell = model_cell(pfn, access->cell);
	model_touch(pfn);
	if (!model_writes(access)) {
		access->value = MODEL_READ_HERE(cell->data);
		if (access->kind == model_event_kind::flushed)
			model_clwb(cell);
		return true;
	}
	if (!pte_dirty(leaf->peek()))
		MODEL_WRITE_HERE(*leaf, leaf->peek() | _PAGE_DIRTY);
	MODEL_WRITE_HERE(cell->data, access->value);
	model_cell_written(cell);
	return true;
}

/* mm/mmap.c: find_vma(), v6.15. Under mmap_lock. */
vm_area_struct *find_vma(mm_struct *mm, pgoff_t address)
{
	model *m = model::current;

	for (vm_area_struct *vma = m->vmas; vma < m->vmas + m->config.nr_vmas; vma++) {
		if (vma->vm_mm != mm || address < vma->vm_start || address >= vma->vm_end)
			continue;
		if (GET(vma->linked))
			return vma;
	}
	return nullptr;
}

/* arch/x86/mm/fault.c: do_user_addr_fault(), v6.15. Left out: per-VMA locks, retries that drop mmap_lock. */
vm_fault_t do_user_addr_fault(mm_struct *mm, pgoff_t address, bool write)
{
	vm_fault_t fault = VM_FAULT_SIGSEGV;
	vm_area_struct *vma;

	down_read(&mm->mmap_lock);
	vma = find_vma(mm, address);
	if (vma && model::current->anon)
		GET(vma->prot);
	if (vma && (!write || (vma->vm_flags & VM_WRITE)))
		fault = handle_mm_fault(vma, address, write ? unsigned(FAULT_FLAG_WRITE) : 0u);
	up_read(&mm->mmap_lock);
	return fault;
}

static void model_emit_access(const model_access *access)
{
	model *m = model::current;
	model_event event{ access->kind };

	for (vm_area_struct *vma = m->vmas; vma < m->vmas + m->config.nr_vmas; vma++) {
		if (vma->vm_mm != access->mm || access->address < vma->vm_start ||
		    access->address >= vma->vm_end)
			continue;
		if (vma_is_anonymous(vma) || access->pfn >= ANON_PFN) {
			event.mm = access->mm;
			event.cell = access->address * m->config.cells + access->cell;
			event.value = access->value;
			model_emit(event);
			return;
		}
		event.inode = vma->f_mapping->host;
		event.cell = (access->address - vma->vm_start + vma->vm_pgoff) * m->config.cells +
			     access->cell;
		event.value = access->value;
		event.sync = (vma->vm_flags & VM_SYNC) != 0;
		event.block = access->pfn < m->nr_blocks ? access->pfn : MODEL_NO_BLOCK;
		model_emit(event);
		return;
	}
}

static int model_cpu_access(model_access *access, const engine::Site &site, engine::EventKind kind)
{
	engine::RetryLoop loop;

	for (;;) {
		engine::Execution::current().point(
			{ &site, &pmd_offset(access->mm, access->address)->pmd, kind });
		if (model_try_access(access)) {
			model_emit_access(access);
			return 0;
		}
		vm_fault_t fault =
			FORMS.do_user_addr_fault(access->mm, access->address, model_writes(access));
		if (fault & VM_FAULT_OOM)
			return -ENOMEM;
		if (fault & VM_FAULT_SIGSEGV)
			return MODEL_SIGSEGV;
		if (fault & VM_FAULT_ERROR)
			return MODEL_SIGBUS;
		loop.again();
	}
}

int model_cpu_load(mm_struct *mm, pgoff_t address, unsigned int cell, uint64_t *value)
{
	model_access access = { mm, address, cell, model_event_kind::load, 0, 0 };
	int ret = model_cpu_access(&access, SITE("load", "memory"), engine::EventKind::k_load);

	*value = access.value;
	return ret;
}

int model_cpu_store(mm_struct *mm, pgoff_t address, unsigned int cell, uint64_t value)
{
	model_access access = { mm, address, cell, model_event_kind::store, value, 0 };

	return model_cpu_access(&access, SITE("store", "memory"), engine::EventKind::k_store);
}

int model_cpu_clwb(mm_struct *mm, pgoff_t address, unsigned int cell)
{
	model_access access = { mm, address, cell, model_event_kind::flushed, 0, 0 };

	return model_cpu_access(&access, SITE("clwb", "memory"), engine::EventKind::k_load);
}

int model_cpu_sfence(void)
{
	model_sfence();
	model_emit({ model_event_kind::fenced });
	return 0;
}

} /* namespace kernel */
