/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps in words: what every form of a timeline says about an event.
 */
#ifndef DAXRACE_REPLAY_STEP_WORDS_H_
#define DAXRACE_REPLAY_STEP_WORDS_H_

#include <string>
#include <vector>

#include "core/scenario/execute.h"

namespace daxrace::replay {

/* Whose value it is: "R.A op 0", "zeros". */
std::string value_words(const scenario::Runner& runner, uint64_t value);
/* Tasks that have a column: those of the program, and behind them the requests to a device that came to run.
 */
size_t tasks_of(const scenario::Runner& runner);
/* The operation with that index of the task, as it stands in the program. */
std::string operation_words(const scenario::Runner& runner, engine::TaskId task, uint64_t index);
/* "entry f:0", "xa_lock(f)". */
std::string object_words(const scenario::Runner& runner, const engine::Event& event);
/* "= 0", "SIGBUS". */
std::string result_words(uint64_t value);
/* The state that the event shows or changes, "PTE 4 = pfn 0 rw"; empty: none that matters. */
std::string state_words(const scenario::Runner& runner, const engine::Event& event);
/* What it does, whether that matters or not. Never empty. */
std::string deed_words(const scenario::Runner& runner, const engine::Event& event);
/* The whole event on one line, without its task: "dax_insert_entry(): entry 0 = zero". Never empty. */
std::string event_words(const scenario::Runner& runner, const engine::Event& event);
/* The same with its task. */
std::string step_words(const scenario::Runner& runner, uint32_t step);
/* What the finding says, in the words of the timeline. Of a deadlock over a page, also who has pinned it. */
std::string sentence_words(const scenario::Runner& runner, const engine::Finding& finding);
/* "stale-read: ...": what the finding says, in the words of the timeline. */
std::string finding_words(const scenario::Runner& runner, const engine::Finding& finding);
/* The steps that its sentence names. */
std::vector<uint32_t> steps_named(const std::string& sentence);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_STEP_WORDS_H_
