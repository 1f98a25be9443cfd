/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * drivers/infiniband/core: memory regions, which a device may write to as long as they are registered, at a peer's word
 * and without a system call. Their pages are pinned for as long: FOLL_LONGTERM.
 */
#ifndef DAXRACE_CORE_MODEL_UMEM_H_
#define DAXRACE_CORE_MODEL_UMEM_H_

#include "core/model/gup.h"

namespace kernel
{

/* One page of a process. */
struct model_mr {
	/*
	 * Stands for what the device sees to: requests have it shared until they have completed, who registers or gives up
	 * has it alone.
	 */
	rw_semaphore lock;
	engine::Object state; /* for its share of the state's hash */
	mm_struct *mm;	      /* null: the entry is free */
	pgoff_t address;
	model_pin pin;
};

void model_boot_umem(model *m);

/* What RDMA pins. 0, or -errno. */
int ib_umem_get(mm_struct *mm, pgoff_t address, model_pin *pin);

/* -ENOMEM: there are MODEL_MR_MAX already; -EOPNOTSUPP: not memory that may be pinned for long. */
int ib_uverbs_reg_mr(mm_struct *mm, pgoff_t address);
/* A peer writes a cell; returns when it has. -EINVAL: the process has not registered it. */
int model_rdma_write(mm_struct *mm, pgoff_t address, unsigned int cell, uint64_t value);
/* All regions of the process; how many. */
int ib_uverbs_dereg_mr(mm_struct *mm);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_UMEM_H_ */
