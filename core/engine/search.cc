/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/search.h"

#include <algorithm>

#include "core/engine/checkpoint.h"

namespace daxrace::engine {

void Search::Stats::add(const Stats& other) {
  executions += other.executions;
  pruned += other.pruned;
  repeats += other.repeats;
  states += other.states;
  steps += other.steps;
  longest = std::max(longest, other.longest);
}

void Search::Stats::write(ByteWriter& out) const {
  out.u64(executions);
  out.u64(pruned);
  out.u64(repeats);
  out.u64(states);
  out.u64(steps);
  out.u32(longest);
}

void Search::Stats::read(ByteReader& in) {
  executions = in.u64();
  pruned = in.u64();
  repeats = in.u64();
  states = in.u64();
  steps = in.u64();
  longest = in.u32();
}

double Search::progress() {
  progress_ = std::clamp(explored(), progress_, 1.0);
  return progress_;
}

std::string Search::sealed(std::string_view payload) const { return seal(identity(), payload); }

std::string Search::save() const {
  std::string payload;
  ByteWriter out(payload);
  stats_.write(out);
  write_part(out);
  return sealed(payload);
}

bool Search::restore(std::string_view bytes, std::string* error) {
  std::string_view payload;
  if (!unseal(bytes, identity(), &payload, error)) return false;
  ByteReader in(payload);
  stats_.read(in);
  progress_ = 0;
  if (read_part(in) && in.at_end()) return true;
  *error = "the checkpoint is cut off or damaged";
  return false;
}

}  // namespace daxrace::engine
