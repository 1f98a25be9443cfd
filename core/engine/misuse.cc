/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/misuse.h"

#include "core/engine/failure.h"

namespace daxrace::engine {

namespace {

struct MisuseInfo {
  bool fatal;
  std::string_view what;
};

constexpr MisuseInfo kMisuses[] = {
#define MISUSE(name, fatal, what) {fatal, what},
#include "core/engine/misuses.def"
#undef MISUSE
};

/* What makes the context atomic: the arguments are the spinlocks held and the depth of RCU sections. */
std::string describe_context(const Finding& finding) {
  std::string text;
  if (finding.args[1] != 0) text += ", it holds " + std::to_string(finding.args[1]) + " spinlock(s)";
  if (finding.args[2] != 0) text += ", it is inside an RCU read section";
  return text;
}

std::string describe_misuse(const Finding& finding, const Execution& execution) {
  std::string_view what = kMisuses[finding.args[0]].what;
  std::string text = task_name(execution, finding.task) + " ";
  for (size_t i = 0; i < what.size(); ++i) {
    if (what[i] != '$') {
      text += what[i];
      continue;
    }
    switch (what[++i]) {
      case 'o':
        text += std::string(finding.role->name()) + "#" + std::to_string(finding.object);
        break;
      case 't':
        text += finding.other_task == finding.task ? "it" : task_name(execution, finding.other_task);
        break;
      case 'x':
        text += execution.thrown();
        break;
      default:
        if (finding.args[3] != 0)
          text += " since step " + std::to_string(finding.other_step) + in_function(*finding.other_site);
    }
  }
  return text + describe_context(finding) + at_step(finding.step, *finding.site);
}

}  // namespace

void Execution::misuse(Misuse kind, Object& object, const Site& site, const Culprit& other) {
  /* Destructors at work: a guard releases the mutex that the wait it is thrown out of had let go. */
  if (unwinding_) return;
  const Task& task = self_task();
  point_ = false;
  object.life = Object::Life::kAlive; /* whatever it was: this event may be on it */
  event(site, EventKind::k_misuse, object, static_cast<uint64_t>(kind));
  Finding finding = make_finding(Failure::k_misuse);
  finding.describe = describe_misuse;
  finding.by_site = true;
  finding.task = self_;
  finding.step = steps_ - 1;
  finding.site = &site;
  finding.role = object.role;
  finding.object = object.index;
  finding.other_task = other.task;
  finding.other_site = other.site;
  bool known = other.step != UINT32_MAX;
  if (known) finding.other_step = other.step;
  finding.args = {static_cast<uint64_t>(kind), 0, 0, known};
  if (kind == Misuse::k_sleep_in_atomic) {
    finding.args[1] = task.atomic_nesting;
    finding.args[2] = task.rcu_nesting;
  }
  if (kMisuses[static_cast<size_t>(kind)].fatal) fail(finding);
  report(finding);
}

}  // namespace daxrace::engine
