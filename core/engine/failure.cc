/* SPDX-License-Identifier: GPL-2.0-only */
/* The failures that the engine itself names, and the record of findings. */
#include "core/engine/failure.h"

#include <algorithm>
#include <cstdlib>

namespace daxrace::engine {

namespace {

struct FailureInfo {
  std::string_view verdict;
  int precedence;
};

constexpr FailureInfo kFailures[] = {
#define FAILURE(name, verdict, fatal, precedence, meaning) {verdict, precedence},
#include "core/engine/failures.def"
#undef FAILURE
};

/* Of those that are kept for each site, so that the other verdicts have room. */
constexpr int kOfOneVerdictMax = 4;

}  // namespace

Finding make_finding(Failure failure) {
  const FailureInfo& info = kFailures[static_cast<size_t>(failure)];
  Finding finding;
  finding.verdict = info.verdict;
  finding.precedence = info.precedence;
  return finding;
}

std::string task_name(const Execution& execution, TaskId task) {
  return task == kNoTask ? "nobody" : std::string(execution.task(task).name);
}

std::string in_function(const Site& site) {
  return site.function[0] == '\0' ? "" : std::string(" in ") + site.function;
}

std::string at_step(uint32_t step, const Site& site) {
  return " (step " + std::to_string(step) + in_function(site) + ")";
}

uint32_t last_change(const Execution& execution, const Object& object, uint32_t step) {
  auto trace = execution.trace();
  for (size_t i = std::min<size_t>(step + 1u, trace.size()); i > 0; --i) {
    const Event& event = trace[i - 1];
    if (event.role != object.role || event.object != object.index) continue;
    Access access = access_of(event.kind);
    if (access == Access::kWrite || access == Access::kAdd) return static_cast<uint32_t>(i - 1);
  }
  return execution.steps();
}

bool Execution::report(const Finding& finding) {
  if (unwinding_) return false;
  int alike = 0;
  for (const Finding& known : findings()) {
    if (known.verdict != finding.verdict) continue;
    bool same = known.site == finding.site && known.role == finding.role && known.object == finding.object;
    if (!finding.by_site || same || ++alike == kOfOneVerdictMax) return false;
  }
  if (finding_count_ == findings_.size()) return false;
  findings_[finding_count_++] = finding;
  /* What is reported is part of the result. But data races come from clocks, and the order
   * of locks from what was held before: history, which is no part of a state. */
  auto of = [&](Failure failure) {
    return finding.verdict == kFailures[static_cast<size_t>(failure)].verdict;
  };
  if (needs_.state && !of(Failure::k_data_race) && !of(Failure::k_lock_order))
    state_ += wide(hash_text(finding.verdict), 1);
  return true;
}

void Execution::fail(const Finding& finding) {
  /* What ended the execution is always told. */
  if (!report(finding) && (finding.by_site || finding_count_ == findings_.size())) findings_.back() = finding;
  end(End::kFatal);
}

std::string Execution::sentence(size_t index) const {
  if (index < sentences_.size()) return sentences_[index];
  const Finding& finding = findings_[index];
  return finding.describe == nullptr ? std::string() : finding.describe(finding, *this);
}

const Finding* Execution::headline() const {
  auto all = findings();
  auto best = std::min_element(
      all.begin(), all.end(), [](const Finding& a, const Finding& b) { return a.precedence < b.precedence; });
  return best == all.end() ? nullptr : &*best;
}

void Execution::fail_assertion(const char* what) {
  Finding finding = make_finding(Failure::k_assertion);
  finding.describe = [](const Finding& f, const Execution& execution) {
    return task_name(execution, f.task) + ": " + static_cast<const char*>(f.context);
  };
  finding.task = self_;
  finding.step = steps_ == 0 ? 0 : steps_ - 1;
  finding.context = what;
  fail(finding);
}

void Execution::out_of_memory() {
  if (!unwinding_ && current_ == this && task_ != nullptr) {
    misuse(Misuse::k_too_much_memory, task_->object, kAnonymousSite);
  }
}
}  // namespace daxrace::engine
