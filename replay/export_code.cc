/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/export_code.h"

#include <algorithm>
#include <set>

#include "core/scenario/bounds.h"

namespace daxrace::replay {

using scenario::ArgKind;
using scenario::Operation;
using scenario::OpKind;

namespace {

constexpr int kRealPmd = 512;

std::string identifier(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

/* `a-b` and `a_b` are two names, but one identifier. */
std::string unique(const std::string& name, std::vector<std::string>& taken) {
  std::string own = identifier(name);
  while (std::find(taken.begin(), taken.end(), own) != taken.end()) own += "_";
  taken.push_back(own);
  return own;
}

int32_t arg(const Operation& op, ArgKind kind) { return scenario::argument(op, kind); }

bool by_descriptor(OpKind kind) {
  return scenario::slot_of(kind, ArgKind::kFile) >= 0 && kind != OpKind::k_unlink &&
         kind != OpKind::k_rename && kind != OpKind::k_open && kind != OpKind::k_opencreat &&
         kind != OpKind::k_rmdir;
}

}  // namespace

template <typename Visit>
void ExportCode::for_each_op(Visit&& visit) const {
  for (const Operation& op : program_.setup) visit(kSetup, op);
  for (size_t i = 0; i < program_.tasks.size(); ++i) {
    for (const Operation& op : program_.tasks[i].ops) visit(static_cast<int>(i), op);
  }
}

ExportCode::ExportCode(const scenario::Program& program) : program_(program) {
  name_all();
  find_origins();
  find_objects();
  find_places();
}

void ExportCode::name_all() {
  std::vector<std::string> taken;
  for (const std::string& name : program_.processes) processes_.push_back(unique(name, taken));
  taken.clear();
  for (const scenario::Task& task : program_.tasks)
    tasks_.push_back(unique(program_.processes[static_cast<size_t>(task.process)] + "_" + task.name, taken));
  taken.clear();
  for (const scenario::Region& region : program_.regions) regions_.push_back(unique(region.name, taken));
}

void ExportCode::find_origins() {
  origins_.resize(program_.processes.size());
  for (size_t task = 0; task < program_.tasks.size(); ++task) {
    const auto& ops = program_.tasks[task].ops;
    for (size_t i = 0; i < ops.size(); ++i) {
      if (ops[i].kind != OpKind::k_fork) continue;
      const int child = arg(ops[i], ArgKind::kProcess);
      if (child > program_.tasks[task].process && origins_[static_cast<size_t>(child)].task < 0)
        origins_[static_cast<size_t>(child)] = {static_cast<int>(task), i};
    }
  }
}

void ExportCode::find_objects() {
  std::vector<std::string> taken;
  for (const std::string& name : program_.files)
    objects_.push_back({"FILE_" + unique(name, taken), name, -1, false, false});
  mmaps_.assign(program_.regions.size(), nullptr);
  object_of_region_.assign(program_.regions.size(), -1);
  for_each_op([&](int, const Operation& op) {
    const int region = arg(op, ArgKind::kNewRegion);
    if (region >= 0) mmaps_[static_cast<size_t>(region)] = &op;
  });
  for (size_t region = 0; region < mmaps_.size(); ++region) {
    const Operation* op = mmaps_[region];
    if (op == nullptr) continue;
    const int file = arg(*op, ArgKind::kFile);
    const bool is_private =
        op->kind != OpKind::k_mmap || (arg(*op, ArgKind::kProt) & scenario::kProtPrivate) != 0;
    if (is_private) {
      objects_.push_back({"MEM_" + regions_[region], program_.regions[region].name, file, true, false});
      object_of_region_[region] = static_cast<int>(objects_.size()) - 1;
    } else {
      object_of_region_[region] = file;
    }
  }
  for_each_op([&](int, const Operation& op) {
    if (op.kind == OpKind::k_collapse || op.kind == OpKind::k_rename)
      objects_[static_cast<size_t>(op.arg[0])].unchecked = true;
    if (op.kind == OpKind::k_rename) objects_[static_cast<size_t>(op.arg[1])].unchecked = true;
    if (op.kind == OpKind::k_opencreat || op.kind == OpKind::k_writefrom)
      objects_[static_cast<size_t>(arg(op, ArgKind::kFile))].unchecked = true;
    if (op.kind == OpKind::k_mkdir) objects_[static_cast<size_t>(op.arg[0])].unchecked = true;
    if (op.kind == OpKind::k_readto) objects_[static_cast<size_t>(object_of(op.arg[0]))].unchecked = true;
    if (op.kind == OpKind::k_dontneed) {
      Object& object = objects_[static_cast<size_t>(object_of(op.arg[0]))];
      if (object.under >= 0) object.unchecked = true;
    }
  });
}

/* What operations name, and both ends of ranges. */
void ExportCode::find_places() {
  std::set<std::pair<int, int>> pages;
  std::set<int> cells = {0};
  const int last = scenario::pages_max(program_.config.geometry) - 1;
  const auto add = [&](int object, int page) { pages.insert({object, std::clamp(page, 0, last)}); };
  for_each_op([&](int, const Operation& op) {
    const int file = arg(op, ArgKind::kFile);
    if (scenario::slot_of(op.kind, ArgKind::kAddr) >= 0) {
      add(object_of(op.arg[0]), first_page(op.arg[0]) + op.arg[1]);
      if (file_of(op.arg[0]) >= 0) add(file_of(op.arg[0]), first_page(op.arg[0]) + op.arg[1]);
      cells.insert(op.arg[2]);
    }
    const int from = std::max(0, arg(op, ArgKind::kOffset));
    const int length = arg(op, ArgKind::kLength);
    if (file < 0 || length < 0 || op.kind == OpKind::k_mmap) return;
    if (scenario::slot_of(op.kind, ArgKind::kOffset) >= 0) add(file, from);
    if (from + length > 0) add(file, from + length - 1);
    if (op.kind == OpKind::k_truncate) add(file, length);
  });
  for (const auto& [object, page] : pages) {
    for (int cell : cells) places_.push_back({object, page, cell});
  }
}

int ExportCode::object_of(int region) const {
  return std::max(0, object_of_region_[static_cast<size_t>(region)]);
}

int ExportCode::file_of(int region) const {
  const Operation* op = mmaps_[static_cast<size_t>(region)];
  return op == nullptr ? -1 : arg(*op, ArgKind::kFile);
}

int ExportCode::first_page(int region) const {
  const Operation* op = mmaps_[static_cast<size_t>(region)];
  return op == nullptr ? 0 : std::max(0, arg(*op, ArgKind::kOffset));
}

std::string ExportCode::op(int task, size_t op) const {
  return (task == kSetup ? "setup" : tasks_[static_cast<size_t>(task)]) + "_" + std::to_string(op);
}

std::string ExportCode::look(int process, int region) const {
  return "end_of_" + processes_[static_cast<size_t>(process)] + "_" + regions_[static_cast<size_t>(region)];
}

std::string ExportCode::look(int file) const {
  return "end_of_" + objects_[static_cast<size_t>(file)].identifier;
}

bool ExportCode::always_inside(const Operation& op) const {
  if (op.kind != OpKind::k_load && op.kind != OpKind::k_store) return false;
  const int file = file_of(op.arg[0]);
  if (file < 0) return false;
  int pages = 0;
  bool changes = false;
  for_each_op([&](int, const Operation& other) {
    if (other.kind == OpKind::k_creat && arg(other, ArgKind::kNewFile) == file)
      pages = arg(other, ArgKind::kSizeKey);
    const bool on_file = arg(other, ArgKind::kFile) == file;
    changes = changes ||
              (on_file && (other.kind == OpKind::k_truncate || other.kind == OpKind::k_collapse)) ||
              other.kind == OpKind::k_unbind;
  });
  return !changes && first_page(op.arg[0]) + op.arg[1] < pages;
}

/* --- operands
 * ------------------------------------------------------------------------------------------------ */

namespace {

int real_page(int page, int pmd) { return page / pmd * kRealPmd + page % pmd; }

std::string times(int n, const char* unit) { return n == 1 ? unit : std::to_string(n) + " * " + unit; }

std::string bytes_of(int pages) {
  if (pages == 0) return "0";
  if (pages < kRealPmd) return times(pages, "PAGE");
  std::string text = times(pages / kRealPmd, "PMD");
  return pages % kRealPmd == 0 ? text : text + " + " + times(pages % kRealPmd, "PAGE");
}

}  // namespace

std::string ExportCode::bytes(int page) const { return bytes_between(0, page); }

std::string ExportCode::bytes_between(int from, int to) const {
  const int pmd = program_.config.geometry.pmd_pages;
  return bytes_of(real_page(to, pmd) - real_page(from, pmd));
}

std::string ExportCode::at(const ExportPlace& place) const {
  std::string text = bytes(place.page);
  if (place.cell == 0) return text;
  std::string cell = times(place.cell, "CELL");
  return text == "0" ? cell : text + " + " + cell;
}

std::string ExportCode::address(const Operation& op) const {
  const int first = first_page(op.arg[0]);
  std::string text = bytes_between(first, first + op.arg[1]);
  std::string cell = op.arg[2] == 0 ? "" : times(op.arg[2], "CELL");
  if (text == "0" && !cell.empty()) text.clear();
  return "&" + region(op.arg[0]) + ", " + text + (text.empty() || cell.empty() ? "" : " + ") + cell;
}

std::string ExportCode::region_definition(int index) const {
  const Operation& op = *mmaps_[static_cast<size_t>(index)];
  const bool file = op.kind == OpKind::k_mmap;
  const int prot = file ? arg(op, ArgKind::kProt) : scenario::kProtPrivate | scenario::kProtWrite;
  const int first = first_page(index);
  const int length = arg(op, ArgKind::kLength);
  std::string flags = (prot & scenario::kProtSync) != 0      ? "MAP_SHARED_VALIDATE | MAP_SYNC"
                      : (prot & scenario::kProtPrivate) != 0 ? "MAP_PRIVATE"
                                                             : "MAP_SHARED";
  if (!file) flags += " | MAP_ANONYMOUS";
  return "static struct region " + region(index) +
         " = {\n\t.object = " + objects_[static_cast<size_t>(object_of(index))].identifier +
         ", .file = " + (file ? this->file(arg(op, ArgKind::kFile)) : "-1") + ", .from = " + bytes(first) +
         ", .length = " + bytes_between(first, first + length) + ",\n\t.prot = PROT_READ" +
         ((prot & scenario::kProtWrite) != 0 ? " | PROT_WRITE" : "") + ", .flags = " + flags + ",\n};\n";
}

std::vector<int> ExportCode::regions_of(int process) const {
  std::vector<int> list;
  for (size_t i = 0; i < program_.regions.size(); ++i) {
    if (mmaps_[i] != nullptr && scenario::inherits(program_, process, program_.regions[i].process))
      list.push_back(static_cast<int>(i));
  }
  return list;
}

bool ExportCode::has_open(int process, int file) const {
  bool open = false;
  for_each_op([&](int task, const Operation& op) {
    if (!by_descriptor(op.kind) || arg(op, ArgKind::kFile) != file) return;
    if (task == kSetup)
      open = open || (op.kind == OpKind::k_mmap && setup_process(op) == process);
    else
      open = open || program_.tasks[static_cast<size_t>(task)].process == process;
  });
  return open;
}

bool ExportCode::is_directory(int file) const {
  bool directory = false;
  for_each_op([&](int, const Operation& op) {
    directory = directory || (op.kind == OpKind::k_mkdir && op.arg[0] == file);
  });
  return directory;
}

int ExportCode::setup_process(const Operation& op) const {
  int region = arg(op, ArgKind::kNewRegion);
  if (region < 0) region = arg(op, ArgKind::kRegion);
  if (region < 0 && scenario::slot_of(op.kind, ArgKind::kAddr) >= 0) region = op.arg[0];
  return region < 0 ? -1 : program_.regions[static_cast<size_t>(region)].process;
}

std::string ExportCode::call(const Operation& op, const std::string& id) const {
  const auto on_file = [&](const std::string& function, const std::string& more) {
    return function + "(" + id + ", " + file(arg(op, ArgKind::kFile)) + more + ");";
  };
  const int from = std::max(0, arg(op, ArgKind::kOffset));
  const int length = arg(op, ArgKind::kLength);
  const std::string range = ", " + bytes(from) + ", " + bytes_between(from, from + std::max(0, length));
  const auto on_region = [&](const std::string& function, const std::string& more) {
    int index = arg(op, ArgKind::kNewRegion) >= 0 ? arg(op, ArgKind::kNewRegion) : arg(op, ArgKind::kRegion);
    return function + "(" + id + ", &" + region(index) + more + ");";
  };
  const auto on_address = [&](const std::string& function, const std::string& more) {
    return function + "(" + id + ", " + address(op) + more + ");";
  };
  const auto alone = [&](const std::string& function, const std::string& more) {
    return function + "(" + id + more + ");";
  };
  switch (op.kind) {
    case OpKind::k_mmap:
    case OpKind::k_mmapanon:
      return on_region("map", "");
    case OpKind::k_munmap:
      return on_region("unmap", "");
    case OpKind::k_load:
      return on_address("load", "");
    case OpKind::k_store:
      return on_address("store", "");
    case OpKind::k_clwb:
      return on_address("flush_line", "");
    case OpKind::k_sfence:
      return alone("fence", "");
    case OpKind::k_read:
      return on_file("read_file", range);
    case OpKind::k_write:
      return on_file("write_file", range);
    case OpKind::k_fsync:
      return on_file("sync_file", "");
    case OpKind::k_truncate:
      return on_file("truncate_file", ", " + bytes(length));
    case OpKind::k_punch:
      return on_file("allocate", ", FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE" + range);
    case OpKind::k_zero:
      return on_file("allocate", ", FALLOC_FL_ZERO_RANGE" + range);
    case OpKind::k_collapse:
      return on_file("allocate", ", FALLOC_FL_COLLAPSE_RANGE" + range);
    case OpKind::k_falloc:
      return on_file("allocate", ", 0" + range);
    case OpKind::k_mprotect:
      return on_region("protect",
                       arg(op, ArgKind::kAccess) != 0 ? ", PROT_READ | PROT_WRITE" : ", PROT_READ");
    case OpKind::k_dontneed:
      return on_address("forget", ", " + bytes_between(first_page(op.arg[0]) + op.arg[1],
                                                       first_page(op.arg[0]) + op.arg[1] + length));
    case OpKind::k_pageout:
    case OpKind::k_reclaim:
      return on_address("advise", ", PAGE, MADV_PAGEOUT");
    case OpKind::k_swapoff:
      return alone("swap_off", "");
    case OpKind::k_dropcaches:
      return alone("put", ", \"/proc/sys/vm/drop_caches\", \"1\"");
    case OpKind::k_dropslab:
      return alone("put", ", \"/proc/sys/vm/drop_caches\", \"2\"");
    case OpKind::k_clearrefs:
      return alone("put", ", \"/proc/self/clear_refs\", \"4\"");
    case OpKind::k_dioread:
      return on_address("direct_read", "");
    case OpKind::k_aioread:
      return on_address("submit_read", "");
    case OpKind::k_diowrite:
      return on_address("direct_write", "");
    case OpKind::k_vmsplice:
      return on_address("splice_page", "");
    case OpKind::k_regmr:
      return on_address("register_page", "");
    case OpKind::k_rdmawrite:
      return on_address("write_registered", "");
    case OpKind::k_deregmr:
      return alone("give_up_registered", "");
    case OpKind::k_drain:
      return alone("drain", "");
    case OpKind::k_fork: {
      const int child = arg(op, ArgKind::kProcess);
      return alone("fork_process", ", " + process(child) + ", " + process_body(child));
    }
    case OpKind::k_exit:
      return alone("end_process", "");
    case OpKind::k_killall:
      return alone("signal_others", ", SIGKILL");
    case OpKind::k_signal:
      return alone("signal_others", ", SIGUSR1");
    case OpKind::k_opencreat:
      return on_file("reopen_or_create", "");
    case OpKind::k_rmdir:
      return on_file("remove_directory", "");
    case OpKind::k_readdir:
      return on_file("list_directory", "");
    case OpKind::k_readto:
      return on_address("read_into", ", " + file(arg(op, ArgKind::kFile)) + range);
    case OpKind::k_writefrom:
      return on_address("write_from", ", " + file(arg(op, ArgKind::kFile)) + range);
    case OpKind::k_crash:
      return alone("crash", "");
    case OpKind::k_open:
      return on_file("reopen", "");
    case OpKind::k_close:
      return on_file("close_file", "");
    case OpKind::k_unlink:
      return on_file("unlink_file", "");
    case OpKind::k_rename:
      return on_file("rename_file", ", " + file(op.arg[1]));
    case OpKind::k_remount:
      return alone("command", ", remount, \"a command that mounts again: -m COMMAND\"");
    case OpKind::k_unbind:
      return alone("command", ", unbind, \"a command that unbinds the driver: -u COMMAND\"");
    default:
      return alone("by_hand", ", \"" + std::string(scenario::op_info(op.kind).name) + " by hand\"");
  }
}

}  // namespace daxrace::replay
