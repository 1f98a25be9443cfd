/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names that a reader of a report knows, for numbers and symbols that only the model does: "f:0" for the
 * first page of f, "m+0" for the first page of the mapping m, the kernel's function for a form of it.
 */
#ifndef DAXRACE_REPLAY_NAMES_H_
#define DAXRACE_REPLAY_NAMES_H_

#include <string>
#include <string_view>

#include "core/scenario/execute.h"

namespace daxrace::replay {

/* The file of an inode: its name, or "new-f" of one that open(2) made where f had been. */
std::string file_words(const scenario::Runner& runner, size_t inode);

/* What the object of that role and number is of: "f:0", "m+1", "f", "R"; empty: its number says all there is.
 */
std::string place_words(const scenario::Runner& runner, std::string_view role, uint32_t object);

/* "entry f:0", "mmap_lock(R)", "xa_lock(f)". */
std::string object_words(const scenario::Runner& runner, std::string_view role, uint32_t object);

/* The function as the kernel calls it, with "()"; a step of user space or of a device has a name without. */
std::string function_words(std::string_view function);

/* "R:4" where no mapping is, else "m+0"; the process is named if the mapping is not its own. */
std::string address_words(const scenario::Runner& runner, int process, uint32_t page);

/* A sentence of an oracle or of the engine, with the names above instead of the model's. */
std::string renamed(const scenario::Runner& runner, std::string_view sentence);

/* What the names that occur in the text mean, in one paragraph; empty: there are none. */
std::string legend(const scenario::Runner& runner, std::string_view text);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_NAMES_H_
