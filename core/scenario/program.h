/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program: files, processes, tasks, their operations, and what is expected of them. Scenarios, corpus
 * entries and findings are all programs; text.h reads and prints them.
 */
#ifndef DAXRACE_CORE_SCENARIO_PROGRAM_H_
#define DAXRACE_CORE_SCENARIO_PROGRAM_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/scenario/operation.h"

namespace daxrace::scenario {

inline constexpr int kFormatVersion = 1;

/* Bounds of a program. Strict reading refuses what is beyond them, lenient reading clips. */
inline constexpr int kFilesMax = 4;
inline constexpr int kProcessesMax = 4;
inline constexpr int kTasksMax = 8;
inline constexpr int kRegionsMax = 16;
inline constexpr int kSetupMax = 64;
inline constexpr int kOpsMax = 64;        /* of one task */
inline constexpr int kFilePmdsMax = 4;    /* size of a file, in PMDs */
inline constexpr int kPmdPagesMax = 512;  /* a power of two >= 2 */
inline constexpr int kCellsMax = 8;       /* cells of a page */
inline constexpr int kSwitchesMax = 4096; /* of one schedule */
inline constexpr uint32_t kStepMax = 1u << 20;
inline constexpr int kDrawsMax = 4096;   /* of one schedule */
inline constexpr int kNameMax = 32;      /* bytes of the name of a file, process, task or region */
inline constexpr int kWordMax = 64;      /* bytes of a row name, a verdict, a mirrored symbol */
inline constexpr int kSiteMax = 128;     /* bytes of the name of a scheduling point */
inline constexpr int kLineTextMax = 300; /* bytes of a title, a note, a signature */
inline constexpr int kNotesMax = 64;
inline constexpr int kMirrorsMax = 64;
inline constexpr int kRowsMax = 32;     /* of one `without` or `with` */
inline constexpr int kVerdictsMax = 16; /* of one expectation */
inline constexpr int kExpectationsMax = 32;
inline constexpr int kPreemptionsMax = 64;
inline constexpr int kOrdersMax = 32;

/* What a unit of memory is. A cell stands for a cache line. */
struct Geometry {
  int pmd_pages = 4;
  int cells = 2;
  bool operator==(const Geometry&) const = default;
};

/* The kernel that the program runs on. Empty version: the newest modelled. Row names are those of
 * patches.def; this layer does not know them: the model says whether they exist and go together. */
struct KernelChoice {
  std::string version;
  std::vector<std::string> without;
  std::vector<std::string> with;
  bool operator==(const KernelChoice&) const = default;
};

struct Config {
  KernelChoice kernel;
  Geometry geometry;
  bool pmd_mappings = true;        /* `pmd off`: a configuration without huge DAX mappings */
  bool eadr = false;               /* `eadr on`: what a CPU has stored survives without a flush */
  bool ddio = false;               /* `ddio on`: what a device writes goes into the caches of the CPUs */
  bool low_memory = false;         /* `memory low`: an allocation may have to free memory first */
  bool xfs = false;                /* `fs xfs`: a file system like XFS; else one like ext4 */
  bool swap_exclusive = true;      /* `swap no-exclusive`: architectures without the bit in swap entries */
  bool swap_stable_writes = false; /* `swap stable-writes`: a page must not change while it is written */
  bool operator==(const Config&) const = default;
};

struct Region {
  std::string name;
  int process = 0;
  bool operator==(const Region&) const = default;
};

struct Task {
  int process = 0;
  std::string name;
  std::vector<Operation> ops;
  bool operator==(const Task&) const = default;
};

/* `expect [kernel V|without ROW,...|with ROW,...:] never|VERDICT,... [preemptions=N]` */
struct Expectation {
  KernelChoice kernel;               /* all empty: the program's own */
  std::vector<std::string> verdicts; /* empty: never */
  std::optional<int> preemptions;    /* found with N, and not with fewer */
  bool operator==(const Expectation&) const = default;
};

/* Where a switch was taken: the pending event of the task that is preempted. Survives edits of the program
 * and the model, where a step number does not. */
struct Anchor {
  int task = -1;           /* index into Program::tasks; -1: none given */
  int op = 0;              /* index of its operation */
  std::string site;        /* name of the scheduling point */
  uint32_t occurrence = 0; /* how often this operation had come to that site before */
  bool operator==(const Anchor&) const = default;
};

/* `@STEP PROCESS.TASK [anchor]`: before that step, switch to that task. */
struct Switch {
  uint32_t step = 0;
  int task = 0;
  Anchor anchor;
  bool operator==(const Switch&) const = default;
};

/* `@STEP draw N`: the nondeterministic pick of that step has the value N instead of its default, 0. */
struct Draw {
  uint32_t step = 0;
  uint32_t value = 0;
  bool operator==(const Draw&) const = default;
};

struct Schedule {
  std::vector<Switch> switches; /* by step, at most one a step */
  std::vector<Draw> draws;      /* by step, at most one a step */
  bool empty() const { return switches.empty() && draws.empty(); }
  bool operator==(const Schedule&) const = default;
};

/* `order [FIRST] [THEN]`: of two events of different tasks, which came first. What a replay goes by when the
 * steps and the places of the switches are not what they were. */
struct Order {
  Anchor first;
  Anchor then;
  bool operator==(const Order&) const = default;
};

/* What a finding recorded when it was written: `found VERDICT`, `signature S`, `hash H`. */
struct Found {
  std::string verdict;
  std::string signature;
  uint64_t trace_hash = 0;
  bool operator==(const Found&) const = default;
};

struct Program {
  std::string title;
  std::string source;
  std::string question;
  std::vector<std::string> mirrors;
  std::vector<std::string> notes;
  Config config;
  std::vector<std::string> files;
  std::vector<std::string> processes;
  std::vector<Region> regions;
  std::vector<Operation> setup;
  std::vector<Task> tasks;
  std::vector<Expectation> expectations;
  std::optional<Found> found;
  std::vector<Order> orders; /* of a finding */
  Schedule schedule;
  bool operator==(const Program&) const = default;
};

}  // namespace daxrace::scenario

#endif  // DAXRACE_CORE_SCENARIO_PROGRAM_H_
