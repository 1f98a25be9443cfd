/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/search_path.h"

#include <algorithm>

namespace daxrace::engine {

bool SearchPath::take(Node& node) {
  for (TaskId task : node.candidates) {
    if ((left_at(node) & bit(task)) == 0) continue;
    node.done |= bit(task);
    node.chosen = task;
    if (node.explored_count == node.explored.size()) node.explored.emplace_back();
    Explored& explored = node.explored[node.explored_count++];
    explored.task = task;
    explored.footprint.clear();
    return true;
  }
  return false;
}

bool SearchPath::advance() {
  depth_ = 0;
  sleepers_.clear();
  followed_ = 0;
  blocked_at_ = UINT32_MAX;
  if (started_ && !backtrack()) {
    finished_ = true;
    return false;
  }
  started_ = true;
  shared_ = std::min(shared_, size_);
  changed_from_ = last_pick_ = size_ == 0 ? 0 : size_ - 1;
  while (last_pick_ > 0 && nodes_[last_pick_].is_draw) --last_pick_;
  return true;
}

/* To the deepest node that has something left, which becomes the last. */
bool SearchPath::backtrack() {
  for (; size_ > 0; --size_) {
    Node& node = nodes_[size_ - 1];
    if (!node.is_draw && take(node)) return true;
    if (node.is_draw && node.chosen + 1 < node.end) {
      ++node.chosen;
      return true;
    }
  }
  return false;
}

SearchPath::Node& SearchPath::push() {
  if (size_ == nodes_.size()) nodes_.emplace_back();
  ++depth_;
  return nodes_[size_++];
}

/* All that were explored from the node before the present choice sleep below it, until something wakes them.
 */
void SearchPath::sleep_below(const Node& node, size_t index) {
  if (!sleep_) return;
  sleepers_ = node.sleepers;
  for (uint32_t i = 0; i + 1 < node.explored_count; ++i) {
    sleepers_.push_back({node.explored[i].task, static_cast<uint32_t>(index), i});
  }
  followed_ = node.step;
}

const SearchPath::Node* SearchPath::replay() {
  if (depth_ == size_) return nullptr;
  const Node& node = nodes_[depth_];
  if (depth_ == last_pick_) sleep_below(node, depth_);
  ++depth_;
  return &node;
}

SearchPath::Node& SearchPath::open(const Pick& pick) {
  Node& node = push();
  node.step = pick.step;
  node.is_draw = false;
  node.candidates = pick.candidates;
  node.runnable = node.asleep = node.todo = node.known = node.done = 0;
  for (TaskId task : pick.candidates) node.runnable |= bit(task);
  node.sleepers = sleepers_;
  for (const Sleeper& sleeper : sleepers_) node.asleep |= bit(sleeper.task);
  node.explored_count = 0;
  return node;
}

uint32_t SearchPath::draw(const Execution& execution, uint32_t bound) {
  if (depth_ < size_) return std::min(nodes_[depth_++].chosen, bound - 1);
  Node& node = push();
  node.step = execution.steps();
  node.is_draw = true;
  node.bound = node.end = bound;
  node.chosen = 0;
  return 0;
}

void SearchPath::follow(const Execution& execution) {
  if (!sleep_) return;
  auto trace = execution.trace();
  if (sleepers_.empty()) followed_ = execution.steps();
  while (followed_ < execution.steps()) {
    TaskId runs = trace[followed_].task;
    for (const Sleeper& sleeper : sleepers_) {
      if (sleeper.task == runs) blocked_at_ = std::min(blocked_at_, followed_);
    }
    scratch_.clear();
    followed_ = scratch_.add_transition(execution, followed_);
    std::erase_if(sleepers_, [&](const Sleeper& sleeper) {
      const Footprint& footprint = nodes_[sleeper.node].explored[sleeper.explored].footprint;
      return std::any_of(scratch_.steps().begin(), scratch_.steps().end(),
                         [&](const Step& step) { return footprint.conflicts(step); });
    });
    if (sleepers_.empty()) followed_ = execution.steps();
  }
}

void SearchPath::learn(const Execution& execution, bool early) {
  /* The last node before the change may be of the transition in which a draw changed. */
  size_t first = std::min(changed_from_, size_);
  while (first > 0 && (first >= size_ || nodes_[first].is_draw)) --first;
  for (size_t i = first; i < size_; ++i) {
    Node& node = nodes_[i];
    if (node.is_draw || node.explored_count == 0) continue;
    Footprint& footprint = node.explored[node.explored_count - 1].footprint;
    uint32_t next = footprint.add_transition(execution, node.step);
    if (next == execution.steps() && early) footprint.add({0, Access::kEverything});
  }
}

}  // namespace daxrace::engine
