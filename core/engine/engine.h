/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The engine for a C++ test: spawn tasks that share atomics, plain data and locks, and let a strategy decide
 * who runs.
 *
 *   Report report = explore({.strategy = "dfs"}, [] {
 *     Atomic<int> x("x", 0);
 *     auto add = [&x] {
 *       int old = x.load();
 *       x.store(old + 1);
 *     };
 *     TaskId a = spawn(add, "A");
 *     TaskId b = spawn(add, "B");
 *     join(a);
 *     join(b);
 *     check(x.load() == 2, "an addition was lost");
 *   });
 *   EXPECT_TRUE(report.passed()) << report;
 *
 * A full expression contains at most one scheduling point, because the order of evaluation differs between
 * compilers; builds with DAXRACE_DEBUG find expressions with more.
 *
 * The body runs once for each execution, as task 0, and must be deterministic but for what the engine
 * decides. Objects may live on the stack of the task that made them, as long as that task joins those that
 * use them. Bodies may own memory: a task that does not come to its end, because the execution failed or
 * shows nothing new, is unwound by an exception that is not to be caught (or to be thrown again). A finding
 * never ends the process; bad use of the engine is a finding, too (verdict `misuse`).
 *
 * Primitives: Atomic, Plain (race-checked), fence (data.h); Mutex, SpinLock, RwSemaphore, WaitQueue,
 * Completion (sync.h); CondVar, Semaphore, Barrier, SeqCount, SeqLock, Rcu, Srcu, wait_event, wait_var_event,
 * signals (headers of their own).
 *
 * Bounds: 128 tasks; an object of at most eight bytes, trivially copyable; Limits. One explore() at a time,
 * in one thread.
 */
#ifndef DAXRACE_CORE_ENGINE_ENGINE_H_
#define DAXRACE_CORE_ENGINE_ENGINE_H_

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/engine/barrier.h"
#include "core/engine/condvar.h"
#include "core/engine/data.h"
#include "core/engine/rcu.h"
#include "core/engine/semaphore.h"
#include "core/engine/seqcount.h"
#include "core/engine/strategies.h"
#include "core/engine/sync.h"
#include "core/engine/wait_event.h"
#include "core/engine/wait_var.h"

namespace daxrace::engine {

struct ExploreOptions {
  std::string_view strategy = "portfolio"; /* a row of strategies.def */
  StrategyOptions tuning = {};
  uint64_t executions = 10000; /* at most; strategies that exhaust may need fewer */
  bool stop_at_first = true;   /* at the first execution with a finding */
  /* Each schedule is run twice: a body that is not deterministic is reported instead of explored. */
  bool self_check = false;
  Limits limits = {.steps_max = 20000, .tasks_max = kTasksMax, .unwind = true, .trace = false};
};

/* What explore() saw. */
struct Report {
  struct Seen {
    std::string verdict;
    std::string sentence;
    uint64_t hits = 0;      /* executions that showed it */
    uint64_t execution = 0; /* the first that did, from 1 */
  };

  uint64_t executions = 0; /* run to an end, or abandoned because nothing new lay ahead */
  uint64_t abandoned = 0;
  uint64_t steps = 0;
  bool exhausted = false;         /* the strategy has nothing left within its bounds */
  std::vector<Seen> findings;     /* by verdict and sentence, in order of appearance */
  std::vector<Decision> schedule; /* of the first execution with a finding: replay() shows it again */
  std::string interleaving;       /* of that execution, a line a step */
  /* The exploration itself went wrong: no such strategy, or a body that is not deterministic. */
  std::string harness_error;

  bool passed() const { return findings.empty() && harness_error.empty(); }
  bool found(std::string_view verdict) const;
};

std::ostream& operator<<(std::ostream& out, const Report& report);

Report explore(const ExploreOptions& options, const std::function<void()>& body);

/* One execution, by recorded choices. */
Report replay(const std::vector<Decision>& schedule, const std::function<void()>& body,
              const Limits& limits = ExploreOptions().limits);

/* Any primitive under a name of its own: Named<Mutex> m("m"); Named<Semaphore> slots("slots", 2u). The name
 * is not copied. Of one name there may be several objects: name#0, name#1, ... in order of creation. */
template <class T>
class Named : public T {
 public:
  template <class... Args>
  explicit Named(const char* name, Args... args) {
    this->init(role_named(name), args...);
  }
};

/* --- for bodies -------------------------------------------------------------------------------------------
 */

/* The callable is kept until the execution is over. The name is not copied. */
TaskId spawn_owned(std::function<void()> body, std::string_view name);

template <class F>
TaskId spawn(F&& body, std::string_view name) {
  return spawn_owned(std::function<void()>(std::forward<F>(body)), name);
}

inline void join(TaskId task) { Execution::current().join(task); }

/* A value in [0, bound) that the strategy chooses. */
inline uint32_t choose(uint32_t bound) { return Execution::current().choose(bound); }

/* Unless `holds`, a finding with the verdict `assertion`; the execution ends. `what` is not copied. */
void check(bool holds, const char* what);

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_ENGINE_H_
