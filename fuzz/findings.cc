/* SPDX-License-Identifier: GPL-2.0-only */
#include "fuzz/findings.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
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

Findings::Known& Findings::decide(const engine::Finding& finding, const scenario::Runner& runner) {
  const auto [at, is_new] = known_.try_emplace(key_of(finding, runner));
  if (!is_new) return at->second;
  if (!options_.ignore.empty()) {
    const std::string text = scenario::signature(finding, runner);
    for (const std::string& prefix : options_.ignore) {
      if (text.starts_with(prefix)) at->second.decision = Decision::kIgnored;
    }
  }
  return at->second;
}

const engine::Finding* Findings::select(const scenario::Runner& runner, size_t size) {
  const engine::Finding* chosen = nullptr;
  bool hit = false;
  for (const engine::Finding& finding : runner.execution().findings()) {
    if (!options_.only.empty() && finding.verdict != options_.only) continue;
    Known& known = decide(finding, runner);
    if (known.decision == Decision::kIgnored) continue;
    hit = true;
    ++known.hits;
    const bool smaller = !options_.campaign.empty() && size < known.size;
    if (known.decision == Decision::kCollected && !smaller) continue;
    if (known.hits < known.not_before) continue;
    if (chosen == nullptr || finding.precedence < chosen->precedence) chosen = &finding;
  }
  hits_ += hit;
  return chosen;
}

bool Findings::is_collected(const engine::Finding& finding, const scenario::Runner& runner) {
  return decide(finding, runner).decision == Decision::kCollected;
}

/* The first that found it keeps the name, whichever process that was; in a campaign the one with the smallest
 * input. Whole for whoever sees it, which is not to say on disk: to wait for that would wait for thousands of
 * new inputs, too. A campaign does it before it tells of the finding. */
bool Findings::write(const std::string& path, std::string_view text, size_t size, bool& is_there) const {
  const std::string unfinished = path + "." + std::to_string(getpid());
  std::FILE* file = std::fopen(unfinished.c_str(), "wb");
  bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr) written = std::fclose(file) == 0 && written;
  is_there = false;
  if (written && link(unfinished.c_str(), path.c_str()) != 0) {
    is_there = errno == EEXIST;
    written = is_there;
    struct stat status;
    /* Compared as files, since only their sizes are known of the inputs of other processes. */
    if (is_there && !options_.campaign.empty() && size != 0 && stat(path.c_str(), &status) == 0 &&
        static_cast<off_t>(text.size()) < status.st_size) {
      written = std::rename(unfinished.c_str(), path.c_str()) == 0;
      return written;
    }
  }
  unlink(unfinished.c_str());
  return written;
}

bool Findings::collect(const engine::Finding& finding, const scenario::Runner& runner, std::string_view text,
                       size_t size) {
  constexpr uint64_t kHitsUntilNextTry = 64;
  Known& known = decide(finding, runner);
  if (known.signature.empty()) known.signature = scenario::signature(finding, runner);
  char name[32];
  std::snprintf(name, sizeof name, "-%08" PRIx32, static_cast<uint32_t>(engine::hash_text(known.signature)));
  const std::string stem = "finding-" + std::string(finding.verdict) + name + ".dax";
  const std::string path =
      options_.campaign.empty() ? options_.artifact_prefix + stem : options_.campaign + "/" + stem;
  bool is_there = false;
  if (!write(path, text, size, is_there)) {
    /* A full disk may have room again. */
    if (options_.campaign.empty()) harness_error("cannot write " + path);
    std::fprintf(stderr, "cannot write %s; trying again at a later hit\n", path.c_str());
    known.not_before = known.hits + kHitsUntilNextTry;
    return false;
  }
  const bool is_new = known.decision != Decision::kCollected;
  known.decision = Decision::kCollected;
  known.size = size;
  collected_ += is_new;
  if (is_new) {
    std::fprintf(stderr, is_there ? "not written: %s exists\n" : "written: %s\n", path.c_str());
  }
  return true;
}

}  // namespace daxrace::fuzz
