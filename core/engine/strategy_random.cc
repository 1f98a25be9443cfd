/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/random.h"
#include "core/engine/strategies.h"

namespace daxrace::engine {

namespace {

/* The random walk: no parameter, no bias. Starves late tasks and deep constraints, which is what the others
 * are for. */
class RandomStrategy : public Strategy {
 public:
  explicit RandomStrategy(uint64_t seed) : random_(seed) {}

  Needs needs() const override { return {.trace = false, .state = false}; }
  Random* uniform() override { return &random_; }
  bool begin() override { return true; }
  size_t pick(const Pick& pick) override {
    return random_.below(static_cast<uint32_t>(pick.candidates.size()));
  }
  uint32_t draw(const Execution&, uint32_t bound) override { return random_.below(bound); }

 private:
  Random random_;
};

}  // namespace

std::unique_ptr<Strategy> make_random_strategy(const StrategyOptions& options) {
  return std::make_unique<RandomStrategy>(options.seed);
}

}  // namespace daxrace::engine
