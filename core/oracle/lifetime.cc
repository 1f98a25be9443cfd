/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory is touched only as long as it is there: whoever reads, writes or flushes a page of the device, or
 * counts a reference to it, needs the device's memory map; whoever reads or changes a file needs its inode.
 * The engine says the same of its own objects.
 */
#include "core/model/inode.h"
#include "core/model/pgmap.h"
#include "core/oracle/oracle.h"

namespace daxrace::oracle {

namespace {

std::string describe_gone(const engine::Finding& f, const engine::Execution& execution) {
  return task_name(execution, f.task) + " touched page " + std::to_string(f.args[0]) +
         " of the device (step " + std::to_string(f.step) + "), but " + task_name(execution, f.other_task) +
         " had removed its memory map (step " + std::to_string(f.other_step) + ")";
}

std::string describe_freed(const engine::Finding& f, const engine::Execution& execution) {
  return task_name(execution, f.task) + " op " + std::to_string(f.args[2]) + " used the inode of " +
         describe_cell(f, f.args[0], f.args[1]) + " (step " + std::to_string(f.step) +
         "), which has been freed" +
         (f.other_task == engine::kNoTask
              ? ""
              : ": " + task_name(execution, f.other_task) + " was the last to put it (step " +
                    std::to_string(f.other_step) + ")");
}

/* What is done to a file, not to a page that somebody has pinned. */
bool uses_inode(kernel::model_event_kind kind) {
  switch (kind) {
    case kernel::model_event_kind::load:
    case kernel::model_event_kind::store:
    case kernel::model_event_kind::read_cell:
    case kernel::model_event_kind::write_cell:
    case kernel::model_event_kind::truncated:
    case kernel::model_event_kind::extended:
    case kernel::model_event_kind::zeroed:
    case kernel::model_event_kind::collapsed:
      return true;
    default:
      return false;
  }
}

class Lifetime : public Oracle {
 public:
  void on_event(const kernel::model_event& event, FileHistory& history) override {
    if (event.kind == kernel::model_event_kind::touched)
      on_touched(event, history);
    else if (history.model().life != nullptr && event.inode != nullptr && uses_inode(event.kind))
      on_used(event, history);
  }

 private:
  static void on_used(const kernel::model_event& event, FileHistory& history) {
    const kernel::inode& inode = *event.inode;
    if (inode.i_hashed.peek()) return;
    engine::Finding finding = make_finding("use-after-free", history);
    finding.describe = describe_freed;
    finding.context = history.model().config.observer;
    finding.task = event.task;
    finding.site = history.execution().trace()[finding.step].site;
    finding.other_task = inode.put.step != 0 ? inode.put.task : engine::kNoTask;
    finding.other_step = inode.put.step;
    finding.args = {inode.id, event.cell, event.op_index};
    history.execution().report(finding);
  }

  static void on_touched(const kernel::model_event& event, FileHistory& history) {
    const kernel::dev_pagemap& pgmap = *history.model().pgmap;
    if (pgmap.mapped.peek() != 0) return;
    engine::Finding finding = make_finding("use-after-free", history);
    finding.describe = describe_gone;
    finding.task = event.task;
    finding.site = history.execution().trace()[finding.step].site;
    finding.other_task = pgmap.removed_by;
    finding.other_step = pgmap.removed_at;
    finding.other_site = history.execution().trace()[pgmap.removed_at].site;
    finding.args = {event.block};
    history.execution().report(finding);
  }
};

}  // namespace

std::unique_ptr<Oracle> make_lifetime_oracle() { return std::make_unique<Lifetime>(); }

}  // namespace daxrace::oracle
