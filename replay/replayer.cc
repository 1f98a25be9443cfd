/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/replayer.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/engine/strategy_replay.h"
#include "replay/orders.h"

namespace daxrace::replay {

namespace {

using Mode = engine::ReplayStrategy::Mode;

struct Recorded {
  std::vector<engine::RecordedSwitch> switches;
  std::vector<engine::RecordedDraw> draws;
};

Recorded recorded_of(const scenario::Schedule& schedule) {
  Recorded recorded;
  for (const scenario::Switch& entry : schedule.switches) {
    engine::RecordedSwitch converted{entry.step, scenario::engine_task(entry.task), {}};
    if (entry.anchor.task >= 0) {
      converted.anchor = {scenario::engine_task(entry.anchor.task), static_cast<uint32_t>(entry.anchor.op),
                          engine::hash_text(entry.anchor.site), entry.anchor.occurrence};
    }
    recorded.switches.push_back(converted);
  }
  for (const scenario::Draw& draw : schedule.draws) recorded.draws.push_back({draw.step, draw.value});
  return recorded;
}

std::string switch_words(const scenario::Program& program, const scenario::Switch& entry) {
  std::string words = "the switch to " + scenario::task_label(program, entry.task);
  if (entry.anchor.task < 0)
    return words + " of step " + std::to_string(entry.step) + ", which has no anchor";
  return words + " at " + anchor_words(program, entry.anchor);
}

/* An edit of the program, as its anchors would see it: the operations of a task from one on have other
 * numbers. */
struct Shift {
  int task = -1; /* -1: nothing has moved */
  int from = 0;
  int by = 0;

  /* False: the operation it is in is gone. */
  bool apply(scenario::Anchor& anchor) const {
    if (task < 0 || anchor.task != task || anchor.op < from) return true;
    if (by < 0 && anchor.op < from - by) return false;
    anchor.op += by;
    return true;
  }
};

std::string moved_words(const scenario::Program& program, const Shift& shift) {
  if (shift.task < 0) return "";
  const int count = std::abs(shift.by);
  return scenario::task_label(program, shift.task) + " has " + std::to_string(count) +
         (count == 1 ? " operation " : " operations ") + (shift.by > 0 ? "more" : "less") + " before op " +
         std::to_string(shift.from);
}

/* Replays a program in one way after the other. */
class Replayer {
 public:
  explicit Replayer(scenario::Runner& runner)
      : runner_(runner), program_(runner.program()), recorded_(recorded_of(program_.schedule)) {}

  Replayed by_switches(ReplayWay way, const Shift& shift = {}) {
    Mode mode = way == ReplayWay::kSteps     ? Mode::kByStep
                : way == ReplayWay::kAnchors ? Mode::kByAnchor
                                             : Mode::kByPlace;
    scenario::Schedule schedule = program_.schedule;
    for (scenario::Switch& entry : schedule.switches) {
      if (!shift.apply(entry.anchor)) entry.anchor = {};
    }
    const Recorded moved = recorded_of(schedule);
    engine::ReplayStrategy strategy(moved.switches, moved.draws, mode);
    strategy.begin();
    runner_.run(strategy);
    misfits_ = strategy.misfits();
    Replayed result = outcome(way, shift);
    for (size_t i = 0; i < strategy.done().size(); ++i) {
      if (strategy.done()[i] == 0)
        result.lost.push_back(switch_words(program_, program_.schedule.switches[i]));
    }
    return result;
  }

  Replayed by_orders(const Shift& shift = {}) {
    std::vector<scenario::Order> orders = program_.orders;
    std::erase_if(orders, [&](scenario::Order& order) {
      return !shift.apply(order.first) || !shift.apply(order.then);
    });
    OrderStrategy strategy(orders, recorded_.draws);
    strategy.begin();
    runner_.run(strategy);
    Replayed result = outcome(ReplayWay::kOrders, shift);
    for (size_t index : strategy.broken()) {
      result.lost.push_back(anchor_words(program_, orders[index].first) + " before " +
                            anchor_words(program_, orders[index].then));
    }
    return result;
  }

  /* With operations inserted or removed anywhere, until `is` it. */
  template <class Run, class Is>
  bool moved(Run run, Is is, Replayed& result) {
    for (int by : {1, -1, 2, -2, 3, -3}) {
      for (int task = 0; task < static_cast<int>(program_.tasks.size()); ++task) {
        const auto ops = static_cast<int>(program_.tasks[static_cast<size_t>(task)].ops.size());
        for (int from = 0; from <= ops + std::max(0, -by); ++from) {
          result = run(Shift{task, from, by});
          if (is(result)) return true;
        }
      }
    }
    return false;
  }

