/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where fsdax answers otherwise than the page cache, and the model is right to do so. A rule excuses one
 * operation, is counted, and has a reason; what no rule excuses is a mismatch.
 */
#ifndef DAXRACE_TESTS_HOST_RULES_H_
#define DAXRACE_TESTS_HOST_RULES_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "tests/host/model_side.h"

namespace daxrace::host {

/* One operation and what came of it; of the machine, what it was before. */
struct Step {
  const Op& op;
  const Outcome& host;
  const Outcome& model;
  bool first_page_is_hole = false;     /* of the file, inside its size */
  bool buffer_maps_behind_end = false; /* pages of the file that is written, at or behind its size */
};

struct Rule {
  std::string_view name;
  std::string_view reason;
  bool (*applies)(const Step& step);
  bool files_differ; /* from here on: the file has to be made the same again */
  bool everywhere;   /* on every kernel, not on newer ones only */
};

std::span<const Rule> rules();

/* To be called before the model's side has run. */
void look_at(const ModelSide& model, Step& step);

}  // namespace daxrace::host

#endif  // DAXRACE_TESTS_HOST_RULES_H_
