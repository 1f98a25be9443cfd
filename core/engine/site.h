/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of places in the code that survive edits: function + kind of event + role of the object + ordinal,
 * never file:line. The ordinal counts the places of one function that agree in everything else, in source
 * order.
 *
 * A place is a static Site whose address stands in a linker section; the registry names all of them before
 * the first execution, so that a name does not depend on what has run.
 */
#ifndef DAXRACE_CORE_ENGINE_SITE_H_
#define DAXRACE_CORE_ENGINE_SITE_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace daxrace::engine {

struct Site {
  const char* function;
  const char* what;   /* kind of event, in the kernel's words */
  const char* object; /* the expression that names the object; its last identifier is the role */
  int line;
  uint64_t hash = 0; /* of the name; filled by name_sites() */
  uint32_t ordinal = 0;
  std::string_view role = {};

  std::string name() const;
};

/* For callers of the engine that name no place: the object alone tells. */
extern Site kAnonymousSite;

/* Names every Site of the program. Called before an execution; costs nothing when repeated. */
void name_sites();

/* A Site for this place. GNU statement expression, because a lambda would change __func__. */
#define DAXRACE_SITE(what, object)                                                     \
  (*({                                                                                 \
    static ::daxrace::engine::Site daxrace_site_ = {__func__, what, object, __LINE__}; \
    static ::daxrace::engine::Site* const daxrace_site_entry_                          \
        __attribute__((section("daxrace_sites"), used)) = &daxrace_site_;              \
    &daxrace_site_;                                                                    \
  }))

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_SITE_H_
