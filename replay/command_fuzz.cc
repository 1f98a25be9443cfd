/* SPDX-License-Identifier: GPL-2.0-only */
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>

#include "replay/campaign.h"
#include "replay/command.h"

namespace daxrace::replay {

namespace {

struct Options {
  std::string duration;
  std::string baseline;
  CampaignOptions campaign;
  KernelOptions kernel;
};

double seconds_of(const std::string& text) {
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  const std::string unit = text.substr(digits);
  const double factor = unit.empty() || unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (digits == 0 || digits > 8 || factor == 0 || std::stod(text) == 0)
    throw UsageError{"--for: `" + text + "` is no duration; expected 90, 90s, 10m or 8h"};
  return std::stod(text.substr(0, digits)) * factor;
}

/* Lines of signatures, in which `*` stands for anything; `signature` lines of findings will do, too. */
std::set<std::string> read_baseline(const std::string& path) {
  std::ifstream file(path);
  if (!file || std::filesystem::is_directory(path)) throw UsageError{path + ": cannot be read as a baseline"};
  std::set<std::string> known;
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("signature ")) line.erase(0, line.find_first_not_of(' ', 9));
    if (!line.empty() && line[0] != '#') known.insert(line);
  }
  return known;
}

/* As it was called, if that is a path: what is printed is shorter, and is pasted where the user stands. */
std::string this_program() {
  std::error_code error;
  std::ifstream arguments("/proc/self/cmdline", std::ios::binary);
  std::string called;
  std::getline(arguments, called, '\0');
  if (called.find('/') != std::string::npos && access(called.c_str(), X_OK) == 0) return called;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

/* Beside this program, or where the preset fuzz puts it. */
std::string find_fuzzer(const std::string& daxrace) {
  const std::filesystem::path bin = std::filesystem::path(daxrace).parent_path();
  const std::filesystem::path beside = bin / "daxrace-fuzz";
  if (access(beside.c_str(), X_OK) == 0) return beside.string();
  const std::filesystem::path preset = bin.parent_path().parent_path() / "fuzz" / "bin" / "daxrace-fuzz";
  return access(preset.c_str(), X_OK) == 0 ? preset.string() : beside.string();
}

int run(Options& options) {
  CampaignOptions& campaign = options.campaign;
  if (options.duration.empty() && campaign.runs == 0)
    throw UsageError{"fuzz: how long? --for 8h, or --runs K"};
  if (!options.duration.empty()) campaign.seconds = seconds_of(options.duration);
  if (!options.baseline.empty()) campaign.baseline = read_baseline(options.baseline);
  campaign.daxrace = this_program();
  if (campaign.fuzzer.empty()) campaign.fuzzer = find_fuzzer(campaign.daxrace);
  const scenario::KernelChoice& kernel = options.kernel.choice;
  if (!kernel.version.empty()) campaign.kernel = {"--kernel", kernel.version};
  for (const std::string& row : kernel.without)
    campaign.kernel.insert(campaign.kernel.end(), {"--without", row});
  for (const std::string& row : kernel.with) campaign.kernel.insert(campaign.kernel.end(), {"--with", row});
  while (campaign.out.size() > 1 && campaign.out.ends_with('/')) campaign.out.pop_back();
  Campaign run(campaign);
  run.check();
  return run.run();
}

}  // namespace

void add_fuzz(Command app, const char* text, int* exit_code) {
  auto options = std::make_shared<Options>();
  Command command = app.add_command("fuzz", text);
  command.add_option("--for", options->duration, "how long: 90s, 10m, 8h, all starts of it together");
  command.add_option("--out", options->campaign.out, "directory of the campaign; one that is there goes on")
      .required();
  command.add_option("--jobs", options->campaign.jobs, "workers").shows_default().within(1u, 1024u);
  options->kernel.add_to(command);
  command.add_option("--scenario", options->campaign.scenarios,
                     "scenario, or directory of them, to begin with; may be repeated; without, from nothing");
  command
      .add_option("--seed", options->campaign.seed, "of the workers; with one job and --runs all is the same")
      .shows_default()
      .within(uint64_t{1}, uint64_t{1000000000});
  command.add_option("--runs", options->campaign.runs, "end after so many executions");
  command.add_option("--baseline", options->baseline,
                     "file of signatures that are known, `*` for anything; only those found: exit 3");
  command.add_option("--fuzzer", options->campaign.fuzzer, "the program of the workers (daxrace-fuzz)");
  command.add_flag("--json", options->campaign.json, "for machines: the summary");
  command.callback([options, exit_code] { *exit_code = run(*options); });
}

}  // namespace daxrace::replay
