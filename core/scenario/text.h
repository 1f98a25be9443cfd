/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The text form of a program. docs/program.md describes it.
 *
 * parse_strict is for people: it accepts a file as a whole or refuses it with the first thing that is wrong.
 * parse_lenient is for the fuzzer and for damaged files: it makes a valid program out of any bytes.
 *   - What parse_strict accepts, parse_lenient reads identically.
 *   - print(parse_lenient(x)) is a fixpoint, and parse_strict accepts it.
 *   - print is canonical: equal programs give equal bytes.
 */
#ifndef DAXRACE_CORE_SCENARIO_TEXT_H_
#define DAXRACE_CORE_SCENARIO_TEXT_H_

#include <string>
#include <string_view>
#include <variant>

#include "core/scenario/program.h"

namespace daxrace::scenario {

/* Lines and columns count from 1; columns are bytes. line 0: the file as a whole. */
struct ParseError {
  int line = 0;
  int column = 0;
  std::string message;    /* what is wrong and what was expected */
  std::string suggestion; /* "did you mean ...?", or empty */
};

/* `NAME:LINE:COLUMN: MESSAGE; SUGGESTION` on one line, printable characters only, at most 300. */
std::string describe(const ParseError& error, std::string_view file_name);

/* Bytes of a program's text. The largest program that is within the bounds prints to less (text_print.cc). */
inline constexpr size_t kTextMax = 2 << 20;

std::variant<Program, ParseError> parse_strict(std::string_view text);
Program parse_lenient(std::string_view text);
std::string print(const Program& program);
/* One operation as it stands in a task, without indentation. */
std::string print_operation(const Program& program, const Operation& op);

/* Makes any program valid: resolves indices, clips what is out of bounds, drops what cannot be. The lenient
 * reader and the mutators end with it; what it returns prints to text that parse_strict accepts. */
void repair(Program& program);

/* The nearest of `candidates` by edit distance, if it is near enough to be meant; else empty. */
std::string_view did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace daxrace::scenario

#endif  // DAXRACE_CORE_SCENARIO_TEXT_H_
