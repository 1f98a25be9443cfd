/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a search by workers, some of which are killed or interrupted, and keeps what was found. */
#ifndef DAXRACE_CORE_ENGINE_WORKERS_FOR_TEST_H_
#define DAXRACE_CORE_ENGINE_WORKERS_FOR_TEST_H_

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/search_programs_for_test.h"
#include "core/engine/workers.h"

namespace daxrace::engine::workers_test {

using search_test::Program;
using search_test::programs;
using End = WorkersResult::End;

/* Bound, and the schedule with its outcome: an execution. */
using Found = std::multiset<std::pair<uint32_t, std::string>>;

struct Searched {
  Found found;
  std::set<std::string> outcomes;
  std::vector<WorkersResult::Bound> bounds;
  WorkersResult result;
};

inline std::string describe(const Execution& execution) {
  return std::to_string(execution.trace_hash()) + " " + search_test::outcome(execution);
}

inline void add(Searched& searched, uint32_t bound, std::string_view execution) {
  searched.found.emplace(bound, execution);
  searched.outcomes.emplace(execution.substr(execution.find(' ')));
}

/* Seen by all processes. */
inline std::atomic<int>& shared_counter() {
  static void* memory =
      mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return *static_cast<std::atomic<int>*>(memory);
}

struct Trouble {
  int kill_at = -1; /* a worker is killed before it has told of its so many-th execution, counted over all */
  int kills = 1;    /* and before so many that follow */
  int interrupt_at = -1; /* SIGINT when so many executions have been heard of */
};

inline Searched by_workers(Program program, std::unique_ptr<Search> made, const WorkersOptions& workers,
                           Trouble trouble = {}) {
  Search& root = *made;
  root.set_subject(program.name);
  Execution execution;
  Searched searched;
  shared_counter() = 0;
  int heard = 0;
  WorkersCallbacks callbacks;
  callbacks.run = [&](Search& search, std::string* report) {
    bool abandoned = execution.run(search, search_test::spawn_all, &program) == engine::End::kAbandoned;
    int number = shared_counter()++;
    if (trouble.kill_at >= 0 && number >= trouble.kill_at && number < trouble.kill_at + trouble.kills) {
      kill(getpid(), SIGKILL);
    }
    if (!abandoned) *report = describe(execution);
  };
  callbacks.report = [&](uint32_t bound, std::string_view report) {
    add(searched, bound, report);
    if (++heard == trouble.interrupt_at) raise(SIGINT);
    return Kept::kYes;
  };
  searched.result = run_workers(root, workers, callbacks);
  searched.bounds = searched.result.bounds;
  EXPECT_EQ(-1, waitpid(-1, nullptr, WNOHANG)) << "a process is left";
  EXPECT_EQ(ECHILD, errno);
  return searched;
}

class File {
 public:
  File() : path_(::testing::TempDir() + "workers-" + std::to_string(getpid()) + ".checkpoint") {}
  ~File() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace daxrace::engine::workers_test

#endif  // DAXRACE_CORE_ENGINE_WORKERS_FOR_TEST_H_
