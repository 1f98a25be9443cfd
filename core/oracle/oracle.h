/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Oracles: general truths about the model. Each is a pure observer in a file of its own and knows no bug and
 * no patch. A finding says what is wrong, since when, and who did it.
 */
#ifndef DAXRACE_CORE_ORACLE_ORACLE_H_
#define DAXRACE_CORE_ORACLE_ORACLE_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/oracle/history.h"

namespace daxrace::oracle {

class Oracle {
 public:
  virtual ~Oracle() = default;

  /* An execution begins. */
  virtual void on_begin(FileHistory& history) { (void)history; }
  /* `history` is that of before the event; for `ret`, the operation is still in it. */
  virtual void on_event(const kernel::model_event& event, FileHistory& history) = 0;
  /* Every task has ended. */
  virtual void on_quiesce(FileHistory& history) { (void)history; }
  /* Power has failed. */
  virtual void on_crash(FileHistory& history) { (void)history; }
  /* What its later judgements depend on, beyond the history and the model. */
  virtual engine::Hash128 state_hash() const { return 0; }
};

struct OracleInfo {
  std::string_view name;
  std::string_view summary;
  std::unique_ptr<Oracle> (*make)();
};

struct VerdictInfo {
  std::string_view oracle;
  std::string_view verdict;
  int precedence;
  std::string_view meaning;
};

std::span<const OracleInfo> oracle_table();
/* All verdicts there are: the oracles', the engine's, and kernel-warning. */
std::span<const VerdictInfo> verdict_table();
const VerdictInfo* find_verdict(std::string_view verdict);

/* What reports call things; the model knows only numbers. */
struct Names {
  std::vector<std::string> files;
  std::vector<std::string> regions;
  std::vector<std::string> processes;
};

/* All oracles, as one observer of a model. Reused for every execution. */
class OracleSet : public kernel::model_observer {
 public:
  explicit OracleSet(engine::Execution& execution);

  void set_names(Names names) { names_ = std::move(names); }
  const Names& names() const { return names_; }

  /* For tests of what an oracle is worth. Empty: all of them watch; else that one alone, or all but that one.
   */
  void watch(std::string_view oracle, bool alone);

  void begin(const kernel::model& model);
  void on_event(const kernel::model_event& event) override;
  void on_quiesce();
  void on_crash();
  engine::Hash128 state_hash() const;
  const FileHistory& history() const { return history_; }

 private:
  engine::Execution& execution_;
  FileHistory history_;
  Names names_;
  std::vector<std::unique_ptr<Oracle>> all_;
  std::vector<Oracle*> oracles_; /* those that watch */
};

/* --- for oracles
 * --------------------------------------------------------------------------------------------- */

/* A finding of that verdict, with the describer's arguments still to be set. */
engine::Finding make_finding(std::string_view verdict, const FileHistory& history);

/* Values name the operation that wrote them. */
constexpr uint64_t value_of(engine::TaskId task, uint32_t op) { return uint64_t{task} << 16 | (op + 1); }

/* "page 1 of f", "page 1 cell 1 of f". Of private memory: "page 1 of the region m". */
std::string describe_cell(const engine::Finding& finding, uint64_t object, uint64_t cell);
/* What describe_cell() knows a cell by: a file, or a process from kPrivate on. */
inline constexpr uint64_t kPrivate = 0x100;
inline uint64_t object_of(const Cell& cell) {
  return cell.mm != nullptr ? kPrivate + cell.mm->id : cell.inode->id;
}
/* "P.A's store (op 2, step 61)", "nothing, a hole". */
std::string describe_write(const engine::Execution& execution, uint64_t value, uint64_t step);
std::string task_name(const engine::Execution& execution, engine::TaskId task);

}  // namespace daxrace::oracle

#endif  // DAXRACE_CORE_ORACLE_ORACLE_H_
