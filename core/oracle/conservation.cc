/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When nothing runs: nothing is lost, nothing is left behind, and who points at something is known to it. A
 * file that nobody can reach any more has given its blocks back; a page table maps what the file has there;
 * what is counted is there.
 */
#include "core/model/anon.h"
#include "core/model/dax.h"
#include "core/model/file.h"
#include "core/model/inode.h"
#include "core/model/page.h"
#include "core/model/patches.h"
#include "core/model/pgmap.h"
#include "core/model/protocol/entry_backend.h"
#include "core/oracle/oracle.h"

namespace daxrace::oracle {

namespace {

enum Arg { kWhat, kWhere, kPage, kMore };

/* What is wrong; where: inode or address space; page: of it; more: a block. */
enum What {
  kFileLeft,
  kReferences,
  kFreedInUse,
  kBlockTwice,
  kBlockLost,
  kEntryLocked,
  kWaiter,
  kOverlap,
  kForeignBlock,
  kCleanEntry,
  kAssociation,
  kPages,
  /* where: a page of the device, an anonymous one, a swap slot; page: what it counts; more: what there is */
  kPageMappings,
  kPageReferences,
  kAnonMappings,
  kAnonReferences,
  kSwapCount,
  kSwapCache,
  /* where: an address space */
  kFilePages,
  kAnonPages,
  kSwapEntries,
};

/* What is known to point at each page. */
struct Counts {
  uint32_t* blocks = nullptr; /* mappings; null: pages of the device count nothing */
  uint32_t* folios = nullptr; /* null: there is no private memory */
  uint32_t* slots = nullptr;
};

constexpr What kCounters[kernel::NR_MM_COUNTERS] = {kFilePages, kAnonPages, kSwapEntries};

std::string counts(const engine::Finding& f, const std::string& page, const char* what) {
  return "at the end " + page + " counts " + std::to_string(static_cast<int64_t>(f.args[kPage])) + " " +
         what + (f.args[kPage] == 1 ? "" : "s") + ", but " + std::to_string(f.args[kMore]) + " can be found";
}

/* What tells one such finding from another: there is no task and no operation to name. */
const engine::Site& at_the_end(What what) {
  switch (what) {
    case kFileLeft:
      return DAXRACE_SITE("left", "file");
    case kReferences:
      return DAXRACE_SITE("counts", "i_count");
    case kFreedInUse:
      return DAXRACE_SITE("in_use", "inode");
    case kBlockTwice:
      return DAXRACE_SITE("twice", "block");
    case kBlockLost:
      return DAXRACE_SITE("lost", "block");
    case kEntryLocked:
      return DAXRACE_SITE("locked", "entry");
    case kWaiter:
      return DAXRACE_SITE("waits", "wq");
    case kOverlap:
      return DAXRACE_SITE("overlap", "pte");
    case kForeignBlock:
      return DAXRACE_SITE("maps_foreign", "block");
    case kCleanEntry:
      return DAXRACE_SITE("maps_clean", "entry");
    case kAssociation:
      return DAXRACE_SITE("association", "page");
    case kPages:
      return DAXRACE_SITE("counts", "nrpages");
    case kPageMappings:
      return DAXRACE_SITE("counts", "page_mapcount");
    case kPageReferences:
      return DAXRACE_SITE("counts", "page_refcount");
    case kAnonMappings:
      return DAXRACE_SITE("counts", "folio_mapcount");
    case kAnonReferences:
      return DAXRACE_SITE("counts", "folio_refcount");
    case kSwapCount:
      return DAXRACE_SITE("counts", "swap_map");
    case kSwapCache:
      return DAXRACE_SITE("counts", "swap_cache");
    case kFilePages:
      return DAXRACE_SITE("counts", "MM_FILEPAGES");
    case kAnonPages:
      return DAXRACE_SITE("counts", "MM_ANONPAGES");
    case kSwapEntries:
      return DAXRACE_SITE("counts", "MM_SWAPENTS");
  }
  return engine::kAnonymousSite;
}

std::string page_of(const engine::Finding& f) {
  const auto* set = static_cast<const OracleSet*>(f.context);
  return describe_cell(f, f.args[kWhere], f.args[kPage] * set->history().model().config.cells);
}

/* "R.A <did> (step N)". */
std::string by(const engine::Execution& execution, const kernel::model_note& note, std::string_view did) {
  return task_name(execution, note.task) + " " + std::string(did) + " (step " + std::to_string(note.step) +
         ")";
}

/* Who is answerable: who took its last name, and its last reference. */
std::string ended_by(const engine::Execution& execution, const kernel::inode& inode) {
  std::string text;
  if (inode.unlinked.step != 0) text += ": " + by(execution, inode.unlinked, "unlinked it");
  if (inode.put.step == 0) return text;
  return text + (text.empty() ? ": " : ", ") + by(execution, inode.put, "was the last to put it");
}

std::string freed_by(const engine::Execution& execution, const kernel::model_note& note) {
  return note.step == 0 ? "" : ": " + by(execution, note, "took it from its file");
}

std::string describe(const engine::Finding& f, const engine::Execution& execution) {
  const auto* set = static_cast<const OracleSet*>(f.context);
  const kernel::model& model = set->history().model();
  const bool of_inode = f.args[kWhat] <= kFreedInUse;
  const kernel::inode& inode = model.inodes[of_inode ? f.args[kWhere] : 0];
  const std::string file = of_inode ? set->names().files[f.args[kWhere]] : "";
  const std::string block = "block " + std::to_string(f.args[kMore]);
  switch (f.args[kWhat]) {
    case kFileLeft:
      return "at the end " + file + " has no name and nobody has it open or mapped, but it still has " +
             std::to_string(f.args[kMore]) + " block(s)" + ended_by(execution, inode);
    case kReferences:
      return "at the end " + file + " has " + std::to_string(f.args[kPage]) + " reference(s), but " +
             std::to_string(f.args[kMore]) + " can be found" + ended_by(execution, inode);
    case kFreedInUse:
      return "at the end " + file + " is in the dentry cache, but its inode has been freed" +
             ended_by(execution, inode);
    case kBlockTwice:
      return "at the end " + block + ", which " + page_of(f) + " has, is also free or another page's" +
             freed_by(execution, model.freed_notes[f.args[kMore]]);
    case kBlockLost:
      return "at the end " + block + " is neither free nor in a file" +
             freed_by(execution, model.freed_notes[f.args[kMore]]);
    case kEntryLocked:
      return "at the end the entry of " + page_of(f) + " is locked";
    case kWaiter:
      return "at the end somebody is still in a wait queue";
    case kOverlap:
      return "at the end page " + std::to_string(f.args[kPage]) + " of address space " +
             std::to_string(f.args[kWhere]) + " has a PTE where there is no table of PTEs";
    case kForeignBlock:
      return "at the end a page table maps " + block + " for " + page_of(f) + ", which does not have it";
    case kAssociation:
      return "at the end " + block + ", a page of the entry of " + page_of(f) +
             ", does not say that it is that page, but another page of the entry does";
    case kPages:
      return counts(f, "the mapping of " + set->names().files[f.args[kWhere]], "page");
    case kPageMappings:
      return counts(f, "the page of block " + std::to_string(f.args[kWhere]), "mapping");
    case kPageReferences:
      return counts(f, "the page of block " + std::to_string(f.args[kWhere]), "reference");
    case kAnonMappings:
      return counts(f, "page frame " + std::to_string(kernel::ANON_PFN + f.args[kWhere]), "mapping");
    case kAnonReferences:
      return counts(f, "page frame " + std::to_string(kernel::ANON_PFN + f.args[kWhere]), "reference");
    case kSwapCount:
      return counts(f, "swap slot " + std::to_string(f.args[kWhere]), "PTE");
    case kSwapCache:
      return counts(f, "swap slot " + std::to_string(f.args[kWhere]), "folio");
    case kFilePages:
    case kAnonPages:
    case kSwapEntries:
      return "at the end the " + std::string(at_the_end(static_cast<What>(f.args[kWhat])).object) +
             " of process " + set->names().processes[f.args[kWhere]] + " is " +
             std::to_string(static_cast<int64_t>(f.args[kPage])) + ", but its page tables have " +
             std::to_string(f.args[kMore]);
    default: {
      const engine::Site* cleaned =
          kernel::model_cleaned_by(&model.inodes[f.args[kWhere]], f.args[kPage] * model.config.cells);
      return "at the end a page table lets " + page_of(f) + " be written, but its entry is clean" +
             (cleaned == nullptr ? "" : std::string(": ") + cleaned->function + "() made it so");
    }
  }
}

/* Is the entry of that page DIRTY? An entry of several pages has its marks at the first. */
bool dirty(const kernel::inode& file, uint64_t page) {
  const kernel::xarray& pages = file.i_data.i_pages;
  while (page > 0 && (pages.slots[page].peek() & 0xff) == 6) --page;
  return (pages.marks[page].peek() & kernel::PAGECACHE_TAG_DIRTY) != 0;
}

class Conservation : public Oracle {
 public:
  void on_event(const kernel::model_event&, FileHistory&) override {}

