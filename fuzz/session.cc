/* SPDX-License-Identifier: GPL-2.0-only */
#include "fuzz/session.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <span>

#include "core/engine/strategies.h"
#include "core/model/patches.h"
#include "core/scenario/text.h"
#include "fuzz/planted.h"

/* What the compiler counts of the model's code; null in a program without instrumented code. */
extern "C" {
extern __attribute__((weak, visibility("hidden"))) uint8_t __start___sancov_cntrs;
extern __attribute__((weak, visibility("hidden"))) uint8_t __stop___sancov_cntrs;
}

namespace daxrace::fuzz {

namespace {

constexpr uint64_t kCheckEvery = 1000; /* executions */

/* libFuzzer zeroes these before every input and takes what is set for coverage. */
struct Counters {
  uint8_t pairs[kPairCounters];
  uint8_t states[kStateCounters];
  uint8_t locks[kLockCounters];
};
static_assert(sizeof(Counters) <= 16384);
__attribute__((section("__libfuzzer_extra_counters"), used, aligned(64))) Counters counters;

std::span<uint8_t> code_counters() {
  if (&__start___sancov_cntrs == nullptr) return {};
  return {&__start___sancov_cntrs, &__stop___sancov_cntrs};
}

std::span<uint8_t> own_counters() { return {reinterpret_cast<uint8_t*>(&counters), sizeof counters}; }

/* What runs to make sure of something is not what the input covers. */
class KeptCounters {
 public:
  KeptCounters() {
    kept().assign(code_counters().begin(), code_counters().end());
    kept().insert(kept().end(), own_counters().begin(), own_counters().end());
  }
  ~KeptCounters() {
    const std::span<const uint8_t> all(kept());
    std::ranges::copy(all.first(code_counters().size()), code_counters().begin());
    std::ranges::copy(all.subspan(code_counters().size()), own_counters().begin());
    kept().clear();
  }
  KeptCounters(const KeptCounters&) = delete;
  KeptCounters& operator=(const KeptCounters&) = delete;

 private:
  /* Its memory stays. */
  static std::vector<uint8_t>& kept() {
    static std::vector<uint8_t> counters;
    return counters;
  }
};

double cpu_seconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

uint64_t resident_kb() {
  uint64_t pages = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  if (std::fscanf(file, "%*u %" SCNu64, &pages) != 1) pages = 0;
  std::fclose(file);
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

constexpr std::string_view kModes[] = {"mutate", "uniform", "portfolio"};

std::string name_of(const scenario::KernelChoice& choice) {
  return kernel::describe({choice.version, choice.without, choice.with});
}

}  // namespace

Session::Session(Options options) : options_(std::move(options)), findings_(options_) {
  if (!options_.unless.empty()) other_.emplace(options_.unless);
  engine::Execution& execution = runner_.execution();
  if (options_.pairs) execution.set_pair_counters(counters.pairs, kPairCounters);
  if (options_.states) execution.set_standing_counters(counters.states, kStateCounters);
  if (options_.locks) execution.lock_order().set_edge_counters(counters.locks, kLockCounters);
}

double Session::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
}

/* libFuzzer hands back what the mutator made, so that most texts are known already. */
const scenario::Program& Session::hold(std::string_view text) {
  if (last_.text != text || text.empty()) {
    last_.program = scenario::parse_lenient(text);
    last_.text.assign(text);
    last_.steps = 0;
  }
  return last_.program;
}

bool Session::run(std::string_view text) {
  const scenario::Program& program = hold(text);
  if (program.tasks.empty()) return false;
  const scenario::KernelChoice& choice = program.config.kernel;
  /* A file that is run by itself knows best what it is for. */
  const bool own_kernel = options_.runs_files && !options_.kernel_given;
  if (!own_kernel && choice != options_.kernel) {
    if (options_.runs_files) {
      std::fprintf(stderr, "not run: the program is for %s, the options say %s\n", name_of(choice).c_str(),
                   name_of(options_.kernel).c_str());
    }
    return false;
  }
  std::string error;
  if (!runner_.load(program, &error)) {
    std::fprintf(stderr, "not run: %s\n", error.c_str());
    return false;
  }
  switches_.clear();
  draws_.clear();
  for (const scenario::Switch& entry : program.schedule.switches) {
    switches_.push_back({entry.step, scenario::engine_task(entry.task), {}});
  }
  for (const scenario::Draw& draw : program.schedule.draws) draws_.push_back({draw.step, draw.value});
  if (options_.mode == Mode::kPortfolio && !options_.runs_files) {
    sample();
  } else {
    execute();
    count(runner_.execution());
    last_.steps = runner_.execution().steps();
    const bool is_checked = executions_ % kCheckEvery == 0;
    if (is_checked || !runner_.execution().findings().empty()) {
      const KeptCounters kept;
      look(last_.text.size());
      if (is_checked) check_determinism();
    }
  }
  if (!options_.code) std::ranges::fill(code_counters(), uint8_t{0});
  limit_counts(code_counters());
  /* Not kept is what a task spun in, until the schedule had to become fair: it costs as much as several
   * others, and so would many of its mutants. A finding in it is kept as one. */
  const bool keep = !runner_.execution().became_fair();
  if (!options_.campaign.empty()) {
    if (keep) look_for_libfuzzer();
    report_to_campaign();
  }
  return keep;
}

void Session::look_for_libfuzzer() {
  const bool new_code = code_covered_.note(code_counters());
  const bool new_other = other_covered_.note(own_counters());
  if (new_code || new_other) return;
  std::ranges::fill(code_counters(), uint8_t{0});
  std::ranges::fill(own_counters(), uint8_t{0});
}

void Session::count(const engine::Execution& execution) {
  ++executions_;
  steps_ += execution.steps();
  operations_ += last_.program.setup.size();
  for (const scenario::Task& task : last_.program.tasks) operations_ += task.ops.size();
}

void Session::look(size_t size) {
  if (runner_.execution().findings().empty()) return;
  const engine::Finding* finding = findings_.select(runner_, size);
  if (finding != nullptr) handle_finding(*finding);
}

/* As a loop of `daxrace run` over new programs would. */
void Session::sample() {
  constexpr int kSchedules = 256;
  auto strategy = engine::find_strategy("portfolio")->make({.seed = executions_ + 1});
  for (int i = 0; i < kSchedules && strategy->begin(); ++i) {
    runner_.run(*strategy);
    count(runner_.execution());
    const auto wanted = [&](const engine::Finding& finding) {
      return options_.only.empty() || finding.verdict == options_.only;
    };
    if (std::ranges::none_of(runner_.execution().findings(), wanted)) continue;
    /* From here on it is a program with a schedule like any other. */
    engine::record_choices(runner_.execution(), switches_, draws_);
    scenario::Schedule& schedule = last_.program.schedule;
    schedule = {};
    for (const engine::RecordedSwitch& entry : switches_)
      schedule.switches.push_back({entry.step, static_cast<int>(entry.task) - 1, {}});
    for (const engine::RecordedDraw& entry : draws_) schedule.draws.push_back({entry.step, entry.value});
    last_.text = scenario::print(last_.program);
    execute();
    look(last_.text.size());
  }
  last_.text.clear(); /* it may have got a schedule */
}

void Session::report_to_campaign() {
  constexpr uint64_t kLookEvery = 16; /* executions */
  if (executions_ % kLookEvery != 0) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_report_) return;
  next_report_ = now + std::chrono::seconds(1);
  write_stats();
}

