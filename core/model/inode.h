/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Life of inodes and dentries: fs/inode.c, fs/dcache.c, fs/namei.c, fs/super.c.
 *
 * One directory, no hard links: each file has one dentry. An inode that is read in again after its eviction is the
 * same object; it differs from a new one in nothing that anybody can find, as its mapping is empty.
 */
#ifndef DAXRACE_CORE_MODEL_INODE_H_
#define DAXRACE_CORE_MODEL_INODE_H_

#include "core/model/dax.h"
#include "core/model/page_alloc.h"

namespace kernel
{

enum : uint32_t {
	I_FREEING = 1,
	I_CLEAR = 2,
	I_WILL_FREE = 4,
	I_LRU_ISOLATING = 8
};

enum : uint8_t {
	I_MUTEX_PARENT = 1
};

/* Files and directories, and what open(2) makes anew. */
inline constexpr unsigned int MODEL_INODES_MAX = 64;

struct dentry {
	inode *d_inode;
	spinlock_t d_lock;
	Plain<uint32_t> d_count; /* open files; 0: kept for its name's sake */
	Plain<bool> d_positive;	 /* it has its reference to the inode */
	Plain<bool> d_hashed;
};

struct file;

/* What a machine has whose inodes do not live for ever. */
struct model_life {
	rw_semaphore i_rwsem;	/* of the directory */
	Plain<uint32_t> *names; /* of the directory: 0 nothing, else inode + 1 */
	dentry *dentries;	/* of the inode of that number */
	spinlock_t inode_hash_lock;
	wait_queue_head_t inode_wq; /* for an inode that is being freed */
	rw_semaphore s_umount;
	spinlock_t mount_lock;
	Plain<uint32_t> mnt_count; /* open files */
	Plain<bool> mounted;
	bool s_inactive; /* SB_ACTIVE is clear; only proposals look */

	struct file *files; /* those open from the start, then one for each open(2) */
	unsigned int nr_files;
	unsigned int nr_initial; /* the slot of a process and a name is the number of its file */
	Atomic<uint32_t> *fds;	 /* for each address space and name: 0 closed, else file + 1 */
	spinlock_t *file_locks;	 /* files_struct.file_lock, for each address space */
	struct file **works;	 /* task_struct.task_works, for each task: files to put */
};

/* Notes that the step of the caller did it. */
inline void model_take_note(model_note *note)
{
	engine::Execution &execution = engine::Execution::current();

	*note = { execution.self(), execution.steps() == 0 ? 0 : execution.steps() - 1 };
}

void iput(inode *inode);
void iput_final(inode *inode);
void inode_add_lru(inode *inode);
bool mapping_shrinkable(address_space *mapping);
bool mapping_empty(address_space *mapping);
void inode_pin_lru_isolating(inode *inode);
void inode_unpin_lru_isolating(inode *inode);
void evict(inode *inode);
/* Under i_lock. Whether an inode that nobody references goes at once. */
bool generic_drop_inode(inode *inode);
bool model_inode_freeing(inode *inode);
/* The inode with a reference, read in if it was not there. */
void iget_locked(inode *inode);
void evict_inodes(void);
void prune_icache_sb(void);

void dput(dentry *dentry);
/* Of the file of that name, with a reference; null: there is none. `creat`: the inode for a new one, with O_CREAT. */
dentry *lookup_open(uint32_t name, inode *creat);
dentry *ext4_create(uint32_t name, inode *inode);
int iterate_dir(inode *inode);

/* A reference to the mount, which keeps umount(2) away. False: nothing is mounted. */
bool legitimize_mnt(void);
void mntput(void);

int sys_unlink(uint32_t name);
int sys_rmdir(uint32_t name);
/* `to` is replaced by `from`. */
int sys_rename(uint32_t from, uint32_t to);
/* umount(2) and, if that worked, mount(2). */
int model_remount(void);
void super_cache_scan(gfp_t gfp);
void model_drop_slab(void);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_INODE_H_ */
