/* SPDX-License-Identifier: GPL-2.0-only */
/* Operations: arguments as the row of ops.def lists them, declarations, references. */
#include <algorithm>

#include "core/scenario/bounds.h"
#include "core/scenario/text_reader.h"
#include "core/scenario/text_words.h"

namespace daxrace::scenario {

bool Reader::read_operation(Line& line, const Token& word, OpKind kind) {
  const OpInfo& info = op_info(kind);
  const bool in_setup = section_ == kSetupSection;
  if (info.where == (in_setup ? OpWhere::kTask : OpWhere::kSetup)) {
    return fail(word, "operation ", Quoted{word.text}, " in ", section_name(section_), "; expected it ",
                in_setup ? "in a task only" : "in `setup` only");
  }
  const auto ops_max = static_cast<size_t>(in_setup ? kSetupMax : kOpsMax);
  if (operations(section_).size() == ops_max) {
    return fail(word, "one operation too many in ", section_name(section_), "; expected at most ",
                static_cast<int64_t>(ops_max));
  }
  Operation op;
  op.kind = kind;
  int slot = 0;
  for (const ArgKind arg : info.args) {
    if (!read_argument(line, arg, slot, op)) return false;
    slot += slots_of(arg);
  }
  if (!check_end(line)) return false;
  operations(section_).push_back(op);
  return true;
}

bool Reader::read_argument(Line& line, ArgKind kind, int slot, Operation& op) {
  int32_t& value = op.arg[static_cast<size_t>(slot)];
  switch (kind) {
    case ArgKind::kFile:
      return read_file(line.next(), value);
    case ArgKind::kNewFile:
      return read_new_file(line.next(), value);
    case ArgKind::kNewRegion:
      return read_new_region(line.next(), value);
    case ArgKind::kOffset:
    case ArgKind::kLength:
      return read_bounded_pages(line.next(), kind, op, value);
    case ArgKind::kSizeKey:
      return read_size_key(line.next(), op, value);
    case ArgKind::kProt:
      return read_protection(line, value);
    case ArgKind::kAccess:
      return read_access(line, value);
    case ArgKind::kProcess: {
      const Token name = line.next();
      region_uses_.push_back({name, section_, operations(section_).size(), slot, kind});
      return !name.empty() || fail_expected(name, "a process");
    }
    case ArgKind::kAddr:
      return read_address(line.next(), slot, op);
    case ArgKind::kRegion: {
      const Token name = line.next();
      region_uses_.push_back({name, section_, operations(section_).size(), slot, kind});
      return !name.empty() || fail_expected(name, "a region");
    }
  }
  return true;
}

bool Reader::check_name(const Token& name, std::string_view what) {
  if (is_name(name.text)) return true;
  return fail(name, "expected the name of ", what, " (up to ", int64_t{kNameMax},
              " letters, digits, `_`, `-`, not a digit or `-` first), found ", Instead{name});
}

bool Reader::read_file(const Token& name, int32_t& file) {
  const auto& files = program_.files;
  const auto found = std::ranges::find(files, name.text);
  file = found == files.end() ? name_hash(name.text) : static_cast<int32_t>(found - files.begin());
  if (found != files.end()) return true;
  if (name.empty()) return fail_expected(name, "a file");
  fail(name, "unknown file ", Quoted{name.text}, "; expected one that a `creat` before it has named");
  return suggest(name.text, [&](auto& out) { out.assign(files.begin(), files.end()); });
}

bool Reader::read_new_file(const Token& name, int32_t& file) {
  auto& files = program_.files;
  file = -1;
  if (!check_name(name, "a file")) return false;
  const auto found = std::ranges::find(files, name.text);
  if (found != files.end()) {
    return fail(name, "file ", Quoted{name.text}, " is already created in line ",
                int64_t{file_lines_[static_cast<size_t>(found - files.begin())]});
  }
  if (files.size() == kFilesMax) {
    return fail(name, "file ", Quoted{name.text}, " is one too many; expected at most ", int64_t{kFilesMax});
  }
  file = static_cast<int32_t>(files.size());
  file_lines_[files.size()] = name.line;
  files.emplace_back(name.text);
  return true;
}

bool Reader::read_new_region(const Token& word, int32_t& region) {
  region = -1;
  const bool in_setup = section_ == kSetupSection;
  const size_t dot = word.text.find('.');
  const bool prefixed = dot != std::string_view::npos;
  if (in_setup && !prefixed && !fail_expected(word, "PROCESS.REGION (`P.", word.text, "`) in `setup`"))
    return false;
  const Token name = prefixed ? word.part(dot + 1) : word;
  if (!in_setup && prefixed) {
    const bool go_on = fail(word, "unexpected process in ", Quoted{word.text}, "; expected ",
                            Quoted{name.text}, ": a task maps into its own process");
    if (!go_on) return false;
  }
  const Token process_name = word.part(0, prefixed ? dot : 0);
  if (in_setup && !check_name(process_name, "a process")) return false;
  if (!check_name(name, "a region")) return false;
  const int known = find_region(name.text);
  if (known >= 0) {
    return fail(name, "region ", Quoted{name.text}, " is already mapped in line ",
                int64_t{region_lines_[static_cast<size_t>(known)]},
                "; expected a name of its own for each region");
  }
  auto& regions = program_.regions;
  if (regions.size() == kRegionsMax) {
    return fail(name, "region ", Quoted{name.text}, " is one too many; expected at most ",
                int64_t{kRegionsMax});
  }
  int process = 0; /* damaged text may have no prefix: then the first process, if there is one */
  if (!in_setup) {
    process = program_.tasks[static_cast<size_t>(section_)].process;
  } else if (program_.processes.empty() || !process_name.empty()) {
    if (!find_or_add_process(process_name, process)) return false;
  }
  region = static_cast<int32_t>(regions.size());
  region_lines_[regions.size()] = name.line;
  regions.push_back({std::string(name.text), process});
  return true;
}

bool Reader::read_address(const Token& word, int slot, Operation& op) {
  const size_t dot = std::min(word.text.find('.'), word.text.size());
  const size_t plus = std::min(word.text.substr(0, dot).find('+'), dot);
  const auto at = static_cast<size_t>(slot);
  const Token name = word.part(0, plus);
  region_uses_.push_back({name, section_, operations(section_).size(), slot, ArgKind::kAddr});
  if (name.empty() && !fail_expected(word, "REGION[+OFFSET][.CELL]")) return false;
  if (plus < dot && !read_pages(word.part(plus + 1, dot - plus - 1), op.arg[at + 1])) return false;
  if (dot == word.text.size()) return true;
  int64_t cell = 0;
  if (!read_number(word.part(dot + 1), {0, program_.config.geometry.cells - 1}, cell)) return false;
  op.arg[at + 2] = static_cast<int32_t>(cell);
  return true;
}

bool Reader::read_size_key(const Token& word, Operation& op, int32_t& pages) {
  constexpr std::string_view kKey = "size=";
  if (word.text.starts_with(kKey))
    return read_bounded_pages(word.part(kKey.size()), ArgKind::kSizeKey, op, pages);
  fail_expected(word, "`size=LENGTH` (`size=1pmd`)");
  return suggest_word(word.text.substr(0, word.text.find('=')), {"size"});
}

bool Reader::read_bounded_pages(const Token& word, ArgKind kind, const Operation& op, int32_t& pages) {
  if (!read_pages(word, pages)) return false;
  const Geometry& geometry = program_.config.geometry;
  const Bounds bounds = argument_bounds(op, kind, geometry);
  if (bounds.contain(pages)) return true;
  return fail(word, Quoted{word.text}, " is out of range; expected ", Pages{bounds.min, geometry.pmd_pages},
              " to ", Pages{bounds.max, geometry.pmd_pages}, " here (a file has at most ",
              int64_t{kFilePmdsMax}, "pmd)");
}

bool Reader::read_pages(const Token& word, int32_t& pages) {
  std::string_view unit = word.text;
  int64_t number = 0;
  const size_t digits = take_number(unit, number);
  const int64_t value = number * (unit == "pmd" ? program_.config.geometry.pmd_pages : 1);
  pages = static_cast<int32_t>(std::min<int64_t>(value, INT32_MAX));
  if (digits > 0 && (unit == "pg" || unit == "pmd" || (unit.empty() && number == 0))) return true;
  fail_expected(word, "a number of pages (`0`, `3pg`, `1pmd`)");
  if (digits > 0 && !lenient()) {
    const std::string_view meant = did_you_mean(unit, {"pg", "pmd"});
    error_.suggestion = message_of("did you mean `", number, meant.empty() ? "pg" : meant, "`?");
  }
  return lenient();
}

bool Reader::read_number(const Token& word, Bounds bounds, int64_t& value) {
  std::string_view rest = word.text;
  const size_t digits = take_number(rest, value);
  const bool fits = bounds.contain(value);
  value = bounds.clip(value);
  if (digits == 0 || !rest.empty()) {
    return fail_expected(word, "a number, ", bounds.min, " to ", bounds.max);
  }
  return fits || fail(word, Quoted{word.text}, " is out of range; expected ", bounds.min, " to ", bounds.max);
}

bool Reader::read_protection(Line& line, int32_t& protection) {
  const Token how = line.next();
  if (how.text != "shared" && how.text != "private" && how.text != "sync") {
    const bool go_on = fail_expected(how, "`shared`, `private` or `sync`");
    if (!go_on) return suggest_word(how.text, {"shared", "private", "sync"});
  }
  const bool good = read_access(line, protection);
  if (how.text == "private") protection |= kProtPrivate;
  if (how.text == "sync") protection |= kProtSync;
  return good;
}

bool Reader::read_access(Line& line, int32_t& writable) {
  const Token access = line.next();
  writable = access.text == "rw" ? kProtWrite : 0;
  if (access.text == "rw" || access.text == "r") return true;
  fail_expected(access, "`rw` or `r`");
  return suggest_word(access.text, {"rw", "r"});
}

int Reader::find_region(std::string_view name) const {
  const auto found = std::ranges::find(program_.regions, name, &Region::name);
  return found == program_.regions.end() ? -1 : static_cast<int>(found - program_.regions.begin());
}

bool Reader::resolve_processes() {
  for (const RegionUse& use : region_uses_) {
    if (use.kind != ArgKind::kProcess) continue;
    const auto& names = program_.processes;
    const auto found = std::ranges::find(names, use.name.text);
    operations(use.section)[use.op].arg[static_cast<size_t>(use.slot)] =
        found == names.end() ? name_hash(use.name.text) : static_cast<int32_t>(found - names.begin());
    if (found != names.end() || lenient()) continue;
    fail(use.name, "unknown process ", Quoted{use.name.text}, "; expected one that has tasks or regions");
    return suggest(use.name.text, [&](auto& out) { out.assign(names.begin(), names.end()); });
  }
  return true;
}

bool Reader::resolve_regions() {
  if (!resolve_processes()) return false;
  const auto pages = region_pages(program_);
  for (const RegionUse& use : region_uses_) {
    if (use.kind == ArgKind::kProcess) continue;
    const int region = find_region(use.name.text);
    operations(use.section)[use.op].arg[static_cast<size_t>(use.slot)] =
        region < 0 ? name_hash(use.name.text) : region;
    if (!lenient() && !check_region_use(use, pages)) return false;
  }
  return true;
}

bool Reader::check_region_use(const RegionUse& use, const std::array<int32_t, kRegionsMax>& pages) {
  const Operation& op = operations(use.section)[use.op];
  const auto slot = static_cast<size_t>(use.slot);
  const int known = find_region(use.name.text);
  if (known < 0) {
    fail(use.name, "unknown region ", Quoted{use.name.text}, "; expected one that an `mmap` names");
    return suggest(use.name.text, [&](auto& out) {
      for (const Region& region : program_.regions) out.push_back(region.name);
    });
  }
  const auto region = static_cast<size_t>(known);
  if (use.section >= 0) {
    const int process = program_.tasks[static_cast<size_t>(use.section)].process;
    const int owner = program_.regions[region].process;
    if (!inherits(program_, process, owner)) {
      return fail(use.name, "region ", Quoted{use.name.text}, " is mapped in process ",
                  Quoted{program_.processes[static_cast<size_t>(owner)]}, "; expected a region of process ",
                  Quoted{program_.processes[static_cast<size_t>(process)]});
    }
  }
  if (use.kind != ArgKind::kAddr || op.arg[slot + 1] < pages[region]) return true;
  const int pmd_pages = program_.config.geometry.pmd_pages;
  return fail(use.name, "page ", Pages{op.arg[slot + 1], pmd_pages}, " of region ", Quoted{use.name.text},
              " is out of range; expected 0 to ", Pages{pages[region] - 1, pmd_pages});
}

std::string Reader::section_name(int section) const {
  if (section == kSetupSection) return "`setup`";
  const Task& task = program_.tasks[static_cast<size_t>(section)];
  return message_of("task ", program_.processes[static_cast<size_t>(task.process)], ".", task.name);
}

}  // namespace daxrace::scenario
