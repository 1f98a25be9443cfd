/* SPDX-License-Identifier: GPL-2.0-only */
/* The canonical text. It is what the strict reader accepts, if the program is valid; of any other it is a
 * sketch, with `?` for what does not resolve. */
#include <charconv>

#include "core/scenario/text.h"
#include "core/scenario/text_words.h"

namespace daxrace::scenario {

namespace {

/* The largest text of a valid program, part by part. A bound that grows must not make programs unreadable. */
constexpr size_t kNumberBytes = 10;
constexpr size_t kTaskBytes = 2 * kNameMax + 1;
constexpr size_t kItemBytes = kWordMax + 2;
constexpr size_t kSwitchBytes = 2 * kTaskBytes + kSiteMax + 3 * kNumberBytes + 24;
constexpr size_t kOrderBytes = 2 * kSwitchBytes;
constexpr size_t kDrawBytes = 2 * kNumberBytes + 16;
constexpr size_t kOperationBytes = 2 * kNameMax + kSlotsMax * (kNumberBytes + 8) + 32;
constexpr size_t kRowsBytes = 2 * kRowsMax * kItemBytes + 64;
constexpr size_t kExpectationBytes = kRowsBytes + kVerdictsMax * kItemBytes + 64;
constexpr size_t kPrintMax = kSwitchesMax * kSwitchBytes + kDrawsMax * kDrawBytes + kOrdersMax * kOrderBytes +
                             (kSetupMax + kTasksMax * kOpsMax) * kOperationBytes +
                             kTasksMax * (kTaskBytes + 8) + kExpectationsMax * kExpectationBytes +
                             kMirrorsMax * kItemBytes + kRowsBytes + (kNotesMax + 4) * (kLineTextMax + 16) +
                             512;
static_assert(kPrintMax <= kTextMax);

class Printer {
 public:
  explicit Printer(const Program& program) : program_(program) { out_.reserve(1024); }

  std::string print();
  std::string print_one(const Operation& op);

 private:
  void text(std::string_view keyword, std::string_view value);
  void list(std::string_view keyword, const std::vector<std::string>& items);
  void items(const std::vector<std::string>& items);
  void config();
  void operation(const Operation& op, bool in_setup);
  void argument(const Operation& op, ArgKind kind, size_t slot, bool in_setup);
  void tasks();
  void expectation(const Expectation& expectation);
  void condition(std::string_view keyword, const std::vector<std::string>& rows, bool& any);
  void found();
  void anchor(const Anchor& anchor);
  void orders();
  void schedule();
  void switch_line(const Switch& entry);
  void task_name(int task);
  void number(int64_t value) { append_number(out_, value); }
  void pages(int64_t value) { append_pages(out_, value, program_.config.geometry.pmd_pages); }

