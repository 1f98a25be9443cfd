/* SPDX-License-Identifier: GPL-2.0-only */
/* The timeline of an execution under weak memory, in the form of timeline.h; loads of old values are marked.
 */
#ifndef DAXRACE_REPLAY_WEAK_TIMELINE_H_
#define DAXRACE_REPLAY_WEAK_TIMELINE_H_

#include <string>

#include "replay/weak_program.h"

namespace daxrace::replay {

std::string weak_timeline(const WeakRun& run, int threads);
/* What is wrong. */
std::string weak_sentence(const WeakRun& run, int threads);
/* That, and which old values were read where: a sentence each. */
std::string weak_sentences(const WeakRun& run, int threads);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_WEAK_TIMELINE_H_
