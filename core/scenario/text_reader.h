/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reader behind parse_strict and parse_lenient. There is one, so that what strict accepts is read
 * identically: they differ only in what fail() does.
 *
 * Functions return whether to go on. `return fail(...)` is the pattern for everything that is wrong: a strict
 * reader keeps the error and stops; a lenient one goes on with what it has, so a function puts a usable value
 * in place before it fails, and a line fails before it has changed the program if it is to be dropped.
 */
#ifndef DAXRACE_CORE_SCENARIO_TEXT_READER_H_
#define DAXRACE_CORE_SCENARIO_TEXT_READER_H_

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/scenario/bounds.h"
#include "core/scenario/program.h"
#include "core/scenario/text.h"
#include "core/scenario/text_error.h"
#include "core/scenario/text_lexer.h"

namespace daxrace::scenario {

/* The parts of a text, in their order. */
enum class Part : uint8_t { kHeader, kSetup, kTasks, kTail };
inline constexpr size_t kParts = 4;

class Reader {
 public:
  enum class Mode : uint8_t { kStrict, kLenient };

  Reader(std::string_view text, Mode mode) : text_(text), mode_(mode) {}

  /* Once. False: error() says why; only a strict reader returns it. */
  bool run();
  /* Of a lenient reader: what repair() still has to mend. */
  Program& program() { return program_; }
  ParseError& error() { return error_; }

 private:
  /* A keyword that starts a line outside of operations and switches. */
  struct Keyword {
    std::string_view name;
    Part part;
    bool repeats;
    bool (Reader::*read)(Line&);
  };
  static constexpr size_t kKeywords = 24;
  static const std::array<Keyword, kKeywords> kKeywordTable;

  /* A reference to a region, which may stand before the mmap that declares it. */
  struct RegionUse {
    Token name;
    int section;
    size_t op;
    int slot;
    ArgKind kind;
  };

  static constexpr int kNoSection = -3;
  static constexpr int kScheduleSection = -2;
  static constexpr int kSetupSection = -1; /* from here on with operations; from 0 on: the task */

  bool lenient() const { return mode_ == Mode::kLenient; }

  template <typename... Parts>
  bool fail(const Token& at, const Parts&... parts) {
    ++failures_;
    if (lenient()) return true;
    error_ = {at.line, at.column, message_of(parts...), {}};
    return false;
  }
  template <typename... Parts>
  bool fail_expected(const Token& at, const Parts&... parts) {
    return fail(at, "expected ", parts..., ", found ", Instead{at});
  }
  /* `collect` fills a vector with the words that could have been meant. */
  template <typename Collect>
  bool suggest(std::string_view word, Collect collect) {
    if (lenient()) return true;
    std::vector<std::string_view> candidates;
    collect(candidates);
    const std::string_view meant = did_you_mean(word, candidates);
    if (!meant.empty()) error_.suggestion = message_of("did you mean ", Quoted{meant}, "?");
    return false;
  }
  bool suggest_word(std::string_view word, std::initializer_list<std::string_view> candidates) {
    return suggest(word, [&](auto& out) { out.assign(candidates); });
  }

  /* text_parse.cc: the text, its lines, its sections */
  bool check_text();
  bool check_bytes();
  bool check_first_line(Line line);
  bool read_line(Line& line);
  bool read_keyword(Line& line, const Token& word);
  bool check_order(const Token& word, Part part);
  bool fail_unknown_word(const Token& word);
  bool check_end(Line& line);
  bool read_version(Line& line);
  bool read_setup(Line& line);
  bool read_task(Line& line);
  bool read_schedule(Line& line);
  bool find_or_add_process(const Token& name, int& process);

