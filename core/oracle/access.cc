/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mmap(2): SIGBUS is for pages beyond the end of the file. Inside, an access succeeds, unless the size
 * changed or space ran out while it was in progress.
 */
#include "core/oracle/oracle.h"

namespace daxrace::oracle {

namespace {

using kernel::model_event;
using kernel::model_event_kind;

enum Arg { kInode, kCell, kOp, kInvoked, kKind };

std::string access_of(uint64_t op) {
  switch (static_cast<kernel::model_op>(op)) {
    case kernel::model_op::store:
      return "a store to ";
    case kernel::model_op::clwb:
      return "a clwb of ";
    default:
      return "a load from ";
  }
}

std::string describe(const engine::Finding& f, const engine::Execution& execution) {
  return task_name(execution, f.task) + " op " + std::to_string(f.args[kOp]) + ", " +
         access_of(f.args[kKind]) + describe_cell(f, f.args[kInode], f.args[kCell]) + ", got SIGBUS (step " +
         std::to_string(f.step) +
         "), although the page was inside the file and there was space since it was invoked (step " +
         std::to_string(f.args[kInvoked]) + ")";
}

class Access : public Oracle {
 public:
  void on_event(const model_event& event, FileHistory& history) override {
    if (event.kind != model_event_kind::ret || event.result != kernel::MODEL_SIGBUS) return;
    if (event.inode == nullptr) return;
    const TaskHistory& task = history.task(event.task);
    bool resized = history.resized(event.inode) >= task.invoked;
    bool inside = event.cell < event.inode->i_size.peek() * history.model().config.cells;
    if (resized || !inside || task.no_space) return;
    engine::Finding finding = make_finding("spurious-sigbus", history);
    finding.describe = describe;
    finding.context = history.model().config.observer;
    finding.task = event.task;
    finding.args = {event.inode->id, event.cell, event.op_index, task.invoked,
                    static_cast<uint64_t>(event.op)};
    history.execution().report(finding);
  }
};

}  // namespace

std::unique_ptr<Oracle> make_access_oracle() { return std::make_unique<Access>(); }

}  // namespace daxrace::oracle
