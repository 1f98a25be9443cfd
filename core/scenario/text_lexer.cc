/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/scenario/text_lexer.h"

#include "core/scenario/text_words.h"

namespace daxrace::scenario {

namespace {

/* A `#` inside of a word is part of it: sites have one. */
std::string_view without_comment(std::string_view line) {
  for (size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
    if (at == 0 || is_blank(line[at - 1])) return line.substr(0, at);
  }
  return line;
}

std::string_view without_trailing_blanks(std::string_view line) {
  while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
  return line;
}

}  // namespace

void Line::skip(size_t bytes) {
  rest_.remove_prefix(bytes);
  column_ += static_cast<int>(bytes);
}

void Line::skip_blanks() {
  size_t blanks = 0;
  while (blanks < rest_.size() && is_blank(rest_[blanks])) ++blanks;
  skip(blanks);
}

Token Line::next(std::string_view stops) {
  skip_blanks();
  size_t size = 0;
  while (size < rest_.size() && !is_blank(rest_[size]) && stops.find(rest_[size]) == std::string_view::npos) {
    ++size;
  }
  last_ = {rest_.substr(0, size), number_, column_};
  skip(size);
  return last_;
}

Token Line::rest() {
  skip_blanks();
  last_ = {rest_, number_, column_};
  skip(rest_.size());
  return last_;
}

bool Line::take(char c) {
  skip_blanks();
  if (!rest_.starts_with(c)) return false;
  skip(1);
  return true;
}

bool Line::at_end() {
  skip_blanks();
  return rest_.empty();
}

bool LineReader::next(Line& line) {
  while (!rest_.empty()) {
    const size_t newline = rest_.find('\n');
    std::string_view text = rest_.substr(0, newline);
    rest_.remove_prefix(newline == std::string_view::npos ? rest_.size() : newline + 1);
    ++number_;
    if (text.ends_with('\r')) text.remove_suffix(1); /* mails and other systems end lines so */
    line = Line(without_trailing_blanks(without_comment(text)), number_, 1);
    if (!line.at_end()) return true;
  }
  return false;
}

}  // namespace daxrace::scenario
