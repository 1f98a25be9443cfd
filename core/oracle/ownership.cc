/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A block is touched only on behalf of the page of the file that it was looked up for, and only as long as it
 * is that page's. It stops being so when it leaves the extent map: a transaction that has not committed keeps
 * it from being reused, but what is written to it until then may still come to nothing or to light again.
 */
#include "core/model/gup.h"
#include "core/oracle/oracle.h"

namespace daxrace::oracle {

namespace {

using kernel::model_event;
using kernel::model_event_kind;

enum Arg { kInode, kCell, kBlock, kWrite, kSetupTask, kSetupOp, kSetupStep, kOwner };

/* Of kOwner: nobody; else the page, the inode above it. */
constexpr uint64_t kNobody = ~uint64_t{0};

std::string describe_block(const engine::Finding& f, const engine::Execution& execution) {
  std::string text = task_name(execution, f.task) +
                     (f.args[kWrite] != 0 ? " wrote to block " : " read block ") +
                     std::to_string(f.args[kBlock]) + " (step " + std::to_string(f.step) + ")";
  text += " as " + describe_cell(f, f.args[kInode], f.args[kCell]);
  if (f.args[kSetupTask] != engine::kNoTask) {
    text += ", which " + task_name(execution, static_cast<engine::TaskId>(f.args[kSetupTask])) + " op " +
            std::to_string(f.args[kSetupOp]) + " had pinned (step " + std::to_string(f.args[kSetupStep]) +
            ")";
  }
  text += ", but ";
  text += f.other_task == engine::kNoTask ? "the file does not have it"
                                          : task_name(execution, f.other_task) + " had freed it (step " +
                                                std::to_string(f.other_step) + ")";
  if (f.args[kOwner] == kNobody) return text;
  const auto* set = static_cast<const OracleSet*>(f.context);
  return text + ", and it is page " + std::to_string(f.args[kOwner] & 0xffffffff) + " of " +
         set->names().files[f.args[kOwner] >> 32] + " now";
}

uint64_t owner_of(const kernel::model& model, uint64_t block) {
  for (unsigned int n = 0; n < model.config.nr_inodes; ++n) {
    const kernel::inode& inode = model.inodes[n];
    for (kernel::pgoff_t page = 0; page < inode.nr_blocks; ++page) {
      if (inode.i_block[page].peek() == block + 1) return uint64_t{n} << 32 | page;
    }
  }
  return kNobody;
}

class Ownership : public Oracle {
 public:
  void on_event(const model_event& event, FileHistory& history) override {
    switch (event.kind) {
      case model_event_kind::load:
      case model_event_kind::store:
      case model_event_kind::read_cell:
      case model_event_kind::write_cell:
        if (event.block == kernel::MODEL_NO_BLOCK || event.mm != nullptr) return;
        if (event.inode->i_block[event.cell / history.model().config.cells].peek() == event.block + 1) return;
        report("block-after-free", event, event.block, history);
        break;
      case model_event_kind::dma_read:
      case model_event_kind::dma_write:
      case model_event_kind::pin_read:
        if (event.mm != nullptr || FileHistory::owned(*event.pin)) return;
        report(event.kind == model_event_kind::pin_read ? "block-after-free" : "dma-after-free", event,
               page_to_pfn(event.pin->page), history);
        break;
      default:
        break;
    }
  }

 private:
  static void report(std::string_view verdict, const model_event& event, uint64_t block,
                     FileHistory& history) {
    const kernel::model_note& freed = history.model().freed_notes[block];
    engine::Finding finding = make_finding(verdict, history);
    finding.describe = describe_block;
    finding.context = history.model().config.observer;
    finding.task = event.task;
    finding.site = history.execution().trace()[finding.step].site;
    finding.other_task = freed.step != 0 ? freed.task : engine::kNoTask;
    finding.other_step = freed.step;
    if (freed.step != 0) finding.other_site = history.execution().trace()[freed.step].site;
    bool write = event.kind == model_event_kind::store || event.kind == model_event_kind::write_cell ||
                 event.kind == model_event_kind::dma_write;
    finding.args = {event.inode->id,
                    event.cell,
                    block,
                    write,
                    event.pin != nullptr ? event.pin->task : engine::kNoTask,
                    event.pin != nullptr ? event.pin->op : 0,
                    event.pin != nullptr ? event.pin->step : 0,
                    owner_of(history.model(), block)};
    history.execution().report(finding);
  }
};

}  // namespace

std::unique_ptr<Oracle> make_ownership_oracle() { return std::make_unique<Ownership>(); }

}  // namespace daxrace::oracle