  void on_quiesce(FileHistory& history) override {
    const kernel::model& model = history.model();
    if (model.life != nullptr) inspect_life(model, history);
    inspect_blocks(model, history);
    for (unsigned int i = 0; i < model.config.nr_inodes; ++i) inspect_entries(model.inodes[i], history);
    engine::Arena& arena = history.execution().arena();
    Counts counts;
    if (model.pages != nullptr) counts.blocks = arena.make_array<uint32_t>(model.nr_blocks);
    if (model.anon != nullptr) {
      counts.folios = arena.make_array<uint32_t>(model.anon->nr_folios);
      counts.slots = arena.make_array<uint32_t>(model.anon->nr_slots);
    }
    for (unsigned int i = 0; i < model.config.nr_mms; ++i)
      inspect_tables(model, model.mms[i], counts, history);
    if (counts.blocks != nullptr && (model.pgmap == nullptr || model.pgmap->mapped.peek() != 0))
      inspect_pages(model, counts.blocks, history);
    if (model.anon != nullptr) inspect_anon(*model.anon, counts, history);
    for (unsigned int i = 0; i < kernel::DAX_WAIT_TABLE_ENTRIES; ++i) {
      if (!model.wait_table[i].empty()) report(history, "broken-invariant", kWaiter, 0, 0, 0);
    }
  }

