/* SPDX-License-Identifier: GPL-2.0-only */
/* The model's backend of page_ref.h, anon_exclusive.h and percpu_ref.h: the engine's primitives behind the kernel's words. */
#ifndef DAXRACE_CORE_MODEL_PROTOCOL_PAGE_BACKEND_H_
#define DAXRACE_CORE_MODEL_PROTOCOL_PAGE_BACKEND_H_

#include "core/model/pgmap.h"

namespace kernel
{

using wait_entry = engine::WaitEntry;
using model_retry_loop = engine::RetryLoop;

/* What the kernel has the address of, for wait_var_event(). */
using model_var = engine::Object;

inline uint64_t model_var_key(const model_var &var)
{
	return var.key;
}

inline wait_queue_head_t *__var_waitqueue(const model_var &var)
{
	return &model::current->var_table->queue_of(var);
}

inline void model_note_page(const page *page)
{
	model_touch(page_to_pfn(page));
}

void model_init_wait_page(wait_entry *wait, const model_var &key, page *page, uint32_t idle,
			  bool interruptible);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_PROTOCOL_PAGE_BACKEND_H_ */
