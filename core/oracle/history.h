/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What has been written to each cell of each file, and of each process's private memory, in the order in
 * which it was applied, and when the operations that wrote it began and ended. Oracles judge by it; it judges
 * nothing.
 *
 * Times are steps. Everything is in the arena of the execution.
 */
#ifndef DAXRACE_CORE_ORACLE_HISTORY_H_
#define DAXRACE_CORE_ORACLE_HISTORY_H_

#include <cstdint>

#include "core/engine/execution.h"
#include "core/model/model.h"

namespace daxrace::oracle {

inline constexpr uint32_t kNever = UINT32_MAX;

/* One write to one cell. A truncation writes 0 to all cells behind the new end, a hole to all cells in it; a
 * collapse writes to each cell behind what it takes out what the cell had that comes to its place. */
struct Write {
  Write* older = nullptr;
  Write* same_op = nullptr; /* another of the same operation, until that returns */
  uint64_t value = 0;
  uint32_t order = 0; /* among the writes of its cell; 0: the hole that the file began as */
  uint32_t step = 0;  /* of the write itself */
  uint32_t invoked = 0;
  uint32_t returned =
      0; /* kNever: it has not. Also the return of an operation that read it, if that is earlier */
  uint32_t ended = 0; /* the return of its own operation; kNever: it has not */
  uint32_t op = 0;
  engine::TaskId task = engine::kNoTask;
  const kernel::mm_struct* mm = nullptr; /* private memory: of which process it was then */
  bool truncation = false;    /* not of data, but of what the file is made of: no crash image need have it
                               * or anything older */
  bool instantaneous = false; /* a store: done once it is visible */
  bool sync = false;          /* a store through a MAP_SYNC mapping */
  bool promised = false;      /* an fsync, or a flush and a fence of a sync store, that returned covers it */
};

struct Cell {
  Write* newest = nullptr; /* null: never touched */
  Cell* next_touched = nullptr;
  uint64_t index = 0;
  const kernel::inode* inode = nullptr; /* null: private memory */
  const kernel::mm_struct* mm = nullptr;
};

/* A cell that the present operation of a task has read. */
struct Read {
  Read* next;
  Cell* cell;
  Write* write; /* what it returned; null: not known which */
};

/* A page that GUP has found: until it is given back. In the arena. */
struct Pin {
  static constexpr uint64_t kNotMoved = ~uint64_t{0};
  Pin* next;
  const kernel::mm_struct* mm; /* whose private memory; null: the page is a file's */
  const kernel::inode* inode;
  uint64_t cell; /* the first of the page */
  uint64_t pfn;
  engine::TaskId task;
  uint32_t op;
  uint32_t step;
  bool writes;    /* FOLL_WRITE */
  bool reference; /* FOLL_GET */
  bool discarded; /* the process has given the page up since */
  bool forked;    /* ... or shared it */
  bool tentative; /* GUP may yet give it back: it is not a promise */
  uint64_t moved; /* meanwhile: the frame that the page is in; kNotMoved */
};

/* Cells that the present operation of a task has made zeros of. */
struct Zeroed {
  const Zeroed* older;
  const kernel::inode* inode;
  uint64_t cell;
  uint64_t end;
  uint32_t step;
};

struct TaskHistory {
  uint32_t invoked = 0;
  uint32_t op = 0;
  bool in_op = false;
  bool no_space = false; /* since it was invoked */
  kernel::model_op kind = kernel::model_op::none;
  Write* writes = nullptr;
  Read* reads = nullptr;
  const Zeroed* zeroed = nullptr;
};

class FileHistory {
 public:
  /* At the start of an execution, once the model is booted. */
  void begin(engine::Execution& execution, const kernel::model& model);
  void on_event(const kernel::model_event& event);

  const kernel::model& model() const { return *model_; }
  engine::Execution& execution() const { return *execution_; }
  TaskHistory& task(engine::TaskId id) { return tasks_[id]; }
  const TaskHistory& task(engine::TaskId id) const { return tasks_[id]; }
  Cell& cell(const kernel::inode* inode, uint64_t index);
  Cell& cell(const kernel::mm_struct* mm, uint64_t index);
  /* Of the file or, if there is one, the process that the event is about. */
  Cell& cell(const kernel::model_event& event) {
    return event.mm != nullptr ? cell(event.mm, event.cell) : cell(event.inode, event.cell);
  }
  /* All cells that were written, the latest first. */
  Cell* touched() const { return touched_; }
  const Pin* pins() const { return pins_; }
  /* Whether the event says that this pin is kept or given back. */
  static bool is_of(const Pin& pin, const kernel::model_event& event);
  /* Step of the last change of the file's size. */
  uint32_t resized(const kernel::inode* inode) const { return resized_[inode->id]; }

  /* The newest write of that value; null if there is none. */
  static Write* find(const Cell& cell, uint64_t value);
  /* A write that ended before `time` and began after `write` had ended: it hides `write` from whoever begins
   * then. */
  static const Write* overwritten(const Cell& cell, const Write& write, uint32_t time);

  /* Of dma_read and dma_write: whether the page is still that of its place: the file has it there, the
   * process has not given it up. */
  bool reaches(const kernel::model_event& event) const;

  /* Whether the page still is what it was when it was pinned. */
  static bool owned(const kernel::model_pin& pin);

  engine::Hash128 state_hash() const;

 private:
  Write& add(const kernel::model_event& event, Cell& cell, uint64_t value);
  Write& push(Cell& cell, engine::TaskId by, uint64_t value);
  void begin_as_hole(const kernel::model_event& event, Cell& cell);
  void touch(const kernel::model_event& event, Cell& cell);
  void on_zeroed(const kernel::model_event& event, uint64_t end);
  void on_collapsed(const kernel::model_event& event);
  void on_private(const kernel::model_event& event);
  void on_pin(const kernel::model_event& event);
  void on_return(TaskHistory& task);
  uint64_t file_cells() const { return model_->config.file_pages * model_->config.cells; }
  uint32_t now() const { return execution_->steps() == 0 ? 0 : execution_->steps() - 1; }

  engine::Execution* execution_ = nullptr;
  const kernel::model* model_ = nullptr;
  Cell* cells_ = nullptr;
  Cell** private_cells_ = nullptr; /* by process; null: the program has no private memory */
  Cell* touched_ = nullptr;
  Pin* pins_ = nullptr;
  TaskHistory* tasks_ = nullptr;
  uint32_t* resized_ = nullptr;
};

}  // namespace daxrace::oracle

#endif  // DAXRACE_CORE_ORACLE_HISTORY_H_
