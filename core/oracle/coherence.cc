/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each cell is a register: a read returns a value whose write had not been overwritten, by an operation that
 * had ended, before the read began. Where operations overlap, several values are right. A value that somebody
 * has read counts as written by the time that read returned.
 */
#include "core/model/gup.h"
#include "core/oracle/oracle.h"

namespace daxrace::oracle {

namespace {

using kernel::model_event;
using kernel::model_event_kind;

enum Arg { kInode, kCell, kValue, kHiddenBy, kHiddenReturned, kReader, kReadOp, kInvoked };

std::string describe_stale(const engine::Finding& f, const engine::Execution& execution) {
  auto reader = static_cast<engine::TaskId>(f.args[kReader]);
  return task_name(execution, reader) + " op " + std::to_string(f.args[kReadOp]) + " read " +
         describe_write(execution, f.args[kValue], kNever) + " from " +
         describe_cell(f, f.args[kInode], f.args[kCell]) + " (step " + std::to_string(f.step) + "), but " +
         describe_write(execution, f.args[kHiddenBy], f.other_step) +
         " was there, and the operation that wrote it had returned (step " +
         std::to_string(f.args[kHiddenReturned]) + ") before the read was invoked (step " +
         std::to_string(f.args[kInvoked]) + ")";
}

std::string describe_unwritten(const engine::Finding& f, const engine::Execution& execution) {
  auto reader = static_cast<engine::TaskId>(f.args[kReader]);
  std::string value = describe_write(execution, f.args[kValue], kNever);
  std::string where = describe_cell(f, f.args[kInode], f.args[kCell]);
  if (reader == engine::kNoTask)
    return "at the end " + where + " holds " + value + ", which nobody ever wrote there";
  return task_name(execution, reader) + " op " + std::to_string(f.args[kReadOp]) + " read " + value +
         " from " + where + " (step " + std::to_string(f.step) + "), where nobody ever wrote that";
}

std::string describe_lost(const engine::Finding& f, const engine::Execution& execution) {
  return "at the end " + describe_cell(f, f.args[kInode], f.args[kCell]) + " holds " +
         describe_write(execution, f.args[kValue], kNever) + ", but " +
         describe_write(execution, f.args[kHiddenBy], f.other_step) + " was written after it";
}

class Coherence : public Oracle {
 public:
  void on_event(const model_event& event, FileHistory& history) override {
    if (event.kind == model_event_kind::load || event.kind == model_event_kind::read_cell) {
      on_read(event, history);
    } else if (event.kind == model_event_kind::copied) {
      /* The copy of a page of a file is a read of it. */
      model_event read = event;
      read.mm = nullptr;
      read.cell = event.file_cell;
      on_read(read, history);
    }
    if ((event.kind == model_event_kind::dma_read || event.kind == model_event_kind::pin_read) &&
        is_of_its_place(event, history)) {
      on_read(event, history);
    }
  }

  void on_quiesce(FileHistory& history) override {
    uint32_t now = history.execution().steps();
    const kernel::model_config& config = history.model().config;
    for (Cell* cell = history.touched(); cell != nullptr; cell = cell->next_touched) {
      uint64_t value = 0;
      if (cell->newest == nullptr) continue;
      if (cell->mm != nullptr) {
        value = kernel::model_private_content(cell->mm, cell->index);
      } else {
        if (cell->index >= cell->inode->i_size.peek() * config.cells) continue;
        value = kernel::model_content(cell->inode, cell->index);
      }
      const Write* hidden_by = nullptr;
      if (readable(*cell, value, now, &hidden_by) != nullptr) continue;
      engine::Finding finding = make_finding("lost-write", history);
      finding.describe = hidden_by != nullptr ? describe_lost : describe_unwritten;
      fill(finding, history, *cell, value, hidden_by);
      finding.task = hidden_by != nullptr ? hidden_by->task : engine::kNoTask;
      finding.args[kReader] = engine::kNoTask;
      history.execution().report(finding);
    }
  }

 private:
  /* Whether a page that is read through a pin has to be what its address showed. A zero page does not: a
   * block or a page of the process may have come meanwhile. Nor does private memory behind a mere reference,
   * which copy on write may leave behind. */
  static bool is_of_its_place(const model_event& event, const FileHistory& history) {
    const kernel::model_pin& pin = *event.pin;
    if (pin.page == nullptr && (pin.folio == nullptr || (pin.flags & kernel::FOLL_PIN) == 0)) return false;
    return history.reaches(event);
  }

  /* The newest write of that value that a read invoked at `time` may return; null and why not. */
  static Write* readable(const Cell& cell, uint64_t value, uint32_t time, const Write** hidden_by) {
    for (Write* write = cell.newest; write != nullptr; write = write->older) {
      if (write->value != value) continue;
      const Write* hides = FileHistory::overwritten(cell, *write, time);
      if (hides == nullptr) return write;
      *hidden_by = hides;
    }
    return nullptr;
  }

  static void fill(engine::Finding& finding, FileHistory& history, const Cell& cell, uint64_t value,
                   const Write* hidden_by) {
    finding.context = history.model().config.observer;
    finding.args[kInode] = object_of(cell);
    finding.args[kCell] = cell.index;
    finding.args[kValue] = value;
    if (hidden_by == nullptr) return;
    finding.other_task = hidden_by->task;
    finding.other_step = hidden_by->step;
    finding.other_site = history.execution().trace()[hidden_by->step].site;
    finding.args[kHiddenBy] = hidden_by->value;
    finding.args[kHiddenReturned] = hidden_by->returned;
  }

  void on_read(const model_event& event, FileHistory& history) {
    Cell& cell = history.cell(event);
    TaskHistory& task = history.task(event.task);
    if (cell.newest == nullptr && event.value == 0) return;
    const Write* hidden_by = nullptr;
    Write* write = readable(cell, event.value, task.invoked, &hidden_by);
    if (write != nullptr) {
      /* Which of several zeros it was cannot be told, so nothing follows from having read one. */
      bool known = event.value != 0;
      task.reads = history.execution().arena().make<Read>(Read{task.reads, &cell, known ? write : nullptr});
      return;
    }
    engine::Finding finding = make_finding("stale-read", history);
    finding.describe = hidden_by != nullptr ? describe_stale : describe_unwritten;
    if (cell.inode == nullptr && cell.mm == nullptr)
      cell.inode = event.inode, cell.mm = event.mm, cell.index = event.cell;
    fill(finding, history, cell, event.value, hidden_by);
    finding.task = event.task;
    finding.site = history.execution().trace()[finding.step].site;
    finding.args[kReader] = event.task;
    finding.args[kReadOp] = event.op_index;
    finding.args[kInvoked] = task.invoked;
    history.execution().report(finding);
  }
};

}  // namespace

std::unique_ptr<Oracle> make_coherence_oracle() { return std::make_unique<Coherence>(); }

}  // namespace daxrace::oracle
