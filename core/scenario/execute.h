/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs programs: boots a model with the kernel that the program asks for, does its setup, and lets its tasks
 * run under a strategy, with all oracles watching. A Runner is reused; after load() an execution allocates
 * nothing.
 */
#ifndef DAXRACE_CORE_SCENARIO_EXECUTE_H_
#define DAXRACE_CORE_SCENARIO_EXECUTE_H_

#include <string>
#include <vector>

#include "core/engine/strategy_replay.h"
#include "core/oracle/oracle.h"
#include "core/scenario/program.h"

namespace daxrace::scenario {

class Runner {
 public:
  explicit Runner(engine::Limits limits = default_limits());

  static engine::Limits default_limits() {
    return {.steps_max = kStepMax / 5 * 4, /* so that each has a switch; the fair part is a quarter more */
            .tasks_max = kTasksMax + 1 + static_cast<int>(kernel::MODEL_DMA_MAX),
            .trace = false};
  }

  /* The program must be valid (as parse_strict and repair leave it) and outlive its executions. On a kernel
   * choice that cannot be returns false and says in one line why; `kernel` replaces the program's own choice.
   */
  bool load(const Program& program, std::string* error) {
    return load(program, program.config.kernel, error);
  }
  bool load(const Program& program, const KernelChoice& kernel, std::string* error);

  /* One execution. Its findings and model can be read until the next, and its trace if it has findings or the
   * strategy needs one. */
  engine::End run(engine::Strategy& strategy);

  engine::Execution& execution() { return execution_; }
  const engine::Execution& execution() const { return execution_; }
  oracle::OracleSet& oracles() { return oracles_; }
  const oracle::OracleSet& oracles() const { return oracles_; }
  const Program& program() const { return *program_; }
  const KernelChoice& kernel() const { return kernel_; }
  /* How the model is made for it. */
  const kernel::model_config& machine() const { return config_; }

  /* --- for the operations ----------------------------------------------------------------------------------
   */

  struct RegionPlan {
    int process = 0;
    int32_t address = 0; /* first page, in the process */
    int32_t file = 0;    /* what its mmap maps there, whether that has been done or not */
    int32_t offset = 0;  /* pages */
    int32_t length = 0;
    bool is_private = false;
  };
  /* Which of the program's open(2) this operation is. */
  uint32_t open_number(const Operation& op) const;
  /* The number of the inode that this open(2) with O_CREAT may make; -1: none is left. */
  int creat_inode(const Operation& op) const;
  const RegionPlan& region(int32_t index) const { return regions_[static_cast<size_t>(index)]; }
  /* The process of the task that runs; in setup that of the region. */
  int process_for(int32_t region) const;
  /* Of that region in that process, which may have it by fork. */
  unsigned int vma_of(int32_t region, int process) const;

 private:
  engine::End run_once(engine::Strategy& strategy);
  void plan_regions();
  void plan_private();
  void plan_life();
  void plan_steps();
  std::vector<std::string> file_names() const;
  void first_task();
  void run_ops(const std::vector<Operation>& ops);
  /* True: the process was killed. */
  bool run_op(const Operation& op, uint32_t index);

  engine::Execution execution_;
  oracle::OracleSet oracles_;
  const Program* program_ = nullptr;
  KernelChoice kernel_;
  bool has_forms_ = false; /* those of kernel_ */
  kernel::model_forms forms_{};
  kernel::model_config config_;
  bool signals_ = false; /* some operation sends them */
  bool map_sync_ = false;
  std::vector<RegionPlan> regions_;
  std::vector<uint8_t> open_files_; /* for each process, for each file */
  std::vector<const Operation*> opens_;
  std::vector<const Operation*> creats_;
  std::vector<kernel::pgoff_t> process_pages_;
  bool forks_ = false;
  std::vector<std::string> task_names_;
  std::vector<engine::RecordedSwitch> switches_; /* of an execution that is run again for its trace */
  std::vector<engine::RecordedDraw> draws_;
};

/* Whether some operation of the tasks or of setup needs that part of the machine. */
bool needs(const Program& program, OpNeeds part);

/* "P.A" of task `index` of the program; behind those, "dma.0" of the first request to the device. */
std::string task_label(const Program& program, int index);

/* Engine task 0 is the setup; task i of the program is i + 1. */
constexpr engine::TaskId engine_task(int index) { return static_cast<engine::TaskId>(index + 1); }

/*
 * What a finding is, whatever the values and steps: verdict, kinds of the operations involved, places.
 * Findings with the same signature are the same finding.
 */
std::string signature(const engine::Finding& finding, const Runner& runner);

/* The verdicts of the last execution, sorted. */
std::vector<std::string_view> verdicts(const engine::Execution& execution);

/* The kind of the operation that `task` was in at `step`; kCount: none. */
OpKind operation_at(const Runner& runner, engine::TaskId task, uint32_t step);

}  // namespace daxrace::scenario

#endif  // DAXRACE_CORE_SCENARIO_EXECUTE_H_
