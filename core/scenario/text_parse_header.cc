/* SPDX-License-Identifier: GPL-2.0-only */
/* Header lines, expectations, and what a finding recorded. */
#include <algorithm>
#include <bit>
#include <charconv>

#include "core/scenario/text_reader.h"
#include "core/scenario/text_words.h"

namespace daxrace::scenario {

bool Reader::read_text(Line& line, std::string& text) {
  const Token rest = line.rest();
  if (rest.empty()) return fail_expected(rest, "text");
  if (rest.text.size() > kLineTextMax) {
    const bool go_on = fail(rest, "text of ", static_cast<int64_t>(rest.text.size()),
                            " bytes; expected at most ", int64_t{kLineTextMax});
    if (!go_on) return false;
  }
  text.assign(rest.text);
  clean_text(text);
  return true;
}

bool Reader::read_note(Line& line) {
  std::string text;
  if (!read_text(line, text)) return false;
  if (program_.notes.size() == kNotesMax) {
    return fail(line.last(), "one note too many; expected at most ", int64_t{kNotesMax});
  }
  program_.notes.push_back(std::move(text));
  return true;
}

bool Reader::read_list(Line& line, const ListOf& of, std::vector<std::string>& items) {
  do {
    const Token item = line.next(",:");
    if (!of.is_item(item.text)) {
      if (!fail_expected(item, of.what)) return false;
    } else if (std::ranges::find(items, item.text) != items.end()) {
      if (!fail(item, Quoted{item.text}, " is named twice; expected each name once")) return false;
    } else if (items.size() == of.items_max) {
      if (!fail(item, Quoted{item.text}, " is one name too many; expected at most ",
                static_cast<int64_t>(of.items_max))) {
        return false;
      }
    } else {
      items.emplace_back(item.text);
    }
  } while (line.take(','));
  return true;
}

bool Reader::read_whole_list(Line& line, const ListOf& of, std::vector<std::string>& items) {
  if (!read_list(line, of, items)) return false;
  return line.at_end() || fail_expected(line.next(), "`,` or the end of the line");
}

namespace {

constexpr std::string_view kRowShape = "the name of a patch (letters a-z, digits, `-`)";
constexpr std::string_view kVerdictShape = "`never` or a verdict (letters a-z, digits, `-`)";

}  // namespace

bool Reader::read_mirrors(Line& line) {
  return read_whole_list(line, {"the name of a function", is_symbol, kMirrorsMax}, program_.mirrors);
}

bool Reader::read_without(Line& line) {
  return read_whole_list(line, {kRowShape, is_row_name, kRowsMax}, program_.config.kernel.without);
}

bool Reader::read_with(Line& line) {
  return read_whole_list(line, {kRowShape, is_row_name, kRowsMax}, program_.config.kernel.with);
}

bool Reader::read_version_name(const Token& word, std::string& version) {
  if (!is_kernel_version(word.text)) return fail_expected(word, "a kernel version such as `v5.18`");
  version.assign(word.text);
  return true;
}

bool Reader::read_kernel(Line& line) {
  return read_version_name(line.next(), program_.config.kernel.version) && check_end(line);
}

bool Reader::read_geometry(Line& line) {
  Geometry& geometry = program_.config.geometry;
  bool seen_pmd = false;
  bool seen_cells = false;
  do {
    const Token word = line.next();
    const size_t equals = std::min(word.text.find('='), word.text.size());
    const std::string_view key = word.text.substr(0, equals);
    const bool is_pmd = key == "pmd";
    if (equals == word.text.size() || (!is_pmd && key != "cells")) {
      fail_expected(word, "`pmd=PAGES` or `cells=N`");
      return suggest_word(key, {"pmd", "cells"});
    }
    bool& seen = is_pmd ? seen_pmd : seen_cells;
    if (seen) return fail(word, Quoted{key}, " is given twice; expected it once");
    seen = true;
    int64_t value = 0;
    const Token number = word.part(equals + 1);
    if (!read_number(number, is_pmd ? Bounds{2, kPmdPagesMax} : Bounds{1, kCellsMax}, value)) return false;
    if (is_pmd && !std::has_single_bit(static_cast<uint64_t>(value))) {
      return fail_expected(number, "a power of two, 2 to ", int64_t{kPmdPagesMax});
    }
    (is_pmd ? geometry.pmd_pages : geometry.cells) = static_cast<int>(value);
  } while (!line.at_end());
  return true;
}

bool Reader::read_on_off(Line& line, bool& on) {
  const Token word = line.next();
  if (word.text != "on" && word.text != "off") {
    fail_expected(word, "`on` or `off`");
    return suggest_word(word.text, {"on", "off"});
  }
  on = word.text == "on";
  return check_end(line);
}

bool Reader::read_pmd(Line& line) { return read_on_off(line, program_.config.pmd_mappings); }

bool Reader::read_eadr(Line& line) { return read_on_off(line, program_.config.eadr); }

bool Reader::read_ddio(Line& line) { return read_on_off(line, program_.config.ddio); }

bool Reader::read_fs(Line& line) {
  const Token word = line.next();
  if (word.text != "ext4" && word.text != "xfs") {
    fail_expected(word, "`ext4` or `xfs`");
    return suggest_word(word.text, {"ext4", "xfs"});
  }
  program_.config.xfs = word.text == "xfs";
  return check_end(line);
}

bool Reader::read_memory(Line& line) {
  const Token word = line.next();
  if (word.text != "low" && word.text != "enough") {
    fail_expected(word, "`low` or `enough`");
    return suggest_word(word.text, {"low", "enough"});
  }
  program_.config.low_memory = word.text == "low";
  return check_end(line);
}

bool Reader::read_swap(Line& line) {
  Config& config = program_.config;
  do {
    const Token word = line.next();
    const bool exclusive = word.text == "no-exclusive";
    if (!exclusive && word.text != "stable-writes") {
      fail_expected(word, "`no-exclusive` or `stable-writes`");
      return suggest_word(word.text, {"no-exclusive", "stable-writes"});
    }
    if (exclusive ? !config.swap_exclusive : config.swap_stable_writes)
      return fail(word, Quoted{word.text}, " is given twice; expected it once");
    if (exclusive)
      config.swap_exclusive = false;
    else
      config.swap_stable_writes = true;
  } while (!line.at_end());
  return true;
}

bool Reader::read_conditions(Line& line, KernelChoice& kernel) {
  constexpr std::array<std::string_view, 3> kConditions = {"kernel", "without", "with"};
  std::array<bool, 3> seen{};
  for (;;) {
    Line ahead = line;
    const Token word = ahead.next(",:");
    const auto condition =
        static_cast<size_t>(std::ranges::find(kConditions, word.text) - kConditions.begin());
    if (condition == kConditions.size()) break;
    line = ahead;
    if (seen[condition] && !fail(word, Quoted{word.text}, " is given twice; expected it once")) return false;
    seen[condition] = true;
    const ListOf rows{kRowShape, is_row_name, kRowsMax};
    const bool go_on = condition == 0   ? read_version_name(line.next(",:"), kernel.version)
                       : condition == 1 ? read_list(line, rows, kernel.without)
                                        : read_list(line, rows, kernel.with);
    if (!go_on) return false;
  }
  if (seen == decltype(seen){} || line.take(':')) return true;
  return fail_expected(line.next(), "`:` after the conditions");
}

bool Reader::read_preemptions(Line& line, Expectation& expectation) {
  constexpr std::string_view kKey = "preemptions=";
  if (line.at_end()) return true;
  const Token word = line.next();
  if (!word.text.starts_with(kKey)) {
    fail_expected(word, "`,`, `preemptions=N` or the end of the line");
    return suggest_word(word.text.substr(0, word.text.find('=')), {"preemptions"});
  }
  if (expectation.verdicts.empty()) return fail(word, "unexpected ", Quoted{word.text}, " after `never`");
  int64_t value = 0;
  if (!read_number(word.part(kKey.size()), {0, kPreemptionsMax}, value)) return false;
  expectation.preemptions = static_cast<int>(value);
  return check_end(line);
}

bool Reader::read_expect(Line& line) {
  Expectation expectation;
  const Token at = line.last();
  const int failures = failures_;
  if (!read_expectation(line, expectation)) return false;
  /* What is left of a damaged expectation could expect something else: drop it as a whole. */
  return failures_ != failures || check_new_expectation(at, expectation);
}

bool Reader::read_expectation(Line& line, Expectation& expectation) {
  if (!read_conditions(line, expectation.kernel)) return false;
  Line ahead = line;
  const Token first = ahead.next(",:");
  bool go_on = true;
  if (first.text == "never") {
    line = ahead;
  } else {
    go_on = read_list(line, {kVerdictShape, is_verdict, kVerdictsMax}, expectation.verdicts);
  }
  if (go_on && read_preemptions(line, expectation)) return true;
  /* A misspelt condition reads like a verdict; what comes after it does not. */
  if (first.text != "never" && error_.suggestion.empty())
    suggest_word(first.text, {"kernel", "without", "with", "never"});
  return false;
}

bool Reader::check_new_expectation(const Token& at, const Expectation& expectation) {
  auto& all = program_.expectations;
  if (all.size() == kExpectationsMax) {
    return fail(at, "one expectation too many; expected at most ", int64_t{kExpectationsMax});
  }
  const auto same = std::ranges::find(all, expectation.kernel, &Expectation::kernel);
  if (same != all.end()) {
    return fail(at, "the same kernel and patches already have an expectation in line ",
                int64_t{expectation_lines_[static_cast<size_t>(same - all.begin())]},
                "; expected one line that names every verdict");
  }
  all.push_back(expectation);
  expectation_lines_.push_back(at.line);
  return true;
}

bool Reader::read_found(Line& line) {
  const Token word = line.next();
  if (!is_verdict(word.text)) return fail_expected(word, "a verdict (letters a-z, digits, `-`)");
  if (!check_end(line)) return false;
  program_.found.emplace().verdict.assign(word.text);
  return true;
}

bool Reader::read_signature(Line& line) {
  if (!program_.found)
    return fail(line.last(), "`signature` without a verdict; expected `found VERDICT` before it");
  return read_text(line, program_.found->signature);
}

bool Reader::read_hash(Line& line) {
  if (!program_.found)
    return fail(line.last(), "`hash` without a verdict; expected `found VERDICT` before it");
  const Token word = line.next();
  uint64_t hash = 0;
  const char* end = word.text.data() + word.text.size();
  const auto read = std::from_chars(word.text.data(), end, hash, 16);
  if (word.text.size() != 16 || read.ptr != end) return fail_expected(word, "16 hexadecimal digits");
  program_.found->trace_hash = hash;
  return check_end(line);
}

}  // namespace daxrace::scenario
