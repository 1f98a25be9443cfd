/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One machine: what an execution of the model consists of, how it is configured, and what observers see of it.
 *
 * The model emits typed events and has const state; it knows no oracle. It never asks who runs next.
 */
#ifndef DAXRACE_CORE_MODEL_MODEL_H_
#define DAXRACE_CORE_MODEL_MODEL_H_

#include <span>

#include "core/model/patches.h"
#include "core/model/types.h"

namespace kernel
{

inline constexpr uint64_t MODEL_NO_BLOCK = ~uint64_t(0);

enum class model_event_kind : uint8_t {
	invoke,	    /* an operation begins */
	ret,	    /* it ends; value: its result */
	load,	    /* a CPU read a cell of a file through a mapping */
	store,	    /* a CPU wrote one */
	read_cell,  /* read(2) took a cell */
	write_cell, /* write(2) wrote one */
	truncated,  /* the file is now `cell` cells long, and was longer */
	extended,   /* the file is now `cell` cells long, and was shorter */
	zeroed,	    /* the cells from `cell` to before `end` are 0 now, and stay in the file */
	collapsed, /* the cells from `cell` to before `end` are gone; what was at `end` is at `cell` */
	flushed, /* clwb of a cell through a MAP_SYNC mapping took effect */
	fenced,	 /* what this CPU flushed before is durable */
	submitted, /* a device has work now, as task `value`, which began with the operation that submitted it */
	no_space, /* an allocation failed, or the device is gone: what follows from it is allowed to fail */
	/* Private memory: `mm` and a cell of its address space. load and store, too, if `mm` is set. */
	mapped, /* `value` is the page frame that the page at `cell` is in from now on */
	copied, /* the cell is no longer `file_cell` of `inode` but a copy, which holds `value` */
	discarded, /* the page at `cell` is gone; value: 1: it is zeros now, 0: what the file has */
	forked,	   /* `child` has the cell, too, as it is now */
	pinned,	   /* GUP: the page at `cell` is in frame `value`; by `pin` */
	kept,	   /* that pin stays: it was tentative, until GUP knew that no fork ran meanwhile */
	unpinned,
	/* By a pin. Private memory: `mm` and `cell` as above, `file_cell` is the frame; else a file's. */
	dma_read,  /* a device read a cell of a page that was pinned for it */
	dma_write, /* a device wrote one */
	pin_read,  /* a CPU read a cell of a page that it has a reference to, not a mapping of */
	touched,   /* somebody used the memory of `block`, or what counts its references */
};

enum class model_op : uint8_t {
	none,
	load,
	store,
	read,
	write,
	fsync,
	truncate,
	fallocate,
	mmap,
	munmap,
	clwb,
	sfence,
	fork,
	dma, /* of a device: not the system call that submitted it */
};

struct model_pin;
struct model_dma;
struct model_pipe;
struct model_mr;

struct model_event {
	model_event_kind kind;
	model_op op = model_op::none; /* invoke and ret */
	engine::TaskId task = engine::kNoTask;
	uint32_t op_index = 0;
	const struct inode *inode = nullptr;
	uint64_t cell = 0; /* of the file */
	uint64_t end = 0;  /* zeroed, collapsed: one behind the last */
	uint64_t value = 0;
	bool sync = false;		  /* store: through a MAP_SYNC mapping */
	int result = 0;			  /* ret: 0 or more: done; else -errno or -(signal << 8) */
	const mm_struct *mm = nullptr;	  /* whose private memory it is about */
	const mm_struct *child = nullptr; /* forked */
	uint64_t file_cell = 0;		  /* copied */
	const model_pin *pin = nullptr;	 /* dma_read, dma_write, pin_read, pinned, kept, unpinned */
	uint64_t block = MODEL_NO_BLOCK; /* load, store, read_cell, write_cell: none: a zero page */
};

inline constexpr int MODEL_ERESTARTSYS = 512;

/* A signal as the result of an operation. */
inline constexpr int MODEL_SIGBUS = -(7 << 8);
inline constexpr int MODEL_SIGSEGV = -(11 << 8);

/* Sees every event in the step that makes it, and has no scheduling points of its own. */
class model_observer
{
public:
	virtual void on_event(const model_event &event) = 0;

protected:
	~model_observer() = default;
};

struct model_config {
	unsigned int pmd_nr = 4; /* pages of a PMD; a power of two */
	unsigned int cells = 2;	 /* of a page */
	bool pmd_mappings = true;
	bool map_sync =
		false; /* somebody maps with MAP_SYNC: only then IOMAP_F_DIRTY is looked up */
	const model_forms *forms = nullptr; /* never null in a running model */
	unsigned int nr_inodes = 0;
	unsigned int nr_mms = 0;
	unsigned int nr_vmas = 0;
	unsigned int nr_tasks = 1;
	/* For each address space, for each file: it is open from the start. Null: inodes live for ever. */
	const uint8_t *open_files = nullptr;
	unsigned int nr_opens = 0; /* open(2) in the whole program */
	unsigned int nr_creats =
		0; /* those of them with O_CREAT: the last inodes are for what they make */
	uint32_t directories = 0; /* a bit for each inode */
	bool eadr = false;	  /* the caches of the CPUs survive a power failure */
	bool ddio = false;	  /* what a device writes goes into those caches */
	bool xfs = false;	  /* the file system is like XFS, not like ext4 */
	bool pages = false;	  /* page frames are counted */
	bool unbind = false;	  /* the driver may go */
	bool kills = false;	  /* somebody sends SIGKILL */
	bool low_memory = false;  /* allocations may have to reclaim */
	bool shrinks = false;	  /* something prunes caches of dentries and inodes */
	bool dma = false;	  /* something outlives its mapping: requests to a device, a pipe */
	bool rdma = false;	  /* somebody registers memory; dma is set, too */
	pgoff_t file_pages = 0;	  /* upper bound of a file's size */
	uint32_t nr_blocks = 0;	  /* of the device; 0: enough for all files twice */
	const pgoff_t *mm_pages = nullptr; /* size of each address space */
	unsigned int nr_folios =
		0; /* frames of anonymous memory; 0: the program has no private memory */
	bool swap_exclusive = true;	 /* __HAVE_ARCH_PTE_SWP_EXCLUSIVE */
	bool swap_stable_writes = false; /* SWP_STABLE_WRITES */
	model_observer *observer = nullptr;
};

/* Requests to the device in one execution, and pages in the pipe. */
inline constexpr uint32_t MODEL_DMA_MAX = 3;
inline constexpr uint32_t MODEL_PIPE_BUFFERS = 4;
/* Pages that a process has registered for RDMA at a time, in regions of their own. */
inline constexpr uint32_t MODEL_MR_MAX = 2;

inline constexpr unsigned int DAX_WAIT_TABLE_ENTRIES = 4;

struct private_memory; /* anon.h */

struct model {
	model_config config;
	inode *inodes;
	mm_struct *mms;
	vm_area_struct *vmas;
	wait_queue_head_t *wait_table;

