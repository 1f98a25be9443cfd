/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/names.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iterator>

#include "core/engine/wait_var.h" /* before the macros of vocabulary.h */
#include "core/model/anon.h"

namespace daxrace::replay {

namespace {

/* What a number of that role counts: see core/model/model.cc, where they are made. */
enum class Of : uint8_t { kFile, kFilePage, kProcess, kPte, kPmd, kVma, kBlock, kDirectory };

struct RoleNames {
  std::string_view role;
  Of of;
  const char* words; /* null: the role itself */
};

constexpr RoleNames kRoles[] = {
    {"i_pages", Of::kFilePage, "entry"},
    {"i_pages.marks", Of::kFilePage, "marks"},
    {"extent", Of::kFilePage, nullptr},
    {"i_pages.xa_lock", Of::kFile, "xa_lock"},
    {"i_pages.xa_head", Of::kFile, "xa_head"},
    {"i_size", Of::kFile, nullptr},
    {"i_rwsem", Of::kFile, nullptr},
    {"i_data_sem", Of::kFile, nullptr},
    {"XFS_ILOCK", Of::kFile, nullptr},
    {"invalidate_lock", Of::kFile, nullptr},
    {"i_mmap_rwsem", Of::kFile, nullptr},
    {"nrpages", Of::kFile, nullptr},
    {"i_datasync_tid", Of::kFile, nullptr},
    {"i_pincount", Of::kFile, nullptr},
    {"mapping_lock", Of::kFile, nullptr},
    {"i_lock", Of::kFile, nullptr},
    {"i_count", Of::kFile, nullptr},
    {"i_nlink", Of::kFile, nullptr},
    {"i_state", Of::kFile, nullptr},
    {"mmap_lock", Of::kProcess, nullptr},
    {"pmd_lock", Of::kProcess, nullptr},
    {"write_protect_seq", Of::kProcess, nullptr},
    {"pte", Of::kPte, "PTE"},
    {"pmd", Of::kPmd, "PMD"},
    {"ptl", Of::kPmd, nullptr},
    {"vma.linked", Of::kVma, "vma"},
    {"vma.in_i_mmap", Of::kVma, "vma in i_mmap,"},
    {"page", Of::kBlock, "the page of"},
    {"dir.i_rwsem", Of::kDirectory, "i_rwsem"},
};

/* Words for roles whose number says nothing. */
constexpr std::pair<std::string_view, const char*> kNumberless[] = {
    {"var_table", "the page to become idle"},
    {"dma.done", "the device to complete it"},
    {"wait_table", "the entry's wait queue"},
    {"journal", "the journal"},
    {"alloc_lock", "the block allocator's lock"},
    {"pgmap.done", "pgmap->done"},
    {"pgmap.ref", "pgmap->ref"},
    {"pgmap.mapped", "pgmap->mapped"},
    {"pgmap.dying", "pgmap->dying"},
    {"dax.alive", "DAXDEV_ALIVE"},
    {"dax_srcu", "dax_srcu"},
    {"q_usage_counter", "q_usage_counter"},
    {"s_umount", "s_umount"},
    {"rcu", "RCU"},
    {"swap_lock", "swap_lock"},
    {"zone_lock", "zone->lock"},
    {"fs_reclaim", "fs_reclaim"},
};

const RoleNames* find_role(std::string_view role) {
  const auto* found = std::ranges::find(kRoles, role, &RoleNames::role);
  return found == std::end(kRoles) ? nullptr : found;
}

struct FormName {
  std::string_view form;
  std::string_view function;
};

constexpr FormName kForms[] = {
#define PATCH(kind, id, version, subject, source, needs, excludes)
#define FORM(id, function, form) {#form, #function},
#include "core/model/patches.def"
#undef PATCH
#undef FORM
};

/* Helpers of the model, and the function of the kernel that they are a part of or stand for. */
constexpr FormName kHelpers[] = {
    {"model_xas_store", "xas_store()"},
    {"model_xas_mark", "xas_set_mark()"},
    {"model_xas_next_index", "xas_find()"},
    {"model_xas_find", "xas_find()"},
    {"model_next_entry", "xas_find()"},
    {"model_unlock_entry", "dax_unlock_entry()"},
    {"model_pte_alloc", "pte_alloc()"},
    {"model_insert_huge_zero_pmd", "dax_pmd_load_hole()"},
    {"model_copy_flushcache", "memcpy_flushcache()"},
    {"model_zero_block", "blkdev_issue_zeroout()"},
    {"model_wait_page", "wait_page_idle()"},
    {"model_dup_vma", "dup_mmap()"},
    {"model_mmap_region", "mmap_region()"},
    {"model_do_wp_private", "do_wp_page()"},
    {"model_alloc_folio", "folio_alloc()"},
    {"model_submit", "submit_bio_wait()"},
    {"model_write_pinned", "RDMA"},
    {"model_translate", "page walk"},
    {"model_try_access", "user access"},
    {"model_access_anon", "user access"},
    {"model_note_pin", "get_user_pages_fast()"},
    {"model_pin_write", "DMA"},
    {"model_pin_read", "DMA"},
    {"model_dma_run", "DMA"},
    {"model_clwb", "clwb"},
};

std::string_view base_of(std::string_view function) {
  const auto* form = std::ranges::find(kForms, function, &FormName::form);
  return form == std::end(kForms) ? function : form->function;
}

std::string process_name(const scenario::Runner& runner, size_t process) {
  const auto& names = runner.program().processes;
  return process < names.size() ? names[process] : std::to_string(process);
}

/* The address space that has the number, and what of it: spaces come one after the other. */
std::string table_words(const scenario::Runner& runner, uint32_t object, uint32_t pages_each) {
  const kernel::model_config& config = runner.machine();
  for (unsigned int mm = 0; mm < config.nr_mms; ++mm) {
    auto count = static_cast<uint32_t>(config.mm_pages[mm]) / pages_each;
    if (object < count) return address_words(runner, static_cast<int>(mm), object * pages_each);
    object -= count;
  }
  return "";
}

std::string vma_words(const scenario::Runner& runner, uint32_t object) {
  const scenario::Program& program = runner.program();
  for (int region = 0; region < static_cast<int>(program.regions.size()); ++region) {
    for (int process = 0; process < static_cast<int>(program.processes.size()); ++process) {
      if (runner.vma_of(region, process) != object) continue;
      const scenario::Region& of = program.regions[static_cast<size_t>(region)];
      return (process == of.process ? "" : program.processes[static_cast<size_t>(process)] + ".") + of.name;
    }
  }
  return "";
}

bool word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.'; }

/* "i_rwsem#0" -> "i_rwsem(f)"; the name of a form -> that of the function. */
std::string renamed_word(const scenario::Runner& runner, std::string_view word) {
  size_t hash = word.find('#');
  if (hash == word.npos) {
    std::string function = function_words(word);
    if (function.ends_with("()")) function.resize(function.size() - 2);
    return word.starts_with("model_") ? function : std::string(base_of(word));
  }
  uint32_t number = 0;
  std::from_chars(word.data() + hash + 1, word.data() + word.size(), number);
  return object_words(runner, word.substr(0, hash), number);
}

/* Those of the program in the order of their files, behind them the root. */
std::string directory_words(const scenario::Program& program, uint32_t object) {
  std::vector<bool> is_directory(program.files.size());
  for (const scenario::Operation& op : program.setup) {
    if (op.kind == scenario::OpKind::k_mkdir)
      is_directory[static_cast<size_t>(scenario::argument(op, scenario::ArgKind::kNewFile))] = true;
  }
  for (size_t file = 0; file < is_directory.size(); ++file) {
    if (is_directory[file] && object-- == 0) return program.files[file];
  }
  return "/";
}

}  // namespace

std::string address_words(const scenario::Runner& runner, int process, uint32_t page) {
  const scenario::Program& program = runner.program();
  const uint32_t pmd = runner.machine().pmd_nr;
  for (size_t i = 0; i < program.regions.size(); ++i) {
    const scenario::Runner::RegionPlan& plan = runner.region(static_cast<int32_t>(i));
    auto first = static_cast<uint32_t>(plan.address);
    auto end = first + static_cast<uint32_t>(plan.length);
    /* Of a PMD the first page that the mapping has there. */
    bool inside = (page >= first && page < end) || (page < first && page % pmd == 0 && first < page + pmd);
    bool inherited = plan.process != process && plan.is_private;
    if (!inside || (plan.process != process && !inherited)) continue;
    std::string name = program.regions[i].name;
    if (plan.process != process) name.insert(0, process_name(runner, static_cast<size_t>(process)) + ".");
    return name + "+" + std::to_string(page < first ? 0 : page - first);
  }
  return process_name(runner, static_cast<size_t>(process)) + ":" + std::to_string(page);
}

std::string file_words(const scenario::Runner& runner, size_t inode) {
  constexpr std::string_view kNew = "a new ";
  const std::string& name = runner.oracles().names().files[inode];
  return name.starts_with(kNew) ? "new-" + name.substr(kNew.size()) : name;
}

std::string place_words(const scenario::Runner& runner, std::string_view role, uint32_t object) {
  const RoleNames* names = find_role(role);
  if (names == nullptr) return "";
  const scenario::Program& program = runner.program();
  const kernel::model_config& config = runner.machine();
  switch (names->of) {
    case Of::kFile:
      return object < config.nr_inodes ? file_words(runner, object) : "";
    case Of::kFilePage: {
      auto pages = static_cast<uint32_t>(config.file_pages);
      if (pages == 0 || object / pages >= config.nr_inodes) return "";
      return file_words(runner, object / pages) + ":" + std::to_string(object % pages);
    }
    case Of::kProcess:
      return object < program.processes.size() ? program.processes[object] : "";
    case Of::kPte:
      return table_words(runner, object, 1);
    case Of::kPmd:
      return table_words(runner, object, config.pmd_nr);
    case Of::kVma:
      return vma_words(runner, object);
    case Of::kBlock:
      return "block " + std::to_string(object);
    case Of::kDirectory:
      return directory_words(program, object);
  }
  return "";
}

std::string object_words(const scenario::Runner& runner, std::string_view role, uint32_t object) {
  for (const auto& [name, words] : kNumberless) {
    if (name == role) return words;
  }
  const RoleNames* names = find_role(role);
  std::string words(names == nullptr || names->words == nullptr ? role : names->words);
  std::string place = place_words(runner, role, object);
  if (place.empty()) return words + " " + std::to_string(object);
  bool lock =
      names->of == Of::kFile || names->of == Of::kProcess || names->of == Of::kDirectory || role == "ptl";
  return lock && role != "i_size" ? words + "(" + place + ")" : words + " " + place;
}

std::string function_words(std::string_view function) {
  const auto* helper = std::ranges::find(kHelpers, function, &FormName::form);
  if (helper != std::end(kHelpers)) return std::string(helper->function);
  return std::string(base_of(function)) + "()";
}

std::string renamed(const scenario::Runner& runner, std::string_view sentence) {
  std::string out;
  bool frame = false; /* the word before was "frame" */
  for (size_t at = 0; at < sentence.size();) {
    size_t end = at;
    while (end < sentence.size() && (word_char(sentence[end]) || (sentence[end] == '#' && end > at))) ++end;
    if (end == at) {
      out += sentence[at++];
      continue;
    }
    std::string word(sentence.substr(at, end - at));
    std::string tail;
    while (word.ends_with('.')) {
      word.pop_back();
      tail += '.';
    }
    uint64_t number = 0;
    auto read = std::from_chars(word.data(), word.data() + word.size(), number);
    if (frame && read.ptr == word.data() + word.size() && number >= kernel::ANON_PFN) {
      for (std::string_view noun : {"page frame ", "frame "}) {
        if (!out.ends_with(noun)) continue;
        out.resize(out.size() - noun.size());
        break;
      }
      word = "anon " + std::to_string(number - kernel::ANON_PFN);
    } else {
      word = renamed_word(runner, word);
    }
    frame = word == "frame";
    out += word + tail;
    at = end;
  }
  return out;
}

std::string legend(const scenario::Runner& runner, std::string_view text) {
  const scenario::Program& program = runner.program();
  const auto has = [&](const std::string& part) { return text.find(part) != text.npos; };
  std::string out;
  const auto say = [&](const std::string& what) { out += (out.empty() ? "" : ", ") + what; };
  for (const std::string& file : program.files) {
    if (!has(" " + file + ":")) continue;
    say(file + ":N page N of the file " + file);
    break;
  }
  for (const scenario::Region& region : program.regions) {
    if (!has(region.name + "+")) continue;
    say(region.name + "+N page N of the mapping " + region.name);
    break;
  }
  if (has("block ")) say("block B.L cache line L of block B");
  if (has("anon ")) say("anon N a page of anonymous memory");
  if (has(" op ")) say("T op N operation N of task T");
  return out;
}

}  // namespace daxrace::replay
