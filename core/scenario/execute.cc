/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/scenario/execute.h"

#include <algorithm>

#include "core/model/signal.h"
#include "core/scenario/operations.h"

namespace daxrace::scenario {

Runner::Runner(engine::Limits limits) : execution_(limits), oracles_(execution_) {}

bool needs(const Program& program, OpNeeds part) {
  auto uses = [part](const Operation& op) { return op_info(op.kind).needs == part; };
  return std::ranges::any_of(program.setup, uses) ||
         std::ranges::any_of(program.tasks,
                             [&](const Task& task) { return std::ranges::any_of(task.ops, uses); });
}

std::string task_label(const Program& program, int index) {
  const auto devices = static_cast<int>(program.tasks.size());
  if (index >= devices) return "dma." + std::to_string(index - devices);
  const Task& task = program.tasks[static_cast<size_t>(index)];
  return program.processes[static_cast<size_t>(task.process)] + "." + task.name;
}

static std::vector<std::string> region_names(const Program& program) {
  std::vector<std::string> names;
  for (const Region& region : program.regions) names.push_back(region.name);
  return names;
}

/*
 * Every region has PMDs of its own, and the colour of its file offset, as mmap(2) gives to mappings of a DAX
 * file that are large enough for a PMD.
 */
void Runner::plan_regions() {
  const Program& program = *program_;
  const int pmd = program.config.geometry.pmd_pages;
  map_sync_ = false;
  regions_.assign(program.regions.size(), {});
  process_pages_.assign(program.processes.size(), static_cast<kernel::pgoff_t>(pmd));
  forks_ = false;
  for (const Task& task : program.tasks) {
    for (const Operation& op : task.ops) forks_ = forks_ || op.kind == OpKind::k_fork;
  }
  auto place = [&](const Operation& op) {
    if (slot_of(op.kind, ArgKind::kNewRegion) < 0) return;
    const bool file = op.kind == OpKind::k_mmap;
    auto index = static_cast<size_t>(argument(op, ArgKind::kNewRegion));
    RegionPlan& plan = regions_[index];
    plan.process = program.regions[index].process;
    plan.file = file ? argument(op, ArgKind::kFile) : -1;
    plan.offset = file ? argument(op, ArgKind::kOffset) : 0;
    plan.length = argument(op, ArgKind::kLength);
    plan.is_private = !file || (argument(op, ArgKind::kProt) & kProtPrivate) != 0;
    map_sync_ = map_sync_ || (file && (argument(op, ArgKind::kProt) & kProtSync) != 0);
    kernel::pgoff_t& end = process_pages_[forks_ ? 0 : static_cast<size_t>(plan.process)];
    int32_t colour = plan.offset % pmd;
    int32_t length = plan.length;
    plan.address = static_cast<int32_t>(end) + colour;
    end += static_cast<kernel::pgoff_t>((colour + length + pmd - 1) / pmd * pmd);
  };
  for (const Operation& op : program.setup) place(op);
  for (const Task& task : program.tasks) {
    for (const Operation& op : task.ops) place(op);
  }
  /* What a child has inherited must not be in the way of what it maps itself. */
  if (forks_) std::ranges::fill(process_pages_, process_pages_[0]);
}

int Runner::process_for(int32_t region) const {
  const engine::TaskId task = execution_.self();
  return task == 0 ? regions_[static_cast<size_t>(region)].process : program_->tasks[task - 1u].process;
}

unsigned int Runner::vma_of(int32_t region, int process) const {
  const auto count = static_cast<unsigned int>(regions_.size());
  const auto index = static_cast<unsigned int>(region);
  if (process == regions_[static_cast<size_t>(region)].process) return index;
  return count * (1u + static_cast<unsigned int>(process)) + index;
}

/* Page frames for every page of private memory, as it is in each process and as it is being copied. */
void Runner::plan_private() {
  constexpr unsigned int kFoliosMax = 256;
  const Program& program = *program_;
  const auto processes = static_cast<unsigned int>(program.processes.size());
  unsigned int pages = 0;
  for (const RegionPlan& plan : regions_) {
    if (plan.is_private) pages += static_cast<unsigned int>(plan.length);
  }
  if (pages == 0 && !needs(program, OpNeeds::kMemory)) return;
  config_.nr_folios = std::min(kFoliosMax, 2 * pages * (forks_ ? processes : 1) +
                                               2 * static_cast<unsigned int>(program.tasks.size()) + 2);
  if (forks_) config_.nr_vmas *= 1 + processes;
  config_.swap_exclusive = program.config.swap_exclusive;
  config_.swap_stable_writes = program.config.swap_stable_writes;
}

/* The longest operations go through all pages of a file, wherever they are mapped. Seen were ten steps a page
 * (a truncate, and a write of eight cells a page), and in small programs 500 (of 13 million operations). */
void Runner::plan_steps() {
  constexpr uint32_t kAny = 500;
  constexpr uint32_t kPage = 12;
  const Program& program = *program_;
  auto pages = static_cast<uint32_t>(config_.file_pages) * static_cast<uint32_t>(program.files.size());
  for (const RegionPlan& plan : regions_)
    pages += static_cast<uint32_t>(plan.length) * (forks_ ? config_.nr_mms : 1);
  execution_.set_op_steps_max(kAny + kPage * pages);
}

static bool by_descriptor(OpKind kind) {
  return slot_of(kind, ArgKind::kFile) >= 0 && kind != OpKind::k_unlink && kind != OpKind::k_rename &&
         kind != OpKind::k_open && kind != OpKind::k_opencreat && kind != OpKind::k_rmdir;
}

/* A process has those files open from the start that it ever uses by a descriptor. */
void Runner::plan_life() {
  /* Each open(2) that may make a file has an inode for it, up to here; ENOSPC for those behind. */
  constexpr unsigned int kCreatsMax = 16;
  const Program& program = *program_;
  config_.kills = false;
  signals_ = false;
  opens_.clear();
  creats_.clear();
  auto look = [&](const Operation& op) {
    config_.kills = config_.kills || op.kind == OpKind::k_killall;
    signals_ = signals_ || op.kind == OpKind::k_killall || op.kind == OpKind::k_signal;
    config_.shrinks = config_.shrinks || op.kind == OpKind::k_dropslab;
    if (op.kind == OpKind::k_opencreat && creats_.size() < kCreatsMax) creats_.push_back(&op);
    if (op.kind == OpKind::k_open || op.kind == OpKind::k_opencreat) opens_.push_back(&op);
  };
  for (const Task& task : program.tasks) std::ranges::for_each(task.ops, look);
  config_.nr_creats = static_cast<unsigned int>(creats_.size());
  config_.nr_inodes += config_.nr_creats;
  config_.nr_opens = static_cast<unsigned int>(opens_.size());

  /* Never empty: without files, too, processes end. */
  open_files_.assign(program.processes.size() * config_.nr_inodes + 1, 0);
  auto use = [&](const Operation& op, int process) {
    if (!by_descriptor(op.kind)) return;
    open_files_[static_cast<size_t>(process) * config_.nr_inodes +
                static_cast<size_t>(argument(op, ArgKind::kFile))] = 1;
  };
  for (const Operation& op : program.setup) {
    if (op.kind == OpKind::k_mmap) use(op, region(argument(op, ArgKind::kNewRegion)).process);
    if (op.kind == OpKind::k_mkdir) config_.directories |= 1u << argument(op, ArgKind::kNewFile);
  }
  for (const Task& task : program.tasks) {
    for (const Operation& op : task.ops) use(op, task.process);
  }
  config_.low_memory = program.config.low_memory;
  config_.shrinks = config_.shrinks || config_.low_memory;
  const bool life = needs(program, OpNeeds::kLife) || config_.low_memory;
  config_.open_files = life ? open_files_.data() : nullptr;
}

/* What a file is called that replaces another one. */
std::vector<std::string> Runner::file_names() const {
  std::vector<std::string> names = program_->files;
  for (const Operation* op : creats_)
    names.push_back("a new " + program_->files[static_cast<size_t>(argument(*op, ArgKind::kFile))]);
  return names;
}

int Runner::creat_inode(const Operation& op) const {
  const auto found = std::find(creats_.begin(), creats_.end(), &op);
  if (found == creats_.end()) return -1;
  return static_cast<int>(program_->files.size()) + static_cast<int>(found - creats_.begin());
}

uint32_t Runner::open_number(const Operation& op) const {
  return static_cast<uint32_t>(std::find(opens_.begin(), opens_.end(), &op) - opens_.begin());
}

bool Runner::load(const Program& program, const KernelChoice& kernel, std::string* error) {
  /* A fuzzer loads a program for each execution, and all for one kernel. */
  if (!has_forms_ || kernel != kernel_) {
    has_forms_ = kernel::select_forms({kernel.version, kernel.without, kernel.with}, &forms_, error);
    if (!has_forms_) return false;
    kernel_ = kernel;
  }
  program_ = &program;
  plan_regions();
  task_names_.clear();
  for (size_t i = 0; i < program.tasks.size(); ++i)
    task_names_.push_back(task_label(program, static_cast<int>(i)));
  const Geometry& geometry = program.config.geometry;
  config_ = {};
  config_.pmd_nr = static_cast<unsigned int>(geometry.pmd_pages);
  config_.cells = static_cast<unsigned int>(geometry.cells);
  config_.pmd_mappings = program.config.pmd_mappings;
  config_.eadr = program.config.eadr;
  config_.ddio = program.config.ddio;
  config_.xfs = program.config.xfs;
  config_.forms = &forms_;
  config_.nr_inodes = static_cast<unsigned int>(program.files.size());
  config_.nr_mms = static_cast<unsigned int>(program.processes.size());
  config_.nr_vmas = static_cast<unsigned int>(program.regions.size());
  config_.rdma = needs(program, OpNeeds::kRdma);
  config_.dma = config_.rdma || needs(program, OpNeeds::kDevices);
  config_.unbind = needs(program, OpNeeds::kUnbind);
  config_.pages = config_.dma || config_.unbind;
  config_.nr_tasks =
      static_cast<unsigned int>(program.tasks.size()) + 1 + (config_.dma ? kernel::MODEL_DMA_MAX : 0);
  config_.file_pages = static_cast<kernel::pgoff_t>(geometry.pmd_pages) * kFilePmdsMax;
  config_.mm_pages = process_pages_.data();
  config_.map_sync = map_sync_;
  plan_life();
  config_.observer = &oracles_;
  plan_private();
  plan_steps();
  oracles_.set_names({file_names(), region_names(program), program.processes});
  return true;
}

bool Runner::run_op(const Operation& op, uint32_t index) {
  OpContext context{*this, op, oracle::value_of(execution_.self(), index)};
  execution_.invoke(index, DAXRACE_SITE("invoke", ""));
  const OpEntry& entry = op_entry(op.kind);
  entry.describe(context);
  kernel::model_event event{kernel::model_event_kind::invoke, context.kind};
  event.inode = context.inode;
  event.mm = context.mm;
  event.cell = context.cell;
  kernel::model_emit(event);
  /* A crash does not come back. */
  if (op.kind == OpKind::k_crash) execution_.count_standing(static_cast<uint32_t>(op.kind));
  int result = entry.run(context);
  /* exit_to_user_mode_loop(): a signal is taken on the way back from a system call. */
  const bool killed =
      signals_ && execution_.self() != 0 && kernel::get_signal() == kernel::model_signal::killed;
  if (result == -kernel::MODEL_ERESTARTSYS) result = -EINTR; /* no SA_RESTART */
  if (killed) op_entry(OpKind::k_exit).run(context);
  execution_.ret(static_cast<uint64_t>(static_cast<int64_t>(result)), DAXRACE_SITE("ret", ""));
  execution_.count_standing(static_cast<uint32_t>(op.kind));
  event.kind = kernel::model_event_kind::ret;
  event.inode = context.inode;
  event.result = result;
  kernel::model_emit(event);
  return killed;
}

void Runner::run_ops(const std::vector<Operation>& ops) {
  for (size_t i = 0; i < ops.size(); ++i) {
    const bool killed = run_op(ops[i], static_cast<uint32_t>(i));
    if (killed) break;
  }
  /* Nothing lives on behind the last operation. */
  execution_.op_boundary(static_cast<uint32_t>(ops.size()));
}

void Runner::first_task() {
  oracles_.begin(*kernel::model_boot(config_));
  run_ops(program_->setup);
  for (size_t i = 0; i < program_->tasks.size(); ++i) {
    const std::vector<Operation>* ops = &program_->tasks[i].ops;
    execution_.spawn([this, ops] { run_ops(*ops); }, task_names_[i]);
  }
}

engine::End Runner::run(engine::Strategy& strategy) {
  engine::End end = run_once(strategy);
  /* A search abandons an execution where nothing new lies ahead. With a finding in it it has to come to its
   * end: what is recorded must be what a replay shows, headline and trace. */
  const bool whole = execution_.traced() && end != engine::End::kAbandoned;
  if (execution_.findings().empty() || whole) return end;
  engine::record_choices(execution_, switches_, draws_);
  engine::ReplayStrategy replay(switches_, draws_);
  if (strategy.needs().state) replay.keep_state();
  replay.begin();
  return run_once(replay);
}

engine::End Runner::run_once(engine::Strategy& strategy) {
  engine::End end =
      execution_.run(strategy, [](void* arg) { static_cast<Runner*>(arg)->first_task(); }, this);
  if (end == engine::End::kFinished) oracles_.on_quiesce();
  if (execution_.crashed()) oracles_.on_crash();
  return end;
}

OpKind operation_at(const Runner& runner, engine::TaskId task, uint32_t step) {
  if (task == engine::kNoTask) return OpKind::kCount;
  const Program& program = runner.program();
  if (task > program.tasks.size()) return OpKind::kCount; /* a device */
  const auto& ops = task == 0 ? program.setup : program.tasks[task - 1u].ops;
  auto trace = runner.execution().trace();
  for (size_t i = std::min<size_t>(step + 1, trace.size()); i > 0; --i) {
    const engine::Event& event = trace[i - 1];
    if (event.task != task || event.kind != engine::EventKind::k_invoke) continue;
    return event.value < ops.size() ? ops[event.value].kind : OpKind::kCount;
  }
  return OpKind::kCount;
}

std::string signature(const engine::Finding& finding, const Runner& runner) {
  auto kind = [&](engine::TaskId task, uint32_t step) {
    OpKind op = operation_at(runner, task, step);
    return op == OpKind::kCount ? std::string("-") : std::string(op_info(op).name);
  };
  std::string text(finding.verdict);
  text += "/" + kind(finding.task, finding.step) + "/" + kind(finding.other_task, finding.other_step);
  if (finding.site != &engine::kAnonymousSite) text += "/" + finding.site->name();
  if (finding.other_site != &engine::kAnonymousSite) text += "/" + finding.other_site->name();
  return text;
}

std::vector<std::string_view> verdicts(const engine::Execution& execution) {
  std::vector<std::string_view> list;
  for (const engine::Finding& finding : execution.findings()) list.push_back(finding.verdict);
  std::sort(list.begin(), list.end());
  return list;
}

}  // namespace daxrace::scenario
