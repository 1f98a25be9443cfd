/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/campaign.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "replay/campaign_report.h"
#include "replay/command.h"

namespace daxrace::replay {

namespace {

using Clock = std::chrono::steady_clock;
constexpr int kInfrastructure = 4;
constexpr int kOnlyKnown = 3;

volatile std::sig_atomic_t interrupts = 0;
void interrupt(int) { interrupts = interrupts + 1; }

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

void add(WorkerStats& sum, const WorkerStats& stats) {
  sum.executions += stats.executions;
  sum.steps += stats.steps;
  sum.features = std::max(sum.features, stats.features);
  sum.pairs = std::max(sum.pairs, stats.pairs);
  sum.cpu_seconds += stats.cpu_seconds;
  for (const auto& [signature, hits] : stats.hits) sum.hits[signature] += hits;
}

}  // namespace

Campaign::Campaign(CampaignOptions options) : options_(std::move(options)) {}

nlohmann::json Campaign::identity() const {
  std::string kernel;
  for (const std::string& word : options_.kernel) kernel += (kernel.empty() ? "" : " ") + word;
  return {{"format", 1}, {"kernel", kernel}, {"scenarios", options_.scenarios}, {"seed", options_.seed}};
}

void Campaign::check() {
  if (access(options_.fuzzer.c_str(), X_OK) != 0)
    throw UsageError{options_.fuzzer +
                     ": no fuzzing program there; build the preset fuzz, or say --fuzzer FILE"};
  CampaignStore::check(options_.out, identity());
  /* The fuzzer knows the kernels; what it says about a wrong one is one line. */
  std::vector<std::string> command = {options_.fuzzer};
  for (size_t i = 0; i + 1 < options_.kernel.size(); i += 2)
    command.push_back(options_.kernel[i] + "=" + options_.kernel[i + 1]);
  command.insert(command.end(), {"-runs=0", "-handle_int=0"});
  std::string said;
  if (const int status = replay::ask(command, 60, said); status != 0) {
    said = said.substr(0, said.find('\n'));
    const std::string prefix = "daxrace-fuzz: ";
    if (said.starts_with(prefix)) said.erase(0, prefix.size());
    throw UsageError{said.empty() ? options_.fuzzer + ": cannot be run" : said};
  }
  if (options_.scenarios.empty()) return;
  for (const std::string& file : scenario_files(options_.scenarios)) read_strict(file);
}

/* Seeds are those of the command, whatever was there. */
void Campaign::make_seeds() {
  if (options_.scenarios.empty()) return;
  std::vector<std::string> command = {options_.daxrace, "seeds"};
  command.insert(command.end(), options_.scenarios.begin(), options_.scenarios.end());
  command.insert(command.end(), options_.kernel.begin(), options_.kernel.end());
  command.insert(command.end(), {"--out", store_.path("seeds")});
  std::string said;
  if (replay::ask(command, 120, said) != 0) throw UsageError{"seeds: " + said.substr(0, said.find('\n'))};
  seeds_ = files_in(store_.path("seeds"), ".dax").size();
}

/* What a writer that was killed has left. */
void Campaign::sweep() {
  const std::pair<std::string, const char*> parts[] = {
      {"findings/", ".dax"}, {"minimised/", ".dax"}, {"timelines/", ".txt"}};
  for (const auto& [part, ending] : parts) {
    for (const std::string& name : files_in(store_.path(part))) {
      if (!name.ends_with(ending)) unlink(store_.path(part + name).c_str());
    }
  }
}

void Campaign::resume() {
  for (const std::string& name : files_in(store_.path("workers"), ".stats")) {
    WorkerStats stats;
    if (read_stats(store_.path("workers/" + name), stats)) add(before_, stats);
    next_worker_ = std::max<uint64_t>(next_worker_, std::strtoull(name.c_str(), nullptr, 10) + 1);
  }
  const nlohmann::json old = read_json(store_.path("status.json"));
  if (old.is_object()) read_status(old, state_);
  for (auto& [file, finding] : state_.findings) {
    finding.timeline = read_whole(timeline_path(finding));
    if (finding.confirmed && finding.timeline.empty()) to_ask_.push_back(file);
  }
  ++state_.starts;
  seconds_at_start_ = state_.seconds;
  state_.last_new_seconds = std::min(state_.last_new_seconds, state_.seconds);
  state_.executions = std::max(state_.executions, before_.executions);
  corpus_at_start_ = count_files(store_.path("corpus")) -
                     std::min<uint64_t>(state_.corpus_new, count_files(store_.path("corpus")));
  sweep();
}

void Campaign::start(Worker& worker, unsigned index) {
  const uint64_t number = next_worker_++;
  worker.stats_file = store_.path("workers/" + std::to_string(number) + ".stats");
  worker.stats = {};
  std::vector<std::string> command = {options_.fuzzer};
  for (size_t i = 0; i + 1 < options_.kernel.size(); i += 2)
    command.push_back(options_.kernel[i] + "=" + options_.kernel[i + 1]);
  const bool alone = options_.runs != 0 && options_.jobs == 1;
  command.insert(command.end(),
                 {"--campaign=" + store_.path("findings"), "--stats=" + worker.stats_file,
                  "-artifact_prefix=" + store_.path("infrastructure/"), "-handle_int=0", "-handle_xfsz=0",
                  "-handle_term=0", "-timeout=60", "-print_final_stats=0",
                  /* To tell of a new input costs libFuzzer a walk over the corpus. */
                  "-verbosity=0",
                  /* A smaller input that does the same is written, and the larger one only taken
                   * away by the worker that found it: with two workers five files of six were of
                   * no use after half an hour, and each worker held and had run all of them. */
                  "-reduce_inputs=0",
                  /* Later inputs are taken more often. A worker that is started again would read the
                   * largest ones last, and be slower than it was. */
                  "-prefer_small=0",
                  /* Another worker's entries come when they come: not where runs are to be the
                   * same. To look for them costs a look at every file: each second that was a
                   * quarter of the time, after half an hour. */
                  std::string("-reload=") + (alone ? "0" : "10")});
  /* A worker that is started again is to try something else. */
  const uint64_t seed = options_.seed + index + (number - index % (number + 1)) * 7919;
  command.push_back("-seed=" +
                    std::to_string(number == index ? options_.seed + index : seed % 2147483647 + 1));
  if (options_.runs != 0) {
    const uint64_t left = options_.runs - std::min(options_.runs, before_.executions);
    command.push_back("-runs=" + std::to_string(std::max<uint64_t>(1, left / options_.jobs)));
  }
  /* By name: the order of a directory is nobody's promise. */
  std::string inputs;
  for (const std::string& name : files_in(store_.path("seeds"), ".dax"))
    inputs += (inputs.empty() ? "" : ",") + store_.path("seeds/" + name);
  if (!inputs.empty() && write_whole(store_.path("workers/seeds"), inputs))
    command.push_back("-seed_inputs=@" + store_.path("workers/seeds"));
  command.push_back(store_.path("corpus"));
  worker.tail.clear();
  worker.started = Clock::now();
  if (!worker.process.start(command)) worker.not_before = Clock::now() + std::chrono::seconds(1);
}

/* Its last words, should it die. */
void Campaign::listen(Worker& worker) {
  constexpr size_t kTail = 16384;
  const std::string said = worker.process.read_output();
  if (said.empty()) return;
  worker.tail += said;
  if (worker.tail.size() > kTail) worker.tail.erase(0, worker.tail.size() - kTail);
}

/* An input that ends a worker would end each one that reads it. */
void Campaign::quarantine(const std::string& crash) {
  const std::string text = read_whole(store_.path("infrastructure/" + crash));
  std::error_code error;
  for (const char* part : {"corpus", "seeds"}) {
    for (const std::string& name : files_in(store_.path(part))) {
      const std::string path = store_.path(std::string(part) + "/" + name);
      if (std::filesystem::file_size(path, error) != text.size() || read_whole(path) != text) continue;
      std::filesystem::rename(path, store_.path("infrastructure/taken-out-" + name), error);
    }
  }
}

void Campaign::worker_died(Worker& worker) {
  constexpr unsigned kDeathsMax = 8;
  const int status = worker.process.status();
  ++state_.infrastructure;
  deaths_in_a_row_ = worker.stats.executions == 0 ? deaths_in_a_row_ + 1 : 0;
  write_whole(store_.path("infrastructure/worker-" + std::to_string(next_worker_ - 1) + "-" +
                          std::to_string(state_.infrastructure) + ".log"),
              "exit status " + std::to_string(status) + "\n" + worker.tail);
  const std::string mark = "Test unit written to " + store_.path("infrastructure/");
  const size_t at = worker.tail.rfind(mark);
  if (at != std::string::npos) {
    const size_t from = at + mark.size();
    quarantine(worker.tail.substr(from, worker.tail.find('\n', from) - from));
  }
  spdlog::warn("a worker ended with status " + std::to_string(status) + "; its last words are in " +
               store_.path("infrastructure") + "; the campaign goes on");
  if (deaths_in_a_row_ >= kDeathsMax) {
    state_.gave_up = "workers end before they have run anything; see " + store_.path("infrastructure");
  }
  worker.not_before = Clock::now() + std::chrono::milliseconds(50 << std::min(deaths_in_a_row_, 6u));
}

void Campaign::watch(Worker& worker, unsigned index) {
  if (worker.done) return;
  if (!worker.process.running()) {
    if (Clock::now() >= worker.not_before) start(worker, index);
    return;
  }
  const bool ended = worker.process.ended();
  listen(worker);
  if (!ended) return;
  read_stats(worker.stats_file, worker.stats);
  add(before_, worker.stats);
  if (worker.process.status() != 0) {
    worker_died(worker);
  } else if (options_.runs != 0) {
    worker.done = true;
  }
  worker.stats = {};
  worker.stats_file.clear();
}

void Campaign::gather() {
  WorkerStats sum = before_;
  for (const auto& worker : workers_) {
    WorkerStats stats;
    if (!worker->stats_file.empty() && read_stats(worker->stats_file, stats)) worker->stats = stats;
    if (!worker->stats_file.empty()) add(sum, worker->stats);
    if (worker->stats.executions != 0) deaths_in_a_row_ = 0;
  }
  const uint64_t corpus = count_files(store_.path("corpus"));
  if (corpus > state_.corpus || sum.pairs > state_.pairs) state_.last_new_seconds = state_.seconds;
  state_.executions = std::max(state_.executions, sum.executions);
  state_.steps = std::max(state_.steps, sum.steps);
  state_.features = std::max(state_.features, sum.features);
  state_.pairs = std::max(state_.pairs, sum.pairs);
  state_.cpu_seconds = std::max(state_.cpu_seconds, sum.cpu_seconds);
  state_.resident_kb = 0;
  for (const auto& worker : workers_)
    state_.resident_kb = std::max(state_.resident_kb, worker->stats.resident_kb);
  state_.resident_kb_max = std::max(state_.resident_kb_max, state_.resident_kb);
  if (state_.resident_kb_first == 0 && state_.seconds >= 60) state_.resident_kb_first = state_.resident_kb;
  state_.corpus = corpus;
  state_.corpus_new = corpus - std::min(corpus, corpus_at_start_);
  for (auto& [file, finding] : state_.findings) {
    const auto at = sum.hits.find(finding.signature);
    if (at != sum.hits.end()) finding.hits = std::max(finding.hits, at->second);
  }
  recent_.emplace_back(state_.seconds, state_.executions);
  while (recent_.size() > 60) recent_.pop_front();
  const double span = recent_.back().first - recent_.front().first;
  if (span > 0) state_.rate = static_cast<double>(recent_.back().second - recent_.front().second) / span;
}

void Campaign::tick(double passed) {
  /* What passed while this process was stopped is no time of the campaign's. */
  constexpr double kTickMax = 5;
  state_.seconds += std::min(passed, kTickMax);
}

void Campaign::save() {
  constexpr size_t kSamplesMax = 400;
  state_.history.push_back({state_.seconds, state_.executions, state_.corpus, state_.features, state_.pairs,
                            state_.findings.size(), state_.steps, state_.cpu_seconds, state_.resident_kb});
  if (state_.history.size() > kSamplesMax) {
    std::vector<CampaignSample> thinned;
    for (size_t i = 0; i < state_.history.size(); i += 2) thinned.push_back(state_.history[i]);
    state_.history = thinned;
  }
  const bool written = write_whole(store_.path("status.json"), status_json(state_).dump(1) + "\n");
  if (!written && !cannot_write_)
    spdlog::warn(store_.path("status.json") + " cannot be written; the campaign goes on");
  cannot_write_ = !written;
}

void Campaign::show(bool last) {
  if (options_.json) return;
  if (terminal_) {
    std::cout << "\r\033[K" << status_line(state_) << (last ? "\n" : "") << std::flush;
  } else if (last || state_.seconds >= next_line_) {
    std::cout << status_line(state_) << std::endl;
    next_line_ = state_.seconds + 60;
  }
}

bool Campaign::over() const {
  if (interrupts != 0 || !state_.gave_up.empty()) return true;
  if (options_.seconds > 0 && state_.seconds >= options_.seconds) return true;
  return std::all_of(workers_.begin(), workers_.end(), [](const auto& worker) { return worker->done; });
}

void Campaign::stop_workers() {
  for (const auto& worker : workers_) worker->process.signal(SIGTERM);
  for (const auto& worker : workers_) {
    if (!worker->process.running()) continue;
    worker->process.finish(interrupts > 1 ? 0 : 5);
  }
}

int Campaign::run() {
  store_.open(options_.out, identity());
  for (int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, interrupt);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  terminal_ = isatty(STDOUT_FILENO) != 0 && !options_.json;
  make_seeds();
  resume();
  state_.seconds_max = options_.seconds;
  state_.finished = state_.interrupted = false;
  state_.gave_up.clear();
  if (!options_.json && state_.starts > 1)
    std::cout << "going on with " << store_.directory() << " after " << duration_text(state_.seconds)
              << std::endl;
  for (unsigned i = 0; i < options_.jobs; ++i) {
    workers_.push_back(std::make_unique<Worker>());
    workers_.back()->done = options_.runs != 0 && before_.executions >= options_.runs;
  }
  auto last = Clock::now();
  double next_look = state_.seconds;
  double next_save = state_.seconds;
  next_line_ = state_.seconds + 60;
  while (!over()) {
    for (unsigned i = 0; i < workers_.size(); ++i) watch(*workers_[i], i);
    next_question();
    next_task();
    usleep(50000);
    tick(seconds_since(last));
    last = Clock::now();
    if (state_.seconds < next_look) continue;
    next_look = state_.seconds + 1;
    gather();
    scan_findings();
    show(false);
    if (state_.seconds < next_save) continue;
    next_save = state_.seconds + 5;
    save();
  }
  return finish();
}

int Campaign::finish() {
  stop_workers();
  scan_findings();
  const bool interrupted = interrupts != 0;
  while ((question_.busy() || !to_ask_.empty()) && interrupts <= 1) {
    next_question();
    usleep(5000);
  }
  /* A tenth of the time for what has not been made smaller yet; what is left then is done when the same
   * command goes on. */
  constexpr double kGraceMax = 600;
  const auto began = Clock::now();
  const double grace = std::min(kGraceMax, state_.seconds / 10);
  while (!interrupted && interrupts == 0 && seconds_since(began) < grace) {
    next_task();
    next_question();
    if (done_with_tasks() && !question_.busy() && to_ask_.empty()) break;
    usleep(5000);
  }
  task_.drop();
  sweep();
  gather();
  state_.interrupted = interrupted;
  state_.finished = !state_.interrupted && state_.gave_up.empty();
  if (state_.executions == 0 && state_.finished) state_.gave_up = "nothing was run";
  show(true);
  save();
  int code = kNoFinding;
  if (state_.count(true) != 0) code = kOnlyKnown;
  if (state_.infrastructure != 0 && state_.count(false) == 0) code = kInfrastructure;
  if (state_.count(false) != 0) code = kFound;
  if (!state_.gave_up.empty()) code = kInfrastructure;
  if (state_.interrupted) code = kInterrupted;
  if (!write_reports(store_, state_)) {
    spdlog::error(store_.directory() + ": the summary cannot be written");
    if (code != kInterrupted) code = kInfrastructure;
  }
  if (options_.json) {
    print_json(summary_json(state_));
  } else {
    std::cout << summary_text(store_, state_, options_.daxrace);
  }
  return code;
}

}  // namespace daxrace::replay
