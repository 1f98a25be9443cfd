/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every schedule of a small program, with and without pruning, for tests of primitives. Checks on the way
 * that
 *   - pruning, and preemption bounds one after the other, reach the same outcomes and the same final states;
 *   - equal state keys mean equal futures: from any two places of equal key the same outcomes are reached;
 *   - steps that do not depend on each other commute: from any two places where the same has happened
 *     but for their order, the same outcomes are reached.
 * An outcome must be made of shared state only.
 */
#ifndef DAXRACE_CORE_ENGINE_EXPLORE_FOR_TEST_H_
#define DAXRACE_CORE_ENGINE_EXPLORE_FOR_TEST_H_

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/strategy_dfs.h"

namespace daxrace::engine {

struct Explored {
  std::set<std::string> outcomes; /* verdict of what ended an execution, or what `outcome` says */
  std::set<Hash128> final_states;
  uint64_t executions = 0;
  uint64_t races = 0;     /* executions that found a data race */
  uint64_t contended = 0; /* executions in which somebody waited */
};

using Setup = std::function<void()>;
using Outcome = std::function<std::string()>;
using Visit = std::function<void(const Execution&)>;

/* An execution up to the order of independent transitions: its Foata normal form, hashed. */
inline uint64_t normal_form(const Execution& execution) {
  struct Transition {
    TaskId task;
    uint64_t label = 0;
    uint32_t level = 1;
    std::vector<Step> steps;
  };
  std::vector<Transition> all;
  for (const Event& event : execution.trace()) {
    if (event.kind == EventKind::k_contend) continue;
    if (event.point || all.empty()) all.push_back({event.task, 0, 1, {}});
    Transition& now = all.back();
    uint64_t object = combine(event.role->hash(), event.object);
    uint64_t drawn = event.kind == EventKind::k_draw ? event.value : 0;
    now.label = combine(now.label, combine(object + drawn, static_cast<uint64_t>(event.kind)));
    now.steps.push_back({object, access_of(event.kind)});
  }
  uint64_t form = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (all[k].level < all[i].level) continue;
      bool ordered = all[k].task == all[i].task;
      for (const Step& a : all[k].steps) {
        for (const Step& b : all[i].steps) ordered = ordered || dependent(a, b);
      }
      if (ordered) all[i].level = all[k].level + 1;
    }
    form += mix(combine(combine(all[i].level, all[i].task), all[i].label));
  }
  return form;
}

/* Collects what is reached from each place of a search that leaves nothing out. */
class IdentityCheck : public Strategy {
 public:
  explicit IdentityCheck(Strategy& search) : search_(search) {}

  bool begin() override {
    depth_ = 0;
    return search_.begin();
  }
  size_t pick(const Pick& pick) override {
    Hash128 key = pick.execution.state_key();
    uint64_t form = depth_ == path_.size() ? normal_form(pick.execution) : 0;
    size_t chosen = search_.pick(pick);
    step({key, form, true, static_cast<uint32_t>(chosen), {}});
    return chosen;
  }
  uint32_t draw(const Execution& execution, uint32_t bound) override {
    uint32_t drawn = search_.draw(execution, bound);
    step({0, 0, false, drawn, {}});
    return drawn;
  }
  void end(const Execution& execution) override { search_.end(execution); }

  void add(const std::string& outcome) {
    close(depth_);
    for (Place& place : path_) place.reached.insert(outcome);
  }
  /* True: no two places of equal key differ. */
  bool finish() {
    close(0);
    return same_;
  }
  /* Afterwards. True: what has happened, up to the order of independent steps, determines the future. */
  bool commutes() const { return commutes_; }

 private:
  struct Place {
    Hash128 key;
    uint64_t form;
    bool is_pick;
    uint32_t chosen;
    std::set<std::string> reached;
  };

