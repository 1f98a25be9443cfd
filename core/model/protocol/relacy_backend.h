/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A backend of dax_entry_lock.h over Relacy, which explores what the C++11 memory model allows. The kernel's primitives
 * are as strong here as Linux promises and no stronger; docs/weak-memory.md has the table, and what Relacy cannot show.
 *
 * What a lock protects is rl::var: checked for races, and no scheduling point. What is read without its lock is
 * rl::atomic: a scheduling point, and a load may return an old value.
 */
#ifndef DAXRACE_CORE_MODEL_PROTOCOL_RELACY_BACKEND_H_
#define DAXRACE_CORE_MODEL_PROTOCOL_RELACY_BACKEND_H_

#include <cstdint>

#include <relacy/relacy.hpp>

/* Relacy puts its own functions behind these words; nothing here wants them. */
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef errno
#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst
#undef $

namespace kernel
{

/* The ingredient that is missing. Set before a search begins and left alone until it ends. */
enum model_broken {
	BROKEN_NOTHING,
	BROKEN_ACTIVE_FIRST, /* waitqueue_active() before the entry is unlocked */
	BROKEN_NO_WAKE,	     /* an unlocked entry wakes nobody */
	BROKEN_QUEUE_LATE,   /* a waiter drops the i_pages lock, and queues then */
	BROKEN_WAKE_KEY,     /* the waker's key is not the waiter's */
	BROKEN_INDEX_KEY,    /* the key is of the index, not of the entry's first */
	BROKEN_ANY_KEY,	     /* a waiter is woken whatever its key */
	BROKEN_SILENT_PUT, /* nobody is woken by who holds the i_pages lock, as put_unlocked_entry() does */
	BROKEN_WAKE_ONE,      /* WAKE_ALL wakes one */
	BROKEN_FINISH_WAIT,   /* finish_wait() leaves the entry on the queue */
	BROKEN_LIST_DEL,      /* list_del_init_careful() does not release */
	BROKEN_LIST_EMPTY,    /* list_empty_careful() does not acquire */
	BROKEN_STATE_BARRIER, /* set_current_state() and try_to_wake_up() without their barriers */
	BROKEN_ACTIVE_BARRIER /* waitqueue_active() without smp_mb() before it, and no lock instead */
};

inline model_broken model_without = BROKEN_NOTHING;

inline constexpr unsigned int MODEL_THREADS_MAX = 4;
inline constexpr unsigned int MODEL_SLOTS = 2;

#define PMD_NR 2u

/* --- the Linux memory model ---------------------------------------------------------------------------------- */

#define READ_ONCE(x) (x).load(rl::mo_relaxed, RL_INFO)
#define WRITE_ONCE(x, v) (x).store((v), rl::mo_relaxed, RL_INFO)
#define smp_load_acquire(p) (p)->load(rl::mo_acquire, RL_INFO)
#define smp_store_release(p, v) (p)->store((v), rl::mo_release, RL_INFO)
#define smp_mb() rl::atomic_thread_fence(rl::mo_seq_cst, RL_INFO)

/* Plain accesses, as in vocabulary.h. */
#define GET(x) (x)(RL_INFO).load()
#define SET(x, v) (x)(RL_INFO).store((v))

using spinlock_t = rl::mutex;

#define spin_lock(l) (l)->lock(RL_INFO)
#define spin_unlock(l) (l)->unlock(RL_INFO)

/* --- tasks: kernel/sched/core.c ------------------------------------------------------------------------------ */

enum : unsigned int {
	TASK_RUNNING = 0,
	TASK_UNINTERRUPTIBLE = 2
};

struct wait_entry;
struct wait_queue_head_t;

struct task_struct {
	rl::atomic<unsigned int> __state;
	spinlock_t rq_lock;	 /* and pi_lock: no path here takes the one without the other */
	rl::var<bool> on_rq;	 /* under rq_lock */
	rl::semaphore<void> cpu; /* what a task that is off the run queue waits for */

	/* Of the task itself. */
	bool woken_spuriously = false;
	bool holds_i_pages = false;
	bool seen_active = false;	      /* BROKEN_ACTIVE_FIRST */
	wait_queue_head_t *late_wq = nullptr; /* BROKEN_QUEUE_LATE */
	wait_entry *late_entry = nullptr;

	task_struct()
	{
		WRITE_ONCE(__state, TASK_RUNNING);
		SET(on_rq, true);
		cpu.init(false, 0, 1, RL_INFO);
	}
	~task_struct()
	{
		cpu.deinit(RL_INFO);
	}
};

/* --- wait queues: kernel/sched/wait.c ------------------------------------------------------------------------ */

struct model_slot;

/* On the stack of who waits. */
struct wait_entry {
	uint64_t key = 0;
	const model_slot *waits_for = nullptr;

	task_struct *task = nullptr;
	rl::atomic<bool>
		linked; /* entry.next is not the entry itself: read without the queue's lock */
	rl::var<uint64_t> frame; /* what others may touch as long as it is linked; holds the key */

