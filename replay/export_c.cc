/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/export_c.h"

#include "core/scenario/text.h"
#include "replay/export_parts.h"
#include "replay/export_writer.h"

namespace daxrace::replay {

using scenario::Operation;
using scenario::OpKind;

namespace {

constexpr ExportedOp kExported[] = {
#define EXPORT(op, part, note) {OpKind::k_##op, part, note},
#include "replay/export_ops.def"
#undef EXPORT
};

const char kIncludes[] = R"c(
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/aio_abi.h>
#include <linux/falloc.h>
#include <linux/futex.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MAP_SYNC
#define MAP_SYNC 0x80000
#endif
#ifndef MAP_SHARED_VALIDATE
#define MAP_SHARED_VALIDATE 3
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define PAGE 4096UL
#define PMD (512 * PAGE)
)c";

}  // namespace

ExportedOp exported_op(OpKind kind) {
  for (const ExportedOp& each : kExported) {
    if (each.kind == kind) return each;
  }
  return {kind, nullptr, nullptr};
}

std::string c_program(const scenario::Runner& runner, bool forced, const std::string& name) {
  return ExportWriter(runner, forced, name).write();
}

ExportWriter::ExportWriter(const scenario::Runner& runner, bool forced, const std::string& name)
    : runner_(runner),
      program_(runner.program()),
      code_(program_),
      forced_(forced),
      name_(name),
      finding_(runner.execution().headline()) {
  if (forced_) order_ = order_of(runner);
  find_parts();
  find_operations();
}

std::string ExportWriter::write() const {
  return "/* SPDX-License-Identifier: GPL-2.0-only */\n" + head() + kIncludes + tables() +
         shared_parts(parts_) + operation_parts(parts_) + regions() + tasks() + processes() + round() +
         usage() + main();
}

std::string ExportWriter::words(const Operation& op) const { return scenario::print_operation(program_, op); }

void ExportWriter::find_parts() {
  for (const char* part : {"shared", "values", "report", "processes", "arrive"}) need_part(parts_, part);
  bool direct = false;
  bool fork = false;
  bool crash = false;
  for_each_op([&](int task, size_t, const Operation& op) {
    ExportedOp exported = exported_op(op.kind);
    need_part(parts_, exported.part == nullptr ? "by_hand" : exported.part);
    direct = direct || op.kind == OpKind::k_dioread || op.kind == OpKind::k_aioread;
    fork = fork || op.kind == OpKind::k_fork;
    crash = crash || op.kind == OpKind::k_crash;
    if (op.kind == OpKind::k_pageout || op.kind == OpKind::k_swapoff) need_part(parts_, "swap");
    if (code_.always_inside(op)) need_part(parts_, "faults");
    if (task != kSetup) need_part(parts_, "start");
  });
  if (files()) need_part(parts_, "files");
  if (first_file() >= 0) {
    for (const char* part : {"create", "look_file", "dax"}) need_part(parts_, part);
  }
  for (size_t i = 0; i < program_.regions.size(); ++i) {
    if (code_.is_mapped(static_cast<int>(i))) need_part(parts_, "look");
  }
  if (files() && (durability() || crash)) need_part(parts_, "power");
  const bool about_pins =
      verdict() == "split-pin" || verdict() == "private-leak" || verdict() == "lost-write";
  need_part(parts_, direct && fork && !about_pins ? "excuse" : "no_excuse");
  for (const char* each :
       {"use-after-free", "kernel-warning", "lock-order", "data-race", "misuse", "leak", "broken-invariant",
        "block-after-free", "dma-after-free", "deadlock", "lost-wakeup", "livelock"}) {
    if (verdict() == each) need_part(parts_, "kernel_log");
  }
  if (!forced_) need_part(parts_, "spin");
  if (!program_.tasks.empty()) need_part(parts_, "start");
  const std::string body = tasks() + processes() + round();
  for (const char* part : {"after", "during", "open_file"}) {
    if (body.find(std::string("\t") + part + "(") != body.npos) need_part(parts_, part);
  }
}

int ExportWriter::first_file() const {
  for (int file = 0; file < static_cast<int>(program_.files.size()); ++file) {
    if (!code_.is_directory(file)) return file;
  }
  return -1;
}

void ExportWriter::find_operations() {
  for_each_op([&](int task, size_t i, const Operation& op) {
    if (op.kind == OpKind::k_creat || op.kind == OpKind::k_mkdir) return;
    const bool setup = task == kSetup;
    const int process = setup ? code_.setup_process(op) : program_.tasks[static_cast<size_t>(task)].process;
    rows_.push_back({code_.op(task, i),
                     (setup ? "setup" : scenario::task_label(program_, task) + " op " + std::to_string(i)) +
                         " (" + words(op) + ")",
                     process, code_.always_inside(op), op.kind == OpKind::k_exit});
  });
  for_each_look([&](int process, int region) {
    rows_.push_back(
        {code_.look(process, region),
         process_name(process) + " in the end, through " + program_.regions[static_cast<size_t>(region)].name,
         process, false, false});
  });
  for (size_t i = 0; i < program_.files.size(); ++i) {
    const int file = static_cast<int>(i);
    if (!code_.is_directory(file))
      rows_.push_back({code_.look(file), "in the end, read(2) of " + program_.files[i], -1, false, false});
  }
}

}  // namespace daxrace::replay
