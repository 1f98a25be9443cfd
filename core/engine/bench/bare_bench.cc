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

[[gnu::always_inline]] inline void point(Walk& walk) {
  uint32_t from = walk.self;
  if (--walk.left < 0) engine::Fiber::switch_to(walk.fibers[from], walk.main);
  uint32_t next = walk.random.below(walk.tasks);
  if (next == from) return;
  walk.self = next;
  engine::Fiber::switch_to(walk.fibers[from], walk.fibers[next]);
}

/* Where a task goes on is as hard to foresee as which one does: as many places as W3 has operations. */
template <int kPlaces>
void task(void* arg) {
  Walk& walk = *static_cast<Walk*>(arg);
  while (true) {
    point(walk);
    if constexpr (kPlaces > 1) point(walk);
    if constexpr (kPlaces > 2) point(walk);
  }
}

template <int kPlaces>
void bare(benchmark::State& state) {
  auto walk = std::make_unique<Walk>();
  walk->tasks = static_cast<uint32_t>(state.range(0));
  for (uint32_t i = 0; i < walk->tasks; ++i) {
    if (!walk->fibers[i].allocate_stack()) state.SkipWithError("no memory for a stack");
    walk->fibers[i].start(task<kPlaces>, walk.get());
  }
  for (auto _ : state) {
    walk->left = kPointsOfARun;
    engine::Fiber::switch_to(walk->main, walk->fibers[walk->self]);
  }
  state.counters["points/s"] =
      benchmark::Counter(kPointsOfARun, benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(bare<1>)->DenseRange(2, kTasksMax)->ArgName("tasks");
BENCHMARK(bare<2>)->DenseRange(2, kTasksMax)->ArgName("tasks");
BENCHMARK(bare<3>)->DenseRange(2, kTasksMax)->ArgName("tasks");

}  // namespace
}  // namespace daxrace::bench
