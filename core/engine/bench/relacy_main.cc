/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The workloads under Relacy's random scheduler. A program of its own: Relacy replaces operator new.
 *
 *   relacy_bench [SECONDS]    of measuring each workload; default 0.3
 *
 * A line for each: name, nanoseconds of processor time, scheduling points and switches of an execution. A
 * point is a call of the scheduler, a switch one that answers with another thread than the last.
 */
#include <time.h>

#include <cstdio>
#include <cstdlib>

#include "core/engine/bench/workloads.h"
#include "core/engine/relacy_words.h"

namespace daxrace::bench {

namespace {

struct Word {
  rl::atomic<int> atomic;

  Word() { store(0); }
  int load() { return atomic.load(rl::mo_relaxed, RL_INFO); }
  void store(int value) { atomic.store(value, rl::mo_relaxed, RL_INFO); }
  void add(int value) { atomic.fetch_add(value, rl::mo_relaxed, RL_INFO); }
};

struct Cell {
  rl::var<int> var;

  Cell() { set(0); }
  int get() { return var(RL_INFO).load(); }
  void set(int value) { var(RL_INFO).store(value); }
};

struct Mutex {
  rl::mutex inner;

  void lock() { inner.lock(RL_INFO); }
  void unlock() { inner.unlock(RL_INFO); }
};

struct W1 : rl::test_suite<W1, kW1Tasks> {
  static constexpr const char* kName = "W1";
  Word x;
  void thread(unsigned) { w1_task(x); }
};

struct W2 : rl::test_suite<W2, kW2Tasks> {
  static constexpr const char* kName = "W2";
  Mutex lock;
  Cell counter;
  void thread(unsigned) { w2_task(lock, counter); }
};

struct W3 : rl::test_suite<W3, kW3Tasks> {
  static constexpr const char* kName = "W3";
  Word words[kW3Words];
  void thread(unsigned task) { w3_task(words, static_cast<int>(task), kW3Accesses); }
};

uint64_t points;
uint64_t switches;

/* Hides what the context calls; the schedules are the same. */
template <rl::thread_id_t threads>
class CountingScheduler : public rl::random_scheduler<threads> {
 public:
  using Base = rl::random_scheduler<threads>;
  using Base::Base;

  rl::thread_id_t iteration_begin(rl::iteration_t iteration) {
    ++points;
    return last_ = Base::iteration_begin(iteration);
  }
  rl::thread_id_t schedule(rl::unpark_reason& reason, unsigned yield) {
    rl::thread_id_t next = Base::schedule(reason, yield);
    ++points;
    switches += next != last_;
    return last_ = next;
  }

 private:
  rl::thread_id_t last_ = 0;
};

double processor_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/* One context, which is dear to make, kept for as many executions as are asked for. */
template <class Test, class Scheduler>
class Search {
 public:
  Search() : context_(quiet(params_), shared_) {}

  void run(unsigned executions) {
    params_.iteration_count = executions;
    if (context_.simulate2(false) == rl::test_result_success) return;
    std::fprintf(stderr, "harness: %s under Relacy: %s\n", Test::kName,
                 rl::test_result_str(params_.test_result));
    std::exit(1);
  }

 private:
  rl::test_params& quiet(rl::test_params& params) {
    params.search_type = rl::sched_random;
    params.execution_depth_limit = 20000;
    params.progress_stream = &nowhere_;
    return params;
  }

  std::ostream nowhere_{nullptr};
  rl::test_params params_;
  typename Scheduler::shared_context_t shared_;
  rl::context_impl<Test, Scheduler> context_;
};

/* Every execution draws from a seed of its own number, so that the counted ones are of those timed. */
constexpr unsigned kExecutions = 5000;

template <class Test>
void measure(double seconds) {
  constexpr rl::thread_id_t threads = Test::params::thread_count;
  double ns = 0;
  {
    Search<Test, rl::random_scheduler<threads>> search;
    search.run(kExecutions / 10);
    double begin = processor_seconds();
    double spent = 0;
    uint64_t executions = 0;
    do {
      search.run(kExecutions);
      executions += kExecutions;
      spent = processor_seconds() - begin;
    } while (spent < seconds);
    ns = spent * 1e9 / static_cast<double>(executions);
  }
  points = switches = 0;
  Search<Test, CountingScheduler<threads>> search;
  search.run(kExecutions);
  std::printf("%s %.1f %.2f %.2f\n", Test::kName, ns, double(points) / kExecutions,
              double(switches) / kExecutions);
  std::fflush(stdout);
}

}  // namespace

}  // namespace daxrace::bench

int main(int argc, char** argv) {
  double seconds = argc > 1 ? std::atof(argv[1]) : 0.3;
  daxrace::bench::measure<daxrace::bench::W1>(seconds);
  daxrace::bench::measure<daxrace::bench::W2>(seconds);
  daxrace::bench::measure<daxrace::bench::W3>(seconds);
}
