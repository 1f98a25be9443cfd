/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/site.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <tuple>
#include <vector>

#include "core/engine/hash.h"

namespace {
/* Keeps the section there in a program that names no place. */
daxrace::engine::Site* const kFirst __attribute__((section("daxrace_sites"), used)) =
    &daxrace::engine::kAnonymousSite;
}  // namespace

extern "C" {
extern daxrace::engine::Site* const __start_daxrace_sites[];
extern daxrace::engine::Site* const __stop_daxrace_sites[];
}

namespace daxrace::engine {

Site kAnonymousSite = {"", "access", "", 0};

namespace {

bool identifier_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/* `&mapping->i_pages` -> `i_pages`, `vmf->pmd[i]` -> `pmd`, `pmd_lockptr(mm, pmd)` -> `pmd_lockptr`. */
std::string_view role_of(std::string_view text) {
  size_t depth = 0;
  size_t end = text.size();
  for (size_t i = text.size(); i > 0; --i) {
    char c = text[i - 1];
    if (c == ')' || c == ']') ++depth;
    if (c == '(' || c == '[') {
      if (depth > 0) --depth;
      if (depth == 0) end = i - 1;
    } else if (depth == 0 && !identifier_char(c)) {
      std::string_view role = text.substr(i, end - i);
      if (!role.empty()) return role;
      end = i - 1;
    }
  }
  return text.substr(0, end);
}

}  // namespace

std::string Site::name() const {
  if (function[0] == '\0') return what;
  std::string text = std::string(function) + ":" + what;
  if (!role.empty()) text += ":" + std::string(role);
  return text + "#" + std::to_string(ordinal);
}

void name_sites() {
  static bool done = false;
  if (done) return;
  done = true;
  std::vector<Site*> sites(__start_daxrace_sites, __stop_daxrace_sites);
  for (Site* site : sites) site->role = role_of(site->object);
  auto group = [](const Site* s) {
    return std::tuple(std::string_view(s->function), std::string_view(s->what), s->role);
  };
  std::sort(sites.begin(), sites.end(), [&](const Site* a, const Site* b) {
    return std::tuple(group(a), a->line, a) < std::tuple(group(b), b->line, b);
  });
  uint32_t ordinal = 0;
  for (size_t i = 0; i < sites.size(); ++i) {
    if (i > 0 && group(sites[i - 1]) == group(sites[i]) && sites[i - 1]->line == sites[i]->line) {
      /* One line with two, or one function compiled twice: which is which would depend on the linker. */
      std::fprintf(stderr, "harness: two sites are called %s\n", sites[i]->name().c_str());
      std::abort();
    }
    ordinal = i > 0 && group(sites[i - 1]) == group(sites[i]) ? ordinal + 1 : 0;
    sites[i]->ordinal = ordinal;
    sites[i]->hash = hash_text(sites[i]->name());
  }
}

}  // namespace daxrace::engine
