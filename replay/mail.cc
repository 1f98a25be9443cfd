/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/mail.h"

#include <algorithm>
#include <cctype>
#include <regex>
#include <sstream>

namespace daxrace::replay {

namespace {

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
  size_t at = 0;
  while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])) != 0) ++at;
  return text.substr(at);
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/* Without "> > ", whatever its depth. Tabs become columns, so that diagrams stay what they are. */
std::string unquoted(const std::string& line) {
  size_t at = 0;
  for (size_t i = 0; i < line.size() && (line[i] == '>' || line[i] == ' '); ++i) {
    if (line[i] == '>') at = i + 1;
  }
  if (at > 0 && at < line.size() && line[at] == ' ') ++at;
  std::string out;
  for (char c : line.substr(at)) {
    if (c == '\t') {
      out.append(8 - out.size() % 8, ' ');
    } else if (static_cast<unsigned char>(c) >= ' ' && c != 127) {
      out += c;
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(unquoted(line));
  return lines;
}

/* What follows "NAME:" or "NAME " at the beginning of a line, whatever its case; empty: something else. */
std::string field(const std::string& line, const std::string& name) {
  if (lower(line.substr(0, name.size())) != name) return "";
  size_t at = name.size();
  if (at >= line.size() || (line[at] != ':' && line[at] != ' ')) return "";
  return trimmed(line.substr(at + 1));
}

std::string plain_subject(std::string subject) {
  static const std::regex kPrefix(R"(^\s*((re|fwd?|aw)\s*:|\[[^\]]*\])\s*)", std::regex::icase);
  for (std::smatch match; std::regex_search(subject, match, kPrefix);) subject = match.suffix();
  return trimmed(subject);
}

bool is_subject(const std::string& line) {
  static const std::regex kSubject(R"(^\s*(re:\s*)*\[[^\]]*(patch|rfc|bug|v\d)[^\]]*\].*)",
                                   std::regex::icase);
  return std::regex_match(line, kSubject);
}

bool is_diagram_head(const std::string& line) {
  static const std::regex kHead(
      R"(\b(cpu|process|thread|task) ?[a-z0-9]\b.*\b(cpu|process|thread|task) ?[a-z0-9]\b.*)",
      std::regex::icase);
  /* Not a sentence that speaks of both. */
  return std::regex_search(line, kHead) && line.find(". ") == line.npos && line.size() < 100 &&
         std::count(line.begin(), line.end(), ' ') < 60 && line.find(" and ") == line.npos;
}

class Reader {
 public:
  explicit Reader(const std::string& text) : lines_(lines_of(text)) {}

  Mail read() {
    headers();
    for (at_ = 0; at_ < lines_.size(); ++at_) {
      const std::string& line = lines_[at_];
      hashes(line);
      step(line);
      diagram(line);
    }
    return mail_;
  }

 private:
  static constexpr size_t kStepsMax = 24;
  static constexpr size_t kDiagramMax = 40;

  /* Of a mail, or what an archive prints at the top of its page. A second mail begins other headers. */
  void headers() {
    for (size_t i = 0; i < lines_.size(); ++i) {
      const std::string& line = lines_[i];
      std::string value;
      if (mail_.subject.empty() && !(value = field(line, "subject")).empty()) {
        /* A long subject goes on in the next line, after a space. */
        while (i + 1 < lines_.size() && lines_[i + 1].starts_with(" ") && !trimmed(lines_[i + 1]).empty())
          value += " " + trimmed(lines_[++i]);
        mail_.subject = plain_subject(value);
      } else if (mail_.from.empty() && line.starts_with("From:")) {
        mail_.from = field(line, "from");
      } else if (mail_.date.empty() && line.starts_with("Date:")) {
        mail_.date = field(line, "date");
      } else if (mail_.message_id.empty() && (!(value = field(line, "message-id")).empty() ||
                                              !(value = field(line, "message id")).empty())) {
        mail_.message_id = plain_id(value);
      }
    }
    for (const std::string& line : lines_) {
      if (mail_.subject.empty() && is_subject(line)) mail_.subject = plain_subject(line);
    }
  }

  static std::string plain_id(const std::string& value) {
    static const std::regex kId(R"(<?([^\s<>]+@[^\s<>()]+)>?)");
    std::smatch match;
    return std::regex_search(value, match, kId) ? match[1].str() : "";
  }

  static void add_once(std::vector<std::string>& list, const std::string& text) {
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
  }

  void hashes(const std::string& line) {
    static const std::regex kFixes(R"(^\s*Fixes:\s*([0-9a-f]{8,40})\b\s*(.*))");
    static const std::regex kCommit(R"(\bcommit ([0-9a-f]{12,40})\b)");
    std::smatch match;
    if (std::regex_search(line, match, kFixes)) {
      add_once(mail_.fixes, match[1].str().substr(0, 12) + " " + match[2].str());
    } else if (std::regex_search(line, match, kCommit)) {
      add_once(mail_.commits, match[1].str().substr(0, 12));
    }
  }

  /* "1) text", "2/ text", "3. text", with the lines that go on with it, indented more. */
  void step(const std::string& line) {
    static const std::regex kStep(R"(^(\s*)(\d{1,2})[)./]\s+(\S.*))");
    std::smatch match;
    if (mail_.steps.size() >= kStepsMax || !std::regex_match(line, match, kStep)) return;
    size_t indent = match[1].str().size();
    std::string text = match[2].str() + ") " + match[3].str();
    for (size_t next = at_ + 1; next < lines_.size(); ++next) {
      const std::string& more = lines_[next];
      size_t begin = more.find_first_not_of(' ');
      if (begin == more.npos || begin <= indent || std::regex_match(more, kStep)) break;
      text += " " + trimmed(more);
    }
    add_once(mail_.steps, text);
  }

  /* The head and all lines to the second empty one. */
  void diagram(const std::string& line) {
    if (!mail_.diagrams.empty() || !is_diagram_head(line)) return;
    int empty = 0;
    for (size_t next = at_; next < lines_.size() && mail_.diagrams.size() < kDiagramMax; ++next) {
      empty += lines_[next].empty();
      if (empty == 2 || (empty == 1 && next > at_ + 2 && lines_[next].empty())) break;
      mail_.diagrams.push_back(lines_[next]);
    }
  }

  std::vector<std::string> lines_;
  size_t at_ = 0;
  Mail mail_;
};

/* --- the scenario
 * -------------------------------------------------------------------------------------------- */

struct Word {
  const char* pattern;
  const char* operation;
};

/* What people write, most telling first. `m` is a mapping of all of the file `f`, `a` is private memory. */
constexpr Word kWords[] = {
    {R"(\bcrash|power (fail|loss|cut))", "crash"},
    {R"(\b(f(data)?sync|msync|sync\(2\)|\*sync))", "fsync f"},
    {R"(\bpunch|ftruncate|\btruncate)", "truncate f 0"},
    {R"(\bswapoff)", "swapoff"},
    {R"(\bfork)", "fork C"},
    {R"(\bpageout|swap(s|ped|ping)? out|try_to_unmap|reclaim)", "pageout a"},
    {R"(\bo_direct read|direct(-| )io read|dio read|\bgup\b|pinn?(s|ed)?\b|dma (in)?to)", "dioread a"},
    {R"(\bo_direct write|direct(-| )io write|dio write)", "diowrite a"},
    {R"(\bmunmap)", "munmap m"},
    {R"(\bread fault|mmap(ed)? read|reads? (through|via|from) (the |a )?(mmap|mapping)|\bload\b)", "load m"},
    {R"(\bwrite fault|mmap(ed)? (with .*)?write|writes? (to|through|via) (the |a )?(mmap|mapping|pte|pmd)|\bstore\b)",
     "store m"},
    {R"(\bread\(2\)|\bpread|\bread\(\))", "read f 0 1pg"},
    {R"(\bwrite\(2\)|\bpwrite|\bwrite\(\)|dax_iomap_rw)", "write f 0 1pg"},
    {R"(\bfault)", "load m"},
};

std::string operation_in(const std::string& text) {
  std::string words = lower(text);
  for (const Word& word : kWords) {
    if (std::regex_search(words, std::regex(word.pattern))) return word.operation;
  }
  return "";
}

struct Column {
  std::vector<std::string> operations;
  void add(const std::string& operation) {
    if (!operation.empty() && (operations.empty() || operations.back() != operation))
      operations.push_back(operation);
  }
};

/* The head of a diagram says what each side does; what is under it decides only where the head is silent. */
std::vector<Column> columns_of(const std::vector<std::string>& diagram) {
  static const std::regex kName(R"(\b(cpu|process|thread|task) ?[a-z0-9]\b)", std::regex::icase);
  const std::string& head = diagram.front();
  std::vector<size_t> starts;
  for (auto it = std::sregex_iterator(head.begin(), head.end(), kName); it != std::sregex_iterator(); ++it)
    starts.push_back(static_cast<size_t>(it->position()));
  std::vector<Column> columns(std::min<size_t>(starts.size(), 8));
  const auto part = [&](const std::string& line, size_t i) {
    size_t end = i + 1 < starts.size() ? starts[i + 1] : line.size();
    return starts[i] < line.size() ? line.substr(starts[i], end - starts[i]) : std::string();
  };
  for (size_t i = 0; i < columns.size(); ++i) {
    columns[i].add(operation_in(part(head, i)));
    for (size_t k = 1; k < diagram.size() && columns[i].operations.empty(); ++k)
      columns[i].add(operation_in(part(diagram[k], i)));
  }
  return columns;
}

/* "process A ...", "CPU1: ...": a task of its own; what names nobody belongs to the one before. */
std::vector<Column> columns_of_steps(const std::vector<std::string>& steps) {
  static const std::regex kWho(R"(\b(?:cpu|process|thread|task) ?([a-z0-9])\b)", std::regex::icase);
  std::vector<std::string> names;
  std::vector<Column> columns;
  size_t current = 0;
  for (const std::string& step : steps) {
    std::smatch match;
    if (std::regex_search(step, match, kWho)) {
      auto known = std::find(names.begin(), names.end(), match[1].str());
      current = static_cast<size_t>(known - names.begin());
      if (known == names.end()) names.push_back(match[1].str());
    }
    if (columns.size() <= current) columns.resize(current + 1);
    columns[current].add(operation_in(step));
  }
  if (columns.size() > 8) columns.resize(8);
  return columns;
}

/* Characters that a line of the text form may have, and not too many of them. */
std::string one_line(const std::string& text, size_t max) {
  std::string out;
  for (char c : text)
    out += static_cast<unsigned char>(c) >= ' ' && static_cast<unsigned char>(c) < 127 ? c : '?';
  return out.size() <= max ? out : out.substr(0, max - 3) + "...";
}

bool mentions(const std::vector<Column>& columns, const char* suffix) {
  for (const Column& column : columns) {
    for (const std::string& operation : column.operations) {
      if (operation.ends_with(suffix)) return true;
    }
  }
  return false;
}

}  // namespace

Mail read_mail(const std::string& text) { return Reader(text).read(); }

std::string scenario_from(const Mail& mail) {
  std::vector<Column> columns;
  if (!mail.diagrams.empty()) columns = columns_of(mail.diagrams);
  if (columns.size() < 2 && !mail.steps.empty()) columns = columns_of_steps(mail.steps);
  std::erase_if(columns, [](const Column& column) { return column.operations.empty(); });
  bool guessed = !columns.empty();
  if (!guessed) columns = {{{"load m"}}, {{"write f 0 1pg"}}};
  bool fork = mentions(columns, "fork C");

  std::ostringstream out;
  out << "daxrace 1\n"
      << "title     " << (mail.subject.empty() ? "TITLE" : one_line(mail.subject, 200)) << "\n";
  if (!mail.message_id.empty())
    out << "source    https://lore.kernel.org/r/" << one_line(mail.message_id, 200) << "\n";
  out << "question  QUESTION: which order is it about, and what must not come of it?\n";
  if (!mail.from.empty() || !mail.date.empty())
    out << "note      Reported by " << one_line(mail.from.empty() ? "?" : mail.from, 120)
        << (mail.date.empty() ? "" : ", " + one_line(mail.date, 60)) << ".\n";
  for (const std::string& fixes : mail.fixes) out << "note      Fixes " << one_line(fixes, 200) << "\n";
  for (const std::string& commit : mail.commits) out << "note      Names commit " << commit << ".\n";
  out << "# To do:\n"
      << "#  - question: one sentence; mirrors: the kernel functions that it is about\n"
      << "#  - setup and tasks: "
      << (guessed ? "guessed from the words below; check operands, order and who is who"
                  : "nothing was recognised; these are only an example")
      << "\n"
      << "#  - expect: `daxrace list patches` has the rows; both sides, with the fix and without\n"
      << "#  - run `daxrace check` on this file, then take these comments out\n";
  if (!mail.steps.empty()) out << "#\n# The steps of the report:\n";
  for (const std::string& step : mail.steps) out << "#   " << one_line(step, 400) << "\n";
  if (!mail.diagrams.empty()) out << "#\n# Its diagram:\n";
  for (const std::string& line : mail.diagrams) out << "#   " << one_line(line, 160) << "\n";
  out << "setup\n  creat f size=1pmd\n";
  for (size_t i = 0; i < columns.size(); ++i) {
    /* One mapping serves all: the process is the same until somebody says otherwise. */
    if (i == 0) out << "  mmap P.m f 0 1pmd shared rw\n";
    if (i == 0 && (mentions(columns, " a") || fork)) out << "  mmapanon P.a 1pg\n  store a\n";
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    out << "task P." << static_cast<char>('A' + i) << "\n";
    for (const std::string& operation : columns[i].operations) out << "  " << operation << "\n";
  }
  if (fork) out << "task C.Z\n  load a\n";
  out << "expect never\n";
  return out.str();
}

}  // namespace daxrace::replay
