/* SPDX-License-Identifier: GPL-2.0-only */
#include "fuzz/differential.h"

#include "core/engine/strategies.h"
#include "core/scenario/text.h"
#include "fuzz/findings.h"

namespace daxrace::fuzz {

bool Differential::shows(const scenario::Program& program, std::string_view verdict) {
  scenario::Program plain = program;
  plain.schedule = {};
  const uint64_t key = engine::combine(engine::hash_text(scenario::print(plain)), engine::hash_text(verdict));
  const auto [at, is_new] = known_.try_emplace(key, false);
  if (is_new) at->second = sample(program, verdict);
  return at->second;
}

bool Differential::sample(const scenario::Program& program, std::string_view verdict) {
  std::string error;
  if (!runner_.load(program, kernel_, &error)) harness_error(error);
  for (const char* name : {"random", "pct"}) {
    auto strategy = engine::find_strategy(name)->make({});
    for (int i = 0; i < kSchedules / 2; ++i) {
      strategy->begin();
      runner_.run(*strategy);
      for (const engine::Finding& finding : runner_.execution().findings()) {
        if (finding.verdict == verdict) return true;
      }
    }
  }
  return false;
}

}  // namespace daxrace::fuzz
