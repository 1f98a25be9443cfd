/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/engine.h"

#include <algorithm>
#include <deque>
#include <ostream>

#include "core/engine/determinism.h"
#include "core/engine/strategy_replay.h"

namespace daxrace::engine {

namespace {

/* What the tasks of the present execution run. */
class Bodies {
 public:
  std::function<void()>* keep(std::function<void()> body) { return &kept_.emplace_back(std::move(body)); }
  void clear() { kept_.clear(); }

 private:
  std::deque<std::function<void()>> kept_; /* addresses stay */
};

Bodies& bodies() {
  static Bodies instance;
  return instance;
}

void call(void* arg) { (*static_cast<const std::function<void()>*>(arg))(); }

std::string interleaving_of(const Execution& execution) {
  std::string text;
  size_t step = 0;
  for (const Event& event : execution.trace()) {
    text += std::to_string(step++) + "  " + std::string(execution.task(event.task).name) + "  " +
            std::string(name_of(event.kind)) + " " + object_name(event) + " = " + std::to_string(event.value);
    if (event.site != &kAnonymousSite) text += "  " + event.site->name();
    text += "\n";
  }
  return text;
}

void note_findings(const Execution& execution, Report& report) {
  for (size_t i = 0; i < execution.findings().size(); ++i) {
    const Finding& finding = execution.findings()[i];
    std::string sentence = execution.sentence(i);
    auto same = [&](const Report::Seen& seen) {
      return seen.verdict == finding.verdict && seen.sentence == sentence;
    };
    auto seen = std::find_if(report.findings.begin(), report.findings.end(), same);
    if (seen == report.findings.end()) {
      report.findings.push_back({std::string(finding.verdict), sentence, 1, report.executions});
    } else {
      ++seen->hits;
    }
  }
}

class Exploration {
 public:
  Exploration(const Limits& limits, const std::function<void()>& body) : execution_(limits), body_(body) {}

  End run(Strategy& strategy) {
    auto* body = const_cast<std::function<void()>*>(&body_);
    End end = execution_.run(strategy, call, body);
    bodies().clear();
    return end;
  }

  void run_counted(Strategy& strategy, Report& report) {
    End end = run(strategy);
    ++report.executions;
    report.abandoned += end == End::kAbandoned;
    report.steps += execution_.steps();
    if (execution_.findings().empty()) return;
    bool first = report.findings.empty();
    note_findings(execution_, report);
    if (first) record_first(report);
  }

  const Execution& execution() const { return execution_; }

 private:
  /* Again, for the trace that the strategy may not have needed. */
  void record_first(Report& report) {
    report.schedule.assign(execution_.decisions().begin(), execution_.decisions().end());
    if (!execution_.traced()) {
      record_choices(execution_, switches_, draws_);
      ReplayStrategy again(switches_, draws_);
      again.begin();
      run(again);
    }
    report.interleaving = interleaving_of(execution_);
  }

  Execution execution_;
  const std::function<void()>& body_;
  std::vector<RecordedSwitch> switches_;
  std::vector<RecordedDraw> draws_;
};

}  // namespace

Report explore(const ExploreOptions& options, const std::function<void()>& body) {
  Report report;
  const StrategyInfo* info = find_strategy(options.strategy);
  if (info == nullptr) {
    report.harness_error = "there is no strategy " + std::string(options.strategy);
    return report;
  }
  Exploration exploration(options.limits, body);
  std::unique_ptr<Strategy> strategy = info->make(options.tuning);
  TwiceStrategy twice(*strategy);
  Strategy& asked = options.self_check ? static_cast<Strategy&>(twice) : *strategy;
  while (report.executions < options.executions) {
    if (!asked.begin()) {
      report.exhausted = true;
      break;
    }
    if (options.self_check && twice.second_run()) {
      exploration.run(asked);
      report.harness_error = twice.first_difference();
    } else {
      exploration.run_counted(asked, report);
    }
    if (!report.harness_error.empty()) break;
    /* What a body shows is worth nothing before it is known to be deterministic. */
    bool checked = !options.self_check || twice.second_run();
    if (options.stop_at_first && checked && !report.findings.empty()) break;
  }
  return report;
}

Report replay(const std::vector<Decision>& schedule, const std::function<void()>& body,
              const Limits& limits) {
  std::vector<RecordedSwitch> switches;
  std::vector<RecordedDraw> draws;
  for (const Decision& decision : schedule) {
    if (decision.is_draw) {
      draws.push_back({decision.step, decision.value});
    } else {
      switches.push_back({decision.step, static_cast<TaskId>(decision.value), {}});
    }
  }
  Report report;
  Exploration exploration(limits, body);
  ReplayStrategy strategy(switches, draws);
  strategy.begin();
  exploration.run_counted(strategy, report);
  return report;
}

bool Report::found(std::string_view verdict) const {
  return std::any_of(findings.begin(), findings.end(),
                     [&](const Seen& seen) { return seen.verdict == verdict; });
}

std::ostream& operator<<(std::ostream& out, const Report& report) {
  if (!report.harness_error.empty()) return out << "harness: " << report.harness_error << "\n";
  for (const Report::Seen& seen : report.findings) {
    out << seen.verdict << " (execution " << seen.execution << "): " << seen.sentence << "\n";
  }
  if (!report.interleaving.empty()) out << report.interleaving;
  return out << report.executions << " executions" << (report.exhausted ? ", all there are" : "")
             << (report.findings.empty() ? ", no finding\n" : "\n");
}

TaskId spawn_owned(std::function<void()> body, std::string_view name) {
  return Execution::current().spawn(call, bodies().keep(std::move(body)), name);
}

void check(bool holds, const char* what) {
  if (!holds) Execution::current().fail_assertion(what);
}

}  // namespace daxrace::engine
