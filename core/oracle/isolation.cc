/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private memory is private: what is stored there reaches no other process, but for children by fork, and no
 * file. And a page that is pinned for writing is the page that its process sees, until the pin is given up,
 * or the process has given the page up (munmap, MADV_DONTNEED), or, where the pin is a mere reference
 * (FOLL_GET), has forked.
 */
#include "core/oracle/oracle.h"

namespace daxrace::oracle {

namespace {

using kernel::model_event;
using kernel::model_event_kind;

enum Arg { kObject, kCell, kValue, kReader, kReadOp, kOwner, kOwnerCell, kStored };
enum PinArg { kPinObject, kPinCell, kPinned, kMapped, kPinner, kPinOp, kPinnedAt };

std::string describe_leak(const engine::Finding& f, const engine::Execution& execution) {
  return task_name(execution, static_cast<engine::TaskId>(f.args[kReader])) + " op " +
         std::to_string(f.args[kReadOp]) + " read " +
         describe_write(execution, f.args[kValue], f.args[kStored]) + " from " +
         describe_cell(f, f.args[kObject], f.args[kCell]) + " (step " + std::to_string(f.step) +
         "), which was stored to " + describe_cell(f, f.args[kOwner], f.args[kOwnerCell]) +
         " and to nothing else";
}

std::string describe_split(const engine::Finding& f, const engine::Execution& execution) {
  return describe_cell(f, f.args[kPinObject], f.args[kPinCell]) + " is in page frame " +
         std::to_string(f.args[kMapped]) + " now (step " + std::to_string(f.step) + "), but " +
         task_name(execution, static_cast<engine::TaskId>(f.args[kPinner])) + " op " +
         std::to_string(f.args[kPinOp]) + " has frame " + std::to_string(f.args[kPinned]) +
         " pinned for writing since step " + std::to_string(f.args[kPinnedAt]) +
         ": what is written to it will not be seen";
}

class Isolation : public Oracle {
 public:
  void on_event(const model_event& event, FileHistory& history) override {
    switch (event.kind) {
      case model_event_kind::load:
      case model_event_kind::read_cell:
      case model_event_kind::dma_read:
      case model_event_kind::pin_read:
        on_read(event, history);
        break;
      case model_event_kind::mapped:
        on_mapped(event, history);
        break;
      case model_event_kind::kept:
        on_kept(event, history);
        break;
      default:
        break;
    }
  }

 private:
  static void on_mapped(const model_event& event, FileHistory& history) {
    for (const Pin* pin = history.pins(); pin != nullptr; pin = pin->next) {
      if (pin->mm != event.mm || pin->cell != event.cell || pin->pfn == event.value) continue;
      if (!pin->tentative) split(*pin, event.value, event.task, history);
    }
  }

  /* What happened to the page before it was clear that the pin stays. */
  static void on_kept(const model_event& event, FileHistory& history) {
    for (const Pin* pin = history.pins(); pin != nullptr; pin = pin->next) {
      if (FileHistory::is_of(*pin, event) && pin->moved != Pin::kNotMoved)
        split(*pin, pin->moved, event.task, history);
    }
  }

  static void split(const Pin& pin, uint64_t frame, engine::TaskId task, FileHistory& history) {
    if (!pin.writes || pin.discarded || (pin.forked && pin.reference)) return;
    engine::Finding finding = make_finding("split-pin", history);
    finding.describe = describe_split;
    finding.context = history.model().config.observer;
    finding.task = task;
    finding.site = history.execution().trace()[finding.step].site;
    finding.other_task = pin.task;
    finding.other_step = pin.step;
    finding.args = {kPrivate + pin.mm->id, pin.cell, pin.pfn, frame, pin.task, pin.op, pin.step};
    history.execution().report(finding);
  }

  /* Values name the operation that wrote them, so it is enough to look where the value is known. */
  static void on_read(const model_event& event, FileHistory& history) {
    if (event.value == 0 || FileHistory::find(history.cell(event), event.value) != nullptr) return;
    const Cell* owner = nullptr;
    const Write* stored = nullptr;
    for (const Cell* cell = history.touched(); cell != nullptr; cell = cell->next_touched) {
      const Write* write = FileHistory::find(*cell, event.value);
      if (write == nullptr) continue;
      if (cell->mm == nullptr) return; /* it is in a file, where others can have it from */
      owner = cell;
      stored = write;
    }
    /* A page that the process has given up since may be read through a pin: it was its own. */
    if (owner == nullptr || stored->mm == event.mm) return;
    engine::Finding finding = make_finding("private-leak", history);
    finding.describe = describe_leak;
    finding.context = history.model().config.observer;
    finding.task = event.task;
    finding.other_task = stored->task;
    finding.other_step = stored->step;
    finding.args = {event.mm != nullptr ? kPrivate + event.mm->id : event.inode->id,
                    event.cell,
                    event.value,
                    event.task,
                    event.op_index,
                    object_of(*owner),
                    owner->index,
                    stored->step};
    history.execution().report(finding);
  }
};

}  // namespace

std::unique_ptr<Oracle> make_isolation_oracle() { return std::make_unique<Isolation>(); }

}  // namespace daxrace::oracle