	pmem_cell *cells; /* of all blocks */
	uint32_t nr_blocks;
	pmem_flush **flushes; /* for each task */

	rw_semaphore j_barrier; /* handles read, commit writes */
	uint8_t *handles;	/* nesting, for each task */

	struct model_life *life;	     /* null: inodes live for ever */
	struct model_low_memory *low_memory; /* null: there is memory enough. page_alloc.h */

	spinlock_t alloc_lock;
	engine::Object alloc_state;
	uint32_t *free_stack; /* blocks; the top is the most recently freed */
	uint32_t nr_free;
	uint32_t *freed; /* by the running transaction; free once it commits */
	uint32_t nr_freed;
	model_note *freed_notes; /* for each block, who freed it last; for reports */

	page *pages; /* of the blocks; null: not counted. page.h */
	engine::WaitVarTable *var_table;

	Atomic<uint8_t>
		*sigkill; /* for each task: it has been killed. Null: nobody kills. signal.h */

	struct dev_pagemap *pgmap; /* null: the driver stays. pgmap.h */

	model_dma *dmas; /* dma.h */
	uint32_t nr_dmas;
	engine::Object dma_state;
	model_pipe *pipe;
	model_mr *mrs; /* null: nothing registers memory. umem.h */

	private_memory *anon; /* null: there is none */

