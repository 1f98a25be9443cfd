/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a program on both sides, operation by operation, until they disagree. */
#ifndef DAXRACE_TESTS_HOST_COMPARE_H_
#define DAXRACE_TESTS_HOST_COMPARE_H_

#include <array>
#include <optional>
#include <string>

#include "tests/host/host_side.h"
#include "tests/host/model_side.h"

namespace daxrace::host {

struct Rule;

struct Tally {
  uint64_t ops = 0;
  uint64_t failed = 0; /* operations that both sides refused */
  uint64_t faults = 0; /* loads and stores that were signalled */
  std::array<uint64_t, 8> rules{};
  uint64_t excused() const {
    uint64_t sum = 0;
    for (uint64_t n : rules) sum += n;
    return sum;
  }
};

struct Mismatch {
  size_t at = 0;    /* of the program's operations; behind them: what was left was compared */
  std::string text; /* both results */
};

class Comparison {
 public:
  Comparison(HostSide& host, ModelSide& model) : host_(host), model_(model) {}

  std::optional<Mismatch> run(const Program& drawn);

  /* The program with whatever the two sides do not need for disagreeing taken out, and both results. */
  std::string shrink_and_describe(Program program);

  Tally tally;

 private:
  struct Line {
    Outcome host;
    Outcome model;
    const Rule* rule = nullptr; /* that excused it */
  };

  bool step(const Op& op, Line& line);
  bool compare_what_is_left(std::string* text);
  void make_same_again(const Op& about);

  HostSide& host_;
  ModelSide& model_;
  std::vector<Line> lines_;
};

}  // namespace daxrace::host

#endif  // DAXRACE_TESTS_HOST_COMPARE_H_
