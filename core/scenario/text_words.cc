/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/scenario/text_words.h"

#include <algorithm>
#include <charconv>

#include "core/scenario/program.h"

namespace daxrace::scenario {

namespace {

template <typename Predicate>
bool all_of_word(std::string_view word, size_t size_max, Predicate predicate) {
  return !word.empty() && word.size() <= size_max && std::ranges::all_of(word, predicate);
}

/* The byte sequences that the Unicode standard calls well-formed, from 2 bytes on. */
size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto follows = [&](size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned lead = byte(0);
  if (lead == 0xc2) return follows(1, 0xa0) ? 2 : 0; /* below U+00A0 are more control characters */
  if (lead > 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
  if ((lead & 0xf0) == 0xe0) {
    const unsigned low = lead == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const unsigned low = lead == 0xf0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xf4 ? 0x8f : 0xbf;
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

bool take_version_number(std::string_view& text) {
  const bool leading_zero = text.size() > 1 && text[0] == '0' && is_digit(text[1]);
  int64_t value = 0;
  const size_t digits = take_number(text, value);
  return digits >= 1 && digits <= 4 && !leading_zero;
}

}  // namespace

bool is_name(std::string_view word) {
  return !word.empty() && !is_digit(word[0]) && word[0] != '-' && all_of_word(word, kNameMax, [](char c) {
    return is_letter(c) || is_digit(c) || c == '_' || c == '-';
  });
}

bool is_row_name(std::string_view word) {
  return all_of_word(word, kWordMax, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

bool is_verdict(std::string_view word) {
  return is_row_name(word) && word != "never" && word != "kernel" && word != "without" && word != "with";
}

bool is_symbol(std::string_view word) {
  return all_of_word(word, kWordMax, [](char c) {
    return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '/' || c == '-';
  });
}

bool is_site(std::string_view word) {
  return all_of_word(word, kSiteMax, [](char c) { return c > ' ' && c <= '~' && c != '[' && c != ']'; }) &&
         word[0] != '#';
}

bool is_kernel_version(std::string_view word) {
  if (!word.starts_with('v')) return false;
  word.remove_prefix(1);
  if (!take_version_number(word) || !word.starts_with('.')) return false;
  word.remove_prefix(1);
  return take_version_number(word) && word.empty();
}

size_t text_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead >= 0x20 && lead < 0x7f) return 1;
  return lead < 0x80 ? 0 : utf8_sequence(text);
}

void clean_text(std::string& text) {
  size_t kept = 0;
  for (size_t i = 0; i < text.size();) {
    const bool space = is_blank(text[i]) || text[i] == '\n' || text[i] == '\r';
    const size_t bytes = space ? 1 : text_character(std::string_view(text).substr(i));
    const bool after_blank = kept == 0 || text[kept - 1] == ' ';
    const bool drop = bytes == 0 || (space && kept == 0) || (text[i] == '#' && after_blank);
    if (!drop && kept + bytes > kLineTextMax) break;
    if (!drop && space) {
      text[kept++] = ' ';
    } else if (!drop) {
      std::copy_n(text.begin() + static_cast<ptrdiff_t>(i), bytes,
                  text.begin() + static_cast<ptrdiff_t>(kept));
      kept += bytes;
    }
    i += std::max<size_t>(bytes, 1);
  }
  while (kept > 0 && text[kept - 1] == ' ') --kept;
  text.resize(kept);
}

size_t take_number(std::string_view& text, int64_t& value) {
  constexpr int64_t kValueMax = 1'000'000'000'000;
  size_t digits = 0;
  value = 0;
  for (; digits < text.size() && is_digit(text[digits]); ++digits) {
    value = std::min(value * 10 + (text[digits] - '0'), kValueMax);
  }
  text.remove_prefix(digits);
  return digits;
}

int32_t name_hash(std::string_view name) {
  uint32_t hash = 2166136261u; /* FNV-1a */
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return static_cast<int32_t>(hash & 0x7fffffffu);
}

void append_number(std::string& out, int64_t value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

void append_pages(std::string& out, int64_t pages, int pmd_pages) {
  const bool in_pmds = pages != 0 && pmd_pages > 0 && pages % pmd_pages == 0;
  append_number(out, in_pmds ? pages / pmd_pages : pages);
  if (pages != 0) out.append(in_pmds ? "pmd" : "pg");
}

}  // namespace daxrace::scenario
