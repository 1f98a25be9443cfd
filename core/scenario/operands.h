/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Draws operations and their operands, for generation and mutation. Everything follows from the argument
 * kinds of ops.def; nothing here knows an operation by name.
 *
 * Operands prefer files, pages and cells that the program uses already: where nothing is shared, nothing
 * races.
 */
#ifndef DAXRACE_CORE_SCENARIO_OPERANDS_H_
#define DAXRACE_CORE_SCENARIO_OPERANDS_H_

#include <array>
#include <cstdint>

#include "core/engine/random.h"
#include "core/scenario/program.h"

namespace daxrace::scenario {

/* A cell of a file. */
struct Place {
  int32_t file = 0;
  int32_t page = 0;
  int32_t cell = 0;
};

inline constexpr int kSetupTask = -1;

/*
 * The program may have any number of operations, but every index in it must resolve. `sharing` is in per
 * cent: how often an operand is taken from what is used. What is drawn may need a repair(): a mapping that
 * ends beyond the largest file, say.
 */
class Operands {
 public:
  Operands(engine::Random& random, Program& program, uint32_t sharing, int regions_max);

  /* A kind that may stand in `task` (an index or kSetupTask), by the weights of ops.def. Kinds that declare a
   * file are left out unless they are asked for: they are drawn for the sake of the file. */
  OpKind kind(int task);
  /* The same, but only of those with an argument of that kind. OpKind::kCount: there is none. */
  OpKind kind_with(int task, ArgKind arg);

  /* False: it has nothing to act on, or declares one region or file too many. What it
   * declares is added to the program. `near`: the place to share; null: any that is used. */
  bool draw(OpKind kind, int task, Operation& op, const Place* near = nullptr);

  /* Another value for one operand of `op`, which stands in `task`: a drawn one, a neighbour or a bound. */
  bool change(Operation& op, int task);

  /* A place that `op` touches. False: it touches none. */
  bool place_of(const Operation& op, Place& place);

  /* The operation of another program, or of another process, for `task` of this one: its regions become those
   * that map the same place. `regions` maps what it declared before, and grows; -1: nothing yet. */
  using Renamed = std::array<int32_t, kRegionsMax>;
  static Renamed nothing_renamed();
  bool adopt(Operands& source, const Operation& op, int task, Renamed& regions, Operation& adopted);

 private:
  struct Mapping {
    int32_t file = 0;
    int32_t offset = 0;
    int32_t pages = 0; /* 0: not declared */
  };

  void learn(const Operation& op);
  int process_of(int task) const;
  bool used_place(Place& place);
  bool shared_place(Place& place);
  bool draw_argument(ArgKind kind, size_t slot, int task, Operation& op);
  bool draw_address(int32_t* address, int task);
  bool declare_region(int32_t& slot, int task);
  int region_of(int task, const Place* place);
  int32_t page_in(int32_t pages);
  int32_t length_from(int32_t file, int32_t offset);
  int32_t pages_of_file(int32_t file) const;
  bool percent(uint32_t chance) { return random_.below(100) < chance; }
  bool neighbour(Operation& op, ArgKind kind, size_t slot);

  engine::Random& random_;
  Program& program_;
  uint32_t sharing_;
  size_t regions_max_;
  std::array<Mapping, kRegionsMax> mappings_{};
  std::array<int32_t, kFilesMax> file_pages_{};
  /* One place is used more than the others: races need several operations on the same one. */
  bool has_focus_ = false;
  Place focus_;
  bool shares_ = false; /* the operation that is being drawn */
  Place place_;
};

}  // namespace daxrace::scenario

#endif  // DAXRACE_CORE_SCENARIO_OPERANDS_H_
