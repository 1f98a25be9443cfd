/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/orders.h"

#include <algorithm>
#include <array>

namespace daxrace::replay {

namespace {

using engine::Anchor;
using engine::Event;
using engine::EventKind;
using scenario::Order;

bool conflict(const Event& a, const Event& b) {
  engine::Step first{a.role->key(a.object), engine::access_of(a)};
  engine::Step then{b.role->key(b.object), engine::access_of(b)};
  return engine::dependent(first, then);
}

/* By the orders within the tasks. */
bool implies(std::span<const Event> trace, const StepPair& strong, const StepPair& weak) {
  return trace[strong.first].task == trace[weak.first].task &&
         trace[strong.then].task == trace[weak.then].task && weak.first <= strong.first &&
         strong.then <= weak.then;
}

/* What a task can be held back from is the step that the event is a part of. */
uint32_t begin_of_step(std::span<const Event> trace, uint32_t index) {
  for (uint32_t i = index + 1; i-- > 0;) {
    if (trace[i].task == trace[index].task && trace[i].point) return i;
  }
  return index;
}

scenario::Anchor anchor_of(const engine::Execution& execution, uint32_t step) {
  std::string site;
  Anchor anchor = engine::anchor_at(execution, execution.trace()[step].task, step, &site);
  return {anchor.task - 1, static_cast<int>(anchor.op), site, anchor.occurrence};
}

}  // namespace

bool tells(const Event& event) {
  switch (event.kind) {
    case EventKind::k_load:
    case EventKind::k_store:
    case EventKind::k_rmw:
    case EventKind::k_plain_read:
    case EventKind::k_plain_write:
    case EventKind::k_wait_active:
    case EventKind::k_invoke:
    case EventKind::k_ret:
    case EventKind::k_crash:
      return event.task != 0;
    default:
      return false;
  }
}

std::vector<StepPair> conflicting_pairs(const scenario::Runner& runner) {
  auto trace = runner.execution().trace();
  std::vector<StepPair> pairs;
  for (uint32_t then = 0; then < trace.size(); ++then) {
    if (!tells(trace[then])) continue;
    std::array<bool, engine::kTasksMax> done{};
    done[trace[then].task] = true;
    for (uint32_t first = then; first-- > 0;) {
      if (!tells(trace[first]) || done[trace[first].task] || !conflict(trace[first], trace[then])) continue;
      done[trace[first].task] = true;
      pairs.push_back({first, then});
    }
  }
  return pairs;
}

std::vector<Order> orders_of(const scenario::Runner& runner) {
  constexpr size_t kStepsMax = 4000; /* of a livelock nobody wants to read the orders */
  auto trace = runner.execution().trace();
  if (trace.size() > kStepsMax) return {};
  const std::vector<StepPair> pairs = conflicting_pairs(runner);
  std::vector<Order> orders;
  for (size_t i = 0; i < pairs.size() && orders.size() < static_cast<size_t>(scenario::kOrdersMax); ++i) {
    bool implied = false;
    for (size_t k = 0; k < pairs.size() && !implied; ++k) {
      implied =
          i != k && implies(trace, pairs[k], pairs[i]) && (!implies(trace, pairs[i], pairs[k]) || k < i);
    }
    if (implied) continue;
    Order order{anchor_of(runner.execution(), pairs[i].first),
                anchor_of(runner.execution(), begin_of_step(trace, pairs[i].then))};
    const size_t size = std::max(order.first.site.size(), order.then.site.size());
    if (size <= static_cast<size_t>(scenario::kSiteMax)) orders.push_back(std::move(order));
  }
  return orders;
}

Anchor EventNames::name(const Event& event) {
  Task& task = tasks_[event.task];
  Anchor anchor{event.task, task.op, event.site->hash, 0};
  if (event.kind == EventKind::k_invoke) {
    anchor.op = task.op = static_cast<uint32_t>(event.value);
    anchor.occurrence = task.times[event.site->hash];
    task.times.clear();
  } else if (event.kind != EventKind::k_contend) {
    anchor.occurrence = task.times[event.site->hash]++;
  }
  return anchor;
}

OrderStrategy::OrderStrategy(const std::vector<Order>& orders, const std::vector<engine::RecordedDraw>& draws)
    : draws_(no_switches_, draws) {
  const auto converted = [](const scenario::Anchor& anchor) {
    return Anchor{scenario::engine_task(anchor.task), static_cast<uint32_t>(anchor.op),
                  engine::hash_text(anchor.site), anchor.occurrence};
  };
  for (const Order& order : orders) goals_.push_back({converted(order.first), converted(order.then)});
  draws_.begin();
}

void OrderStrategy::follow(const engine::Execution& execution) {
  auto trace = execution.trace();
  for (; followed_ < trace.size(); ++followed_) {
    const Event& event = trace[followed_];
    if (event.task == 0 || event.kind == EventKind::k_contend) continue;
    const Anchor name = names_.name(event);
    for (Goal& goal : goals_) {
      if (goal.first == name) goal.first_came = true;
      if (goal.then == name && goal.first_came) goal.then_came_after = true;
    }
  }
}

size_t OrderStrategy::pick(const engine::Pick& pick) {
  follow(pick.execution);
  for (size_t i = 0; i < pick.candidates.size(); ++i) {
    const engine::TaskId id = pick.candidates[i];
    const engine::Task& task = pick.execution.task(id);
    if (task.pending.object == nullptr) return i;
    const uint64_t site = task.pending.site->hash;
    const Anchor next{id, task.op, site, engine::occurrences(pick.execution.trace(), id, site, pick.step)};
    bool held = false;
    for (const Goal& goal : goals_) held = held || (!goal.first_came && goal.then == next);
    if (!held) return i;
  }
  return 0;
}

uint32_t OrderStrategy::draw(const engine::Execution& execution, uint32_t bound) {
  return draws_.draw(execution, bound);
}

std::vector<size_t> OrderStrategy::broken() const {
  std::vector<size_t> list;
  for (size_t i = 0; i < goals_.size(); ++i) {
    if (!goals_[i].then_came_after) list.push_back(i);
  }
  return list;
}

std::string anchor_words(const scenario::Program& program, const scenario::Anchor& anchor) {
  return scenario::task_label(program, anchor.task) + " op " + std::to_string(anchor.op) + " " + anchor.site +
         (anchor.occurrence == 0 ? "" : " x" + std::to_string(anchor.occurrence));
}

}  // namespace daxrace::replay
