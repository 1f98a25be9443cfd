/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/scenario/text_error.h"

#include "core/scenario/text.h"
#include "core/scenario/text_words.h"

namespace daxrace::scenario {

namespace {

constexpr size_t kQuotedMax = 40;
constexpr size_t kDescriptionMax = 300;
constexpr size_t kFileNameMax = 120;

void append_printable(std::string& out, std::string_view text) {
  for (const char c : text) out.push_back(c >= ' ' && c <= '~' ? c : '?');
}

}  // namespace

void append_part(std::string& out, std::string_view part) { out.append(part); }

void append_part(std::string& out, int64_t part) { append_number(out, part); }

void append_part(std::string& out, const Quoted& part) {
  out.push_back('`');
  append_printable(out, part.text.substr(0, kQuotedMax));
  if (part.text.size() > kQuotedMax) out.append("...");
  out.push_back('`');
}

void append_part(std::string& out, const Instead& part) {
  if (part.token.empty()) {
    out.append("nothing");
  } else {
    append_part(out, Quoted{part.token.text});
  }
}

void append_part(std::string& out, const Pages& part) { append_pages(out, part.pages, part.pmd_pages); }

std::string describe(const ParseError& error, std::string_view file_name) {
  std::string out;
  if (file_name.size() > kFileNameMax) { /* the end of a path says more than its beginning */
    out.append("...");
    file_name.remove_prefix(file_name.size() - kFileNameMax);
  }
  append_printable(out, file_name);
  if (error.line > 0) {
    out.push_back(':');
    append_number(out, error.line);
    out.push_back(':');
    append_number(out, error.column);
  }
  out.append(": ");
  append_printable(out, error.message);
  if (!error.suggestion.empty()) {
    out.append("; ");
    append_printable(out, error.suggestion);
  }
  if (out.size() > kDescriptionMax) {
    out.resize(kDescriptionMax - 3);
    out.append("...");
  }
  return out;
}

}  // namespace daxrace::scenario
