/* SPDX-License-Identifier: GPL-2.0-only */
/* Which findings count, and what is done about one that does. */
#ifndef DAXRACE_FUZZ_FINDINGS_H_
#define DAXRACE_FUZZ_FINDINGS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/scenario/execute.h"
#include "fuzz/options.h"

namespace daxrace::fuzz {

/* All that an execution can show: the verdicts of the engine and of the oracles, kernel-warning, and
 * planted-failure in a canary. */
std::vector<std::string_view> all_verdicts();

/* Aborts, in a function that is named after the verdict: crashes are grouped by their innermost frames. */
[[noreturn]] void abort_for(std::string_view verdict);

/* Something is wrong with daxrace or what it was given, not with the model. */
[[noreturn]] void harness_error(const std::string& what);

class Findings {
 public:
  explicit Findings(const Options& options) : options_(options) {}

  /* The finding of the last execution that counts and has not been collected, or null; of several the one of
   * smallest precedence. In a campaign one counts again that was collected from a larger input than this one,
   * of `size` bytes. Allocates only where a finding is new. */
  const engine::Finding* select(const scenario::Runner& runner, size_t size);

  /* Keep-going: writes the program into a file of its own, which appears with all of its content or not at
   * all. `size` is that of the input. Returns whether it is there. */
  bool collect(const engine::Finding& finding, const scenario::Runner& runner, std::string_view text,
               size_t size);
  bool is_collected(const engine::Finding& finding, const scenario::Runner& runner);

  /* Executions that showed something that counts, collected before or not. */
  uint64_t hits() const { return hits_; }
  uint64_t collected() const { return collected_; }

  enum class Decision : uint8_t { kIgnored, kNew, kCollected };
  struct Known {
    Decision decision = Decision::kNew;
    std::string signature; /* once it is collected */
    size_t size = 0;       /* of the smallest input */
    uint64_t hits = 0;
    uint64_t not_before = 0; /* hits; a file that could not be written is not tried again at once */
  };
  /* For reports, in no order. */
  const std::unordered_map<uint64_t, Known>& known() const { return known_; }

 private:
  Known& decide(const engine::Finding& finding, const scenario::Runner& runner);
  bool write(const std::string& path, std::string_view text, size_t size, bool& is_there) const;

  const Options& options_;
  /* What was decided about a signature, by what it is made of; making its text every time would cost more
   * than an execution. */
  std::unordered_map<uint64_t, Known> known_;
  uint64_t hits_ = 0;
  uint64_t collected_ = 0;
};

}  // namespace daxrace::fuzz

#endif  // DAXRACE_FUZZ_FINDINGS_H_
