/* SPDX-License-Identifier: GPL-2.0-only */
/* The text as a whole: its bytes, its lines, the order of its parts. */
#include <algorithm>

#include "core/scenario/text_reader.h"
#include "core/scenario/text_words.h"

namespace daxrace::scenario {

/* In the order of the canonical text. */
constexpr std::array<Reader::Keyword, Reader::kKeywords> Reader::kKeywordTable = {{
    {"daxrace", Part::kHeader, false, &Reader::read_version},
    {"title", Part::kHeader, false, &Reader::read_text_field<&Program::title>},
    {"source", Part::kHeader, false, &Reader::read_text_field<&Program::source>},
    {"question", Part::kHeader, false, &Reader::read_text_field<&Program::question>},
    {"mirrors", Part::kHeader, false, &Reader::read_mirrors},
    {"note", Part::kHeader, true, &Reader::read_note},
    {"kernel", Part::kHeader, false, &Reader::read_kernel},
    {"without", Part::kHeader, false, &Reader::read_without},
    {"with", Part::kHeader, false, &Reader::read_with},
    {"geometry", Part::kHeader, false, &Reader::read_geometry},
    {"pmd", Part::kHeader, false, &Reader::read_pmd},
    {"eadr", Part::kHeader, false, &Reader::read_eadr},
    {"ddio", Part::kHeader, false, &Reader::read_ddio},
    {"fs", Part::kHeader, false, &Reader::read_fs},
    {"swap", Part::kHeader, false, &Reader::read_swap},
    {"memory", Part::kHeader, false, &Reader::read_memory},
    {"setup", Part::kSetup, true, &Reader::read_setup},
    {"task", Part::kTasks, true, &Reader::read_task},
    {"expect", Part::kTail, true, &Reader::read_expect},
    {"found", Part::kTail, false, &Reader::read_found},
    {"signature", Part::kTail, false, &Reader::read_signature},
    {"hash", Part::kTail, false, &Reader::read_hash},
    {"order", Part::kTail, true, &Reader::read_order},
    {"schedule", Part::kTail, false, &Reader::read_schedule},
}};

bool Reader::run() {
  if (!check_text()) return false;
  LineReader lines(text_);
  Line line;
  while (lines.next(line)) {
    if (!read_line(line)) return false;
  }
  return resolve_regions();
}

bool Reader::check_text() {
  if (lenient()) {
    text_ = text_.substr(0, kTextMax);
    return true;
  }
  if (text_.size() > kTextMax) {
    return fail(Token{}, "file is ", static_cast<int64_t>(text_.size()), " bytes, more than the ",
                static_cast<int64_t>(kTextMax), " that a program may have");
  }
  if (!check_bytes()) return false;
  LineReader lines(text_);
  Line line;
  if (!lines.next(line)) {
    return fail(Token{{}, 1, 1}, "empty file; expected `daxrace ", int64_t{kFormatVersion},
                "` in the first line");
  }
  return check_first_line(line);
}

bool Reader::check_bytes() {
  const auto odd = [](unsigned char c) { return (c < ' ' && c != '\n' && c != '\t') || c >= 0x7f; };
  if (!std::ranges::any_of(text_, odd)) return true;
  Token at{{}, 1, 1};
  for (size_t i = 0; i < text_.size();) {
    const std::string_view left = text_.substr(i);
    const bool newline = left[0] == '\n' || left.starts_with("\r\n") || left == "\r";
    const size_t bytes = newline || left[0] == '\t' ? 1 : text_character(left);
    if (bytes == 0) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(left[0]);
      return fail(at, "byte 0x", kDigits.substr(byte >> 4, 1), kDigits.substr(byte & 15, 1),
                  ": not text; expected UTF-8 without control characters");
    }
    i += bytes;
    at.column += static_cast<int>(bytes);
    if (left[0] == '\n') at = {{}, at.line + 1, 1};
  }
  return true;
}

bool Reader::check_first_line(Line line) {
  const Token word = line.next();
  if (word.text == "daxrace") return true;
  fail(word, "expected `daxrace ", int64_t{kFormatVersion}, "` in the first line, found ", Instead{word});
  return suggest_word(word.text, {"daxrace"});
}

bool Reader::read_line(Line& line) {
  const Token word = line.next();
  if (word.text[0] == '@') return read_schedule_line(line, word);
  if (section_ >= kSetupSection) {
    const OpKind kind = op_named(word.text);
    if (kind != OpKind::kCount) return read_operation(line, word, kind);
  }
  return read_keyword(line, word);
}

bool Reader::read_keyword(Line& line, const Token& word) {
  const auto row = std::ranges::find(kKeywordTable, word.text, &Keyword::name);
  if (row == kKeywordTable.end()) return fail_unknown_word(word);
  const auto keyword = static_cast<size_t>(row - kKeywordTable.begin());
  if (!check_order(word, row->part)) return false;
  section_ = kNoSection;
  if (keyword_lines_[keyword] != 0 && !row->repeats) {
    return fail(word, Quoted{word.text}, " is already in line ", int64_t{keyword_lines_[keyword]},
                "; expected it once");
  }
  if (keyword_lines_[keyword] == 0) keyword_lines_[keyword] = word.line;
  return (this->*row->read)(line);
}

