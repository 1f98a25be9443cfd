/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory is touched only as long as it is there: whoever reads, writes or flushes a page of the device, or
 * counts a reference to it, needs the device's memory map. The engine says the same of its own objects.
 */
#include "core/model/pgmap.h"
#include "core/oracle/oracle.h"

namespace daxrace::oracle {

namespace {

std::string describe_gone(const engine::Finding& f, const engine::Execution& execution) {
  return task_name(execution, f.task) + " touched page " + std::to_string(f.args[0]) +
         " of the device (step " + std::to_string(f.step) + "), but " + task_name(execution, f.other_task) +
         " had removed its memory map (step " + std::to_string(f.other_step) + ")";
}

class Lifetime : public Oracle {
 public:
  void on_event(const kernel::model_event& event, FileHistory& history) override {
    if (event.kind != kernel::model_event_kind::touched) return;
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