  const Program& program_;
  std::string out_;
};

template <typename T>
const T* at(const std::vector<T>& of, int index) {
  return index >= 0 && static_cast<size_t>(index) < of.size() ? &of[static_cast<size_t>(index)] : nullptr;
}

std::string_view name_at(const std::vector<std::string>& names, int index) {
  const std::string* name = at(names, index);
  return name == nullptr ? std::string_view("?") : std::string_view(*name);
}

void Printer::text(std::string_view keyword, std::string_view value) {
  constexpr size_t kKeywordColumns = 10;
  if (value.empty()) return;
  out_.append(keyword).append(kKeywordColumns - keyword.size(), ' ').append(value).push_back('\n');
}

void Printer::items(const std::vector<std::string>& items) {
  for (size_t i = 0; i < items.size(); ++i) out_.append(i == 0 ? "" : ", ").append(items[i]);
}

void Printer::list(std::string_view keyword, const std::vector<std::string>& values) {
  if (values.empty()) return;
  text(keyword, values.front());
  out_.pop_back();
  for (size_t i = 1; i < values.size(); ++i) out_.append(", ").append(values[i]);
  out_.push_back('\n');
}

void Printer::config() {
  const Config& config = program_.config;
  const Geometry usual;
  text("kernel", config.kernel.version);
  list("without", config.kernel.without);
  list("with", config.kernel.with);
  std::string geometry;
  const auto key = [&](std::string_view name, int value, int usual_value) {
    if (value == usual_value) return;
    geometry.append(geometry.empty() ? "" : " ").append(name);
    append_number(geometry, value);
  };
  key("pmd=", config.geometry.pmd_pages, usual.pmd_pages);
  key("cells=", config.geometry.cells, usual.cells);
  text("geometry", geometry);
  if (!config.pmd_mappings) text("pmd", "off");
  if (config.eadr) text("eadr", "on");
  if (config.ddio) text("ddio", "on");
  if (config.xfs) text("fs", "xfs");
  std::string swap(config.swap_exclusive ? "" : "no-exclusive");
  if (config.swap_stable_writes) swap.append(swap.empty() ? "" : " ").append("stable-writes");
  text("swap", swap);
  if (config.low_memory) text("memory", "low");
}

void Printer::operation(const Operation& op, bool in_setup) {
  if (op.kind >= OpKind::kCount) return;
  out_.append("  ").append(op_info(op.kind).name);
  for_each_argument(op.kind, [&](ArgKind kind, int slot) {
    out_.push_back(' ');
    argument(op, kind, static_cast<size_t>(slot), in_setup);
  });
  out_.push_back('\n');
}

void Printer::argument(const Operation& op, ArgKind kind, size_t slot, bool in_setup) {
  const int32_t value = op.arg[slot];
  const Region* region = at(program_.regions, value);
  switch (kind) {
    case ArgKind::kFile:
    case ArgKind::kNewFile:
      out_.append(name_at(program_.files, value));
      break;
    case ArgKind::kNewRegion:
      if (in_setup)
        out_.append(name_at(program_.processes, region == nullptr ? -1 : region->process)).append(".");
      out_.append(region == nullptr ? "?" : region->name);
      break;
    case ArgKind::kRegion:
      out_.append(region == nullptr ? "?" : region->name);
      break;
    case ArgKind::kAddr:
      out_.append(region == nullptr ? "?" : region->name);
      if (op.arg[slot + 1] != 0) {
        out_.push_back('+');
        pages(op.arg[slot + 1]);
      }
      if (op.arg[slot + 2] != 0) {
        out_.push_back('.');
        number(op.arg[slot + 2]);
      }
      break;
    case ArgKind::kSizeKey:
      out_.append("size=");
      pages(value);
      break;
    case ArgKind::kOffset:
    case ArgKind::kLength:
      pages(value);
      break;
    case ArgKind::kProt:
      out_.append((value & kProtPrivate) != 0 ? "private"
                  : (value & kProtSync) != 0  ? "sync"
                                              : "shared")
          .append((value & kProtWrite) != 0 ? " rw" : " r");
      break;
    case ArgKind::kAccess:
      out_.append(value != 0 ? "rw" : "r");
      break;
    case ArgKind::kProcess:
      out_.append(name_at(program_.processes, value));
      break;
  }
}

void Printer::task_name(int task) {
  const auto devices = static_cast<int>(program_.tasks.size());
  if (task >= devices) {
    out_.append("dma.");
    number(task - devices);
    return;
  }
  const Task* found = at(program_.tasks, task);
  out_.append(name_at(program_.processes, found == nullptr ? -1 : found->process)).push_back('.');
  out_.append(found == nullptr ? "?" : found->name);
}

void Printer::tasks() {
  for (size_t i = 0; i < program_.tasks.size(); ++i) {
    out_.append("task ");
    task_name(static_cast<int>(i));
    out_.push_back('\n');
    for (const Operation& op : program_.tasks[i].ops) operation(op, false);
  }
}

void Printer::condition(std::string_view keyword, const std::vector<std::string>& rows, bool& any) {
  if (rows.empty()) return;
  out_.append(" ").append(keyword).append(" ");
  items(rows);
  any = true;
}

void Printer::expectation(const Expectation& expectation) {
  const KernelChoice& kernel = expectation.kernel;
  bool conditional = !kernel.version.empty();
  out_.append("expect");
  if (conditional) out_.append(" kernel ").append(kernel.version);
  condition("without", kernel.without, conditional);
  condition("with", kernel.with, conditional);
  out_.append(conditional ? ": " : " ");
  if (expectation.verdicts.empty()) out_.append("never");
  items(expectation.verdicts);
  if (expectation.preemptions) {
    out_.append(" preemptions=");
    number(*expectation.preemptions);
  }
  out_.push_back('\n');
}

void Printer::found() {
  if (!program_.found) return;
  const Found& found = *program_.found;
  text("found", found.verdict);
  text("signature", found.signature);
  if (found.trace_hash == 0) return;
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, found.trace_hash, 16).ptr;
  std::string hash(static_cast<size_t>(digits + sizeof digits - end), '0');
  text("hash", hash.append(digits, end));
}

/* `[P.A op 1: SITE x2]` */
void Printer::anchor(const Anchor& anchor) {
  out_.push_back('[');
  task_name(anchor.task);
  out_.append(" op ");
  number(anchor.op);
  out_.append(": ").append(anchor.site);
  if (anchor.occurrence != 0) {
    out_.append(" x");
    number(anchor.occurrence);
  }
  out_.push_back(']');
}

void Printer::orders() {
  for (const Order& order : program_.orders) {
    out_.append("order     ");
    anchor(order.first);
    out_.push_back(' ');
    anchor(order.then);
    out_.push_back('\n');
  }
}

void Printer::switch_line(const Switch& entry) {
  out_.append("  @");
  number(entry.step);
  out_.push_back(' ');
  task_name(entry.task);
  if (entry.anchor.task >= 0) {
    out_.push_back(' ');
    anchor(entry.anchor);
  }
  out_.push_back('\n');
}

/* By step; at the same step the switch comes first. */
void Printer::schedule() {
  const Schedule& schedule = program_.schedule;
  if (schedule.empty()) return;
  out_.append("schedule\n");
  auto draw = schedule.draws.begin();
  const auto draws_before = [&](uint64_t step) {
    for (; draw != schedule.draws.end() && draw->step < step; ++draw) {
      out_.append("  @");
      number(draw->step);
      out_.append(" draw ");
      number(draw->value);
      out_.push_back('\n');
    }
  };
  for (const Switch& entry : schedule.switches) {
    draws_before(entry.step);
    switch_line(entry);
  }
  draws_before(UINT64_MAX);
}

std::string Printer::print() {
  out_.append("daxrace ");
  number(kFormatVersion);
  out_.push_back('\n');
  text("title", program_.title);
  text("source", program_.source);
  text("question", program_.question);
  list("mirrors", program_.mirrors);
  for (const std::string& note : program_.notes) text("note", note);
  config();
  if (!program_.setup.empty()) out_.append("setup\n");
  for (const Operation& op : program_.setup) operation(op, true);
  tasks();
  for (const Expectation& each : program_.expectations) expectation(each);
  found();
  orders();
  schedule();
  return std::move(out_);
}

std::string Printer::print_one(const Operation& op) {
  out_.clear();
  operation(op, false);
  return out_.size() < 3 ? out_ : out_.substr(2, out_.size() - 3);
}

}  // namespace

std::string print(const Program& program) { return Printer(program).print(); }

std::string print_operation(const Program& program, const Operation& op) {
  return Printer(program).print_one(op);
}

}  // namespace daxrace::scenario
