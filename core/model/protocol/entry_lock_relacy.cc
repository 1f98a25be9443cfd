/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The DAX entry lock under the C++11 memory model. A program of its own: Relacy replaces operator new.
 *
 * Each test must pass, and with an ingredient missing must fail, in the way that is given. One line each: "ok NAME
 * EXECUTIONS", or "FAIL NAME" with what happened and the execution. The numbers repeat: nothing is drawn from a clock.
 */
#include "core/model/protocol/relacy_backend.h"

#include <cstdio>
#include <cstring>

namespace kernel
{

#include "core/model/protocol/dax_entry_lock_impl.h"

namespace
{

/* One file of one PMD. The counters are what the entry lock is there for: touched under it and nothing else. */
template <class Derived, rl::thread_id_t threads>
struct model_test : rl::test_suite<Derived, threads> {
	model_machine machine;
	xarray i_pages;
	rl::var<unsigned int> touched[MODEL_SLOTS];

	model_test()
	{
		for (rl::var<unsigned int> &counter : touched)
			SET(counter, 0);
	}

	xa_state at(pgoff_t index)
	{
		return { &i_pages, index, 1 };
	}

	/* As an earlier fault left it. */
	void populate(pgoff_t index, uint64_t flags)
	{
		SET(i_pages.slots[index].entry, dax_make_entry(1, flags));
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
	void expect(pgoff_t index, unsigned int sections)
	{
		RL_ASSERT(GET(machine.wait_table.nr) == 0);
		RL_ASSERT(!machine.wait_table.first.debug_value());
		RL_ASSERT(!dax_is_locked(GET(i_pages.slots[index].entry)));
		RL_ASSERT(GET(touched[index]) == sections);
	}
};

/*
 * The backend itself, without the protocol: a task that sleeps until a flag is set, and another that sets it. Neither has
 * a lock around the flag, so it is the barriers that count, and each twin fails by an old value that a load returns.
 */
struct model_sleep : rl::test_suite<model_sleep, 2> {
	model_machine machine;
	rl::atomic<bool> flag;

	void before()
	{
		WRITE_ONCE(flag, false);
	}
	void thread(unsigned int index)
	{
		if (index == 1) {
			WRITE_ONCE(flag, true);
			try_to_wake_up(&machine.tasks[0]);
			return;
		}
		for (;;) {
			set_current_state(TASK_UNINTERRUPTIBLE);
			if (READ_ONCE(flag))
				break;
			schedule();
		}
		__set_current_state(TASK_RUNNING);
	}
};

/* The same over a queue: what waitqueue_active() needs where, unlike in the protocol, no lock orders it. */
struct model_active : rl::test_suite<model_active, 2> {
	model_machine machine;
	rl::atomic<bool> flag;

