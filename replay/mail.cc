/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/mail.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <regex>
#include <sstream>

#include "replay/mail_decode.h"

namespace daxrace::replay {

namespace {

/* Regular expressions need stack for every character; nobody's sentence is as long. */
constexpr size_t kLineMax = 1000;
constexpr size_t kParagraphMax = 2000;

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
  for (std::string line; std::getline(stream, line);) lines.push_back(unquoted(line.substr(0, kLineMax)));
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
  static const std::regex kPrefix(R"(^\s*((re|fwd?|aw)\s*:|\[[^\]]*\]|[*+]\s)\s*)", std::regex::icase);
  for (std::smatch match; std::regex_search(subject, match, kPrefix);) subject = match.suffix();
  return trimmed(subject);
}

bool is_subject(const std::string& line) {
  static const std::regex kSubject(R"(^\s*(\*\s*)?(re:\s*)*\[[^\]]*(patch|rfc|bug|v\d)[^\]]*\].*)",
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

/* Several at once, and what each of them does. */
bool is_race(const std::string& sentence) {
  static const std::regex kActors(
      R"(\b(cpu|process|thread|task) ?[a-z0-9]\b.*\b(and|while|whilst|when)\b.*\b(cpu|process|thread|task) ?[a-z0-9]\b)",
      std::regex::icase);
  static const std::regex kAtOnce(
      R"(\b(concurrently|simultaneously|concurrent|races? with|racing with|in parallel with|in the meantime)\b)",
      std::regex::icase);
  return std::regex_search(sentence, kActors) || std::regex_search(sentence, kAtOnce);
}

struct Hint {
  const char* pattern;
  const char* verdict;
};

/* What people call it. */
constexpr Hint kVerdicts[] = {
    {R"(use[- ]after[- ]free|\buaf\b|kasan)", "use-after-free"},
    {R"(\bdma\b.*\b(freed|reused|reallocated)|(freed|reused|reallocated)\b.*\bdma\b)", "dma-after-free"},
    {R"(\bcrash\b.*\blost\b|\blost\b.*\bcrash\b|data loss|power (failure|loss))", "lost-after-sync"},
    {R"(\bstale\b)", "stale-read"},
    {R"(deadlock|hung task|hangs? for ?ever)", "deadlock"},
    {R"((missed|lost) wake-?up)", "lost-wakeup"},
    {R"(loss of synchronicity|lost synchronicity|wrong cow|wrongly cow|wrong copy)", "split-pin"},
    {R"((writes?|modifications?|data)( \S+){0,6} (being |be |get |gets |are |is )lost|lost write|lose (dma|the) )",
     "lost-write"},
    {R"(\bsigbus\b)", "spurious-sigbus"},
    {R"(\bwarn(_on|ing:))", "kernel-warning"},
};

class Reader {
 public:
  explicit Reader(const std::string& text) : lines_(lines_of(text)) {}

  Mail read() {
    headers();
    patchwork();
    links();
    for (at_ = 0; at_ < lines_.size(); ++at_) {
      const std::string& line = lines_[at_];
      hashes(line);
      if (is_diff(line)) continue;
      step(line);
      diagram(line);
    }
    best_steps();
    sentences();
    functions();
    return mail_;
  }

 private:
  static constexpr size_t kStepsMax = 24;
  static constexpr size_t kDiagramMax = 40;
  static constexpr size_t kSentencesMax = 16;
  static constexpr size_t kFunctionsMax = 6;

  static bool is_diff(const std::string& line) {
    return line.starts_with("+") || line.starts_with("-") || line.starts_with("@@") ||
           line.starts_with("diff ") || line.starts_with("index ");
  }

  /* Of a mail, or what an archive prints at the top of its page. A second mail begins other headers. */
  void headers() {
    static const std::regex kPermalink(R"(^From: (.*) @ (\d{4}-\d{2}-\d{2}.*?) *(\(permalink.*)?$)");
    for (size_t i = 0; i < lines_.size(); ++i) {
      const std::string& line = lines_[i];
      std::string value;
      std::smatch match;
      if (mail_.subject.empty() && !(value = field(trimmed(line), "subject")).empty()) {
        /* A long subject goes on in the next line, after a space. */
        while (i + 1 < lines_.size() && lines_[i + 1].starts_with(" ") && !trimmed(lines_[i + 1]).empty() &&
               !line.starts_with(" "))
          value += " " + trimmed(lines_[++i]);
        take_subject(value);
      } else if (std::regex_match(line, match, kPermalink)) {
        if (mail_.from.empty()) mail_.from = match[1].str();
        if (mail_.date.empty()) mail_.date = match[2].str();
      } else if (mail_.from.empty() && line.starts_with("From:")) {
        mail_.from = field(line, "from");
      } else if (mail_.date.empty() && line.starts_with("Date:")) {
        mail_.date = field(line, "date");
      } else if (mail_.message_id.empty() && (!(value = field(line, "message-id")).empty() ||
                                              !(value = field(line, "message id")).empty())) {
        mail_.message_id = plain_id(value);
      }
      /* Who passes a patch on repeats its headers in the text. */
      if (i > 0 && i + 1 < lines_.size() && line.starts_with("From:") &&
          lines_[i + 1].starts_with("Subject:")) {
        mail_.from = std::regex_match(line, match, kPermalink) ? match[1].str() : field(line, "from");
        take_subject(field(lines_[i + 1], "subject"));
      }
    }
    for (const std::string& line : lines_) {
      if (mail_.subject.empty() && is_subject(line)) take_subject(line);
    }
    for (const std::string& line : lines_) {
      if (!mail_.is_patch && is_subject(line) && plain_subject(line) == mail_.subject) take_subject(line);
    }
  }

  void take_subject(const std::string& subject) {
    static const std::regex kPatch(R"(\[[^\]]*(patch|,?\d+/\d+)[^\]]*\])", std::regex::icase);
    /* A reply to a patch is none. */
    mail_.is_patch = std::regex_search(subject, kPatch) && field(trimmed(subject), "re").empty();
    mail_.subject = plain_subject(subject);
  }

  /* "Commit Message", and under it "A Name March 2, 2022, 8:27 a.m. UTC". */
  void patchwork() {
    static const std::regex kLine(
        R"(^(\D+?) ((Jan|Feb|March|April|May|June|July|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.? \d{1,2}, \d{4}.*?)( \||$).*)");
    for (size_t i = 0; i < lines_.size() && mail_.from.empty(); ++i) {
      if (lines_[i] != "Commit Message") continue;
      std::smatch match;
      for (size_t next = i + 1; next < lines_.size() && next < i + 4; ++next) {
        if (!std::regex_match(lines_[next], match, kLine)) continue;
        mail_.from = match[1].str();
        mail_.date = match[2].str();
        break;
      }
    }
  }

  /* A maintainer's Link: says where the patch was. The last one: earlier ones are of the series. */
  void links() {
    static const std::regex kLink(R"(^\s*Link: https?://\S+/([^/\s]+@[^/\s]+)/?$)");
    std::string last;
    for (const std::string& line : lines_) {
      std::smatch match;
      if (std::regex_match(line, match, kLink)) last = match[1].str();
    }
    if (mail_.message_id.empty()) mail_.message_id = last;
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
    static const std::regex kCommit(R"(\b[Cc]ommit:? ([0-9a-f]{8,40})\b)");
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

  /* Of several lists the longest that counts from 1; points of a discussion are others. */
  void best_steps() {
    std::vector<std::string> best;
    std::vector<std::string> run;
    for (const std::string& text : mail_.steps) {
      const size_t number = std::stoul(text);
      if (number != run.size() + 1) run.clear();
      if (number == run.size() + 1) run.push_back(text);
      if (run.size() > best.size()) best = run;
    }
    if (best.size() < 2) best.clear();
    mail_.steps = best;
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

  void sentences() {
    std::string paragraph;
    const auto end = [&] {
      size_t from = 0;
      std::string all = lower(paragraph);
      for (const Hint& hint : kVerdicts) {
        if (std::regex_search(all, std::regex(hint.pattern))) add_once(mail_.verdicts, hint.verdict);
      }
      for (size_t i = 0; i < paragraph.size(); ++i) {
        const bool stop = i + 1 == paragraph.size() || (paragraph[i] == '.' && paragraph[i + 1] == ' ');
        if (!stop) continue;
        std::string sentence = trimmed(paragraph.substr(from, i + 1 - from));
        from = i + 1;
        if (sentence.size() < 400 && is_race(sentence) && mail_.sentences.size() < kSentencesMax)
          add_once(mail_.sentences, sentence);
      }
      paragraph.clear();
    };
    for (const std::string& line : lines_) {
      const bool ends = line.empty() || is_diff(line) || line.find("wrote:") != line.npos;
      if (ends) {
        end();
      } else if (paragraph.size() < kParagraphMax) {
        paragraph += " " + trimmed(line);
      }
    }
    end();
  }

  void functions() {
    static const std::regex kCall(R"(\b([a-z_][a-z0-9_]{5,60})\(\))");
    std::map<std::string, int> counts;
    static const std::regex kHuge(R"(\bpmds?\b|pmd_fault|\bhuge\b|\b2 ?mi?b\b)", std::regex::icase);
    for (const std::string& line : lines_) {
      if (is_diff(line)) continue;
      mail_.huge = mail_.huge || std::regex_search(line, kHuge);
      for (auto it = std::sregex_iterator(line.begin(), line.end(), kCall); it != std::sregex_iterator();
           ++it) {
        if ((*it)[1].str().find('_') != std::string::npos) counts[(*it)[1].str()]++;
      }
    }
    std::vector<std::pair<int, std::string>> order;
    for (const auto& [name, count] : counts) order.emplace_back(-count, name);
    std::sort(order.begin(), order.end());
    for (const auto& [count, name] : order) {
      if (mail_.functions.size() < kFunctionsMax) mail_.functions.push_back(name);
    }
  }

  std::vector<std::string> lines_;
  size_t at_ = 0;
  Mail mail_;
};

}  // namespace

Mail read_mail(const std::string& text) { return Reader(plain_mail(text)).read(); }

}  // namespace daxrace::replay
