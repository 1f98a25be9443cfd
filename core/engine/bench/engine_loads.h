/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The workloads over the engine, and how one of them is run and counted.
 */
#ifndef DAXRACE_CORE_ENGINE_BENCH_ENGINE_LOADS_H_
#define DAXRACE_CORE_ENGINE_BENCH_ENGINE_LOADS_H_

#include <memory>
#include <span>
#include <string_view>

#include "core/engine/execution.h"
#include "core/engine/strategies.h"

namespace daxrace::bench {

struct EngineLoad {
  const char* name;
  int tasks;        /* of the execution, the first included */
  bool first_works; /* or it only spawns the others, which is not counted */
  engine::Execution::Body first;
  void* arg = nullptr;

  engine::Limits limits() const { return {.steps_max = 20000, .tasks_max = tasks, .trace = false}; }
};

/* W1, W2, W3, and W2 in other forms:
 *   W2/tried   the lock is of use kTriedToo: its release is a scheduling point
 *   W2/parked  the lock is Relacy's mutex, rebuilt: the same scheduling points and switches as there */
std::span<const EngineLoad> engine_loads();

/* `tasks` tasks, each of kTaskAccesses accesses as in W3. Valid until the next call. */
inline constexpr int kTaskAccesses = 16;
const EngineLoad& load_of_tasks(int tasks);

/* W2 with kW2SearchRounds rounds, each an operation of its own. */
const EngineLoad& search_load();
/* With invoke() and ret() around each. */
const EngineLoad& operations_load();

/* Passes on what another strategy decides, and overrules whether a trace is kept. */
class Recorded : public engine::Strategy {
 public:
  Recorded(engine::Strategy& inner, bool trace) : inner_(inner), trace_(trace) {}

  Needs needs() const override {
    Needs needs = inner_.needs();
    needs.trace = trace_;
    return needs;
  }
  engine::Random* uniform() override { return inner_.uniform(); }
  bool begin() override { return inner_.begin(); }
  size_t pick(const engine::Pick& pick) override { return inner_.pick(pick); }
  uint32_t draw(const engine::Execution& execution, uint32_t bound) override {
    return inner_.draw(execution, bound);
  }
  void end(const engine::Execution& execution) override { inner_.end(execution); }

 private:
  engine::Strategy& inner_;
  bool trace_;
};

/* Of one execution, on average. A point is where it is decided who goes on, so that a task's start is one,
 * even if there is only one task that can. A switch is a point where another task went on than before. */
struct Counts {
  double points = 0;
  double switches = 0;
};

/* Over executions with `points` points in all, at least one; fewer if the strategy has no more. */
Counts count(const EngineLoad& load, engine::Strategy& strategy, double points);

}  // namespace daxrace::bench

#endif  // DAXRACE_CORE_ENGINE_BENCH_ENGINE_LOADS_H_
