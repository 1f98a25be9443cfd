/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A libFuzzer target for the readers of programs: what core/scenario/text.h promises about any bytes.
 */
#include <cstdio>
#include <cstdlib>

#include "core/scenario/text.h"

namespace daxrace::scenario {
namespace {

void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "text_reader: broken promise: %s\n", promise);
  std::abort();
}

void check(std::string_view text) {
  const Program lenient = parse_lenient(text);
  const auto strict = parse_strict(text);
  if (const auto* program = std::get_if<Program>(&strict)) {
    require(*program == lenient, "what strict accepts, lenient reads identically");
  } else {
    const std::string description = describe(std::get<ParseError>(strict), "file");
    require(description.size() <= 300, "a description is short");
    for (const char c : description) require(c >= ' ' && c <= '~', "a description is printable");
  }

  const std::string canonical = print(lenient);
  require(canonical.size() <= kTextMax, "what is printed is not too long to be read");
  const auto reread = parse_strict(canonical);
  const auto* program = std::get_if<Program>(&reread);
  require(program != nullptr, "strict accepts what is printed");
  require(*program == lenient, "strict reads what was printed");
  const Program again = parse_lenient(canonical);
  require(again == lenient, "lenient reads what was printed");
  require(print(again) == canonical, "the printed text is a fixpoint");

  Program repaired = again;
  repair(repaired);
  require(repaired == again, "repair leaves a valid program alone");
}

}  // namespace
}  // namespace daxrace::scenario

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  daxrace::scenario::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
