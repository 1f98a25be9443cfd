/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The directory of a campaign. At any moment every file in it is whole: each appears by rename() or link().
 *
 *   campaign.json     what the campaign is; marks the directory as one
 *   corpus/           inputs, shared by the workers
 *   seeds/            inputs made from scenarios
 *   findings/         finding-VERDICT-XXXXXXXX.dax, the smallest input of each signature
 *   minimised/        of the same name, the smallest program that shows the same
 *   timelines/        of the smallest program of each finding, as text
 *   infrastructure/   what is wrong with daxrace itself: crash files, the last words of workers, inputs that
 *                     were taken out of the corpus because they end a worker
 *   workers/          statistics of each worker that was started
 *   status.json  summary.json  report.html  junit.xml  signatures.txt
 */
#ifndef DAXRACE_REPLAY_CAMPAIGN_STORE_H_
#define DAXRACE_REPLAY_CAMPAIGN_STORE_H_

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace daxrace::replay {

/* By a temporary name. False: it could not be written, and what was there before still is. */
bool write_whole(const std::string& path, const std::string& text);
/* Waits until it is on disk, where that can be had. */
void sync_file(const std::string& path);
/* Empty if it cannot be read. */
std::string read_whole(const std::string& path);
/* Null if there is none, or it is none. */
nlohmann::json read_json(const std::string& path);
/* Regular files whose name ends so, sorted. */
std::vector<std::string> files_in(const std::string& directory, const std::string& ending = "");
size_t count_files(const std::string& directory);

class CampaignStore {
 public:
  CampaignStore() = default;
  ~CampaignStore();
  CampaignStore(const CampaignStore&) = delete;
  CampaignStore& operator=(const CampaignStore&) = delete;

  /* Before anything is started or written: whether `directory` can be this campaign's. Throws UsageError. */
  static void check(const std::string& directory, const nlohmann::json& identity);
  /* Makes it or takes it up again, and keeps others out until this process ends. Throws UsageError. */
  void open(const std::string& directory, const nlohmann::json& identity);

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
  int lock_ = -1;
};

/* What a worker says about itself. */
struct WorkerStats {
  uint64_t executions = 0;
  uint64_t steps = 0;
  uint64_t features = 0;
  uint64_t pairs = 0;
  double cpu_seconds = 0;
  uint64_t resident_kb = 0;
  std::map<std::string, uint64_t> hits; /* by signature */
};
/* False: there is no whole file. */
bool read_stats(const std::string& path, WorkerStats& stats);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_CAMPAIGN_STORE_H_
