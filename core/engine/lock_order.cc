/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/lock_order.h"

#include <algorithm>

#include "core/engine/failure.h"

namespace daxrace::engine {

namespace {

constexpr size_t kSlots = 4 * LockOrder::kEdgesMax;

size_t slot_of(uint8_t from, uint8_t to, bool from_shared, bool to_recursive) {
  uint32_t key = from | uint32_t{to} << 8 | uint32_t{from_shared} << 16 | uint32_t{to_recursive} << 17;
  return (key * 0x9e3779b1u >> 16) % kSlots;
}

void set_name(std::array<char, 24>& name, std::string_view text) {
  name = {};
  text.copy(name.data(), name.size() - 1);
}

/* What find_path() is at: a class, and whether every way that led there ends at a recursive reader. */
uint16_t node(uint8_t lock_class, bool only_recursive) {
  return static_cast<uint16_t>(lock_class * 2 + only_recursive);
}

}  // namespace

LockOrder::LockOrder() {
  edges_.reserve(kEdgesMax);
  seen_.reserve(kEdgesMax);
  names_.reserve(kEdgesMax);
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
  seen_.clear();
  names_.clear();
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
    if (from == 0 || to == 0) continue;
    size_t index = find_or_add({from, to, edge.from_shared, edge.to_recursive});
    if (index == kEdgesMax || edges_[index].learned) continue;
    edges_[index].learned = true;
    learned_.push_back({static_cast<uint16_t>(index),
                        {0, edge.from_site, edge.to_site, edge.from_object, edge.to_object, edge.from_step,
                         edge.to_step, edge.task, edge.to_shared},
                        edge.task_name});
  }
}