	/* The function returns, and the next one writes to the same stack. */
	~wait_entry()
	{
		RL_ASSERT(!linked.debug_value());
		SET(frame, 0);
	}
};

struct wait_queue_head_t {
	spinlock_t lock;
	rl::atomic<wait_entry *> first;			  /* head.next: read without the lock */
	rl::var<wait_entry *> entries[MODEL_THREADS_MAX]; /* in order */
	rl::var<unsigned int> nr;

	wait_queue_head_t()
	{
		WRITE_ONCE(first, nullptr);
		SET(nr, 0);
	}
};

/* --- the machine --------------------------------------------------------------------------------------------- */

struct model_machine {
	task_struct tasks[MODEL_THREADS_MAX];
	wait_queue_head_t wait_table; /* of one queue, so that different keys meet in it */
	bool spurious_wakeups = false;

	static inline model_machine *current = nullptr;

	model_machine()
	{
		current = this;
	}
};

inline task_struct *model_current(void)
{
	return &model_machine::current->tasks[rl::thread_index()];
}

inline void model_task_barrier(void)
{
	if (model_without != BROKEN_STATE_BARRIER)
		smp_mb();
}

/* smp_store_mb() */
inline void set_current_state(unsigned int state)
{
	WRITE_ONCE(model_current()->__state, state);
	model_task_barrier();
}

inline void __set_current_state(unsigned int state)
{
	WRITE_ONCE(model_current()->__state, state);
}

/* The barriers are smp_mb__after_spinlock(). */
inline bool try_to_wake_up(task_struct *p)
{
	spin_lock(&p->rq_lock);
	model_task_barrier();
	if (READ_ONCE(p->__state) == TASK_RUNNING) {
		spin_unlock(&p->rq_lock);
		return false;
	}
	WRITE_ONCE(p->__state, TASK_RUNNING);
	if (!GET(p->on_rq)) {
		SET(p->on_rq, true);
		p->cpu.signal(RL_INFO);
	}
	spin_unlock(&p->rq_lock);
	return true;
}

inline void schedule(void)
{
	task_struct *p = model_current();

	spin_lock(&p->rq_lock);
	model_task_barrier();
	if (READ_ONCE(p->__state) == TASK_RUNNING) {
		spin_unlock(&p->rq_lock);
		return;
	}
	if (model_machine::current->spurious_wakeups && !p->woken_spuriously && rl::rand(2)) {
		/* Somebody who has nothing to do with the queue: code must expect it at any time. */
		p->woken_spuriously = true;
		WRITE_ONCE(p->__state, TASK_RUNNING);
		spin_unlock(&p->rq_lock);
		return;
	}
	SET(p->on_rq, false);
	spin_unlock(&p->rq_lock);
	p->cpu.wait(false, false, RL_INFO);
}

#define schedule_on(q, w) schedule()

/* list_del() */
inline void model_unlink(wait_queue_head_t *q, unsigned int at)
{
	unsigned int nr = GET(q->nr) - 1;

	(void)GET(GET(q->entries[at])->frame);
	for (unsigned int i = at; i < nr; i++)
		SET(q->entries[i], GET(q->entries[i + 1]));
	SET(q->nr, nr);
	if (at == 0)
		WRITE_ONCE(q->first, nr ? GET(q->entries[0]) : nullptr);
}

inline bool waitqueue_active(wait_queue_head_t *q)
{
	if (model_without == BROKEN_NO_WAKE)
		return false;
	if (model_without == BROKEN_SILENT_PUT && model_current()->holds_i_pages)
		return false;
	if (model_without == BROKEN_ACTIVE_FIRST)
		return model_current()->seen_active;
	return READ_ONCE(q->first) != nullptr;
}

inline void model_prepare_to_wait(wait_queue_head_t *q, wait_entry *w)
{
	unsigned int nr;

	spin_lock(&q->lock);
	nr = GET(q->nr);
	w->task = model_current();
	SET(w->frame, w->key);
	SET(q->entries[nr], w);
	SET(q->nr, nr + 1);
	WRITE_ONCE(w->linked, true);
	if (nr == 0)
		WRITE_ONCE(q->first, w);
	set_current_state(TASK_UNINTERRUPTIBLE);
	spin_unlock(&q->lock);
}

inline void prepare_to_wait_exclusive(wait_queue_head_t *q, wait_entry *w)
{
	if (model_without == BROKEN_QUEUE_LATE) {
		model_current()->late_wq = q;
		model_current()->late_entry = w;
		return;
	}
	model_prepare_to_wait(q, w);
}

inline bool list_empty_careful(wait_entry *w)
{
	if (model_without == BROKEN_LIST_EMPTY)
		return !READ_ONCE(w->linked);
	return !smp_load_acquire(&w->linked);
}

inline void finish_wait(wait_queue_head_t *q, wait_entry *w)
{
	__set_current_state(TASK_RUNNING);
	if (model_without == BROKEN_FINISH_WAIT || list_empty_careful(w))
		return;
	spin_lock(&q->lock);
	for (unsigned int i = 0; i < GET(q->nr); i++) {
		if (GET(q->entries[i]) == w) {
			model_unlink(q, i);
			WRITE_ONCE(w->linked, false);
			break;
		}
	}
	spin_unlock(&q->lock);
}

/* With wake_exceptional_entry_func() and autoremove_wake_function(): only who was asleep counts, and leaves the queue. */
inline void __wake_up(wait_queue_head_t *q, unsigned int nr_exclusive, uint64_t key)
{
	unsigned int i = 0;

	if (model_without == BROKEN_WAKE_KEY)
		key = ~key;
	if (model_without == BROKEN_WAKE_ONE)
		nr_exclusive = 1;

	spin_lock(&q->lock);
	while (i < GET(q->nr)) {
		wait_entry *w = GET(q->entries[i]);

		if ((GET(w->frame) != key && model_without != BROKEN_ANY_KEY) ||
		    !try_to_wake_up(w->task)) {
			i++;
			continue;
		}
		/* list_del_init_careful(): the last that this side may touch of the entry. */
		model_unlink(q, i);
		if (model_without == BROKEN_LIST_DEL)
			WRITE_ONCE(w->linked, false);
		else
			smp_store_release(&w->linked, false);
		if (!--nr_exclusive)
			break;
	}
	spin_unlock(&q->lock);
}

/* --- the xarray ---------------------------------------------------------------------------------------------- */

using pgoff_t = uint64_t;
using xa_entry = uint64_t;

/* An entry of PMD order stands in its first slot, and the others are empty. */
struct model_slot {
	rl::var<xa_entry> entry;
};

struct xarray {
	spinlock_t xa_lock;
	model_slot slots[MODEL_SLOTS];

