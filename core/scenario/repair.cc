/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/scenario/repair_steps.h"
#include "core/scenario/text.h"

namespace daxrace::scenario {

void repair(Program& program) {
  repair_header(program);
  repair_structure(program);
  repair_expectations(program);
  repair_schedule(program);
}

}  // namespace daxrace::scenario
