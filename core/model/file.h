/* SPDX-License-Identifier: GPL-2.0-only */
/* Open files: fs/file.c, fs/file_table.c, fs/open.c. */
#ifndef DAXRACE_CORE_MODEL_FILE_H_
#define DAXRACE_CORE_MODEL_FILE_H_

#include "core/model/model.h"

namespace kernel
{

enum : unsigned int {
	FMODE_READ = 1,
	FMODE_WRITE = 2
};

struct file {
	Atomic<uint32_t> f_count;
	inode *f_inode;
	unsigned int f_mode;
	bool append;	 /* O_APPEND */
	file *next_work; /* of the task that puts it */
};

/* Everything a machine needs whose inodes do not live for ever; all files of model_config::open_files are open. */
void model_boot_life(model *m);

file *get_file(file *file);
void fput(file *file);
/* What a task does on its way back to user space: the files that it was the last to put. */
void task_work_run(void);

/* The file behind a descriptor, with a reference; null: it is closed. A process has one descriptor for each name. */
file *fdget(const mm_struct *mm, uint32_t name);

/* A VMA's reference to its file. */
file *model_vma_get_file(file *file);

/* An open file of that name, without a descriptor; null: there is no such name. The rest as for sys_open(). */
file *path_openat(uint32_t name, uint32_t nr, inode *creat = nullptr);
/* `nr`: which of the program's open(2) this is. `creat`: the inode for a new file, with O_CREAT. */
int sys_open(mm_struct *mm, uint32_t name, uint32_t nr, inode *creat = nullptr);
int sys_close(mm_struct *mm, uint32_t name);
/* The end of a process: its VMAs, its descriptors. */
void model_exit(mm_struct *mm);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_FILE_H_ */
