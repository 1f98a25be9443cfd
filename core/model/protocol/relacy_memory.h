/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory operations of Linux over Relacy, which explores what the C++11 memory model allows: as strong as Linux
 * promises, and no stronger. docs/weak-memory.md has the table and its reasons; engine_memory.h has the same words for
 * the engine.
 *
 * What a lock protects is rl::var: checked for races, and no scheduling point. What is read without its lock is
 * rl::atomic: a scheduling point, and a load may return an old value.
 *
 * Every operation that orders something has a name, OPERATION@FUNCTION, by which a twin takes it away. Every operation
 * notes what it did, for the timeline of an execution that failed.
 */
#ifndef DAXRACE_CORE_MODEL_PROTOCOL_RELACY_MEMORY_H_
#define DAXRACE_CORE_MODEL_PROTOCOL_RELACY_MEMORY_H_

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/engine/relacy_words.h"

namespace kernel
{

/* --- what happened --------------------------------------------------------------------------------------------- */

struct model_event {
	unsigned int task;
	const char *function;
	const char *what; /* operation */
	const char *name; /* of the variable, or null */
	uint64_t value;
	uint64_t newest; /* of a load: what it would have been in an order that all agree on */
	enum : uint8_t {
		NO_VALUE,
		LOADED,
		STORED,
		CHANGED /* from newest to value */
	} kind;
};

inline constexpr unsigned int MODEL_EVENTS_MAX = 4096;
inline model_event model_events[MODEL_EVENTS_MAX];
inline unsigned int model_nr_events;
inline bool model_logging; /* off while searching */

inline void model_log(const model_event &event)
{
	if (model_logging && model_nr_events < MODEL_EVENTS_MAX && rl::ctx().threadx_) {
		model_events[model_nr_events] = event;
		model_events[model_nr_events++].task = rl::thread_index();
	}
}

template <class T>
uint64_t model_bits(const T &value)
{
	if constexpr (std::is_pointer_v<T>)
		return value != nullptr; /* addresses differ from run to run */
	else
		return uint64_t(value);
}

/* --- what is missing --------------------------------------------------------------------------------------------- */

/* Every access sequentially consistent: what is left is what the engine explores. */
inline bool model_seq_cst;

/* OPERATION@FUNCTION, or the name of an ingredient; several with + between them; empty: nothing. */
inline const char *model_without = "";

inline bool model_is_without(const char *what, const char *function)
{
	const size_t what_length = std::strlen(what);
	const size_t function_length = std::strlen(function);

	for (const char *at = model_without; *at;) {
		size_t length = std::strcspn(at, "+");

		if (!function_length && length == what_length && !std::strncmp(at, what, length))
			return true;
		if (function_length && length == what_length + 1 + function_length &&
		    !std::strncmp(at, what, what_length) && at[what_length] == '@' &&
		    !std::strncmp(at + what_length + 1, function, function_length))
			return true;
		at += length + (at[length] == '+');
	}
	return false;
}

inline rl::memory_order model_order(rl::memory_order order)
{
	return model_seq_cst ? rl::mo_seq_cst : order;
}

/* One for each place that orders something. Known once it was reached. */
struct model_ordering {
	const char *what;
	const char *function;
	bool weakened;
	bool reached; /* in the present search */
	model_ordering *next;

	static inline model_ordering *all = nullptr;

	model_ordering(const char *the_what, const char *the_function)
		: what(the_what), function(the_function), weakened(false), reached(false), next(all)
	{
		all = this;
		look();
	}
	void look()
	{
		weakened = model_is_without(what, function);
	}
	bool holds()
	{
		reached = true;
		return !weakened;
	}
};

/* Something else that a backend can do without. */
struct model_ingredient {
	const char *name;
	bool missing;
	model_ingredient *next;

	static inline model_ingredient *all = nullptr;

