/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/mail_actors.h"

#include <cctype>
#include <regex>

namespace daxrace::replay {

namespace {

struct Word {
  const char* pattern;
  const char* operation; /* %: the mapping, or the memory, of whoever does it */
};

/* What people write, most telling first: what one has matched is not looked at again. */
constexpr Word kWords[] = {
    {R"(\bcrash|power (fail|loss|cut))", "crash"},
    {R"(\bpunch(es|ing)?( a)? hole|punch_hole|\bpunch)", "punch f 0 1pg"},
    {R"(collapse[_ ]range)", "collapse f 0 1pg"},
    {R"(zero[_ ]range)", "zero f 0 1pg"},
    {R"(fallocat)", "falloc f 0 1pg"},
    {R"(ftruncate|\btruncat)", "truncate f 0"},
    {R"(\bswapoff)", "swapoff"},
    {R"(clear_refs|soft-?dirty)", "clearrefs"},
    {R"(madv_dontneed)", "dontneed % 1pg"},
    {R"(drop_caches)", "dropcaches"},
    {R"(\bvmsplice)", "vmsplice %"},
    {R"(\b(ib|ibv)_reg_mr|\bregister(s|ed|ing)?\b[^.,]{0,30}\b(buffers?|memory|region)|foll_longterm|long-?term pin|\brdma)",
     "regmr %"},
    {R"(\b(asynchronous|aio)\b[^.]{0,30}\bread|io_uring)", "aioread %"},
    {R"(\bread(s|ing)?\b[^.,]{0,30}o_direct|o_direct[^.,]{0,20}\bread|direct(-| )io read|dio read|\bgup\b|\bpin(s|ned|ning)? |dma (in)?to)",
     "dioread %"},
    {R"(\bwrit(e|es|ing)\b[^.,]{0,30}o_direct|o_direct[^.,]{0,20}\bwrite|direct(-| )io write|dio write)",
     "diowrite %"},
    {R"(\bf(data)?sync|\bmsync|\bsync\(2\)|\*sync)", "fsync f"},
    {R"(\bpageout|swap(s|ped|ping)?[- ]out|try_to_unmap|\breclaim)", "pageout %"},
    {R"(\bfork)", "fork C"},
    {R"(\bmunmap|\bmemunmap)", "munmap %"},
    {R"(\bu(n)?mount)", "remount"},
    {R"(\bunbind)", "unbind"},
    {R"(\bunlink|\bdelet(es|ing) the file)", "unlink f"},
    {R"(\bclose(s|d)?( the (file|descriptor)|\(|$))", "close f"},
    {R"(\bmprotect)", "mprotect % r"},
    {R"(\bread fault|mmap(ed)? read|reads? (through|via|from) (the |a )?(mmap|mapping)|\bloads?\b)",
     "load %"},
    {R"(\bwrite fault|mmap(ed)?\b.{0,80}\bwrite|writ(e|es|ing) (to|through|via) .{0,60}?\b(mmap|mapping|pte|pmd|page|buffer|memory)\b|\bstores?\b)",
     "store %"},
    {R"(\bread\(2\)|\bpread|\bread\(\))", "read f 0 1pg"},
    {R"(\bwrite\(2\)|\bpwrite|\bwrite\(\)|dax_iomap_rw)", "write f 0 1pg"},
    {R"(\bfault)", "load %"},
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

constexpr size_t kActorsMax = 4;

const std::regex& actor_name() {
  static const std::regex kName(R"(\b(cpu|process|thread|task) ?([a-z0-9])\b)", std::regex::icase);
  return kName;
}

Actor& actor_called(std::vector<Actor>& actors, const std::smatch& match) {
  const std::string name = lower(match[2].str());
  for (Actor& actor : actors) {
    if (actor.name == name) return actor;
  }
  actors.push_back({name, lower(match[1].str()) == "process", false, {}});
  return actors.back();
}

}  // namespace

std::vector<std::string> operations_in(const std::string& text, size_t max) {
  std::string words = lower(text.substr(0, 1000));
  std::vector<std::pair<size_t, std::string>> found;
  for (const Word& word : kWords) {
    const std::regex pattern(word.pattern);
    std::smatch match;
    while (std::regex_search(words, match, pattern) && match.length() > 0) {
      const auto at = static_cast<size_t>(match.position());
      found.emplace_back(at, word.operation);
      words.replace(at, static_cast<size_t>(match.length()), static_cast<size_t>(match.length()), '#');
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> list;
  for (const auto& [at, operation] : found) {
    if (list.size() < max && (list.empty() || list.back() != operation)) list.push_back(operation);
  }
  return list;
}

std::vector<Actor> actors_of_diagram(const std::vector<std::string>& diagram) {
  std::vector<Actor> actors;
  if (diagram.empty()) return actors;
  const std::string& head = diagram.front();
  std::vector<size_t> starts;
  for (auto it = std::sregex_iterator(head.begin(), head.end(), actor_name()); it != std::sregex_iterator();
       ++it) {
    starts.push_back(static_cast<size_t>(it->position()));
    actors.push_back({it->str(), lower((*it)[1].str()) == "process", false, {}});
  }
  if (actors.size() > kActorsMax) actors.resize(kActorsMax);
  const auto part = [&](const std::string& line, size_t i) {
    size_t end = i + 1 < starts.size() ? starts[i + 1] : line.size();
    return starts[i] < line.size() ? line.substr(starts[i], end - starts[i]) : std::string();
  };
  for (size_t i = 0; i < actors.size(); ++i) {
    for (size_t k = 0; k < diagram.size() && !actors[i].acts(); ++k) {
      for (const std::string& operation : operations_in(part(diagram[k], i), 1))
        actors[i].deeds.push_back({operation, ""});
    }
  }
  return actors;
}

std::vector<Actor> actors_of_steps(const std::vector<std::string>& steps) {
  std::vector<Actor> actors;
  size_t current = 0;
  for (const std::string& step : steps) {
    std::smatch match;
    if (std::regex_search(step, match, actor_name()))
      current = static_cast<size_t>(&actor_called(actors, match) - actors.data());
    if (actors.empty()) actors.push_back({});
    Actor& actor = actors[current];
    const std::string words = lower(step);
    if (words.find("4k") != words.npos || words.find("one page") != words.npos) actor.small = true;
    std::vector<std::string> operations = operations_in(step, 1);
    actor.deeds.push_back({operations.empty() ? "" : operations.front(), step});
  }
  if (actors.size() > kActorsMax) actors.resize(kActorsMax);
  return actors;
}

std::vector<Actor> actors_of_sentence(const std::string& sentence) {
  std::vector<Actor> actors;
  std::vector<size_t> starts;
  for (auto it = std::sregex_iterator(sentence.begin(), sentence.end(), actor_name());
       it != std::sregex_iterator(); ++it) {
    const size_t known = actors.size();
    actor_called(actors, *it);
    if (actors.size() > known) starts.push_back(static_cast<size_t>(it->position()));
  }
  if (actors.size() < 2) {
    static const std::regex kAtOnce(
        R"(\b(concurrently|simultaneously|while|whilst|races? with|racing with)\b)", std::regex::icase);
    actors.assign(1, {});
    starts.assign(1, 0);
    for (auto it = std::sregex_iterator(sentence.begin(), sentence.end(), kAtOnce);
         it != std::sregex_iterator(); ++it) {
      actors.push_back({});
      starts.push_back(static_cast<size_t>(it->position()));
    }
  }
  for (size_t i = 0; i < actors.size(); ++i) {
    const size_t end = i + 1 < starts.size() ? starts[i + 1] : sentence.size();
    std::string part = sentence.substr(starts[i], end - starts[i]);
    /* What is said of the other one while it lasts is not done again. */
    if (i > 0) part = part.substr(0, part.find(" while "));
    for (const std::string& operation : operations_in(part, 4)) actors[i].deeds.push_back({operation, ""});
  }
  std::erase_if(actors, [](const Actor& actor) { return !actor.acts(); });
  if (actors.size() > kActorsMax) actors.resize(kActorsMax);
  return actors;
}

bool all_act(const std::vector<Actor>& actors) {
  return actors.size() >= 2 &&
         std::all_of(actors.begin(), actors.end(), [](const Actor& a) { return a.acts(); });
}

}  // namespace daxrace::replay
