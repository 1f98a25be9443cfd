/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of error messages. Parts are put together only when there is somebody to read them: the lenient
 * reader comes by here a million times an hour.
 */
#ifndef DAXRACE_CORE_SCENARIO_TEXT_ERROR_H_
#define DAXRACE_CORE_SCENARIO_TEXT_ERROR_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "core/scenario/text_lexer.h"

namespace daxrace::scenario {

/* Somebody's word: between backquotes, printable, shortened. */
struct Quoted {
  std::string_view text;
};

/* The word that stands where another was expected, if there is one. */
struct Instead {
  const Token& token;
};

/* A number of pages in the canonical unit. */
struct Pages {
  int64_t pages;
  int pmd_pages;
};

void append_part(std::string& out, std::string_view part);
void append_part(std::string& out, int64_t part);
void append_part(std::string& out, const Quoted& part);
void append_part(std::string& out, const Instead& part);
void append_part(std::string& out, const Pages& part);

template <typename... Parts>
std::string message_of(const Parts&... parts) {
  std::string out;
  (append_part(out, parts), ...);
  return out;
}

}  // namespace daxrace::scenario

#endif  // DAXRACE_CORE_SCENARIO_TEXT_ERROR_H_
