/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/lock_order.h"

#include <algorithm>

#include "core/engine/failure.h"

namespace daxrace::engine {

namespace {

constexpr size_t kSlots = 4 * LockOrder::kEdgesMax;

size_t slot_of(uint8_t from, uint8_t to, const LockEdge& edge) {
  uint64_t key = uint64_t{from} | uint64_t{to} << 8 | uint64_t{edge.from_shared} << 16 |
                 uint64_t{edge.to_recursive} << 17;
  return mix(key) % kSlots;
}

/* What find_path() is at: a class, and whether every way that led there ends at a recursive reader. */
uint16_t node(uint8_t lock_class, bool only_recursive) {
  return static_cast<uint16_t>(lock_class * 2 + only_recursive);
}

}  // namespace

LockOrder::LockOrder() {
  edges_.reserve(kEdgesMax);
  all_.reserve(kEdgesMax);
  present_.reserve(kEdgesMax);
  learned_.reserve(kEdgesMax);
  classes_.reserve(kClassesMax + 1);
  queue_.reserve(2 * (kClassesMax + 1));
  path_.reserve(2 * (kClassesMax + 1));
  came_.resize(2 * (kClassesMax + 1));
  slots_.resize(kSlots);
  class_ids_.resize(static_cast<size_t>(Role::kRolesMax) * kSubclassesMax);
  reset();
}

void LockOrder::reset() {
  full_ = false;
  execution_ = 0;
  edges_.clear();
  all_.clear();
  present_.clear();
  learned_.clear();
  classes_.assign(1, {&kNoObjectRole, 0});
  std::fill(slots_.begin(), slots_.end(), uint16_t{0});
  std::fill(class_ids_.begin(), class_ids_.end(), uint8_t{0});
}

void LockOrder::learn(std::span<const LockEdge> edges) {
  for (const LockEdge& edge : edges) {
    uint8_t from = class_of(*edge.from, edge.from_subclass);
    uint8_t to = class_of(*edge.to, edge.to_subclass);
    size_t index = from == 0 || to == 0 ? kEdgesMax : find_or_add(edge, from, to);
    if (index == kEdgesMax) continue;
    Edge& known = edges_[index];
    if (!known.learned) learned_.push_back(static_cast<uint16_t>(index));
    known.learned = true;
    known.taught = edge;
    known.taught.execution = 0;
  }
}

void LockOrder::begin(Scope scope) {
  scope_ = scope;
  ++execution_;
  present_ = learned_;
  for (uint16_t index : learned_) edges_[index].last = edges_[index].taught;
}

uint8_t LockOrder::class_of(const Role& role, uint8_t subclass) {
  size_t at = static_cast<size_t>(role.slot()) * kSubclassesMax + subclass % kSubclassesMax;
  uint8_t& id = class_ids_[at];
  if (id == 0) {
    if (classes_.size() > kClassesMax) {
      full_ = true;
      return 0;
    }
    id = static_cast<uint8_t>(classes_.size());
    classes_.push_back({&role, subclass});
  }
  return id;
}

size_t LockOrder::find_or_add(const LockEdge& edge, uint8_t from, uint8_t to) {
  size_t slot = slot_of(from, to, edge);
  for (; slots_[slot] != 0; slot = (slot + 1) % kSlots) {
    const Edge& known = edges_[slots_[slot] - 1u];
    if (known.from == from && known.to == to && known.last.from_shared == edge.from_shared &&
        known.last.to_recursive == edge.to_recursive) {
      return slots_[slot] - 1u;
    }
  }
  if (edges_.size() == kEdgesMax) {
    full_ = true;
    return kEdgesMax;
  }
  edges_.push_back({edge, {}, from, to});
  edges_.back().last.execution = 0;
  auto index = static_cast<uint16_t>(edges_.size() - 1);
  all_.push_back(index);
  slots_[slot] = static_cast<uint16_t>(index + 1);
  return index;
}

uint8_t LockOrder::acquire(Execution& execution, const Held& held, const Hold& how) {
  uint8_t to = class_of(*held.object->role, how.subclass);
  const Task& task = execution.self_task();
  if (to == 0 || task.held_count == 0) return to;
  LockEdge edge;
  edge.to = held.object->role;
  edge.to_subclass = how.subclass;
  edge.to_recursive = how.recursive;
  edge.to_shared = !how.exclusive;
  edge.to_site = held.site;
  edge.to_object = held.object->index;
  edge.to_step = held.step;
  edge.task = execution.self();
  edge.execution = execution_;
  for (int i = 0; i < task.held_count && i < Task::kHeldMax; ++i) {
    const Held& outer = task.held[static_cast<size_t>(i)];
    if (outer.order_class == 0 || how.tried) continue;
    if (outer.order_class == to) {
      report_recursion(execution, outer, edge);
      continue;
    }
    edge.from = outer.object->role;
    edge.from_shared = !outer.exclusive;
    size_t index = find_or_add(edge, outer.order_class, to);
    if (index == kEdgesMax || edges_[index].last.execution == execution_) continue;
    edge.from_subclass = classes_[outer.order_class].subclass;
    edge.from_site = outer.site;
    edge.from_object = outer.object->index;
    edge.from_step = outer.step;
    task.name.copy(edge.task_name.data(), edge.task_name.size() - 1);
    edges_[index].last = edge;
    if (!edges_[index].learned) present_.push_back(static_cast<uint16_t>(index));
    check(execution, index);
  }
  return to;
}

/* Most edges close no cycle even of all edges ever seen, and that has to be asked once for each set. */
void LockOrder::check(Execution& execution, size_t index) {
  Edge& edge = edges_[index];
  if (edge.clean_at == edges_.size()) return;
  if (!find_path(all_, edge)) {
    edge.clean_at = edges_.size();
    return;
  }
  if (scope_ == Scope::kExecution && !find_path(present_, edge)) return;
  report_cycle(execution, edge);
}

/* Breadth first, as lockdep's __bfs(): the shortest way from the new lock back to what is held. */
bool LockOrder::find_path(std::span<const uint16_t> among, const Edge& closing) {
  std::fill(came_.begin(), came_.end(), Came{});
  queue_.clear();
  queue_.push_back(node(closing.to, closing.last.to_recursive));
  for (size_t head = 0; head < queue_.size(); ++head) {
    auto at = static_cast<uint8_t>(queue_[head] / 2);
    bool only_recursive = queue_[head] % 2 != 0;
    for (uint16_t index : among) {
      const Edge& edge = edges_[index];
      if (edge.from != at || (only_recursive && edge.last.from_shared)) continue;
      uint16_t next = node(edge.to, edge.last.to_recursive);
      if (next == queue_[0] || came_[next].known) continue;
      came_[next] = {index, queue_[head], true};
      queue_.push_back(next);
      /* The holder there is in the way of who comes, unless both share. */
      if (edge.to != closing.from || (closing.last.from_shared && edge.last.to_recursive)) continue;
      path_.clear();
      for (uint16_t n = next; n != queue_[0]; n = came_[n].from) path_.push_back(came_[n].edge);
      std::reverse(path_.begin(), path_.end());
      return true;
    }
  }
  return false;
}

namespace {

struct Chain {
  size_t size = 0;
  const LockEdge* edges = nullptr;
};

}  // namespace

std::span<const LockEdge> LockOrder::edges(const Finding& finding) {
  const auto& chain = *static_cast<const Chain*>(finding.context);
  return {chain.edges, chain.size};
}

namespace {

Finding finding_of(Execution& execution, std::span<const LockEdge> chain, bool recursion) {
  auto* kept = execution.arena().make<Chain>();
  auto* copy = execution.arena().make_array<LockEdge>(chain.size());
  std::copy(chain.begin(), chain.end(), copy);
  kept->size = chain.size();
  kept->edges = copy;
  const LockEdge& now = chain.front();
  Finding finding = make_finding(Failure::k_lock_order);
  finding.describe = describe_lock_order;
  finding.details = lockdep_report;
  finding.by_site = true;
  finding.context = kept;
  finding.task = now.task;
  finding.step = now.to_step;
  finding.site = now.to_site;
  finding.role = now.to;
  finding.object = now.to_object;
  finding.args = {recursion, now.execution};
  return finding;
}

}  // namespace

void LockOrder::report_cycle(Execution& execution, const Edge& closing) {
  auto* chain = execution.arena().make_array<LockEdge>(path_.size() + 1);
  chain[0] = closing.last;
  for (size_t i = 0; i < path_.size(); ++i) chain[i + 1] = edges_[path_[i]].last;
  Finding finding = finding_of(execution, {chain, path_.size() + 1}, false);
  const LockEdge& other = chain[path_.size()];
  finding.other_site = other.to_site;
  if (other.execution == execution_) {
    finding.other_task = other.task;
    finding.other_step = other.to_step;
  }
  execution.report(finding);
}

void LockOrder::report_recursion(Execution& execution, const Held& outer, const LockEdge& inner) {
  if (outer.recursive && inner.to_recursive) return;
  if (inner.to->nestable()) return;
  LockEdge edge = inner;
  edge.from = outer.object->role;
  edge.from_subclass = inner.to_subclass;
  edge.from_shared = !outer.exclusive;
  edge.from_site = outer.site;
  edge.from_object = outer.object->index;
  edge.from_step = outer.step;
  execution.self_task().name.copy(edge.task_name.data(), edge.task_name.size() - 1);
  Finding finding = finding_of(execution, {&edge, 1}, true);
  finding.other_task = edge.task;
  finding.other_step = edge.from_step;
  finding.other_site = edge.from_site;
  execution.report(finding);
}

}  // namespace daxrace::engine
