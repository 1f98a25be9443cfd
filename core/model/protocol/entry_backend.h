/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model's backend of dax_entry_lock.h: the engine's primitives behind the kernel's words.
 */
#ifndef DAXRACE_CORE_MODEL_PROTOCOL_ENTRY_BACKEND_H_
#define DAXRACE_CORE_MODEL_PROTOCOL_ENTRY_BACKEND_H_

#include "core/model/model.h"
#include "core/model/xarray.h"

namespace kernel
{

using wait_entry = engine::WaitEntry;
using model_site = engine::Site;
using model_retry_loop = engine::RetryLoop;

/* Never WaitQueue::kAnyKey. */
inline uint64_t dax_wait_key(const xa_state *xas, pgoff_t index)
{
	return uint64_t(xas->xa->xa_lock.index + 1) << 32 | index;
}

inline wait_queue_head_t *dax_wait_table(uint64_t key)
{
	return &model::current->wait_table[engine::mix(key) % DAX_WAIT_TABLE_ENTRIES];
}

/* What a report calls the entry: the slot that it stands in. */
inline const engine::Object *model_entry_object(const xa_state *xas)
{
	pgoff_t head = xas->xa_index;
	const Plain<xa_entry> *slots = xas->xa->slots;

	while (head > 0 && (slots[head].peek() & 0xff) == 6)
		head--;
	return &slots[head];
}

#include "core/model/protocol/dax_entry_lock.h"

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_PROTOCOL_ENTRY_BACKEND_H_ */
