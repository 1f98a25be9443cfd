/* SPDX-License-Identifier: GPL-2.0-only */
/* Locks and semaphores, under all schedules. */
#include "core/engine/sync.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/strategies.h"

namespace daxrace::engine {
namespace {

const Role kLockRole("sync-lock");
const Role kSemRole("sync-sem");
const Role kStepRole("sync-step");

/* Counters outside the execution: they see what tasks do, and no schedule depends on them. */
struct World {
  Lock* lock = nullptr;
  RwSemaphore* sem = nullptr;
  Atomic<int>* step = nullptr; /* each access is a place where others can come in */
  int readers = 0;
  int writers = 0;
  int readers_max = 0;
  std::vector<int> order;
};

World w;

void setup() {
  Arena& arena = Execution::current().arena();
  w = World();
  w.lock = arena.make<Lock>();
  w.sem = arena.make<RwSemaphore>();
  w.step = arena.make<Atomic<int>>(kStepRole);
  w.lock->init(kLockRole, LockUse::kTriedToo);
  w.sem->init(kSemRole);
}

void a_step() { w.step->load(Order::kRelaxed); }

using Body = void (*)();
using Look = std::function<void(const Execution&, End)>;

/* Runs the bodies as tasks A, B, ... in every schedule, and returns how many there are. */
int explore(std::vector<Body> bodies, const Look& look) {
  static const char* const kNames[] = {"A", "B", "C", "D"};
  auto strategy = make_dfs_strategy({.preemptions_max = 1000, .preemptions_min = 1000, .prune = false});
  Execution execution;
  auto first = [](void* arg) {
    setup();
    const char* const* name = kNames;
    for (Body body : *static_cast<std::vector<Body>*>(arg)) Execution::current().spawn(body, *name++);
  };
  int executions = 0;
  for (; executions < 300000 && !::testing::Test::HasFailure() && strategy->begin(); ++executions) {
    End end = execution.run(*strategy, first, &bodies);
    look(execution, end);
  }
  EXPECT_LT(executions, 300000);
  return executions;
}

bool contended(const Execution& execution) {
  for (const Event& event : execution.trace()) {
    if (event.kind == EventKind::k_contend) return true;
  }
  return false;
}

/* Index of the first event of that kind and value by a task on `role`, or -1. */
int find(const Execution& execution, TaskId task, EventKind kind, const Role& role, uint64_t value,
         int from = 0) {
  auto trace = execution.trace();
  for (int i = from; i < static_cast<int>(trace.size()); ++i) {
    const Event& event = trace[static_cast<size_t>(i)];
    if (event.task == task && event.kind == kind && event.role == &role && event.value == value) return i;
  }
  return -1;
}

/* --- Lock --- */

void locked_section() {
  w.lock->lock();
  EXPECT_EQ(0, w.writers++) << "two tasks hold the lock";
  EXPECT_TRUE(w.lock->held_by_me());
  w.order.push_back(Execution::current().self());
  a_step();
  EXPECT_EQ(1, w.writers--);
  w.lock->unlock();
  EXPECT_FALSE(w.lock->held_by_me());
}

TEST(Lock, ExcludesUnderAllSchedules) {
  int waited = 0;
  std::set<std::vector<int>> orders;
  int executions =
      explore({locked_section, locked_section, locked_section}, [&](const Execution& e, End end) {
        EXPECT_EQ(End::kFinished, end);
        EXPECT_TRUE(e.findings().empty());
        EXPECT_EQ(3u, w.order.size());
        waited += contended(e);
        orders.insert(w.order);
      });
  EXPECT_EQ(6u, orders.size()) << "every order of three sections";
  EXPECT_GT(waited, 0) << "nobody ever waited: this shows nothing";
  EXPECT_LT(waited, executions) << "somebody always waited";
}

TEST(Lock, TryLockNeverWaitsAndTellsTheTruth) {
  std::set<bool> outcomes;
  auto attempt = [] {
    bool taken = w.lock->try_lock();
    w.order.push_back(taken);
    if (!taken) return;
    EXPECT_EQ(0, w.writers++);
    a_step();
    --w.writers;
    w.lock->unlock();
  };
  explore({locked_section, attempt}, [&](const Execution& e, End end) {
    EXPECT_EQ(End::kFinished, end);
    EXPECT_EQ(-1, find(e, 2, EventKind::k_contend, kLockRole, 1));
    bool taken = find(e, 2, EventKind::k_lock, kLockRole, 1) >= 0;
    outcomes.insert(taken);
  });
  EXPECT_EQ((std::set<bool>{false, true}), outcomes);
}

/* A release is no scheduling point of its own, but an attempt that fails sees whether it has happened. */
TEST(Lock, TryLockFailsAlsoAgainstASectionOfOneStep) {
  std::set<bool> outcomes;
  auto section = [] {
    w.lock->lock();
    w.lock->unlock();
  };
  auto attempt = [] {
    w.readers = w.lock->try_lock();
    if (w.readers != 0) w.lock->unlock();
  };
  explore({section, attempt}, [&](const Execution&, End) { outcomes.insert(w.readers != 0); });
  EXPECT_EQ((std::set<bool>{false, true}), outcomes);
}

/* So that there is at most one choice before any step, which is what replay by step stands on. */
TEST(Lock, AFailedAttemptIsAnEvent) {
  int attempts = 0;
  explore({[] {
            w.lock->lock();
            Execution::current().join(Execution::current().spawn(+[] { w.lock->try_lock(); }, "attempt"));
            w.lock->unlock();
          }},
          [&](const Execution& e, End end) {
            EXPECT_EQ(End::kFinished, end);
            for (const Event& event : e.trace()) {
              if (event.role != &kLockRole || event.task != 2) continue;
              ++attempts;
              EXPECT_NE(EventKind::k_contend, event.kind) << "it does not wait";
              EXPECT_NE(Access::kNone, access_of(event.kind)) << "it depends on who holds the lock";
            }
          });
  EXPECT_GT(attempts, 0);
}

TEST(Lock, WhoHoldsWhatIsKnownAlsoForMany) {
  explore({[] {
            Execution& e = Execution::current();
            Lock* locks[20];
            for (int round = 0; round < 10; ++round) {
              for (Lock*& lock : locks) {
                lock = e.arena().make<Lock>();
                lock->init(kLockRole, LockUse::kTriedToo);
                lock->lock();
              }
              for (int i = 0; i < 16; ++i) EXPECT_EQ(e.self(), e.holder_of(*locks[i]));
              for (int i = 20; i > 0; --i) locks[i - 1]->unlock();
              for (Lock* lock : locks) EXPECT_EQ(kNoTask, e.holder_of(*lock));
            }
            w.lock->lock();
            EXPECT_EQ(e.self(), e.holder_of(*w.lock));
            w.lock->unlock();
            EXPECT_EQ(kNoTask, e.holder_of(*w.lock));
          }},
          [](const Execution&, End) {});
}

/* --- RwSemaphore --- */

void read_section() {
  w.sem->down_read();
  EXPECT_EQ(0, w.writers) << "a reader beside a writer";
  w.readers_max = std::max(w.readers_max, ++w.readers);
  EXPECT_EQ(static_cast<uint32_t>(w.readers), w.sem->readers());
  a_step();
  EXPECT_EQ(0, w.writers) << "a writer came in beside a reader";
  --w.readers;
  w.sem->up_read();
}

void write_section() {
  w.sem->down_write();
  EXPECT_EQ(0, w.readers) << "a writer beside a reader";
  EXPECT_EQ(0, w.writers++) << "two writers";
  EXPECT_EQ(Execution::current().self(), w.sem->writer());
  a_step();
  EXPECT_EQ(0, w.readers) << "a reader came in beside a writer";
  EXPECT_EQ(1, w.writers--);
  w.sem->up_write();
}

TEST(RwSemaphore, ReadersOverlapInSomeScheduleOnly) {
  std::set<int> most;
  explore({read_section, read_section}, [&](const Execution& e, End end) {
    EXPECT_EQ(End::kFinished, end);
    EXPECT_FALSE(contended(e)) << "a reader waited for a reader";
    most.insert(w.readers_max);
  });
  EXPECT_EQ((std::set<int>{1, 2}), most);
}

TEST(RwSemaphore, WritersExcludeEverybody) {
  int waited = 0;
  explore({write_section, read_section, write_section}, [&](const Execution& e, End end) {
    EXPECT_EQ(End::kFinished, end);
    waited += contended(e);
  });
  EXPECT_GT(waited, 0);
}

TEST(RwSemaphore, TwoReadersAndAWriter) {
  std::set<int> most;
  explore({read_section, write_section, read_section}, [&](const Execution&, End end) {
    EXPECT_EQ(End::kFinished, end);
    most.insert(w.readers_max);
  });
  EXPECT_EQ((std::set<int>{1, 2}), most);
}

/* Where it has to wait itself, too: whatever comes after the writer's arrival in the trace is later. */
TEST(RwSemaphore, AReaderComesAfterAWriterThatHasWaitedForLonger) {
  constexpr TaskId kHolder = 1;
  constexpr TaskId kWriter = 2;
  constexpr TaskId kReader = 3;
  int waited = 0;
  int passed = 0;
  explore({read_section, write_section, read_section}, [&](const Execution& e, End) {
    int writer_came = find(e, kWriter, EventKind::k_contend, kSemRole, kHolder);
    int reader_came = find(e, kReader, EventKind::k_contend, kSemRole, kHolder);
    int writer_in = find(e, kWriter, EventKind::k_lock, kSemRole, 1);
    int reader_in = find(e, kReader, EventKind::k_lock, kSemRole, 0);
    if (writer_came < 0) return;
    if (reader_in < writer_came) {
      ++passed;
      return;
    }
    EXPECT_GT(reader_in, writer_in) << "the reader overtook the writer";
    waited += reader_came > writer_came;
  });
  EXPECT_GT(waited, 0) << "no reader arrived while the writer waited";
  EXPECT_GT(passed, 0) << "no reader came before the writer";
}

TEST(RwSemaphore, ReadingAgainWhileAWriterWaitsIsADeadlock) {
  int deadlocks = 0;
  int executions = explore({[] {
                              w.sem->down_read();
                              a_step();
                              w.sem->down_read();
                              w.sem->up_read();
                              w.sem->up_read();
                            },
                            write_section},
                           [&](const Execution& e, End end) {
                             if (end != End::kFatal) return;
                             ++deadlocks;
                             EXPECT_EQ("deadlock", e.headline()->verdict);
                             EXPECT_GE(find(e, 2, EventKind::k_contend, kSemRole, 1), 0) << "no writer waits";
                           });
  EXPECT_GT(deadlocks, 0);
  EXPECT_LT(deadlocks, executions) << "it needs the writer to come between";
}

TEST(RwSemaphore, ReadingAgainWithoutAWriterIsNone) {
  auto twice = [] {
    w.sem->down_read();
    w.sem->down_read();
    EXPECT_GE(w.sem->readers(), 2u);
    w.sem->up_read();
    w.sem->up_read();
  };
  explore({twice, twice}, [](const Execution&, End end) {
    EXPECT_EQ(End::kFinished, end);
    EXPECT_EQ(0u, w.sem->readers());
  });
}

#ifdef DAXRACE_DEBUG
TEST(ExpressionGuard, FindsTwoSchedulingPointsInOneFullExpression) {
  auto verdict = [](Body body) {
    std::string seen;
    explore({body}, [&](const Execution& e, End) {
      if (e.headline() != nullptr) seen = e.sentence(0);
    });
    return seen;
  };
  EXPECT_NE(std::string::npos, verdict([] {
                                 int sum = w.step->load(Order::kRelaxed) + w.step->load(Order::kRelaxed);
                                 EXPECT_EQ(0, sum);
                               }).find("two scheduling points in one full expression"));
  EXPECT_NE(std::string::npos, verdict([] {
                                 w.readers = w.lock->try_lock() + w.lock->try_lock();
                               }).find("two scheduling points in one full expression"));
}
#endif

}  // namespace
}  // namespace daxrace::engine
