/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * daxrace-weak, which explores weak memory, seen from outside: it is a program of its own beside `daxrace`,
 * and what it prints is read here.
 */
#ifndef DAXRACE_REPLAY_WEAK_PROGRAM_H_
#define DAXRACE_REPLAY_WEAK_PROGRAM_H_

#include <cstdint>
#include <string>
#include <vector>

namespace daxrace::replay {

struct WeakProgram {
  std::string name;
  std::string group; /* litmus, or of a protocol */
  int threads = 0;
  std::string search; /* its own */
  uint32_t number = 0;
  std::string question;
  std::vector<std::string> without; /* what it can be made to lack */
};

struct WeakEvent {
  enum class Kind : uint8_t { kNoValue, kLoaded, kStored, kChanged };

  int task = 0;
  std::string function;
  std::string what;
  std::string name; /* of the variable */
  Kind kind = Kind::kNoValue;
  uint64_t value = 0;
  uint64_t newest = 0; /* of a load: the latest store's; of a change: what was there */

  bool stale() const { return kind == Kind::kLoaded && value != newest; }
};

struct WeakRun {
  uint64_t executions = 0;
  std::vector<std::string> outcomes;
  std::string verdict; /* "passes", or of a finding */
  std::string complaint;
  std::string schedule; /* runs the failing execution again */
  std::string trace;    /* hash of what happened in it */
  std::vector<WeakEvent> events;

  bool passed() const { return verdict == "passes"; }
};

/* They throw UsageError if daxrace-weak is not there, or does not do what it should. */
std::vector<WeakProgram> weak_programs();
/* `arguments`: a command of daxrace-weak. */
WeakRun weak_run(const std::vector<std::string>& arguments);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_WEAK_PROGRAM_H_
