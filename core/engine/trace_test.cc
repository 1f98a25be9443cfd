/* SPDX-License-Identifier: GPL-2.0-only */
/* The trace, its hash, and the names in it. */
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/engine/data.h"
#include "core/engine/strategies.h"
#include "core/engine/strategy_replay.h"
#include "core/engine/sync.h"

extern "C" {
extern daxrace::engine::Site* const __start_daxrace_sites[];
extern daxrace::engine::Site* const __stop_daxrace_sites[];
}

namespace daxrace::engine {
namespace {

const Role kFlagRole("trace-flag");
const Role kLockRole("trace-lock");
const Role kQueueRole("trace-queue");
const Role kDataRole("trace-data");

struct Start {
  uint64_t hash = 0;
  uint32_t step = 0;
};

struct World {
  Atomic<uint64_t>* flag;
  Lock* lock;
  WaitQueue* queue;
  Plain<uint64_t>* data;
};

World w;

void work() {
  Execution& e = Execution::current();
  e.invoke(0, DAXRACE_SITE("invoke", ""));
  w.lock->lock(DAXRACE_SITE("lock", "lock"));
  uint64_t old = w.data->read(DAXRACE_SITE("read", "data"));
  w.data->write(old + 1 + e.choose(3, DAXRACE_SITE("draw", "")), DAXRACE_SITE("write", "data"));
  w.lock->unlock(DAXRACE_SITE("unlock", "lock"));
  w.flag->fetch_add(1, Order::kFull, DAXRACE_SITE("add", "flag"));
  w.queue->wake(0, WaitQueue::kAnyKey, DAXRACE_SITE("wake", "queue"));
  e.ret(0, DAXRACE_SITE("ret", ""));
}

void wait_for_both() {
  WaitEntry entry;
  for (;;) {
    w.queue->prepare_to_wait(entry, true, DAXRACE_SITE("prepare", "queue"));
    if (w.flag->load(Order::kAcquire, DAXRACE_SITE("load", "flag")) == 2) break;
    w.queue->schedule(entry, DAXRACE_SITE("sleep", "queue"));
  }
  w.queue->finish_wait(entry, DAXRACE_SITE("finish", "queue"));
  fence(Order::kFull);
}

/* All kinds of primitives, three tasks, draws, operations; `arg` gets the hash somewhere in the middle. */
void busy(void* arg) {
  Execution& e = Execution::current();
  w = {e.arena().make<Atomic<uint64_t>>(kFlagRole), e.arena().make<Lock>(), e.arena().make<WaitQueue>(),
       e.arena().make<Plain<uint64_t>>(kDataRole)};
  w.lock->init(kLockRole);
  w.queue->init(kQueueRole);
  *static_cast<Start*>(arg) = {e.trace_hash(), e.steps()};
  e.spawn(&work, "A");
  e.spawn(&work, "B");
  e.join(e.spawn(&wait_for_both, "C"));
}

struct Recording {
  std::vector<Event> trace;
  uint64_t hash = 0;
  Start start;
  std::vector<RecordedSwitch> switches;
  std::vector<RecordedDraw> draws;
};

Recording run_busy(Strategy& strategy, Execution& execution) {
  Recording run;
  EXPECT_TRUE(strategy.begin());
  EXPECT_EQ(End::kFinished, execution.run(strategy, busy, &run.start));
  run.trace.assign(execution.trace().begin(), execution.trace().end());
  run.hash = execution.trace_hash();
  record(execution, run.switches, run.draws);
  return run;
}

Recording run_busy(uint64_t seed) {
  auto strategy = make_random_strategy({.seed = seed});
  Execution execution;
  return run_busy(*strategy, execution);
}

uint64_t fold(const Start& start, const std::vector<Event>& trace) {
  uint64_t hash = start.hash;
  for (size_t i = start.step; i < trace.size(); ++i) hash = extend(hash, trace[i]);
  return hash;
}

/* Every event that differs from `event` in one field; each bit of each number is changed on its own. */
std::vector<std::pair<std::string, Event>> variants(const Event& event) {
  static const Site kOtherSite = [] {
    Site site{"elsewhere", "access", "", 0};
    site.hash = hash_text("elsewhere");
    return site;
  }();
  std::vector<std::pair<std::string, Event>> all;
  auto add = [&](const std::string& what) -> Event& { return all.emplace_back(what, event).second; };
  for (int bit = 0; bit < 8; ++bit) add("task").task ^= static_cast<TaskId>(1 << bit);
  for (int bit = 0; bit < 8; ++bit) add("choice").choice ^= static_cast<uint8_t>(1 << bit);
  for (int bit = 0; bit < 32; ++bit) add("object").object ^= uint32_t{1} << bit;
  for (int bit = 0; bit < 64; ++bit) add("value").value ^= uint64_t{1} << bit;
  for (int kind = 0; kind < static_cast<int>(EventKind::kCount); ++kind) {
    if (kind != static_cast<int>(event.kind)) add("kind").kind = static_cast<EventKind>(kind);
  }
  add("site").site = &kOtherSite;
  for (const Role* role : {&kFlagRole, &kLockRole, &kQueueRole, &kDataRole, &kRealTimeRole, &kNoObjectRole}) {
    if (role != event.role) add("role").role = role;
  }
  return all;
}

TEST(TraceHash, IsMadeOfItsEvents) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Recording run = run_busy(seed);
    ASSERT_LT(run.start.step, run.trace.size());
    ASSERT_EQ(run.hash, fold(run.start, run.trace));
  }
}

