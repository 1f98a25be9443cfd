/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The shapes of words: what may be a name, a number, a line of text. The readers and repair() share them.
 */
#ifndef DAXRACE_CORE_SCENARIO_TEXT_WORDS_H_
#define DAXRACE_CORE_SCENARIO_TEXT_WORDS_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace daxrace::scenario {

inline bool is_blank(char c) { return c == ' ' || c == '\t'; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
inline bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }

/* A file, process, task or region: [A-Za-z_][A-Za-z0-9_-]{0,31}. */
bool is_name(std::string_view word);

/* A row of patches.def: [a-z0-9-]{1,64}. */
bool is_row_name(std::string_view word);

/* The same, but not a word that `expect` gives a meaning of its own. */
bool is_verdict(std::string_view word);

/* What a program mirrors, a kernel function or file: [A-Za-z0-9_./-]{1,64}. */
bool is_symbol(std::string_view word);

/* A scheduling point: printable, without blanks and brackets, not starting with `#`. */
bool is_site(std::string_view word);

/* vN.M, without leading zeros. */
bool is_kernel_version(std::string_view word);

/* The bytes of the first character, or 0 if it is not text: a control character (a tab is one) or not UTF-8.
 * Bounds: text is not empty. */
size_t text_character(std::string_view text);

/* Makes one line of text out of any bytes: what could end the line or start a comment goes, blanks around it
 * too, and what is beyond kLineTextMax. Idempotent. */
void clean_text(std::string& text);

/* Takes the decimal digits that `text` starts with; returns how many. The value stops at 10^12. */
size_t take_number(std::string_view& text, int64_t& value);

/* Not negative. What stands for an index where a name means nothing. */
int32_t name_hash(std::string_view name);

void append_number(std::string& out, int64_t value);

/* In the canonical unit: 0, 3pg, 1pmd. */
void append_pages(std::string& out, int64_t pages, int pmd_pages);

}  // namespace daxrace::scenario

#endif  // DAXRACE_CORE_SCENARIO_TEXT_WORDS_H_