void LockOrder::begin(Scope scope) {
  scope_ = scope;
  ++execution_;
  present_.clear();
  for (const Taught& taught : learned_) {
    present_.push_back(taught.index);
    seen_[taught.index] = taught.seen;
    names_[taught.index] = taught.name;
  }
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

size_t LockOrder::find_or_add(const Edge& edge) {
  size_t slot = slot_of(edge.from, edge.to, edge.from_shared, edge.to_recursive);
  for (; slots_[slot] != 0; slot = (slot + 1) % kSlots) {
    const Edge& known = edges_[slots_[slot] - 1u];
    if (known.from == edge.from && known.to == edge.to && known.from_shared == edge.from_shared &&
        known.to_recursive == edge.to_recursive) {
      return slots_[slot] - 1u;
    }
  }
  if (edges_.size() == kEdgesMax) {
    full_ = true;
    return kEdgesMax;
  }
  edges_.push_back(edge);
  seen_.emplace_back();
  names_.emplace_back();
  auto index = static_cast<uint16_t>(edges_.size() - 1);
  all_.push_back(index);
  slots_[slot] = static_cast<uint16_t>(index + 1);
  return index;
}

/* Of the names: the numbers of classes are those of this process. */
uint32_t LockOrder::hash_of(const Edge& edge) const {
  const Class& from = classes_[edge.from];
  const Class& to = classes_[edge.to];
  const uint64_t how = uint64_t{from.subclass} | uint64_t{to.subclass} << 8 |
                       uint64_t{edge.from_shared} << 16 | uint64_t{edge.to_recursive} << 17;
  return static_cast<uint32_t>(combine(combine(from.role->hash(), to.role->hash()), how));
}

uint8_t LockOrder::acquire(Execution& execution, const Held& held, const Hold& how) {
  uint8_t to = class_of(*held.object->role, how.subclass);
  const Task& task = execution.self_task();
  if (to == 0 || task.held_count == 0 || how.tried) return to;
  for (int i = 0; i < task.held_count && i < Task::kHeldMax; ++i) {
    const Held& outer = task.held[static_cast<size_t>(i)];
    if (outer.order_class == 0) continue;
    if (outer.order_class == to) {
      report_recursion(execution, outer, held, how);
      continue;
    }
    size_t index = find_or_add({outer.order_class, to, !outer.exclusive, how.recursive});
    if (index == kEdgesMax || seen_[index].execution == execution_) continue;
    seen_[index] = {execution_, outer.site, held.site,        outer.object->index, held.object->index,
                    outer.step, held.step,  execution.self(), !how.exclusive};
    if (counters_ != nullptr) counters_[hash_of(edges_[index]) & counters_mask_] = 1;
    if (scope_ == Scope::kAccumulated) set_name(names_[index], task.name);
    if (!edges_[index].learned) present_.push_back(static_cast<uint16_t>(index));
    if (edges_[index].clean_at != edges_.size()) check(execution, index);
  }
  return to;
}

/* Most edges close no cycle even of all edges ever seen, and that has to be asked once for each set. */
void LockOrder::check(Execution& execution, size_t index) {
  Edge& edge = edges_[index];
  if (!find_path(all_, edge)) {
    edge.clean_at = edges_.size();
    return;
  }
  if (scope_ == Scope::kExecution && !find_path(present_, edge)) return;
  report_cycle(execution, index);
}

/* Breadth first, as lockdep's __bfs(): the shortest way from the new lock back to what is held. */
bool LockOrder::find_path(std::span<const uint16_t> among, const Edge& closing) {
  std::fill(came_.begin(), came_.end(), Came{});
  queue_.clear();
  queue_.push_back(node(closing.to, closing.to_recursive));
  for (size_t head = 0; head < queue_.size(); ++head) {
    auto at = static_cast<uint8_t>(queue_[head] / 2);
    bool only_recursive = queue_[head] % 2 != 0;
    for (uint16_t index : among) {
      const Edge& edge = edges_[index];
      if (edge.from != at || (only_recursive && edge.from_shared)) continue;
      uint16_t next = node(edge.to, edge.to_recursive);
      if (next == queue_[0] || came_[next].known) continue;
      came_[next] = {index, queue_[head], true};
      queue_.push_back(next);
      /* The holder there is in the way of who comes, unless both share. */
      if (edge.to != closing.from || (closing.from_shared && edge.to_recursive)) continue;
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

LockEdge LockOrder::edge_at(const Execution& execution, size_t index) const {
  const Edge& edge = edges_[index];
  const Seen& seen = seen_[index];
  LockEdge all;
  all.from = classes_[edge.from].role;
  all.to = classes_[edge.to].role;
  all.from_subclass = classes_[edge.from].subclass;
  all.to_subclass = classes_[edge.to].subclass;
  all.from_shared = edge.from_shared;
  all.to_recursive = edge.to_recursive;
  all.to_shared = seen.to_shared;
  all.from_site = seen.from_site;
  all.to_site = seen.to_site;
  all.from_object = seen.from_object;
  all.to_object = seen.to_object;
  all.from_step = seen.from_step;
  all.to_step = seen.to_step;
  all.task = seen.task;
  all.execution = seen.execution;
  all.task_name = names_[index];
  if (seen.execution == execution_) set_name(all.task_name, execution.task(seen.task).name);
  return all;
}

void LockOrder::report_cycle(Execution& execution, size_t closing) {
  size_t size = path_.size() + 1;
  auto* chain = execution.arena().make_array<LockEdge>(size);
  chain[0] = edge_at(execution, closing);
  for (size_t i = 1; i < size; ++i) chain[i] = edge_at(execution, path_[i - 1]);
  Finding finding = finding_of(execution, {chain, size}, false);
  const LockEdge& other = chain[size - 1];
  finding.other_site = other.to_site;
  if (other.execution == execution_) {
    finding.other_task = other.task;
    finding.other_step = other.to_step;
  }
  execution.report(finding);
}

void LockOrder::report_recursion(Execution& execution, const Held& outer, const Held& inner,
                                 const Hold& how) {
  if (outer.recursive && how.recursive) return;
  if (inner.object->role->nestable()) return;
  LockEdge edge;
  edge.from = edge.to = inner.object->role;
  edge.from_subclass = edge.to_subclass = how.subclass;
  edge.from_shared = !outer.exclusive;
  edge.to_recursive = how.recursive;
  edge.to_shared = !how.exclusive;
  edge.from_site = outer.site;
  edge.to_site = inner.site;
  edge.from_object = outer.object->index;
  edge.to_object = inner.object->index;
  edge.from_step = outer.step;
  edge.to_step = inner.step;
  edge.task = execution.self();
  edge.execution = execution_;
  set_name(edge.task_name, execution.self_task().name);
  Finding finding = finding_of(execution, {&edge, 1}, true);
  finding.other_task = edge.task;
  finding.other_step = edge.from_step;
  finding.other_site = edge.from_site;
  execution.report(finding);
}

}  // namespace daxrace::engine
