/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables, the set of all oracles, and what of a history decides what can still be found. */
#include "core/oracle/oracle.h"

#include <set>

#include "core/oracle/events_for_test.h"

namespace daxrace::oracle {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

TEST(OracleTableTest, IsSound) {
  std::set<std::string_view> oracles = {"engine", "model"};
  for (const OracleInfo& info : oracle_table()) {
    EXPECT_TRUE(oracles.insert(info.name).second) << info.name;
    EXPECT_THAT(info.summary, Not(IsEmpty()));
    EXPECT_NE(nullptr, info.make());
  }
  std::set<std::string_view> verdicts;
  std::set<std::string_view> used;
  for (const VerdictInfo& info : verdict_table()) {
    EXPECT_TRUE(verdicts.insert(info.verdict).second) << info.verdict;
    EXPECT_EQ(1u, oracles.count(info.oracle)) << info.verdict;
    EXPECT_THAT(info.meaning, Not(IsEmpty())) << info.verdict;
    EXPECT_EQ(&info, find_verdict(info.verdict));
    used.insert(info.oracle);
  }
  used.insert("lifetime"); /* says use-after-free, which is in the table as the engine's */
  EXPECT_EQ(oracles, used) << "an oracle without a verdict";
  EXPECT_EQ(nullptr, find_verdict("no-such-verdict"));
}

class OracleSetTest : public EventTest {
 protected:
  /* Of the state after the script. */
  engine::Hash128 hash_after(const std::function<void()>& script) {
    engine::Hash128 hash = 0;
    play([&] {
      script();
      hash = oracles_.state_hash();
    });
    return hash;
  }
};

TEST_F(OracleSetTest, EachExecutionBeginsAnew) {
  auto lose = [&] {
    write(A, 1);
    set_size(4);
    fsync(B);
    load(C, 1, 0);
  };
  EXPECT_THAT(play(lose), ElementsAre("lost-after-sync", "stale-read"));
  EXPECT_THAT(play([&] { load(C, 1, 0); }), IsEmpty());
  EXPECT_THAT(play(lose), ElementsAre("lost-after-sync", "stale-read"));
  EXPECT_EQ(hash_after(lose), hash_after(lose));
}

TEST_F(OracleSetTest, TimesAreNoPartOfTheState) {
  auto slowly = [&](int ticks) {
    return hash_after([&, ticks] {
      auto wait = [&] {
        for (int i = 0; i < ticks; ++i) tick();
      };
      write(A, 1);
      wait();
      invoke(B, Op::write);
      wait();
      at(Kind::write_cell, B, 1, value(B));
      wait();
      load(C, 1, value(B));
      wait();
      invoke(A, Op::fsync);
      wait();
    });
  };
  EXPECT_EQ(slowly(0), slowly(1));
  EXPECT_EQ(slowly(0), slowly(7));
}

/* Pairs of histories that allow different things from here on. */
TEST_F(OracleSetTest, WhatCanStillBeFoundIsPartOfTheState) {
  struct Pair {
    const char* what;
    std::function<void()> one;
    std::function<void()> other;
  };
  auto begin_write = [&](engine::TaskId task) {
    invoke(task, Op::write);
    at(Kind::write_cell, task, 1, value(task));
  };
  const Pair pairs[] = {
      {"the order of two writes",
       [&] {
         begin_write(A);
         begin_write(B);
       },
       [&] {
         begin_write(B);
         begin_write(A);
       }},
      {"whether one had returned before the other was invoked",
       [&] {
         begin_write(A);
         ret(A);
         begin_write(B);
         ret(B);
       },
       [&] {
         begin_write(A);
         invoke(B, Op::write);
         ret(A);
         at(Kind::write_cell, B, 1, value(B));
         ret(B);
       }},
      {"whether a write had returned before the read that still runs was invoked",
       [&] {
         begin_write(A);
         ret(A);
         invoke(C, Op::load, 1);
       },
       [&] {
         begin_write(A);
         invoke(C, Op::load, 1);
         ret(A);
       }},
      {"whether a store had happened before the fsync that still runs was invoked",
       [&] {
         invoke(A, Op::store, 1);
         at(Kind::store, A, 1, value(A));
         invoke(B, Op::fsync);
         ret(A);
       },
       [&] {
         invoke(A, Op::store, 1);
         invoke(B, Op::fsync);
         at(Kind::store, A, 1, value(A));
         ret(A);
       }},
      {"whether an fsync has promised it",
       [&] {
         set_durable(1, store(A, 1));
         fsync(B);
       },
       [&] {
         fsync(B);
         set_durable(1, store(A, 1));
       }},
      {"what the read that still runs has returned",
       [&] {
         begin_write(A);
         invoke(C, Op::load, 1);
         at(Kind::load, C, 1, value(A));
       },
       [&] {
         begin_write(A);
         invoke(C, Op::load, 1);
         at(Kind::load, C, 1, 0);
       }},
      {"whether the size has changed since the access that still runs was invoked",
       [&] {
         at(Kind::extended, B, 4, 0);
         invoke(A, Op::store, 1);
       },
       [&] {
         invoke(A, Op::store, 1);
         at(Kind::extended, B, 4, 0);
       }},
      {"whether space ran out since", [&] { invoke(A, Op::store, 1); },
       [&] {
         invoke(A, Op::store, 1);
         at(Kind::no_space, A, 0, 0);
       }},
      {"whether a write that has not returned had been read before the read that still runs was invoked",
       [&] {
         begin_write(A);
         load(C, 1, value(A));
         invoke(B, Op::load, 1);
       },
       [&] {
         begin_write(A);
         invoke(B, Op::load, 1);
         load(C, 1, value(A));
       }},
      {"whether a write that has not returned has been read",
       [&] {
         begin_write(A);
         load(C, 1, value(A));
       },
       [&] {
         begin_write(A);
         load(C, 2, 0);
       }},
      {"whether a write that has not returned is covered by a read that has",
       [&] {
         begin_write(A);
         load(C, 1, value(A));
         begin_write(B);
       },
       [&] {
         begin_write(A);
         begin_write(B);
         load(C, 1, value(A));
       }},
  };
  for (const Pair& pair : pairs) EXPECT_NE(hash_after(pair.one), hash_after(pair.other)) << pair.what;
}

}  // namespace
}  // namespace daxrace::oracle
