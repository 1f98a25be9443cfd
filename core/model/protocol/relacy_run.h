/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs programs under Relacy, by schedulers of ours that record what they choose, so that each execution can be run again.
 * One context lives for as long as a search does.
 */
#ifndef DAXRACE_CORE_MODEL_PROTOCOL_RELACY_RUN_H_
#define DAXRACE_CORE_MODEL_PROTOCOL_RELACY_RUN_H_

#include "core/model/protocol/outcome.h"
#include "core/model/protocol/relacy_memory.h"

namespace kernel
{

enum model_strategy {
	SEARCH_ALL,    /* every execution */
	SEARCH_BOUND,  /* every execution with at most so many preemptions */
	SEARCH_RANDOM, /* so many executions */
	SEARCH_REPLAY  /* one, by recorded choices */
};

struct model_search {
	model_strategy strategy;
	unsigned int number;

	static constexpr model_search all(unsigned int = 0)
	{
		return { SEARCH_ALL, 0 };
	}
	static constexpr model_search bound(unsigned int number)
	{
		return { SEARCH_BOUND, number };
	}
	static constexpr model_search random(unsigned int number)
	{
		return { SEARCH_RANDOM, number };
	}
};

/* --- programs -------------------------------------------------------------------------------------------------- */

struct model_program {
	const char *name;
	unsigned int threads;
	model_search search;
	const char *question;
	const char *group;
	const char *
		outcomes; /* of a litmus test: "A, B, C"; null: those of a protocol, which after() judges */
	size_t size;
	void (*create)(void *state);
	void (*destroy)(void *state);
	void (*thread)(void *state, unsigned int index);
	void (*after)(void *state, model_outcome &outcome);

	model_program *next = nullptr;
	static inline model_program *first = nullptr;
};

inline constexpr size_t MODEL_STATE_MAX = 16384;

/* In the order of their definition. */
template <class Type>
struct model_register {
	model_program program;

	model_register(const char *name, unsigned int threads, model_search search,
		       const char *question, const char *group, const char *outcomes = nullptr)
		: program{ name,
			   threads,
			   search,
			   question,
			   group,
			   outcomes,
			   sizeof(Type),
			   [](void *state) {
				   ::new (state) Type();
			   },
			   [](void *state) {
				   static_cast<Type *>(state)->~Type();
			   },
			   [](void *state, unsigned int index) {
				   static_cast<Type *>(state)->thread(index);
			   },
			   [](void *state, model_outcome &outcome) {
				   static_cast<Type *>(state)->after(outcome);
			   } }
	{
		static_assert(sizeof(Type) <= MODEL_STATE_MAX);
		model_program **at = &model_program::first;

		while (*at)
			at = &(*at)->next;
		*at = &program;
	}
};

inline const model_program *model_running;
inline model_outcomes model_seen;

/* One for each number of threads: what a program is, Relacy need not know. */
template <rl::thread_id_t threads>
struct model_suite : rl::test_suite<model_suite<threads>, threads> {
	alignas(64) unsigned char state[MODEL_STATE_MAX];

	model_suite()
	{
		model_running->create(state);
	}
	~model_suite()
	{
		model_running->destroy(state);
	}
	void thread(unsigned int index)
	{
		model_running->thread(state, index);
	}
	void after()
	{
		model_outcome outcome;

		model_running->after(state, outcome);
		model_seen.add(outcome.text);
	}
};

/* --- what was chosen ---------------------------------------------------------------------------------------------- */

/* Which task runs, and which value is drawn, in the order in which it was asked. */
struct model_choices {
	static constexpr unsigned int MAX = 1 << 16;

	unsigned char value[MAX];
	unsigned int nr = 0;
	unsigned int next = 0; /* to be taken again */

