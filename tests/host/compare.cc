/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/host/compare.h"

#include <algorithm>

#include "tests/host/rules.h"

namespace daxrace::host {

namespace {

/* Opened behind the program's own descriptors' back: by nobody else's number. */
constexpr int kLastFd = kFds - 1;

Op open_op(int file) {
  Op op;
  op.kind = Kind::open;
  op.fd = kLastFd;
  op.file = file;
  return op;
}

}  // namespace

/* A file whose sides are known to differ becomes one hole on both. */
void Comparison::make_same_again(const Op& about) {
  Op op;
  op.kind = Kind::truncate;
  op.process = about.process;
  op.fd = about.fd;
  for (op.pos = 0; op.pos <= kFilePages / 2; op.pos += kFilePages / 2) {
    host_.run(op);
    model_.run(op);
  }
}

bool Comparison::step(const Op& op, Line& line) {
  Step step{op, line.host, line.model};
  look_at(model_, step);
  line.host = host_.run(op);
  line.model = model_.run(op);
  tally.ops++;
  if (line.host == line.model) {
    if (line.host.result < 0) (line.host.result <= kSigbus ? tally.faults : tally.failed)++;
    return true;
  }
  for (size_t i = 0; i < rules().size(); ++i) {
    const Rule& rule = rules()[i];
    if (!rule.applies(step)) continue;
    line.rule = &rule;
    tally.rules[i]++;
    if (rule.files_differ) make_same_again(op);
    return true;
  }
  return false;
}

/* All of each file, and all that can be seen through the regions. */
bool Comparison::compare_what_is_left(std::string* text) {
  auto same = [&](const Op& op) {
    Outcome host = host_.run(op);
    Outcome model = model_.run(op);
    if (host == model) return true;
    *text = "at the end, " + describe(op) + ":\n  host   " + describe(host) + "\n  model  " + describe(model);
    return false;
  };
  Op read;
  read.kind = Kind::pread;
  read.len = kFilePages;
  read.region = kPlainBuffer;
  /* Those without a name, too. */
  for (read.process = 0; read.process < kProcesses; ++read.process) {
    for (read.fd = 0; read.fd < kFds; ++read.fd) {
      if (!same(read)) return false;
    }
  }
  read.process = 0;
  read.fd = kLastFd;
  for (int file = 0; file < kFiles; ++file) {
    if (!same(open_op(file)) || !same(read)) return false;
  }
  Op load;
  load.kind = Kind::load;
  for (load.process = 0; load.process < kProcesses; ++load.process) {
    for (load.region = 0; load.region < kRegions; ++load.region) {
      for (load.page = 0; load.page < kRegionPages; ++load.page) {
        load.cell = static_cast<int>(load.page % kCells);
        if (!same(load)) return false;
      }
    }
  }
  return true;
}

/* What the host cannot do there, neither side is asked for. */
static Program adapted(Program program, const HostSide& host) {
  for (Op& op : program.ops) {
    if (!host.has_ranges() && (op.range == Range::zero || op.range == Range::collapse))
      op.range = Range::punch;
  }
  return program;
}

std::optional<Mismatch> Comparison::run(const Program& drawn) {
  const Program program = adapted(drawn, host_);
  std::optional<Mismatch> mismatch;
  size_t at = 0;
  lines_.clear();
  host_.begin();
  std::string end = model_.with_machine(program, [&] {
    for (; at < program.ops.size(); ++at) {
      lines_.emplace_back();
      if (step(program.ops[at], lines_.back())) continue;
      mismatch = Mismatch{
          at, "  host   " + describe(lines_.back().host) + "\n  model  " + describe(lines_.back().model)};
      return;
    }
    std::string text;
    if (!compare_what_is_left(&text)) mismatch = Mismatch{at, text};
  });
  host_.end();
  if (!mismatch && !end.empty()) mismatch = Mismatch{at, "  the model: " + end};
  return mismatch;
}

std::string Comparison::shrink_and_describe(Program program) {
  std::optional<Mismatch> mismatch = run(program);
  if (!mismatch) return "both sides agree after all";
  program.ops.resize(std::min(program.ops.size(), mismatch->at + 1));
  for (size_t chunk = program.ops.size() / 2; chunk > 0; chunk /= 2) {
    for (size_t from = 0; from + chunk <= program.ops.size();) {
      Program without = program;
      auto first = without.ops.begin() + static_cast<std::ptrdiff_t>(from);
      without.ops.erase(first, first + static_cast<std::ptrdiff_t>(chunk));
      if (run(without)) {
        program = without;
      } else {
        from += chunk;
      }
    }
  }
  mismatch = run(program);
  if (!mismatch) return "both sides agree after all";
  std::string text = "seed " + std::to_string(program.seed) + ", " + std::to_string(program.ops.size()) +
                     " operations left" + (program.pmd_mappings ? "" : ", pmd off") + "\n";
  for (size_t i = 0; i < program.ops.size(); ++i) {
    const Op& op = program.ops[i];
    text +=
        "  #" + std::to_string((op.value & 0xffff) == 0 ? i : (op.value & 0xffff) - 1) + " " + describe(op);
    if (i < mismatch->at && i < lines_.size()) {
      const Line& line = lines_[i];
      text += ": " + describe(line.host);
      if (line.rule != nullptr) {
        text += " (model: " + describe(line.model) + "; rule " + std::string(line.rule->name) +
                (line.rule->files_differ ? ", both truncate to 0 and to 8 pages)" : ")");
      }
    }
    text += "\n";
  }
  return text + mismatch->text + "\n";
}

}  // namespace daxrace::host
