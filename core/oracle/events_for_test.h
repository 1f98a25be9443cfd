/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of oracles: events made up one by one, each in a step of its own, over a machine whose content
 * and durable image are set by hand. A file of four pages, one cell each; tasks A, B, C are 1, 2, 3.
 */
#ifndef DAXRACE_CORE_ORACLE_EVENTS_FOR_TEST_H_
#define DAXRACE_CORE_ORACLE_EVENTS_FOR_TEST_H_

#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <vector>

#include "core/engine/strategies.h"
#include "core/oracle/oracle.h"

namespace daxrace::oracle {

using Kind = kernel::model_event_kind;
using Op = kernel::model_op;

class EventTest : public testing::Test {
 protected:
  static constexpr engine::TaskId A = 1, B = 2, C = 3;
  static constexpr uint64_t kPages = 4;
  using Verdicts = std::vector<std::string_view>;

  EventTest() { oracles_.set_names({{"f", "g"}, {}, {"P"}}); }

  /* Plays the script; what was found of it. */
  Verdicts play(const std::function<void()>& script) {
    Play play{this, &script};
    auto strategy = engine::find_strategy("random")->make({});
    strategy->begin();
    execution_.run(
        *strategy, [](void* arg) { static_cast<Play*>(arg)->test->boot(static_cast<Play*>(arg)); }, &play);
    Verdicts verdicts;
    for (const engine::Finding& finding : execution_.findings()) verdicts.push_back(finding.verdict);
    return verdicts;
  }
  /* The sentence of the only finding of the last play. */
  std::string sentence() const {
    EXPECT_EQ(1u, execution_.findings().size());
    const engine::Finding* finding = execution_.headline();
    return finding == nullptr ? "" : finding->describe(*finding, execution_);
  }

  /* --- in a script --- */

  void tick() { execution_.choose(1); }
  void emit(kernel::model_event event) {
    tick();
    event.op_index = ops_[event.task];
    oracles_.on_event(event);
  }
  void invoke(engine::TaskId task, Op op, uint64_t cell = 0, int file = 0) {
    emit({.kind = Kind::invoke, .op = op, .task = task, .inode = inode(file), .cell = cell});
    op_[task] = {.kind = Kind::ret, .op = op, .task = task, .inode = inode(file), .cell = cell};
  }
  void ret(engine::TaskId task, int result = 0) {
    op_[task].result = result;
    emit(op_[task]);
    ++ops_[task];
  }
  /* The value names task and operation. */
  uint64_t value(engine::TaskId task) const { return value_of(task, ops_[task]); }
  void at(Kind kind, engine::TaskId task, uint64_t cell, uint64_t value, int file = 0) {
    emit({.kind = kind, .task = task, .inode = inode(file), .cell = cell, .value = value});
  }
  /* Whole operations. */
  uint64_t store(engine::TaskId task, uint64_t cell) {
    uint64_t stored = value(task);
    invoke(task, Op::store, cell);
    at(Kind::store, task, cell, stored);
    ret(task);
    return stored;
  }
  uint64_t write(engine::TaskId task, uint64_t cell) {
    uint64_t written = value(task);
    invoke(task, Op::write);
    at(Kind::write_cell, task, cell, written);
    ret(task, 1);
    return written;
  }
  void load(engine::TaskId task, uint64_t cell, uint64_t value) {
    invoke(task, Op::load, cell);
    at(Kind::load, task, cell, value);
    ret(task);
  }
  void fsync(engine::TaskId task, int file = 0) {
    invoke(task, Op::fsync, 0, file);
    ret(task);
  }
  void truncate(engine::TaskId task, uint64_t pages) {
    invoke(task, Op::truncate);
    at(Kind::truncated, task, pages, 0);
    set_size(pages);
    ret(task);
  }

  const kernel::mm_struct* mm(int process) const { return &machine_->mms[process]; }
  kernel::inode* inode(int file = 0) const { return &machine_->inodes[file]; }
  kernel::pmem_cell& line(uint64_t cell) const { return machine_->cells[cell]; }
  void set_durable(uint64_t cell, uint64_t value) { line(cell).durable = value; }
  void set_content(uint64_t cell, uint64_t value) {
    line(cell).data.store_here(value, engine::Order::kRelaxed);
  }
  void set_size(uint64_t pages) { inode()->i_size.store_here(pages, engine::Order::kRelaxed); }

  engine::Execution execution_{{.steps_max = 10000, .tasks_max = 4}};
  OracleSet oracles_{execution_};
  kernel::model* machine_ = nullptr;
  bool unbind_ = false;                 /* of a machine whose driver may go */
  const uint8_t* open_files_ = nullptr; /* of a machine whose inodes do not live for ever */

 private:
  struct Play {
    EventTest* test;
    const std::function<void()>* script;
  };

  void boot(const Play* play) {
    static const kernel::pgoff_t mm_pages[] = {kPages, kPages};
    static kernel::model_forms forms;
    std::string error;
    kernel::select_forms({}, &forms, &error);
    kernel::model_config config;
    config.forms = &forms;
    config.pages = true;
    config.unbind = unbind_;
    config.cells = 1;
    config.nr_inodes = 2;
    config.nr_mms = 2;
    config.nr_folios = 1;
    config.nr_vmas = 1;
    config.open_files = open_files_;
    config.nr_tasks = 4;
    config.file_pages = kPages;
    config.mm_pages = mm_pages;
    config.observer = &oracles_;
    machine_ = kernel::model_boot(config);
    for (const char* name : {"A", "B", "C"}) execution_.spawn([] {}, name);
    /* Page i of the file is block i, and that has committed. */
    set_size(kPages);
    inode()->committed_size = kPages;
    for (uint32_t page = 0; page < kPages; ++page) {
      inode()->i_block[page].write(page + 1);
      inode()->committed_block[page] = page + 1;
    }
    machine_->nr_free -= kPages;
    for (uint32_t i = 0; i < machine_->nr_free; ++i) machine_->free_stack[i] = kPages + i;
    for (uint32_t& op : ops_) op = 0;
    oracles_.begin(*machine_);
    (*play->script)();
  }

  kernel::model_event op_[4] = {};
  uint32_t ops_[4] = {};
};

}  // namespace daxrace::oracle

#endif  // DAXRACE_CORE_ORACLE_EVENTS_FOR_TEST_H_
