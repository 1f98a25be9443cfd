/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/oracle/oracle.h"

namespace daxrace::oracle {

#define ORACLE(name, cls, summary) std::unique_ptr<Oracle> make_##name##_oracle();
#define VERDICT(oracle, verdict, precedence, meaning)
#include "core/oracle/oracles.def"
#undef ORACLE
#undef VERDICT

namespace {

constexpr OracleInfo kOracles[] = {
#define ORACLE(name, cls, summary) {#name, summary, make_##name##_oracle},
#define VERDICT(oracle, verdict, precedence, meaning)
#include "core/oracle/oracles.def"
#undef ORACLE
#undef VERDICT
};

constexpr VerdictInfo kVerdicts[] = {
#define ORACLE(name, cls, summary)
#define VERDICT(oracle, verdict, precedence, meaning) {#oracle, verdict, precedence, meaning},
#include "core/oracle/oracles.def"
#undef ORACLE
#undef VERDICT
#define FAILURE(name, verdict, fatal, precedence, meaning) {"engine", verdict, precedence, meaning},
#include "core/engine/failures.def"
#undef FAILURE
    {"model", "kernel-warning", 39, "a WARN_ON_ONCE of the mirrored code, with the kernel's condition"},
};

}  // namespace

std::span<const OracleInfo> oracle_table() { return kOracles; }
std::span<const VerdictInfo> verdict_table() { return kVerdicts; }

const VerdictInfo* find_verdict(std::string_view verdict) {
  for (const VerdictInfo& info : kVerdicts) {
    if (info.verdict == verdict) return &info;
  }
  return nullptr;
}

OracleSet::OracleSet(engine::Execution& execution) : execution_(execution) {
  for (const OracleInfo& info : kOracles) all_.push_back(info.make());
  watch("", true);
  execution.set_outer_state([](void* arg) { return static_cast<OracleSet*>(arg)->state_hash(); }, this);
}

void OracleSet::watch(std::string_view oracle, bool alone) {
  oracles_.clear();
  for (size_t i = 0; i < all_.size(); ++i) {
    if (oracle.empty() || (kOracles[i].name == oracle) == alone) oracles_.push_back(all_[i].get());
  }
}

void OracleSet::begin(const kernel::model& model) {
  history_.begin(execution_, model);
  for (Oracle* oracle : oracles_) oracle->on_begin(history_);
}

void OracleSet::on_event(const kernel::model_event& event) {
  for (Oracle* oracle : oracles_) oracle->on_event(event, history_);
  history_.on_event(event);
}

void OracleSet::on_quiesce() {
  for (Oracle* oracle : oracles_) oracle->on_quiesce(history_);
}

void OracleSet::on_crash() {
  for (Oracle* oracle : oracles_) oracle->on_crash(history_);
}

engine::Hash128 OracleSet::state_hash() const {
  engine::Hash128 hash = history_.state_hash();
  for (const Oracle* oracle : oracles_) hash = hash * 3 + oracle->state_hash();
  return hash;
}

engine::Finding make_finding(std::string_view verdict, const FileHistory& history) {
  engine::Finding finding;
  const VerdictInfo* info = find_verdict(verdict);
  finding.verdict = info->verdict;
  finding.precedence = info->precedence;
  finding.step = history.execution().steps() == 0 ? 0 : history.execution().steps() - 1;
  return finding;
}

std::string task_name(const engine::Execution& execution, engine::TaskId task) {
  return task == engine::kNoTask ? "nobody" : std::string(execution.task(task).name);
}

static std::string describe_private(const OracleSet& set, const kernel::mm_struct& mm, uint64_t cell) {
  const kernel::model& model = set.history().model();
  const auto& regions = set.names().regions;
  uint64_t page = cell / model.config.cells;
  uint64_t number = cell % model.config.cells;
  for (unsigned int i = 0; i < model.config.nr_vmas; ++i) {
    const kernel::vm_area_struct& vma = model.vmas[i];
    if (vma.vm_mm != &mm || page < vma.vm_start || page >= vma.vm_end || regions.empty()) continue;
    std::string text = "page " + std::to_string(page - vma.vm_start);
    if (number != 0) text += " cell " + std::to_string(number);
    text += " of the private region " + regions[i % regions.size()];
    return i < regions.size() ? text : text + " of the child";
  }
  return "private page " + std::to_string(page);
}

std::string describe_cell(const engine::Finding& finding, uint64_t inode, uint64_t cell) {
  const auto* set = static_cast<const OracleSet*>(finding.context);
  unsigned int cells = set->history().model().config.cells;
  if (inode >= kPrivate) return describe_private(*set, set->history().model().mms[inode - kPrivate], cell);
  std::string text = "page " + std::to_string(cell / cells);
  if (cell % cells != 0) text += " cell " + std::to_string(cell % cells);
  return text + " of " + set->names().files[inode];
}

std::string describe_write(const engine::Execution& execution, uint64_t value, uint64_t step) {
  if (value == 0) return "zeros";
  auto task = static_cast<engine::TaskId>(value >> 16);
  std::string text =
      "the value of " + task_name(execution, task) + " op " + std::to_string((value & 0xffff) - 1);
  if (step != kNever) text += " (step " + std::to_string(step) + ")";
  return text;
}

}  // namespace daxrace::oracle