	xarray()
	{
		for (model_slot &slot : slots)
			SET(slot.entry, 0);
	}
};

struct xa_state {
	xarray *xa;
	pgoff_t xa_index;
	unsigned int order_nr; /* 1, or PMD_NR */
};

inline xa_entry xa_mk_value(uint64_t v)
{
	return v << 1 | 1;
}

inline uint64_t xa_to_value(xa_entry entry)
{
	return entry >> 1;
}

inline constexpr xa_entry XA_RETRY_ENTRY = 256 << 2 | 2;

inline void xas_lock_irq(xa_state *xas)
{
	task_struct *p = model_current();

	if (model_without == BROKEN_ACTIVE_FIRST)
		p->seen_active = READ_ONCE(model_machine::current->wait_table.first) != nullptr;
	spin_lock(&xas->xa->xa_lock);
	p->holds_i_pages = true;
}

inline void xas_unlock_irq(xa_state *xas)
{
	task_struct *p = model_current();

	p->holds_i_pages = false;
	spin_unlock(&xas->xa->xa_lock);
	if (p->late_entry) {
		model_prepare_to_wait(p->late_wq, p->late_entry);
		p->late_entry = nullptr;
	}
}

/* Never 0, so that the key of no entry is that of a frame gone. */
inline uint64_t dax_wait_key(const xa_state *xas, pgoff_t index)
{
	return (model_without == BROKEN_INDEX_KEY ? xas->xa_index : index) + 1;
}

inline wait_queue_head_t *dax_wait_table(uint64_t)
{
	return &model_machine::current->wait_table;
}

/* --- what the protocol says for the engine's sake ------------------------------------------------------------ */

struct model_site {
};
#define SITE(what, object) (::kernel::model_site())

struct model_retry_loop {
	void again()
	{
	}
};

inline const model_slot *model_entry_object(const xa_state *xas)
{
	return &xas->xa->slots[xas->xa_index];
}

inline void model_note_hold(const model_slot &)
{
}

inline void model_note_release(const model_slot &)
{
}

xa_entry xas_load(xa_state *xas);
xa_entry xas_find_conflict(xa_state *xas);
xa_entry model_xas_store(xa_state *xas, xa_entry entry, const model_site &site);

#include "core/model/protocol/dax_entry_lock.h"

/* Where the entry of an index stands. */
inline model_slot *model_xas_slot(const xa_state *xas, unsigned int order_nr)
{
	model_slot *head = &xas->xa->slots[xas->xa_index & ~pgoff_t(PMD_NR - 1)];

	return order_nr > 1 || dax_is_pmd_entry(GET(head->entry)) ? head
								  : &xas->xa->slots[xas->xa_index];
}

inline xa_entry xas_load(xa_state *xas)
{
	return GET(model_xas_slot(xas, 1)->entry);
}

inline xa_entry xas_find_conflict(xa_state *xas)
{
	pgoff_t first = xas->xa_index & ~pgoff_t(xas->order_nr - 1);

	for (pgoff_t i = first; i < first + xas->order_nr; i++) {
		xa_state at = { xas->xa, i, 1 };
		xa_entry entry = xas_load(&at);

		if (entry)
			return entry;
	}
	return 0;
}

inline xa_entry model_xas_store(xa_state *xas, xa_entry entry, const model_site &)
{
	model_slot *slot = model_xas_slot(xas, xas->order_nr);
	xa_entry old = GET(slot->entry);

	SET(slot->entry, entry);
	return old;
}

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_PROTOCOL_RELACY_BACKEND_H_ */
