/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files, processes, regions, tasks and operations of any program made valid: every index resolves, every name
 * is declared once and numbered in the order in which the text declares it, every number is within its
 * bounds.
 */
#include <algorithm>

#include "core/scenario/bounds.h"
#include "core/scenario/repair_steps.h"
#include "core/scenario/text_words.h"

namespace daxrace::scenario {

namespace {

bool is_index(int64_t index, size_t size) { return index >= 0 && static_cast<size_t>(index) < size; }

size_t wrap(int64_t index, size_t size) {
  const auto n = static_cast<int64_t>(size);
  return static_cast<size_t>(((index % n) + n) % n);
}

/* Old indices of declarations and their new ones, in the order of declaration. */
class Numbering {
 public:
  explicit Numbering(size_t old_size) : new_index_(old_size, -1) {}

  /* The new index, or -1 if the old one means nothing or is declared already. */
  int declare(int64_t old) {
    if (!is_index(old, new_index_.size()) || declared(old)) return -1;
    new_index_[static_cast<size_t>(old)] = static_cast<int>(order_.size());
    order_.push_back(static_cast<size_t>(old));
    return static_cast<int>(order_.size()) - 1;
  }
  bool declared(int64_t old) const { return find(old) >= 0; }
  int find(int64_t old) const {
    return is_index(old, new_index_.size()) ? new_index_[static_cast<size_t>(old)] : -1;
  }
  size_t size() const { return order_.size(); }

  template <typename T>
  void apply(std::vector<T>& items) const {
    std::vector<T> ordered;
    ordered.reserve(order_.size());
    for (const size_t old : order_) ordered.push_back(std::move(items[old]));
    items = std::move(ordered);
  }

 private:
  std::vector<int> new_index_;
  std::vector<size_t> order_;
};

class Structure {
 public:
  explicit Structure(Program& program) : program_(program), regions_(program.regions.size()) {}

  void repair() {
    drop_misplaced();
    number_files();
    declare_regions();
    number_processes();
    resolve_regions();
    clip_arguments();
    rename();
  }

 private:
  static constexpr int kSetup = -1;

  /* Calls keep(operation, kSetup or task) for each operation, and drops it if the answer is no. */
  template <typename Keep>
  void keep_operations(Keep keep) {
    keep_if(program_.setup, [&](Operation& op) { return keep(op, kSetup); });
    for (size_t i = 0; i < program_.tasks.size(); ++i) {
      keep_if(program_.tasks[i].ops, [&](Operation& op) { return keep(op, static_cast<int>(i)); });
    }
  }

  void drop_misplaced();
  void number_files();
  void declare_regions();
  void number_processes();
  void resolve_regions();
  bool resolve_region(int32_t& region, int process) const;
  void clip_arguments();
  void rename();