  void step(const Place& place) {
    /* Depth first: a place is left for good when an earlier choice, or its own, has another value. */
    if (depth_ < path_.size() && path_[depth_].chosen != place.chosen) {
      close(depth_ + 1);
      path_[depth_].chosen = place.chosen;
    }
    if (depth_ == path_.size()) path_.push_back(place);
    ++depth_;
  }
  void close(size_t depth) {
    for (; path_.size() > depth; path_.pop_back()) {
      const Place& place = path_.back();
      if (!place.is_pick) continue;
      same_ &= futures_.try_emplace(place.key, place.reached).first->second == place.reached;
      commutes_ &= after_.try_emplace(place.form, place.reached).first->second == place.reached;
    }
  }

  Strategy& search_;
  size_t depth_ = 0;
  bool same_ = true;
  bool commutes_ = true;
  std::vector<Place> path_;
  std::map<Hash128, std::set<std::string>> futures_; /* by state */
  std::map<uint64_t, std::set<std::string>> after_;  /* by what has happened */
};

/* Runs `setup` as the first task, in the schedules of `strategy`. */
inline Explored run_all(Strategy& strategy, const Setup& setup, const Outcome& outcome, const Visit& look,
                        IdentityCheck* identity) {
  constexpr uint64_t kMost = 400000;
  Execution execution({.steps_max = 2000});
  Explored seen;
  Setup copy = setup;
  while (seen.executions < kMost && !::testing::Test::HasFailure() && strategy.begin()) {
    End end = execution.run(strategy, [](void* arg) { (*static_cast<Setup*>(arg))(); }, &copy);
    ++seen.executions;
    if (end == End::kAbandoned) continue;
    const Finding* headline = end == End::kFatal ? execution.headline() : nullptr;
    std::string what = headline != nullptr ? std::string(headline->verdict) : outcome();
    seen.outcomes.insert(what);
    seen.final_states.insert(execution.state_key());
    if (identity != nullptr) identity->add(what);
    for (const Finding& finding : execution.findings()) seen.races += finding.verdict == "data-race";
    for (const Event& event : execution.trace()) {
      if (event.kind != EventKind::k_contend) continue;
      ++seen.contended;
      break;
    }
    if (look) look(execution);
  }
  EXPECT_LT(seen.executions, kMost) << "too large a program for a test";
  return seen;
}

/* What all schedules come to. `look` sees each of them. */
inline Explored explore_all(
    const Setup& setup, const Outcome& outcome = [] { return std::string("finished"); },
    const Visit& look = nullptr) {
  constexpr uint32_t kNoBound = 1000;
  DfsStrategy brute({.preemptions_max = kNoBound, .preemptions_min = kNoBound, .prune = false});
  IdentityCheck identity(brute);
  Explored whole = run_all(identity, setup, outcome, look, &identity);
  EXPECT_TRUE(identity.finish()) << "equal states have different futures";
  EXPECT_TRUE(identity.commutes()) << "steps that do not depend on each other do not commute";
  DfsStrategy pruning({.preemptions_max = kNoBound, .preemptions_min = kNoBound, .prune = true});
  Explored pruned = run_all(pruning, setup, outcome, nullptr, nullptr);
  EXPECT_EQ(whole.outcomes, pruned.outcomes);
  EXPECT_EQ(whole.final_states, pruned.final_states);
  DfsStrategy bounded({.preemptions_max = kNoBound, .prune = true});
  EXPECT_EQ(whole.outcomes, run_all(bounded, setup, outcome, nullptr, nullptr).outcomes);
  return whole;
}

/* The same with pruning only, for programs that are too large to be searched without. */
inline Explored explore_pruned(const Setup& setup, const Outcome& outcome) {
  DfsStrategy pruning({.preemptions_max = 1000, .preemptions_min = 1000, .prune = true});
  return run_all(pruning, setup, outcome, nullptr, nullptr);
}

/* Spawns the bodies as tasks 1, 2, ... */
inline void spawn_bodies(std::initializer_list<void (*)()> bodies) {
  static const char* const kNames[] = {"A", "B", "C", "D", "E"};
  const char* const* name = kNames;
  for (void (*body)() : bodies) Execution::current().spawn(body, *name++);
}

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_EXPLORE_FOR_TEST_H_
