/* SPDX-License-Identifier: GPL-2.0-only */
/* fallocate(2): fs/ext4/extents.c, fs/ext4/inode.c, and what XFS needs, too. Pages [offset, end) or [offset, offset + len). */
#ifndef DAXRACE_CORE_MODEL_FALLOC_H_
#define DAXRACE_CORE_MODEL_FALLOC_H_

#include "core/model/extents.h"

namespace kernel
{

/* Modes of vfs_fallocate(); here and not in model.h because <fcntl.h> has macros of these names. FALLOC_FL_PUNCH_HOLE keeps
 * the size, as it has to. */
enum : unsigned int {
	FALLOC_FL_ALLOCATE_RANGE = 0,
	FALLOC_FL_PUNCH_HOLE = 2,
	FALLOC_FL_COLLAPSE_RANGE = 8,
	FALLOC_FL_ZERO_RANGE = 16,
};

/* As user space calls it; in pages, and any number. A file: null stands for a descriptor that is not open. */
int ksys_fallocate(const struct file *file, unsigned int mode, int64_t offset, pgoff_t len);
int ext4_fallocate(inode *inode, unsigned int mode, pgoff_t offset, pgoff_t len);
int ext4_punch_hole(inode *inode, pgoff_t offset, pgoff_t len);
int ext4_collapse_range(inode *inode, pgoff_t offset, pgoff_t len);
int ext4_do_fallocate(inode *inode, pgoff_t offset, pgoff_t len);
/* The switch of ext4_fallocate(): what is done with faults kept out. */
int model_fallocate_range(inode *inode, unsigned int mode, pgoff_t offset, pgoff_t len);
/* Of ext4_collapse_range(), behind the page cache. */
int model_collapse_extents(inode *inode, pgoff_t offset, pgoff_t end);

int filemap_write_and_wait_range(address_space *mapping, pgoff_t start, pgoff_t end);
int inode_newsize_ok(pgoff_t size);
void model_emit_range(model_event_kind kind, const inode *inode, pgoff_t start, pgoff_t end);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_FALLOC_H_ */
