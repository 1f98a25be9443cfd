/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The random walk and nothing else: fibers that switch at random, without objects, races, events or findings.
 * What a point costs here is what no engine with this walk can go below on the machine.
 */
#include <benchmark/benchmark.h>

#include <array>
#include <memory>

#include "core/engine/fiber.h"
#include "core/engine/random.h"

namespace daxrace::bench {
namespace {

constexpr int kTasksMax = 4;
constexpr int kPointsOfARun = 1000;

struct Walk {
  std::array<engine::Fiber, kTasksMax> fibers;
  engine::Fiber main;
  engine::Random random{1};
  uint32_t tasks = 0;
  uint32_t self = 0;
  int left = 0;
};

void switch_to(Walk& walk, uint32_t next) {
  uint32_t from = walk.self;
  walk.self = next;
  engine::Fiber::switch_to(walk.fibers[from], walk.fibers[next]);
}

void task(void* arg) {
  Walk& walk = *static_cast<Walk*>(arg);
  while (true) {
    if (--walk.left < 0) engine::Fiber::switch_to(walk.fibers[walk.self], walk.main);
    uint32_t next = walk.random.below(walk.tasks);
    if (next != walk.self) switch_to(walk, next);
  }
}

void bare(benchmark::State& state) {
  auto walk = std::make_unique<Walk>();
  walk->tasks = static_cast<uint32_t>(state.range(0));
  for (uint32_t i = 0; i < walk->tasks; ++i) {
    if (!walk->fibers[i].allocate_stack()) state.SkipWithError("no memory for a stack");
    walk->fibers[i].start(task, walk.get());
  }
  for (auto _ : state) {
    walk->left = kPointsOfARun;
    engine::Fiber::switch_to(walk->main, walk->fibers[walk->self]);
  }
  state.counters["points/s"] =
      benchmark::Counter(kPointsOfARun, benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(bare)->DenseRange(2, kTasksMax)->ArgName("tasks");

}  // namespace
}  // namespace daxrace::bench
