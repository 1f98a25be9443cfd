/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/strategy_rf.h"

#include <array>

#include "core/engine/strategies.h"

namespace daxrace::engine {

namespace {

/*
 * Fuzzing of schedules (Wolff et al., ASPLOS 2024): each execution runs a mutant of a schedule from the
 * corpus, with a new seed. A schedule that showed a pair nobody had shown joins the corpus; those whose whole
 * reads-from relation has been seen least often are mutated first.
 *
 * Without feedback every schedule is made from the empty one. The paper finds that this takes only about
 * 1.13 times the schedules on common bugs: the representation does most of the work.
 */
class RfStrategy : public Strategy {
 public:
  RfStrategy(uint64_t seed, bool feedback) : random_(seed), feedback_(feedback) {
    corpus_.reserve(kCorpusMax);
    corpus_.emplace_back();
    schedule_.constraints.reserve(kRfConstraintsMax);
    runner_.collect(&pool_);
  }

  Needs needs() const override { return runner_.needs(); }

  bool begin() override {
    base_ = feedback_ && !random_.one_in(kFreshOneIn) ? rarest() : 0;
    schedule_ = corpus_[base_].schedule;
    ++corpus_[base_].chosen;
    uint32_t mutations = 1;
    while (mutations < kMutationsMax && random_.one_in(2)) ++mutations;
    if (base_ == 0) mutations += random_.below(kMutationsMax);
    for (uint32_t i = 0; i < mutations; ++i) mutate(schedule_, pool_, random_);
    runner_.set(schedule_);
    return runner_.begin();
  }

  size_t pick(const Pick& pick) override { return runner_.pick(pick); }
  uint32_t draw(const Execution& execution, uint32_t bound) override {
    return runner_.draw(execution, bound);
  }

  void end(const Execution& execution) override {
    runner_.end(execution);
    if (!feedback_) return;
    ++times_seen(pool_.path());
    if (pool_.fresh() != 0) keep();
  }

 private:
  static constexpr size_t kCorpusMax = 512;
  static constexpr uint32_t kFreshOneIn = 8;
  static constexpr uint32_t kMutationsMax = 4;
  static constexpr int kRounds = 3;

  struct Entry {
    RfSchedule schedule;
    uint64_t path = 0;   /* what it showed */
    uint64_t chosen = 0; /* how often it was mutated */
  };

  /* Two relations may share a counter. */
  uint64_t& times_seen(uint64_t path) { return seen_[path >> 52]; }

  uint64_t cost(size_t index) { return times_seen(corpus_[index].path) + corpus_[index].chosen; }

  size_t rarest() {
    auto any = [this] { return size_t{random_.below(static_cast<uint32_t>(corpus_.size()))}; };
    size_t best = any();
    for (int i = 1; i < kRounds; ++i) {
      size_t other = any();
      if (cost(other) < cost(best)) best = other;
    }
    return best;
  }

  /* The empty schedule, the first, always stays. */
  void keep() {
    if (corpus_.size() < kCorpusMax) corpus_.emplace_back();
    size_t at = corpus_.size() - 1;
    if (kept_ >= kCorpusMax - 1) at = 1 + kept_ % (kCorpusMax - 1);
    ++kept_;
    Entry& entry = corpus_[at];
    entry.schedule = schedule_;
    entry.path = pool_.path();
    entry.chosen = 0;
    /* What came about by chance is asked for from now on. */
    for (const ReadsFromPair& pair : pool_.fresh_pairs()) {
      if (entry.schedule.constraints.size() < kRfConstraintsMax)
        entry.schedule.constraints.push_back({pair.reader, pair.writer, true});
    }
  }

  Random random_;
  bool feedback_;
  ReadsFromPool pool_;
  RfScheduleStrategy runner_;
  RfSchedule schedule_;
  std::vector<Entry> corpus_;
  size_t base_ = 0;
  size_t kept_ = 0;
  std::array<uint64_t, 4096> seen_{};
};

}  // namespace

std::unique_ptr<Strategy> make_rf_strategy(const StrategyOptions& options) {
  return std::make_unique<RfStrategy>(options.seed, options.rf_feedback);
}

}  // namespace daxrace::engine
