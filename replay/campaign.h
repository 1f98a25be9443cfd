/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An overnight campaign: it starts workers, which fuzz, and keeps what they find. It knows nothing of the
 * model; whatever it wants to know about a program it asks a process.
 */
#ifndef DAXRACE_REPLAY_CAMPAIGN_H_
#define DAXRACE_REPLAY_CAMPAIGN_H_

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "replay/campaign_chore.h"
#include "replay/campaign_process.h"
#include "replay/campaign_store.h"

namespace daxrace::replay {

struct CampaignOptions {
  std::string out;
  double seconds = 0; /* 0: until the runs are done */
  unsigned jobs = 1;
  std::vector<std::string> kernel; /* --kernel, V, --without, C: as the daxrace command takes them */
  std::vector<std::string> scenarios;
  uint64_t seed = 1;
  uint64_t runs = 0; /* 0: no limit */
  std::set<std::string> baseline;
  std::string fuzzer;  /* daxrace-fuzz */
  std::string daxrace; /* this program */
  bool json = false;
};

struct CampaignFinding {
  std::string file; /* in findings/ */
  std::string verdict;
  std::string signature;
  std::string sentence;
  std::string timeline;
  uint64_t hits = 0;
  uint64_t size = 0;
  double seconds = 0; /* when it was first seen */
  bool confirmed = false;
  bool known = false;
  /* What became of its minimisation: empty: not yet, "done", or why there is none. */
  std::string minimised;
  uint64_t operations = 0;            /* of the smallest program */
  std::vector<std::string> closed_by; /* changes that make it go away, each enough; " + ": together */
  bool explained = false;             /* closed_by is what there is to say */

  std::string stem() const { return file.substr(0, file.rfind(".dax")); }
  /* The signature without the operations: verdict and places. */
  std::string places() const;
};

/* Findings that seem to be one bug. */
struct CampaignCause {
  std::string name;
  bool closed = false;                          /* the name is that of a change that makes them go away */
  std::vector<const CampaignFinding*> findings; /* the one to look at first: new, confirmed, the smallest */

  uint64_t hits() const;
};

struct CampaignSample {
  double seconds;
  uint64_t executions;
  uint64_t corpus;
  uint64_t features;
  uint64_t pairs;
  uint64_t findings;
  uint64_t steps = 0;
  double cpu_seconds = 0; /* of the workers */
  uint64_t resident_kb = 0;
};

/* All that reports tell. */
struct CampaignState {
  double seconds = 0;
  double seconds_max = 0;
  double rate = 0; /* executions per second, of late */
  uint64_t executions = 0;
  uint64_t steps = 0;
  uint64_t corpus = 0;
  uint64_t corpus_new = 0; /* since the campaign began */
  uint64_t features = 0;
  uint64_t pairs = 0;
  double cpu_seconds = 0;         /* of all workers */
  uint64_t resident_kb = 0;       /* of the largest worker, of late */
  uint64_t resident_kb_first = 0; /* the same after the first minute */
  uint64_t resident_kb_max = 0;
  uint64_t infrastructure = 0; /* workers that died */
  uint64_t starts = 0;         /* of this command on this directory */
  double last_new_seconds = 0;
  bool interrupted = false;
  bool finished = false;
  std::string gave_up;                             /* why */
  std::map<std::string, CampaignFinding> findings; /* by file */
  std::vector<CampaignSample> history;

  uint64_t count(bool known) const;
  uint64_t hits() const;
  /* Findings have a cause in common that the same change makes go away. One that nobody has explained yet
   * goes with those at the same places that have been, and else with all at the same places. */
  std::vector<CampaignCause> causes() const;
  /* Findings of which that is still to be done. */
  uint64_t to_minimise() const;
  /* Of the workers' own time: how fast they are, not how much of the machine they get. */
  double steps_per_cpu_second(double from, double to) const;
  /* running, interrupted, finished, "no progress", "given up" */
  std::string name() const;
};

class Campaign {
 public:
  explicit Campaign(CampaignOptions options);
  /* Throws UsageError before anything is touched. */
  void check();
  int run();

 private:
  struct Worker {
    Process process;
    std::string stats_file;
    WorkerStats stats;
    std::string tail; /* of its output */
    std::chrono::steady_clock::time_point started;
    std::chrono::steady_clock::time_point not_before;
    bool done = false;
  };

  nlohmann::json identity() const;
  void resume();
  void make_seeds();
  void sweep();
  void start(Worker& worker, unsigned index);
  void watch(Worker& worker, unsigned index);
  void worker_died(Worker& worker);
  void quarantine(const std::string& crash);
  void listen(Worker& worker);
  void gather();
  void scan_findings();
  void next_question();
  void ask(const std::string& file);
  void answered();
  void learn(CampaignFinding& finding, const std::string& replayed);
  std::string timeline_path(const CampaignFinding& finding) const;
  /* An empty one: not known yet. */
  void set_timeline(CampaignFinding& finding, std::string timeline);
  void next_task();
  void work_on(CampaignFinding& finding);
  void worked_on();
  bool done_with_tasks() const;
  void tick(double passed);
  void save();
  void show(bool last);
  void stop_workers();
  bool over() const;
  int finish();

  CampaignOptions options_;
  CampaignStore store_;
  CampaignState state_;
  std::vector<std::unique_ptr<Worker>> workers_;
  WorkerStats before_; /* of the workers that have ended */
  /* One at a time is asked whether it is one and what it looks like, and one at a time is made smaller and
   * explained, with less of the machine. */
  Chore question_;
  Chore task_;
  bool asks_timeline_ = false;
  bool explains_ = false;
  std::string asked_about_;
  std::string worked_on_;
  std::deque<std::string> to_ask_;
  std::deque<std::pair<double, uint64_t>> recent_; /* seconds and executions */
  uint64_t corpus_at_start_ = 0;
  double seconds_at_start_ = 0;
  uint64_t seeds_ = 0;
  uint64_t next_worker_ = 0;
  unsigned deaths_in_a_row_ = 0;
  bool cannot_write_ = false;
  bool terminal_ = false;
  double next_line_ = 0;
};

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_CAMPAIGN_H_
