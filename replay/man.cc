/* SPDX-License-Identifier: GPL-2.0-only */
/* Manual pages, from the commands as they are defined. */
#include <CLI/CLI.hpp>
#include <sstream>

#include "daxrace_version.h"
#include "replay/help.h"

namespace daxrace::replay {

namespace {

/* Nothing that roff takes for its own. */
std::string roff(const std::string& text) {
  std::string out;
  bool line = true;
  for (char c : text) {
    if (line && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    line = c == '\n';
  }
  return out;
}

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

std::string argument_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return "";
  auto choices = choices_of(option);
  if (choices.empty())
    return option.get_type_name().starts_with("INT") || option.get_type_name().starts_with("UINT") ? "N"
                                                                                                   : "WORD";
  std::string text;
  for (const std::string& choice : choices) text += (text.empty() ? "" : "|") + choice;
  return text;
}

void write_options(const CLI::App& command, std::ostringstream& out) {
  for (const CLI::Option* option : command.get_options()) {
    out << ".TP\n";
    if (option->get_positional()) {
      out << ".I " << roff(option->get_name(true)) << "\n";
    } else {
      std::string names;
      for (const std::string& name : option->get_snames())
        names += (names.empty() ? "\\-" : ", \\-") + roff(name);
      for (const std::string& name : option->get_lnames())
        names += (names.empty() ? "\\-\\-" : ", \\-\\-") + roff(name);
      const std::string argument = argument_of(*option);
      out << "\\fB" << names << "\\fR" << (argument.empty() ? "" : " \\fI" + roff(argument) + "\\fR") << "\n";
    }
    std::string text = option->get_description();
    if (option->get_lnames() == std::vector<std::string>{"help"}) text = "print a summary and examples";
    if (option->get_lnames() == std::vector<std::string>{"version"}) text = "print the version";
    out << roff(text);
    if (!option->get_default_str().empty() && option->get_default_str() != "false" &&
        option->get_default_str() != "\"\"")
      out << " (default: " << roff(option->get_default_str()) << ")";
    out << "\n";
  }
}

void write_examples(const CLI::App& command, std::ostringstream& out) {
  auto examples = examples_of(command.get_name());
  if (examples.empty()) return;
  out << ".SH EXAMPLES\n";
  for (const Example& example : examples) {
    std::string what = example.what;
    what[0] = upper(what.substr(0, 1))[0];
    out << ".PP\n"
        << roff(what) << (what.back() == '?' ? "" : ".") << "\n.PP\n.nf\n.RS\n"
        << roff(example.line) << "\n.RE\n.fi\n";
  }
}

std::string synopsis(const std::string& name, const CLI::App& command) {
  std::string text = "\\fB" + roff(name) + "\\fR [\\fIoptions\\fR]";
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    const std::string word = "\\fI" + roff(option->get_name(true)) + "\\fR";
    text += (option->get_required() ? " " + word : " [" + word + "]") +
            (option->get_items_expected_max() > 1 ? " ..." : "");
  }
  return text;
}

constexpr const char* kExitStatus =
    ".SH EXIT STATUS\n.TP\n.B 0\nno finding, or a finding that was verified\n.TP\n.B 1\na finding\n.TP\n.B "
    "2\n"
    "wrong usage, a bad file, or a fault of the harness\n.TP\n.B 3\nof a campaign: known findings "
    "only\n.TP\n.B "
    "130\ninterrupted; a summary has been written\n";

}  // namespace

std::string man_page(const CLI::App& app, const CLI::App* command) {
  const bool all = command == nullptr;
  const CLI::App& self = all ? app : *command;
  const std::string name = all ? "daxrace" : "daxrace-" + command->get_name();
  const std::string spoken = all ? "daxrace" : "daxrace " + command->get_name();
  std::ostringstream out;
  out << ".\\\" SPDX-License-Identifier: GPL-2.0-only\n.TH \"" << upper(roff(name)) << "\" 1 \"\" \"daxrace "
      << DAXRACE_VERSION << "\" \"daxrace\"\n.SH NAME\n"
      << roff(name) << " \\- " << roff(self.get_description()) << "\n.SH SYNOPSIS\n";
  const auto inner = commands_of(self);
  if (inner.empty()) {
    out << synopsis(spoken, self) << "\n";
  } else if (all) {
    out << "\\fBdaxrace\\fR \\fIcommand\\fR [\\fIoptions\\fR] ...\n";
  } else {
    for (const CLI::App* each : inner)
      out << synopsis(spoken + " " + each->get_name(), *each) << "\n"
          << (each == inner.back() ? "" : ".br\n");
  }
  if (all) {
    out << ".SH DESCRIPTION\ndaxrace runs a model of the Linux kernel's fsdax and mm code under a scheduler "
           "that "
           "decides every\ninterleaving. It finds races in programs of a few lines (scenarios), replays them "
           "exactly, "
           "draws them, says\nwhich patch makes them go away, and writes them as C programs for a real "
           "kernel.\n"
           ".SH COMMANDS\n";
    for (const CLI::App* each : inner)
      out << ".TP\n.BR daxrace\\-" << roff(each->get_name()) << " (1)\n"
          << roff(each->get_description()) << "\n";
  }
  out << ".SH OPTIONS\n";
  write_options(self, out);
  if (!all) {
    for (const CLI::App* each : inner) {
      out << ".SS \"" << roff(spoken + " " + each->get_name()) << "\"\n"
          << roff(each->get_description()) << "\n";
      write_options(*each, out);
    }
    write_examples(self, out);
  }
  out << kExitStatus << ".SH SEE ALSO\n";
  if (all) {
    out << "The files in docs/ of the source, and README.md.\n";
  } else {
    out << ".BR daxrace (1)\n";
  }
  return out.str();
}

}  // namespace daxrace::replay
