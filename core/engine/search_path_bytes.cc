/* SPDX-License-Identifier: GPL-2.0-only */
/* A path of a search as bytes. */
#include <utility>

#include "core/engine/search_path.h"

namespace daxrace::engine {

namespace {

constexpr size_t kStepBytes = 9;
constexpr size_t kSleeperBytes = 9;
constexpr size_t kExploredBytes = 9;
constexpr size_t kNodeBytes = 17;

}  // namespace

void SearchPath::write_node(ByteWriter& out, const Node& node) {
  out.u32(node.step);
  out.u8(node.is_draw);
  out.u32(node.bound);
  out.u32(node.end);
  out.u32(node.chosen);
  if (node.is_draw) return;
  out.u128(node.candidates.rotated());
  out.u8(node.candidates.first());
  for (Mask mask : {node.runnable, node.asleep, node.todo, node.done}) out.u128(mask);
  out.u64(node.sleepers.size());
  for (const Sleeper& sleeper : node.sleepers) {
    out.u8(sleeper.task);
    out.u32(sleeper.node);
    out.u32(sleeper.explored);
  }
  out.u64(node.explored_count);
  for (uint32_t i = 0; i < node.explored_count; ++i) {
    out.u8(node.explored[i].task);
    const auto& steps = node.explored[i].footprint.steps();
    out.u64(steps.size());
    for (const Step& step : steps) {
      out.u64(step.object);
      out.u8(static_cast<uint8_t>(step.access));
    }
  }
}

bool SearchPath::read_node(ByteReader& in, uint32_t index, Node& node) {
  node = Node();
  node.step = in.u32();
  node.is_draw = in.u8() != 0;
  node.bound = in.u32();
  node.end = in.u32();
  node.chosen = in.u32();
  if (node.is_draw) return in.ok() && node.chosen < node.end && node.end <= node.bound;
  Mask rotated = in.u128();
  node.candidates = Candidates(rotated, in.u8());
  for (Mask* mask : {&node.runnable, &node.asleep, &node.todo, &node.done}) *mask = in.u128();
  for (uint64_t n = in.count(kSleeperBytes); n > 0; --n) {
    Sleeper sleeper{in.u8(), 0, 0};
    sleeper.node = in.u32();
    sleeper.explored = in.u32();
    if (sleeper.node >= index) return false;
    node.sleepers.push_back(sleeper);
  }
  for (uint64_t n = in.count(kExploredBytes); n > 0; --n) {
    Explored& explored = node.explored.emplace_back();
    explored.task = in.u8();
    std::vector<Step> steps;
    for (uint64_t k = in.count(kStepBytes); k > 0; --k) {
      Step step;
      step.object = in.u64();
      uint8_t access = in.u8();
      if (access > static_cast<uint8_t>(Access::kEverything)) return false;
      step.access = static_cast<Access>(access);
      steps.push_back(step);
    }
    explored.footprint.assign(std::move(steps));
  }
  node.explored_count = static_cast<uint32_t>(node.explored.size());
  bool chosen_is_there = node.chosen < static_cast<uint32_t>(kTasksMax) &&
                         (node.runnable & bit(static_cast<TaskId>(node.chosen))) != 0;
  return in.ok() && chosen_is_there && node.explored_count > 0;
}

void SearchPath::write(ByteWriter& out) const {
  out.u8(static_cast<uint8_t>(started_ | finished_ << 1 | sleep_ << 2));
  out.real(weight_);
  out.u64(shared_);
  out.u64(size_);
  for (size_t i = 0; i < size_; ++i) write_node(out, nodes_[i]);
}

bool SearchPath::read(ByteReader& in) {
  uint8_t flags = in.u8();
  started_ = flags & 1;
  finished_ = flags & 2;
  sleep_ = flags & 4;
  weight_ = in.real();
  shared_ = in.u64();
  nodes_.clear();
  for (uint64_t n = in.count(kNodeBytes); n > 0; --n) {
    auto index = static_cast<uint32_t>(nodes_.size());
    if (!read_node(in, index, nodes_.emplace_back())) return false;
    for (const Sleeper& sleeper : nodes_.back().sleepers) {
      if (sleeper.explored >= nodes_[sleeper.node].explored_count) return false;
    }
  }
  size_ = nodes_.size();
  depth_ = changed_from_ = last_pick_ = 0;
  if (shared_ > size_) return false;
  /* Strays were taken out before the path was written. */
  for (size_t i = 0; i < shared_; ++i) nodes_[i].known = nodes_[i].todo;
  return in.ok();
}

}  // namespace daxrace::engine