bool Reader::check_order(const Token& word, Part part) {
  auto at = static_cast<size_t>(part);
  if (part_words_[at].empty()) part_words_[at] = word;
  while (++at < kParts) {
    const Token& later = part_words_[at];
    if (later.empty()) continue;
    return fail(word, Quoted{word.text}, " must come before ", Quoted{later.text}, " (line ",
                int64_t{later.line}, ")");
  }
  return true;
}

bool Reader::fail_unknown_word(const Token& word) {
  if (lenient()) return true;
  const bool in_section = section_ >= kSetupSection;
  if (!in_section && op_named(word.text) != OpKind::kCount) {
    return fail(word, "operation ", Quoted{word.text},
                " outside of `setup` and of a task; expected `setup` or `task"
                " PROCESS.NAME` before it");
  }
  fail(word, in_section ? "unknown operation " : "unknown keyword ", Quoted{word.text},
       in_section ? "; expected an operation or the next section" : "; expected a line of a program");
  return suggest(word.text, [&](auto& candidates) {
    if (in_section) {
      for (const OpInfo& op : op_table()) candidates.push_back(op.name);
    }
    for (const Keyword& keyword : kKeywordTable) candidates.push_back(keyword.name);
  });
}

bool Reader::check_end(Line& line) {
  if (line.at_end()) return true;
  const Token before = line.last();
  const Token extra = line.next();
  if (before.empty()) return fail(extra, "unexpected ", Quoted{extra.text});
  return fail(extra, "unexpected ", Quoted{extra.text}, " after ", Quoted{before.text});
}

bool Reader::read_version(Line& line) {
  if (lenient()) return true;
  const Token word = line.next();
  std::string_view digits = word.text;
  int64_t version = 0;
  if (take_number(digits, version) == 0 || !digits.empty() || version == 0) {
    return fail_expected(word, "a version (`daxrace ", int64_t{kFormatVersion}, "`)");
  }
  if (version > kFormatVersion) {
    return fail(word, "this file is version ", version, "; this daxrace reads up to ",
                int64_t{kFormatVersion});
  }
  return check_end(line);
}

bool Reader::read_setup(Line& line) {
  section_ = kSetupSection;
  if (setup_line_ != 0)
    return fail(line.last(), "`setup` is already in line ", int64_t{setup_line_}, "; expected it once");
  setup_line_ = line.number();
  return check_end(line);
}

bool Reader::read_task(Line& line) {
  const Token word = line.next();
  const size_t dot = word.text.find('.');
  if (dot == std::string_view::npos) return fail_expected(word, "PROCESS.NAME (`task P.A`)");
  const Token process_name = word.part(0, dot);
  const Token name = word.part(dot + 1);
  int process = 0;
  if (!check_name(process_name, "a process") || !check_name(name, "a task") || !check_end(line)) return false;
  const int known = find_task(process_name.text, name.text);
  if (known >= 0) {
    section_ = known;
    return fail(word, "task ", Quoted{word.text}, " is already in line ",
                int64_t{task_lines_[static_cast<size_t>(known)]});
  }
  if (program_.tasks.size() == kTasksMax) {
    return fail(word, "more than ", int64_t{kTasksMax}, " tasks; expected at most that many");
  }
  if (!find_or_add_process(process_name, process)) return false;
  section_ = static_cast<int>(program_.tasks.size());
  task_lines_[program_.tasks.size()] = word.line;
  program_.tasks.push_back({process, std::string(name.text), {}});
  return true;
}

bool Reader::read_schedule(Line& line) {
  section_ = kScheduleSection;
  return check_end(line);
}

bool Reader::find_or_add_process(const Token& name, int& process) {
  auto& names = program_.processes;
  process = static_cast<int>(std::ranges::find(names, name.text) - names.begin());
  if (static_cast<size_t>(process) < names.size()) return true;
  if (names.size() == kProcessesMax) {
    process = name_hash(name.text) % kProcessesMax;
    return fail(name, "process ", Quoted{name.text}, " is one too many; expected at most ",
                int64_t{kProcessesMax});
  }
  names.emplace_back(name.text);
  return true;
}

std::variant<Program, ParseError> parse_strict(std::string_view text) {
  Reader reader(text, Reader::Mode::kStrict);
  if (reader.run()) return std::move(reader.program());
  return std::move(reader.error());
}

Program parse_lenient(std::string_view text) {
  Reader reader(text, Reader::Mode::kLenient);
  reader.run();
  repair(reader.program());
  return std::move(reader.program());
}

}  // namespace daxrace::scenario
