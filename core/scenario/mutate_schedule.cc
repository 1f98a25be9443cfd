/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutations of the schedule. */
#include <algorithm>

#include "core/model/model.h"
#include "core/scenario/execute.h"
#include "core/scenario/mutate_steps.h"

namespace daxrace::scenario {

int MutationContext::any_target() const {
  if (!random.one_in(8)) return any_task();
  if (!needs(program, OpNeeds::kDevices) && !needs(program, OpNeeds::kRdma)) return any_task();
  return static_cast<int>(program.tasks.size() + below(kernel::MODEL_DMA_MAX));
}

namespace {

uint32_t moved(uint32_t step, int64_t by) {
  return static_cast<uint32_t>(std::clamp<int64_t>(int64_t{step} + by, 0, kStepMax));
}

/* In [-reach, reach], not 0, short distances more often. */
int64_t jump(const MutationContext& c, size_t reach) {
  const auto distance = static_cast<int64_t>(1 + c.below(1 + c.below(reach)));
  return c.random.one_in(2) ? distance : -distance;
}

Switch* any_switch(const MutationContext& c) {
  auto& switches = c.program.schedule.switches;
  return switches.empty() ? nullptr : &switches[c.below(switches.size())];
}

bool jitter(const MutationContext& c, size_t reach) {
  Switch* entry = any_switch(c);
  if (entry == nullptr) return false;
  entry->step = moved(entry->step, jump(c, reach));
  return true;
}

bool jitter_little(const MutationContext& c) { return jitter(c, 4); }
bool jitter_far(const MutationContext& c) { return jitter(c, 64); }

bool place_anywhere(const MutationContext& c) {
  Switch* entry = any_switch(c);
  if (entry == nullptr) return false;
  entry->step = static_cast<uint32_t>(c.below(c.steps()));
  return true;
}

bool room(const MutationContext& c) {
  return c.program.schedule.switches.size() < static_cast<size_t>(c.options.switches_max);
}

/* Half of them close behind another: there and back again is what most races need. */
bool add(const MutationContext& c) {
  if (!room(c)) return false;
  const Switch* near = c.random.one_in(2) ? any_switch(c) : nullptr;
  const auto step = near != nullptr ? moved(near->step, static_cast<int64_t>(1 + c.below(32)))
                                    : static_cast<uint32_t>(c.below(c.steps()));
  c.program.schedule.switches.push_back({step, c.any_target(), {}});
  return true;
}

bool remove(const MutationContext& c) {
  auto& switches = c.program.schedule.switches;
  if (switches.empty()) return false;
  switches.erase(switches.begin() + static_cast<ptrdiff_t>(c.below(switches.size())));
  return true;
}

bool retarget(const MutationContext& c) {
  Switch* entry = any_switch(c);
  if (entry == nullptr) return false;
  const int task = c.any_target();
  if (task == entry->task) return false;
  entry->task = task;
  return true;
}

bool duplicate(const MutationContext& c) {
  const Switch* entry = any_switch(c);
  if (entry == nullptr || !room(c)) return false;
  Switch copy = *entry;
  copy.step = moved(copy.step, jump(c, 64));
  c.program.schedule.switches.push_back(copy);
  return true;
}

bool redraw(const MutationContext& c) {
  auto& switches = c.program.schedule.switches;
  switches.clear();
  for (size_t n = 1 + c.below(static_cast<size_t>(std::max(1, c.options.generate.switches_max))); n > 0;
       --n) {
    switches.push_back({static_cast<uint32_t>(c.below(c.steps())), c.any_target(), {}});
  }
  return true;
}

bool clear(const MutationContext& c) {
  if (c.program.schedule.empty()) return false;
  c.program.schedule = {};
  return true;
}

/* What a longer or shorter operation before them does to all steps behind it. */
bool shift(const MutationContext& c) {
  const Switch* entry = any_switch(c);
  if (entry == nullptr) return false;
  const uint32_t from = entry->step;
  const int64_t by = jump(c, 48);
  Schedule& schedule = c.program.schedule;
  for (Switch& each : schedule.switches) {
    if (each.step >= from) each.step = moved(each.step, by);
  }
  for (Draw& each : schedule.draws) {
    if (each.step >= from) each.step = moved(each.step, by);
  }
  return true;
}

bool add_draw(const MutationContext& c) {
  auto& draws = c.program.schedule.draws;
  if (draws.size() >= static_cast<size_t>(c.options.draws_max)) return false;
  draws.push_back({static_cast<uint32_t>(c.below(c.steps())), static_cast<uint32_t>(1 + c.below(3))});
  return true;
}

bool change_draw(const MutationContext& c) {
  auto& draws = c.program.schedule.draws;
  if (draws.empty()) return false;
  Draw& draw = draws[c.below(draws.size())];
  if (c.random.one_in(2)) {
    draw.value = static_cast<uint32_t>(1 + c.below(8));
  } else {
    draw.step = moved(draw.step, jump(c, 16));
  }
  return true;
}

bool remove_draw(const MutationContext& c) {
  auto& draws = c.program.schedule.draws;
  if (draws.empty()) return false;
  draws.erase(draws.begin() + static_cast<ptrdiff_t>(c.below(draws.size())));
  return true;
}

/* A step and the next one of another task that conflicts with it, by their places in the trace. */
struct Conflict {
  uint32_t first = 0;
  uint32_t second = 0;
};

bool find_conflict(const MutationContext& c, std::span<const engine::Event> trace, Conflict& found) {
  constexpr int kTries = 24;
  constexpr uint32_t kReach = 1024;
  for (int i = 0; i < kTries; ++i) {
    const auto at = static_cast<uint32_t>(c.below(trace.size()));
    const engine::Event& first = trace[at];
    if (first.task == 0 || first.role == &engine::kRealTimeRole || first.role == &engine::kTaskRole) continue;
    const engine::Access access = engine::access_of(first);
    if (access == engine::Access::kNone || access == engine::Access::kEverything) continue;
    const auto end = static_cast<uint32_t>(std::min<size_t>(trace.size(), at + kReach));
    for (uint32_t k = at + 1; k < end; ++k) {
      const engine::Event& second = trace[k];
      if (second.role != first.role || second.object != first.object || second.task == 0) continue;
      if (!engine::conflicts(access, engine::access_of(second))) continue;
      if (second.task == first.task) break; /* its own step comes between */
      found = {at, k};
      return true;
    }
  }
  return false;
}

/*
 * Reads-from, the other way round: of two steps of two tasks that touched the same object in the last run,
 * one writing, the second is done before the first, so that a read takes its value from another write. What
 * that takes is written into the schedule: the second task goes on from before the first step until it has
 * done its own, then the first goes on.
 */
bool reverse(const MutationContext& c) {
  if (c.options.execution == nullptr) return false;
  const auto trace = c.options.execution->trace();
  auto& switches = c.program.schedule.switches;
  if (trace.empty() || switches.size() + 2 > static_cast<size_t>(c.options.switches_max)) return false;
  Conflict conflict;
  if (!find_conflict(c, trace, conflict)) return false;
  const engine::TaskId first = trace[conflict.first].task;
  const engine::TaskId second = trace[conflict.second].task;
  uint32_t from = conflict.first;
  while (from > 0 && !(trace[from].point && trace[from].task == first)) --from;
  /* To the end of its transition. */
  uint32_t steps = 0;
  for (uint32_t k = from; k < trace.size(); ++k) {
    if (trace[k].task != second) continue;
    if (k > conflict.second && trace[k].point) break;
    ++steps;
  }
  std::erase_if(switches,
                [&](const Switch& entry) { return entry.step >= from && entry.step <= conflict.second; });
  switches.push_back({from, static_cast<int>(second) - 1, {}});
  switches.push_back({moved(from, steps), static_cast<int>(first) - 1, {}});
  return true;
}

constexpr Mutation kMutations[] = {
    {jitter_little, 8}, {jitter_far, 6},  {place_anywhere, 6}, {add, 10},     {remove, 12},
    {retarget, 4},      {duplicate, 2},   {clear, 1},          {redraw, 6},   {shift, 6},
    {add_draw, 1},      {change_draw, 2}, {remove_draw, 2},    {reverse, 12},
};

}  // namespace

std::span<const Mutation> schedule_mutations() { return kMutations; }

}  // namespace daxrace::scenario