  size_t misfits() const { return misfits_; }

 private:
  Replayed outcome(ReplayWay way, const Shift& shift) {
    Replayed result;
    result.way = way;
    result.moved = moved_words(program_, shift);
    const engine::Finding* finding = runner_.execution().headline();
    if (finding != nullptr) result.found = scenario::signature(*finding, runner_);
    result.hash = runner_.execution().trace_hash();
    if (!program_.found) return result;
    const scenario::Found& found = *program_.found;
    if (!found.signature.empty() && result.found != found.signature) {
      result.differs = result.found.empty() ? "there is no finding" : "the finding is " + result.found;
    } else if (found.trace_hash != 0 && result.hash != found.trace_hash) {
      result.differs = "the trace is another one";
    }
    result.exact = result.differs.empty();
    return result;
  }

  scenario::Runner& runner_;
  const scenario::Program& program_;
  Recorded recorded_;
  size_t misfits_ = 0;
};

bool verdict_is(const Replayed& result, const std::string& verdict) {
  return result.found.substr(0, result.found.find('/')) == verdict;
}

/* What the steps do not show any more: the same finding in another way. */
bool find_again(Replayer& replayer, const scenario::Program& program, Replayed& result) {
  const scenario::Found& found = *program.found;
  const auto same = [&](const Replayed& one) {
    return found.signature.empty() ? verdict_is(one, found.verdict) : one.found == found.signature;
  };
  const auto try_one = [&](Replayed one) {
    result = std::move(one);
    return same(result);
  };
  const auto switches = [&](const Shift& shift) { return replayer.by_switches(ReplayWay::kAnchors, shift); };
  const auto orders = [&](const Shift& shift) { return replayer.by_orders(shift); };
  if (!program.schedule.switches.empty()) {
    if (try_one(switches({})) || replayer.moved(switches, same, result)) return true;
    if (try_one(replayer.by_switches(ReplayWay::kPlaces))) return true;
  }
  if (!program.orders.empty()) {
    if (try_one(orders({})) || replayer.moved(orders, same, result)) return true;
  }
  /* Its places may have other names now: one of that verdict will do. */
  const auto verdict = [&](Replayed one) {
    result = std::move(one);
    return verdict_is(result, found.verdict);
  };
  return verdict(switches({})) || (!program.orders.empty() && verdict(orders({})));
}

}  // namespace

Replayed replay_program(scenario::Runner& runner) {
  const scenario::Program& program = runner.program();
  Replayer replayer(runner);
  Replayed by_step = replayer.by_switches(ReplayWay::kSteps);
  if (!program.found || by_step.exact) return by_step;
  const scenario::Found& found = *program.found;
  const bool same_verdict = verdict_is(by_step, found.verdict);
  if (by_step.found == found.signature && replayer.misfits() == 0) return by_step;
  Replayed result;
  if (find_again(replayer, program, result) && (result.found == found.signature || !same_verdict)) {
    result.exact = false;
    result.differs = by_step.differs;
    return result;
  }
  /* What is shown is the schedule as it was written. */
  return replayer.by_switches(ReplayWay::kSteps);
}

void replay_by_anchors(scenario::Runner& runner) { Replayer(runner).by_switches(ReplayWay::kAnchors); }

std::vector<std::string> difference_lines(const Replayed& replayed) {
  std::vector<std::string> lines;
  if (replayed.exact) return lines;
  std::string line = "not as recorded: " + replayed.differs;
  switch (replayed.way) {
    case ReplayWay::kSteps:
      if (replayed.found.empty())
        line += ", neither by steps nor by anchors nor by orders; `daxrace explore` tries all schedules";
      break;
    case ReplayWay::kAnchors:
      line += "; found again by the anchors of its switches";
      break;
    case ReplayWay::kPlaces:
      line += "; found again by the anchors of its switches, in whatever operation they are now";
      break;
    case ReplayWay::kOrders:
      line += "; found again by the orders of its events";
      break;
  }
  lines.push_back(line + (replayed.moved.empty() ? "" : ", if " + replayed.moved));
  for (const std::string& lost : replayed.lost) lines.push_back("no longer holds: " + lost);
  return lines;
}

nlohmann::json json_of(const Replayed& replayed) {
  constexpr const char* kWays[] = {"steps", "anchors", "places", "orders"};
  return {{"exact", replayed.exact},
          {"by", kWays[static_cast<size_t>(replayed.way)]},
          {"differs", replayed.differs},
          {"moved", replayed.moved},
          {"no_longer_holds", replayed.lost}};
}

}  // namespace daxrace::replay
