/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/odds.h"

#include <algorithm>

#include "core/engine/random.h"
#include "replay/command.h"
#include "replay/step_words.h"
#include "replay/timeline.h"

namespace daxrace::replay {

namespace {

/* Follows a schedule up to a step, and is a random walk from there. */
class PrefixStrategy final : public engine::Strategy {
 public:
  PrefixStrategy(engine::ReplayStrategy& replay, uint32_t prefix, uint64_t seed)
      : replay_(replay), prefix_(prefix), random_(seed) {}

  Needs needs() const override { return {.trace = false, .state = false}; }
  bool begin() override { return replay_.begin(); }
  size_t pick(const engine::Pick& pick) override {
    if (pick.step < prefix_) return replay_.pick(pick);
    return random_.below(static_cast<uint32_t>(pick.candidates.size()));
  }
  uint32_t draw(const engine::Execution& execution, uint32_t bound) override {
    return execution.steps() < prefix_ ? replay_.draw(execution, bound) : random_.below(bound);
  }

 private:
  engine::ReplayStrategy& replay_;
  uint32_t prefix_;
  engine::Random random_;
};

}  // namespace

std::vector<int> odds_of(const scenario::Runner& shown, uint32_t samples) {
  std::vector<int> odds;
  const engine::Finding* finding = shown.execution().headline();
  if (finding == nullptr) return odds;
  std::string verdict(finding->verdict);
  /* Without anchors, no trace is needed to follow it. */
  std::vector<engine::RecordedSwitch> switches;
  std::vector<engine::RecordedDraw> draws;
  engine::record_choices(shown.execution(), switches, draws);
  scenario::Runner runner;
  std::string error;
  if (!runner.load(shown.program(), shown.kernel(), &error)) return odds;
  auto trace = shown.execution().trace();
  for (uint32_t step = 0; step < trace.size(); ++step) {
    /* What no scheduling point came before could not have gone another way. */
    bool same_as_before = step > 0 && (trace[step].task == 0 || !trace[step - 1].point);
    if (same_as_before) {
      odds.push_back(odds.back());
      continue;
    }
    uint32_t found = 0;
    for (uint32_t i = 0; i < samples; ++i) {
      engine::ReplayStrategy replay(switches, draws);
      PrefixStrategy strategy(replay, step, i);
      strategy.begin();
      runner.run(strategy);
      const engine::Finding* headline = runner.execution().headline();
      found += headline != nullptr && headline->verdict == verdict;
    }
    odds.push_back(static_cast<int>(100 * found / samples));
  }
  return odds;
}

uint32_t point_of_no_return(const std::vector<int>& odds) {
  uint32_t at = 0;
  int most = 0;
  for (uint32_t step = 1; step < odds.size(); ++step) {
    if (odds[step] - odds[step - 1] <= most) continue;
    most = odds[step] - odds[step - 1];
    at = step;
  }
  return at;
}

std::string odds_chart(const scenario::Runner& shown, const std::vector<int>& odds) {
  if (odds.empty()) return "";
  auto trace = shown.execution().trace();
  uint32_t from = 0;
  while (from + 1 < odds.size() && trace[from].task == 0) ++from;
  constexpr size_t kLabel = 6;
  constexpr int kRows = 5;
  const size_t steps = odds.size() - from;
  const size_t width = std::min(kTimelineWidth - kLabel - 1, steps);
  const uint32_t jump = point_of_no_return(odds);
  const auto first_of = [&](size_t column) { return from + column * steps / width; };
  std::string out = "How likely it is, once the schedule has been followed to a step:\n";
  for (int row = kRows; row > 0; --row) {
    std::string line = std::to_string(row * 100 / kRows) + "%";
    line = std::string(kLabel - 1 - line.size(), ' ') + line + "|";
    for (size_t column = 0; column < width; ++column) {
      /* The last step of a column: no rise is shown before it happens. */
      size_t last = std::max(first_of(column), first_of(column + 1) - 1);
      line += odds[last] * kRows > (row - 1) * 100 + 50 ? '#' : ' ';
    }
    out += line.erase(line.find_last_not_of(' ') + 1) + "\n";
  }
  std::string axis = std::string(kLabel - 1, ' ') + "+" + std::string(width, '-');
  if (jump >= from && jump != 0) {
    for (size_t column = 0; column < width; ++column) {
      if (first_of(column) <= jump && jump < std::max(first_of(column) + 1, first_of(column + 1)))
        axis[kLabel + column] = '^';
    }
  }
  out += axis + "\n";
  if (jump == 0) return out + "No step makes it more likely.\n";
  return out +
         wrapped("Point of no return: step " + std::to_string(jump - 1) + ", from " +
                     std::to_string(odds[jump - 1]) + "% to " + std::to_string(odds[jump]) +
                     "%: " + step_words(shown, jump - 1) + ".",
                 kTimelineWidth, "") +
         "\n";
}

}  // namespace daxrace::replay
