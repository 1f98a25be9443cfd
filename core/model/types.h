/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Types of the model. Units: addresses, file offsets and sizes are in pages; a page has `cells` cells, each of which
 * stands for a cache line. Everything lives in the arena of an execution.
 */
#ifndef DAXRACE_CORE_MODEL_TYPES_H_
#define DAXRACE_CORE_MODEL_TYPES_H_

#include <cerrno>
#include <cstdint>

#include "core/model/vocabulary.h"

namespace kernel
{

using pgoff_t = uint64_t;
using vm_fault_t = unsigned int;
using xa_entry = uint64_t; /* the kernel's void *; 0 is NULL */

enum : vm_fault_t {
	VM_FAULT_OOM = 0x1,
	VM_FAULT_SIGBUS = 0x2,
	VM_FAULT_SIGSEGV = 0x40,
	VM_FAULT_NOPAGE = 0x100,
	VM_FAULT_FALLBACK = 0x800,
	VM_FAULT_NEEDDSYNC = 0x2000,
	VM_FAULT_DONE_COW = 0x1000,
	VM_FAULT_ERROR = VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV,
};

enum : unsigned int {
	FAULT_FLAG_WRITE = 0x1,
	FAULT_FLAG_UNSHARE = 0x400
};
enum : unsigned int {
	VM_WRITE = 0x2,
	VM_SHARED = 0x8,
	VM_SYNC = 0x800000
};

/* --- page tables -------------------------------------------------------------------------------------------- */

/* A PTE or PMD: flags below, page frame number above. */
using pte_t = uint64_t;
using pmd_t = uint64_t;

enum : uint64_t {
	_PAGE_PRESENT = 0x01,
	_PAGE_RW = 0x02,
	_PAGE_DIRTY = 0x04,
	_PAGE_SPECIAL = 0x08, /* PTE of the shared zero page */
	_PAGE_PSE = 0x10,     /* huge PMD */
	_PAGE_TABLE = 0x20,   /* PMD that points to a table of PTEs */
	_PAGE_PFN_SHIFT = 8,
};

/* Page frames: blocks of the device from 0 on, and these. The huge zero page takes PMD_NR frames from its own on. */
inline constexpr uint64_t ZERO_PFN = 0x100000;
inline constexpr uint64_t HUGE_ZERO_PFN = 0x200000;

struct pmd_slot {
	Atomic<pmd_t> pmd;
	spinlock_t ptl; /* of the table of PTEs below it */
};

/* --- the file and its mapping ------------------------------------------------------------------------------- */

/* Lock, entries and marks; see xarray.h. */
struct xarray {
	spinlock_t xa_lock;
	Atomic<uint32_t>
		xa_head; /* number of entries, XA_HEAD_VALUE: what is looked at without the lock */
	Plain<xa_entry> *slots;
	Plain<uint8_t> *marks;
	pgoff_t nr_slots;
	const engine::Site *
		*cleaned_by; /* for each index: the place that last took DIRTY away, for reports */
};

struct inode;
struct mm_struct;
struct folio; /* an anonymous page: anon.h */
struct file;
struct page;

struct address_space {
	inode *host;
	xarray i_pages;
	rw_semaphore invalidate_lock;
	rw_semaphore i_mmap_rwsem;
	Plain<uint64_t> nrpages;	 /* under xa_lock */
	rw_semaphore model_mapping_lock; /* of a proposal that shares the lock of entries */
};

struct vm_area_struct {
	pgoff_t vm_start; /* first page, in the address space of vm_mm */
	pgoff_t vm_end;	  /* one behind the last */
	pgoff_t vm_pgoff;
	unsigned int vm_flags;
	mm_struct *vm_mm;
	address_space *f_mapping; /* null: anonymous memory */
	struct file *vm_file;	  /* null in a machine without life cycle */
	Plain<bool> linked;	  /* in the tree of vm_mm; under mmap_lock */
	Plain<bool> in_i_mmap;	  /* in the i_mmap tree; under i_mmap_rwsem */
	Plain<bool> in_anon_vma;  /* in the tree of anonymous mappings; under its lock */
	Plain<unsigned int> prot; /* vm_flags since they can change; under mmap_lock */
};

/* include/linux/mm_types_task.h, v6.15. Left out: MM_SHMEMPAGES. */
enum mm_counter : unsigned int {
	MM_FILEPAGES,
	MM_ANONPAGES,
	MM_SWAPENTS,
	NR_MM_COUNTERS
};

struct mm_struct {
	uint8_t id;
	rw_semaphore mmap_lock;
	spinlock_t page_table_lock; /* of all PMDs */
	pmd_slot *pmds;
	Atomic<pte_t> *ptes;
	pgoff_t nr_pages;	      /* of the address space */
	Plain<bool> forked;	      /* it is a child already; under mmap_lock */
	seqcount_t write_protect_seq; /* written by fork, under mmap_lock */

