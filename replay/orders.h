/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which event of one task came before which of another: what makes a schedule what it is, whatever the
 * numbers of its steps are.
 */
#ifndef DAXRACE_REPLAY_ORDERS_H_
#define DAXRACE_REPLAY_ORDERS_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "core/scenario/execute.h"

namespace daxrace::replay {

/* Steps of different tasks that conflict; `first` came first. */
struct StepPair {
  uint32_t first = 0;
  uint32_t then = 0;
};

/* What can be said in terms of the program and the state it shares. Locks are a means: whatever needs an
 * order of two sections needs it for what is done in them. */
bool tells(const engine::Event& event);

/* Of each step of the last execution with the last step of each other task that it conflicts with, in terms
 * of the program and of the state that it shares. */
std::vector<StepPair> conflicting_pairs(const scenario::Runner& runner);

/* For a finding: those that follow from no other, at most kOrdersMax. */
std::vector<scenario::Order> orders_of(const scenario::Runner& runner);

/* Follows a trace and names its events as anchors do. */
class EventNames {
 public:
  /* Of the next event of the trace. */
  engine::Anchor name(const engine::Event& event);

 private:
  struct Task {
    uint32_t op = 0;
    std::unordered_map<uint64_t, uint32_t> times; /* by site, in this operation */
  };
  std::unordered_map<engine::TaskId, Task> tasks_;
};

/* Holds back what an order says comes later. Runs once. */
class OrderStrategy final : public engine::Strategy {
 public:
  OrderStrategy(const std::vector<scenario::Order>& orders, const std::vector<engine::RecordedDraw>& draws);

  bool begin() override { return left_-- > 0; }
  size_t pick(const engine::Pick& pick) override;
  uint32_t draw(const engine::Execution& execution, uint32_t bound) override;
  void end(const engine::Execution& execution) override { follow(execution); }

  /* Indices of the orders that the execution did not have. */
  std::vector<size_t> broken() const;

 private:
  struct Goal {
    engine::Anchor first;
    engine::Anchor then;
    bool first_came = false;
    bool then_came_after = false;
  };
  void follow(const engine::Execution& execution);

  std::vector<Goal> goals_;
  engine::ReplayStrategy draws_;
  std::vector<engine::RecordedSwitch> no_switches_;
  EventNames names_;
  uint32_t followed_ = 0;
  int left_ = 1;
};

/* "R.A op 0 dax_insert_entry:spin_lock:xa_lock#0". */
std::string anchor_words(const scenario::Program& program, const scenario::Anchor& anchor);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_ORDERS_H_