  /* text_parse_header.cc: header lines, expectations, what was found */
  template <std::string Program::* field>
  bool read_text_field(Line& line) {
    return read_text(line, program_.*field);
  }
  bool read_text(Line& line, std::string& text);
  bool read_note(Line& line);
  bool read_mirrors(Line& line);
  bool read_kernel(Line& line);
  bool read_without(Line& line);
  bool read_with(Line& line);
  bool read_geometry(Line& line);
  bool read_pmd(Line& line);
  bool read_on_off(Line& line, bool& on);
  bool read_eadr(Line& line);
  bool read_ddio(Line& line);
  bool read_memory(Line& line);
  bool read_fs(Line& line);
  bool read_swap(Line& line);
  bool read_expect(Line& line);
  bool read_expectation(Line& line, Expectation& expectation);
  bool read_conditions(Line& line, KernelChoice& kernel);
  bool read_preemptions(Line& line, Expectation& expectation);
  bool check_new_expectation(const Token& at, const Expectation& expectation);
  bool read_found(Line& line);
  bool read_signature(Line& line);
  bool read_hash(Line& line);
  bool read_version_name(const Token& word, std::string& version);
  struct ListOf {
    std::string_view what;
    bool (*is_item)(std::string_view);
    size_t items_max;
  };
  bool read_list(Line& line, const ListOf& of, std::vector<std::string>& items);
  bool read_whole_list(Line& line, const ListOf& of, std::vector<std::string>& items);

  /* text_parse_operation.cc */
  bool read_operation(Line& line, const Token& word, OpKind kind);
  bool read_argument(Line& line, ArgKind kind, int slot, Operation& op);
  bool read_file(const Token& name, int32_t& file);
  bool read_new_file(const Token& name, int32_t& file);
  bool read_new_region(const Token& word, int32_t& region);
  bool read_address(const Token& word, int slot, Operation& op);
  bool read_size_key(const Token& word, Operation& op, int32_t& pages);
  bool read_bounded_pages(const Token& word, ArgKind kind, const Operation& op, int32_t& pages);
  bool read_protection(Line& line, int32_t& protection);
  bool read_access(Line& line, int32_t& writable);
  bool read_pages(const Token& word, int32_t& pages);
  bool read_number(const Token& word, Bounds bounds, int64_t& value);
  bool check_name(const Token& name, std::string_view what);
  bool resolve_processes();
  bool resolve_regions();
  bool check_region_use(const RegionUse& use, const std::array<int32_t, kRegionsMax>& pages);
  int find_region(std::string_view name) const;
  std::vector<Operation>& operations(int section) {
    return section == kSetupSection ? program_.setup : program_.tasks[static_cast<size_t>(section)].ops;
  }
  std::string section_name(int section) const;

  /* text_parse_schedule.cc */
  bool read_schedule_line(Line& line, const Token& word);
  bool read_draw(Line& line, const Token& at, uint32_t step);
  bool read_switch(Line& line, const Token& at, const Token& task, uint32_t step);
  bool read_anchor(Line& line, Anchor& anchor);
  bool read_order(Line& line);
  bool read_task_name(const Token& name, int& task);
  int find_task(std::string_view process, std::string_view name) const;

  std::string_view text_;
  Mode mode_;
  Program program_;
  ParseError error_;
  int failures_ = 0; /* how often fail() was called */

  std::array<Token, kParts> part_words_{}; /* the keyword that began each part; empty: not yet */
  int section_ = kNoSection;
  int setup_line_ = 0;
  std::array<int, kKeywords> keyword_lines_{}; /* where each was first; 0: not yet */

  /* Lines of declarations, for "is already declared in line N". */
  std::array<int, kFilesMax> file_lines_{};
  std::array<int, kRegionsMax> region_lines_{};
  std::array<int, kTasksMax> task_lines_{};
  std::vector<int> expectation_lines_;
  std::vector<RegionUse> region_uses_;
  int switch_line_ = 0;
  int draw_line_ = 0;
};

}  // namespace daxrace::scenario

#endif  // DAXRACE_CORE_SCENARIO_TEXT_READER_H_
