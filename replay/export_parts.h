/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of an exported C program that are the same in all of them: gates, operations, checks, main().
 */
#ifndef DAXRACE_REPLAY_EXPORT_PARTS_H_
#define DAXRACE_REPLAY_EXPORT_PARTS_H_

#include <set>
#include <string>

namespace daxrace::replay {

struct ExportPart {
  const char* name;
  const char* needs; /* names of other parts, with blanks between them */
  const char* text;
};

/* Adds the part and what it needs. Bounds: it exists. */
void need_part(std::set<std::string>& parts, const std::string& name);

/* The text of those parts, those that others need first: `shared` goes before the program's own tables,
 * `operations` behind them. */
std::string shared_parts(const std::set<std::string>& parts);
std::string operation_parts(const std::set<std::string>& parts);

/* Tables in which they stand, in order; the last has no name. */
extern const ExportPart kSharedParts[];
extern const ExportPart kOperationParts[];
extern const ExportPart kDeviceParts[];
extern const ExportPart kCheckParts[];

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_EXPORT_PARTS_H_
