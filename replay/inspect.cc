/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/inspect.h"

#include "core/engine/wait_var.h" /* before the macros of vocabulary.h */
#include "core/model/anon.h"
#include "core/model/page.h"
#include "replay/command.h"
#include "replay/names.h"
#include "replay/step_words.h"

namespace daxrace::replay {

namespace {

const kernel::model& machine() { return *kernel::model::current; }

/* As the timeline says it when that value is written there: "entry f:0 = zero LOCKED". */
std::string words_of(const scenario::Runner& runner, const engine::Object& object, uint64_t value) {
  engine::Event event;
  event.role = object.role;
  event.object = object.index;
  event.value = value;
  event.kind = engine::EventKind::k_store;
  return state_words(runner, event);
}

/* Behind the equals sign. */
std::string value_part(const std::string& words) {
  size_t at = words.find(" = ");
  return at == words.npos ? "" : words.substr(at + 3);
}

std::string extent_words(uint32_t extent) {
  if (extent == 0) return "hole";
  return "block " + std::to_string(kernel::i_block_nr(extent) - 1) +
         (kernel::i_block_written(extent) ? "" : " unwritten");
}

bool wanted(int which, size_t index) { return which < 0 || static_cast<size_t>(which) == index; }

std::string page_line(const scenario::Runner& runner, const kernel::inode& file, uint64_t page) {
  const std::string name = file_words(runner, file.id) + ":" + std::to_string(page);
  std::string extent = extent_words(file.i_block[page].peek());
  std::string durable = extent_words(file.committed_block[page]);
  if (page >= file.committed_size) durable += " beyond the size";
  const auto& slot = file.i_data.i_pages.slots[page];
  const auto& marks = file.i_data.i_pages.marks[page];
  std::string entry = value_part(words_of(runner, slot, slot.peek()));
  std::string tags = value_part(words_of(runner, marks, marks.peek()));
  return "  " + name + " " + extent + (extent == durable ? "" : " (durable: " + durable + ")") +
         (slot.peek() == 0 ? "" : "; entry " + (entry.empty() ? "of a PMD that begins before it" : entry)) +
         (tags.empty() || tags == "clean" ? "" : " " + tags);
}

}  // namespace

std::vector<std::string> file_lines(const scenario::Runner& runner, int file) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < machine().config.nr_inodes; ++i) {
    if (!wanted(file, i)) continue;
    const kernel::inode& inode = machine().inodes[i];
    std::string line = "file " + file_words(runner, i) + ": " +
                       counted(inode.i_size.peek(), "page", "pages") + ", durable " +
                       std::to_string(inode.committed_size);
    if (inode.datasync_dirty.peek() != 0) line += ", changed in the running transaction";
    if (machine().life != nullptr) {
      line += ", i_count " + std::to_string(inode.i_count.peek()) + ", i_nlink " +
              std::to_string(inode.i_nlink.peek());
    }
    lines.push_back(line);
    for (uint64_t page = 0; page < inode.nr_blocks; ++page) {
      bool empty = inode.i_block[page].peek() == 0 && inode.committed_block[page] == 0 &&
                   inode.i_data.i_pages.slots[page].peek() == 0;
      if (!empty || page < inode.i_size.peek()) lines.push_back(page_line(runner, inode, page));
    }
  }
  return lines;
}

std::vector<std::string> entry_lines(const scenario::Runner& runner, int file) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < machine().config.nr_inodes; ++i) {
    if (!wanted(file, i)) continue;
    const kernel::xarray& pages = machine().inodes[i].i_data.i_pages;
    for (uint64_t page = 0; page < pages.nr_slots; ++page) {
      std::string words = words_of(runner, pages.slots[page], pages.slots[page].peek());
      if (words.empty() || pages.slots[page].peek() == 0) continue;
      lines.push_back(words + ", " +
                      value_part(words_of(runner, pages.marks[page], pages.marks[page].peek())));
    }
  }
  if (lines.empty()) lines.emplace_back("no entries");
  return lines;
}

std::vector<std::string> table_lines(const scenario::Runner& runner, int process) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < machine().config.nr_mms; ++i) {
    if (!wanted(process, i)) continue;
    const kernel::mm_struct& mm = machine().mms[i];
    const size_t before = lines.size();
    for (uint64_t page = 0; page < mm.nr_pages; ++page) {
      const auto& pmd = mm.pmds[page / machine().config.pmd_nr].pmd;
      if (page % machine().config.pmd_nr == 0 && pmd.peek() != 0)
        lines.push_back(words_of(runner, pmd, pmd.peek()));
      if (mm.ptes[page].peek() != 0) lines.push_back(words_of(runner, mm.ptes[page], mm.ptes[page].peek()));
    }
    if (lines.size() == before)
      lines.push_back("page tables of " + runner.program().processes[i] + ": empty");
  }
  return lines;
}

std::vector<std::string> page_lines(const scenario::Runner& runner) {
  std::vector<std::string> lines;
  for (uint32_t block = 0; machine().pages != nullptr && block < machine().nr_blocks; ++block) {
    const kernel::page& page = machine().pages[block];
    bool unused = page._refcount.peek() == kernel::__init_zone_device_page() && page._mapcount.peek() == 0 &&
                  page.generation.peek() == 0;
    if (unused) continue;
    lines.push_back("block " + std::to_string(block) + ": refcount " + std::to_string(page._refcount.peek()) +
                    ", mapcount " + std::to_string(page._mapcount.peek()) +
                    (page.generation.peek() == 0 ? "" : ", has been freed"));
  }
  const kernel::private_memory* anon = machine().anon;
  for (uint32_t i = 0; anon != nullptr && i < anon->nr_folios; ++i) {
    const kernel::folio& folio = anon->folios[i];
    if (folio._refcount.peek() == 0) continue;
    std::string line = "anon " + std::to_string(i) + ": refcount " + std::to_string(folio._refcount.peek()) +
                       ", mapcount " + std::to_string(folio._mapcount.peek()) + ":";
    for (unsigned int cell = 0; cell < machine().config.cells; ++cell)
      line += (cell == 0 ? " " : ", ") + value_words(runner, folio.cells[cell].peek());
    lines.push_back(line);
  }
  if (lines.empty()) lines.emplace_back("no page has a reference that counts");
  return lines;
}

std::vector<std::string> cache_lines(const scenario::Runner& runner) {
  std::vector<std::string> lines;
  const unsigned int cells = machine().config.cells;
  for (uint32_t i = 0; i < machine().nr_blocks * cells; ++i) {
    const kernel::pmem_cell& cell = machine().cells[i];
    const uint64_t data = cell.data.peek();
    if (data == 0 && cell.durable == 0 && cell.flushed == nullptr) continue;
    std::string line = "block " + std::to_string(i / cells) + "." + std::to_string(i % cells) + " = " +
                       value_words(runner, data);
    if (data == cell.durable || machine().config.eadr) {
      line += ", durable";
    } else {
      line += "; a power failure would leave " + value_words(runner, cell.durable);
      if (cell.last_dirtier != engine::kNoTask) {
        line += "; dirtied by " + std::string(runner.execution().task(cell.last_dirtier).name) + " at step " +
                std::to_string(cell.dirtied_at);
      }
    }
    if (cell.flushed != nullptr) {
      line += "; " + value_words(runner, cell.flushed->value) + " flushed by " +
              std::string(runner.execution().task(cell.flushed->task).name) + ", not fenced";
    }
    lines.push_back(line);
  }
  if (lines.empty()) lines.emplace_back("every cache line is zeros");
  return lines;
}

}  // namespace daxrace::replay