void Session::execute() {
  engine::ReplayStrategy strategy(switches_, draws_);
  strategy.begin();
  runner_.run(strategy);
  if (daxrace_fuzz_planted != nullptr) daxrace_fuzz_planted(runner_);
}

/* Leaves the second execution behind, which is the same. */
void Session::check_determinism() {
  const uint64_t first = runner_.execution().trace_hash();
  execute();
  const uint64_t second = runner_.execution().trace_hash();
  if (first == second) return;
  char text[128];
  std::snprintf(text, sizeof text,
                "the same input ran twice and gave two traces, %016" PRIx64 " and %016" PRIx64, first,
                second);
  harness_error(text);
}

void Session::handle_finding(const engine::Finding& first) {
  const std::string_view verdict = first.verdict;
  const bool is_headline = runner_.execution().headline() == &first;
  const std::string signature = scenario::signature(first, runner_);
  if (other_) {
    engine::ReplayStrategy schedule(switches_, draws_);
    const bool shared = other_->shows(last_.program, verdict, schedule);
    execute(); /* the runner is where its caller expects it */
    if (shared) return;
  }
  check_determinism();
  check_determinism();
  const engine::Finding* finding = nullptr;
  for (const engine::Finding& again : runner_.execution().findings()) {
    if (again.verdict == verdict && scenario::signature(again, runner_) == signature) finding = &again;
  }
  if (finding == nullptr) harness_error("a finding was gone when the same input ran again");
  if (first_finding_ == 0) {
    first_finding_ = executions_;
    first_finding_seconds_ = seconds();
    first_finding_cpu_seconds_ = cpu_seconds();
  }
  if (findings_.is_collected(*finding, runner_)) { /* from a larger input */
    collect(*finding, is_headline, signature);
    return;
  }
  const std::string sentence =
      finding->describe == nullptr ? std::string() : finding->describe(*finding, runner_.execution());
  std::fprintf(stderr, "finding: %.*s\n%s\nsignature: %s\nafter %" PRIu64 " executions, %.1f s\n",
               static_cast<int>(finding->verdict.size()), finding->verdict.data(), sentence.c_str(),
               signature.c_str(), executions_, seconds());
  if (options_.keep_going) {
    collect(*finding, is_headline, signature);
    return;
  }
  std::fprintf(stderr, "DEDUP_TOKEN: %s\n", signature.c_str());
  write_stats();
  abort_for(finding->verdict);
}

/* A campaign's finding records what it is, so that it can be verified; the headline only, which is what is
 * verified. */
