/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks, sleeping and wait queues over Relacy, as the scheduler has them. */
#ifndef DAXRACE_CORE_MODEL_PROTOCOL_RELACY_TASKS_H_
#define DAXRACE_CORE_MODEL_PROTOCOL_RELACY_TASKS_H_

#include "core/model/protocol/relacy_memory.h"

namespace kernel
{

inline constexpr unsigned int MODEL_THREADS_MAX = 4;

/* What a twin may lack. */
inline model_ingredient
	model_active_last("active_last"); /* waitqueue_active() once the entry is unlocked */
inline model_ingredient model_wake_up("wake_up");
inline model_ingredient
	model_queue_first("queue_first"); /* a waiter queues, and then drops the i_pages lock */
inline model_ingredient model_wake_key("wake_key"); /* waker and waiter have one key */
inline model_ingredient
	model_compare_key("compare_key"); /* who waits for something else sleeps on */
inline model_ingredient model_wake_up_of_put("wake_up_of_put"); /* put_unlocked_entry() wakes */
inline model_ingredient model_wake_all("wake_all");		/* WAKE_ALL wakes more than one */
inline model_ingredient
	model_finish_wait("finish_wait"); /* finish_wait() takes the entry off the queue */

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
	bool seen_active = false;	      /* without active_last */
	wait_queue_head_t *late_wq = nullptr; /* without queue_first */
	wait_entry *late_entry = nullptr;

	task_struct()
	{
		MODEL_INIT(__state, TASK_RUNNING);
		MODEL_INIT(on_rq, true);
		cpu.init(false, 0, 1, RL_INFO);
	}
	~task_struct()
	{
		cpu.deinit(RL_INFO);
	}
};

/* --- wait queues: kernel/sched/wait.c ------------------------------------------------------------------------ */

using model_object = rl::var<uint64_t>;

/* On the stack of who waits. */
struct wait_entry {
	uint64_t key = 0;
	const model_object *waits_for = nullptr;

	task_struct *task = nullptr;
	bool exclusive = false;
	rl::atomic<bool>
		linked; /* entry.next is not the entry itself: read without the queue's lock */
	rl::var<uint64_t> frame; /* what others may touch as long as it is linked; holds the key */

	/* list_empty(), under the queue's lock. */
	bool queued() const
	{
		return task && linked.debug_value();
	}

	/* The function returns, and the next one writes to the same stack. */
	~wait_entry()
	{
		MODEL_CHECK(!task || !linked.debug_value(), "a wait entry dies on its queue");
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
		MODEL_INIT(first, nullptr);
		MODEL_INIT(nr, 0);
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

/* smp_store_mb() */
inline void set_current_state(unsigned int state)
{
	WRITE_ONCE(model_current()->__state, state);
	smp_mb();
}

inline void __set_current_state(unsigned int state)
{
	WRITE_ONCE(model_current()->__state, state);
}

/* The barriers are smp_mb__after_spinlock(). */
inline bool try_to_wake_up(task_struct *p)
{
	spin_lock(&p->rq_lock);
	smp_mb();
	if (READ_ONCE(p->__state) == TASK_RUNNING) {
		spin_unlock(&p->rq_lock);
		return false;
	}
	WRITE_ONCE(p->__state, TASK_RUNNING);
	if (!GET(p->on_rq)) {
		SET(p->on_rq, true);
		p->cpu.signal(RL_INFO);
		model_log({ 0, __func__, "wakes the task", nullptr, 0, 0, model_event::NO_VALUE });
	}
	spin_unlock(&p->rq_lock);
	return true;
}

inline void schedule(void)
{
	task_struct *p = model_current();

	spin_lock(&p->rq_lock);
	smp_mb();
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
	model_log({ 0, __func__, "sleeps", nullptr, 0, 0, model_event::NO_VALUE });
	p->cpu.wait(false, false, RL_INFO);
}

/* --- kernel/sched/completion.c --------------------------------------------------------------------------------- */

struct model_completion {
	rl::semaphore<void> done;

	model_completion()
	{
		done.init(false, 0, 1, RL_INFO);
	}
	~model_completion()
	{
		done.deinit(RL_INFO);
	}
};

inline void complete(model_completion *x)
{
	model_log({ 0, __func__, "complete", nullptr, 0, 0, model_event::NO_VALUE });
	x->done.signal(RL_INFO);
}

inline void wait_for_completion(model_completion *x)
{
	x->done.wait(false, false, RL_INFO);
	model_log({ 0, __func__, "wait_for_completion", nullptr, 0, 0, model_event::NO_VALUE });
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
	if (model_wake_up.missing)
		return false;
	if (model_wake_up_of_put.missing && model_current()->holds_i_pages)
		return false;
	if (model_active_last.missing)
		return model_current()->seen_active;
	return READ_ONCE(q->first) != nullptr;
}

/* ___wait_event() goes round with one entry: it is linked already if nobody woke the task. */
inline void model_prepare_to_wait(wait_queue_head_t *q, wait_entry *w)
{
	unsigned int nr;

	spin_lock(&q->lock);
	nr = GET(q->nr);
	if (!w->queued()) {
		w->task = model_current();
		SET(w->frame, w->key);
		SET(q->entries[nr], w);
		SET(q->nr, nr + 1);
		WRITE_ONCE(w->linked, true);
		if (nr == 0)
			WRITE_ONCE(q->first, w);
	}
	set_current_state(TASK_UNINTERRUPTIBLE);
	spin_unlock(&q->lock);
}

inline void prepare_to_wait_exclusive(wait_queue_head_t *q, wait_entry *w)
{
	w->exclusive = true;
	if (model_queue_first.missing) {
		model_current()->late_wq = q;
		model_current()->late_entry = w;
		return;
	}
	model_prepare_to_wait(q, w);
}

/* True: there is no signal here. */
inline bool prepare_to_wait_event(wait_queue_head_t *q, wait_entry *w)
{
	model_prepare_to_wait(q, w);
	return true;
}

inline bool list_empty_careful(wait_entry *w)
{
	return !smp_load_acquire(&w->linked);
}

inline void finish_wait(wait_queue_head_t *q, wait_entry *w)
{
	__set_current_state(TASK_RUNNING);
	if (model_finish_wait.missing || list_empty_careful(w))
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

/* The last that this side may touch of the entry. */
inline void list_del_init_careful(wait_entry *w)
{
	smp_store_release(&w->linked, false);
}

/* With wake_exceptional_entry_func() and autoremove_wake_function(): only who was asleep counts, and leaves the queue. */
inline void __wake_up(wait_queue_head_t *q, unsigned int nr_exclusive, uint64_t key)
{
	unsigned int i = 0;

	if (model_wake_key.missing)
		key = ~key;
	if (model_wake_all.missing)
		nr_exclusive = 1;

	spin_lock(&q->lock);
	while (i < GET(q->nr)) {
		wait_entry *w = GET(q->entries[i]);
		bool w_exclusive = w->exclusive;

		if ((GET(w->frame) != key && !model_compare_key.missing) ||
		    !try_to_wake_up(w->task)) {
			i++;
			continue;
		}
		model_unlink(q, i);
		list_del_init_careful(w);
		if (w_exclusive && !--nr_exclusive)
			break;
	}
	spin_unlock(&q->lock);
}

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_PROTOCOL_RELACY_TASKS_H_ */