	void before()
	{
		WRITE_ONCE(flag, false);
	}
	void thread(unsigned int index)
	{
		wait_queue_head_t *wq = dax_wait_table(1);

		if (index == 1) {
			WRITE_ONCE(flag, true);
			if (model_without != BROKEN_ACTIVE_BARRIER)
				smp_mb();
			if (waitqueue_active(wq))
				__wake_up(wq, 1, 1);
			return;
		}
		for (bool seen = false; !seen;) {
			wait_entry ewait;

			ewait.key = 1;
			prepare_to_wait_exclusive(wq, &ewait);
			seen = READ_ONCE(flag);
			if (!seen)
				schedule();
			finish_wait(wq, &ewait);
		}
	}
};

/* N faults on one PTE entry. */
template <rl::thread_id_t threads, bool spurious = false>
struct model_faults : model_test<model_faults<threads, spurious>, threads> {
	void before()
	{
		this->machine.spurious_wakeups = spurious;
		this->populate(0, 0);
	}
	void thread(unsigned int)
	{
		RL_ASSERT(this->fault(0, 0));
	}
	void after()
	{
		this->expect(0, threads);
	}
};

/* Faults on both pages of a PMD entry: one lock, and one place to wait. */
struct model_pmd : model_test<model_pmd, 2> {
	void before()
	{
		populate(0, DAX_PMD);
	}
	void thread(unsigned int index)
	{
		RL_ASSERT(fault(index, 0));
	}
	void after()
	{
		expect(0, 2);
	}
};

/* Two locked entries whose waiters share a queue. Who waits for the one has the other, so the wake-up must find it. */
struct model_shared_queue : model_test<model_shared_queue, 3> {
	void before()
	{
		populate(0, DAX_LOCKED);
		populate(1, DAX_LOCKED);
	}
	void thread(unsigned int index)
	{
		if (index == 0) {
			RL_ASSERT(fault(0, 0));
			end_of_fault(1);
		} else if (index == 1) {
			RL_ASSERT(fault(1, 1));
		} else {
			end_of_fault(0);
		}
	}
	void after()
	{
		expect(0, 2);
		expect(1, 2);
	}
};

/* Somebody who was woken and does not lock, between who unlocks and who wants the lock. */
template <bool walks>
struct model_give_up : model_test<model_give_up<walks>, 3> {
	void before()
	{
		this->populate(0, DAX_LOCKED);
	}
	void thread(unsigned int index)
	{
		if (index == 0)
			this->end_of_fault(0);
		else if (index == 1)
			RL_ASSERT(this->fault(0, 0));
		else if (walks)
			this->walk(0);
		else
			this->give_up(0);
	}
	void after()
	{
		this->expect(0, 2);
	}
};

/* Who has the lock deletes the entry. */
struct model_downgrade : model_test<model_downgrade, 3> {
	void before()
	{
		populate(0, DAX_LOCKED);
	}
	void thread(unsigned int index)
	{
		if (index == 0)
			downgrade(0);
		else
			RL_ASSERT(!fault(0, 0));
	}
	void after()
	{
		expect(0, 1);
	}
};

/* One of three waiters deletes the entry. */
struct model_invalidate : model_test<model_invalidate, 4> {
	void before()
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
	void after()
	{
		expect(0, 2);
	}
};

struct model_search {
	rl::scheduler_type_e type;
	unsigned int number;

	/* Every execution. */
	static constexpr model_search all()
	{
		return { rl::sched_full, 0 };
	}
	/* Every execution with at most so many preemptions. */
	static constexpr model_search preempt(unsigned int number)
	{
		return { rl::sched_bound, number };
	}
	/* So many executions. */
	static constexpr model_search random(unsigned int number)
	{
		return { rl::sched_random, number };
	}
};

/* From the command line: which tests, by a part of their name, and whether to search everything in each of them. */
const char *model_only = "";
bool model_all;
bool model_failed;

template <class Test>
rl::test_result_e model_execute(rl::test_params &params, std::ostream &state)
{
	constexpr rl::thread_id_t threads = Test::params::thread_count;

	switch (params.search_type) {
	case rl::sched_full:
		return rl::run_test<Test, rl::full_search_scheduler<threads>>(params, state, false);
	case rl::sched_bound:
		return rl::run_test<Test, rl::context_bound_scheduler<threads>>(params, state,
										false);
	default:
		return rl::run_test<Test, rl::random_scheduler<threads>>(params, state, false);
	}
}

/* A test, and how to search it. */
template <class Test>
struct model_case {
	const char *name;
	model_search search;

	void passes()
	{
		run(name, BROKEN_NOTHING, rl::test_result_success);
	}
	/* Still, without something: whatever it is for, it is not this. */
	void passes_without(const char *what, model_broken without)
	{
		run_without(what, without, rl::test_result_success);
	}
	void fails_without(const char *what, model_broken without,
			   rl::test_result_e how = rl::test_result_deadlock)
	{
		run_without(what, without, how);
	}

private:
	void run_without(const char *what, model_broken without, rl::test_result_e expected)
	{
		char twin[64];

		std::snprintf(twin, sizeof(twin), "%s.%s", name, what);
		run(twin, without, expected);
	}

	void run(const char *twin, model_broken without, rl::test_result_e expected)
	{
		std::ostream nowhere(nullptr);
		rl::ostringstream state; /* one that may grow while a context lives */
		rl::test_params params;
		rl::test_result_e result;

		if (!std::strstr(twin, model_only))
			return;
		params.search_type = model_all ? rl::sched_full : search.type;
		params.context_bound = search.number;
		params.iteration_count = search.number;
		params.execution_depth_limit = 20000;
		params.progress_stream = &nowhere;

		model_without = without;
		result = model_execute<Test>(params, state);
		if (result == expected) {
			report_ok(twin, params);
			return;
		}
		model_failed = true;
		std::printf("FAIL %s: %s after %llu, expected %s\n", twin,
			    rl::test_result_str(result), (unsigned long long)params.stop_iteration,
			    rl::test_result_str(expected));
		std::fflush(stdout);
		if (result != rl::test_result_success) {
			/* The same execution again, with its history. */
			params.initial_state = state.str();
			params.collect_history = true;
			model_execute<Test>(params, state);
		}
	}

