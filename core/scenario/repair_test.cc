/* SPDX-License-Identifier: GPL-2.0-only */
/* repair() on programs that no reader would make. */
#include <gtest/gtest.h>

#include "core/engine/sanitized_for_test.h"
#include "core/scenario/text.h"

namespace daxrace::scenario {
namespace {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint32_t next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state_ >> 33);
  }
  uint32_t below(uint32_t bound) { return next() % bound; }
  bool one_in(uint32_t n) { return below(n) == 0; }
  /* Mostly near what is valid, sometimes far from it. */
  int32_t number() {
    if (one_in(8)) return static_cast<int32_t>(next() * 2u + below(2));
    return static_cast<int32_t>(below(24)) - 2;
  }
  std::string word() {
    constexpr std::string_view kWords[] = {
        "f",    "g",        "P",     "Q",    "A",         "r0",        "f0",    "",    "a b",
        "#",    "never",    "with",  "x-1",  "X",         "v5.18",     "v05.1", "a,b", "1st",
        "\xc3", "\xc3\xa9", "t # u", "## #", "tab\there", "line\nend", "a:b#1", "]",   " "};
    if (one_in(20)) return std::string(below(400), "a#\xa9 "[below(4)]);
    return std::string(kWords[below(std::size(kWords))]);
  }
  template <typename T, typename Make>
  std::vector<T> list(uint32_t most, Make make) {
    std::vector<T> items;
    for (uint32_t n = below(one_in(50) ? most * 20 : most + 1); n > 0; --n) items.push_back(make());
    return items;
  }
  std::vector<std::string> words(uint32_t most) {
    return list<std::string>(most, [this] { return word(); });
  }

 private:
  uint64_t state_;
};

KernelChoice any_kernel(Random& random) {
  return {random.one_in(2) ? "" : random.word(), random.words(2), random.words(2)};
}

Operation any_operation(Random& random) {
  Operation op;
  op.kind = static_cast<OpKind>(random.below(static_cast<uint32_t>(OpKind::kCount) + 2));
  for (int32_t& value : op.arg) value = random.number();
  return op;
}

Program any_program(uint64_t seed) {
  Random random(seed);
  Program program;
  const auto operation = [&] { return any_operation(random); };
  program.title = random.word();
  program.source = random.word();
  program.question = random.word();
  program.mirrors = random.words(3);
  program.notes = random.words(3);
  program.config.kernel = any_kernel(random);
  program.config.geometry = {random.number(), random.number()};
  program.config.pmd_mappings = random.one_in(2);
  program.files = random.words(5);
  program.processes = random.words(5);
  program.regions = random.list<Region>(6, [&] { return Region{random.word(), random.number()}; });
  program.setup = random.list<Operation>(12, operation);
  program.tasks = random.list<Task>(
      4, [&] { return Task{random.number(), random.word(), random.list<Operation>(8, operation)}; });
  program.expectations = random.list<Expectation>(3, [&] {
    Expectation expectation{any_kernel(random), random.words(2), {}};
    if (random.one_in(2)) expectation.preemptions = random.number();
    return expectation;
  });
  if (random.one_in(2)) program.found = Found{random.word(), random.word(), random.next()};
  program.orders = random.list<Order>(3, [&] {
    return Order{{random.number(), random.number(), random.word(), random.next()},
                 {random.number(), random.number(), random.word(), random.next()}};
  });
  program.schedule.switches = random.list<Switch>(5, [&] {
    const Anchor anchor{random.number(), random.number(), random.word(), random.next()};
    return Switch{static_cast<uint32_t>(random.number()), random.number(), anchor};
  });
  program.schedule.draws =
      random.list<Draw>(5, [&] { return Draw{static_cast<uint32_t>(random.number()), random.next()}; });
  return program;
}

