/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Relacy without the macros that it puts behind words of the language and of the library. Debian's
 * relacy-dev.
 */
#ifndef DAXRACE_CORE_ENGINE_RELACY_WORDS_H_
#define DAXRACE_CORE_ENGINE_RELACY_WORDS_H_

#include <relacy/relacy.hpp>

#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef errno
#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst
#undef $

#endif  // DAXRACE_CORE_ENGINE_RELACY_WORDS_H_
