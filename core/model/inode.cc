/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/inode.h"

namespace kernel
{

static model_life *model_life_now(void)
{
	return model::current->life;
}

/* The key of wait_on_freeing_inode(); never WaitQueue::kAnyKey. */
static uint64_t model_inode_key(const inode *inode)
{
	return inode->id + 1;
}

/* fs/inode.c: remove_inode_hash(), v6.15 */
static void remove_inode_hash(inode *inode)
{
	spin_lock(&model_life_now()->inode_hash_lock);
	spin_lock(&inode->i_lock);
	SET(inode->i_hashed, false);
	spin_unlock(&inode->i_lock);
	spin_unlock(&model_life_now()->inode_hash_lock);
}

/* Never WaitQueue::kAnyKey, nor a key of the above. */
static uint64_t model_isolating_key(const inode *inode)
{
	return 1000 + inode->id;
}

/*
 * fs/inode.c: inode_wait_for_lru_isolating(), v6.15. Under i_lock, which it drops while it sleeps. The shrinker walks
 * the entries of an inode that it holds by a flag alone, so that it can never be the one to evict it.
 */
static void inode_wait_for_lru_isolating(inode *inode)
{
	engine::WaitEntry wait;

	if (!(GET(inode->i_state) & I_LRU_ISOLATING))
		return;
	wait.key = model_isolating_key(inode);
	for (;;) {
		model_life_now()->inode_wq.prepare_to_wait(wait, false,
							   SITE("prepare_to_wait", "inode_wq"));
		if (!(GET(inode->i_state) & I_LRU_ISOLATING))
			break;
		spin_unlock(&inode->i_lock);
		schedule_on(&model_life_now()->inode_wq, &wait);
		spin_lock(&inode->i_lock);
	}
	finish_wait(&model_life_now()->inode_wq, &wait);
}

/*
 * fs/inode.c: evict(), v6.15. Left out: the list of the super block, write-back that runs, destroying the object. Nobody
 * takes i_lock for the shrinker's sake where there is none.
 */
void evict(inode *inode)
{
	if (model::current->config.shrinks) {
		spin_lock(&inode->i_lock);
		inode_wait_for_lru_isolating(inode);
		spin_unlock(&inode->i_lock);
	}
	FORMS.testfs_evict_inode(inode);
	spin_lock(&inode->i_lock);
	SET(inode->i_state, uint32_t(I_FREEING | I_CLEAR)); /* clear_inode() */
	spin_unlock(&inode->i_lock);
	/* From here on a lookup makes a new inode. */
	remove_inode_hash(inode);
	__wake_up(&model_life_now()->inode_wq, 0, model_inode_key(inode));
}

/*
 * include/linux/pagemap.h: mapping_shrinkable(), v6.15. Under i_lock and not the i_pages lock. Only with an entry that
 * stands in the head, of a small file, does the shrinker have to do with a file that has any.
 */
bool mapping_shrinkable(address_space *mapping)
{
	uint32_t head = READ_ONCE(mapping->i_pages.xa_head);

	return head == 0 || (head & XA_HEAD_VALUE);
}

/* include/linux/pagemap.h: mapping_empty(), v6.15 */
bool mapping_empty(address_space *mapping)
{
	return xa_empty(&mapping->i_pages);
}

/* fs/inode.c: inode_add_lru(), v6.15. Under i_lock. */
void inode_add_lru(inode *inode)
{
	if (!FORMS.mapping_shrinkable(&inode->i_data))
		return;
	SET(inode->i_lru, true);
}

/* include/linux/fs.h: generic_drop_inode(), v6.15 */
bool generic_drop_inode(inode *inode)
{
	return READ_ONCE(inode->i_nlink) == 0;
}

/* fs/inode.c: iput_final(), v6.15. Under i_lock, which it drops. Left out: inactive file systems, I_DONTCACHE. */
void iput_final(inode *inode)
{
	bool drop = FORMS.generic_drop_inode(inode);

	if (!drop) {
		inode_add_lru(inode);
		spin_unlock(&inode->i_lock);
		return;
	}
	SET(inode->i_state, GET(inode->i_state) | I_FREEING);
	SET(inode->i_lru, false);
	spin_unlock(&inode->i_lock);
	evict(inode);
}

/* fs/inode.c: iput(), v6.15, atomic_dec_and_lock(). Left out: lazytime. */
void iput(inode *inode)
{
	uint32_t count;

	WARN_ON_ONCE((inode->i_state.peek() & I_CLEAR) != 0); /* the kernel: BUG_ON() */
	count = READ_ONCE(inode->i_count);
	while (count > 1) {
		if (inode->i_count.compare_exchange(count, count - 1, engine::Order::kFull,
						    SITE("atomic_dec", "i_count")))
			return;
		count = READ_ONCE(inode->i_count);
	}
	spin_lock(&inode->i_lock);
	count = inode->i_count.fetch_add(uint32_t(-1), engine::Order::kFull,
					 SITE("atomic_dec_and_lock", "i_count"));
	if (count == 1) {
		model_take_note(&inode->put);
		FORMS.iput_final(inode);
	} else {
		spin_unlock(&inode->i_lock);
	}
}

/* fs/inode.c: __wait_on_freeing_inode(), v6.15. Called with inode_hash_lock and i_lock, which it drops. */
static void __wait_on_freeing_inode(inode *inode)
{
	engine::WaitEntry wait;

	wait.key = model_inode_key(inode);
	wait.waits_for = &inode->i_state;
	model_life_now()->inode_wq.prepare_to_wait(wait, false,
						   SITE("prepare_to_wait", "inode_wq"));
	spin_unlock(&inode->i_lock);
	spin_unlock(&model_life_now()->inode_hash_lock);
	schedule_on(&model_life_now()->inode_wq, &wait);
	finish_wait(&model_life_now()->inode_wq, &wait);
}

/* The test of I_FREEING in find_inode_fast(). Under i_lock. */
bool model_inode_freeing(inode *inode)
{
	return (GET(inode->i_state) & I_FREEING) != 0;
}

/* fs/inode.c: iget_locked(), find_inode_fast(), v6.15. Left out: I_NEW; reading in what is not there takes one step. */
void iget_locked(inode *inode)
{
	engine::RetryLoop loop;

	for (;;) {
		spin_lock(&model_life_now()->inode_hash_lock);
		spin_lock(&inode->i_lock);
		if (!GET(inode->i_hashed)) {
			SET(inode->i_hashed, true);
			SET(inode->i_state, 0u);
			WRITE_ONCE(inode->i_count, 1u);
			break;
		}
		if (!FORMS.model_inode_freeing(inode)) {
			inode->i_count.fetch_add(1, engine::Order::kRelaxed,
						 SITE("__iget", "i_count"));
			break;
		}
		__wait_on_freeing_inode(inode);
		loop.again();
	}
	spin_unlock(&inode->i_lock);
	spin_unlock(&model_life_now()->inode_hash_lock);
}

/* fs/inode.c: evict_inodes(), v6.15. Left out: the list it collects first, rescheduling. */
void evict_inodes(void)
{
	model *m = model::current;

	for (inode *inode = m->inodes; inode < m->inodes + m->config.nr_inodes; inode++) {
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

/* fs/inode.c: inode_pin_lru_isolating(), v6.15. Under i_lock. */
void inode_pin_lru_isolating(inode *inode)
{
	uint32_t state = GET(inode->i_state);

	WARN_ON_ONCE((state & (I_LRU_ISOLATING | I_FREEING | I_WILL_FREE)) != 0);
	SET(inode->i_state, state | I_LRU_ISOLATING);
}

/* fs/inode.c: inode_unpin_lru_isolating(), v6.15 */
void inode_unpin_lru_isolating(inode *inode)
{
	uint32_t state;

	spin_lock(&inode->i_lock);
	state = GET(inode->i_state);
	WARN_ON_ONCE((state & I_LRU_ISOLATING) == 0);
	SET(inode->i_state, state & ~uint32_t(I_LRU_ISOLATING));
	__wake_up(&model_life_now()->inode_wq, 0, model_isolating_key(inode));
	spin_unlock(&inode->i_lock);
}

/*
 * fs/inode.c: inode_lru_isolate(), v6.15. True: it is to be freed. Left out: I_REFERENCED, which lets an inode pass once;
 * that i_lock is only tried; buffers; that the walk begins anew where the list was let go of.
 */
static bool inode_lru_isolate(inode *inode)
{
	bool stays;

	spin_lock(&inode->i_lock);
	if (!GET(inode->i_lru)) {
		spin_unlock(&inode->i_lock);
		return false;
	}
	stays = READ_ONCE(inode->i_count) != 0;
	stays = stays || GET(inode->i_state);
	stays = stays || !FORMS.mapping_shrinkable(&inode->i_data);
	if (stays) {
		SET(inode->i_lru, false);
		spin_unlock(&inode->i_lock);
		return false;
	}
	if (!FORMS.mapping_empty(&inode->i_data)) {
		FORMS.inode_pin_lru_isolating(inode);
		spin_unlock(&inode->i_lock);
		invalidate_mapping_pages(&inode->i_data, 0, inode->i_data.i_pages.nr_slots - 1);
		FORMS.inode_unpin_lru_isolating(inode);
		return false;
	}
	SET(inode->i_state, GET(inode->i_state) | I_FREEING);
	SET(inode->i_lru, false);
	spin_unlock(&inode->i_lock);
	return true;
}

/*
 * fs/inode.c: prune_icache_sb(), dispose_list(), v6.15. All that are to be freed are marked before the first is: whoever
 * looks one of the others up waits, too.
 */
void prune_icache_sb(void)
{
	model *m = model::current;
	inode *freeable[MODEL_INODES_MAX];
	unsigned int nr = 0;

	for (inode *inode = m->inodes; inode < m->inodes + m->config.nr_inodes; inode++) {
		if (inode_lru_isolate(inode))
			freeable[nr++] = inode;
	}
	for (unsigned int i = 0; i < nr; i++)
		evict(freeable[i]);
}

/* --- fs/dcache.c ---------------------------------------------------------------------------------------------- */

/* fs/dcache.c: dput(), __dentry_kill(), v6.15. Left out: the lockless path, the parent. */
void dput(dentry *dentry)
{
	bool kill;

	spin_lock(&dentry->d_lock);
	SET(dentry->d_count, dentry->d_count.peek() - 1);
	/* retain_dentry(): what has a name is kept for the next lookup */
	kill = dentry->d_count.peek() == 0 && !GET(dentry->d_hashed);
	if (kill)
		SET(dentry->d_positive, false);
	spin_unlock(&dentry->d_lock);
	if (kill)
		iput(dentry->d_inode); /* dentry_unlink_inode() */
}

/* fs/dcache.c: model_shrink_dentry(), which is shrink_dentry_list() of one, v6.15: kills it if nobody has it open. */
static void model_shrink_dentry(dentry *dentry)
{
	bool kill;

	spin_lock(&dentry->d_lock);
	kill = GET(dentry->d_positive) && dentry->d_count.peek() == 0;
	if (kill) {
		SET(dentry->d_hashed, false);
		SET(dentry->d_positive, false);
	}
	spin_unlock(&dentry->d_lock);
	if (kill)
		iput(dentry->d_inode);
}

/* fs/dcache.c: prune_dcache_sb(), also shrink_dcache_for_umount(), v6.15. Left out: DCACHE_REFERENCED. */
static void prune_dcache_sb(void)
{
	for (unsigned int i = 0; i < model::current->config.nr_inodes; i++)
		model_shrink_dentry(&model_life_now()->dentries[i]);
}

/*
 * fs/dcache.c: d_delete(), v6.15. A dentry that nobody has open gives its inode back at once, another one when the last
 * file goes.
 */
static void d_delete(dentry *dentry)
{
	bool unlink_inode;

	spin_lock(&dentry->d_lock);
	SET(dentry->d_hashed, false);
	unlink_inode = GET(dentry->d_positive) && dentry->d_count.peek() == 0;
	if (unlink_inode)
		SET(dentry->d_positive, false);
	spin_unlock(&dentry->d_lock);
	if (unlink_inode)
		iput(dentry->d_inode);
}

/* --- fs/namei.c ----------------------------------------------------------------------------------------------- */

/*
 * fs/dcache.c: d_splice_alias(), v6.15. The dentry of an inode that was looked up, with one of the lookup's references to
 * it; another lookup may have been faster.
 */
static void d_splice_alias(dentry *dentry)
{
	bool found;

	spin_lock(&dentry->d_lock);
	found = GET(dentry->d_positive);
	if (found) {
		SET(dentry->d_count, dentry->d_count.peek() + 1);
	} else {
		SET(dentry->d_positive, true);
		SET(dentry->d_hashed, true);
		SET(dentry->d_count, 1u);
	}
	spin_unlock(&dentry->d_lock);
	if (found)
		iput(dentry->d_inode);
}

/* fs/ext4/namei.c: ext4_create(), v6.15, through ext4_new_inode() and d_instantiate_new(). Left out: I_NEW. */
dentry *ext4_create(uint32_t name, inode *inode)
{
	dentry *dentry = &model_life_now()->dentries[inode->id];

	testfs_journal_start();
	spin_lock(&model_life_now()->inode_hash_lock); /* insert_inode_locked() */
	spin_lock(&inode->i_lock);
	SET(inode->i_hashed, true);
	WRITE_ONCE(inode->i_count, 1u);
	spin_unlock(&inode->i_lock);
	spin_unlock(&model_life_now()->inode_hash_lock);
	WRITE_ONCE(inode->i_nlink, 1u);
	SET(model_life_now()->names[name], uint32_t(inode->id + 1)); /* ext4_add_entry() */
	d_splice_alias(dentry);
	testfs_journal_stop();
	return dentry;
}

/* fs/namei.c: lookup_one_qstr_excl(), v6.15, through ext4_lookup(). Under the directory's i_rwsem. Null: no such name. */
static dentry *lookup_one_qstr_excl(uint32_t name)
{
	uint32_t number = GET(model_life_now()->names[name]);
	dentry *dentry;
	bool found;

	if (!number)
		return nullptr;
	dentry = &model_life_now()->dentries[number - 1];
	spin_lock(&dentry->d_lock);
	found = GET(dentry->d_positive);
	if (found)
		SET(dentry->d_count, dentry->d_count.peek() + 1);
	spin_unlock(&dentry->d_lock);
	if (!found) {
		model_alloc(GFP_KERNEL); /* d_alloc() */
		iget_locked(dentry->d_inode);
		d_splice_alias(dentry);
	}
	return dentry;
}

/*
 * fs/namei.c: lookup_open(), v6.15; `creat` is the inode for a new file, with O_CREAT. Left out: the lookup without the
 * directory's lock, which since v6.12 finds a cached name for O_CREAT, too.
 */
dentry *lookup_open(uint32_t name, inode *creat)
{
	rw_semaphore *dir = &model_life_now()->i_rwsem;
	dentry *dentry;

	if (creat)
		down_write(dir);
	else
		down_read(dir);
	dentry = lookup_one_qstr_excl(name);
	if (!dentry && creat) {
		model_alloc(GFP_KERNEL); /* d_alloc_parallel() */
		dentry = ext4_create(name, creat);
	}
	if (creat)
		up_write(dir);
	else
		up_read(dir);
	return dentry;
}

/*
 * fs/readdir.c: iterate_dir(), v6.15, through ext4_readdir(). The number of names: directories are empty. Left out: that a
 * fatal signal ends the wait.
 */
int iterate_dir(inode *inode)
{
	int ret = 0;

	if (!inode->is_dir)
		return -ENOTDIR;
	down_read(&inode->i_rwsem);
	if (!MODEL_READ_HERE(inode->i_nlink)) /* IS_DEADDIR() */
		ret = -ENOENT;
	else
		model_alloc(GFP_KERNEL); /* ext4_htree_store_dirent(); XFS reads a block */
	up_read(&inode->i_rwsem);
	return ret;
}

/* The inode of a name, with a reference, for unlink and rename. Under the directory's i_rwsem. */
static inode *model_victim(uint32_t name)
{
	uint32_t number = GET(model_life_now()->names[name]);

	if (!number)
		return nullptr;
	iget_locked(&model::current->inodes[number - 1]);
	return &model::current->inodes[number - 1];
}

static void testfs_drop_nlink(inode *inode)
{
	down_write(&inode->i_rwsem);
	testfs_journal_start();
	WRITE_ONCE(inode->i_nlink, 0u);
	model_take_note(&inode->unlinked);
	testfs_journal_stop();
	up_write(&inode->i_rwsem);
}

/* fs/namespace.c: legitimize_mnt(), v6.15. Left out: the fast path, which counts for each CPU. */
bool legitimize_mnt(void)
{
	bool mounted;

	spin_lock(&model_life_now()->mount_lock);
	mounted = GET(model_life_now()->mounted);
	if (mounted)
		SET(model_life_now()->mnt_count, model_life_now()->mnt_count.peek() + 1);
	spin_unlock(&model_life_now()->mount_lock);
	return mounted;
}

/* fs/namespace.c: mntput(), v6.15. Left out: the fast path. */
void mntput(void)
{
	spin_lock(&model_life_now()->mount_lock);
	SET(model_life_now()->mnt_count, model_life_now()->mnt_count.peek() - 1);
	spin_unlock(&model_life_now()->mount_lock);
}

/* What unlink(2) and rmdir(2) have in common: may_delete() says which of them a name is for. */
static int model_remove(uint32_t name, bool dir)
{
	inode *inode;
	int ret = -ENOENT;

	if (!legitimize_mnt()) /* filename_parentat() */
		return -ENOENT;
	down_write_nested(&model_life_now()->i_rwsem, I_MUTEX_PARENT);
	inode = model_victim(name);
	if (!inode)
		goto out;
	ret = 0;
	if (inode->is_dir != dir)
		ret = dir ? -ENOTDIR : -EISDIR;
	if (ret)
		goto out;
	testfs_drop_nlink(inode);
	SET(model_life_now()->names[name], 0u);
	d_delete(&model_life_now()->dentries[inode->id]);
out:
	up_write(&model_life_now()->i_rwsem);
	if (inode)
		iput(inode); /* truncates the file here if it was the last, outside of the directory's lock */
	mntput();	     /* path_put() */
	return ret;
}

/* fs/namei.c: sys_unlink(), do_unlinkat(), vfs_unlink(), v6.15, through ext4_unlink(). Left out: delegations, the orphan list. */
int sys_unlink(uint32_t name)
{
	return model_remove(name, false);
}

/* fs/namei.c: sys_rmdir(), do_rmdir(), vfs_rmdir(), v6.15, through ext4_rmdir(). Directories are empty. */
int sys_rmdir(uint32_t name)
{
	return model_remove(name, true);
}

/* fs/namei.c: sys_rename(), do_renameat2(), vfs_rename(), v6.15, through ext4_rename(). Left out: parents that differ. */
int sys_rename(uint32_t from, uint32_t to)
{
	dentry *source;
	inode *target = nullptr;
	int ret = -ENOENT;

	if (!legitimize_mnt())
		return -ENOENT;
	down_write_nested(&model_life_now()->i_rwsem, I_MUTEX_PARENT); /* lock_rename() */
	source = lookup_one_qstr_excl(from);
	if (!source)
		goto out;
	ret = 0;
	if (from == to)
		goto out;
	target = model_victim(to);
	if (target && target->is_dir != source->d_inode->is_dir)
		ret = target->is_dir ? -EISDIR : -ENOTDIR; /* may_delete() */
	if (ret)
		goto out;
	if (target)
		testfs_drop_nlink(target);
	SET(model_life_now()->names[to], uint32_t(source->d_inode->id + 1));
	SET(model_life_now()->names[from], 0u);
	if (target)
		d_delete(&model_life_now()->dentries[target->id]);
out:
	if (source)
		dput(source);
	up_write(&model_life_now()->i_rwsem);
	if (target)
		iput(target);
	mntput();
	return ret;
}

/* --- fs/super.c ----------------------------------------------------------------------------------------------- */

/*
 * fs/super.c: super_cache_scan(), v6.15: dentries, then inodes. An unmount that runs is not waited for. Left out: how much
 * of each.
 */
void super_cache_scan(gfp_t gfp)
{
	if (!(gfp & __GFP_FS))
		return;
	if (!down_read_trylock(&model_life_now()->s_umount)) /* super_trylock_shared() */
		return;
	prune_dcache_sb();
	prune_icache_sb();
	up_read(&model_life_now()->s_umount);
}

/* mm/vmscan.c: drop_slab(), v6.15. Left out: that it comes again while much is freed. */
void model_drop_slab(void)
{
	super_cache_scan(GFP_KERNEL);
}

/* fs/namespace.c: path_umount(), fs/super.c: generic_shutdown_super(), v6.15, and mounting it again. */
int model_remount(void)
{
	bool busy;

	spin_lock(&model_life_now()->mount_lock);
	busy = model_life_now()->mnt_count.peek() != 0 || !GET(model_life_now()->mounted);
	if (!busy)
		SET(model_life_now()->mounted, false);
	GET(model_life_now()->mnt_count);
	spin_unlock(&model_life_now()->mount_lock);
	if (busy)
		return -EBUSY;

	down_write(&model_life_now()->s_umount);
	prune_dcache_sb(); /* shrink_dcache_for_umount() */
	testfs_sync_fs();
	FORMS.evict_inodes();
	/* CHECK_DATA_CORRUPTION(): busy inodes after unmount */
	for (unsigned int i = 0; i < model::current->config.nr_inodes; i++)
		WARN_ON_ONCE(model::current->inodes[i].i_hashed.peek());
	up_write(&model_life_now()->s_umount);

	spin_lock(&model_life_now()->mount_lock);
	SET(model_life_now()->mounted, true);
	spin_unlock(&model_life_now()->mount_lock);
	return 0;
}

} /* namespace kernel */
