/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/replayer.h"

#include "core/engine/strategy_replay.h"

namespace daxrace::replay {

namespace {

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

struct Attempt {
  size_t taken;
  size_t misfits;
  std::string signature;
  uint64_t hash;
};

Attempt attempt(scenario::Runner& runner, const Recorded& recorded, engine::ReplayStrategy::Mode mode) {
  engine::ReplayStrategy strategy(recorded.switches, recorded.draws, mode);
  strategy.begin();
  runner.run(strategy);
  const engine::Finding* finding = runner.execution().headline();
  return {strategy.taken(), strategy.misfits(),
          finding == nullptr ? "" : scenario::signature(*finding, runner), runner.execution().trace_hash()};
}

std::string difference(const Attempt& got, const scenario::Program& program) {
  const scenario::Found& found = *program.found;
  if (!found.signature.empty() && got.signature != found.signature) {
    return got.signature.empty() ? "there is no finding" : "the finding is " + got.signature;
  }
  if (found.trace_hash != 0 && got.hash != found.trace_hash) return "the trace is another one";
  return "";
}

}  // namespace

Replayed replay_program(scenario::Runner& runner) {
  using Mode = engine::ReplayStrategy::Mode;
  const scenario::Program& program = runner.program();
  Recorded recorded = recorded_of(program.schedule);
  Attempt by_step = attempt(runner, recorded, Mode::kByStep);
  Replayed result;
  result.found = by_step.signature;
  result.hash = by_step.hash;
  if (!program.found) return result;
  result.differs = difference(by_step, program);
  result.exact = result.differs.empty();
  if (result.exact) return result;
  bool same_finding = by_step.signature == program.found->signature;
  if (same_finding && by_step.misfits == 0) return result;
  Attempt by_anchor = attempt(runner, recorded, Mode::kByAnchor);
  if (by_anchor.signature == program.found->signature && !by_anchor.signature.empty()) {
    result.by_anchor = true;
    result.found = by_anchor.signature;
    result.hash = by_anchor.hash;
    return result;
  }
  attempt(runner, recorded, Mode::kByStep); /* what is shown is the schedule as it was written */
  return result;
}

void replay_by_anchors(scenario::Runner& runner) {
  attempt(runner, recorded_of(runner.program().schedule), engine::ReplayStrategy::Mode::kByAnchor);
}

}  // namespace daxrace::replay