 private:
  static void report(FileHistory& history, std::string_view verdict, What what, uint64_t where, uint64_t page,
                     uint64_t more) {
    engine::Finding finding = make_finding(verdict, history);
    finding.describe = describe;
    finding.context = history.model().config.observer;
    finding.task = engine::kNoTask;
    finding.site = &at_the_end(what);
    finding.by_site = true; /* one thing that is wrong does not hide another */
    finding.args = {what, where, page, more};
    history.execution().report(finding);
  }

  /* More than can be found will never be given back; less, and something is freed under who has it. */
  static void compare(FileHistory& history, What what, uint64_t where, int64_t counted, int64_t found) {
    if (counted == found) return;
    report(history, counted > found ? "leak" : "broken-invariant", what, where,
           static_cast<uint64_t>(counted), static_cast<uint64_t>(found));
  }

  static uint32_t pins(const FileHistory& history, bool anon, uint64_t pfn) {
    uint32_t references = 0;
    for (const Pin* pin = history.pins(); pin != nullptr; pin = pin->next) {
      if ((pin->mm != nullptr) == anon && pin->pfn == pfn)
        references += pin->reference ? 1 : kernel::GUP_PIN_COUNTING_BIAS;
    }
    return references;
  }

  /* check_mm() looks when the process has ended, and then there must be nothing. */
  static void inspect_counters(const kernel::mm_struct& mm, const int64_t* found, FileHistory& history) {
    for (uint32_t i = 0; i < kernel::NR_MM_COUNTERS; ++i)
      compare(history, kCounters[i], mm.id, mm.rss_stat[i], found[i]);
  }

  /* Of the device. Until v6.14 a mapping is no reference. */
  static void inspect_pages(const kernel::model& model, const uint32_t* mappings, FileHistory& history) {
    for (uint32_t pfn = 0; pfn < model.nr_blocks; ++pfn) {
      const kernel::page& page = model.pages[pfn];
      const uint32_t mapped = model.config.forms->vm_normal_page(pfn) != nullptr ? mappings[pfn] : 0;
      compare(history, kPageMappings, pfn, static_cast<int32_t>(page._mapcount.peek()), mapped);
      compare(history, kPageReferences, pfn, static_cast<int32_t>(page._refcount.peek()),
              model.config.forms->__init_zone_device_page() + mapped + pins(history, false, pfn));
    }
  }