  Program& program_;
  Numbering regions_;
  size_t setup_regions_ = 0; /* the first so many are declared in setup */
};

void Structure::drop_misplaced() {
  keep_first(program_.tasks, kTasksMax);
  keep_operations([](const Operation& op, int task) {
    if (op.kind >= OpKind::kCount) return false;
    return op_info(op.kind).where != (task == kSetup ? OpWhere::kTask : OpWhere::kSetup);
  });
  keep_first(program_.setup, kSetupMax);
  for (Task& task : program_.tasks) keep_first(task.ops, kOpsMax);
}

/* In setup a file exists from its creat on, in tasks always: the order of the walk is that of the text. */
void Structure::number_files() {
  Numbering files(program_.files.size());
  keep_operations([&](Operation& op, int) {
    bool keep = true;
    for_each_argument(op.kind, [&](ArgKind kind, int slot) {
      int32_t& file = op.arg[static_cast<size_t>(slot)];
      if (kind == ArgKind::kNewFile) {
        file = files.size() < kFilesMax ? files.declare(file) : -1;
        keep = keep && file >= 0;
      } else if (kind == ArgKind::kFile) {
        if (files.declared(file)) {
          file = files.find(file);
        } else if (files.size() > 0) {
          file = static_cast<int32_t>(wrap(file, files.size()));
        } else {
          keep = false;
        }
      }
    });
    return keep;
  });
  files.apply(program_.files);
}

void Structure::declare_regions() {
  if (program_.processes.empty()) program_.processes.emplace_back(); /* if nothing is in it, it goes again */
  const size_t processes = program_.processes.size();
  for (Task& task : program_.tasks) task.process = static_cast<int>(wrap(task.process, processes));
  keep_operations([&](Operation& op, int task) {
    bool keep = true;
    for_each_argument(op.kind, [&](ArgKind kind, int slot) {
      if (kind != ArgKind::kNewRegion) return;
      int32_t& region = op.arg[static_cast<size_t>(slot)];
      const int old = region;
      region = regions_.size() < kRegionsMax ? regions_.declare(old) : -1;
      keep = region >= 0;
      if (!keep) return;
      int& process = program_.regions[static_cast<size_t>(old)].process;
      process = task == kSetup ? static_cast<int>(wrap(process, processes))
                               : program_.tasks[static_cast<size_t>(task)].process;
    });
    if (task == kSetup) setup_regions_ = regions_.size();
    return keep;
  });
  regions_.apply(program_.regions);
}

void Structure::number_processes() {
  Numbering processes(program_.processes.size());
  const auto renumber = [&](int& process) {
    if (!processes.declared(process) && processes.size() < kProcessesMax) processes.declare(process);
    const int known = processes.find(process);
    process = known >= 0 ? known : process % kProcessesMax;
  };
  for (size_t i = 0; i < setup_regions_; ++i) renumber(program_.regions[i].process);
  for (Task& task : program_.tasks) renumber(task.process);
  for (size_t i = setup_regions_; i < program_.regions.size(); ++i) renumber(program_.regions[i].process);
  keep_operations([&](Operation& op, int) {
    for_each_argument(op.kind, [&](ArgKind kind, int slot) {
      if (kind != ArgKind::kProcess) return;
      int32_t& process = op.arg[static_cast<size_t>(slot)];
      const int known = processes.find(process);
      process = known >= 0 ? known : static_cast<int32_t>(wrap(process, processes.size()));
    });
    return true;
  });
  processes.apply(program_.processes);
}

void Structure::resolve_regions() {
  keep_operations([&](Operation& op, int task) {
    bool keep = true;
    for_each_argument(op.kind, [&](ArgKind kind, int slot) {
      if (kind != ArgKind::kRegion && kind != ArgKind::kAddr) return;
      const int process = task == kSetup ? -1 : program_.tasks[static_cast<size_t>(task)].process;
      keep = keep && resolve_region(op.arg[static_cast<size_t>(slot)], process);
    });
    return keep;
  });
}

/* Process -1: of any. */
bool Structure::resolve_region(int32_t& region, int process) const {
  const auto usable = [&](size_t index) {
    const int owner = program_.regions[index].process;
    return process < 0 || owner == process || inherits(program_, process, owner);
  };
  const int known = regions_.find(region);
  if (known >= 0 && usable(static_cast<size_t>(known))) {
    region = known;
    return true;
  }
  std::array<size_t, kRegionsMax> candidates;
  size_t count = 0;
  for (size_t i = 0; i < program_.regions.size(); ++i) {
    if (usable(i)) candidates[count++] = i;
  }
  if (count == 0) return false;
  region = static_cast<int32_t>(candidates[wrap(region, count)]);
  return true;
}

void Structure::clip_arguments() {
  const Geometry& geometry = program_.config.geometry;
  keep_operations([&](Operation& op, int) {
    size_t slots = 0;
    for_each_argument(op.kind, [&](ArgKind kind, int slot) {
      int32_t& value = op.arg[static_cast<size_t>(slot)];
      value = static_cast<int32_t>(argument_bounds(op, kind, geometry).clip(value));
      slots = static_cast<size_t>(slot + slots_of(kind));
    });
    std::fill(op.arg.begin() + slots, op.arg.end(), 0);
    return true;
  });
  const auto pages = region_pages(program_);
  keep_operations([&](Operation& op, int) {
    for_each_argument(op.kind, [&](ArgKind kind, int slot) {
      if (kind != ArgKind::kAddr) return;
      int32_t* address = &op.arg[static_cast<size_t>(slot)];
      const auto size = static_cast<size_t>(pages[static_cast<size_t>(address[0])]);
      address[1] = static_cast<int32_t>(wrap(address[1], size));
      address[2] = static_cast<int32_t>(wrap(address[2], static_cast<size_t>(geometry.cells)));
    });
    return true;
  });
}

/* Gives a name to what has none of its own: of `stem` and a number, or, without a stem, a letter from
 * `letter` on. */
template <typename NameOf>
void rename_all(size_t count, NameOf name_of, std::string_view stem, char letter) {
  const auto taken = [&](std::string_view name, size_t end) {
    for (size_t i = 0; i < end; ++i) {
      if (name_of(i) == name) return true;
    }
    return false;
  };
  for (size_t i = 0; i < count; ++i) {
    std::string& name = name_of(i);
    if (is_name(name) && !taken(name, i)) continue;
    name.clear();
    std::string fresh;
    for (int n = 0; fresh.empty() || taken(fresh, count); ++n) {
      fresh.assign(stem.empty() ? std::string(1, static_cast<char>(letter + n)) : std::string(stem));
      if (!stem.empty()) append_number(fresh, n);
    }
    name = std::move(fresh);
  }
}

void Structure::rename() {
  const auto plain = [](std::vector<std::string>& names) {
    return [&names](size_t i) -> std::string& { return names[i]; };
  };
  rename_all(program_.files.size(), plain(program_.files), "f", 0);
  rename_all(program_.processes.size(), plain(program_.processes), {}, 'P');
  rename_all(
      program_.regions.size(), [&](size_t i) -> std::string& { return program_.regions[i].name; }, "r", 0);
  for (size_t process = 0; process < program_.processes.size(); ++process) {
    std::array<std::string*, kTasksMax> names{};
    size_t count = 0;
    for (Task& task : program_.tasks) {
      if (task.process == static_cast<int>(process)) names[count++] = &task.name;
    }
    rename_all(count, [&](size_t i) -> std::string& { return *names[i]; }, {}, 'A');
  }
}

}  // namespace

void repair_structure(Program& program) { Structure(program).repair(); }

}  // namespace daxrace::scenario
