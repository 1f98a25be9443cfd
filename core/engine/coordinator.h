/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parent of workers.h: who explores what, when a bound is done, and what a checkpoint has to hold.
 *
 * To grow the table, to take back what a killed worker put there, to write a checkpoint and to end, all
 * workers are paused: each is between two executions and has said what is left of its part.
 */
#ifndef DAXRACE_CORE_ENGINE_COORDINATOR_H_
#define DAXRACE_CORE_ENGINE_COORDINATOR_H_

#include <chrono>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/interrupt.h"
#include "core/engine/worker_pool.h"
#include "core/engine/workers.h"

namespace daxrace::engine {

class Coordinator {
 public:
  Coordinator(Search& search, const WorkersOptions& options, const WorkersCallbacks& callbacks);
  ~Coordinator() { search_.share(nullptr); }
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  WorkersResult run();

 private:
  struct Report {
    uint32_t bound;
    std::string bytes;
  };

  bool fail(std::string why) {
    result_.error = std::move(why);
    ending_ = WorkersResult::End::kFailed;
    return false;
  }
  void begin_bound();
  bool resume();
  bool start_all();
  void listen();
  void hear(size_t index, const Message& message);
  void finish(WorkerPool::Member& member);
  void replace(size_t index);
  void deliver(uint32_t bound, const std::string& bytes);
  void feed();
  void ask();
  bool pause_wanted() const;
  void pause_all();
  void go_on();
  bool next_bound();
  std::string checkpoint() const;
  void write_checkpoint(std::string_view bytes);
  WorkersProgress progress();
  void close(WorkersResult::End end);

  Search& search_;
  const WorkersOptions& options_;
  const WorkersCallbacks& callbacks_;
  int jobs_;
  std::unique_ptr<SharedTable> table_;
  WorkerPool pool_;
  Interrupt interrupt_;

  WorkersResult result_;
  std::deque<WorkerPool::Item> queue_;
  std::set<Hash128> strays_;   /* names of those that were queued within this bound */
  std::vector<uint32_t> gone_; /* workers whose words in the table are to be taken back */
  Search::Stats finished_;     /* of parts within this bound */
  double finished_weight_ = 0;
  double shown_ = 0; /* progress within this bound: never falls */
  bool left_out_ = false;
  std::vector<Report> reports_;

  bool pausing_ = false;
  WorkersResult::End ending_ = WorkersResult::End::kComplete; /* anything else: why it is to end early */
  bool written_ = false;                                      /* there is a checkpoint */
  std::chrono::steady_clock::time_point checkpoint_at_;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_COORDINATOR_H_
