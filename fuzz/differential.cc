/* SPDX-License-Identifier: GPL-2.0-only */
#include "fuzz/differential.h"

#include "core/engine/strategies.h"
#include "core/scenario/text.h"
#include "fuzz/findings.h"

namespace daxrace::fuzz {

bool Differential::run(engine::Strategy& strategy, std::string_view verdict) {
  strategy.begin();
  runner_.run(strategy);
  for (const engine::Finding& finding : runner_.execution().findings()) {
    if (finding.verdict == verdict) return true;
  }
  return false;
}

bool Differential::sample(std::string_view verdict) {
  for (const char* name : {"random", "pct"}) {
    auto strategy = engine::find_strategy(name)->make({});
    for (int i = 0; i < kSchedules / 2; ++i) {
      if (run(*strategy, verdict)) return true;
    }
  }
  return false;
}

bool Differential::shows(const scenario::Program& program, std::string_view verdict,
                         engine::Strategy& schedule) {
  std::string error;
  if (!runner_.load(program, kernel_, &error)) harness_error(error);
  /* Most often this is enough. */
  if (run(schedule, verdict)) return true;
  scenario::Program plain = program;
  plain.schedule = {};
  const uint64_t key = engine::combine(engine::hash_text(scenario::print(plain)), engine::hash_text(verdict));
  const auto [at, is_new] = known_.try_emplace(key, false);
  if (is_new) at->second = sample(verdict);
  return at->second;
}

}  // namespace daxrace::fuzz
