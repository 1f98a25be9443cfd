/* SPDX-License-Identifier: GPL-2.0-only */
#include "fuzz/findings.h"

#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "core/engine/hash.h"
#include "fuzz/planted.h"

namespace daxrace::fuzz {

namespace {

/*
 * One function for each verdict. The names of the symbols are those that stack traces show; a verdict is no
 * C++ name, so they are given by hand. The lines of the tables tell the functions apart here.
 */
#define DAXRACE_CONCAT_(a, b) a##b
#define DAXRACE_CONCAT(a, b) DAXRACE_CONCAT_(a, b)
#define DAXRACE_ABORT(name, verdict)                                         \
  [[noreturn, gnu::noinline]] void name() __asm__("daxrace_found_" verdict); \
  void name() { std::abort(); }

#define FAILURE(name, verdict, fatal, precedence, meaning) DAXRACE_ABORT(abort_for_##name, verdict)
#include "core/engine/failures.def"
#undef FAILURE
#define ORACLE(name, class, summary)
#define VERDICT(oracle, verdict, precedence, meaning) \
  DAXRACE_ABORT(DAXRACE_CONCAT(abort_for_line_, __LINE__), verdict)
#include "core/oracle/oracles.def"
#undef VERDICT
DAXRACE_ABORT(abort_for_warning, "kernel-warning")
DAXRACE_ABORT(abort_for_planted, "planted-failure")
[[noreturn, gnu::noinline]] void daxrace_found() { std::abort(); }

struct Row {
  std::string_view verdict;
  void (*abort)();
};

constexpr Row kRows[] = {
#define FAILURE(name, verdict, fatal, precedence, meaning) {verdict, abort_for_##name},
#include "core/engine/failures.def"
#undef FAILURE
#define VERDICT(oracle, verdict, precedence, meaning) {verdict, DAXRACE_CONCAT(abort_for_line_, __LINE__)},
#include "core/oracle/oracles.def"
#undef VERDICT
#undef ORACLE
    {"kernel-warning", abort_for_warning},
    {kPlantedVerdict, abort_for_planted},
};

/* What the text of the signature is made of. */
uint64_t key_of(const engine::Finding& finding, const scenario::Runner& runner) {
  uint64_t key = engine::hash_text(finding.verdict);
  key =
      engine::combine(key, static_cast<uint64_t>(scenario::operation_at(runner, finding.task, finding.step)));
  key = engine::combine(
      key, static_cast<uint64_t>(scenario::operation_at(runner, finding.other_task, finding.other_step)));
  key = engine::combine(key, finding.site->hash);
  return engine::combine(key, finding.other_site->hash);
}

}  // namespace

std::vector<std::string_view> all_verdicts() {
  std::vector<std::string_view> verdicts;
  for (const Row& row : kRows) {
    if (row.verdict != kPlantedVerdict || daxrace_fuzz_planted != nullptr) verdicts.push_back(row.verdict);
  }
  return verdicts;
}

void abort_for(std::string_view verdict) {
  for (const Row& row : kRows) {
    if (row.verdict == verdict) row.abort();
  }
  daxrace_found();
}

void harness_error(const std::string& what) {
  std::fprintf(stderr, "harness: %s\n", what.c_str());
  std::abort();
}

Findings::Decision Findings::decide(const engine::Finding& finding, const scenario::Runner& runner) {
  if (!options_.only.empty() && finding.verdict != options_.only) return Decision::kIgnored;
  if (options_.ignore.empty() && !options_.keep_going) return Decision::kNew;
  const auto [decision, is_new] = decisions_.try_emplace(key_of(finding, runner), Decision::kNew);
  if (is_new && !options_.ignore.empty()) {
    const std::string text = scenario::signature(finding, runner);
    for (const std::string& prefix : options_.ignore) {
      if (text.starts_with(prefix)) decision->second = Decision::kIgnored;
    }
  }
  return decision->second;
}

const engine::Finding* Findings::select(const scenario::Runner& runner) {
  const engine::Finding* chosen = nullptr;
  bool hit = false;
  for (const engine::Finding& finding : runner.execution().findings()) {
    const Decision decision = decide(finding, runner);
    hit = hit || decision != Decision::kIgnored;
    if (decision != Decision::kNew) continue;
    if (chosen == nullptr || finding.precedence < chosen->precedence) chosen = &finding;
  }
  hits_ += hit;
  return chosen;
}

void Findings::collect(const engine::Finding& finding, const scenario::Runner& runner,
                       std::string_view text) {
  decisions_[key_of(finding, runner)] = Decision::kCollected;
  ++collected_;
  char name[32];
  std::snprintf(name, sizeof name, "-%08" PRIx32,
                static_cast<uint32_t>(engine::hash_text(scenario::signature(finding, runner))));
  const std::string path =
      options_.artifact_prefix + "finding-" + std::string(finding.verdict) + name + ".dax";
  const std::string unfinished = path + "." + std::to_string(getpid());
  std::FILE* file = std::fopen(unfinished.c_str(), "wb");
  bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr) written = std::fclose(file) == 0 && written;
  if (!written) harness_error("cannot write " + unfinished);
  /* The first that found it keeps the name, whichever process that was. */
  if (link(unfinished.c_str(), path.c_str()) == 0) {
    std::fprintf(stderr, "written: %s\n", path.c_str());
  } else {
    std::fprintf(stderr, "not written: %s exists, or links cannot be made there\n", path.c_str());
  }
  unlink(unfinished.c_str());
}

}  // namespace daxrace::fuzz