TEST(Repair, AnyProgramBecomesOneThatStrictAccepts) {
  constexpr uint64_t kPrograms = kSanitized ? 5000 : 20000;
  size_t operations = 0;
  for (uint64_t seed = 0; seed < kPrograms; ++seed) {
    Program program = any_program(seed);
    print(program); /* must not fall over what does not resolve */
    repair(program);
    Program again = program;
    repair(again);
    ASSERT_EQ(again, program) << "seed " << seed;
    const std::string text = print(program);
    const auto result = parse_strict(text);
    if (const auto* error = std::get_if<ParseError>(&result)) {
      FAIL() << "seed " << seed << ": " << describe(*error, "text") << "\n" << text;
    }
    ASSERT_EQ(std::get<Program>(result), program) << "seed " << seed << "\n" << text;
    ASSERT_EQ(parse_lenient(text), program) << "seed " << seed << "\n" << text;
    for (const Task& task : program.tasks) operations += task.ops.size();
  }
  EXPECT_GT(operations, kPrograms); /* it repairs, and does not just throw away */
}

Program small_program() {
  auto result = parse_strict(
      "daxrace 1\nsetup\ncreat f size=1pmd\ncreat g size=1pg\nmmap P.a f 0 2pg shared rw\nmmap Q.b g 0 1pg "
      "shared r\n"
      "task P.A\nstore a+1pg.1\nload a\ntask Q.B\nload b\nfsync g\n");
  return std::get<Program>(result);
}

TEST(Repair, ReferencesAreMendedWithinTheProcess) {
  Program program = small_program();
  program.tasks[0].ops[0].arg = {1, 7, 5}; /* a region of the other process */
  program.tasks[1].ops[1].arg[0] = -3;     /* no file */
  program.tasks[0].ops[1].arg[5] = 99;     /* a slot that load does not have */
  repair(program);
  EXPECT_EQ(program.tasks[0].ops[0], (Operation{OpKind::k_store, {0, 1, 1}}));
  EXPECT_EQ(program.tasks[0].ops[1], (Operation{OpKind::k_load, {0, 0, 0}}));
  EXPECT_EQ(program.tasks[1].ops[1], (Operation{OpKind::k_fsync, {1}}));
}

TEST(Repair, WithoutItsMmapARegionGoes) {
  Program program = small_program();
  program.setup.erase(program.setup.begin() + 2);
  repair(program);
  EXPECT_EQ(program.regions, (std::vector<Region>{{"b", 0}}));
  EXPECT_EQ(program.processes, (std::vector<std::string>{"Q", "P"}));
  EXPECT_TRUE(program.tasks[0].ops.empty());
  EXPECT_EQ(program.tasks[1].ops[0], (Operation{OpKind::k_load, {0, 0, 0}}));
}

TEST(Repair, NamesAreMadeUnique) {
  Program program = small_program();
  program.files = {"f0", "f0"};
  program.processes = {"9", "P"};
  program.regions[1].name = "a";
  program.tasks[1].process = 0;
  program.tasks[1].name = "A";
  repair(program);
  EXPECT_EQ(program.files, (std::vector<std::string>{"f0", "f1"}));
  EXPECT_EQ(program.processes, (std::vector<std::string>{"Q", "P"}));
  EXPECT_EQ(program.regions[1].name, "r0");
  EXPECT_EQ(program.tasks[1].name, "B");
}

TEST(Repair, ScheduleIsSortedAndItsFirstChoicesStay) {
  Program program = small_program();
  program.schedule.switches = {{5, 1, {}}, {2, 0, {}}, {5, 0, {}}, {3, 9, {}}, {kStepMax + 1, 0, {}}};
  program.schedule.switches[0].anchor = {7, 0, "s", 0};
  program.schedule.draws = {{4, 1}, {4, 2}, {1, 3}};
  repair(program);
  EXPECT_EQ(program.schedule.switches, (std::vector<Switch>{{2, 0, {}}, {5, 1, {}}}));
  EXPECT_EQ(program.schedule.draws, (std::vector<Draw>{{1, 3}, {4, 1}}));
}

TEST(Repair, HalfAnExpectationIsNone) {
  Program program = small_program();
  program.expectations = {{{"5.18", {}, {}}, {"a"}, {}}, {{}, {"a", "B"}, {}}, {{}, {}, 3}};
  repair(program);
  EXPECT_EQ(program.expectations, (std::vector<Expectation>{{{}, {}, {}}}));
}

}  // namespace
}  // namespace daxrace::scenario
