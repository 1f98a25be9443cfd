/* SPDX-License-Identifier: GPL-2.0-only */
/* Objects that are not there yet or not any more. */
#include "core/engine/failure.h"

namespace daxrace::engine {

namespace {

std::string describe_dead(const Finding& finding, const Execution& execution) {
  auto verb = [](uint64_t kind) {
    return kind == static_cast<uint64_t>(EventKind::k_destroy)
               ? std::string("destroys ")
               : "touches (" + std::string(name_of(static_cast<EventKind>(kind))) + ") ";
  };
  return task_name(execution, finding.task) + " " + verb(finding.args[0]) +
         std::string(finding.role->name()) + "#" + std::to_string(finding.object) +
         at_step(finding.step, *finding.site) + ", which " +
         (finding.other_task == finding.task ? "it" : task_name(execution, finding.other_task)) +
         " had destroyed" + at_step(finding.other_step, *finding.other_site);
}

/* Somebody other than `self` who is queued on the object or waits for it and cannot go on. */
TaskId waiter_on(const Execution& execution, const Object& object) {
  for (int i = 0; i < execution.task_count(); ++i) {
    auto id = static_cast<TaskId>(i);
    const Task& task = execution.task(id);
    if (id == execution.self() || task.state != Task::State::kRunnable) continue;
    const Pending& waits = task.pending;
    bool blocked =
        waits.object == &object && waits.enabled != nullptr && !waits.enabled(waits.object, waits, id);
    if (blocked || (task.queued != 0 && task.look.queue == &object)) return id;
  }
  return kNoTask;
}

}  // namespace

void Execution::unusable(const Site& site, EventKind kind, Object& object) {
  if (unwinding_) return;
  if (object.life == Object::Life::kNone) {
    object.role = &kNoObjectRole;
    misuse(Misuse::k_uninitialised, object, site);
  }
  record(site, kind, object, 0);
  Finding finding = make_finding(Failure::k_use_after_free);
  finding.describe = describe_dead;
  finding.task = self_;
  finding.step = steps_ - 1;
  finding.site = &site;
  finding.role = object.role;
  finding.object = object.index;
  finding.args[0] = static_cast<uint64_t>(kind);
  for (const Destroyed* d = destroyed_; d != nullptr; d = d->next) {
    if (d->object != &object) continue;
    finding.other_task = d->task;
    finding.other_step = d->step;
    finding.other_site = d->site;
    break;
  }
  fail(finding);
}

void Execution::destroy(Object& object, const Site& site) {
  event(site, EventKind::k_destroy, object, 0);
  TaskId holder = holder_of(object);
  if (holder != kNoTask) {
    const Held* held = held_by(holder, object);
    misuse(Misuse::k_destroy_held, object, site, {holder, held->step, held->site});
  }
  TaskId waiter = waiter_on(*this, object);
  if (waiter != kNoTask) misuse(Misuse::k_destroy_waited, object, site, {waiter});
  object.life = Object::Life::kDead;
  destroyed_ = arena_.make<Destroyed>(Destroyed{destroyed_, &object, &site, steps_ - 1, self_});
  changed(object, 0, hash_text("destroyed"));
}

/* The memory is used for a new object. */
void Execution::init_again(Object& object) {
  if (self_ == kNoTask) return;
  TaskId holder = holder_of(object);
  if (holder != kNoTask) {
    const Held* held = held_by(holder, object);
    misuse(Misuse::k_init_held, object, kAnonymousSite, {holder, held->step, held->site});
  }
  TaskId waiter = waiter_on(*this, object);
  if (waiter != kNoTask) misuse(Misuse::k_init_waited, object, kAnonymousSite, {waiter});
}

}  // namespace daxrace::engine
