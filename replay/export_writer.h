/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes a program as C. export_head.cc: the comment on top; export_tables.cc: operations, places;
 * export_body.cc: tasks and processes; export_main.cc: a round, arguments, main().
 */
#ifndef DAXRACE_REPLAY_EXPORT_WRITER_H_
#define DAXRACE_REPLAY_EXPORT_WRITER_H_

#include <set>
#include <string>
#include <vector>

#include "core/scenario/execute.h"
#include "replay/export_code.h"
#include "replay/export_order.h"

namespace daxrace::replay {

/* A comment must not end, or seem to begin, inside itself. */
std::string harmless(std::string text);

class ExportWriter {
 public:
  ExportWriter(const scenario::Runner& runner, bool forced, const std::string& name);
  std::string write() const;

 private:
  static constexpr int kSetup = ExportCode::kSetup;

  /* An operation, or a look at what there is in the end. */
  struct Row {
    std::string id;
    std::string text;
    int process;
    bool inside; /* of its file, all the time */
    bool ends;   /* its process */
  };
  class Comment;

  bool has(const char* part) const { return parts_.contains(part); }
  std::string process_name(int i) const { return program_.processes[static_cast<size_t>(i)]; }
  bool begins_itself(int process) const { return code_.origin(process).task < 0; }
  bool files() const { return !program_.files.empty(); }
  std::string verdict() const { return finding_ == nullptr ? "" : std::string(finding_->verdict); }
  /* The first that is no directory; -1: there is none. */
  int first_file() const;
  bool durability() const { return verdict() == "lost-after-sync"; }
  bool hangs() const {
    return verdict() == "deadlock" || verdict() == "lost-wakeup" || verdict() == "livelock";
  }
  bool uses_pmds() const;
  std::string words(const scenario::Operation& op) const;

  template <typename Visit>
  void for_each_op(Visit&& visit) const {
    for (size_t i = 0; i < program_.setup.size(); ++i) visit(kSetup, i, program_.setup[i]);
    for (size_t t = 0; t < program_.tasks.size(); ++t) {
      for (size_t i = 0; i < program_.tasks[t].ops.size(); ++i)
        visit(static_cast<int>(t), i, program_.tasks[t].ops[i]);
    }
  }
  template <typename Visit>
  void for_each_look(Visit&& visit) const {
    for (size_t p = 0; p < program_.processes.size(); ++p) {
      for (int region : code_.regions_of(static_cast<int>(p))) visit(static_cast<int>(p), region);
    }
  }

  void find_parts();
  void find_operations();

  std::string head() const;
  void found(Comment& comment) const;
  void needs(Comment& comment) const;
  void delays(Comment& comment) const;

  std::string tables() const;
  std::string objects() const;
  std::string places() const;
  std::string forks() const;
  size_t tasks_at_start() const;

  std::string regions() const;
  std::string tasks() const;
  std::string processes() const;
  std::string setup_of(int process) const;

  std::string round() const;
  std::string usage() const;
  std::string main() const;

  const scenario::Runner& runner_;
  const scenario::Program& program_;
  ExportCode code_;
  bool forced_;
  std::string name_;
  const engine::Finding* finding_;
  ExportOrder order_;
  std::set<std::string> parts_;
  std::vector<Row> rows_;
};

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_EXPORT_WRITER_H_
