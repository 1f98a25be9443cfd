/* SPDX-License-Identifier: GPL-2.0-only */
/* What a mail says as tasks and operations, and as comments for who goes on from there. */
#include <algorithm>
#include <sstream>

#include "core/engine/wait_var.h" /* before the macros of vocabulary.h */
#include "core/model/patches.h"
#include "core/scenario/text_words.h"
#include "replay/command.h"
#include "replay/mail.h"
#include "replay/mail_actors.h"

namespace daxrace::replay {

namespace {

/* What the text form may have in a line, and not too much of it. */
std::string one_line(std::string text, size_t max) {
  for (size_t at = 0; (at = text.find(" #", at)) != text.npos;) text.erase(at + 1, 1);
  scenario::clean_text(text);
  if (text.size() <= max) return text;
  text.resize(max - 3);
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) text.pop_back();
  if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xc0) text.pop_back();
  return text + "...";
}

/* `first` before the first line, as much before the others. */
std::string comment(const std::string& text, const std::string& first) {
  const std::string rest =
      first.substr(0, first.find('#') + 1) + std::string(first.size() - first.find('#') - 1, ' ');
  std::string lines = wrapped(one_line(text, 290), 100 - first.size(), "");
  std::string out = first;
  for (char c : lines) {
    out += c;
    if (c == '\n') out += rest;
  }
  return out + "\n";
}

std::string without_area(const std::string& subject) {
  size_t colon = subject.find(": ");
  return colon == subject.npos ? subject : subject.substr(colon + 2);
}

/* Rows of patches.def that the mail is about: by id, or by the subject of the patch. */
std::vector<const kernel::patch_info*> rows_about(const Mail& mail) {
  std::vector<const kernel::patch_info*> rows;
  for (const auto& row : kernel::patch_table()) {
    bool about =
        row.subject.size() > 20 && without_area(mail.subject) == without_area(std::string(row.subject));
    if (!mail.message_id.empty() && row.source.find(mail.message_id) != row.source.npos) about = true;
    for (const std::string& commit : mail.commits)
      about = about || (row.kind == kernel::patch_kind::commit && row.id.substr(0, commit.size()) == commit);
    if (about) rows.push_back(&row);
  }
  return rows;
}

class Draft {
 public:
  explicit Draft(const Mail& mail) : mail_(mail), rows_(rows_about(mail)) {
    actors_ = actors_of_diagram(mail.diagrams);
    from_ = "the diagram";
    if (!all_act(actors_)) {
      actors_ = actors_of_steps(mail.steps);
      from_ = "the steps";
    }
    if (!all_act(actors_)) choose_sentence();
    guessed_ = std::any_of(actors_.begin(), actors_.end(), [](const Actor& actor) { return actor.acts(); });
    if (!guessed_)
      actors_ = {{"", false, false, {{"load %", ""}}}, {"", false, false, {{"write f 0 1pg", ""}}}};
    anonymous_ = uses("pageout") || uses("swapoff") || uses("clearrefs") || uses("fork");
    direct_ = uses("dioread") || uses("aioread") || uses("diowrite");
    any_small_ = std::any_of(actors_.begin(), actors_.end(), [](const Actor& actor) { return actor.small; });
  }

  std::string write() {
    header();
    to_do();
    quotes();
    setup();
    for (size_t i = 0; i < actors_.size(); ++i) task(i);
    if (uses("fork")) out_ << "task C.child\n  load a" << (direct_ ? ".1" : "") << "\n";
    expectations();
    return out_.str();
  }

 private:
  /* The one that says most. */
  void choose_sentence() {
    size_t most = 0;
    for (const std::string& sentence : mail_.sentences) {
      std::vector<Actor> actors = actors_of_sentence(sentence);
      size_t deeds = 0;
      for (const Actor& actor : actors) deeds += actor.deeds.size();
      if (!all_act(actors) || deeds <= most) continue;
      most = deeds;
      actors_ = actors;
      sentence_ = sentence;
      from_ = "the sentence";
    }
  }

  bool uses(const std::string& operation) const {
    for (const Actor& actor : actors_) {
      for (const Deed& deed : actor.deeds) {
        if (deed.operation.rfind(operation, 0) == 0) return true;
      }
    }
    return false;
  }

