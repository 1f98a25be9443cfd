/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A backend of small_kernel.h over the engine, to compare the two: vocabulary.h's words, without names for places, because
 * the model has these functions too. Included once in a program, before which vocabulary.h stands.
 */
#ifndef DAXRACE_CORE_MODEL_PROTOCOL_ENGINE_SMALL_H_
#define DAXRACE_CORE_MODEL_PROTOCOL_ENGINE_SMALL_H_

#include <cerrno>

#include "core/engine/engine.h"
#include "core/model/protocol/outcome.h"
#include "core/model/vocabulary.h"

#undef SITE
#define SITE(what, object) (::daxrace::engine::kAnonymousSite)
#undef spin_lock
#define spin_lock(l) (l)->lock()
#undef spin_unlock
#define spin_unlock(l) (l)->unlock()
#undef model_note_hold
#undef model_note_release
#undef WARN_ON_ONCE

namespace kernel_small
{

namespace engine = daxrace::engine;

template <class T>
using Atomic = engine::Atomic<T>;
template <class T>
using Plain = engine::Plain<T>;
using spinlock_t = engine::SpinLock;
using seqcount_t = engine::SeqCount;
using wait_queue_head_t = engine::WaitQueue;
using wait_entry = engine::WaitEntry;
using model_retry_loop = engine::RetryLoop;
using model_site = engine::Site;
using model_object = engine::Object;
using engine::Order;

/* Nothing can be missing here. */
#define MODEL_LACKS(ingredient) false

#define MODEL_INIT(x, v) (x).init(engine::role_named("small"), (v))
#define MODEL_REINIT(x, v) (x).write(v)
#define MODEL_INIT_LOCK(lock) (lock).init(engine::role_named("small-lock"))
#define MODEL_INIT_SEQCOUNT(seqcount) (seqcount).init(engine::role_named("small-seqcount"))
#define MODEL_INIT_ADDRESS(address) \
	engine::Execution::current().init((address), engine::role_named("small-address"))
#define MODEL_PEEK(x) (x).peek()
#define MODEL_CHECK(condition, complaint) engine::check((condition), (complaint))

/* What never changes. */
template <class T>
struct model_constant {
	T value;

	T load(Order, const engine::Site &) const
	{
		return value;
	}
};

struct model_plain_world {
};

struct model_world {
	engine::WaitVarTable var_table;

	static inline model_world *world = nullptr;

	model_world()
	{
		world = this;
		var_table.init(engine::role_named("small-queue"), 1);
	}
};

using model_address = engine::Object;
using model_var = engine::Object;

inline uint64_t model_var_key(const model_var &var)
{
	return var.key;
}
inline wait_queue_head_t *__var_waitqueue(const model_var &var)
{
	return &model_world::world->var_table.queue_of(var);
}

#define ptep_get_and_clear(ptep) xchg((ptep), 0)
#define ptep_set_wrprotect(ptep) atomic_andnot(uint64_t(0x02), (ptep))
inline void flush_tlb_range(void)
{
}

struct dev_pagemap {
	Atomic<uint32_t> ref;
	Atomic<uint32_t> dying;
	engine::Rcu rcu;
	engine::Completion done;

	dev_pagemap()
	{
		MODEL_INIT(ref, 1);
		MODEL_INIT(dying, 0);
		rcu.init(engine::role_named("small-rcu"));
		done.init(engine::role_named("small-done"));
	}
};
inline void complete(engine::Completion *x)
{
	x->complete();
}
inline void wait_for_completion(engine::Completion *x)
{
	x->wait();
}

/* --- of the DAX entry lock --------------------------------------------------------------------------------------- */

inline wait_queue_head_t *dax_wait_table(uint64_t)
{
	static engine::Object any;

	return &model_world::world->var_table.queue_of(any);
}
inline bool model_queue_is_empty(void)
{
	return dax_wait_table(0)->empty();
}
inline void model_spurious_wakeups(bool)
{
}
inline void model_before_i_pages(void)
{
}
inline void model_has_i_pages(bool)
{
}
inline void model_after_i_pages(void)
{
}
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

} /* namespace kernel_small */

#endif /* DAXRACE_CORE_MODEL_PROTOCOL_ENGINE_SMALL_H_ */
