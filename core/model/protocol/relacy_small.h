/* SPDX-License-Identifier: GPL-2.0-only */
/* A backend of small_kernel.h over Relacy. */
#ifndef DAXRACE_CORE_MODEL_PROTOCOL_RELACY_SMALL_H_
#define DAXRACE_CORE_MODEL_PROTOCOL_RELACY_SMALL_H_

#include <cerrno>

#include "core/model/protocol/relacy_run.h"
#include "core/model/protocol/relacy_tasks.h"

namespace kernel
{

/* fork takes the reference of the child before it looks for pins. */
inline model_ingredient model_reference_first("reference_first");
#define MODEL_LACKS(ingredient) (model_##ingredient.missing)

#define MODEL_INIT_LOCK(lock) ((void)(lock))
#define MODEL_INIT_SEQCOUNT(seqcount) ((void)(seqcount))
#define MODEL_INIT_ADDRESS(address) ((void)(address))

template <class T>
T model_peek(const rl::atomic<T> &x)
{
	return x.debug_value();
}
template <class T>
T model_peek(rl::var<T> &x)
{
	return x(RL_INFO).load();
}
#define MODEL_PEEK(x) model_peek(x)
#define MODEL_REINIT(x, v) MODEL_INIT(x, v)

struct model_plain_world {
};
struct model_world {
	model_machine machine;
};

struct model_address {
	char byte = 0;
};

/* What the kernel has the address of. */
struct model_var {
	const void *address;

	model_var(const model_address &at) : address(&at)
	{
	}
	template <class T>
	model_var(const rl::atomic<T> &at) : address(&at)
	{
	}
};

inline uint64_t model_var_key(const model_var &var)
{
	return uint64_t(reinterpret_cast<uintptr_t>(var.address));
}

inline wait_queue_head_t *__var_waitqueue(const model_var &)
{
	return &model_machine::current->wait_table;
}

/* --- of the DAX entry lock --------------------------------------------------------------------------------------- */

inline model_ingredient model_entry_key("entry_key"); /* the key is of the entry's first index */

inline wait_queue_head_t *dax_wait_table(uint64_t)
{
	return &model_machine::current->wait_table;
}
inline bool model_queue_is_empty(void)
{
	return !model_machine::current->wait_table.first.debug_value();
}
inline void model_spurious_wakeups(bool on)
{
	model_machine::current->spurious_wakeups = on;
}
inline void model_before_i_pages(void)
{
	if (model_active_last.missing)
		model_current()->seen_active =
			READ_ONCE(model_machine::current->wait_table.first) != nullptr;
}
inline void model_has_i_pages(bool has)
{
	model_current()->holds_i_pages = has;
}
inline void model_after_i_pages(void)
{
	task_struct *p = model_current();

	if (p->late_entry) {
		model_prepare_to_wait(p->late_wq, p->late_entry);
		p->late_entry = nullptr;
	}
}

struct model_site {
};
#define SITE(what, object) (::kernel::model_site())

inline const model_object *model_object_of(const model_object &object)
{
	return &object;
}
inline void model_note_hold(const model_object &)
{
}
inline void model_note_release(const model_object &)
{
}

struct model_retry_loop {
	void again()
	{
	}
};

/* Some architectures have ptep_get_and_clear() without any order; the flush that follows is a full barrier on all. */
#define ptep_get_and_clear(ptep) xchg_relaxed((ptep), 0)
#define ptep_set_wrprotect(ptep) \
	MODEL_RELAXED_RMW(model_fetch_and, "ptep_set_wrprotect", ptep, ~uint64_t(0x02))
inline void flush_tlb_range(void)
{
	smp_mb();
}

struct dev_pagemap {
	Atomic<uint32_t> ref;
	Atomic<uint32_t> dying;
	model_rcu rcu;
	model_completion done;

	dev_pagemap()
	{
		MODEL_INIT(ref, 1);
		MODEL_INIT(dying, 0);
	}
};

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_PROTOCOL_RELACY_SMALL_H_ */