	/* add_mm_counter(); engine::Object for their share of the state's hash. */
	engine::Object rss_state[NR_MM_COUNTERS];
	int64_t rss_stat[NR_MM_COUNTERS];
};

/* Of an entry of inode::i_block: there is a block, but the file reads as zeros. */
inline constexpr uint32_t I_BLOCK_UNWRITTEN = 0x80000000u;

inline uint32_t i_block_nr(uint32_t entry)
{
	return entry & ~I_BLOCK_UNWRITTEN;
}
inline bool i_block_written(uint32_t entry)
{
	return entry != 0 && !(entry & I_BLOCK_UNWRITTEN);
}

/* Who did it last, and when; step 0: nobody. For reports alone, so no part of the state. */
struct model_note {
	engine::TaskId task;
	uint32_t step;
};

struct inode {
	uint8_t id;
	bool is_dir; /* S_ISDIR */
	address_space i_data;
	rw_semaphore i_rwsem;
	rw_semaphore i_data_sem; /* as in ext4: protects the extents */
	Atomic<pgoff_t> i_size;
	Plain<uint32_t>
		*i_block; /* for each page: 0 a hole, else block + 1, with I_BLOCK_UNWRITTEN */
	pgoff_t nr_blocks;
	/*
	 * Of i_datasync_tid only what is asked of it: the running transaction has changed the inode. XFS: i_pincount,
	 * something is in the log that is not durable.
	 */
	Atomic<uint8_t> datasync_dirty;

	/* What the last commit made durable; engine::Object for its share of the state's hash. */
	engine::Object committed;
	uint32_t *committed_block;
	pgoff_t committed_size;
	/* XFS: what transactions that have ended made of it; null: the journal takes the inode as it is. */
	engine::Object logged;
	uint32_t *logged_block;
	pgoff_t logged_size;

	/* Only in a machine with life cycle; see inode.h. */
	spinlock_t i_lock;
	Atomic<uint32_t> i_count;
	Atomic<uint32_t> i_nlink;
	Plain<uint32_t> i_state; /* under i_lock */
	Plain<bool> i_hashed;	 /* found by iget_locked(); under inode_hash_lock */
	Plain<bool> i_lru;	 /* under i_lock */
	model_note unlinked;	 /* its last name was taken */
	model_note put;		 /* its last reference was */
};

struct vm_fault {
	vm_area_struct *vma;
	pgoff_t address; /* page */
	pgoff_t pgoff;
	unsigned int flags;
	pmd_slot *pmd;
	pmd_t orig_pmd;
	uint64_t pfn; /* of VM_FAULT_NEEDDSYNC; *pfnp in the kernel */
	int model_error; /* what the file system said; the kernel's dax_iomap_fault() has a parameter for it */
	pte_t orig_pte = 0;
	folio *cow_page = nullptr; /* a private copy is to be made of the page */
};

/* --- iomap -------------------------------------------------------------------------------------------------- */

enum iomap_type {
	IOMAP_HOLE,
	IOMAP_MAPPED,
	IOMAP_UNWRITTEN
};
enum : unsigned int {
	IOMAP_F_NEW = 1,
	IOMAP_F_DIRTY = 2
};
enum : unsigned int {
	IOMAP_WRITE = 1,
	IOMAP_FAULT = 2
};

struct iomap {
	iomap_type type;
	unsigned int flags;
	pgoff_t offset;
	pgoff_t length;
	uint64_t addr; /* block of the page at offset */
};

struct iomap_iter {
	struct inode *inode;
	pgoff_t pos;
	pgoff_t len;
	unsigned int flags;
	struct iomap iomap;
};

/* --- persistent memory -------------------------------------------------------------------------------------- */

/*
 * A cache line of the device. What the CPUs see is `data`; `durable` is what a power failure leaves.
 * A flush takes the present value along and a fence of the same CPU makes it durable.
 */
struct pmem_cell {
	Atomic<uint64_t> data;
	engine::Object line;
	struct pmem_flush *flushed; /* not yet fenced, by any CPU; the newest first */
	uint64_t durable;
	engine::TaskId last_dirtier;
	uint32_t dirtied_at; /* step */
};

struct pmem_flush {
	pmem_flush *next;  /* of the same CPU */
	pmem_flush *older; /* of the same line */
	pmem_cell *cell;
	uint64_t value;
	engine::TaskId task;
	bool done; /* it is durable, or a later flush of the line is */
};

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_TYPES_H_ */
