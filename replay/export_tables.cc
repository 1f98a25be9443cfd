/* SPDX-License-Identifier: GPL-2.0-only */
#include <algorithm>
#include <sstream>

#include "replay/export_writer.h"

namespace daxrace::replay {

namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string ExportWriter::tables() const {
  std::ostringstream out;
  out << "#define CELL (PAGE / " << program_.config.geometry.cells << ")\n\n";
  out << "enum { CONTROLLER = -1";
  for (size_t i = 0; i < program_.processes.size(); ++i) out << ", " << code_.process(static_cast<int>(i));
  out << ", PROCESSES };\n";
  /* Objects that are files come first. */
  out << "enum { FILES = " << program_.files.size() << ", TASKS = " << program_.tasks.size()
      << ", AT_START = " << tasks_at_start() + 1 << " };\n";
  if (!code_.objects().empty()) {
    out << "enum { ";
    const char* comma = "";
    for (const auto& object : code_.objects()) {
      out << comma << object.identifier;
      comma = ", ";
    }
    out << " };\n";
  }
  out << "\nenum {";
  for (const Row& row : rows_) out << "\n\t" << row.id << ",";
  out << "\n\tOPS\n};\n\n";
  out << "static const struct {\n\tconst char *text;\n\tint process;\n\tint inside;\t/* of its file, all the "
         "time: no SIGBUS */\n\tint ends;\t/* its process */\n} ops[OPS] = {\n";
  for (const Row& row : rows_) {
    out << "\t[" << row.id << "] = { \"" << escaped(row.text) << "\", "
        << (row.process < 0 ? "CONTROLLER" : code_.process(row.process)) << ", " << row.inside << ", "
        << row.ends << " },\n";
  }
  out << "};\n\n/* Files, and memory that is private: its file, if it has one. */\n"
      << "static const struct {\n\tconst char *name;\n\tint private, under;\n\tint unchecked;\t/* what it "
         "holds */\n} objects[] = {\n";
  for (const auto& object : code_.objects()) {
    out << "\t[" << object.identifier << "] = { \"" << object.name << "\", " << object.is_private << ", "
        << (object.under < 0 ? "-1" : code_.file(object.under)) << ", " << object.unchecked << " },\n";
  }
  if (code_.objects().empty()) out << "\t{ \"\", 0, -1, 1 },\n";
  out << "};\n\nstatic const struct {\n\tint object;\n\toff_t at;\n\tconst char *name;\n} places[] = {\n";
  for (const ExportPlace& place : code_.places()) {
    const auto& object = code_.objects()[static_cast<size_t>(place.object)];
    out << "\t{ " << object.identifier << ", " << code_.at(place) << ", \"" << object.name << " page "
        << place.page << (place.cell == 0 ? "" : " cell " + std::to_string(place.cell)) << "\" },\n";
  }
  if (code_.places().empty()) out << "\t{ 0, 0, \"\" },\n";
  out << "};\n\n#define PLACES ((int)(sizeof(places) / sizeof(places[0])))\n"
      << "#define NOTES (OPS * PLACES + 1)\n";
  if (has("values")) {
    out << "\n/* By which fork(2) of whom there is a process; -1: from the start. */\n"
        << "static const struct {\n\tint op, parent;\n} forks[] = {\n";
    for (size_t i = 0; i < program_.processes.size(); ++i) {
      auto origin = code_.origin(static_cast<int>(i));
      if (origin.task < 0) {
        out << "\t{ -1, -1 },\n";
      } else {
        out << "\t{ " << code_.op(origin.task, origin.op) << ", "
            << code_.process(program_.tasks[static_cast<size_t>(origin.task)].process) << " },\n";
      }
    }
    if (program_.processes.empty()) out << "\t{ -1, -1 },\n";
    out << "};\n";
  }
  return out.str();
}

size_t ExportWriter::tasks_at_start() const {
  return static_cast<size_t>(
      std::count_if(program_.tasks.begin(), program_.tasks.end(),
                    [&](const scenario::Task& task) { return begins_itself(task.process); }));
}

}  // namespace daxrace::replay
