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

/* fs/inode.c: evict(), v6.15. Left out: the list of the super block, write-back that runs, destroying the object. */
void evict(inode *inode)
{
	FORMS.testfs_evict_inode(inode);
	spin_lock(&inode->i_lock);
	SET(inode->i_state, uint32_t(I_FREEING | I_CLEAR)); /* clear_inode() */
	spin_unlock(&inode->i_lock);
	/* From here on a lookup makes a new inode. */
	remove_inode_hash(inode);
	__wake_up(&model_life_now()->inode_wq, 0, model_inode_key(inode));
}

/* fs/inode.c: inode_add_lru(), v6.15. Under i_lock. An inode whose mapping has entries stays off the list. */
void inode_add_lru(inode *inode)
{
	if (!xa_empty(&inode->i_data.i_pages))
		return; /* mapping_shrinkable() */
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
	SET(inode->i_state, uint32_t(I_FREEING));
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
	if (count == 1)
		FORMS.iput_final(inode);
	else
		spin_unlock(&inode->i_lock);
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
		SET(inode->i_state, uint32_t(I_FREEING));
		SET(inode->i_lru, false);
		spin_unlock(&inode->i_lock);
		evict(inode);
	}
}

/*
 * fs/inode.c: prune_icache_sb(), inode_lru_isolate(), v6.15. Left out: I_REFERENCED, buffers, page-cache pages.
 *
 * An inode whose mapping has DAX entries is looked at again, not freed: invalidate_mapping_pages() leaves them.
 */
void prune_icache_sb(void)
{
	model *m = model::current;

	for (inode *inode = m->inodes; inode < m->inodes + m->config.nr_inodes; inode++) {
		bool freed = false;

		spin_lock(&inode->i_lock);
		if (GET(inode->i_lru)) {
			bool used = READ_ONCE(inode->i_count) != 0;

			freed = !used && xa_empty(&inode->i_data.i_pages);
			SET(inode->i_lru, false);
			if (freed)
				SET(inode->i_state, uint32_t(I_FREEING));
		}
		spin_unlock(&inode->i_lock);
		if (freed)
			evict(inode);
	}
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

static void model_shrink_dentries(void)
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

/* fs/namei.c: lookup_open(), v6.15, with ext4_lookup(). Left out: the lookup without the directory's lock. */
dentry *lookup_open(uint32_t name)
{
	dentry *dentry = nullptr;
	uint32_t number;

	down_read(&model_life_now()->i_rwsem);
	number = GET(model_life_now()->names[name]);
	if (number) {
		bool found;

		dentry = &model_life_now()->dentries[number - 1];
		spin_lock(&dentry->d_lock);
		found = GET(dentry->d_positive);
		if (found)
			SET(dentry->d_count, dentry->d_count.peek() + 1);
		spin_unlock(&dentry->d_lock);
		if (!found) {
			iget_locked(dentry->d_inode);
			spin_lock(&dentry->d_lock);
			if (GET(dentry->d_positive)) {
				/* d_splice_alias(): another lookup was faster */
				SET(dentry->d_count, dentry->d_count.peek() + 1);
				found = true;
			} else {
				SET(dentry->d_positive, true);
				SET(dentry->d_hashed, true);
				SET(dentry->d_count, 1u);
			}
			spin_unlock(&dentry->d_lock);
			if (found)
				iput(dentry->d_inode);
		}
	}
	up_read(&model_life_now()->i_rwsem);
	return dentry;
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

/* fs/namei.c: sys_unlink(), do_unlinkat(), vfs_unlink(), v6.15, through ext4_unlink(). Left out: delegations, the orphan list. */
int sys_unlink(uint32_t name)
{
	inode *inode;

	if (!legitimize_mnt()) /* filename_parentat() */
		return -ENOENT;
	down_write(&model_life_now()->i_rwsem);
	inode = model_victim(name);
	if (!inode) {
		up_write(&model_life_now()->i_rwsem);
		mntput();
		return -ENOENT;
	}
	testfs_drop_nlink(inode);
	SET(model_life_now()->names[name], 0u);
	d_delete(&model_life_now()->dentries[inode->id]);
	up_write(&model_life_now()->i_rwsem);
	iput(inode); /* truncates the file here if it was the last, outside of the directory's lock */
	mntput();    /* path_put() */
	return 0;
}

/* fs/namei.c: sys_rename(), do_renameat2(), vfs_rename(), v6.15, through ext4_rename(). Left out: directories. */
int sys_rename(uint32_t from, uint32_t to)
{
	uint32_t number;
	inode *target;

	if (!legitimize_mnt())
		return -ENOENT;
	down_write(&model_life_now()->i_rwsem);
	number = GET(model_life_now()->names[from]);
	if (!number || from == to) {
		up_write(&model_life_now()->i_rwsem);
		mntput();
		return number ? 0 : -ENOENT;
	}
	target = model_victim(to);
	if (target)
		testfs_drop_nlink(target);
	SET(model_life_now()->names[to], number);
	SET(model_life_now()->names[from], 0u);
	if (target)
		d_delete(&model_life_now()->dentries[target->id]);
	up_write(&model_life_now()->i_rwsem);
	if (target)
		iput(target);
	mntput();
	return 0;
}

/* --- fs/super.c ----------------------------------------------------------------------------------------------- */

/* fs/drop_caches.c: drop_slab(), v6.15: dentries, then inodes. */
void model_drop_slab(void)
{
	down_read(&model_life_now()->s_umount); /* super_cache_scan() */
	model_shrink_dentries();
	prune_icache_sb();
	up_read(&model_life_now()->s_umount);
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
	model_shrink_dentries(); /* shrink_dcache_for_umount() */
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
