/* SPDX-License-Identifier: GPL-2.0-only */
/* A path of a search cut in two, and how much of the tree lies behind it. */
#include <algorithm>

#include "core/engine/search_path.h"

namespace daxrace::engine {

namespace {

size_t count(Candidates::Mask tasks) { return Candidates(tasks, 0).size(); }

}  // namespace

double SearchPath::explored() const {
  if (finished_) return weight_;
  if (!started_) return 0;
  double left = 0;
  double weight = 1;
  for (size_t i = 0; i < size_; ++i) {
    const Node& node = nodes_[i];
    size_t alternatives = node.is_draw ? node.bound : std::max<size_t>(1, count(node.todo & ~node.asleep));
    size_t behind = node.is_draw ? node.end - node.chosen - 1 : count(left_at(node));
    weight /= static_cast<double>(alternatives);
    left += static_cast<double>(behind) * weight;
  }
  /* The execution that has just been run is done. */
  return std::max(0.0, weight_ - left);
}

/* `part` becomes the way to node `at`, with `given` to be done there. */
void SearchPath::cut(size_t at, Mask given, SearchPath& part) {
  part.sleep_ = sleep_;
  part.started_ = true;
  part.finished_ = false;
  part.nodes_.assign(nodes_.begin(), nodes_.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  part.size_ = part.shared_ = at + 1;
  for (size_t i = 0; i <= at; ++i) {
    Node& node = part.nodes_[i];
    node.known = node.todo;
    node.end = node.chosen + 1;
    if (node.is_draw) continue;
    node.done = node.todo;
    /* What the present transition touches with the values that are still to be drawn in it is learned only
     * here: nobody may sleep through it there. */
    bool draws = i + 1 < size_ && nodes_[i + 1].is_draw;
    if (draws && node.explored_count != 0) {
      node.explored[node.explored_count - 1].footprint.add({0, Access::kEverything});
    }
  }
  Node& last = part.nodes_.back();
  last.todo |= given;
  last.known |= given;
  last.done = last.todo & ~given;
}

bool SearchPath::split(SearchPath& part) {
  if (finished_ || !started_) return false;
  size_t left = 0;
  size_t at = size_;
  double weight = 1; /* of each that is left there */
  for (size_t i = 0; i < size_; ++i) {
    const Node& node = nodes_[i];
    left += node.is_draw ? node.end - node.chosen - 1 : count(left_at(node));
    if (at != size_) continue;
    weight /=
        static_cast<double>(node.is_draw ? node.bound : std::max<size_t>(1, count(node.todo & ~node.asleep)));
    if (!node.is_draw && left_at(node) != 0) at = i;
  }
  if (at == size_ || left < 2) return false;
  Node& node = nodes_[at];
  size_t here = count(left_at(node));
  size_t keep = here == left ? (here + 1) / 2 : here / 2;
  Mask given = 0;
  for (TaskId task : node.candidates) {
    if ((left_at(node) & bit(task)) == 0) continue;
    if (keep != 0) {
      --keep;
    } else {
      given |= bit(task);
    }
  }
  cut(at, given, part);
  /* Where something was added to todo since, more may seem to be given than there was. */
  part.weight_ = std::min(weight * static_cast<double>(count(given)), weight_ / 2);
  weight_ -= part.weight_;
  node.done |= given;
  for (; shared_ <= at; ++shared_) nodes_[shared_].known = nodes_[shared_].todo;
  return true;
}

bool SearchPath::stray(SearchPath& part, Hash128* name) {
  for (size_t i = 0; i < shared_; ++i) {
    Node& node = nodes_[i];
    Mask added = node.is_draw ? 0 : node.todo & ~node.known;
    if (added == 0) continue;
    auto task = static_cast<TaskId>(*Candidates(added, 0).begin());
    node.known |= bit(task);
    node.done |= bit(task);
    cut(i, bit(task), part);
    part.weight_ = 0;
    uint64_t high = i;
    uint64_t low = ~high;
    for (size_t k = 0; k <= i; ++k) {
      uint64_t choice = k == i ? task : nodes_[k].chosen;
      high = combine(high, choice);
      low = combine(low ^ choice, k);
    }
    *name = Hash128{high} << 64 | low;
    return true;
  }
  return false;
}

}  // namespace daxrace::engine
