/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/file.h"

#include "core/model/inode.h"
#include "core/model/umem.h"

namespace kernel
{

static const engine::Role role_i_lock("i_lock"), role_i_count("i_count"), role_i_nlink("i_nlink"),
	role_i_state("i_state"), role_i_hashed("inode.hashed"), role_i_lru("inode.lru"),
	role_d_lock("d_lock"), role_d_count("d_count"), role_d_positive("d_inode"),
	role_d_hashed("d_hashed"), role_dir("dir.i_rwsem"), role_name("directory"),
	role_hash_lock("inode_hash_lock"), role_inode_wq("inode_wq"), role_s_umount("s_umount"),
	role_mount_lock("mount_lock"), role_mnt_count("mnt_count"), role_mounted("mounted"),
	role_f_count("f_count"), role_fd("fd"), role_file_lock("file_lock");

static model_life *model_life_now(void)
{
	return model::current->life;
}

static Atomic<uint32_t> *model_fd(const mm_struct *mm, uint32_t name)
{
	return &model_life_now()->fds[mm->id * model::current->config.nr_inodes + name];
}

static void model_boot_file(model *m, unsigned int slot)
{
	unsigned int name = slot % m->config.nr_inodes;
	file *file = &m->life->files[slot];
	dentry *dentry = &m->life->dentries[name];

	file->f_inode = &m->inodes[name];
	m->life->fds[slot].init(role_fd, m->config.open_files[slot] ? slot + 1 : 0);
	if (!m->config.open_files[slot])
		return;
	file->f_count.store_here(1, engine::Order::kRelaxed);
	SET(dentry->d_count, dentry->d_count.peek() + 1);
	SET(m->life->mnt_count, m->life->mnt_count.peek() + 1);
}

static void model_boot_life_inode(model *m, unsigned int i)
{
	inode *inode = &m->inodes[i];
	dentry *dentry = &m->life->dentries[i];

	/* Not those that creat(2) is to make. */
	bool exists = i + m->config.nr_creats < m->config.nr_inodes;

	inode->is_dir = exists && (m->config.directories >> i & 1);
	if (inode->is_dir)
		inode->i_rwsem.init(role_dir); /* lockdep_annotate_inode_mutex_key() */
	inode->i_lock.init(role_i_lock);
	inode->i_count.init(role_i_count, exists);
	inode->i_nlink.init(role_i_nlink, exists);
	inode->i_state.init(role_i_state);
	inode->i_hashed.init(role_i_hashed, exists);
	inode->i_lru.init(role_i_lru);
	dentry->d_inode = inode;
	dentry->d_lock.init(role_d_lock);
	dentry->d_count.init(role_d_count);
	dentry->d_positive.init(role_d_positive, exists);
	dentry->d_hashed.init(role_d_hashed, exists);
	m->life->names[i].init(role_name, exists ? i + 1 : 0);
}

void model_boot_life(model *m)
{
	engine::Arena &arena = engine::Execution::current().arena();
	const model_config &config = m->config;
	model_life *life = arena.make<model_life>();

	m->life = life;
	life->i_rwsem.init(role_dir);
	life->inode_hash_lock.init(role_hash_lock);
	life->inode_wq.init(role_inode_wq);
	life->s_umount.init(role_s_umount, config.shrinks ? engine::LockUse::kTriedToo
							  : engine::LockUse::kWaitsOnly);
	life->mount_lock.init(role_mount_lock);
	life->mnt_count.init(role_mnt_count);
	life->mounted.init(role_mounted, true);
	life->names = arena.make_array<Plain<uint32_t>>(config.nr_inodes);
	life->dentries = arena.make_array<dentry>(config.nr_inodes);
	for (unsigned int i = 0; i < config.nr_inodes; i++)
		model_boot_life_inode(m, i);

	life->works = arena.make_array<file *>(config.nr_tasks);
	life->file_locks = arena.make_array<spinlock_t>(config.nr_mms);
	for (unsigned int i = 0; i < config.nr_mms; i++)
		life->file_locks[i].init(role_file_lock);
	life->nr_initial = config.nr_mms * config.nr_inodes;
	life->nr_files = life->nr_initial + config.nr_opens;
	life->fds = arena.make_array<Atomic<uint32_t>>(life->nr_initial);
	life->files = arena.make_array<file>(life->nr_files);
	for (unsigned int i = 0; i < life->nr_files; i++) {
		life->files[i].f_count.init(role_f_count);
		life->files[i].f_mode = FMODE_READ | FMODE_WRITE;
	}
	for (unsigned int i = 0; i < life->nr_initial; i++)
		model_boot_file(m, i);
}

/* include/linux/fs.h: get_file(), v6.15 */
file *get_file(file *file)
{
	file->f_count.fetch_add(1, engine::Order::kRelaxed, SITE("get_file", "f_count"));
	return file;
}

file *model_vma_get_file(file *file)
{
	return get_file(file);
}

/* fs/file_table.c: __fput(), v6.15. Left out: everything but references. */
static void __fput(file *file)
{
	dput(&model_life_now()->dentries[file->f_inode->id]);
	mntput();
}

/* include/linux/file_ref.h: file_ref_put(), v6.15. Left out: saturation. */
static bool file_ref_put(file *file)
{
	return file->f_count.fetch_add(uint32_t(-1), engine::Order::kFull,
				       SITE("file_ref_put", "f_count")) == 1;
}

/* fs/file_table.c: fput(), v6.15. The rest is done on the way back to user space, with no lock held. */
void fput(file *file)
{
	struct file **work = &model_life_now()->works[engine::Execution::current().self()];

	if (!file_ref_put(file))
		return;
	file->next_work = *work;
	*work = file;
}

/* kernel/task_work.c: task_work_run(), v6.15, with ____fput() */
void task_work_run(void)
{
	struct file **work = &model_life_now()->works[engine::Execution::current().self()];

	while (*work) {
		file *file = *work;

		*work = file->next_work;
		__fput(file);
	}
}

/* fs/file.c: fdget(), __get_file_rcu(), v6.15. Left out: descriptor tables that are not shared. */
file *fdget(const mm_struct *mm, uint32_t name)
{
	for (;;) {
		uint32_t fd = READ_ONCE(*model_fd(mm, name));
		file *file;
		uint32_t count;

		if (!fd)
			return nullptr;
		file = &model_life_now()->files[fd - 1];
		count = READ_ONCE(file->f_count);
		while (count &&
		       !file->f_count.compare_exchange(count, count + 1, engine::Order::kFull,
						       SITE("file_ref_get", "f_count")))
			count = READ_ONCE(file->f_count);
		if (!count)
			continue; /* it was closed meanwhile */
		if (READ_ONCE(*model_fd(mm, name)) == fd)
			return file;
		fput(file);
	}
}

/*
 * fs/namei.c: path_openat(), do_open(), v6.15. Left out: permissions; files are open for reading and writing, directories
 * for reading. `creat` is the inode that O_CREAT may make; null: without O_CREAT.
 */
file *path_openat(uint32_t name, uint32_t nr, inode *creat)
{
	file *file = &model_life_now()->files[model_life_now()->nr_initial + nr];
	dentry *dentry;

	model_alloc(GFP_KERNEL); /* alloc_empty_file() */
	if (!legitimize_mnt())
		return nullptr;
	dentry = FORMS.lookup_open(name, creat);
	if (!dentry) {
		mntput();
		return nullptr;
	}
	file->f_inode = dentry->d_inode;
	WRITE_ONCE(file->f_count, 1u);
	return file;
}

/* fs/open.c: sys_open(), do_sys_openat2(), v6.15. A name that the process has open already is open still. */
int sys_open(mm_struct *mm, uint32_t name, uint32_t nr, inode *creat)
{
	file *file;

	if (READ_ONCE(*model_fd(mm, name)))
		return -EEXIST;
	file = path_openat(name, nr, creat);
	if (!file)
		return -ENOENT;
	if (!model_fd(mm, name)->compare_exchange(0, model_life_now()->nr_initial + nr + 1,
						  engine::Order::kRelease,
						  SITE("fd_install", "fd"))) {
		fput(file); /* another task of the process was faster */
		return -EEXIST;
	}
	return 0;
}

/* fs/file.c: file_close_fd(), v6.15. Null: it is closed. */
static file *file_close_fd(mm_struct *mm, uint32_t name)
{
	uint32_t fd;

	spin_lock(&model_life_now()->file_locks[mm->id]);
	fd = READ_ONCE(*model_fd(mm, name));
	if (fd)
		WRITE_ONCE(*model_fd(mm, name), 0u);
	spin_unlock(&model_life_now()->file_locks[mm->id]);
	return fd ? &model_life_now()->files[fd - 1] : nullptr;
}

/* fs/open.c: sys_close(), v6.15: the last reference goes at once, __fput_sync(). */
int sys_close(mm_struct *mm, uint32_t name)
{
	file *file = file_close_fd(mm, name);

	if (!file)
		return -EBADF;
	if (file_ref_put(file))
		__fput(file);
	return 0;
}

/*
 * kernel/exit.c: do_exit(), v6.15: exit_mm(), exit_files(), exit_task_work(). Left out: waiting for the other tasks of
 * the process; they find nothing mapped and nothing open.
 */
void model_exit(mm_struct *mm)
{
	model *m = model::current;

	for (vm_area_struct *vma = m->vmas; vma < m->vmas + m->config.nr_vmas; vma++) {
		if (vma->vm_mm == mm)
			FORMS.sys_munmap(vma); /* exit_mmap() */
	}
	for (uint32_t name = 0; name < m->config.nr_inodes; name++) {
		file *file = file_close_fd(mm, name); /* close_files() */

		if (file)
			fput(file);
	}
	if (m->mrs)
		ib_uverbs_dereg_mr(mm); /* ib_uverbs_close() */
}

} /* namespace kernel */
