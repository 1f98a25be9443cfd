/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes that outlive the process that wrote them: a checkpoint says what it is of, and shows any damage.
 *
 * Layout (bytes.h): magic, version, identity, payload, and a checksum over all that.
 */
#ifndef DAXRACE_CORE_ENGINE_CHECKPOINT_H_
#define DAXRACE_CORE_ENGINE_CHECKPOINT_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace daxrace::engine {

inline constexpr uint32_t kCheckpointVersion = 2;

/* `identity` is one line for people; it is compared as a whole. */
std::string seal(std::string_view identity, std::string_view payload);

/* Whether the bytes begin as a checkpoint does. */
bool looks_sealed(std::string_view bytes);

/* The payload, which lives as long as the bytes. On bytes that are damaged, of another version, or of another
 * identity returns false and says why in one line. */
bool unseal(std::string_view bytes, std::string_view identity, std::string_view* payload, std::string* error);

/* Replaces the file: writes PATH.partial, syncs it, and renames it. Whoever reads the file finds the old
 * bytes or the new, whenever the writer dies. On failure returns false, says why, and leaves the old file
 * alone. */
bool write_file(const std::string& path, std::string_view bytes, std::string* error);
/* With what a writer may have left that was killed. */
void remove_file(const std::string& path);
bool read_file(const std::string& path, std::string* bytes, std::string* error);

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_CHECKPOINT_H_
