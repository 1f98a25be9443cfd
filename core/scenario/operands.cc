/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/scenario/operands.h"

#include <algorithm>

#include "core/scenario/bounds.h"

namespace daxrace::scenario {

namespace {

bool has(OpKind kind, ArgKind arg) { return slot_of(kind, arg) >= 0; }

bool fits(const OpInfo& info, int task) {
  return info.where != (task == kSetupTask ? OpWhere::kTask : OpWhere::kSetup);
}

template <typename Wanted>
OpKind weighted(engine::Random& random, Wanted wanted) {
  const auto table = op_table();
  uint32_t sum = 0;
  for (const OpInfo& info : table) sum += wanted(info) ? static_cast<uint32_t>(info.weight) : 0;
  if (sum == 0) return OpKind::kCount;
  uint32_t left = random.below(sum);
  for (size_t i = 0; i < table.size(); ++i) {
    if (!wanted(table[i])) continue;
    const auto weight = static_cast<uint32_t>(table[i].weight);
    if (left < weight) return static_cast<OpKind>(i);
    left -= weight;
  }
  return OpKind::kCount;
}

bool takes(const OpInfo& info, ArgKind arg) {
  return std::find(info.args.begin(), info.args.end(), arg) != info.args.end();
}

}  // namespace

Operands::Operands(engine::Random& random, Program& program, uint32_t sharing, int regions_max)
    : random_(random),
      program_(program),
      sharing_(sharing),
      regions_max_(std::min<size_t>(regions_max, kRegionsMax)) {
  for (const Operation& op : program.setup) learn(op);
  for (const Task& task : program.tasks) {
    for (const Operation& op : task.ops) learn(op);
  }
}

void Operands::learn(const Operation& op) {
  if (has(op.kind, ArgKind::kNewFile)) {
    const auto file = static_cast<size_t>(argument(op, ArgKind::kNewFile));
    if (file < file_pages_.size()) file_pages_[file] = argument(op, ArgKind::kSizeKey);
  }
  if (has(op.kind, ArgKind::kNewRegion)) {
    const auto region = static_cast<size_t>(argument(op, ArgKind::kNewRegion));
    if (region >= mappings_.size()) return;
    mappings_[region] = {argument(op, ArgKind::kFile), argument(op, ArgKind::kOffset),
                         argument(op, ArgKind::kLength)};
  }
}

int Operands::process_of(int task) const { return program_.tasks[static_cast<size_t>(task)].process; }

int32_t Operands::pages_of_file(int32_t file) const {
  return std::max(1, file_pages_[static_cast<size_t>(file) % file_pages_.size()]);
}

OpKind Operands::kind(int task) {
  return weighted(random_,
                  [&](const OpInfo& info) { return fits(info, task) && !takes(info, ArgKind::kNewFile); });
}

OpKind Operands::kind_with(int task, ArgKind arg) {
  return weighted(random_, [&](const OpInfo& info) { return fits(info, task) && takes(info, arg); });
}

bool Operands::place_of(const Operation& op, Place& place) {
  const int address = slot_of(op.kind, ArgKind::kAddr);
  const int file = slot_of(op.kind, ArgKind::kFile);
  const auto cells = static_cast<uint32_t>(program_.config.geometry.cells);
  if (address >= 0) {
    const auto* slots = &op.arg[static_cast<size_t>(address)];
    const Mapping& mapping = mappings_[static_cast<size_t>(slots[0]) % mappings_.size()];
    place = {mapping.file, mapping.offset + slots[1], slots[2]};
    return mapping.pages > 0 && mapping.file >= 0;
  }
  if (file < 0) return false;
  place.file = op.arg[static_cast<size_t>(file)];
  place.cell = static_cast<int32_t>(random_.below(cells));
  const int32_t length = argument(op, ArgKind::kLength);
  if (has(op.kind, ArgKind::kOffset)) {
    place.page = argument(op, ArgKind::kOffset) + page_in(length);
  } else if (has(op.kind, ArgKind::kLength)) {
    place.page = std::max(0, length - static_cast<int32_t>(random_.below(2)));
  } else {
    place.page = page_in(pages_of_file(place.file));
  }
  return true;
}

bool Operands::used_place(Place& place) {
  uint32_t count = static_cast<uint32_t>(program_.setup.size());
  for (const Task& task : program_.tasks) count += static_cast<uint32_t>(task.ops.size());
  constexpr int kTries = 4;
  for (int i = 0; i < kTries && count > 0; ++i) {
    size_t index = random_.below(count);
    const std::vector<Operation>* ops = &program_.setup;
    for (size_t task = 0; index >= ops->size(); ++task) {
      index -= ops->size();
      ops = &program_.tasks[task].ops;
    }
    if (place_of((*ops)[index], place)) return true;
  }
  return false;
}

bool Operands::shared_place(Place& place) {
  if (!has_focus_) has_focus_ = used_place(focus_);
  if (!has_focus_) return false;
  if (random_.below(4) != 0 || !used_place(place)) place = focus_;
  return true;
}

/* Half of all are at an end: that is where entries, mappings and files meet. */
int32_t Operands::page_in(int32_t pages) {
  if (pages <= 1) return 0;
  switch (sharing_ == 0 ? 3 : random_.below(4)) {
    case 0:
      return 0;
    case 1:
      return pages - 1;
    default:
      return static_cast<int32_t>(random_.below(static_cast<uint32_t>(pages)));
  }
}

int32_t Operands::length_from(int32_t file, int32_t offset) {
  const int32_t pmd = program_.config.geometry.pmd_pages;
  switch (random_.below(8)) {
    case 0:
    case 1:
    case 2:
      return 1;
    case 3:
      return pmd - offset % pmd;
    case 4:
      return pmd;
    case 5:
      return 1 + static_cast<int32_t>(random_.below(static_cast<uint32_t>(2 * pmd)));
    default:
      return std::max(1, pages_of_file(file) - offset);
  }
}

bool Operands::declare_region(int32_t& slot, int task) {
  if (program_.regions.size() >= regions_max_) return false;
  slot = static_cast<int32_t>(program_.regions.size());
  const auto processes = static_cast<uint32_t>(program_.processes.size());
  const int process = task == kSetupTask ? static_cast<int>(random_.below(processes)) : process_of(task);
  program_.regions.push_back({{}, process});
  return true;
}

/* A region that `task` can use, one that maps `place` if there is any; -1: there is none. */
int Operands::region_of(int task, const Place* place) {
  int any = -1;
  int at_place = -1;
  uint32_t count = 0;
  uint32_t count_at_place = 0;
  for (size_t i = 0; i < program_.regions.size() && i < mappings_.size(); ++i) {
    const Mapping& mapping = mappings_[i];
    if (mapping.pages == 0) continue;
    const int owner = program_.regions[i].process;
    if (task != kSetupTask && owner != process_of(task) && !inherits(program_, process_of(task), owner))
      continue;
    if (random_.one_in(++count)) any = static_cast<int>(i);
    if (place == nullptr || mapping.file != place->file || place->page < mapping.offset) continue;
    if (place->page >= mapping.offset + mapping.pages) continue;
    if (random_.one_in(++count_at_place)) at_place = static_cast<int>(i);
  }
  return at_place >= 0 ? at_place : any;
}

bool Operands::draw_address(int32_t* address, int task) {
  const int region = region_of(task, shares_ ? &place_ : nullptr);
  if (region < 0) return false;
  const Mapping& mapping = mappings_[static_cast<size_t>(region)];
  address[0] = region;
  const int32_t page = place_.page - mapping.offset;
  const bool maps = mapping.file == place_.file && page >= 0 && page < mapping.pages;
  address[1] = shares_ && maps ? page : page_in(mapping.pages);
  address[2] =
      shares_ ? place_.cell
              : static_cast<int32_t>(random_.below(static_cast<uint32_t>(program_.config.geometry.cells)));
  return true;
}

bool Operands::draw_argument(ArgKind kind, size_t slot, int task, Operation& op) {
  int32_t& value = op.arg[slot];
  const int32_t pmd = program_.config.geometry.pmd_pages;
  const auto files = static_cast<uint32_t>(program_.files.size());
  const int32_t file = std::max(0, argument(op, ArgKind::kFile));
  switch (kind) {
    case ArgKind::kFile:
      if (files == 0) return false;
      value = shares_ ? place_.file : static_cast<int32_t>(random_.below(files));
      return true;
    case ArgKind::kNewFile:
      if (files >= kFilesMax) return false;
      value = static_cast<int32_t>(files);
      program_.files.emplace_back();
      return true;
    case ArgKind::kRegion:
      value = region_of(task, shares_ ? &place_ : nullptr);
      return value >= 0;
    case ArgKind::kNewRegion:
      return declare_region(value, task);
    case ArgKind::kAddr:
      return draw_address(&value, task);
    case ArgKind::kOffset:
      value = shares_ ? place_.page : page_in(pages_of_file(file));
      /* Whole PMDs need an aligned start. */
      if (random_.one_in(2)) value -= value % pmd;
      return true;
    case ArgKind::kLength:
      if (has(op.kind, ArgKind::kOffset)) {
        value = length_from(file, argument(op, ArgKind::kOffset));
      } else {
        value = shares_ ? place_.page + static_cast<int32_t>(random_.below(2))
                        : page_in(pages_of_file(file) + pmd);
      }
      return true;
    case ArgKind::kSizeKey:
      value = random_.one_in(2) ? pmd * static_cast<int32_t>(1 + random_.below(2))
                                : 1 + static_cast<int32_t>(random_.below(static_cast<uint32_t>(pmd + 1)));
      return true;
    case ArgKind::kProt:
      value = random_.one_in(4) ? 0 : kProtWrite;
      if (random_.one_in(8)) value |= random_.one_in(2) ? kProtPrivate : kProtSync;
      return true;
    case ArgKind::kAccess:
      value = static_cast<int32_t>(random_.below(2));
      return true;
    case ArgKind::kProcess:
      if (program_.processes.empty()) return false;
      value = static_cast<int32_t>(random_.below(static_cast<uint32_t>(program_.processes.size())));
      return true;
  }
  return true;
}

bool Operands::draw(OpKind kind, int task, Operation& op, const Place* near) {
  if (kind >= OpKind::kCount) return false;
  op = {kind, {}};
  shares_ = near != nullptr || (percent(sharing_) && shared_place(place_));
  if (near != nullptr) place_ = *near;
  const size_t files = program_.files.size();
  const size_t regions = program_.regions.size();
  bool drawn = true;
  for_each_argument(kind, [&](ArgKind arg, int slot) {
    drawn = drawn && draw_argument(arg, static_cast<size_t>(slot), task, op);
  });
  if (!drawn) {
    program_.files.resize(files);
    program_.regions.resize(regions);
    return false;
  }
  learn(op);
  return true;
}

bool Operands::neighbour(Operation& op, ArgKind kind, size_t slot) {
  const size_t which = slot + random_.below(static_cast<uint32_t>(slots_of(kind)));
  const int32_t before = op.arg[which];
  const Bounds bounds = argument_bounds(op, kind, program_.config.geometry);
  int64_t value = before;
  if (random_.one_in(4) && bounds.max < INT32_MAX) {
    value = random_.one_in(2) ? bounds.min : bounds.max;
  } else {
    value += random_.one_in(2) ? 1 : -1;
  }
  op.arg[which] = static_cast<int32_t>(bounds.clip(value));
  return op.arg[which] != before;
}

bool Operands::change(Operation& op, int task) {
  const auto args = op_info(op.kind).args;
  if (args.empty()) return false;
  const size_t which = random_.below(static_cast<uint32_t>(args.size()));
  size_t slot = 0;
  for (size_t i = 0; i < which; ++i) slot += static_cast<size_t>(slots_of(args[i]));
  const ArgKind kind = args[which];
  if (kind == ArgKind::kNewFile) return false;
  if (kind == ArgKind::kNewRegion) {
    if (task != kSetupTask) return false;
    int& process = program_.regions[static_cast<size_t>(op.arg[slot])].process;
    const int before = process;
    process = static_cast<int>(random_.below(static_cast<uint32_t>(program_.processes.size())));
    return process != before;
  }
  if (random_.one_in(2)) return neighbour(op, kind, slot);
  const Operation before = op;
  shares_ = percent(sharing_) && shared_place(place_);
  if (!draw_argument(kind, slot, task, op)) op = before;
  return op != before;
}

Operands::Renamed Operands::nothing_renamed() {
  Renamed regions;
  regions.fill(-1);
  return regions;
}

bool Operands::adopt(Operands& source, const Operation& op, int task, Renamed& regions, Operation& adopted) {
  adopted = op;
  Place place;
  const bool has_place = source.place_of(op, place);
  const auto files = static_cast<int32_t>(program_.files.size());
  const auto processes = static_cast<int32_t>(program_.processes.size());
  bool good = true;
  for_each_argument(op.kind, [&](ArgKind kind, int first) {
    int32_t* slot = &adopted.arg[static_cast<size_t>(first)];
    if (kind == ArgKind::kFile) good = good && files > 0;
    if (kind == ArgKind::kFile && files > 0) *slot %= files;
    if (kind == ArgKind::kNewFile) good = false;
    if (kind == ArgKind::kProcess) good = good && processes > 0;
    if (kind == ArgKind::kProcess && processes > 0) *slot %= processes;
    if (kind == ArgKind::kNewRegion) {
      const auto old = static_cast<size_t>(*slot);
      good = good && declare_region(*slot, task);
      if (good) regions[old % regions.size()] = *slot;
    }
    if (kind != ArgKind::kRegion && kind != ArgKind::kAddr) return;
    const int32_t renamed = regions[static_cast<size_t>(*slot) % regions.size()];
    if (files > 0) place.file %= files;
    *slot = renamed >= 0 ? renamed : region_of(task, has_place ? &place : nullptr);
    if (*slot < 0) good = false;
    if (*slot < 0 || kind == ArgKind::kRegion || renamed >= 0) return;
    const Mapping& mapping = mappings_[static_cast<size_t>(*slot)];
    if (mapping.file == place.file && place.page >= mapping.offset) slot[1] = place.page - mapping.offset;
  });
  if (good) learn(adopted);
  return good;
}

}  // namespace daxrace::scenario
