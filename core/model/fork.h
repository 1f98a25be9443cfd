/* SPDX-License-Identifier: GPL-2.0-only */
/* fork(2), as far as memory goes. */
#ifndef DAXRACE_CORE_MODEL_FORK_H_
#define DAXRACE_CORE_MODEL_FORK_H_

#include "core/model/swap.h"

namespace kernel
{

void copy_nonpresent_pte(mm_struct *src_mm, Atomic<pte_t> *dst_pte, Atomic<pte_t> *src_pte);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_FORK_H_ */