TEST(TraceHash, ChangesWithEveryFieldOfEveryEvent) {
  Recording run = run_busy(7);
  std::set<EventKind> kinds;
  for (size_t i = run.start.step; i < run.trace.size(); ++i) {
    const Event kept = run.trace[i];
    kinds.insert(kept.kind);
    for (const auto& [what, event] : variants(kept)) {
      run.trace[i] = event;
      ASSERT_NE(run.hash, fold(run.start, run.trace))
          << what << " of event " << i << " " << name_of(kept.kind);
    }
    run.trace[i] = kept;
  }
  EXPECT_GE(kinds.size(), 15u) << "the trace shows too little";
}

TEST(TraceHash, ChangesWithOrderAndNumberOfEvents) {
  const Recording run = run_busy(7);
  for (size_t i = run.start.step; i + 1 < run.trace.size(); ++i) {
    auto trace = run.trace;
    std::swap(trace[i], trace[i + 1]);
    ASSERT_NE(run.hash, fold(run.start, trace)) << i;
    trace = run.trace;
    trace.erase(trace.begin() + static_cast<std::ptrdiff_t>(i));
    ASSERT_NE(run.hash, fold(run.start, trace)) << i;
    trace = run.trace;
    trace.insert(trace.begin() + static_cast<std::ptrdiff_t>(i), trace[i]);
    ASSERT_NE(run.hash, fold(run.start, trace)) << i;
  }
}

TEST(TraceHash, IsTheSameForTheSameScheduleWhereverMemoryIs) {
  Execution reused;
  std::set<uint64_t> hashes;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Recording first = run_busy(seed);
    auto elsewhere = std::make_unique<char[]>(seed * 4321);
    ReplayStrategy replay(first.switches, first.draws);
    ASSERT_EQ(first.hash, run_busy(replay, reused).hash) << "seed " << seed;
    hashes.insert(first.hash);
  }
  EXPECT_GE(hashes.size(), 45u) << "different schedules look the same";
}

TEST(TraceHash, ChoicesAreInTheTrace) {
  Recording run = run_busy(3);
  ASSERT_FALSE(run.switches.empty());
  for (const RecordedSwitch& recorded : run.switches) {
    EXPECT_NE(0, run.trace[recorded.step].choice);
    EXPECT_EQ(recorded.task, run.trace[recorded.step].task) << "the event is the first of whoever was chosen";
  }
  size_t choices = 0;
  for (const Event& event : run.trace) choices += event.choice != 0;
  EXPECT_EQ(run.switches.size(), choices);
}

/* --- names --- */

using Places = std::vector<const Site*>;

Places walk_pages() {
  Places places;
  places.push_back(&DAXRACE_SITE("lock", "&mapping->i_pages"));
  places.push_back(&DAXRACE_SITE("load", "&mapping->i_pages"));
  places.push_back(&DAXRACE_SITE("lock", "inode->i_mapping->i_pages"));

  places.push_back(&DAXRACE_SITE("lock", "&inode->i_lock"));
  places.push_back(&DAXRACE_SITE("lock", "i_pages"));
  return places;
}

