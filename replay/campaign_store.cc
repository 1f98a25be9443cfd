/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/campaign_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "replay/command.h"

namespace daxrace::replay {

namespace fs = std::filesystem;

bool write_whole(const std::string& path, const std::string& text) {
  const std::string unfinished = path + ".new";
  const int file = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return false;
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  bool written = done == text.size();
  written = fsync(file) == 0 && written;
  written = close(file) == 0 && written;
  written = written && std::rename(unfinished.c_str(), path.c_str()) == 0;
  if (!written) unlink(unfinished.c_str());
  return written;
}

void sync_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  fsync(file);
  close(file);
}

std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

nlohmann::json read_json(const std::string& path) {
  nlohmann::json json = nlohmann::json::parse(read_whole(path), nullptr, false);
  return json.is_discarded() ? nlohmann::json() : json;
}

std::vector<std::string> files_in(const std::string& directory, const std::string& ending) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    const std::string name = at->path().filename().string();
    if (name.ends_with(ending) && at->is_regular_file(ignored)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

size_t count_files(const std::string& directory) {
  size_t count = 0;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) ++count;
  return count;
}

namespace {

constexpr const char* kParts[] = {"corpus",    "seeds",          "findings", "minimised",
                                  "timelines", "infrastructure", "workers"};

UsageError cannot(const std::string& directory, const std::string& what, int error) {
  return {directory + ": " + what + ": " + std::strerror(error)};
}

/* What a start leaves that was cut off before there was a campaign. */
bool is_only_begun(const std::string& directory) {
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (at->path().filename() != "campaign.json.new") return false;
  }
  return !error;
}

}  // namespace

CampaignStore::~CampaignStore() {
  if (lock_ >= 0) close(lock_);
}

void CampaignStore::check(const std::string& directory, const nlohmann::json& identity) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (status.type() == fs::file_type::not_found) {
    fs::path parent = fs::absolute(directory).lexically_normal().parent_path();
    while (!fs::exists(parent, error) && parent.has_relative_path()) parent = parent.parent_path();
    if (access(parent.c_str(), W_OK | X_OK) != 0) throw cannot(directory, "cannot be made", errno);
    return;
  }
  if (error) throw cannot(directory, "cannot be used", error.value());
  if (status.type() != fs::file_type::directory)
    throw UsageError{directory + ": is no directory; a campaign needs one of its own"};
  if (access(directory.c_str(), R_OK | W_OK | X_OK) != 0) throw cannot(directory, "cannot be written", errno);
  const std::string mark = directory + "/campaign.json";
  if (!fs::exists(mark, error)) {
    if (!is_only_begun(directory))
      throw UsageError{directory + ": holds files and no campaign; choose a new or empty directory"};
    return;
  }
  const nlohmann::json there = read_json(mark);
  if (!there.is_object() || !there.contains("format"))
    throw UsageError{mark + ": cannot be read as a campaign; choose another directory"};
  for (const auto& [key, value] : identity.items()) {
    if (there.value(key, nlohmann::json()) != value) {
      throw UsageError{directory + ": holds a campaign with another " + key + " (" +
                       there.value(key, nlohmann::json()).dump() + ", not " + value.dump() +
                       "); choose another directory"};
    }
  }
}

void CampaignStore::open(const std::string& directory, const nlohmann::json& identity) {
  check(directory, identity);
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) throw cannot(directory, "cannot be made", error.value());
  directory_ = directory;
  lock_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0) throw cannot(directory, "cannot be opened", errno);
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0)
    throw UsageError{directory + ": another campaign is running there"};
  if (!fs::exists(path("campaign.json"), error) &&
      !write_whole(path("campaign.json"), identity.dump(2) + "\n"))
    throw cannot(directory, "cannot be written", errno);
  for (const char* part : kParts) {
    fs::create_directories(path(part), error);
    if (error) throw cannot(path(part), "cannot be made", error.value());
  }
}

bool read_stats(const std::string& path, WorkerStats& stats) {
  std::istringstream lines(read_whole(path));
  stats = {};
  std::string line;
  bool whole = false;
  while (std::getline(lines, line)) {
    whole = line == "end";
    std::istringstream words(line);
    std::string key;
    words >> key;
    if (key == "executions") words >> stats.executions;
    if (key == "steps") words >> stats.steps;
    if (key == "features") words >> stats.features;
    if (key == "pairs") words >> stats.pairs;
    if (key == "cpu_seconds") words >> stats.cpu_seconds;
    if (key == "resident_kb") words >> stats.resident_kb;
    if (key == "finding") {
      uint64_t hits = 0;
      std::string signature;
      words >> hits >> std::ws;
      std::getline(words, signature);
      stats.hits[signature] += hits;
    }
  }
  return whole;
}

}  // namespace daxrace::replay
