/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * If a store happened before fsync was invoked and that call returned 0, every crash image from then on holds
 * that store or a later one to the same cell, unless the cell has been truncated since.
 *
 * Power can fail at any moment, so the least image is asked for as soon as fsync returns, and again at a
 * crash. What is durable only grows, so the least image is the worst. A write(2) that has not returned has no
 * claim, even if somebody has read it: its size may not be in the inode yet.
 */
#include "core/oracle/oracle.h"

namespace daxrace::oracle {

namespace {

using kernel::model_event;
using kernel::model_event_kind;

enum Arg { kInode, kCell, kStoreStep, kStoreValue, kDurable, kSyncTask, kSyncInvoked, kSyncOp };

std::string describe(const engine::Finding& f, const engine::Execution& execution) {
  auto sync_task = static_cast<engine::TaskId>(f.args[kSyncTask]);
  std::string where = describe_cell(f, f.args[kInode], f.args[kCell]);
  std::string text = where + " lacks " + describe_write(execution, f.args[kStoreValue], f.args[kStoreStep]) +
                     " after a crash";
  if (sync_task != engine::kNoTask) {
    text += ", although " + task_name(execution, sync_task) + "'s fsync (op " +
            std::to_string(f.args[kSyncOp]) + ") was invoked later (step " +
            std::to_string(f.args[kSyncInvoked]) + ") and returned 0 (step " + std::to_string(f.step) + ")";
  } else {
    text += ", although an fsync that returned 0 covered it";
  }
  return text + "; the durable image holds " + describe_write(execution, f.args[kDurable], kNever);
}

class Durability : public Oracle {
 public:
  void on_event(const model_event& event, FileHistory& history) override {
    if (event.kind != model_event_kind::ret || event.op != kernel::model_op::fsync || event.result != 0)
      return;
    const TaskHistory& task = history.task(event.task);
    for (Cell* cell = history.touched(); cell != nullptr; cell = cell->next_touched) {
      if (cell->inode != event.inode) continue;
      promise(*cell, task.invoked);
      check(*cell, history, event.task, task);
    }
  }

  void on_crash(FileHistory& history) override {
    for (Cell* cell = history.touched(); cell != nullptr; cell = cell->next_touched) {
      check(*cell, history, engine::kNoTask, {});
    }
  }

 private:
  static void promise(Cell& cell, uint32_t invoked) {
    for (Write* write = cell.newest; write != nullptr; write = write->older) {
      uint32_t done = write->instantaneous ? write->step : write->ended;
      if (done >= invoked) continue;
      write->promised = true;
      return; /* what is older has been overwritten */
    }
  }

  static void check(const Cell& cell, FileHistory& history, engine::TaskId sync_task,
                    const TaskHistory& sync) {
    const Write* promised = cell.newest;
    for (; promised != nullptr && !promised->promised; promised = promised->older) {
      if (promised->truncation) return;
    }
    if (promised == nullptr || promised->truncation) return;
    uint64_t durable = kernel::model_durable(cell.inode, cell.index);
    const Write* holds = FileHistory::find(cell, durable);
    if (holds != nullptr && holds->order >= promised->order) return;
    engine::Finding finding = make_finding("lost-after-sync", history);
    finding.describe = describe;
    finding.context = history.model().config.observer;
    finding.task = sync_task;
    /* Who took DIRTY away last, if anybody did: without that an fsync would have found the store. */
    if (const engine::Site* cleaned_by = kernel::model_cleaned_by(cell.inode, cell.index))
      finding.site = cleaned_by;
    finding.other_task = promised->task;
    finding.other_step = promised->step;
    finding.other_site = history.execution().trace()[promised->step].site;
    finding.args = {cell.inode->id, cell.index, promised->step, promised->value,
                    durable,        sync_task,  sync.invoked,   sync.op};
    history.execution().report(finding);
  }
};

}  // namespace

std::unique_ptr<Oracle> make_durability_oracle() { return std::make_unique<Durability>(); }

}  // namespace daxrace::oracle
