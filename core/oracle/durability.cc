/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * If a store happened before fsync was invoked and that call returned 0, every crash image from then on holds
 * that store or a later one to the same cell, unless the cell has been truncated since.
 *
 * A MAP_SYNC mapping promises the same of a store through it, once the line was flushed and the CPU that did
 * so has fenced.
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

std::string lacks(const engine::Finding& f, const engine::Execution& execution) {
  return describe_cell(f, f.args[kInode], f.args[kCell]) + " lacks " +
         describe_write(execution, f.args[kStoreValue], f.args[kStoreStep]) + " after a crash";
}

std::string holds(const engine::Finding& f, const engine::Execution& execution) {
  return "; the durable image holds " + describe_write(execution, f.args[kDurable], kNever);
}

std::string describe(const engine::Finding& f, const engine::Execution& execution) {
  auto sync_task = static_cast<engine::TaskId>(f.args[kSyncTask]);
  std::string text = lacks(f, execution);
  if (sync_task != engine::kNoTask) {
    text += ", although " + task_name(execution, sync_task) + "'s fsync (op " +
            std::to_string(f.args[kSyncOp]) + ") was invoked later (step " +
            std::to_string(f.args[kSyncInvoked]) + ") and returned 0 (step " + std::to_string(f.step) + ")";
  } else {
    text += ", although an fsync that returned 0 covered it";
  }
  return text + holds(f, execution);
}

std::string describe_fence(const engine::Finding& f, const engine::Execution& execution) {
  return lacks(f, execution) + ", although it was stored through a MAP_SYNC mapping and " +
         task_name(execution, static_cast<engine::TaskId>(f.args[kSyncTask])) +
         " flushed its line later (step " + std::to_string(f.args[kSyncInvoked]) + ") and fenced (op " +
         std::to_string(f.args[kSyncOp]) + ", step " + std::to_string(f.step) + ")" + holds(f, execution);
}

class Durability : public Oracle {
 public:
  void on_begin(FileHistory& history) override {
    nr_tasks_ = history.model().config.nr_tasks;
    flushes_ = history.execution().arena().make_array<Flush*>(nr_tasks_);
  }

  void on_event(const model_event& event, FileHistory& history) override {
    TaskHistory task = history.task(event.task);
    if (event.kind == model_event_kind::ret && event.op == kernel::model_op::fsync && event.result == 0) {
      for (Cell* cell = history.touched(); cell != nullptr; cell = cell->next_touched) {
        if (cell->inode != event.inode) continue;
        if (Write* write = done_before(*cell, task.invoked, false)) write->promised = true;
        check(*cell, history, event.task, task);
      }
    } else if (event.kind == model_event_kind::flushed && event.sync) {
      Cell& cell = history.cell(event.inode, event.cell);
      Write* write = done_before(cell, task.invoked, true);
      if (write == nullptr) return;
      Flush*& list = flushes_[event.task];
      list = history.execution().arena().make<Flush>(Flush{list, &cell, write, task.invoked});
    } else if (event.kind == model_event_kind::fenced) {
      for (Flush* flush = flushes_[event.task]; flush != nullptr; flush = flush->next) {
        flush->write->promised = true;
        task.invoked = flush->invoked;
        check(*flush->cell, history, event.task, task);
      }
      flushes_[event.task] = nullptr;
    }
  }

  void on_crash(FileHistory& history) override {
    for (Cell* cell = history.touched(); cell != nullptr; cell = cell->next_touched) {
      check(*cell, history, engine::kNoTask, {});
    }
  }

  engine::Hash128 state_hash() const override {
    engine::Hash128 hash = 0;
    for (unsigned int i = 0; i < nr_tasks_; ++i) {
      for (const Flush* flush = flushes_[i]; flush != nullptr; flush = flush->next) {
        hash += engine::wide(engine::combine(i, flush->cell->inode->id),
                             engine::combine(flush->cell->index, flush->write->order));
      }
    }
    return hash;
  }

 private:
  /* What a task flushed through a MAP_SYNC mapping and has not fenced yet. */
  struct Flush {
    Flush* next;
    Cell* cell;
    Write* write; /* the newest that had been stored before */
    uint32_t invoked;
  };

  /* The newest write that was done before then; of the stores through a MAP_SYNC mapping alone, or of all.
   * What is older has been overwritten. */
  static Write* done_before(const Cell& cell, uint32_t invoked, bool sync) {
    for (Write* write = cell.newest; write != nullptr; write = write->older) {
      uint32_t done = write->instantaneous ? write->step : write->ended;
      if (done < invoked && (!sync || write->sync)) return write;
    }
    return nullptr;
  }

  static void check(const Cell& cell, FileHistory& history, engine::TaskId sync_task,
                    const TaskHistory& sync) {
    const Write* promised = cell.newest;
    for (; promised != nullptr && !promised->promised; promised = promised->older) {
      if (promised->truncation) return;
    }
    if (promised == nullptr) return;
    uint64_t durable = kernel::model_durable(cell.inode, cell.index);
    const Write* holds = FileHistory::find(cell, durable);
    if (holds != nullptr && holds->order >= promised->order) return;
    engine::Finding finding = make_finding("lost-after-sync", history);
    finding.describe = sync.kind == kernel::model_op::sfence ? describe_fence : describe;
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

  Flush** flushes_ = nullptr;
  unsigned int nr_tasks_ = 0;
};

}  // namespace

std::unique_ptr<Oracle> make_durability_oracle() { return std::make_unique<Durability>(); }

}  // namespace daxrace::oracle