  static char letter(size_t i) { return static_cast<char>('A' + i); }
  /* Threads share P; a process of its own is Q, R, ... */
  std::string process(size_t i) const {
    size_t others = 0;
    for (size_t k = 0; k < i; ++k) others += actors_[k].process;
    return actors_[i].process ? std::string(1, static_cast<char>('P' + others)) : "P";
  }
  std::string region(size_t i) const {
    if (anonymous_) return "a";
    return std::string(1, static_cast<char>('m' + (process(i)[0] - 'P')));
  }

  void header() {
    out_ << "daxrace 1\n"
         << "title     " << (mail_.subject.empty() ? "TITLE" : one_line(mail_.subject, 200)) << "\n";
    if (!mail_.message_id.empty())
      out_ << "source    https://lore.kernel.org/r/" << one_line(mail_.message_id, 200) << "\n";
    out_ << "question  QUESTION: which order is it about, and what must not come of it?\n";
    std::string mirrors;
    for (const std::string& function : mail_.functions) {
      if (scenario::is_symbol(function)) mirrors += (mirrors.empty() ? "" : ", ") + function;
    }
    if (!mirrors.empty()) out_ << "mirrors   " << mirrors << "\n";
    if (!mail_.from.empty() || !mail_.date.empty())
      out_ << "note      " << (mail_.is_patch ? "Patch by " : "Reported by ")
           << one_line(mail_.from.empty() ? "?" : mail_.from, 120)
           << (mail_.date.empty() ? "" : ", " + one_line(mail_.date, 60)) << ".\n";
    for (const std::string& fixes : mail_.fixes) out_ << "note      Fixes " << one_line(fixes, 200) << "\n";
    for (const std::string& commit : mail_.commits) out_ << "note      Names commit " << commit << ".\n";
  }

  static std::string choice(const kernel::patch_info& row) {
    return (row.kind == kernel::patch_kind::commit ? " --without " : " --with ") + std::string(row.id);
  }

  void to_do() {
    out_ << "# To do:\n";
    if (mail_.message_id.empty()) out_ << "#  - source: the link; the mail does not say its message-id\n";
    out_ << "#  - question: one sentence"
         << (mail_.functions.empty() ? "; mirrors: the kernel functions that it is about" : "") << "\n";
    if (!mail_.functions.empty()) out_ << "#  - mirrors: these are named most; keep those that it is about\n";
    out_ << "#  - setup and tasks: "
         << (guessed_ ? "guessed from " + from_ + "; check operands, order and who is who"
                      : "nothing was recognised; these are only an example")
         << "\n";
    if (rows_.empty()) {
      out_ << "#  - expect: daxrace models no patch that this mail names; see `daxrace list patches`, or\n"
           << "#    docs/try-a-patch.md for the patch in it\n";
    } else {
      for (const auto* row : rows_)
        out_ << comment(
            "expect: daxrace models " + std::string(row->id) + " (" +
                (row->version.empty() ? std::string(kernel::name_of(row->kind)) : std::string(row->version)) +
                "): " + std::string(row->subject),
            "#  - ");
    }
    out_ << "#  - `daxrace explore` on this file" << (rows_.empty() ? "" : choice(*rows_.front()))
         << ", then `daxrace check`; then take these comments out\n";
  }

  void quotes() {
    const bool steps_act = std::any_of(mail_.steps.begin(), mail_.steps.end(), [](const std::string& step) {
      return !operations_in(step, 1).empty();
    });
    if (steps_act && !(guessed_ && from_ == "the steps")) {
      out_ << "#\n# The steps of the report:\n";
      for (const std::string& step : mail_.steps) out_ << comment(step, "#   ");
    }
    if (!sentence_.empty()) {
      out_ << "#\n# What it says of what happens at once:\n" << comment(sentence_, "#   ");
    } else if (!guessed_ && !mail_.sentences.empty()) {
      out_ << "#\n# It speaks of what happens at once:\n";
      for (size_t i = 0; i < std::min<size_t>(3, mail_.sentences.size()); ++i)
        out_ << comment(mail_.sentences[i], "#   ");
    }
    if (mail_.diagrams.empty()) return;
    out_ << "#\n# Its diagram:\n";
    for (std::string line : mail_.diagrams) {
      for (char& c : line) c = static_cast<unsigned char>(c) < 127 ? c : '?';
      out_ << "#   " << line.substr(0, 160) << "\n";
    }
  }

