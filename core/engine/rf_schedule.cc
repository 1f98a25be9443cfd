/* SPDX-License-Identifier: GPL-2.0-only */
#include <algorithm>

#include "core/engine/strategy_rf.h"

namespace daxrace::engine {

/* --- schedules as data
 * --------------------------------------------------------------------------------------- */

namespace {

RfConstraint drawn_from(const ReadsFromPool& pool, Random& random) {
  const ReadsFromPair& pair = pool[random.below(static_cast<uint32_t>(pool.size()))];
  return {pair.reader, pair.writer, !random.one_in(4)};
}

enum Mutation : uint32_t { kInsert, kDelete, kReplace, kNegate, kMutations };

}  // namespace

void mutate(RfSchedule& schedule, const ReadsFromPool& pool, Random& random) {
  schedule.seed = random.next();
  if (pool.size() == 0) return;
  auto& list = schedule.constraints;
  uint32_t mutation = list.empty() ? uint32_t{kInsert} : random.below(kMutations);
  if (mutation == kInsert && list.size() >= kRfConstraintsMax) mutation = kReplace;
  if (mutation == kInsert) {
    list.push_back(drawn_from(pool, random));
    return;
  }
  size_t at = random.below(static_cast<uint32_t>(list.size()));
  if (mutation == kDelete) list.erase(list.begin() + static_cast<std::ptrdiff_t>(at));
  if (mutation == kReplace) list[at] = drawn_from(pool, random);
  if (mutation == kNegate) list[at].positive = !list[at].positive;
}

std::vector<RfConstraint> rf_constraints_of(const Execution& execution) {
  struct Collector {
    std::vector<RfConstraint> list;
    void read(const ReadsFromPair& pair) {
      RfConstraint constraint{pair.reader, pair.writer, true};
      if (std::find(list.begin(), list.end(), constraint) == list.end()) list.push_back(constraint);
    }
    void wrote(uint64_t, uint64_t, uint64_t) {}
  } collector;
  ReadsFrom reads_from;
  reads_from.begin();
  reads_from.follow(execution, collector);
  return collector.list;
}

RfSchedule rf_attempt(const std::vector<RfConstraint>& constraints, uint64_t attempt) {
  RfSchedule schedule{.seed = attempt + 1, .constraints = constraints};
  if (attempt == 0) return schedule;
  Random random(attempt);
  std::erase_if(schedule.constraints, [&](const RfConstraint&) { return !random.one_in(8); });
  return schedule;
}

/* --- running one
 * --------------------------------------------------------------------------------------------- */

void RfScheduleStrategy::set(const RfSchedule& schedule) {
  seed_ = schedule.seed;
  active_.clear();
  for (const RfConstraint& constraint : schedule.constraints) active_.push_back({constraint});
}

bool RfScheduleStrategy::begin() {
  random_ = Random(seed_);
  priorities_.begin();
  reads_from_.begin();
  if (pool_ != nullptr) pool_->begin();
  for (Active& active : active_) active = {active.constraint};
  satisfied_ = 0;
  return true;
}

struct RfScheduleStrategy::Visitor {
  RfScheduleStrategy& strategy;

  void read(const ReadsFromPair& pair) {
    if (strategy.pool_ != nullptr) strategy.pool_->add(pair);
    for (Active& active : strategy.active_) {
      const RfConstraint& c = active.constraint;
      if (!c.positive || active.over || c.reader != pair.reader || c.writer != pair.writer) continue;
      active.over = true;
      ++strategy.satisfied_;
    }
  }

  void wrote(uint64_t place, uint64_t head, uint64_t object) {
    for (Active& active : strategy.active_) {
      if (active.constraint.writer != place) continue;
      active.object = object;
      active.head = head;
    }
  }
};

void RfScheduleStrategy::follow(const Execution& execution) { reads_from_.follow(execution, Visitor{*this}); }

/* What one constraint wants of an event. */
RfScheduleStrategy::Wish RfScheduleStrategy::wish_of(Active& active, const Next& next) {
  const RfConstraint& c = active.constraint;
  bool would_read = next.place == c.reader && next.reads_from == c.writer;
  if (!c.positive) return would_read && next.object != kNoObject ? Wish::kAvoid : Wish::kNone;
  if (next.place == c.reader && next.object != kNoObject) {
    if (would_read) {
      /* Of an initial value nobody else says which object it is of. */
      if (c.writer == kInitialValue) active.object = active.head = next.object;
      return Wish::kRead;
    }
    if (next.place != c.writer && c.writer != kInitialValue) return Wish::kWait;
  }
  if (next.place == c.writer) return active.stands ? Wish::kNone : Wish::kTake;
  bool spoils = active.stands && next.writes && (next.object == active.object || next.object == active.head);
  return spoils ? Wish::kAvoid : Wish::kNone;
}

/* To avoid goes before to take: the event that one constraint looks for may be what another waits with. But a
 * reader for which several writers are asked waits for none of them where one of them stands. */
RfScheduleStrategy::Class RfScheduleStrategy::class_of(const Pending& pending) {
  Next next = {place_of(pending), kNoObject, kInitialValue, writes(pending.kind)};
  if (pending.object != nullptr) {
    next.object = ReadsFrom::id(*pending.object);
    next.reads_from = reads_from_.writer_of(next.object);
  }
  uint32_t wishes = 0;
  for (Active& active : active_) {
    if (active.over) continue;
    Wish wish = wish_of(active, next);
    wishes |= 1u << static_cast<unsigned>(wish);
    if (wish == Wish::kAvoid || wish == Wish::kWait) active.over = ++active.put_off > kPatience;
  }
  auto any = [wishes](Wish wish) { return (wishes >> static_cast<unsigned>(wish) & 1) != 0; };
  if (any(Wish::kAvoid) || (any(Wish::kWait) && !any(Wish::kRead))) return Class::kAvoid;
  return any(Wish::kTake) || any(Wish::kRead) ? Class::kTake : Class::kNeutral;
}

namespace {

Step step_of(const Pending& pending) {
  if (pending.object == nullptr) return {};
  return {pending.object->key, access_of(pending.kind)};
}

}  // namespace

size_t RfScheduleStrategy::pick(const Pick& pick) {
  const Execution& execution = pick.execution;
  follow(execution);
  priorities_.next();
  for (Active& active : active_) {
    active.stands =
        active.object != kNoObject && reads_from_.writer_of(active.object) == active.constraint.writer;
  }
  size_t best = SIZE_MAX;
  TaskId chosen = kNoTask;
  Class best_class = Class::kAvoid;
  uint64_t highest = 0;
  size_t index = 0;
  for (TaskId id : pick.candidates) {
    Class its_class = class_of(execution.task(id).pending);
    uint64_t priority = priorities_.of(execution, id);
    if (best == SIZE_MAX || its_class > best_class || (its_class == best_class && priority > highest)) {
      best = index;
      best_class = its_class;
      highest = priority;
      chosen = id;
    }
    ++index;
  }
  Step step = step_of(execution.task(chosen).pending);
  for (TaskId id : pick.candidates) {
    priorities_.redraw(id, dependent(step, step_of(execution.task(id).pending)));
  }
  return best;
}

}  // namespace daxrace::engine