  static void inspect_anon(const kernel::private_memory& anon, const Counts& counts, FileHistory& history) {
    auto* cached = history.execution().arena().make_array<uint32_t>(anon.nr_folios);
    for (uint32_t i = 0; i < anon.nr_slots; ++i) {
      const uint8_t map = anon.slots[i].swap_map.peek();
      const uint32_t folio = anon.slots[i].cached.peek();
      compare(history, kSwapCount, i, map & ~kernel::SWAP_HAS_CACHE, counts.slots[i]);
      compare(history, kSwapCache, i, (map & kernel::SWAP_HAS_CACHE) != 0, folio != 0);
      if (folio != 0) ++cached[folio - 1];
    }
    for (uint32_t i = 0; i < anon.nr_folios; ++i) {
      const kernel::folio& folio = anon.folios[i];
      compare(history, kAnonMappings, i, folio._mapcount.peek(), counts.folios[i]);
      compare(history, kAnonReferences, i, folio._refcount.peek(),
              counts.folios[i] + cached[i] + pins(history, true, kernel::ANON_PFN + i));
    }
  }

  static void inspect_life(const kernel::model& model, FileHistory& history) {
    for (unsigned int i = 0; i < model.config.nr_inodes; ++i) {
      const kernel::inode& file = model.inodes[i];
      const kernel::dentry& dentry = model.life->dentries[i];
      uint32_t open = 0;
      for (unsigned int n = 0; n < model.life->nr_files; ++n) {
        const kernel::file& one = model.life->files[n];
        open += one.f_count.peek() != 0 && one.f_inode == &file;
      }
      if (open != dentry.d_count.peek()) report(history, "leak", kReferences, i, dentry.d_count.peek(), open);
      if (file.i_hashed.peek() && file.i_count.peek() != uint32_t(dentry.d_positive.peek()))
        report(history, "leak", kReferences, i, file.i_count.peek(), dentry.d_positive.peek());
      if (dentry.d_positive.peek() && !file.i_hashed.peek())
        report(history, "broken-invariant", kFreedInUse, i, 0, 0);
      uint64_t blocks = 0;
      for (uint64_t page = 0; page < file.nr_blocks; ++page) blocks += file.i_block[page].peek() != 0;
      if (file.i_nlink.peek() == 0 && open == 0 && blocks != 0)
        report(history, "leak", kFileLeft, i, 0, blocks);
    }
  }

  static void inspect_blocks(const kernel::model& model, FileHistory& history) {
    auto* owners = history.execution().arena().make_array<uint8_t>(model.nr_blocks);
    for (uint32_t i = 0; i < model.nr_free; ++i) ++owners[model.free_stack[i]];
    for (uint32_t i = 0; i < model.nr_freed; ++i) ++owners[model.freed[i]];
    for (unsigned int i = 0; i < model.config.nr_inodes; ++i) {
      const kernel::inode& file = model.inodes[i];
      for (uint64_t page = 0; page < file.nr_blocks; ++page) {
        const uint32_t block = file.i_block[page].peek();
        if (block != 0 && owners[kernel::i_block_nr(block) - 1]++ != 0)
          report(history, "broken-invariant", kBlockTwice, i, page, kernel::i_block_nr(block) - 1);
      }
    }
    for (uint32_t block = 0; block < model.nr_blocks; ++block) {
      if (owners[block] == 0) report(history, "leak", kBlockLost, 0, 0, block);
    }
  }

  static void inspect_entries(const kernel::inode& file, FileHistory& history) {
    int64_t pages = 0;
    for (uint64_t page = 0; page < file.i_data.i_pages.nr_slots; ++page) {
      const kernel::xa_entry entry = file.i_data.i_pages.slots[page].peek();
      if (kernel::xa_is_value(entry) && kernel::dax_is_locked(entry))
        report(history, "broken-invariant", kEntryLocked, file.id, page, 0);
      if (kernel::xa_is_value(entry)) pages += static_cast<int64_t>(kernel::model_entry_pages(entry));
      if (history.model().pages != nullptr && kernel::xa_is_value(entry) &&
          !kernel::dax_is_zero_entry(entry) && !kernel::dax_is_empty_entry(entry))
        inspect_association(file, page, entry, history);
    }
    compare(history, kPages, file.id, static_cast<int64_t>(file.i_data.nrpages.peek()), pages);
  }

