/* SPDX-License-Identifier: GPL-2.0-only */
/* What libFuzzer calls. The only file that knows it, but for the counters of session.cc. */
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "fuzz/session.h"

extern "C" __attribute__((weak)) void __libfuzzer_is_present();

namespace {

daxrace::fuzz::Session* session;

void write_stats() { session->write_stats(); }

/* libFuzzer leaves a handler alone that was there before its own; its own leaves without atexit(). */
volatile std::sig_atomic_t asked_to_stop = 0;
void ask_to_stop(int) { asked_to_stop = 1; }

void stop_if_asked() {
  if (asked_to_stop == 0) return;
  session->write_stats();
  _exit(0);
}

/* Signatures that a build knows already, a line each, in a file beside it: on engines that stop at the first
 * finding nothing else would ever be found. */
void ignore_known(const std::string& program, daxrace::fuzz::Options& options) {
  std::FILE* file = std::fopen((program + ".known").c_str(), "r");
  if (file == nullptr) return;
  char line[512];
  while (std::fgets(line, sizeof line, file) != nullptr) {
    std::string text(line);
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    if (!text.empty() && text[0] != '#') options.ignore.push_back(text);
  }
  std::fclose(file);
}

/* -entropic=0, where the command does not say otherwise: later options win. To know how rare each feature is
 * costs libFuzzer a walk over the corpus for each new one, a quarter of the time of the first minutes; and
 * with what it knows bugs are found later (docs/campaign.md). The drivers of other engines take any option
 * for one of their own. */
void prefer_plain_choice(int* argc, char*** argv) {
  if (__libfuzzer_is_present == nullptr) return;
  static char option[] = "-entropic=0";
  static std::vector<char*> all;
  all.assign(*argv, *argv + *argc);
  all.insert(all.begin() + 1, option);
  all.push_back(nullptr);
  *argv = all.data();
  ++*argc;
}

std::string_view text_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr int kWrongUsage = 2;
  daxrace::fuzz::Options options;
  const std::vector<std::string_view> arguments(*argv + 1, *argv + *argc);
  const std::string error = daxrace::fuzz::read_options(arguments, daxrace::fuzz::all_verdicts(), options);
  if (!error.empty()) {
    std::fprintf(stderr, "daxrace-fuzz: %s\n", error.c_str());
    _exit(kWrongUsage);
  }
  if (options.help) {
    std::fputs(daxrace::fuzz::help().c_str(), stdout);
    std::fflush(stdout);
    _exit(0);
  }
  prefer_plain_choice(argc, argv);
  /* A file that is run by itself is asked what it shows. */
  if (!options.kernel_given && options.campaign.empty() && !options.runs_files)
    ignore_known((*argv)[0], options);
  /* Never destroyed: libFuzzer leaves in many ways, and executions may be on the stacks of their tasks. */
  if (!options.campaign.empty()) std::signal(SIGTERM, ask_to_stop);
  session = new daxrace::fuzz::Session(std::move(options));
  std::atexit(write_stats);
  return 0;
}

__attribute__((visibility("default"))) int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const bool keep = session->run(text_of(data, size));
  stop_if_asked();
  return keep ? 0 : -1;
}

__attribute__((visibility("default"))) size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                                                      size_t size_max, unsigned int seed) {
  return session->mutate(reinterpret_cast<char*>(data), size, size_max, seed);
}

__attribute__((visibility("default"))) size_t LLVMFuzzerCustomCrossOver(const uint8_t* a, size_t a_size,
                                                                        const uint8_t* b, size_t b_size,
                                                                        uint8_t* out, size_t size_max,
                                                                        unsigned int seed) {
  return session->cross(text_of(a, a_size), text_of(b, b_size), reinterpret_cast<char*>(out), size_max, seed);
}

}  // extern "C"
