/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How commands describe their arguments: CLI11, compiled once. It is header only, and each file that builds a
 * command with it pays for most of it, two thirds of what it takes to compile `daxrace list`.
 *
 * Handles, as small as a pointer, of what the CLI::App of main() owns. Variables must outlive the parsing.
 * Wrong definitions throw CLI::ConstructionError.
 */
#ifndef DAXRACE_REPLAY_ARGUMENTS_H_
#define DAXRACE_REPLAY_ARGUMENTS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace daxrace::replay {

class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option required();
  /* The value that the variable has now is shown by --help. */
  Option shows_default();
  Option shows_default(const std::string& text);
  Option within(int first, int last);
  Option within(uint32_t first, uint32_t last);
  Option within(uint64_t first, uint64_t last);
  Option one_of(const std::vector<std::string>& words);
  /* `check` says what is wrong with a value, or nothing. */
  Option check(std::function<std::string(const std::string&)> check);
  /* The same, and it may change the value. */
  Option transform(std::function<std::string(std::string&)> transform);
  /* --x A --x B, never --x A B. */
  Option one_at_a_time();

 private:
  CLI::Option* option_;
};

class Command {
 public:
  explicit Command(CLI::App& app) : app_(&app) {}

  Command add_command(const std::string& name, const std::string& text);
  void alias(const std::string& name);
  /* One of its commands must be given. */
  void require_command();
  void callback(std::function<void()> run);

  /* Names as CLI11 has them: "FILE" for what has a place, "--output,-o" for what has a name. */
  Option add_option(const std::string& names, std::string& value, const std::string& text);
  Option add_option(const std::string& names, std::vector<std::string>& values, const std::string& text);
  Option add_option(const std::string& names, int& value, const std::string& text);
  Option add_option(const std::string& names, uint32_t& value, const std::string& text);
  Option add_option(const std::string& names, uint64_t& value, const std::string& text);
  Option add_flag(const std::string& name, bool& value, const std::string& text);

  const CLI::App& app() const { return *app_; }

 private:
  CLI::App* app_;
};

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_ARGUMENTS_H_
