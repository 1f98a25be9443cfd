/* SPDX-License-Identifier: GPL-2.0-only */
/* What the strict reader says about files that are wrong. */
#include <gtest/gtest.h>

#include "core/scenario/text.h"

namespace daxrace::scenario {
namespace {

using std::string_literals::operator""s;

struct Malformed {
  std::string text;
  int line;
  int column;
  std::string message; /* a part of it */
  std::string suggestion = "";
};

/* Two processes: P with region big and task A, Q with region one and task B. */
std::string with_lines(const std::string& lines) {
  return "daxrace 1\n"
         "setup\n"
         "  creat f size=1pmd\n"
         "  mmap P.big f 0 1pmd shared rw\n"
         "  mmap Q.one f 1pg 1pg shared r\n"
         "task P.A\n"
         "task Q.B\n" +
         lines + "\n"; /* from line 8 on */
}

std::string in_setup(const std::string& lines) {
  return "daxrace 1\nsetup\n  creat f size=1pmd\n" + lines + "\n";
}

std::string repeated(int count, const std::string& line) {
  std::string out;
  for (int i = 0; i < count; ++i) out += line;
  return out;
}

std::string numbered(int count, const std::string& before, const std::string& after) {
  std::string out;
  for (int i = 0; i < count; ++i) out += before + std::to_string(i) + after;
  return out;
}

void expect_errors(const std::vector<Malformed>& table) {
  for (const Malformed& row : table) {
    const auto result = parse_strict(row.text);
    const auto* error = std::get_if<ParseError>(&result);
    ASSERT_NE(error, nullptr) << row.text.substr(0, 400);
    const std::string text = describe(*error, "x.dax");
    EXPECT_EQ(error->line, row.line) << text;
    EXPECT_EQ(error->column, row.column) << text;
    EXPECT_NE(error->message.find(row.message), std::string::npos) << text << "\nexpected " << row.message;
    const std::string suggestion = row.suggestion.empty() ? "" : "did you mean `" + row.suggestion + "`?";
    EXPECT_EQ(error->suggestion, suggestion) << text;
  }
}

TEST(TextError, FileAsAWhole) {
  expect_errors({
      {"", 1, 1, "empty file; expected `daxrace 1` in the first line"},
      {"\n  \n# nothing but a comment\n", 1, 1, "empty file"},
      {"hello\n", 1, 1, "expected `daxrace 1` in the first line, found `hello`"},
      {"\n  daxrcae 1\n", 2, 3, "expected `daxrace 1`", "daxrace"},
      {"daxrace\n", 1, 8, "expected a version (`daxrace 1`), found nothing"},
      {"daxrace x\n", 1, 9, "expected a version"},
      {"daxrace 0\n", 1, 9, "expected a version"},
      {"daxrace 2\n", 1, 9, "this file is version 2; this daxrace reads up to 1"},
      {"daxrace 99999999999999999999\n", 1, 9, "this daxrace reads up to 1"},
      {"daxrace 1 2\n", 1, 11, "unexpected `2` after `1`"},
      {"daxrace 1\ndaxrace 1\n", 2, 1, "`daxrace` is already in line 1"},
      {"daxrace 1\ntitle a\0b\n"s, 2, 8, "byte 0x00: not text"},
      {"daxrace 1\n\x7f\x45LF", 2, 1, "byte 0x7f: not text"},
      {"daxrace 1\ntitle \xc3\xa9 \xff\n", 2, 10, "byte 0xff: not text"},
      {"daxrace 1\ntitle a\rb\n", 2, 8, "byte 0x0d: not text"},
  });
}

TEST(TextError, HeaderLines) {
  expect_errors({
      {"daxrace 1\ntitel x\n", 2, 1, "unknown keyword `titel`", "title"},
      {"daxrace 1\nfrobnicate\n", 2, 1, "unknown keyword `frobnicate`"},
      {"daxrace 1\ntitle\n", 2, 6, "expected text, found nothing"},
      {"daxrace 1\ntitle a\ntitle b\n", 3, 1, "`title` is already in line 2"},
      {"daxrace 1\nnote " + std::string(301, 'x'), 2, 6, "text of 301 bytes; expected at most 300"},
      {"daxrace 1\n" + repeated(65, "note x\n"), 66, 6, "one note too many; expected at most 64"},
      {"daxrace 1\nkernel 5.18\n", 2, 8, "expected a kernel version such as `v5.18`, found `5.18`"},
      {"daxrace 1\nkernel v5.18 v6\n", 2, 14, "unexpected `v6` after `v5.18`"},
      {"daxrace 1\nwithout a, B\n", 2, 12, "expected the name of a patch"},
      {"daxrace 1\nwithout a b\n", 2, 11, "expected `,` or the end of the line, found `b`"},
      {"daxrace 1\nwithout a,\n", 2, 11, "found nothing"},
      {"daxrace 1\nwith a, a\n", 2, 9, "`a` is named twice"},
      {"daxrace 1\n" + numbered(1, "with x", "") + numbered(32, ", a", ""), 2, 155, "one name too many"},
      {"daxrace 1\ngeometry\n", 2, 9, "expected `pmd=PAGES` or `cells=N`, found nothing"},
      {"daxrace 1\ngeometry cell=2\n", 2, 10, "expected `pmd=PAGES`", "cells"},
      {"daxrace 1\ngeometry pmd=3\n", 2, 14, "expected a power of two, 2 to 512, found `3`"},
      {"daxrace 1\ngeometry pmd=1024\n", 2, 14, "`1024` is out of range; expected 2 to 512"},
      {"daxrace 1\ngeometry cells=9\n", 2, 16, "`9` is out of range; expected 1 to 8"},
      {"daxrace 1\ngeometry pmd=4 pmd=4\n", 2, 16, "`pmd` is given twice"},
      {"daxrace 1\npmd offf\n", 2, 5, "expected `on` or `off`", "off"},
      {with_lines("title late"), 8, 1, "`title` must come before `setup` (line 2)"},
      {with_lines("setup"), 8, 1, "`setup` must come before `task` (line 6)"},
      {with_lines("expect never\ntask P.C"), 9, 1, "`task` must come before `expect` (line 8)"},
  });
}

TEST(TextError, Operations) {
  expect_errors({
      {"daxrace 1\nstore big\n", 2, 1, "operation `store` outside of `setup` and of a task"},
      {with_lines("  stroe one"), 8, 3, "unknown operation `stroe`", "store"},
      {with_lines("  pwrite f 0 1pg"), 8, 3, "unknown operation `pwrite`", "write"},
      {with_lines("shedule"), 8, 1, "unknown operation `shedule`; expected an operation or the next section",
       "schedule"},
      {with_lines("  creat g size=0"), 8, 3, "operation `creat` in task Q.B; expected it in `setup` only"},
      {in_setup("  crash"), 4, 3, "operation `crash` in `setup`; expected it in a task only"},
      {in_setup("  creat f size=0"), 4, 9, "file `f` is already created in line 3"},
      {in_setup("  creat 1f size=0"), 4, 9, "expected the name of a file"},
      {in_setup("  creat g sise=0"), 4, 11, "expected `size=LENGTH`", "size"},
      {in_setup("  creat g size=5pmd"), 4, 16, "`5pmd` is out of range; expected 0 to 4pmd"},
      {in_setup(numbered(4, "  creat g", " size=0\n")), 7, 9,
       "file `g3` is one too many; expected at most 4"},
      {in_setup(repeated(64, "  fsync f\n")), 67, 3,
       "one operation too many in `setup`; expected at most 64"},
      {in_setup("  mmap big f 0 1pg shared rw"), 4, 8, "expected PROCESS.REGION (`P.big`) in `setup`"},
      {in_setup("  mmap P.a f 0 1pg sharde rw"), 4, 20, "expected `shared`, `private` or `sync`", "shared"},
      {in_setup("  mmap P.a f 0 1pg shared w"), 4, 27, "expected `rw` or `r`, found `w`", "rw"},
      {in_setup("  mmap P.a f 0 0 shared r"), 4, 16, "`0` is out of range; expected 1pg to 4pmd here"},
      {in_setup("  mmap P.a f 3pmd 2pmd shared r"), 4, 19,
       "`2pmd` is out of range; expected 1pg to 1pmd here"},
      {in_setup("  mmap P.a f 4pmd 1pg shared r"), 4, 14, "`4pmd` is out of range; expected 0 to 15pg here"},
      {in_setup("  mmap P.a g 0 1pg shared r"), 4, 12, "unknown file `g`"},
      {in_setup(numbered(5, "  mmap P", ".r f 0 1pg shared r\n")), 5, 11, "already mapped in line 4"},
      {with_lines("  mmap P.x f 0 1pg shared r"), 8, 8, "unexpected process in `P.x`; expected `x`"},
      {with_lines("  mmap big f 0 1pg shared r"), 8, 8, "region `big` is already mapped in line 4"},
      {with_lines("  store"), 8, 8, "expected REGION[+OFFSET][.CELL], found nothing"},
      {with_lines("  store one 0"), 8, 13, "unexpected `0` after `one`"},
      {with_lines("  store oen"), 8, 9, "unknown region `oen`", "one"},
      {with_lines("  store big"), 8, 9, "`big` is mapped in process `P`; expected a region of process `Q`"},
      {with_lines("  store one+1pg"), 8, 9, "page 1pg of region `one` is out of range; expected 0 to 0"},
      {with_lines("  store one+1"), 8, 13, "expected a number of pages (`0`, `3pg`, `1pmd`), found `1`",
       "1pg"},
      {with_lines("  store one+1pdm"), 8, 13, "expected a number of pages", "1pmd"},
      {with_lines("  store one.2"), 8, 13, "`2` is out of range; expected 0 to 1"},
      {with_lines("  store one.x"), 8, 13, "expected a number, 0 to 1, found `x`"},
      {with_lines("  read f 0 0"), 8, 12, "`0` is out of range; expected 1pg to 4pmd here"},
      {with_lines("  truncate f 99999999999999999999pg"), 8, 14, "out of range; expected 0 to 4pmd"},
      {with_lines("  fsync ff"), 8, 9, "unknown file `ff`", "f"},
      {with_lines(repeated(65, "  crash\n")), 72, 3,
       "one operation too many in task Q.B; expected at most 64"},
      {with_lines("task P.A"), 8, 6, "task `P.A` is already in line 6"},
      {with_lines("task A"), 8, 6, "expected PROCESS.NAME (`task P.A`), found `A`"},
      {with_lines("task P.A.B"), 8, 8, "expected the name of a task"},
      {with_lines(numbered(7, "task P.T", "\n")), 14, 6, "more than 8 tasks"},
      {with_lines(numbered(3, "task R", ".A\n")), 10, 6, "process `R2` is one too many; expected at most 4"},
  });
}

TEST(TextError, ExpectationsAndFound) {
  expect_errors({
      {with_lines("expect"), 8, 7, "expected `never` or a verdict"},
      {with_lines("expect Never"), 8, 8, "expected `never` or a verdict", "never"},
      {with_lines("expect kernal v5.18: a"), 8, 15, "expected `,`, `preemptions=N` or the end of the line",
       "kernel"},
      {with_lines("expect kernel v5.18 a"), 8, 21, "expected `:` after the conditions, found `a`"},
      {with_lines("expect with a with b: c"), 8, 15, "`with` is given twice"},
      {with_lines("expect a preemption=1"), 8, 10, "expected `,`, `preemptions=N`", "preemptions"},
      {with_lines("expect a preemptions=65"), 8, 22, "`65` is out of range; expected 0 to 64"},
      {with_lines("expect never preemptions=0"), 8, 14, "unexpected `preemptions=0` after `never`"},
      {with_lines("expect never\nexpect a"), 9, 1, "already have an expectation in line 8"},
      {with_lines("found Never"), 8, 7, "expected a verdict"},
      {with_lines("hash 0123456789abcdef"), 8, 1,
       "`hash` without a verdict; expected `found VERDICT` before it"},
      {with_lines("signature x\nfound a"), 8, 1, "`signature` without a verdict"},
      {with_lines("found a\nhash 123"), 9, 6, "expected 16 hexadecimal digits, found `123`"},
      {with_lines("found a\nhash 0123456789abcdeg"), 9, 6, "expected 16 hexadecimal digits"},
  });
}

TEST(TextError, Schedule) {
  expect_errors({
      {with_lines("@1 P.A"), 8, 1, "`@1` outside of `schedule`"},
      {with_lines("schedule\nschedule"), 9, 1, "`schedule` is already in line 8"},
      {with_lines("schedule\n  store one"), 9, 3, "operation `store` outside of `setup` and of a task"},
      {with_lines("schedule\n  @x P.A"), 9, 4, "expected a number, 0 to 1048576, found `x`"},
      {with_lines("schedule\n  @1048577 P.A"), 9, 4, "out of range; expected 0 to 1048576"},
      {with_lines("schedule\n  @1"), 9, 5, "expected a task, found nothing"},
      {with_lines("schedule\n  @1 Q.A"), 9, 6, "unknown task `Q.A`", "P.A"},
      {with_lines("schedule\n  @1 drwa 3"), 9, 6, "unknown task `drwa`", "draw"},
      {with_lines("schedule\n  @1 draw"), 9, 10, "expected a number, 0 to 4294967295, found nothing"},
      {with_lines("schedule\n  @2 P.A\n  @2 Q.B"), 10, 3,
       "switch at step 2; expected one after step 2 (line 9)"},
      {with_lines("schedule\n  @2 draw 1\n  @1 draw 1"), 10, 3, "draw at step 1; expected one after step 2"},
      {with_lines("schedule\n  @1 P.A Q.B"), 9, 10,
       "expected an anchor (`[P.A op 1: SITE x2]`), found `Q.B`"},
      {with_lines("schedule\n  @1 P.A [Q.C op 1: s]"), 9, 11, "unknown task `Q.C`", "Q.B"},
      {with_lines("schedule\n  @1 P.A [Q.B ap 1: s]"), 9, 15, "expected `op N:`, found `ap`"},
      {with_lines("schedule\n  @1 P.A [Q.B op 64: s]"), 9, 18, "out of range; expected 0 to 63"},
      {with_lines("schedule\n  @1 P.A [Q.B op 1 s]"), 9, 20,
       "expected `:` and the name of a scheduling point"},
      {with_lines("schedule\n  @1 P.A [Q.B op 1:]"), 9, 20, "expected the name of a scheduling point"},
      {with_lines("schedule\n  @1 P.A [Q.B op 1: s y2]"), 9, 23, "expected `xN` or `]`, found `y2`"},
      {with_lines("schedule\n  @1 P.A [Q.B op 1: s x2"), 9, 25, "expected `]`, found nothing"},
      {with_lines("schedule\n  @1 P.A [Q.B op 1: s] x"), 9, 24, "unexpected `x` after `s`"},
  });
}

TEST(TextError, HugeFileIsRefusedUnread) {
  for (const std::string& line : {"note x\n"s, "\n"s, "x"s, "\0"s, "@"s}) {
    std::string text = "daxrace 1\n";
    while (text.size() < 10'000'000) text += line;
    const auto result = parse_strict(text);
    ASSERT_TRUE(std::holds_alternative<ParseError>(result));
    const auto& error = std::get<ParseError>(result);
    EXPECT_EQ(error.line, 0);
    EXPECT_EQ(describe(error, "big"), "big: file is " + std::to_string(text.size()) +
                                          " bytes, more than the 2097152 that a program may have");
  }
}

TEST(TextError, DescribeIsOnePrintableLine) {
  const ParseError odd{3, 7, "bad\n\x1b[31m" + std::string(500, 'x'), "did you\tmean?"};
  const std::string text = describe(odd, std::string(400, '/') + "\nname\x80");
  EXPECT_LE(text.size(), 300u);
  for (const char c : text) EXPECT_TRUE(c >= ' ' && c <= '~');
  EXPECT_NE(text.find("?name?:3:7: bad??[31m"), std::string::npos);
  EXPECT_EQ(describe({3, 7, "wrong", "did you mean `a`?"}, "f"), "f:3:7: wrong; did you mean `a`?");
}

TEST(DidYouMean, NearAndFar) {
  const std::vector<std::string_view> words = {"load", "store", "truncate", "fsync"};
  EXPECT_EQ(did_you_mean("stoer", words), "store");
  EXPECT_EQ(did_you_mean("FSYNC", words), "fsync");
  EXPECT_EQ(did_you_mean("trunc", words), "truncate");
  EXPECT_EQ(did_you_mean("msync", words), "fsync");
  EXPECT_EQ(did_you_mean("open", words), "");
  EXPECT_EQ(did_you_mean("", words), "");
  EXPECT_EQ(did_you_mean("store", {}), "");
  EXPECT_EQ(did_you_mean(std::string(100000, 'a'), words), "");
  EXPECT_EQ(did_you_mean("b", {"a", "c"}), "");
}

}  // namespace
}  // namespace daxrace::scenario
