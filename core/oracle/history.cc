/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/oracle/history.h"

#include <algorithm>

#include "core/model/gup.h"

namespace daxrace::oracle {

using kernel::model_event;
using kernel::model_event_kind;

void FileHistory::begin(engine::Execution& execution, const kernel::model& model) {
  engine::Arena& arena = execution.arena();
  const kernel::model_config& config = model.config;
  execution_ = &execution;
  model_ = &model;
  cells_ = arena.make_array<Cell>(config.nr_inodes * config.file_pages * config.cells);
  tasks_ = arena.make_array<TaskHistory>(config.nr_tasks);
  resized_ = arena.make_array<uint32_t>(config.nr_inodes);
  touched_ = nullptr;
  private_cells_ = nullptr;
  pins_ = nullptr;
  if (config.nr_folios == 0) return;
  private_cells_ = arena.make_array<Cell*>(config.nr_mms);
  for (unsigned int i = 0; i < config.nr_mms; ++i)
    private_cells_[i] = arena.make_array<Cell>(config.mm_pages[i] * config.cells);
}

Cell& FileHistory::cell(const kernel::mm_struct* mm, uint64_t index) { return private_cells_[mm->id][index]; }

/* From now on there is something to say about the cell. */
void FileHistory::touch(const model_event& event, Cell& cell) {
  if (cell.inode != nullptr || cell.mm != nullptr) return;
  cell.next_touched = touched_;
  cell.mm = event.mm;
  cell.inode = event.mm != nullptr ? nullptr : event.inode;
  cell.index = event.cell;
  touched_ = &cell;
}

bool FileHistory::is_of(const Pin& pin, const model_event& event) {
  if (event.kind != model_event_kind::kept && event.kind != model_event_kind::unpinned) return false;
  return pin.pfn == event.value && pin.task == event.pin->task && pin.op == event.pin->op &&
         pin.step == event.pin->step;
}

void FileHistory::on_pin(const model_event& event) {
  if (event.kind == model_event_kind::pinned) {
    pins_ = execution_->arena().make<Pin>(
        Pin{pins_, event.mm, event.inode, event.cell, event.value, event.pin->task, event.pin->op,
            event.pin->step, (event.pin->flags & kernel::FOLL_WRITE) != 0,
            (event.pin->flags & kernel::FOLL_GET) != 0, false, false, event.pin->tentative, Pin::kNotMoved});
    return;
  }
  const uint64_t page = event.cell - event.cell % model_->config.cells;
  for (Pin** link = &pins_; *link != nullptr; link = &(*link)->next) {
    Pin& pin = **link;
    if (pin.mm != event.mm || pin.inode != event.inode || pin.cell != page) continue;
    if (event.kind == model_event_kind::discarded) pin.discarded = true;
    if (event.kind == model_event_kind::forked) pin.forked = true;
    if (event.kind == model_event_kind::mapped && pin.tentative && !pin.discarded)
      pin.moved = pin.pfn == event.value ? Pin::kNotMoved : event.value;
    if (!is_of(pin, event)) continue;
    if (event.kind == model_event_kind::kept)
      pin.tentative = false;
    else
      *link = pin.next;
    return;
  }
}

bool FileHistory::reaches(const model_event& event) const {
  /* Behind the end there is no file: a truncation has begun that has yet to free the block. */
  if (event.mm == nullptr)
    return owned(*event.pin) && event.cell < event.inode->i_size.peek() * model_->config.cells;
  const uint64_t page = event.cell - event.cell % model_->config.cells;
  for (const Pin* pin = pins_; pin != nullptr; pin = pin->next) {
    if (pin->mm == event.mm && pin->cell == page && pin->pfn == event.file_cell && !pin->discarded)
      return true;
  }
  return false;
}

/* What happens to private memory other than that it is written to. */
void FileHistory::on_private(const model_event& event) {
  Cell& own = cell(event);
  if (event.kind == model_event_kind::forked) {
    /* Writes are shared from here down: the past is the same. */
    Cell& child = cell(event.child, event.cell);
    model_event about = event;
    about.mm = event.child;
    if (own.newest != nullptr) touch(about, child);
    child.newest = own.newest;
  } else if (event.kind == model_event_kind::copied) {
    touch(event, own);
    own.newest = nullptr;
    add(event, own, event.value);
    own.newest->older = nullptr; /* it was never a hole */
  } else {
    for (uint64_t i = 0; i < model_->config.cells; ++i) {
      Cell& each = cell(event.mm, event.cell + i);
      if (event.value == 0) each.newest = nullptr;
      if (each.newest != nullptr) add(event, each, 0);
    }
  }
}

Cell& FileHistory::cell(const kernel::inode* inode, uint64_t index) {
  return cells_[inode->id * model_->config.file_pages * model_->config.cells + index];
}

void FileHistory::on_zeroed(const model_event& event, uint64_t end) {
  TaskHistory& task = tasks_[event.task];
  task.zeroed = execution_->arena().make<Zeroed>(Zeroed{task.zeroed, event.inode, event.cell, end, now()});
  for (uint64_t c = event.cell; c < end; ++c) {
    if (cell(event.inode, c).newest != nullptr) add(event, cell(event.inode, c), 0);
  }
}

/* In ascending order: a cell is read before it is written to. */
void FileHistory::on_collapsed(const model_event& event) {
  const uint64_t taken = event.end - event.cell;
  model_event about = event;
  for (; about.cell < file_cells(); ++about.cell) {
    const uint64_t from = about.cell + taken;
    const Write* moved = from < file_cells() ? cell(event.inode, from).newest : nullptr;
    Cell& to = cell(about);
    if (moved != nullptr || to.newest != nullptr) add(about, to, moved != nullptr ? moved->value : 0);
  }
}

Write& FileHistory::push(Cell& cell, engine::TaskId by, uint64_t value) {
  TaskHistory& task = tasks_[by];
  Write& write = *execution_->arena().make<Write>();
  write.older = cell.newest;
  write.order = cell.newest->order + 1;
  write.value = value;
  write.step = now();
  write.invoked = task.invoked;
  write.returned = kNever;
  write.ended = kNever;
  write.op = task.op;
  write.task = by;
  write.same_op = task.writes;
  task.writes = &write;
  cell.newest = &write;
  return write;
}

/* Operations that still run may have made zeros of it: until they return, what is written now may have been
 * there before those zeros. The latest of them will do, since they exclude each other. */
void FileHistory::begin_as_hole(const model_event& event, Cell& cell) {
  cell.newest = execution_->arena().make<Write>();
  touch(event, cell);
  if (event.mm != nullptr) return;
  const Zeroed* latest = nullptr;
  engine::TaskId by = 0;
  for (engine::TaskId i = 0; i < model_->config.nr_tasks; ++i) {
    for (const Zeroed* zeroed = tasks_[i].zeroed; zeroed != nullptr; zeroed = zeroed->older) {
      if (zeroed->inode != event.inode || event.cell < zeroed->cell || event.cell >= zeroed->end) continue;
      if (latest != nullptr && latest->step >= zeroed->step) continue;
      latest = zeroed;
      by = i;
    }
  }
  if (latest == nullptr) return;
  Write& write = push(cell, by, 0);
  write.step = latest->step;
  write.truncation = true;
}

Write& FileHistory::add(const model_event& event, Cell& cell, uint64_t value) {
  if (cell.newest == nullptr) begin_as_hole(event, cell);
  Write& write = push(cell, event.task, value);
  write.op = event.op_index;
  write.mm = event.mm;
  write.instantaneous = event.kind == model_event_kind::store;
  write.sync = event.sync;
  write.truncation = event.kind == model_event_kind::truncated || event.kind == model_event_kind::zeroed ||
                     event.kind == model_event_kind::collapsed;
  return write;
}

void FileHistory::on_return(TaskHistory& task) {
  for (Write* write = task.writes; write != nullptr; write = write->same_op) {
    write->returned = std::min(write->returned, now());
    write->ended = now();
  }
  /* What was read had been written by then, whatever the writer is still doing. */
  for (Read* read = task.reads; read != nullptr; read = read->next) {
    if (read->write != nullptr) read->write->returned = std::min(read->write->returned, now());
  }
  task = TaskHistory{};
}

void FileHistory::on_event(const model_event& event) {
  TaskHistory& task = tasks_[event.task];
  switch (event.kind) {
    case model_event_kind::invoke:
      task = {.invoked = now(), .op = event.op_index, .in_op = true, .kind = event.op};
      break;
    case model_event_kind::submitted:
      tasks_[event.value] = {.invoked = task.invoked, .in_op = true, .kind = event.op};
      break;
    case model_event_kind::ret:
      on_return(task);
      break;
    case model_event_kind::store:
    case model_event_kind::write_cell:
      add(event, cell(event), event.value);
      break;
    case model_event_kind::mapped:
    case model_event_kind::pinned:
    case model_event_kind::kept:
    case model_event_kind::unpinned:
      on_pin(event);
      break;
    case model_event_kind::copied:
    case model_event_kind::discarded:
    case model_event_kind::forked:
      on_pin(event);
      on_private(event);
      break;
    case model_event_kind::dma_write:
      if (reaches(event)) add(event, cell(event), event.value);
      break;
    case model_event_kind::truncated:
      on_zeroed(event, file_cells());
      resized_[event.inode->id] = now();
      break;
    case model_event_kind::zeroed:
      on_zeroed(event, event.end);
      break;
    case model_event_kind::collapsed:
      on_collapsed(event);
      resized_[event.inode->id] = now();
      break;
    case model_event_kind::extended:
      resized_[event.inode->id] = now();
      break;
    case model_event_kind::touched:
      break;
    case model_event_kind::no_space:
      task.no_space = true;
      break;
    case model_event_kind::load:
    case model_event_kind::read_cell:
    case model_event_kind::flushed:
    case model_event_kind::fenced:
    case model_event_kind::dma_read:
    case model_event_kind::pin_read:
      break;
  }
}

bool FileHistory::owned(const kernel::model_pin& pin) {
  if (pin.page == nullptr) return true;
  return pin.page->generation.peek() == pin.generation &&
         pin.host->i_block[pin.pgoff].peek() == page_to_pfn(pin.page) + 1;
}

Write* FileHistory::find(const Cell& cell, uint64_t value) {
  for (Write* write = cell.newest; write != nullptr; write = write->older) {
    if (write->value == value) return write;
  }
  return nullptr;
}

const Write* FileHistory::overwritten(const Cell& cell, const Write& write, uint32_t time) {
  for (const Write* other = cell.newest; other != nullptr; other = other->older) {
    if (other != &write && other->invoked > write.returned && other->returned < time) return other;
  }
  return nullptr;
}

namespace {

uint64_t where_of(const Cell& cell) {
  if (cell.mm != nullptr) return engine::combine(0x400 + cell.mm->id, cell.index);
  return engine::combine(cell.inode->id, cell.index);
}

}  // namespace

/* Not the times but what can be asked of them: which write ended before which began, and before which
 * operation that still runs. */
engine::Hash128 FileHistory::state_hash() const {
  engine::Hash128 hash = 0;
  for (const Cell* cell = touched_; cell != nullptr; cell = cell->next_touched) {
    uint64_t where = where_of(*cell);
    for (const Write* write = cell->newest; write != nullptr; write = write->older) {
      uint64_t relations = uint64_t{write->sync} << 3 | uint64_t{write->promised} << 2 |
                           uint64_t{write->ended != kNever} << 1 |
                           uint64_t{write->returned != kNever}; /* before whatever begins from now on */
      for (const Write* other = cell->newest; other != nullptr; other = other->older) {
        relations = engine::combine(relations, write->returned < other->invoked);
      }
      uint64_t tasks = 0;
      for (unsigned int i = 0; i < model_->config.nr_tasks; ++i) {
        bool in_op = tasks_[i].in_op;
        tasks = tasks << 3 | uint64_t(in_op && write->ended < tasks_[i].invoked) << 2 |
                uint64_t(in_op && write->returned < tasks_[i].invoked) << 1 |
                uint64_t(in_op && write->step < tasks_[i].invoked);
      }
      hash += engine::wide(engine::combine(where, write->order),
                           engine::combine(write->value, relations) ^ engine::mix(tasks));
    }
  }
  for (const Pin* pin = pins_; pin != nullptr; pin = pin->next) {
    if (pin->mm == nullptr) continue; /* pipes and requests to devices are hashed with what they hold */
    uint64_t flags = uint64_t{pin->tentative} << 4 | uint64_t{pin->writes} << 3 |
                     uint64_t{pin->reference} << 2 | uint64_t{pin->discarded} << 1 | uint64_t{pin->forked};
    hash += engine::wide(engine::combine(0x800 + pin->mm->id, pin->cell << 5 | flags),
                         engine::combine(pin->tentative ? engine::combine(pin->pfn, pin->moved) : pin->pfn,
                                         uint64_t{pin->task} << 16 | pin->op));
  }
  for (unsigned int i = 0; i < model_->config.nr_tasks; ++i) {
    const TaskHistory& task = tasks_[i];
    for (const Read* read = task.reads; read != nullptr; read = read->next) {
      uint64_t what = read->write != nullptr ? read->write->order : kNever;
      hash += engine::wide(where_of(*read->cell), engine::combine(i, what));
    }
    for (const Zeroed* zeroed = task.zeroed; zeroed != nullptr; zeroed = zeroed->older)
      hash += engine::wide(engine::combine(0x300 + zeroed->inode->id, i),
                           engine::combine(zeroed->cell, zeroed->end));
    hash += engine::wide(i + 0x100, uint64_t(task.no_space) << 1 | task.in_op);
  }
  for (unsigned int i = 0; i < model_->config.nr_inodes; ++i) {
    for (unsigned int t = 0; t < model_->config.nr_tasks; ++t) {
      hash +=
          engine::wide(0x200 + i, uint64_t(t) << 1 | (tasks_[t].in_op && resized_[i] >= tasks_[t].invoked));
    }
  }
  return hash;
}

}  // namespace daxrace::oracle
