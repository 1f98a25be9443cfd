/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The engine against Relacy: where every access is sequentially consistent, a program comes to the same under both. The
 * engine's side explores all schedules; the other asks daxrace-weak.
 */
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <ostream>
#include <set>
#include <string>

#include "core/engine/strategy_dfs.h"
#include "core/model/protocol/engine_small.h"

namespace kernel_small
{

#include "core/model/protocol/small_kernel.h"
#include "core/model/protocol/small_entry.h"

#include "core/model/protocol/litmus.h"
#include "core/model/protocol/programs.h"
#include "core/model/protocol/programs_entry.h"

namespace
{

using Outcomes = std::set<std::string>;

struct Program {
	const char *name;
	unsigned int threads;
	const char *search; /* of daxrace-weak */
	void *(*create)(engine::Arena &arena);
	void (*thread)(void *state, unsigned int index);
	void (*after)(void *state, model_outcome &outcome);
};

template <class Type>
constexpr Program program_of(const char *name, unsigned int threads, const char *search)
{
	return { name,
		 threads,
		 search,
		 [](engine::Arena &arena) -> void * {
			 return arena.make<Type>();
		 },
		 [](void *state, unsigned int index) {
			 static_cast<Type *>(state)->thread(index);
		 },
		 [](void *state, model_outcome &outcome) {
			 static_cast<Type *>(state)->after(outcome);
		 } };
}

const Program programs[] = {
#define PROGRAM(name, threads, search, number, question) \
	program_of<program_##name>(#name, threads, #search),
	MODEL_ENTRY_PROGRAMS(PROGRAM, PROGRAM) MODEL_PROGRAMS(PROGRAM, PROGRAM)
#undef PROGRAM
#define ROW(name, threads, outcomes, says) program_of<litmus_##name>(#name, threads, "all"),
		MODEL_LITMUS(ROW)
#undef ROW
};

const Program *running;
void *state;

void body(void *index)
{
	running->thread(state, static_cast<unsigned int>(reinterpret_cast<uintptr_t>(index)));
}

void boot(void *)
{
	static const char *const names[] = { "T0", "T1", "T2", "T3" };
	engine::Execution &execution = engine::Execution::current();

	state = running->create(execution.arena());
	for (uintptr_t i = 0; i < running->threads; i++)
		execution.spawn(body, reinterpret_cast<void *>(i), names[i]);
}

/* Every schedule, up to states that are alike. */
Outcomes by_engine(const Program &program)
{
	engine::DfsStrategy search(
		{ .preemptions_max = 1000, .preemptions_min = 1000, .prune = true });
	engine::Execution execution({ .steps_max = 20000 });
	Outcomes outcomes;

	running = &program;
	while (search.begin()) {
		engine::End end = execution.run(search, boot, nullptr);

		if (end == engine::End::kAbandoned)
			continue;
		if (execution.headline()) {
			outcomes.insert(std::string(execution.headline()->verdict));
			continue;
		}
		model_outcome outcome;
		program.after(state, outcome);
		outcomes.insert(outcome.text);
	}
	return outcomes;
}

Outcomes by_relacy(const std::string &command)
{
	Outcomes outcomes;
	FILE *pipe = popen(command.c_str(), "r");
	char line[256];

	while (pipe && fgets(line, sizeof(line), pipe))
		outcomes.insert(std::string(line, strcspn(line, "\n")));
	EXPECT_TRUE(pipe && pclose(pipe) == 0) << command;
	return outcomes;
}

/* Otherwise a test would be called by the bytes of its parameter, addresses among them. */
void PrintTo(const Program &program, std::ostream *os)
{
	*os << program.name;
}

class protocol_outcomes_test : public ::testing::TestWithParam<Program>
{
};

TEST_P(protocol_outcomes_test, AreThoseOfRelacy)
{
	const std::string relacy = std::string(DAXRACE_BIN_DIR) + "/daxrace-weak";

	if (!std::strcmp(GetParam().search, "random"))
		GTEST_SKIP() << "it need not come to all outcomes";
	if (!std::filesystem::exists(relacy))
		GTEST_SKIP() << "daxrace-weak is not built here";
	Outcomes expected = by_relacy(relacy + " outcomes " + GetParam().name);
	EXPECT_FALSE(expected.empty());
	EXPECT_EQ(expected, by_engine(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(All, protocol_outcomes_test, ::testing::ValuesIn(programs),
			 [](const ::testing::TestParamInfo<Program> &info) {
				 return std::string(info.param.name);
			 });

} /* namespace */

} /* namespace kernel_small */
