/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Schedules as constraints on who reads from whom (RFF: Wolff, Shi, Duck, Mathur, Roychoudhury, "Greybox
 * Fuzzing for Concurrency Testing", ASPLOS 2024).
 *
 * A schedule is data: a seed and a small list of constraints, to be stored, mutated and run again. It says
 * nothing about steps, so that it survives edits of program and model.
 *
 * Constraints are soft. Each puts an event into one of three classes, take > neutral > avoid, and random
 * event priorities as in partial order sampling decide within a class; so nothing can deadlock on them, and a
 * list that contradicts itself is a valid schedule.
 */
#ifndef DAXRACE_CORE_ENGINE_STRATEGY_RF_H_
#define DAXRACE_CORE_ENGINE_STRATEGY_RF_H_

#include <array>
#include <cstdint>
#include <vector>

#include "core/engine/event_priorities.h"
#include "core/engine/execution.h"
#include "core/engine/random.h"
#include "core/engine/reads_from.h"

namespace daxrace::engine {

/* positive   once, `reader` reads from `writer`: until then it waits for the writer, and between the two
 *            other writes of the object are put off
 * negative   `reader` does not read from `writer`: after the writer, it is put off until another write
 * Both are places: place_of(). */
struct RfConstraint {
  uint64_t reader = 0;
  uint64_t writer = kInitialValue;
  bool positive = true;
  bool operator==(const RfConstraint&) const = default;
};

struct RfSchedule {
  uint64_t seed = 1;
  std::vector<RfConstraint> constraints;
  bool operator==(const RfSchedule&) const = default;
};

/* What mutate() lets a schedule grow to. A longer one can be run. */
inline constexpr size_t kRfConstraintsMax = 16;

/* Inserts, deletes, replaces or negates one constraint, and draws a new seed. Nothing but the seed changes
 * while the pool is empty. */
void mutate(RfSchedule& schedule, const ReadsFromPool& pool, Random& random);

/* The reads-from relation of an execution with a trace, as positive constraints in the order of the trace. */
std::vector<RfConstraint> rf_constraints_of(const Execution& execution);

/* A schedule that may show again what the execution showed which the constraints are of. Attempt 0 asks for
 * all of them, later ones for a random eighth: a place that a task comes to more than once makes constraints
 * that cannot all hold, and few are more often obeyed. */
RfSchedule rf_attempt(const std::vector<RfConstraint>& constraints, uint64_t attempt);

/* Every execution runs the same schedule, and is the same if the code under test is. */
class RfScheduleStrategy : public Strategy {
 public:
  RfScheduleStrategy() : RfScheduleStrategy(RfSchedule()) {}
  explicit RfScheduleStrategy(const RfSchedule& schedule) { set(schedule); }

  /* From the next execution on. */
  void set(const RfSchedule& schedule);
  /* Every pair that an execution shows is added to the pool, which is not owned; null: to none. */
  void collect(ReadsFromPool* pool) { pool_ = pool; }
  /* Positive constraints of the last execution that held. */
  size_t satisfied() const { return satisfied_; }

  Needs needs() const override { return {.trace = true, .state = false}; }
  bool begin() override;
  size_t pick(const Pick& pick) override;
  uint32_t draw(const Execution&, uint32_t bound) override { return random_.below(bound); }
  void end(const Execution& execution) override { follow(execution); }

 private:
  enum class Class : uint8_t { kAvoid, kNeutral, kTake };
  /* kRead: it would read what it is to read; kWait: something else. */
  enum class Wish : uint8_t { kNone, kAvoid, kWait, kTake, kRead };

  static constexpr uint64_t kNoObject = UINT64_MAX;
  /* A constraint that has put off events for so many picks has had its chance: what it waits for may never
   * come, and who is put off may be needed to end a loop. */
  static constexpr uint32_t kPatience = 4096;

  struct Active {
    RfConstraint constraint;
    uint64_t object = kNoObject; /* that the writer wrote */
    uint64_t head = kNoObject;   /* of the event that began the writer's transition */
    uint32_t put_off = 0;
    bool stands = false; /* the writer wrote the object last */
    bool over = false;
  };

  struct Next {
    uint64_t place;
    uint64_t object;
    uint64_t reads_from; /* the writer, if it is done now and reads */
    bool writes;
  };

  struct Visitor;

  void follow(const Execution& execution);
  Class class_of(const Pending& pending);
  static Wish wish_of(Active& active, const Next& next);

  uint64_t seed_ = 1;
  Random random_{1};
  EventPriorities priorities_{random_};
  ReadsFrom reads_from_;
  ReadsFromPool* pool_ = nullptr;
  std::vector<Active> active_;
  size_t satisfied_ = 0;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_STRATEGY_RF_H_
