/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A finding: something wrong that one execution showed. Plain data while the execution runs; the sentence is
 * made afterwards, by whoever wants to read it.
 */
#ifndef DAXRACE_CORE_ENGINE_FINDING_H_
#define DAXRACE_CORE_ENGINE_FINDING_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/engine/event.h"

namespace daxrace::engine {

class Execution;

struct Finding {
  std::string_view verdict; /* static storage: a row of failures.def or of the oracles' table */
  int precedence = 100;
  TaskId task = kNoTask; /* who did it */
  uint32_t step = 0;     /* index of the guilty event */
  TaskId other_task = kNoTask;
  uint32_t other_step = 0;
  const Site* site = &kAnonymousSite;
  const Site* other_site = &kAnonymousSite;
  const Role* role = &kNoObjectRole;
  uint32_t object = 0;
  std::array<uint64_t, 8> args{};
  /* One sentence: what is wrong, since when, who did it. */
  std::string (*describe)(const Finding&, const Execution&) = nullptr;
  /* More lines, in the form that kernel developers know from their own tools; null: none. */
  std::string (*details)(const Finding&, const Execution&) = nullptr;
  const void* context = nullptr; /* of describe; lives as long as the execution's state */
  bool by_site = false;          /* one is kept for each site and object, not one for the verdict */
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_FINDING_H_