void Session::collect(const engine::Finding& finding, bool is_headline, const std::string& signature) {
  if (options_.campaign.empty() || !is_headline) {
    findings_.collect(finding, runner_, last_.text, last_.text.size());
    return;
  }
  scenario::Program program = last_.program;
  program.config.kernel = options_.kernel;
  program.found = scenario::Found{std::string(finding.verdict), signature, runner_.execution().trace_hash()};
  findings_.collect(finding, runner_, scenario::print(program), last_.text.size());
}

void Session::write_stats() const {
  if (options_.stats.empty()) return;
  /* A campaign reads it while this process goes on. */
  const std::string path = options_.campaign.empty() ? options_.stats : options_.stats + ".new";
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) {
    if (!options_.campaign.empty()) return;
    std::fprintf(stderr, "harness: cannot write %s\n", options_.stats.c_str());
    return;
  }
  std::fprintf(file, "kernel %s\nmode %s\n", name_of(options_.kernel).c_str(),
               kModes[static_cast<size_t>(options_.mode)].data());
  std::fprintf(file, "executions %" PRIu64 "\nsteps %" PRIu64 "\noperations %" PRIu64 "\nseconds %.3f\n",
               executions_, steps_, operations_, seconds());
  std::fprintf(file, "cpu_seconds %.3f\nresident_kb %" PRIu64 "\n", cpu_seconds(), resident_kb());
  std::fprintf(file, "hits %" PRIu64 "\ncollected %" PRIu64 "\n", findings_.hits(), findings_.collected());
  if (first_finding_ != 0) {
    std::fprintf(file,
                 "executions_to_first_finding %" PRIu64
                 "\nseconds_to_first_finding %.3f\n"
                 "cpu_seconds_to_first_finding %.3f\n",
                 first_finding_, first_finding_seconds_, first_finding_cpu_seconds_);
  }
  for (const auto& [key, known] : findings_.known()) {
    if (known.decision != Findings::Decision::kCollected) continue;
    std::fprintf(file, "finding %" PRIu64 " %s\n", known.hits, known.signature.c_str());
  }
  if (!options_.campaign.empty()) {
    std::fprintf(file, "features %zu\npairs %zu\nend\n", code_covered_.covered() + other_covered_.covered(),
                 other_covered_.covered(kPairCounters));
  }
  bool written = std::ferror(file) == 0;
  written = std::fclose(file) == 0 && written;
  if (path == options_.stats) return;
  if (!written || std::rename(path.c_str(), options_.stats.c_str()) != 0) unlink(path.c_str());
}

scenario::MutateOptions Session::mutate_options(const scenario::Program& program) const {
  scenario::MutateOptions options;
  if (options_.mode != Mode::kMutate) options.generate.sharing = 0;
  if (operations_ != 0) {
    options.generate.steps_of_operation = static_cast<uint32_t>(1 + steps_ / operations_);
  }
  if (&program == &last_.program) options.steps = last_.steps;
  if (options.steps != 0) options.execution = &runner_.execution();
  return options;
}

/* Makes it the last input, which it is about to be. */
size_t Session::emit(scenario::Program& program, char* out, size_t size_max, engine::Random& random) {
  std::string text = scenario::print(program);
  while (text.size() > size_max && scenario::shrink(random, program)) text = scenario::print(program);
  const size_t size = std::min(text.size(), size_max);
  std::memcpy(out, text.data(), size);
  if (size == text.size()) {
    std::swap(last_.text, text);
    std::swap(last_.program, program);
    last_.steps = 0;
  }
  return size;
}

size_t Session::mutate(char* text, size_t size, size_t size_max, uint64_t seed) {
  engine::Random random(seed);
  const scenario::Program& program = hold({text, size});
  const scenario::MutateOptions options = mutate_options(program);
  if (options_.mode != Mode::kMutate) {
    scenario::Config config;
    config.kernel = options_.kernel;
    scratch_ = scenario::generate(random, config, options.generate);
    if (options_.mode == Mode::kPortfolio) scratch_.schedule = {};
  } else {
    scratch_ = program;
    if (!options_.runs_files || options_.kernel_given) scratch_.config.kernel = options_.kernel;
    scenario::mutate(random, scratch_, options);
  }
  return emit(scratch_, text, size_max, random);
}

size_t Session::cross(std::string_view a, std::string_view b, char* out, size_t size_max, uint64_t seed) {
  /* libFuzzer would cross as often as it mutates. */
  constexpr uint32_t kOneIn = 4;
  engine::Random random(seed);
  if (options_.mode != Mode::kMutate || !random.one_in(kOneIn)) return 0;
  scratch_ = hold(a);
  const scenario::MutateOptions options = mutate_options(last_.program);
  if (!options_.runs_files || options_.kernel_given) scratch_.config.kernel = options_.kernel;
  scenario::Program child = scenario::crossover(random, scratch_, scenario::parse_lenient(b), options);
  return emit(child, out, size_max, random);
}

}  // namespace daxrace::fuzz