  bool touches_mapping() const {
    for (const Actor& actor : actors_) {
      for (const Deed& deed : actor.deeds) {
        if (deed.operation.find('%') != deed.operation.npos) return true;
      }
    }
    return false;
  }

  void setup() {
    out_ << "setup\n";
    bool file = !anonymous_;
    for (const char* operation :
         {"write", "read", "fsync", "truncate", "punch", "zero", "collapse", "falloc", "unlink", "close"})
      file = file || uses(operation);
    const bool huge = mail_.huge && !direct_;
    if (file) out_ << "  creat f size=" << (any_small_ || huge ? "1pmd" : "1pg") << "\n";
    std::string mapped;
    for (size_t i = 0; i < actors_.size(); ++i) {
      const std::string who = process(i);
      if (mapped.find(who) != mapped.npos || (anonymous_ && !mapped.empty())) continue;
      mapped += who;
      if (anonymous_) {
        out_ << "  mmapanon P.a 1pg\n  store a" << (direct_ ? ".1" : "") << "\n";
      } else if (touches_mapping() || i == 0) {
        out_ << "  mmap " << who << "." << region(i) << " f "
             << (actors_[i].small     ? "1pg 1pg"
                 : any_small_ || huge ? "0 1pmd"
                                      : "0 1pg")
             << " shared rw\n";
      }
    }
  }

  /* Who maps all of it meets the others where they map one page. */
  std::string operand(size_t i, const std::string& operation) const {
    std::string text = operation;
    const size_t at = text.find('%');
    if (at == text.npos) return text;
    const bool whole = text.rfind("munmap", 0) == 0 || text.rfind("mprotect", 0) == 0;
    std::string address = region(i);
    if (!anonymous_ && any_small_ && !actors_[i].small && !whole) address += "+1pg";
    if (direct_ && text.rfind("store", 0) == 0) address += ".1";
    return text.replace(at, 1, address);
  }

  void task(size_t i) {
    out_ << "task " << (anonymous_ ? "P" : process(i)) << "." << letter(i) << "\n";
    for (const Deed& deed : actors_[i].deeds) {
      if (!deed.said.empty()) out_ << comment(deed.said, "  # ");
      if (!deed.operation.empty()) out_ << "  " << operand(i, deed.operation) << "\n";
    }
    /* What is stale is seen when all is over. */
    const bool stale =
        std::find(mail_.verdicts.begin(), mail_.verdicts.end(), "stale-read") != mail_.verdicts.end();
    if (stale && actors_[i].deeds.size() == 1 && actors_[i].deeds[0].operation == "load %")
      out_ << "  # Once more, to see what is there in the end:\n  " << operand(i, "load %") << "\n";
  }

  void expectations() {
    out_ << "expect never\n";
    std::string verdicts;
    for (const std::string& verdict : mail_.verdicts) verdicts += (verdicts.empty() ? "" : ", ") + verdict;
    if (verdicts.empty()) return;
    for (const auto* row : rows_) {
      if (row->kind == kernel::patch_kind::commit)
        out_ << "# expect without " << row->id << ": " << verdicts << "\n";
      else
        out_ << "# expect with " << row->id << ": never\n";
    }
    if (rows_.empty()) out_ << "# its words suggest: " << verdicts << "\n";
  }

  const Mail& mail_;
  std::vector<const kernel::patch_info*> rows_;
  std::vector<Actor> actors_;
  std::string from_;
  std::string sentence_; /* that was chosen */
  bool guessed_ = false;
  bool anonymous_ = false; /* memory, not a file */
  bool direct_ = false;    /* a device writes to a cell of it */
  bool any_small_ = false;
  std::ostringstream out_;
};

}  // namespace

std::string scenario_from(const Mail& mail) { return Draft(mail).write(); }

}  // namespace daxrace::replay