	void report_ok(const char *twin, const rl::test_params &params)
	{
		bool failed = params.test_result != rl::test_result_success;

		std::printf("ok %s %llu%s%s\n", twin, (unsigned long long)params.stop_iteration,
			    failed ? " " : "",
			    failed ? rl::test_result_str(params.test_result) : "");
		std::fflush(stdout);
	}
};

void model_run_backend(void)
{
	model_case<model_sleep> sleep = { "sleep", model_search::all() };
	model_case<model_active> active = { "active", model_search::preempt(6) };

	sleep.passes();
	sleep.fails_without("state_barrier", BROKEN_STATE_BARRIER);
	active.passes();
	active.fails_without("state_barrier", BROKEN_STATE_BARRIER);
	active.fails_without("active_barrier", BROKEN_ACTIVE_BARRIER);
}

void model_run_faults(void)
{
	model_case<model_faults<2>> two = { "faults_2", model_search::preempt(8) };
	model_case<model_faults<3>> three = { "faults_3", model_search::preempt(4) };
	model_case<model_faults<3>> three_random = { "faults_3_random",
						     model_search::random(200000) };
	model_case<model_faults<2, true>> spurious = { "spurious", model_search::preempt(6) };
	model_case<model_faults<2, true>> spurious_random = { "spurious_random",
							      model_search::random(200000) };
	model_case<model_pmd> pmd = { "pmd", model_search::preempt(6) };
	model_case<model_shared_queue> shared_queue = { "shared_queue", model_search::preempt(3) };

	two.passes();
	two.fails_without("active_first", BROKEN_ACTIVE_FIRST);
	two.fails_without("no_wake", BROKEN_NO_WAKE);
	two.fails_without("queue_late", BROKEN_QUEUE_LATE);
	two.fails_without("wake_key", BROKEN_WAKE_KEY);
	two.fails_without("list_del", BROKEN_LIST_DEL, rl::test_result_data_race);
	two.fails_without("list_empty", BROKEN_LIST_EMPTY, rl::test_result_data_race);
	/* The queue's lock orders the state of whoever is on the queue. */
	two.passes_without("state_barrier", BROKEN_STATE_BARRIER);
	three.passes();
	three_random.passes();
	spurious.passes();
	spurious_random.passes();
	spurious_random.fails_without("finish_wait", BROKEN_FINISH_WAIT,
				      rl::test_result_user_assert_failed);
	pmd.passes();
	pmd.fails_without("index_key", BROKEN_INDEX_KEY);
	shared_queue.passes();
	shared_queue.fails_without("any_key", BROKEN_ANY_KEY);
}

void model_run_wake_ups(void)
{
	model_case<model_give_up<false>> give_up = { "give_up", model_search::preempt(3) };
	model_case<model_give_up<true>> walk = { "walk", model_search::preempt(3) };
	model_case<model_downgrade> downgrade = { "downgrade", model_search::preempt(3) };
	model_case<model_invalidate> invalidate = { "invalidate", model_search::preempt(2) };
	model_case<model_invalidate> invalidate_random = { "invalidate_random",
							   model_search::random(200000) };

	give_up.passes();
	give_up.fails_without("silent_put", BROKEN_SILENT_PUT);
	walk.passes();
	walk.fails_without("silent_put", BROKEN_SILENT_PUT);
	downgrade.passes();
	downgrade.fails_without("wake_one", BROKEN_WAKE_ONE);
	invalidate.passes();
	invalidate_random.passes();
	/* As before commit 237388320def, "dax: Wake up all waiters after invalidating dax entry". */
	invalidate.fails_without("wake_one", BROKEN_WAKE_ONE);
}

} /* namespace */

} /* namespace kernel */

/* Not in Linux. relacy_entry_lock [PART-OF-A-NAME [all]] */ int main(int argc, char **argv)
{
	if (argc > 1)
		kernel::model_only = argv[1];
	kernel::model_all = argc > 2 && !std::strcmp(argv[2], "all");
	kernel::model_run_backend();
	kernel::model_run_faults();
	kernel::model_run_wake_ups();
	return kernel::model_failed;
}
