/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs of the DAX entry lock and of sleeping as such, for both backends; see programs.h. Included once, inside a
 * namespace, after small_entry.h.
 */

/* One file of one PMD. The counters are what the entry lock is there for: touched under it and nothing else. */
struct model_file : model_world {
	xarray i_pages;
	Plain<unsigned int> touched[MODEL_SLOTS];

	model_file()
	{
		for (Plain<unsigned int> &counter : touched)
			MODEL_INIT(counter, 0);
	}

	xa_state at(pgoff_t index)
	{
		return { &i_pages, index, 1 };
	}

	/* As an earlier fault left it. */
	void populate(pgoff_t index, uint64_t flags)
	{
		MODEL_REINIT(i_pages.slots[index].entry, dax_make_entry(1, flags));
	}

	void touch(pgoff_t index)
	{
		SET(touched[index], GET(touched[index]) + 1);
	}

	/* A fault: grab_mapping_entry() of an entry that exists, and dax_unlock_entry(). False: it is gone. */
	bool fault(pgoff_t index, pgoff_t counter)
	{
		xa_state xas = at(index);
		xa_entry entry;

		xas_lock_irq(&xas);
		entry = get_next_unlocked_entry(&xas, 1);
		if (!entry) {
			xas_unlock_irq(&xas);
			return false;
		}
		dax_lock_entry(&xas, entry);
		xas_unlock_irq(&xas);
		touch(counter);
		dax_unlock_entry(&xas, entry);
		return true;
	}

	/* The end of a fault that began before the test did. */
	void end_of_fault(pgoff_t index)
	{
		xa_state xas = at(index);

		touch(index);
		dax_unlock_entry(&xas, dax_make_entry(1, 0));
	}

	/* dax_writeback_one() that finds nothing to do. */
	void give_up(pgoff_t index)
	{
		xa_state xas = at(index);
		xa_entry entry;

		xas_lock_irq(&xas);
		entry = get_next_unlocked_entry(&xas, 1);
		put_unlocked_entry(&xas, entry, WAKE_NEXT);
		xas_unlock_irq(&xas);
	}

	/* A step of dax_layout_busy_page_range(). */
	void walk(pgoff_t index)
	{
		xa_state xas = at(index);
		xa_entry entry;

		xas_lock_irq(&xas);
		entry = wait_entry_unlocked_exclusive(&xas, xas_load(&xas));
		put_unlocked_entry(&xas, entry, WAKE_NEXT);
		xas_unlock_irq(&xas);
	}

	/* __dax_invalidate_entry(): who comes second finds nothing, and wakes nobody. */
	void invalidate(pgoff_t index)
	{
		xa_state xas = at(index);
		xa_entry entry;

		xas_lock_irq(&xas);
		entry = get_next_unlocked_entry(&xas, 1);
		if (entry) {
			touch(index);
			model_xas_store(&xas, 0, model_site());
		}
		put_unlocked_entry(&xas, entry, WAKE_ALL);
		xas_unlock_irq(&xas);
	}

	/* grab_mapping_entry() that turns a PMD entry, which it has locked, into none. */
	void downgrade(pgoff_t index)
	{
		xa_state xas = at(index);
		xa_entry entry;

		xas_lock_irq(&xas);
		entry = xas_load(&xas);
		touch(index);
		model_xas_store(&xas, 0, model_site());
		dax_wake_entry(&xas, entry, WAKE_ALL);
		xas_unlock_irq(&xas);
	}

	/* Nobody is on the queue, nobody has the lock, and each section was counted. */
	void expect(model_outcome &outcome, pgoff_t index, unsigned int sections)
	{
		unsigned int counted = MODEL_PEEK(touched[index]);

		outcome.add("sections", counted);
		MODEL_CHECK(model_queue_is_empty(), "somebody is on the queue still");
		MODEL_CHECK(!dax_is_locked(MODEL_PEEK(i_pages.slots[index].entry)),
			    "the entry is locked still");
		MODEL_CHECK(counted == sections, "two had the entry lock at once");
	}
};

/*
 * Sleeping without any lock: a task sleeps until a flag is set, and another sets it. It is the barriers that count.
 */
struct program_active : model_world {
	Atomic<int> flag;

	program_active()
	{
		MODEL_INIT(flag, 0);
	}
	/* Somebody who asks waitqueue_active() with nothing but a barrier before it. */
	void wake(void)
	{
		wait_queue_head_t *wq = dax_wait_table(1);

		WRITE_ONCE(flag, 1);
		smp_mb();
		if (waitqueue_active(wq))
			__wake_up(wq, 1, 1);
	}
	void thread(unsigned int index)
	{
		wait_queue_head_t *wq = dax_wait_table(1);

		if (index == 1) {
			wake();
			return;
		}
		for (bool seen = false; !seen;) {
			wait_entry ewait;

			ewait.key = 1;
			prepare_to_wait_exclusive(wq, &ewait);
			seen = READ_ONCE(flag) != 0;
			if (!seen)
				schedule_on(wq, &ewait);
			finish_wait(wq, &ewait);
		}
	}
	void after(model_outcome &outcome)
	{
		outcome.add("flag", MODEL_PEEK(flag));
	}
};