  /* The pages of an entry say whose they are, page->mapping and page->index: all of them, or none. */
  static void inspect_association(const kernel::inode& file, uint64_t first, kernel::xa_entry entry,
                                  FileHistory& history) {
    const kernel::page* pages = history.model().pages + kernel::dax_to_pfn(entry);
    uint32_t said = 0;
    uint64_t silent = 0;
    for (uint64_t i = 0; i < kernel::model_entry_pages(entry); ++i) {
      if (pages[i].mapping.peek() == file.id + 1u && pages[i].index.peek() == first + i)
        ++said;
      else
        silent = i;
    }
    if (said != 0 && said != kernel::model_entry_pages(entry))
      report(history, "broken-invariant", kAssociation, file.id, first + silent,
             kernel::dax_to_pfn(entry) + silent);
  }

  static void inspect_tables(const kernel::model& model, const kernel::mm_struct& mm, Counts& counts,
                             FileHistory& history) {
    const uint64_t pmd_pages = model.config.pmd_nr;
    int64_t rss[kernel::NR_MM_COUNTERS] = {};
    for (uint64_t address = 0; address < mm.nr_pages; ++address) {
      const kernel::pmd_t pmd = mm.pmds[address / pmd_pages].pmd.peek();
      const kernel::pte_t pte = mm.ptes[address].peek();
      if (!kernel::pte_none(pte) && (pmd & kernel::_PAGE_TABLE) == 0)
        report(history, "broken-invariant", kOverlap, mm.id, address, 0);
      const uint64_t leaf = kernel::pmd_trans_huge(pmd) ? pmd : pte;
      if (counts.slots != nullptr && kernel::is_swap_pte(leaf)) {
        ++counts.slots[kernel::pte_to_swp_entry(leaf)];
        ++rss[kernel::MM_SWAPENTS];
      }
      if (!kernel::pte_present(leaf)) continue;
      const uint64_t pfn = kernel::pte_pfn(leaf) + (leaf == pmd ? address % pmd_pages : 0);
      if (counts.blocks != nullptr && pfn < model.nr_blocks) {
        ++counts.blocks[pfn];
        rss[kernel::MM_FILEPAGES] += model.config.forms->vm_normal_page(pfn) != nullptr;
      }
      if (counts.folios != nullptr && pfn >= kernel::ANON_PFN) {
        ++counts.folios[pfn - kernel::ANON_PFN];
        ++rss[kernel::MM_ANONPAGES];
      }
      if (pfn < model.nr_blocks) inspect_leaf(model, mm, address, pfn, leaf, history);
    }
    if (model.pgmap == nullptr || model.pgmap->mapped.peek() != 0) inspect_counters(mm, rss, history);
  }

  /* A block of the device that a page table maps. */
  static void inspect_leaf(const kernel::model& model, const kernel::mm_struct& mm, uint64_t address,
                           uint64_t pfn, uint64_t leaf, FileHistory& history) {
    for (unsigned int i = 0; i < model.config.nr_vmas; ++i) {
      const kernel::vm_area_struct& vma = model.vmas[i];
      if (vma.vm_mm != &mm || !vma.linked.peek() || address < vma.vm_start || address >= vma.vm_end) continue;
      if (vma.f_mapping == nullptr) continue;
      const kernel::inode& file = *vma.f_mapping->host;
      const uint64_t page = address - vma.vm_start + vma.vm_pgoff;
      if (file.i_block[page].peek() != pfn + 1)
        report(history, "broken-invariant", kForeignBlock, file.id, page, pfn);
      else if (kernel::pte_write(leaf) && !dirty(file, page))
        report(history, "broken-invariant", kCleanEntry, file.id, page, pfn);
    }
  }
};

}  // namespace

std::unique_ptr<Oracle> make_conservation_oracle() { return std::make_unique<Conservation>(); }

}  // namespace daxrace::oracle