/* The same body, with other lines in between. */
Places walk_moved() {
  Places places;

  places.push_back(&DAXRACE_SITE("lock", "&mapping->i_pages"));
  places.push_back(&DAXRACE_SITE("load", "&mapping->i_pages"));

  /* A comment
   * that moves
   * what follows.
   */
  places.push_back(&DAXRACE_SITE("lock", "inode->i_mapping->i_pages"));
  places.push_back(&DAXRACE_SITE("lock", "&inode->i_lock"));

  places.push_back(&DAXRACE_SITE("lock", "i_pages"));
  return places;
}

const Site& one_of_two(bool second) {
  if (second) {
    const Site& late = DAXRACE_SITE("load", "word");
    return late;
  }
  return DAXRACE_SITE("load", "word");
}

TEST(SiteNames, AreFunctionWhatRoleAndOrdinal) {
  name_sites();
  std::vector<std::string> names;
  for (const Site* site : walk_pages()) names.push_back(site->name());
  EXPECT_EQ((std::vector<std::string>{"walk_pages:lock:i_pages#0", "walk_pages:load:i_pages#0",
                                      "walk_pages:lock:i_pages#1", "walk_pages:lock:i_lock#0",
                                      "walk_pages:lock:i_pages#2"}),
            names);
}

TEST(SiteNames, OrdinalsFollowTheSourceNotTheExecution) {
  name_sites();
  const Site& below = one_of_two(false);
  const Site& above = one_of_two(true);
  EXPECT_EQ("one_of_two:load:word#0", above.name());
  EXPECT_EQ("one_of_two:load:word#1", below.name());
}

TEST(SiteNames, DoNotDependOnLines) {
  name_sites();
  Places here = walk_pages();
  Places there = walk_moved();
  ASSERT_EQ(here.size(), there.size());
  for (size_t i = 0; i < here.size(); ++i) {
    EXPECT_NE(here[i]->line, there[i]->line);
    EXPECT_NE(here[i]->hash, there[i]->hash);
    std::string name = there[i]->name();
    ASSERT_EQ(0u, name.find("walk_moved:"));
    EXPECT_EQ(here[i]->name(), "walk_pages" + name.substr(10));
    EXPECT_EQ(1,
              std::count_if(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; }))
        << name << ": only the ordinal is a number";
  }
}

TEST(SiteNames, AreDistinctInTheWholeProgram) {
  name_sites();
  std::map<std::string, const Site*> names;
  std::map<uint64_t, const Site*> hashes;
  for (Site* const* entry = __start_daxrace_sites; entry != __stop_daxrace_sites; ++entry) {
    EXPECT_TRUE(names.emplace((*entry)->name(), *entry).second) << (*entry)->name();
    EXPECT_TRUE(hashes.emplace((*entry)->hash, *entry).second) << (*entry)->name();
  }
  EXPECT_GE(names.size(), 20u);
}

TEST(SiteNames, RoleIsTheLastIdentifierOfTheObject) {
  name_sites();
  const std::pair<const Site*, const char*> table[] = {
      {&DAXRACE_SITE("role", "&mapping->i_pages"), "i_pages"},
      {&DAXRACE_SITE("role", "vmf->pmd[i + 1]"), "pmd"},
      {&DAXRACE_SITE("role", "pmd_lockptr(mm, pmd)"), "pmd_lockptr"},
      {&DAXRACE_SITE("role", "*ptr"), "ptr"},
      {&DAXRACE_SITE("role", "a.b->c(d)[e]"), "c"},
      {&DAXRACE_SITE("role", "alone"), "alone"},
  };
  for (const auto& [site, role] : table) EXPECT_EQ(role, site->role) << site->object;
}

TEST(ObjectNames, CountByRoleFromZeroInEachExecution) {
  Execution execution;
  for (int round = 0; round < 2; ++round) {
    std::vector<RecordedSwitch> switches;
    std::vector<RecordedDraw> draws;
    ReplayStrategy strategy(switches, draws);
    std::vector<std::string> names;
    auto first = [&names] {
      Arena& arena = Execution::current().arena();
      for (const Role* role : {&kFlagRole, &kDataRole, &kFlagRole, &kDataRole, &kFlagRole}) {
        names.push_back(object_name(*arena.make<Atomic<int>>(*role)));
      }
    };
    strategy.begin();
    execution.run(strategy, [](void* arg) { (*static_cast<decltype(first)*>(arg))(); }, &first);
    EXPECT_EQ((std::vector<std::string>{"trace-flag#0", "trace-data#0", "trace-flag#1", "trace-data#1",
                                        "trace-flag#2"}),
              names);
  }
}

}  // namespace
}  // namespace daxrace::engine
