/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory operations of Linux over the engine. What they are called, and how strong Linux makes them, is in
 * docs/weak-memory.md; relacy_memory.h has the same words for Relacy.
 *
 * The engine runs one task at a time, so a barrier has nothing to order and is no step. What an operation says of its
 * order is for the search for races (core/engine/data.h).
 */
#ifndef DAXRACE_CORE_MODEL_PROTOCOL_ENGINE_MEMORY_H_
#define DAXRACE_CORE_MODEL_PROTOCOL_ENGINE_MEMORY_H_

#include <atomic> /* has functions of the names that are macros below */

#define smp_mb() ((void)0)
#define smp_rmb() ((void)0)
#define smp_wmb() ((void)0)
#define smp_mb__before_atomic() ((void)0)
#define smp_mb__after_atomic() ((void)0)

#define smp_load_acquire(p) (p)->load(Order::kAcquire, SITE("smp_load_acquire", #p))
#define smp_store_release(p, v) (p)->store((v), Order::kRelease, SITE("smp_store_release", #p))

/* No value comes back: relaxed. */
#define atomic_inc(p) ((void)(p)->fetch_add(1, Order::kRelaxed, SITE("atomic_inc", #p)))
#define atomic_dec(p) ((void)(p)->fetch_sub(1, Order::kRelaxed, SITE("atomic_dec", #p)))
#define atomic_add(n, p) ((void)(p)->fetch_add((n), Order::kRelaxed, SITE("atomic_add", #p)))
#define atomic_sub(n, p) ((void)(p)->fetch_sub((n), Order::kRelaxed, SITE("atomic_sub", #p)))
#define atomic_fetch_add_relaxed(n, p) \
	(p)->fetch_add((n), Order::kRelaxed, SITE("atomic_fetch_add_relaxed", #p))
#define atomic_or(v, p) ((void)(p)->fetch_or((v), Order::kRelaxed, SITE("atomic_or", #p)))
#define atomic_andnot(v, p) ((void)(p)->fetch_and(~(v), Order::kRelaxed, SITE("atomic_andnot", #p)))

/* A value comes back: fully ordered. */
#define atomic_fetch_add(n, p) (p)->fetch_add((n), Order::kFull, SITE("atomic_fetch_add", #p))
#define atomic_fetch_sub(n, p) (p)->fetch_sub((n), Order::kFull, SITE("atomic_fetch_sub", #p))
#define atomic_fetch_or(v, p) (p)->fetch_or((v), Order::kFull, SITE("atomic_fetch_or", #p))
#define atomic_fetch_andnot(v, p) \
	(p)->fetch_and(~(v), Order::kFull, SITE("atomic_fetch_andnot", #p))
#define atomic_add_return(n, p) (atomic_fetch_add((n), (p)) + (n))
#define atomic_sub_return(n, p) (atomic_fetch_sub((n), (p)) - (n))
#define atomic_inc_return(p) atomic_add_return(1, (p))
#define atomic_sub_and_test(n, p) (atomic_fetch_sub((n), (p)) == (n))
#define atomic_dec_and_test(p) atomic_sub_and_test(1, (p))
#define xchg(p, v) (p)->exchange((v), Order::kFull, SITE("xchg", #p))
#define xchg_relaxed(p, v) (p)->exchange((v), Order::kRelaxed, SITE("xchg_relaxed", #p))
/* Fully ordered if it succeeds, and relaxed if not; then *old is what was there. */
#define atomic_try_cmpxchg(p, old, v)                                            \
	(p)->compare_exchange_strong(*(old), (v), Order::kFull, Order::kRelaxed, \
				     SITE("atomic_try_cmpxchg", #p))

#define rcu_read_lock(r) (r)->read_lock(SITE("rcu_read_lock", "rcu"))
#define rcu_read_unlock(r) (r)->read_unlock(SITE("rcu_read_unlock", "rcu"))
#define synchronize_rcu(r) (r)->synchronize(SITE("synchronize_rcu", "rcu"))

#define prepare_to_wait_event(q, w) \
	(q)->prepare_to_wait_event(*(w), false, SITE("prepare_to_wait_event", "wq"))

#endif /* DAXRACE_CORE_MODEL_PROTOCOL_ENGINE_MEMORY_H_ */