	static inline model *current = nullptr;
};

#define PMD_NR (::kernel::model::current->config.pmd_nr)
#define FORMS (*::kernel::model::current->config.forms)

/* Makes a machine in the arena of the current execution and makes it current. */
model *model_boot(const model_config &config);

void model_emit(const model_event &event);

/* The device's line of a cell of a block. */
inline pmem_cell *model_cell(uint64_t block, unsigned int cell)
{
	model *m = model::current;
	return &m->cells[block * m->config.cells + cell];
}

/* What a power failure now would leave of a cell of a file: the durable extent map and the durable line. */
uint64_t model_durable(const inode *inode, uint64_t cell);
/* The place that last took DIRTY away from the entry of a cell; null: none has. */
const engine::Site *model_cleaned_by(const inode *inode, uint64_t cell);
/* What a read of the file would find now, through the extent map. */
uint64_t model_content(const inode *inode, uint64_t cell);
/* The same of private memory. */
uint64_t model_private_content(const mm_struct *mm, uint64_t cell);

/* --- the device: drivers/nvdimm, arch/x86/lib --------------------------------------------------------------- */

void model_cell_written(pmem_cell *cell);
void dax_flush(uint64_t block, pgoff_t pages);
void model_clwb(pmem_cell *cell);
void model_sfence(void);
/* memcpy_flushcache() of one cell: non-temporal, so durable at the next fence. A scheduling point. */
void model_copy_flushcache(uint64_t block, unsigned int cell, uint64_t value);
void model_zero_block(uint64_t block);

/* --- a CPU in user space ------------------------------------------------------------------------------------- */

/* One access to a cell. 0, MODEL_SIGBUS, MODEL_SIGSEGV, or -ENOMEM: user space tries again. */
int model_cpu_load(mm_struct *mm, pgoff_t address, unsigned int cell, uint64_t *value);
int model_cpu_store(mm_struct *mm, pgoff_t address, unsigned int cell, uint64_t value);
/* The instruction: faults as a load does; what it flushed is durable after a fence of the same CPU. */
int model_cpu_clwb(mm_struct *mm, pgoff_t address, unsigned int cell);
int model_cpu_sfence(void);

/* --- system calls -------------------------------------------------------------------------------------------- */

struct model_io {
	struct inode *inode;
	pgoff_t pos;
	pgoff_t len;
	uint64_t value;		     /* what a write writes that has no buffer */
	mm_struct *buffer = nullptr; /* null: memory that belongs to nobody else and never faults */
	pgoff_t address = 0;	     /* first page of the buffer, in that address space */
	bool append = false;	     /* IOCB_APPEND */
};

void model_creat(inode *inode, pgoff_t size);
int sys_mmap(vm_area_struct *vma, mm_struct *mm, inode *inode, pgoff_t address, pgoff_t len,
	     pgoff_t pgoff, unsigned int vm_flags, struct file *file = nullptr);
int sys_munmap(vm_area_struct *vma);
int sys_read(const model_io *io);
int sys_write(const model_io *io);
int sys_fsync(inode *inode);
int model_drop_pagecache(void); /* echo 1 > /proc/sys/vm/drop_caches */
int sys_ftruncate(inode *inode, pgoff_t size);
/* fallocate(2), with a mode of falloc.h. */
int vfs_fallocate(inode *inode, unsigned int mode, pgoff_t offset, pgoff_t len);

/*
 * The same from where user space calls: with descriptors and the kernel's checks of every argument. Numbers are in
 * pages and may be anything: TASK_SIZE, the largest loff_t and the rest are the kernel's, divided by the page size.
 * RLIMIT_FSIZE is config.file_pages.
 */
struct model_mmap_request {
	struct file *file;   /* null: the descriptor is not open */
	vm_area_struct *vma; /* the one to be used */
	mm_struct *mm;
	pgoff_t addr; /* MAP_FIXED_NOREPLACE */
	pgoff_t len;
	pgoff_t pgoff;
	bool write;
	bool shared;
};

/* A buffer: null stands for memory that never faults. A file: null stands for a descriptor that is not open. */
long ksys_pread64(const struct file *file, mm_struct *buffer, pgoff_t buf, pgoff_t count,
		  int64_t pos);
long ksys_pwrite64(const struct file *file, mm_struct *buffer, pgoff_t buf, pgoff_t count,
		   int64_t pos, uint64_t value);
int rw_verify_area(const struct file *file, int64_t pos, pgoff_t count);
int do_sys_ftruncate(const struct file *file, int64_t length);
int do_ftruncate(const struct file *file, int64_t length);
int do_fsync(const struct file *file);
int ksys_mmap_pgoff(const model_mmap_request *request);
int do_mmap(const model_mmap_request *request);
int __vm_munmap(mm_struct *mm, pgoff_t start, pgoff_t len);
int sys_msync(mm_struct *mm, pgoff_t start, pgoff_t len, unsigned int flags);

/* Private memory: fork.cc, mprotect.cc, swap.cc. */
struct model_vma_pair {
	vm_area_struct *src;
	vm_area_struct *dst;
};
int sys_fork(mm_struct *oldmm, mm_struct *mm, std::span<const model_vma_pair> vmas);
int sys_mprotect(vm_area_struct *vma, mm_struct *mm, bool write);
int sys_swapoff(void);
int model_clear_refs(mm_struct *mm);
int model_madvise_dontneed(vm_area_struct *vma, mm_struct *mm, pgoff_t start, pgoff_t len);
int model_madvise_pageout(vm_area_struct *vma, mm_struct *mm, pgoff_t address);
int model_reclaim(mm_struct *mm, pgoff_t address);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_MODEL_H_ */
