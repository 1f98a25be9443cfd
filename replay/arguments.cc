/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/arguments.h"

#include <CLI/CLI.hpp>

namespace daxrace::replay {

Option Option::required() {
  option_->required();
  return *this;
}

Option Option::shows_default() {
  option_->capture_default_str();
  return *this;
}

Option Option::shows_default(const std::string& text) {
  option_->default_str(text);
  return *this;
}

Option Option::within(int first, int last) {
  option_->check(CLI::Range(first, last));
  return *this;
}

Option Option::within(uint32_t first, uint32_t last) {
  option_->check(CLI::Range(first, last));
  return *this;
}

Option Option::within(uint64_t first, uint64_t last) {
  option_->check(CLI::Range(first, last));
  return *this;
}

Option Option::one_of(const std::vector<std::string>& words) {
  option_->check(CLI::IsMember(words));
  return *this;
}

Option Option::check(std::function<std::string(const std::string&)> check) {
  option_->check(std::move(check));
  return *this;
}

Option Option::transform(std::function<std::string(std::string&)> transform) {
  option_->transform(CLI::Validator(std::move(transform), ""));
  return *this;
}

Option Option::one_at_a_time() {
  option_->allow_extra_args(false);
  return *this;
}

Command Command::add_command(const std::string& name, const std::string& text) {
  return Command(*app_->add_subcommand(name, text));
}

void Command::alias(const std::string& name) { app_->alias(name); }

void Command::require_command() { app_->require_subcommand(1); }

void Command::callback(std::function<void()> run) { app_->callback(std::move(run)); }

Option Command::add_option(const std::string& names, std::string& value, const std::string& text) {
  return Option(app_->add_option(names, value, text));
}

Option Command::add_option(const std::string& names, std::vector<std::string>& values,
                           const std::string& text) {
  return Option(app_->add_option(names, values, text));
}

Option Command::add_option(const std::string& names, int& value, const std::string& text) {
  return Option(app_->add_option(names, value, text));
}

Option Command::add_option(const std::string& names, uint32_t& value, const std::string& text) {
  return Option(app_->add_option(names, value, text));
}

Option Command::add_option(const std::string& names, uint64_t& value, const std::string& text) {
  return Option(app_->add_option(names, value, text));
}

Option Command::add_flag(const std::string& name, bool& value, const std::string& text) {
  return Option(app_->add_flag(name, value, text));
}

}  // namespace daxrace::replay