	explicit model_ingredient(const char *the_name) : name(the_name), missing(false), next(all)
	{
		all = this;
	}
};

inline void model_set_without(const char *without)
{
	model_without = without;
	for (model_ordering *o = model_ordering::all; o; o = o->next) {
		o->look();
		o->reached = false;
	}
	for (model_ingredient *i = model_ingredient::all; i; i = i->next)
		i->missing = model_is_without(i->name, "");
}

#define MODEL_ORDERING(what)                                                  \
	(*({                                                                  \
		static ::kernel::model_ordering model_here((what), __func__); \
		&model_here;                                                  \
	}))

/* --- barriers ---------------------------------------------------------------------------------------------------- */

inline void model_barrier(rl::memory_order order, model_ordering &ordering)
{
	if (!ordering.holds())
		return;
	rl::atomic_thread_fence(model_order(order), RL_INFO);
	model_log({ 0, ordering.function, ordering.what, nullptr, 0, 0, model_event::NO_VALUE });
}

#define smp_mb() ::kernel::model_barrier(rl::mo_seq_cst, MODEL_ORDERING("smp_mb"))
#define smp_rmb() ::kernel::model_barrier(rl::mo_acquire, MODEL_ORDERING("smp_rmb"))
#define smp_wmb() ::kernel::model_barrier(rl::mo_release, MODEL_ORDERING("smp_wmb"))
#define smp_mb__before_atomic() \
	::kernel::model_barrier(rl::mo_seq_cst, MODEL_ORDERING("smp_mb__before_atomic"))
#define smp_mb__after_atomic() \
	::kernel::model_barrier(rl::mo_seq_cst, MODEL_ORDERING("smp_mb__after_atomic"))

/* --- loads and stores -------------------------------------------------------------------------------------------- */

template <class T>
using Atomic = rl::atomic<T>;
template <class T>
using Plain = rl::var<T>;

template <class T>
T model_load(rl::atomic<T> &x, rl::memory_order order, const char *what, const char *name,
	     const char *function)
{
	T value = x.load(model_order(order), RL_INFO);

	model_log({ 0, function, what, name, model_bits(value), model_bits(x.debug_value()),
		    model_event::LOADED });
	return value;
}

template <class T>
void model_store(rl::atomic<T> &x, std::type_identity_t<T> value, rl::memory_order order,
		 const char *what, const char *name, const char *function)
{
	x.store(value, model_order(order), RL_INFO);
	model_log({ 0, function, what, name, model_bits(value), 0, model_event::STORED });
}

/* What never changes: no scheduling point. */
template <class T>
struct model_constant {
	T value;
};
template <class T>
T model_load(model_constant<T> &x, rl::memory_order, const char *, const char *, const char *)
{
	return x.value;
}

#define READ_ONCE(x) ::kernel::model_load((x), rl::mo_relaxed, "READ_ONCE", #x, __func__)
#define WRITE_ONCE(x, v) ::kernel::model_store((x), (v), rl::mo_relaxed, "WRITE_ONCE", #x, __func__)
#define smp_load_acquire(p)                                                               \
	::kernel::model_load(*(p),                                                        \
			     MODEL_ORDERING("smp_load_acquire").holds() ? rl::mo_acquire  \
									: rl::mo_relaxed, \
			     "smp_load_acquire", #p, __func__)
#define smp_store_release(p, v)                                                             \
	::kernel::model_store(*(p), (v),                                                    \
			      MODEL_ORDERING("smp_store_release").holds() ? rl::mo_release  \
									  : rl::mo_relaxed, \
			      "smp_store_release", #p, __func__)

/* Plain accesses, as in vocabulary.h. Noted before they are done: a race is found in them. */
template <class T>
T model_get(rl::var<T> &x, const char *name, const char *function)
{
	model_log({ 0, function, "reads", name, 0, 0, model_event::NO_VALUE });
	return x(RL_INFO).load();
}
template <class T>
void model_set(rl::var<T> &x, std::type_identity_t<T> value, const char *name, const char *function)
{
	model_log({ 0, function, "writes", name, 0, 0, model_event::NO_VALUE });
	x(RL_INFO).store(value);
}
#define GET(x) ::kernel::model_get((x), #x, __func__)
#define SET(x, v) ::kernel::model_set((x), (v), #x, __func__)

/* Before there is anybody else. */
template <class T>
void model_init(rl::atomic<T> &x, std::type_identity_t<T> value)
{
	x.store(value, rl::mo_relaxed, RL_INFO);
}
template <class T>
void model_init(rl::var<T> &x, std::type_identity_t<T> value)
{
	x(RL_INFO).store(value);
}
#define MODEL_INIT(x, v) ::kernel::model_init((x), (v))

/* --- read-modify-writes -------------------------------------------------------------------------------------------- */

/*
 * One that returns a value has a full barrier on either side. A sequentially consistent operation of C++11 is weaker: it
 * does not order what stands around it.
 */
template <class Operation>
auto model_rmw(const Operation &operation, model_ordering *ordering, const char *what,
	       const char *name, const char *function)
{
	bool full = ordering && ordering->holds();

	if (full)
		rl::atomic_thread_fence(rl::mo_seq_cst, RL_INFO);
	auto change = operation(model_order(rl::mo_relaxed));
	model_log({ 0, function, what, name, model_bits(change.value), model_bits(change.old),
		    model_event::CHANGED });
	if (full)
		rl::atomic_thread_fence(rl::mo_seq_cst, RL_INFO);
	return change.old;
}

template <class T>
struct model_change {
	T old, value;
};

template <class T>
T model_fetch_add(rl::atomic<T> *p, std::type_identity_t<T> n, model_ordering *ordering,
		  const char *what, const char *name, const char *function)
{
	return model_rmw(
		[p, n](rl::memory_order order) {
			T old = p->fetch_add(n, order, RL_INFO);
			return model_change<T>{ old, T(old + n) };
		},
		ordering, what, name, function);
}

template <class T>
T model_fetch_or(rl::atomic<T> *p, std::type_identity_t<T> v, model_ordering *ordering,
		 const char *what, const char *name, const char *function)
{
	return model_rmw(
		[p, v](rl::memory_order order) {
			T old = p->fetch_or(v, order, RL_INFO);
			return model_change<T>{ old, T(old | v) };
		},
		ordering, what, name, function);
}

template <class T>
T model_fetch_and(rl::atomic<T> *p, std::type_identity_t<T> v, model_ordering *ordering,
		  const char *what, const char *name, const char *function)
{
	return model_rmw(
		[p, v](rl::memory_order order) {
			T old = p->fetch_and(v, order, RL_INFO);
			return model_change<T>{ old, T(old & v) };
		},
		ordering, what, name, function);
}

template <class T>
T model_xchg(rl::atomic<T> *p, std::type_identity_t<T> v, model_ordering *ordering,
	     const char *what, const char *name, const char *function)
{
	return model_rmw(
		[p, v](rl::memory_order order) {
			return model_change<T>{ p->exchange(v, order, RL_INFO), v };
		},
		ordering, what, name, function);
}

/* One that fails is relaxed in Linux. Here it has had its first barrier by then. */
template <class T>
bool model_try_cmpxchg(rl::atomic<T> *p, T *old, std::type_identity_t<T> v,
		       model_ordering &ordering, const char *what, const char *name,
		       const char *function)
{
	bool full = ordering.holds();
	bool done;

	if (full)
		rl::atomic_thread_fence(rl::mo_seq_cst, RL_INFO);
	done = p->compare_exchange_strong(*old, v, model_order(rl::mo_relaxed), RL_INFO);
	model_log({ 0, function, what, name, model_bits(done ? v : *old), model_bits(*old),
		    done ? model_event::CHANGED : model_event::LOADED });
	if (full && done)
		rl::atomic_thread_fence(rl::mo_seq_cst, RL_INFO);
	return done;
}

#define MODEL_RELAXED_RMW(function, what, p, v) \
	((void)::kernel::function((p), (v), nullptr, what, #p, __func__))
#define MODEL_FULL_RMW(function, what, p, v) \
	::kernel::function((p), (v), &MODEL_ORDERING(what), what, #p, __func__)

#define atomic_inc(p) MODEL_RELAXED_RMW(model_fetch_add, "atomic_inc", p, 1)
#define atomic_dec(p) MODEL_RELAXED_RMW(model_fetch_add, "atomic_dec", p, -1)
#define atomic_add(n, p) MODEL_RELAXED_RMW(model_fetch_add, "atomic_add", p, (n))
#define atomic_sub(n, p) MODEL_RELAXED_RMW(model_fetch_add, "atomic_sub", p, -(n))
#define atomic_or(v, p) MODEL_RELAXED_RMW(model_fetch_or, "atomic_or", p, (v))
#define atomic_andnot(v, p) MODEL_RELAXED_RMW(model_fetch_and, "atomic_andnot", p, ~(v))
#define atomic_fetch_add_relaxed(n, p) \
	::kernel::model_fetch_add((p), (n), nullptr, "atomic_fetch_add_relaxed", #p, __func__)

#define atomic_fetch_add(n, p) MODEL_FULL_RMW(model_fetch_add, "atomic_fetch_add", p, (n))
#define atomic_fetch_sub(n, p) MODEL_FULL_RMW(model_fetch_add, "atomic_fetch_sub", p, -(n))
#define atomic_fetch_or(v, p) MODEL_FULL_RMW(model_fetch_or, "atomic_fetch_or", p, (v))
#define atomic_fetch_andnot(v, p) MODEL_FULL_RMW(model_fetch_and, "atomic_fetch_andnot", p, ~(v))
#define atomic_add_return(n, p) (MODEL_FULL_RMW(model_fetch_add, "atomic_add_return", p, (n)) + (n))
#define atomic_sub_return(n, p) \
	(MODEL_FULL_RMW(model_fetch_add, "atomic_sub_return", p, -(n)) - (n))
#define atomic_inc_return(p) (MODEL_FULL_RMW(model_fetch_add, "atomic_inc_return", p, 1) + 1)
#define atomic_sub_and_test(n, p) \
	(MODEL_FULL_RMW(model_fetch_add, "atomic_sub_and_test", p, -(n)) == (n))
#define atomic_dec_and_test(p) (MODEL_FULL_RMW(model_fetch_add, "atomic_dec_and_test", p, -1) == 1)
#define xchg(p, v) MODEL_FULL_RMW(model_xchg, "xchg", p, (v))
#define xchg_relaxed(p, v) ::kernel::model_xchg((p), (v), nullptr, "xchg_relaxed", #p, __func__)
#define atomic_try_cmpxchg(p, old, v)                                                      \
	::kernel::model_try_cmpxchg((p), (old), (v), MODEL_ORDERING("atomic_try_cmpxchg"), \
				    "atomic_try_cmpxchg", #p, __func__)

/* --- locks --------------------------------------------------------------------------------------------------------- */

using spinlock_t = rl::mutex;

inline void model_spin_lock(spinlock_t *lock, const char *name, const char *function)
{
	lock->lock(RL_INFO);
	model_log({ 0, function, "spin_lock", name, 0, 0, model_event::NO_VALUE });
}
inline void model_spin_unlock(spinlock_t *lock, const char *name, const char *function)
{
	lock->unlock(RL_INFO);
	model_log({ 0, function, "spin_unlock", name, 0, 0, model_event::NO_VALUE });
}
#define spin_lock(l) ::kernel::model_spin_lock((l), #l, __func__)
#define spin_unlock(l) ::kernel::model_spin_unlock((l), #l, __func__)

/* --- RCU: include/linux/rcupdate.h --------------------------------------------------------------------------------- */

struct model_rcu_tag;

/*
 * A section has ended before a grace period, which then sees what it did, or begins after it, and sees what was done
 * before it: a lock for readers and writers. Too strong only between readers, of which no program here has two.
 */
struct model_rcu {
	rl::generic_mutex<model_rcu_tag> sections;

	model_rcu()
	{
		sections.init(true, false, false, false, RL_INFO);
	}
	~model_rcu()
	{
		sections.deinit(RL_INFO);
	}
};

inline void rcu_read_lock(model_rcu *rcu)
{
	rcu->sections.lock_shared(RL_INFO);
	model_log({ 0, __func__, "rcu_read_lock", nullptr, 0, 0, model_event::NO_VALUE });
}

inline void rcu_read_unlock(model_rcu *rcu)
{
	rcu->sections.unlock_shared(RL_INFO);
	model_log({ 0, __func__, "rcu_read_unlock", nullptr, 0, 0, model_event::NO_VALUE });
}

inline void model_synchronize_rcu(model_rcu *rcu, model_ordering &ordering)
{
	if (!ordering.holds())
		return;
	rcu->sections.lock_exclusive(RL_INFO);
	rcu->sections.unlock_exclusive(RL_INFO);
	model_log(
		{ 0, ordering.function, "synchronize_rcu", nullptr, 0, 0, model_event::NO_VALUE });
}
#define synchronize_rcu(rcu) \
	::kernel::model_synchronize_rcu((rcu), MODEL_ORDERING("synchronize_rcu"))

/* --- seqcount_t: include/linux/seqlock.h --------------------------------------------------------------------------- */

struct seqcount_t {
	rl::atomic<uint32_t> sequence;

	seqcount_t()
	{
		MODEL_INIT(sequence, 0);
	}
};

inline uint32_t raw_read_seqcount(seqcount_t *s)
{
	return smp_load_acquire(&s->sequence);
}

inline bool read_seqcount_retry(seqcount_t *s, uint32_t start)
{
	smp_rmb();
	return READ_ONCE(s->sequence) != start;
}

/* Who writes it is alone with that: a plain increment. */
inline void raw_write_seqcount_begin(seqcount_t *s)
{
	WRITE_ONCE(s->sequence, s->sequence.debug_value() + 1);
	smp_wmb();
}

inline void raw_write_seqcount_end(seqcount_t *s)
{
	smp_wmb();
	WRITE_ONCE(s->sequence, s->sequence.debug_value() + 1);
}

/* --- what a program finds ------------------------------------------------------------------------------------------ */

inline const char *model_complaint = "";

#define MODEL_CHECK(condition, complaint)                                                     \
	do {                                                                                  \
		if (!(condition)) {                                                           \
			::kernel::model_complaint = (complaint);                              \
			rl::ctx().fail_test("", rl::test_result_user_assert_failed, RL_INFO); \
		}                                                                             \
	} while (0)

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_PROTOCOL_RELACY_MEMORY_H_ */
