/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/export_order.h"

#include <algorithm>
#include <regex>

#include "replay/spans.h"
#include "replay/step_words.h"

namespace daxrace::replay {

namespace {

using engine::Event;
using engine::EventKind;
using engine::TaskId;

/* How many operations of each task are known to have begun, and to have returned. */
struct Known {
  std::vector<size_t> begun;
  std::vector<size_t> returned;
  void merge(const Known& other) {
    for (size_t i = 0; i < begun.size(); ++i) {
      begun[i] = std::max(begun[i], other.begun[i]);
      returned[i] = std::max(returned[i], other.returned[i]);
    }
  }
};

class Order {
 public:
  explicit Order(const scenario::Runner& runner) : program_(runner.program()), tasks_(program_.tasks.size()) {
    const Known nothing{std::vector<size_t>(tasks_), std::vector<size_t>(tasks_)};
    now_ = nothing;
    known_.assign(tasks_, nothing);
    at_begin_.resize(tasks_);
    at_return_.resize(tasks_);
    not_yet_.assign(tasks_, 0);
    last_return_.assign(tasks_, 0);
    for (const scenario::Task& task : program_.tasks) waits_.emplace_back(task.ops.size());
    auto trace = runner.execution().trace();
    for (uint32_t step = 0; step < trace.size(); ++step) add(step, trace[step]);
  }

  std::vector<std::vector<std::vector<ExportWait>>> waits_;

 private:
  void add(uint32_t step, const Event& event) {
    if (event.task == 0 || event.task > tasks_) return;
    const size_t task = event.task - 1u;
    if (event.kind == EventKind::k_invoke && event.value < waits_[task].size()) {
      begins(task, static_cast<size_t>(event.value));
    } else if (event.kind == EventKind::k_ret && now_.returned[task] < now_.begun[task]) {
      now_.returned[task]++;
      known_[task].returned[task] = now_.returned[task];
      at_return_[task].push_back(known_[task]);
      last_return_[task] = step;
    }
  }

  /* A child's tasks do nothing on a real kernel before the fork; in the model they get SIGSEGV. */
  void forget_before_fork(const scenario::Operation& op) {
    if (op.kind != scenario::OpKind::k_fork) return;
    for (size_t i = 0; i < tasks_; ++i) {
      if (program_.tasks[i].process == op.arg[0]) not_yet_[i] = now_.begun[i];
    }
  }

  void begins(size_t task, size_t op) {
    forget_before_fork(program_.tasks[task].ops[op]);
    std::vector<size_t> others;
    for (size_t i = 0; i < tasks_; ++i) {
      if (i != task) others.push_back(i);
    }
    /* Who returned last knows most. */
    std::sort(others.begin(), others.end(), [&](size_t a, size_t b) {
      return last_return_[a] != last_return_[b] ? last_return_[a] > last_return_[b] : a < b;
    });
    Known& mine = known_[task];
    for (size_t other : others) {
      const size_t returned = now_.returned[other];
      if (returned > std::max(mine.returned[other], not_yet_[other])) {
        waits_[task][op].push_back({true, other, returned - 1});
        mine.merge(at_return_[other][returned - 1]);
      }
    }
    for (size_t other : others) {
      const size_t begun = now_.begun[other];
      if (begun > now_.returned[other] && begun > std::max(mine.begun[other], not_yet_[other])) {
        waits_[task][op].push_back({false, other, begun - 1});
        mine.merge(at_begin_[other][begun - 1]);
      }
    }
    now_.begun[task]++;
    mine.begun[task] = now_.begun[task];
    at_begin_[task].push_back(mine);
  }

  const scenario::Program& program_;
  size_t tasks_;
  Known now_;
  std::vector<Known> known_;
  std::vector<std::vector<Known>> at_begin_;
  std::vector<std::vector<Known>> at_return_;
  std::vector<size_t> not_yet_; /* operations of a child that come before its fork */
  std::vector<uint32_t> last_return_;
};

/* As the kernel has it: older forms have their version behind the name. */
std::string kernel_name(const std::string& function) {
  static const std::regex kVersion(R"(_v\d+_\d+$|_old$)");
  return std::regex_replace(function, kVersion, "");
}

bool is_ours(const std::string& function) {
  return function.empty() || function.starts_with("model_") || function.starts_with("testfs_");
}

/* The last function with a kernel name that the task was in before that step, in the same operation. */
std::string function_before(const scenario::Runner& runner, TaskId task, uint32_t step) {
  auto trace = runner.execution().trace();
  for (uint32_t i = std::min<uint32_t>(step, static_cast<uint32_t>(trace.size())); i-- > 0;) {
    if (trace[i].task != task) continue;
    if (trace[i].kind == EventKind::k_invoke) return "";
    if (!is_ours(trace[i].site->function)) return trace[i].site->function;
  }
  return "";
}

std::string where(const scenario::Runner& runner, TaskId task, uint32_t step) {
  auto trace = runner.execution().trace();
  uint32_t next = step;
  while (next < trace.size() && trace[next].task != task) ++next;
  std::string before = function_before(runner, task, step);
  std::string after = before.empty() ? "" : ", after what it does in " + kernel_name(before) + "()";
  if (next == trace.size() || trace[next].kind == EventKind::k_ret)
    return after.empty() ? "" : after.substr(2);
  std::string function = trace[next].site->function;
  std::string deed = deed_words(runner, trace[next]);
  if (!is_ours(function)) return "in " + kernel_name(function) + "(); next there: " + deed;
  return "next: " + deed + after;
}

bool spins(const std::string& held) {
  for (const char* lock : {"xa_lock", "ptl", "page_table_lock", "i_lock", "d_lock", "inode_hash_lock",
                           "mount_lock", "zone_lock", "swap_lock", "alloc_lock", "file_lock"}) {
    if (held.find(lock) != std::string::npos) return true;
  }
  return false;
}

std::vector<std::string> delays_of(const scenario::Runner& runner) {
  const engine::Execution& execution = runner.execution();
  auto holds = holds_of(runner);
  auto trace = execution.trace();
  std::vector<std::string> delays;
  for (const engine::Decision& decision : execution.decisions()) {
    const TaskId task = decision.preempted;
    if (decision.is_draw || task == engine::kNoTask || task == 0) continue;
    if (task > runner.program().tasks.size() || decision.value > runner.program().tasks.size()) continue;
    uint32_t begun = decision.step;
    while (begun > 0 && !(trace[begun - 1].task == task && (trace[begun - 1].kind == EventKind::k_invoke ||
                                                            trace[begun - 1].kind == EventKind::k_ret)))
      --begun;
    /* Between operations a gate does it. */
    if (begun == 0 || trace[begun - 1].kind == EventKind::k_ret) continue;
    std::string place = where(runner, task, decision.step);
    if (place.empty()) continue;
    std::string name(execution.task(task).name);
    std::string held = held_before(holds, task, decision.step);
    delays.push_back(name + " in `" + operation_words(runner, task, trace[begun - 1].value) + "`, " + place +
                     (held.empty() ? "" : "; it holds " + held) + ". " +
                     std::string(execution.task(static_cast<TaskId>(decision.value)).name) +
                     " runs meanwhile.\n    if (!strcmp(current->comm, \"" + name.substr(0, 15) + "\")) " +
                     (spins(held) ? "mdelay(20);" : "msleep(20);"));
  }
  return delays;
}

}  // namespace

ExportOrder order_of(const scenario::Runner& runner) { return {Order(runner).waits_, delays_of(runner)}; }

}  // namespace daxrace::replay
