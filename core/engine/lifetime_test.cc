/* SPDX-License-Identifier: GPL-2.0-only */
/* Use of destroyed objects. */
#include "core/engine/failure_for_test.h"

namespace daxrace::engine {
namespace {

using for_test::Body;
using for_test::expect_words;
using for_test::in_order;
using for_test::sentence;
using for_test::verdicts;

const Role kWordRole("life-word");
const Role kLockRole("life-lock");
const Role kSemRole("life-sem");
const Role kQueueRole("life-queue");
const Role kDoneRole("life-done");

struct World {
  Atomic<int>*word, *alive;
  Plain<int>* plain;
  Lock* lock;
  RwSemaphore* sem;
  WaitQueue* queue;
  Completion* done;
};

World w;

void setup() {
  Arena& arena = Execution::current().arena();
  w = {arena.make<Atomic<int>>(kWordRole),
       arena.make<Atomic<int>>(kWordRole),
       arena.make<Plain<int>>(kWordRole),
       arena.make<Lock>(),
       arena.make<RwSemaphore>(),
       arena.make<WaitQueue>(),
       arena.make<Completion>()};
  w.lock->init(kLockRole, LockUse::kTriedToo);
  w.sem->init(kSemRole);
  w.queue->init(kQueueRole);
  w.done->init(kDoneRole);
}

void destroy(Object& object) { Execution::current().destroy(object, DAXRACE_SITE("kfree", "object")); }

std::string run(std::vector<Body> tasks, std::string_view verdict) {
  Execution execution;
  End end = in_order(execution, {setup, std::move(tasks)});
  EXPECT_EQ(verdict.empty() ? End::kFinished : End::kFatal, end);
  EXPECT_EQ(verdict.empty() ? 0u : 1u, execution.findings().size());
  if (execution.findings().empty()) return "";
  EXPECT_EQ(verdict, execution.findings()[0].verdict);
  return sentence(execution);
}

TEST(UseAfterFree, ByEveryPrimitive) {
  const std::vector<std::pair<Object* (*)(), Body>> uses = {
      {[]() -> Object* { return w.word; }, [] { w.word->load(Order::kRelaxed); }},
      {[]() -> Object* { return w.word; }, [] { w.word->store(1, Order::kRelaxed); }},
      {[]() -> Object* { return w.word; }, [] { w.word->store_here(1, Order::kRelaxed); }},
      {[]() -> Object* { return w.word; }, [] { w.word->fetch_add(1, Order::kRelaxed); }},
      {[]() -> Object* { return w.plain; }, [] { w.plain->read(); }},
      {[]() -> Object* { return w.plain; }, [] { w.plain->write(1); }},
      {[]() -> Object* { return w.lock; }, [] { w.lock->lock(); }},
      {[]() -> Object* { return w.lock; }, [] { w.lock->try_lock(); }},
      {[]() -> Object* { return w.sem; }, [] { w.sem->down_read(); }},
      {[]() -> Object* { return w.sem; }, [] { w.sem->down_write(); }},
      {[]() -> Object* { return w.queue; }, [] { w.queue->wake(1, 0); }},
      {[]() -> Object* { return w.queue; }, [] { w.queue->active(); }},
      {[]() -> Object* { return w.done; }, [] { w.done->complete(); }},
      {[]() -> Object* { return w.done; }, [] { w.done->wait(); }},
      {[]() -> Object* { return w.word; }, [] { destroy(*w.word); }},
  };
  for (const auto& [object, use] : uses) {
    std::string text = run({[&] { destroy(*object()); }, use}, "use-after-free");
    expect_words(text, {"Bob ", "which Alice had destroyed (step ", "in destroy"});
  }
}

TEST(UseAfterFree, NamesTheLifeThatWasUsed) {
  auto again = [] {
    destroy(*w.word);
    w.word->init(kWordRole, 5);
    EXPECT_EQ(5, w.word->load(Order::kRelaxed)) << "a new object in the old place";
  };
  EXPECT_EQ("", run({again}, ""));
  std::string text = run({[&] {
                            again();
                            destroy(*w.word);
                          },
                          [] { w.word->load(Order::kRelaxed); }},
                         "use-after-free");
  expect_words(text, {"Bob touches (load) life-word#3"});
}

TEST(UseAfterFree, OnlyAfterIt) {
  EXPECT_EQ("", run({[] { w.word->load(Order::kRelaxed); }, [] { destroy(*w.word); }}, ""));
  /* Bob uses it unless he sees that it is gone; Alice says so too late, or early enough. */
  auto user = [] {
    if (w.alive->load(Order::kAcquire) == 0) w.word->load(Order::kRelaxed);
  };
  auto counts = verdicts({setup,
                          {[] {
                             w.alive->store(1, Order::kRelease);
                             destroy(*w.word);
                           },
                           user}});
  EXPECT_GT(counts["none"], 0);
  EXPECT_GT(counts["use-after-free"], 0) << "it looked, and was too late";
  counts = verdicts({setup,
                     {[] {
                        w.lock->lock();
                        w.alive->store(1, Order::kRelease);
                        destroy(*w.word);
                        w.lock->unlock();
                      },
                      [&] {
                        w.lock->lock();
                        user();
                        w.lock->unlock();
                      }}});
  EXPECT_GT(counts["none"], 0);
  EXPECT_EQ(1u, counts.size());
}

/* Pruning must not take the state with the object for the one without. */
TEST(UseAfterFree, BelongsToTheState) {
  auto strategy = make_dfs_strategy({.preemptions_max = 1000, .prune = true});
  Execution execution;
  bool found = false;
  for_test::Play play{setup,
                      {[] {
                         w.alive->load(Order::kRelaxed);
                         destroy(*w.word);
                       },
                       [] {
                         w.alive->load(Order::kRelaxed);
                         w.word->load(Order::kRelaxed);
                       }}};
  while (strategy->begin()) {
    execution.run(*strategy, for_test::Play::run, &play);
    found = found || execution.headline() != nullptr;
  }
  EXPECT_TRUE(found);
}

TEST(UseAfterFree, DestroyingWhatIsInUseIsMisuse) {
  expect_words(run({[] {
                     w.lock->lock();
                     destroy(*w.lock);
                   }},
                   "misuse"),
               {"Alice destroys life-lock#0, which it holds since step"});
  expect_words(run({[] { w.done->wait(); }, [] { destroy(*w.done); }}, "misuse"),
               {"Bob destroys life-done#0, on which Alice waits"});
  expect_words(run({[] {
                      WaitEntry entry;
                      w.queue->prepare_to_wait(entry, false);
                      w.queue->schedule(entry);
                    },
                    [] { destroy(*w.queue); }},
                   "misuse"),
               {"Bob destroys life-queue#0, on which Alice waits"});
  EXPECT_EQ("", run({[] {
                      w.lock->lock();
                      w.lock->unlock();
                      destroy(*w.lock);
                    }},
                    ""));
}

TEST(UseAfterFree, OfWhatWasNeverThereIsMisuse) {
  run({[] { destroy(*Execution::current().arena().make<Lock>()); }}, "misuse");
}

}  // namespace
}  // namespace daxrace::engine