/* Faults on one PTE entry. */
template <unsigned int threads, bool spurious = false>
struct program_faults : model_file {
	program_faults()
	{
		model_spurious_wakeups(spurious);
		populate(0, 0);
	}
	void thread(unsigned int)
	{
		MODEL_CHECK(fault(0, 0), "the entry is gone");
	}
	void after(model_outcome &outcome)
	{
		expect(outcome, 0, threads);
	}
};

/* Faults on both pages of a PMD entry: one lock, and one place to wait. */
struct program_pmd : model_file {
	program_pmd()
	{
		populate(0, DAX_PMD);
	}
	void thread(unsigned int index)
	{
		MODEL_CHECK(fault(index, 0), "the entry is gone");
	}
	void after(model_outcome &outcome)
	{
		expect(outcome, 0, 2);
	}
};

/* Two locked entries whose waiters share a queue. Who waits for the one has the other, so the wake-up must find it. */
struct program_shared_queue : model_file {
	program_shared_queue()
	{
		populate(0, DAX_LOCKED);
		populate(1, DAX_LOCKED);
	}
	void thread(unsigned int index)
	{
		if (index == 0) {
			MODEL_CHECK(fault(0, 0), "the entry is gone");
			end_of_fault(1);
		} else if (index == 1) {
			MODEL_CHECK(fault(1, 1), "the entry is gone");
		} else {
			end_of_fault(0);
		}
	}
	void after(model_outcome &outcome)
	{
		expect(outcome, 0, 2);
		expect(outcome, 1, 2);
	}
};

/* Somebody who was woken and does not lock, between who unlocks and who wants the lock. */
template <bool walks>
struct program_give_up : model_file {
	program_give_up()
	{
		populate(0, DAX_LOCKED);
	}
	void thread(unsigned int index)
	{
		if (index == 0)
			end_of_fault(0);
		else if (index == 1)
			MODEL_CHECK(fault(0, 0), "the entry is gone");
		else if (walks)
			walk(0);
		else
			give_up(0);
	}
	void after(model_outcome &outcome)
	{
		expect(outcome, 0, 2);
	}
};

/* Who has the lock deletes the entry. */
struct program_downgrade : model_file {
	program_downgrade()
	{
		populate(0, DAX_LOCKED);
	}
	void thread(unsigned int index)
	{
		if (index == 0)
			downgrade(0);
		else
			MODEL_CHECK(!fault(0, 0), "the entry is still there");
	}
	void after(model_outcome &outcome)
	{
		expect(outcome, 0, 1);
	}
};

/* One of three waiters deletes the entry. */
struct program_invalidate : model_file {
	program_invalidate()
	{
		populate(0, DAX_LOCKED);
	}
	void thread(unsigned int index)
	{
		if (index == 0)
			end_of_fault(0);
		else
			invalidate(0);
	}
	void after(model_outcome &outcome)
	{
		expect(outcome, 0, 2);
	}
};

using program_faults_2 = program_faults<2>;
using program_faults_3 = program_faults<3>;
using program_faults_3_random = program_faults<3>;
using program_spurious_random = program_faults<2, true>;
using program_invalidate_random = program_invalidate;
using program_spurious = program_faults<2, true>;
using program_put_unlocked = program_give_up<false>;
using program_walk = program_give_up<true>;

/* As MODEL_PROGRAMS. */
#define MODEL_ENTRY_PROGRAMS(PROGRAM, SCENE)                                                      \
	PROGRAM(active, 2, bound, 6,                                                              \
		"is a waiter ever missed by waitqueue_active() after a barrier?")                 \
	PROGRAM(pmd, 2, bound, 6, "does the entry lock exclude at two indexes of one PMD entry?") \
	SCENE(faults_2, 2, bound, 8, "does the entry lock exclude, and does everybody get it?")   \
	SCENE(faults_3, 3, bound, 4, "the same with three")                                       \
	SCENE(faults_3_random, 3, random, 100000, "the same, sampled")                            \
	SCENE(spurious, 2, bound, 6,                                                              \
	      "the same with two when schedule() returns without a wake-up")                      \
	SCENE(spurious_random, 2, random, 100000, "the same, sampled")                            \
	SCENE(shared_queue, 3, bound, 3, "does a wake-up find its waiter among others?")          \
	SCENE(put_unlocked, 3, bound, 3, "does who does not lock pass the wake-up on?")           \
	SCENE(walk, 3, bound, 3, "the same of wait_entry_unlocked_exclusive()")                   \
	SCENE(downgrade, 3, bound, 3, "does everybody learn that the holder deleted the entry?")  \
	SCENE(invalidate, 4, bound, 2, "does everybody learn that one of three waiters did?")     \
	SCENE(invalidate_random, 4, random, 100000, "the same, sampled")
