/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The protocols under the C++11 memory model. A program of its own, because Relacy replaces operator new; `daxrace weak`
 * and ctest run it, and read what it prints: fields with tabs between them.
 */
#include <cstdio>
#include <cstdlib>

#include "core/model/protocol/relacy_small.h"

namespace kernel
{

#include "core/model/protocol/small_kernel.h"
#include "core/model/protocol/small_entry.h"

#include "core/model/protocol/litmus.h"
#include "core/model/protocol/programs.h"
#include "core/model/protocol/programs_entry.h"

namespace
{

/* The scheduler alone: the engine has no task state to set. */
struct program_sleep {
	model_machine machine;
	Atomic<int> flag;

	program_sleep()
	{
		MODEL_INIT(flag, 0);
	}
	void thread(unsigned int index)
	{
		if (index == 1) {
			WRITE_ONCE(flag, 1);
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
	void after(model_outcome &outcome)
	{
		outcome.add("flag", MODEL_PEEK(flag));
	}
};

model_register<program_sleep> register_sleep("sleep", 2, model_search::all(),
					     "is a flag that is set before a wake-up ever missed?",
					     "scheduler");
#define PROGRAM(name, threads, search, number, question) \
	model_register<program_##name> register_##name(  \
		#name, threads, model_search::search(number), question, "protocol");
#define SCENE(name, threads, search, number, question)  \
	model_register<program_##name> register_##name( \
		#name, threads, model_search::search(number), question, "scene");
MODEL_ENTRY_PROGRAMS(PROGRAM, SCENE)
MODEL_PROGRAMS(PROGRAM, SCENE)
#undef PROGRAM
#undef SCENE
#define ROW(name, threads, outcomes, says)                                                        \
	model_register<litmus_##name> register_litmus_##name(#name, threads, model_search::all(), \
							     says, "litmus", outcomes);
MODEL_LITMUS(ROW)
#undef ROW

/* --- what is known ------------------------------------------------------------------------------------------------- */

/* A twin that passes: why what it lacks is not needed there. */
struct model_reason {
	const char *program, *without, *reason;
};
const model_reason model_reasons[] = {
#define REASON(program, without, reason) { #program, without, reason },
#include "core/model/protocol/weak_reasons.def"
#undef REASON
};

/* What each search came to when it was last looked at: the numbers repeat, for nothing is drawn from a clock. */
struct model_known {
	const char *program, *without, *verdict;
	unsigned long long executions;
};
const model_known model_results[] = {
#define RESULT(program, without, verdict, executions) \
	{ #program, without, verdict, executions##ull },
#include "core/model/protocol/weak_results.def"
#undef RESULT
};

const char *model_reason_of(const char *program, const char *without)
{
	for (const model_reason &row : model_reasons) {
		if (!std::strcmp(row.without, without) &&
		    (!std::strcmp(row.program, program) || !std::strcmp(row.program, "any")))
			return row.reason;
	}
	return "";
}

const model_known *model_known_of(const char *program, const char *without)
{
	for (const model_known &row : model_results) {
		if (!std::strcmp(row.program, program) && !std::strcmp(row.without, without))
			return &row;
	}
	return nullptr;
}

/* Twins beside those that lack one ordering: ingredients, and orderings of which one alone is enough. */
struct model_twin {
	const char *program, *without;
};
const model_twin model_twins[] = {
#define TWIN(program, without) { #program, without },
#include "core/model/protocol/weak_twins.def"
#undef TWIN
};

/* --- commands ------------------------------------------------------------------------------------------------------ */

const model_program *model_find(const char *name)
{
	for (const model_program *p = model_program::first; p; p = p->next) {
		if (!std::strcmp(p->name, name))
			return p;
	}
	return nullptr;
}

const char *model_search_name(model_strategy strategy)
{
	static const char *const names[] = { "full", "bound", "random", "replay" };

	return names[strategy];
}

constexpr unsigned int ORDERINGS_MAX = 64;

struct model_names {
	char text[ORDERINGS_MAX][160];
	unsigned int nr = 0;

	void add(const char *name)
	{
		for (unsigned int i = 0; i < nr; i++) {
			if (!std::strcmp(text[i], name))
				return;
		}
		if (nr < ORDERINGS_MAX)
			std::snprintf(text[nr++], sizeof(text[0]), "%s", name);
	}
};

/* What orders something in this program: found by running it. In the order of the alphabet. */
void model_orderings(const model_program &program, model_names &names)
{
	model_outcomes sorted;
	char name[160];

	model_set_without("");
	model_run(program, model_search::random(200), true);
	for (const model_ordering *o = model_ordering::all; o; o = o->next) {
		if (!o->reached)
			continue;
		std::snprintf(name, sizeof(name), "%s@%s", o->what, o->function);
		sorted.add(name);
	}
	for (unsigned int i = 0; i < sorted.nr; i++)
		names.add(sorted.text[i]);
}

void model_add_twins(const model_program &program, model_names &names)
{
	for (const model_twin &twin : model_twins) {
		if (!std::strcmp(twin.program, program.name))
			names.add(twin.without);
	}
}

/* A line for each thing that happened. */
void model_print_events(void)
{
	for (unsigned int i = 0; i < model_nr_events; i++) {
		const model_event &e = model_events[i];

		std::printf("event\t%u\t%s\t%s\t%s\t%d\t%llu\t%llu\n", e.task, e.function, e.what,
			    e.name ? e.name : "", int(e.kind), (unsigned long long)e.value,
			    (unsigned long long)e.newest);
	}
}

void model_print_choices(bool deep)
{
	std::printf("schedule\t%c", deep ? 'd' : 's');
	for (unsigned int i = 0; i < model_chosen.nr; i++)
		std::printf("%c",
			    "0123456789abcdefghijklmnopqrstuvwxyz"[model_chosen.value[i] % 36]);
	std::printf("\n");
}

/* FNV-1a over what happened: texts, tasks and values; no address. */
unsigned long long model_trace_hash(void)
{
	unsigned long long hash = 0xcbf29ce484222325u;
	auto mix = [&hash](unsigned long long byte) {
		hash = (hash ^ (byte & 0xff)) * 0x100000001b3u;
	};
	auto text = [&mix](const char *s) {
		for (; s && *s; s++)
			mix((unsigned char)*s);
		mix(0);
	};

	for (unsigned int i = 0; i < model_nr_events; i++) {
		const model_event &e = model_events[i];

		mix(e.task);
		text(e.function);
		text(e.what);
		text(e.name);
		for (unsigned int shift = 0; shift < 64; shift += 8) {
			mix(e.value >> shift);
			mix(e.newest >> shift);
		}
	}
	return hash;
}

void model_print_failure(const model_program &program, const model_result &result, bool deep)
{
	model_result again = model_replay(program, deep);

	if (again.result != result.result) {
		std::printf("harness\tthe recorded execution does not repeat: %s, and then %s\n",
			    model_verdict(result.result), model_verdict(again.result));
		std::exit(2);
	}
	std::printf("verdict\t%s\t%s\n", model_verdict(again.result), model_complaint);
	model_print_choices(deep);
	std::printf("trace\t%016llx\n", model_trace_hash());
	model_print_events();
}

int model_command_run(const model_program &program, const char *without, model_search search,
		      bool deep)
{
	model_result result;

	model_set_without(without);
	result = model_run(program, search, deep);
	std::printf("executions\t%llu\n", (unsigned long long)result.executions);
	for (unsigned int i = 0; i < model_seen.nr; i++)
		std::printf("outcome\t%s\n", model_seen.text[i]);
	if (result.result == rl::test_result_success) {
		std::printf("verdict\tpasses\t\n");
		return 0;
	}
	model_print_failure(program, result, deep);
	return 1;
}

int model_command_replay(const model_program &program, const char *without, const char *schedule)
{
	bool deep = schedule[0] == 'd';

	if (schedule[0] != 'd' && schedule[0] != 's')
		return 2;
	model_chosen.nr = 0;
	for (const char *c = schedule + 1; *c; c++) {
		const char *digits = "0123456789abcdefghijklmnopqrstuvwxyz";
		const char *at = std::strchr(digits, *c);

		if (!at)
			return 2;
		model_chosen.add(unsigned(at - digits));
	}
	model_set_without(without);
	model_result result = model_replay(program, deep);
	std::printf("executions\t1\nverdict\t%s\t%s\n", model_verdict(result.result),
		    model_complaint);
	model_print_choices(deep);
	std::printf("trace\t%016llx\n", model_trace_hash());
	model_print_events();
	return result.result == rl::test_result_success ? 0 : 1;
}

void model_command_list(void)
{
	for (const model_program *p = model_program::first; p; p = p->next) {
		model_names names;

		std::printf("program\t%s\t%s\t%u\t%s\t%u\t%s\n", p->name, p->group, p->threads,
			    model_search_name(p->search.strategy), p->search.number, p->question);
		model_orderings(*p, names);
		model_add_twins(*p, names);
		for (unsigned int i = 0; i < names.nr; i++)
			std::printf("without\t%s\n", names.text[i]);
	}
}

/* All that it comes to if every access is sequentially consistent. */
int model_command_outcomes(const model_program &program)
{
	model_set_without("");
	model_seq_cst = true;
	model_result result = model_run(program, program.search, true);
	model_seq_cst = false;
	if (result.result != rl::test_result_success)
		std::printf("%s\n", model_verdict(result.result));
	for (unsigned int i = 0; i < model_seen.nr; i++)
		std::printf("%s\n", model_seen.text[i]);
	return 0;
}

/* --- the test ------------------------------------------------------------------------------------------------------ */

bool model_updating; /* print the rows of weak_results.def, and judge nothing */
bool model_wrong;

void model_complain(const model_program &program, const char *without, const char *what)
{
	std::printf("FAIL %s%s%s: %s\n", program.name, *without ? " without " : "", without, what);
	std::fflush(stdout);
	model_wrong = true;
}

void model_judge(const model_program &program, const char *without, const model_result &result)
{
	const char *verdict = model_verdict(result.result);
	const model_known *known = model_known_of(program.name, without);
	bool passes = result.result == rl::test_result_success;

	if (model_updating) {
		std::printf("RESULT(%s, \"%s\", \"%s\", %llu)\n", program.name, without, verdict,
			    (unsigned long long)result.executions);
		std::fflush(stdout);
		return;
	}
	if (*without && passes && !*model_reason_of(program.name, without))
		model_complain(program, without, "passes, and weak_reasons.def does not say why");
	if (*without && !passes && *model_reason_of(program.name, without) && known &&
	    !std::strcmp(known->verdict, "passes"))
		model_complain(program, without, "fails, but weak_reasons.def says why not");
	if (!*without && !passes)
		model_complain(program, without, verdict);
	if (!known || std::strcmp(known->verdict, verdict) ||
	    known->executions != result.executions) {
		char text[160];

		std::snprintf(text, sizeof(text),
			      "%s after %llu, but weak_results.def has %s after %llu", verdict,
			      (unsigned long long)result.executions,
			      known ? known->verdict : "nothing", known ? known->executions : 0);
		model_complain(program, without, text);
	}
}

/* A litmus test must show what it says, and nothing else. */
void model_judge_litmus(const model_program &program)
{
	char all[1024] = "";

	for (unsigned int i = 0; i < model_seen.nr; i++) {
		size_t length = std::strlen(all);

		std::snprintf(all + length, sizeof(all) - length, "%s%s", i ? ", " : "",
			      model_seen.text[i]);
	}
	if (std::strcmp(all, program.outcomes)) {
		char text[2200];

		std::snprintf(text, sizeof(text), "shows %s; expected %s", all, program.outcomes);
		model_complain(program, "", text);
	}
}

void model_test(const model_program &program)
{
	model_names names;
	model_result result;

	model_set_without("");
	result = model_run(program, program.search, true);
	model_judge(program, "", result);
	if (program.outcomes) {
		if (!model_updating)
			model_judge_litmus(program);
		return;
	}
	if (std::strcmp(program.group, "scene"))
		model_orderings(program, names);
	model_add_twins(program, names);
	for (unsigned int i = 0; i < names.nr; i++) {
		model_set_without(names.text[i]);
		result = model_run(program, program.search, true);
		model_judge(program, names.text[i], result);
		if (result.result == rl::test_result_success)
			continue;
		/* Whatever was found can be found again, and looks the same twice. */
		unsigned long long first, second;
		model_result again = model_replay(program, true);
		first = model_trace_hash();
		bool same = again.result == result.result;
		again = model_replay(program, true);
		second = model_trace_hash();
		same = same && again.result == result.result && first == second;
		if (!same)
			model_complain(program, names.text[i], "does not repeat");
	}
	if (!model_updating) {
		std::printf("ok %s\n", program.name);
		std::fflush(stdout);
	}
}

/* Every row of the tables is about something that there is. */
void model_test_tables(void)
{
	for (const model_reason &row : model_reasons) {
		if (!model_find(row.program) && std::strcmp(row.program, "any"))
			std::printf("FAIL weak_reasons.def: no program %s\n", row.program),
				model_wrong = true;
	}
	for (const model_known &row : model_results) {
		if (!model_find(row.program))
			std::printf("FAIL weak_results.def: no program %s\n", row.program),
				model_wrong = true;
	}
}

/* --- the tables of docs/weak-memory.md ----------------------------------------------------------------------------- */

void model_command_tables(void)
{
	std::printf("| protocol | what it asks | executions | search |\n|---|---|---|---|\n");
	for (const model_program *p = model_program::first; p; p = p->next) {
		const model_known *known = model_known_of(p->name, "");

		if (p->outcomes || !known)
			continue;
		std::printf("| `%s` | %s | %llu | ", p->name, p->question, known->executions);
		if (p->search.strategy == SEARCH_ALL)
			std::printf("all |\n");
		else if (p->search.strategy == SEARCH_BOUND)
			std::printf("%u preemptions |\n", p->search.number);
		else
			std::printf("random |\n");
	}
	std::printf(
		"\n| protocol | without | outcome | in, or after, execution |\n|---|---|---|---|\n");
	for (const model_known &row : model_results) {
		const model_program *p = model_find(row.program);

		if (!p || p->outcomes || !*row.without)
			continue;
		if (!std::strcmp(row.verdict, "passes"))
			std::printf("| `%s` | `%s` | passes: %s | %llu |\n", row.program,
				    row.without, model_reason_of(row.program, row.without),
				    row.executions);
		else
			std::printf("| `%s` | `%s` | **%s** | %llu |\n", row.program, row.without,
				    row.verdict, row.executions);
	}
	std::printf(
		"\n| litmus test | what it says of Linux | outcomes seen, and no others | executions "
		"|\n|---|---|---|---|\n");
	for (const model_program *p = model_program::first; p; p = p->next) {
		const model_known *known = model_known_of(p->name, "");

		if (p->outcomes)
			std::printf("| `%s` | %s | %s | %llu |\n", p->name, p->question,
				    p->outcomes, known ? known->executions : 0);
	}
}

int model_usage(void)
{
	std::fprintf(
		stderr,
		"usage: daxrace-weak list | tables | results [PART] | test [PART] | outcomes NAME |\n"
		"       run NAME WITHOUT full|bound|random|own NUMBER SEED | replay NAME WITHOUT SCHEDULE\n");
	return 2;
}

int model_main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	const char *name = argc > 2 ? argv[2] : "";
	const model_program *program = model_find(name);

	if (!std::strcmp(command, "list")) {
		model_command_list();
		return 0;
	}
	if (!std::strcmp(command, "tables")) {
		model_command_tables();
		return 0;
	}
	if (!std::strcmp(command, "results") || !std::strcmp(command, "test")) {
		model_updating = command[0] == 'r';
		if (model_updating && !*name)
			std::printf(
				"/* SPDX-License-Identifier: GPL-2.0-only */\n/* What each search comes to: "
				"RESULT(program, what it lacks, verdict, executions). Written by "
				"`daxrace-weak results`. */\n");
		for (const model_program *p = model_program::first; p; p = p->next) {
			if (std::strstr(p->name, name))
				model_test(*p);
		}
		if (!model_updating)
			model_test_tables();
		return model_wrong;
	}
	if (!program)
		return model_usage();
	if (!std::strcmp(command, "outcomes"))
		return model_command_outcomes(*program);
	if (!std::strcmp(command, "replay") && argc == 5)
		return model_command_replay(*program, argv[3], argv[4]);
	if (std::strcmp(command, "run") || argc != 7)
		return model_usage();

	const char *strategy = argv[4];
	unsigned int number = unsigned(std::strtoul(argv[5], nullptr, 10));
	model_search search = program->search;

	model_seed = unsigned(std::strtoul(argv[6], nullptr, 10));
	if (!std::strcmp(strategy, "full"))
		search = model_search::all();
	else if (!std::strcmp(strategy, "bound"))
		search = model_search::bound(number);
	else if (!std::strcmp(strategy, "random"))
		search = model_search::random(number);
	return model_command_run(*program, argv[3], search, true);
}

} /* namespace */

} /* namespace kernel */

int main(int argc, char **argv)
{
	return kernel::model_main(argc, argv);
}
