/* SPDX-License-Identifier: GPL-2.0-only */
#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "core/scenario/text.h"
#include "replay/command.h"
#include "replay/mail.h"

namespace daxrace::replay {

namespace {

struct Options {
  std::string from;
  std::string output;
};

std::string mail_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (std::filesystem::is_directory(path)) throw UsageError{path + ": is a directory; expected a mail"};
  if (!file) throw UsageError{path + ": cannot be read"};
  std::stringstream text;
  text << file.rdbuf();
  if (text.str().find('\0') != std::string::npos) throw UsageError{path + ": not a text, so not a mail"};
  return text.str();
}

int run(const Options& options) {
  check_writable(options.output);
  Mail mail = read_mail(mail_text(options.from));
  std::string text = scenario_from(mail);
  auto parsed = scenario::parse_strict(text);
  if (auto* error = std::get_if<scenario::ParseError>(&parsed))
    throw UsageError{"harness: " + scenario::describe(*error, options.from + " as a scenario")};
  if (!options.output.empty() && std::filesystem::exists(options.output))
    throw UsageError{options.output + ": exists; it is not written over"};
  write_text(text, options.output);
  if (!options.output.empty())
    std::cout << "wrote " << options.output << "; what is left to do stands in it\n";
  return kNoFinding;
}

}  // namespace

void add_scenario(Command app, const char* text, int* exit_code) {
  auto options = std::make_shared<Options>();
  Command command = app.add_command("scenario", text);
  command.require_command();
  Command fresh = command.add_command("new", "begin a scenario from a report");
  fresh.add_option("--from", options->from, "an mbox, a mail, or the text of an archive's page").required();
  fresh.add_option("--output,-o", options->output, "file to write, instead of standard output");
  fresh.callback([options, exit_code] { *exit_code = run(*options); });
}

}  // namespace daxrace::replay
