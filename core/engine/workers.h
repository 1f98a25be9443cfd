/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An exhaustive search by several processes, which can be interrupted and resumed.
 *
 * The parent forks workers and hands out parts of the search (search.h); who has nothing to do gets a part
 * that another cuts off. All work within one bound is done before the next begins. With each part that is cut
 * off, the parent learns what is left of the one it came from: when a worker is killed, another goes on from
 * there, and nothing is counted twice.
 *
 * Found is what one process would find. Without recognised states the executions of dfs are the same,
 * whatever the number of workers, and those of dpor are the same and some more; with them the states are. One
 * worker does exactly what one process does. Reports come in any order, and once more if their worker was
 * killed.
 *
 * Workers end with their parent, whatever ends it. The calling process must have one thread.
 */
#ifndef DAXRACE_CORE_ENGINE_WORKERS_H_
#define DAXRACE_CORE_ENGINE_WORKERS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine/worker.h"

namespace daxrace::engine {

struct WorkersOptions {
  int jobs = 1;
  std::string checkpoint = {}; /* file to be written when interrupted, and periodically; empty: none */
  std::string resume = {};     /* such a file, to go on from; empty: from the beginning */
  int checkpoint_ms = 30000;
  size_t table_bytes_max = 0; /* 0: half of the memory of the machine */
};

struct WorkersProgress {
  uint32_t bound = 0;
  Search::Stats stats; /* over all bounds; states within this one */
  double done = 0;     /* fraction of this bound, estimated: Search::progress() */
};

enum class Kept : uint8_t {
  kNo,   /* known already */
  kYes,  /* part of the result: delivered again when the search is resumed */
  kStop, /* that, and the search is over */
};

struct WorkersCallbacks {
  /* In a worker, which has a copy of whatever it refers to. */
  WorkerBody run;
  /* In the parent, with the bound within which it was found. */
  std::function<Kept(uint32_t bound, std::string_view report)> report;
  /* In the parent, about ten times a second; may be null. */
  std::function<void(const WorkersProgress&)> progress = nullptr;
};

struct WorkersResult {
  struct Bound {
    uint32_t bound;
    Search::Stats stats;
    bool complete;
  };
  enum class End : uint8_t { kComplete, kStopped, kInterrupted, kFailed };

  End end = End::kComplete;
  std::vector<Bound> bounds; /* that were begun */
  WorkersProgress last;
  int killed = 0;    /* workers that did not come to their end */
  std::string error; /* in one line, of kFailed; or why a checkpoint could not be written */
};

/* `search` says what is searched; it must not have begun. SIGINT and SIGTERM interrupt (interrupt.h). A
 * checkpoint that was written is removed when the search comes to its end. */
WorkersResult run_workers(Search& search, const WorkersOptions& options, const WorkersCallbacks& callbacks);

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_WORKERS_H_
