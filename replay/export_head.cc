/* SPDX-License-Identifier: GPL-2.0-only */
#include <algorithm>
#include <regex>
#include <sstream>

#include "core/scenario/text.h"
#include "daxrace_version.h"
#include "replay/command.h"
#include "replay/export_c.h"
#include "replay/export_writer.h"
#include "replay/timeline.h"

namespace daxrace::replay {

using scenario::Operation;
using scenario::OpKind;

/* A comment must not end, or seem to begin, inside itself. */
std::string harmless(std::string text) {
  for (const auto& [bad, good] : {std::pair{"*/", "* /"}, std::pair{"/*", "/ *"}}) {
    for (size_t at = text.find(bad); at != text.npos; at = text.find(bad, at)) text.replace(at, 2, good);
  }
  return text;
}

class ExportWriter::Comment {
 public:
  Comment() { out_ = "/*\n"; }
  void line(const std::string& text) {
    std::string whole = " * " + harmless(text);
    while (whole.back() == ' ') whole.pop_back();
    out_ += whole + "\n";
  }
  void lines(const std::string& text) {
    std::istringstream stream(text);
    for (std::string each; std::getline(stream, each);) line(each);
  }
  void paragraph(const std::string& text, const std::string& indent = "") {
    lines(wrapped(text, 74, indent));
  }
  void item(const std::string& text) {
    std::string whole = wrapped(text, 74, "   ");
    whole[1] = '-';
    lines(whole);
  }
  void empty() { out_ += " *\n"; }
  std::string close() { return out_ + " */\n"; }

 private:
  std::string out_;
};

std::string ExportWriter::head() const {
  Comment comment;
  comment.paragraph(name_ + ".c - " + (verdict().empty() ? "" : verdict() + ": ") +
                    (program_.title.empty() ? "a program of daxrace" : program_.title));
  if (!program_.source.empty()) comment.line(program_.source);
  if (!program_.question.empty()) {
    comment.empty();
    comment.paragraph(program_.question);
  }
  comment.empty();
  found(comment);
  comment.empty();
  comment.paragraph(
      "What follows does the same system calls on a real kernel, again and again, and looks at what they "
      "returned. " +
      std::string(forced_ ? "Which operation begins after which other has returned is forced, by futexes. "
                            "Where operations overlap, how far the one is in the kernel when the other "
                            "begins is another in each round."
                          : "No schedule is recorded, so nothing is forced: the tasks begin together, each "
                            "a moment later or earlier in each round. (`daxrace explore FILE --save F` "
                            "records one; export that.)"));
  comment.empty();
  comment.line("Build:  gcc -O2 -pthread -o " + name_ + " " + name_ + ".c");
  comment.line("Run:    ./" + name_ + " -n 10000" + (has("direct") ? " -o /var/tmp" : "") +
               (files() ? " /mnt/dax" : ""));
  comment.line("Exit:   0 not seen, 1 shown, 77 this machine lacks what it needs, 2 wrong usage");
  if (hangs()) {
    comment.empty();
    comment.paragraph(
        "It is shown when operations do not return. What hangs may not be killable: use a machine that can "
        "be reset.");
  }
  if (has("power")) {
    comment.empty();
    comment.paragraph(
        "What is lost is lost by a power failure only. -c FILE (not on DAX) does one round and waits for "
        "the power to be cut; afterwards -C FILE tells what is lost. The caches of the CPU must not survive "
        "it (no eADR), which a reset of a virtual machine does not show.");
  }
  needs(comment);
  delays(comment);
  return comment.close();
}

void ExportWriter::found(Comment& comment) const {
  const std::string kernel = describe(runner_.kernel());
  if (finding_ == nullptr) {
    comment.paragraph("daxrace " DAXRACE_VERSION ", " + kernel + (forced_ ? ", this schedule:" : ":"));
  } else {
    static const std::regex kSteps(R"( \(step \d+\)| \(steps? [^)]*\))");
    comment.paragraph("daxrace " DAXRACE_VERSION " finds in its model of " + kernel + ": " +
                      std::regex_replace(finding_->describe(*finding_, runner_.execution()), kSteps, "") +
                      ".");
  }
  comment.empty();
  if (forced_) {
    comment.lines(timeline_report(runner_, TimelineForm::kMail));
    return;
  }
  for_each_op([&](int task, size_t i, const Operation& op) {
    if (i == 0) comment.line(task == kSetup ? "setup" : "task " + scenario::task_label(program_, task));
    comment.line("  " + words(op));
  });
}

void ExportWriter::needs(Comment& comment) const {
  std::vector<std::string> list;
  const auto add = [&](const std::string& text) {
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
  };
  if (!describe(runner_.kernel()).empty() && finding_ != nullptr)
    add("a kernel that has the bug: the model's is " + describe(runner_.kernel()));
  if (files())
    add(std::string("a directory on a file system mounted with -o dax: ") +
        (program_.config.xfs ? "XFS" : "ext4") + ", as in the model" +
        (program_.config.xfs ? "" : ", or another"));
  if (files() && program_.config.pmd_mappings && uses_pmds())
    add("blocks that are aligned to 2 MiB, for huge mappings: mkfs.ext4 -E stride=512,stripe_width=512, or "
        "mkfs.xfs -d su=2m,sw=1 and xfs_io -c 'extsize 2m' on the directory");
  if (program_.config.ddio) add("devices that write into the caches of the CPU (Intel DDIO)");
  if (!program_.config.pmd_mappings) add("a configuration without huge DAX mappings (CONFIG_FS_DAX_PMD=n)");
  if (!program_.config.swap_exclusive)
    add("an architecture whose swap entries have no exclusive bit (before v5.19: any)");
  if (program_.config.swap_stable_writes)
    add("a swap device whose pages must not change while they are written (zram with writeback, for one)");
  for_each_op([&](int, size_t, const Operation& op) {
    ExportedOp exported = exported_op(op.kind);
    const std::string name(scenario::op_info(op.kind).name);
    if (exported.part == nullptr)
      add("`" + name +
          "` has no equivalent in user space; by hand: " + std::string(scenario::op_info(op.kind).summary));
    else if (exported.note != nullptr)
      add("`" + name + "`: " + exported.note);
  });
  if (list.empty()) return;
  comment.empty();
  comment.line("It needs:");
  for (const std::string& text : list) comment.item(text);
}

bool ExportWriter::uses_pmds() const {
  bool uses = false;
  for_each_op([&](int, size_t, const Operation& op) {
    uses = uses || (op.kind == OpKind::k_mmap &&
                    scenario::argument(op, scenario::ArgKind::kLength) >= program_.config.geometry.pmd_pages);
  });
  return uses;
}

void ExportWriter::delays(Comment& comment) const {
  if (order_.delays.empty()) return;
  comment.empty();
  comment.paragraph(
      "The window is inside the kernel. Where a kernel can be built for it, a delay at the right place "
      "makes every round a hit; each task has its name as its comm:");
  for (const std::string& delay : order_.delays) {
    size_t code = delay.find("\n");
    comment.item(delay.substr(0, code));
    comment.line("  " + delay.substr(code + 1));
  }
}

}  // namespace daxrace::replay
