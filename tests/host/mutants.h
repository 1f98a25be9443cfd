/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Errors to be put into the model, each in one function: what a single task sees must give every one of them
 * away. They are no rows of patches.def, whose mutants are about races.
 */
#ifndef DAXRACE_TESTS_HOST_MUTANTS_H_
#define DAXRACE_TESTS_HOST_MUTANTS_H_

#include <span>
#include <string_view>

#include "core/model/patches.h"

namespace daxrace::host {

struct Mutant {
  std::string_view name;
  std::string_view what;
  void (*set)(kernel::model_forms& forms);
};

std::span<const Mutant> mutants();

}  // namespace daxrace::host

#endif  // DAXRACE_TESTS_HOST_MUTANTS_H_
