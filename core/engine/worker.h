/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One worker process of workers.h, and what it and its parent say to each other. A worker has a part to
 * explore, or waits for one. It looks for orders only between two executions.
 */
#ifndef DAXRACE_CORE_ENGINE_WORKER_H_
#define DAXRACE_CORE_ENGINE_WORKER_H_

#include <atomic>
#include <functional>
#include <string>

#include "core/engine/channel.h"
#include "core/engine/search.h"

namespace daxrace::engine {

enum class Command : uint8_t {
  kWork,  /* a part: explore it */
  kSplit, /* give something away */
  kPause, /* say where you are, then wait for kGo */
  kGo,
};

enum class News : uint8_t {
  kStatus,  /* WorkerStatus */
  kReport,  /* the caller's bytes about an execution */
  kGave,    /* status, what is left of its own part, the part given away */
  kNothing, /* to give away */
  kStray,   /* name, part */
  kPaused,  /* status, what is left of its part */
  kCrowded, /* the table has to be grown; waits to be paused */
  kDone,    /* status: all of the part has been explored */
  kFault,   /* a line: it cannot work at all */
};

struct WorkerStatus {
  Search::Stats stats; /* of the part */
  double progress = 0;
  bool left_out = false;

  void write(ByteWriter& out) const;
  void read(ByteReader& in);
};

/* Runs one execution under the search. What it writes into *report is sent to the parent, if anything. */
using WorkerBody = std::function<void(Search& search, std::string* report)>;

/* Until the parent is gone; then ends the process. `attention` is set by the parent after each order. */
[[noreturn]] void work(Search& search, Channel& parent, const SharedTable* table,
                       std::atomic<uint32_t>& attention, const WorkerBody& body);

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_WORKER_H_
