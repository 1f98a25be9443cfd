/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/constraints.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/scenario/text.h"
#include "replay/exhaust.h"
#include "replay/orders.h"
#include "replay/step_words.h"

namespace daxrace::replay {

namespace {

using engine::Access;
using engine::Event;
using engine::EventKind;
using engine::TaskId;

/* A search that sees the whole trace of every execution. */
class Traced final : public engine::Strategy {
 public:
  explicit Traced(engine::Search& search) : search_(search) {}
  Needs needs() const override { return {.trace = true, .state = search_.needs().state}; }
  bool begin() override { return search_.begin(); }
  size_t pick(const engine::Pick& pick) override { return search_.pick(pick); }
  uint32_t draw(const engine::Execution& execution, uint32_t bound) override {
    return search_.draw(execution, bound);
  }
  void end(const engine::Execution& execution) override { search_.end(execution); }

 private:
  engine::Search& search_;
};

/* Follows a trace and names its events: task, operation, place, and how often the operation came there. */
class Namer {
 public:
  uint64_t name(const Event& event) {
    if (event.kind == EventKind::k_invoke) {
      operation_[event.task] = event.value;
      occurrences_[event.task].clear();
    }
    uint64_t place = engine::combine(event.site->hash, static_cast<uint64_t>(event.kind));
    uint32_t times = occurrences_[event.task][place]++;
    uint64_t who = uint64_t{event.task} << 48 | operation_[event.task] << 32 | times;
    return engine::combine(place, who);
  }
  void begin() {
    operation_.fill(0);
    for (auto& each : occurrences_) each.clear();
  }

 private:
  std::array<uint64_t, scenario::kTasksMax + 1> operation_{};
  std::array<std::unordered_map<uint64_t, uint32_t>, scenario::kTasksMax + 1> occurrences_;
};

/* All that the execution has, named. */
std::vector<Constraint> constraints_in(const scenario::Runner& runner) {
  auto trace = runner.execution().trace();
  Namer namer;
  std::vector<uint64_t> names(trace.size());
  for (size_t i = 0; i < trace.size(); ++i) names[i] = namer.name(trace[i]);
  const auto step = [&](uint32_t i) { return NamedStep{trace[i].task, i, names[i], ""}; };
  std::vector<Constraint> list;
  for (const StepPair& pair : conflicting_pairs(runner)) list.push_back({step(pair.first), step(pair.then)});
  return list;
}

/* `strong` holds => `weak` holds, by the orders within the tasks. */
bool implies(const Constraint& strong, const Constraint& weak) {
  return strong.first.task == weak.first.task && strong.then.task == weak.then.task &&
         weak.first.step <= strong.first.step && strong.then.step <= weak.then.step;
}

/* What follows from others of the same label says nothing. */
void drop_implied(std::vector<Constraint>& list, OrderLabel label) {
  std::vector<Constraint> kept;
  for (size_t i = 0; i < list.size(); ++i) {
    bool implied = false;
    for (size_t k = 0; k < list.size() && !implied; ++k) {
      if (i == k || list[i].label != label || list[k].label != label) continue;
      implied = implies(list[k], list[i]) && (!implies(list[i], list[k]) || k < i);
    }
    if (!implied) kept.push_back(list[i]);
  }
  list = std::move(kept);
}

class Analysis {
 public:
  explicit Analysis(const scenario::Runner& shown) : program_(shown.program()), kernel_(shown.kernel()) {
    verdict_ = shown.execution().headline()->verdict;
    signature_ = scenario::signature(*shown.execution().headline(), shown);
    result_.list = constraints_in(shown);
    for (Constraint& each : result_.list) {
      for (NamedStep* step : {&each.first, &each.then}) {
        step->words = step_words(shown, step->step);
        step->name = intern(step->name);
      }
    }
  }

  Constraints run(uint32_t bound, uint64_t executions_max) {
    result_.bound = bound;
    run_all(bound, executions_max, [&](bool failing, bool) {
      ++result_.executions;
      if (!failing) return;
      ++result_.failing;
      for (Constraint& each : result_.list) {
        if (!holds(each)) each.label = OrderLabel::kIrrelevant;
      }
    });
    drop_implied(result_.list, OrderLabel::kNecessary);
    drop_implied(result_.list, OrderLabel::kIrrelevant);
    sort_by_label();
    if (result_.list.size() > kOrdersMax) result_.list.resize(kOrdersMax);
    run_all(bound, executions_max, [&](bool, bool same_verdict) {
      Seen& seen = seen_[orders_that_hold()];
      ++(same_verdict ? seen.failing : seen.not_failing);
    });
    find_enough();
    sort_by_label();
    return result_;
  }