	void add(unsigned int choice)
	{
		if (nr < MAX)
			value[nr++] = (unsigned char)choice;
	}
	/* -1: there is none left. */
	int take()
	{
		return next < nr ? value[next++] : -1;
	}
};

inline model_choices model_chosen; /* by the present execution */
inline model_choices model_to_replay;
inline unsigned int model_seed = 1;
inline unsigned int model_bound;      /* preemptions */
inline uint64_t model_executions_max; /* 0: no limit */

/* Depth first, within a bound on preemptions. UINT_MAX: none. */
template <rl::thread_id_t threads>
class model_tree_scheduler
	: public rl::tree_search_scheduler<model_tree_scheduler<threads>,
					   rl::tree_search_scheduler_thread_info<threads>, threads>
{
public:
	using base_t =
		rl::tree_search_scheduler<model_tree_scheduler<threads>,
					  rl::tree_search_scheduler_thread_info<threads>, threads>;
	using thread_info_t = typename base_t::thread_info_t;
	using shared_context_t = typename base_t::shared_context_t;

	model_tree_scheduler(rl::test_params &params, shared_context_t &ctx,
			     rl::thread_id_t dynamic)
		: base_t(params, ctx, dynamic)
	{
	}
	rl::thread_id_t iteration_begin_impl()
	{
		model_chosen.nr = 0;
		left_ = model_bound;
		rl::thread_id_t thread = base_t::iteration_begin_impl();
		model_chosen.add(unsigned(thread));
		return thread;
	}
	bool iteration_end_impl()
	{
		return base_t::iteration_end_impl() ||
		       (model_executions_max && this->iter_ >= model_executions_max);
	}
	rl::thread_id_t schedule_impl(rl::unpark_reason &reason, unsigned int yield)
	{
		rl::thread_id_t thread = base_t::schedule_impl(reason, yield);

		model_chosen.add(unsigned(thread));
		return thread;
	}
	unsigned int rand_impl(unsigned int limit, rl::sched_type type)
	{
		unsigned int drawn = base_t::rand_impl(limit, type);

		if (type != rl::sched_type_sched)
			model_chosen.add(drawn);
		return drawn;
	}
	bool can_switch(thread_info_t &)
	{
		return left_ != 0;
	}
	void on_switch(thread_info_t &thread)
	{
		if (thread.state_ == rl::thread_state_running && left_ != UINT32_MAX)
			left_--;
	}
	double iteration_count_approx()
	{
		return 1;
	}

private:
	unsigned int left_ = 0;
};

/* By a generator of its own for each execution, or by what was recorded; where that ends, the first of all. */
template <rl::thread_id_t threads>
class model_list_scheduler
	: public rl::scheduler<model_list_scheduler<threads>, rl::scheduler_thread_info, threads>
{
public:
	using base_t =
		rl::scheduler<model_list_scheduler<threads>, rl::scheduler_thread_info, threads>;
	using thread_info_t = typename base_t::thread_info_t;
	using shared_context_t = typename base_t::shared_context_t;
	struct task_t {
	};

	model_list_scheduler(rl::test_params &params, shared_context_t &ctx,
			     rl::thread_id_t dynamic)
		: base_t(params, ctx, dynamic)
	{
	}
	rl::thread_id_t iteration_begin_impl()
	{
		rl::unpark_reason reason;

		model_chosen.nr = 0;
		model_to_replay.next = 0;
		state_ = (uint64_t(model_seed) << 32 ^ this->iter_) * 0x9e3779b97f4a7c15u + 1;
		return schedule_impl(reason, 0);
	}
	bool iteration_end_impl()
	{
		return this->iter_ >= model_executions_max;
	}
	rl::thread_id_t schedule_impl(rl::unpark_reason &reason, unsigned int)
	{
		rl::thread_id_t nr = this->running_threads_count;
		rl::thread_id_t thread;

		reason = rl::unpark_reason_normal;
		if (model_to_replay.nr) {
			int recorded = model_to_replay.take();

			thread = this->running_threads[0];
			for (rl::thread_id_t i = 0; i < nr; i++) {
				if (this->running_threads[i] == recorded)
					thread = recorded;
			}
		} else {
			thread = this->running_threads[draw(unsigned(nr))];
		}
		model_chosen.add(unsigned(thread));
		return thread;
	}
	unsigned int rand_impl(unsigned int limit, rl::sched_type)
	{
		unsigned int drawn;

		if (model_to_replay.nr) {
			int recorded = model_to_replay.take();

			drawn = recorded < 0 ? 0 : unsigned(recorded) % limit;
		} else {
			drawn = draw(limit);
		}
		model_chosen.add(drawn);
		return drawn;
	}
	uint64_t iteration_count_impl()
	{
		return model_executions_max;
	}
	void get_state_impl(std::ostream &)
	{
	}
	void set_state_impl(std::istream &)
	{
	}
	void on_thread_block(rl::thread_id_t, bool)
	{
	}
	void thread_finished_impl()
	{
	}
	void purge_blocked_threads()
	{
	}

private:
	/* splitmix64 */
	unsigned int draw(unsigned int limit)
	{
		uint64_t z = state_ += 0x9e3779b97f4a7c15u;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
		z = (z ^ z >> 27) * 0x94d049bb133111ebu;
		return unsigned((z ^ z >> 31) % limit);
	}

	uint64_t state_ = 0;
};

/* --- searching ----------------------------------------------------------------------------------------------------- */

struct model_result {
	rl::test_result_e result;
	uint64_t executions; /* with the one that failed */
};

/* In the words of daxrace. */
inline const char *model_verdict(rl::test_result_e result)
{
	switch (result) {
	case rl::test_result_success:
		return "passes";
	case rl::test_result_deadlock:
		return "deadlock";
	case rl::test_result_livelock:
		return "livelock";
	case rl::test_result_data_race:
		return "data-race";
	case rl::test_result_user_assert_failed:
		return "broken-invariant";
	default:
		return rl::test_result_str(result);
	}
}

template <rl::thread_id_t threads, template <rl::thread_id_t> class scheduler>
model_result model_execute(bool deep)
{
	std::ostream nowhere(nullptr);
	rl::ostringstream state; /* one that may grow while a context lives */
	rl::test_params params;

	/* Only of a random search Relacy asks for values two stores back. */
	params.search_type = deep ? rl::sched_random : rl::sched_full;
	params.iteration_count = UINT64_MAX;
	params.execution_depth_limit = 20000;
	params.progress_stream = &nowhere;
	params.output_stream = &nowhere;
	rl::test_result_e result =
		rl::run_test<model_suite<threads>, scheduler<threads>>(params, state, false);
	return { result, params.stop_iteration };
}

template <rl::thread_id_t threads>
model_result model_run_threads(model_strategy strategy, bool deep)
{
	return strategy == SEARCH_ALL || strategy == SEARCH_BOUND
		       ? model_execute<threads, model_tree_scheduler>(deep)
		       : model_execute<threads, model_list_scheduler>(deep);
}

/* `deep`: loads go two stores back. Of a replay: as when it was recorded. */
inline model_result model_run(const model_program &program, model_search search, bool deep)
{
	model_running = &program;
	model_seen.nr = 0;
	model_nr_events = 0;
	model_complaint = "";
	model_bound = search.strategy == SEARCH_BOUND ? search.number : UINT32_MAX;
	if (search.strategy == SEARCH_RANDOM)
		model_executions_max = search.number;
	else if (search.strategy == SEARCH_REPLAY)
		model_executions_max = 1;
	else
		model_executions_max = 0;
	if (search.strategy != SEARCH_REPLAY)
		model_to_replay.nr = 0;
	switch (program.threads) {
	case 2:
		return model_run_threads<2>(search.strategy, deep);
	case 3:
		return model_run_threads<3>(search.strategy, deep);
	default:
		return model_run_threads<4>(search.strategy, deep);
	}
}

/* The last execution again, with what happened in it. */
inline model_result model_replay(const model_program &program, bool deep)
{
	model_result again;

	std::memcpy(model_to_replay.value, model_chosen.value, model_chosen.nr);
	model_to_replay.nr = model_chosen.nr;
	model_logging = true;
	again = model_run(program, { SEARCH_REPLAY, 1 }, deep);
	model_logging = false;
	return again;
}

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_PROTOCOL_RELACY_RUN_H_ */
