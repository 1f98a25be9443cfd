/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be said about the commands from their own definitions: examples below --help, manual pages, words
 * that complete a line, and what somebody meant who mistyped.
 */
#ifndef DAXRACE_REPLAY_HELP_H_
#define DAXRACE_REPLAY_HELP_H_

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Error;
class Option;
}  // namespace CLI

namespace daxrace::replay {

struct Example {
  const char* command;
  const char* line;
  const char* what;
};
/* In the order of examples.def. */
std::vector<Example> examples_of(std::string_view command);

/* Below --help of every command: its examples and the exit status. */
void add_footers(CLI::App& app);

/* In roff, with the macros of man(7). `command`: a command of `app`, or null for daxrace itself. */
std::string man_page(const CLI::App& app, const CLI::App* command);

/* What may stand for the last of the words, which is begun or empty. A line `:files` means files. `words` do
 * not have the name of the program. */
std::vector<std::string> completions(const CLI::App& app, const std::vector<std::string>& words);
inline constexpr const char* kFilesComplete = ":files";

/* The error in one line, with what was probably meant. Of options and values; commands are main()'s. */
std::string explained(const CLI::App& app, const CLI::Error& error);

/* "{text,mail}" in the name of an option's type; empty if it takes anything. */
std::vector<std::string> choices_of(const CLI::Option& option);
/* Commands of a command, without the groups that CLI11 itself makes. */
std::vector<const CLI::App*> commands_of(const CLI::App& app);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_HELP_H_