 private:
  static constexpr uint32_t kNever = UINT32_MAX;

  static constexpr size_t kOrdersMax = 64;

  struct Seen {
    uint64_t failing = 0;
    uint64_t not_failing = 0;
  };

  void sort_by_label() {
    std::vector<Constraint> sorted;
    for (OrderLabel label : {OrderLabel::kNecessary, OrderLabel::kOneWay, OrderLabel::kIrrelevant}) {
      for (const Constraint& each : result_.list) {
        if (each.label == label) sorted.push_back(each);
      }
    }
    result_.list = std::move(sorted);
  }

  /* A bit for each. */
  uint64_t orders_that_hold() const {
    uint64_t orders = 0;
    for (size_t i = 0; i < result_.list.size(); ++i) orders |= uint64_t{holds(result_.list[i])} << i;
    return orders;
  }

  Seen with(uint64_t orders) const {
    Seen all;
    for (const auto& [each, seen] : seen_) {
      if ((each & orders) != orders) continue;
      all.failing += seen.failing;
      all.not_failing += seen.not_failing;
    }
    return all;
  }

  /* If the necessary ones are not enough, but all are: as few of the others as can be, each dropped in turn.
   */
  void find_enough() {
    const auto bit = [](size_t i) { return uint64_t{1} << i; };
    uint64_t necessary = 0;
    uint64_t all = 0;
    for (size_t i = 0; i < result_.list.size(); ++i) {
      all |= bit(i);
      if (result_.list[i].label == OrderLabel::kNecessary) necessary |= bit(i);
    }
    uint64_t enough = necessary;
    if (with(necessary).not_failing != 0 && with(all).not_failing == 0) {
      enough = all;
      for (size_t i = result_.list.size(); i-- > 0;) {
        if ((necessary & bit(i)) == 0 && with(enough & ~bit(i)).not_failing == 0) enough &= ~bit(i);
      }
    }
    for (size_t i = 0; i < result_.list.size(); ++i) {
      if ((enough & ~necessary & bit(i)) != 0) result_.list[i].label = OrderLabel::kOneWay;
    }
    Seen seen = with(enough);
    result_.enough_for = seen.failing + seen.not_failing;
    result_.not_failing = seen.not_failing;
  }

  uint64_t intern(uint64_t name) { return index_.try_emplace(name, index_.size()).first->second; }

  bool holds(const Constraint& each) const {
    uint32_t first = at_[each.first.name];
    uint32_t then = at_[each.then.name];
    return first != kNever && then != kNever && first < then;
  }

  template <class Each>
  void run_all(uint32_t bound, uint64_t executions_max, Each each) {
    scenario::Runner runner;
    std::string error;
    runner.load(program_, kernel_, &error);
    ExhaustOptions options;
    options.bound = bound;
    options.prune = false; /* equal states have different pasts, and those are the question */
    std::unique_ptr<engine::Search> search = search_of(options);
    Traced traced(*search);
    result_.complete = false;
    uint64_t done = 0;
    for (; done < executions_max; ++done) {
      if (!traced.begin()) {
        result_.complete = true;
        return;
      }
      runner.run(traced);
      note(runner);
      const engine::Finding* finding = runner.execution().headline();
      bool same_verdict = finding != nullptr && finding->verdict == verdict_;
      each(same_verdict && scenario::signature(*finding, runner) == signature_, same_verdict);
    }
  }

  void note(const scenario::Runner& runner) {
    at_.assign(index_.size(), kNever);
    namer_.begin();
    auto trace = runner.execution().trace();
    for (uint32_t step = 0; step < trace.size(); ++step) {
      if (!tells(trace[step])) continue;
      auto found = index_.find(namer_.name(trace[step]));
      if (found != index_.end()) at_[found->second] = step;
    }
  }

  const scenario::Program& program_;
  scenario::KernelChoice kernel_;
  std::string_view verdict_;
  std::string signature_;
  std::unordered_map<uint64_t, uint64_t> index_;
  std::vector<uint32_t> at_;
  std::map<uint64_t, Seen> seen_;
  Namer namer_;
  Constraints result_;
};

}  // namespace

Constraints constraints_of(const scenario::Runner& shown, uint32_t bound, uint64_t executions_max) {
  return Analysis(shown).run(bound, executions_max);
}

std::string words_of(const Constraint& constraint) {
  return constraint.first.words + " before " + constraint.then.words;
}

}  // namespace daxrace::replay
