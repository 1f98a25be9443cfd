/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/race.h"

#include "core/engine/failure.h"

namespace daxrace::engine {

namespace {

std::string describe_race(const Finding& finding, const Execution& execution) {
  auto access = [](uint64_t write) { return write != 0 ? "writes " : "reads "; };
  auto name = [&](TaskId id) { return std::string(execution.task(id).name); };
  std::string object = std::string(finding.role->name()) + "#" + std::to_string(finding.object);
  return name(finding.task) + " " + access(finding.args[1]) + object + " in " + finding.site->function +
         " (step " + std::to_string(finding.step) + "), and nothing orders that after the step " +
         std::to_string(finding.other_step) + ", where " + name(finding.other_task) + " " +
         access(finding.args[0]) + "it in " + finding.other_site->function;
}

}  // namespace

void RaceState::report(const Object& object, const Past& past, const Site& site, bool past_write,
                       bool write) {
  Execution& execution = Execution::current();
  Finding finding = make_finding(Failure::k_data_race);
  finding.describe = describe_race;
  finding.task = execution.self();
  finding.step = execution.steps() - 1;
  finding.site = &site;
  finding.other_task = past.epoch.task;
  finding.other_step = past.step;
  finding.other_site = past.site;
  finding.role = object.role;
  finding.object = object.index;
  finding.args = {past_write, write};
  execution.report(finding);
}

void RaceState::on_read(Object& object, const Site& site) {
  Execution& execution = Execution::current();
  const uint32_t* clock = execution.self_task().clock;
  Past now{execution.epoch(), execution.steps() - 1, &site};
  if (!before(write_.epoch, clock)) report(object, write_, site, true, false);
  if (reads_ == nullptr && before(read_.epoch, clock)) {
    read_ = now;
    return;
  }
  if (reads_ == nullptr) {
    reads_ = execution.arena().make_array<Past>(static_cast<size_t>(execution.clock_width()));
    reads_[read_.epoch.task] = read_;
  }
  reads_[now.epoch.task] = now;
}

void RaceState::on_write(Object& object, const Site& site) {
  Execution& execution = Execution::current();
  const uint32_t* clock = execution.self_task().clock;
  if (!before(write_.epoch, clock)) report(object, write_, site, true, true);
  if (reads_ == nullptr) {
    if (!before(read_.epoch, clock)) report(object, read_, site, false, true);
  } else {
    for (int i = 0; i < execution.clock_width(); ++i) {
      if (!before(reads_[i].epoch, clock)) report(object, reads_[i], site, false, true);
    }
  }
  write_ = {execution.epoch(), execution.steps() - 1, &site};
  read_ = {};
  reads_ = nullptr;
}

}  // namespace daxrace::engine
