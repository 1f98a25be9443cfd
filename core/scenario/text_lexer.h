/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines and words of a text. They are views: the text outlives them.
 */
#ifndef DAXRACE_CORE_SCENARIO_TEXT_LEXER_H_
#define DAXRACE_CORE_SCENARIO_TEXT_LEXER_H_

#include <string_view>

namespace daxrace::scenario {

/* A word and where it is. Empty: the line ended there. */
struct Token {
  std::string_view text;
  int line = 0;
  int column = 0;

  bool empty() const { return text.empty(); }
  /* A part of the word, as a word of its own. */
  Token part(size_t begin, size_t size = std::string_view::npos) const {
    return {text.substr(begin, size), line, column + static_cast<int>(begin)};
  }
};

/* A line without its comment and the blanks around it, taken word by word. */
class Line {
 public:
  Line() = default;
  Line(std::string_view text, int number, int column) : rest_(text), number_(number), column_(column) {}

  /* The word up to the next blank or one of `stops`. */
  Token next(std::string_view stops = {});
  /* What is left, as one word. */
  Token rest();
  /* Takes that character if it comes next. */
  bool take(char c);
  bool at_end();
  /* The word that next() returned last. */
  const Token& last() const { return last_; }
  int number() const { return number_; }

 private:
  void skip(size_t bytes);
  void skip_blanks();

  std::string_view rest_;
  int number_ = 0;
  int column_ = 1;
  Token last_;
};

/* The lines that say something: neither blank nor all comment. */
class LineReader {
 public:
  explicit LineReader(std::string_view text) : rest_(text) {}
  bool next(Line& line);

 private:
  std::string_view rest_;
  int number_ = 0;
};

}  // namespace daxrace::scenario

#endif  // DAXRACE_CORE_SCENARIO_TEXT_LEXER_H_
