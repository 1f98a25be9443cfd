/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/export_writer.h"

namespace daxrace::replay {

using scenario::Operation;
using scenario::OpKind;

std::string ExportWriter::regions() const {
  std::string out = "\n/* --- the program " + std::string(58, '-') + " */\n\n";
  for (size_t i = 0; i < program_.regions.size(); ++i) {
    if (code_.is_mapped(static_cast<int>(i))) out += code_.region_definition(static_cast<int>(i));
  }
  for (size_t i = 0; i < program_.processes.size(); ++i)
    out += "static void " + code_.process_body(static_cast<int>(i)) + "(void);\n";
  return out;
}

std::string ExportWriter::tasks() const {
  std::string out;
  for (size_t t = 0; t < program_.tasks.size(); ++t) {
    const scenario::Task& task = program_.tasks[t];
    std::string label = scenario::task_label(program_, static_cast<int>(t));
    out += "\nstatic void *" + code_.task_body(static_cast<int>(t)) +
           "(void *arg)\n{\n\tprctl(PR_SET_NAME, \"" + label.substr(0, 15) + "\");\n";
    if (begins_itself(task.process)) out += "\tarrive();\n";
    for (size_t i = 0; i < task.ops.size(); ++i) {
      std::string id = code_.op(static_cast<int>(t), i);
      if (!forced_) out += "\tspin(" + id + ", 20000);\n";
      if (forced_) {
        for (const ExportWait& wait : order_.waits[t][i])
          out += std::string("\t") + (wait.returned ? "after(" : "during(") +
                 code_.op(static_cast<int>(wait.task), wait.op) + ");\n";
      }
      out += "\t" + code_.call(task.ops[i], id) + "\t/* " + harmless(words(task.ops[i])) + " */\n";
      if (task.ops[i].kind == OpKind::k_crash) break;
    }
    out += "\treturn arg;\n}\n";
  }
  return out;
}

std::string ExportWriter::processes() const {
  std::string out;
  for (size_t p = 0; p < program_.processes.size(); ++p) {
    const int process = static_cast<int>(p);
    out +=
        "\nstatic void " + code_.process_body(process) + "(void)\n{\n\tbe(" + code_.process(process) + ");\n";
    for (size_t f = 0; f < program_.files.size(); ++f) {
      if (code_.has_open(process, static_cast<int>(f)))
        out += "\topen_file(" + code_.file(static_cast<int>(f)) + ");\n";
    }
    out += setup_of(process);
    for (size_t t = 0; t < program_.tasks.size(); ++t) {
      if (program_.tasks[t].process == process)
        out += "\tstart(" + code_.task_body(static_cast<int>(t)) + ");\n";
    }
    out += "\tjoin();\n";
    for (int region : code_.regions_of(process))
      out += "\tlook(" + code_.look(process, region) + ", &" + code_.region(region) + ");\n";
    if (has("aioread")) out += "\treap();\n";
    out += "}\n";
  }
  return out;
}

/* The operations of setup that a process does, or main(); each after the one before, whoever does that. */
std::string ExportWriter::setup_of(int process) const {
  std::string out;
  std::string before;
  int by = process;
  for (size_t i = 0; i < program_.setup.size(); ++i) {
    const Operation& op = program_.setup[i];
    if (op.kind == OpKind::k_creat || op.kind == OpKind::k_mkdir) continue;
    const int who = code_.setup_process(op);
    const std::string id = code_.op(kSetup, i);
    if (who == process) {
      if (!before.empty()) out += "\tafter(" + before + ");\n";
      out += "\t" + code_.call(op, id) + "\t/* " + harmless(words(op)) + " */\n";
    }
    by = who;
    before = by == process ? "" : id;
  }
  return out;
}

}  // namespace daxrace::replay
