/* SPDX-License-Identifier: GPL-2.0-only */
/* leak and broken-invariant: a machine in which one thing at a time is wrong at the end. */
#include "core/model/anon.h"
#include "core/model/dax.h"
#include "core/model/file.h"
#include "core/model/inode.h"
#include "core/model/page.h"
#include "core/model/protocol/entry_backend.h"
#include "core/oracle/events_for_test.h"

namespace daxrace::oracle {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint64_t kDirtyPte = kernel::_PAGE_PRESENT | kernel::_PAGE_RW | kernel::_PAGE_DIRTY;

class ConservationTest : public EventTest {
 protected:
  /* What is found at the end of a machine that was left like this. */
  Verdicts end(const std::function<void()>& leave) {
    return play([&] {
      leave();
      oracles_.on_quiesce();
    });
  }

  /* Page 0 of the address space is page 0 of the file, block 0, with an entry that has those marks. */
  void map(uint64_t pfn, uint64_t flags, uint8_t marks) {
    kernel::vm_area_struct& vma = machine_->vmas[0];
    vma.vm_start = 0;
    vma.vm_end = 1;
    vma.vm_flags = kernel::VM_SHARED | kernel::VM_WRITE;
    vma.vm_mm = &machine_->mms[0];
    vma.f_mapping = &inode()->i_data;
    vma.linked.write(true);
    machine_->mms[0].pmds[0].pmd.store_here(kernel::_PAGE_TABLE, engine::Order::kRelaxed);
    set_pte(0, pfn << kernel::_PAGE_PFN_SHIFT | flags);
    count(pfn, 1, 1);
    set_entry(0, kernel::dax_make_entry(0, 0));
    inode()->i_data.i_pages.marks[0].write(marks);
  }
  void set_entry(uint64_t page, kernel::xa_entry entry) {
    inode()->i_data.i_pages.slots[page].write(entry);
    inode()->i_data.nrpages.write(kernel::model_entry_pages(entry));
  }
  /* The newest kernel: a mapping is a reference. */
  void count(uint64_t pfn, uint32_t mappings, uint32_t references) {
    machine_->pages[pfn]._mapcount.store_here(mappings, engine::Order::kRelaxed);
    machine_->pages[pfn]._refcount.store_here(references, engine::Order::kRelaxed);
  }
  void set_pte(uint64_t address, uint64_t pte) {
    ++counter(kernel::is_swap_pte(pte) ? kernel::MM_SWAPENTS : kernel::MM_FILEPAGES);
    machine_->mms[0].ptes[address].store_here(pte, engine::Order::kRelaxed);
  }
  int64_t& counter(kernel::mm_counter which) { return machine_->mms[0].rss_stat[which]; }
};

TEST_F(ConservationTest, NothingIsWrongWithAnIdleMachine) {
  EXPECT_THAT(end([] {}), IsEmpty());
  EXPECT_THAT(end([&] { map(0, kDirtyPte, kernel::PAGECACHE_TAG_DIRTY); }), IsEmpty());
  EXPECT_THAT(end([&] { map(0, kernel::_PAGE_PRESENT, 0); }), IsEmpty()) << "clean, and cannot be written";
}

TEST_F(ConservationTest, WritableMappingOfACleanEntry) {
  EXPECT_THAT(end([&] { map(0, kDirtyPte, 0); }), ElementsAre("broken-invariant"));
  EXPECT_THAT(sentence(), HasSubstr("lets page 0 of f be written, but its entry is clean"));
}

TEST_F(ConservationTest, MappingOfABlockThatTheFileDoesNotHave) {
  EXPECT_THAT(end([&] { map(1, kernel::_PAGE_PRESENT, 0); }), ElementsAre("broken-invariant"));
  EXPECT_THAT(sentence(), HasSubstr("maps block 1 for page 0 of f"));
}

TEST_F(ConservationTest, MappingsAndReferencesOfAPage) {
  const auto mapped = [&](uint32_t mappings, uint32_t references) {
    return end([&] {
      map(0, kernel::_PAGE_PRESENT, 0);
      count(0, mappings, references);
    });
  };
  EXPECT_THAT(mapped(1, 1), IsEmpty());
  EXPECT_THAT(mapped(1, 2), ElementsAre("leak"));
  EXPECT_THAT(sentence(), HasSubstr("the page of block 0 counts 2 references, but 1 can be found"));
  EXPECT_THAT(mapped(1, 0), ElementsAre("broken-invariant"));
  EXPECT_THAT(mapped(2, 1), ElementsAre("leak"));
  EXPECT_THAT(sentence(), HasSubstr("counts 2 mappings, but 1 can be found"));
  EXPECT_THAT(mapped(0, 1), ElementsAre("broken-invariant"));
  EXPECT_THAT(end([&] { count(3, 0, kernel::GUP_PIN_COUNTING_BIAS); }), ElementsAre("leak"))
      << "a pin that nobody has";
}

TEST_F(ConservationTest, CountsOfPrivateMemory) {
  EXPECT_THAT(end([&] { machine_->anon->folios[0]._refcount.store_here(1, engine::Order::kRelaxed); }),
              ElementsAre("leak"));
  EXPECT_THAT(sentence(), HasSubstr("counts 1 reference, but 0 can be found"));
  EXPECT_THAT(end([&] { machine_->anon->slots[0].swap_map.write(uint8_t{1}); }), ElementsAre("leak"));
  EXPECT_THAT(sentence(), HasSubstr("swap slot 0 counts 1 PTE, but 0 can be found"));
  EXPECT_THAT(end([&] {
                machine_->mms[0].pmds[0].pmd.store_here(kernel::_PAGE_TABLE, engine::Order::kRelaxed);
                set_pte(0, kernel::swp_entry_to_pte(0));
              }),
              ElementsAre("broken-invariant"))
      << "a PTE that refers to a slot which is free";
  EXPECT_THAT(end([&] { machine_->anon->slots[0].cached.store_here(1, engine::Order::kRelaxed); }),
              Contains("broken-invariant"))
      << "in the swap cache, but neither the slot nor the page knows";
}

TEST_F(ConservationTest, CountersOfAProcess) {
  EXPECT_THAT(end([&] { ++counter(kernel::MM_ANONPAGES); }), ElementsAre("leak"));
  EXPECT_THAT(sentence(), HasSubstr("the MM_ANONPAGES of process P is 1, but its page tables have 0"));
  EXPECT_THAT(end([&] { --counter(kernel::MM_SWAPENTS); }), ElementsAre("broken-invariant"));
  EXPECT_THAT(sentence(), HasSubstr("the MM_SWAPENTS of process P is -1, but its page tables have 0"));
  EXPECT_THAT(end([&] {
                map(0, kernel::_PAGE_PRESENT, 0);
                --counter(kernel::MM_FILEPAGES);
              }),
              ElementsAre("broken-invariant"))
      << "a page of a file that is mapped and not counted";
}

TEST_F(ConservationTest, PagesOfAMapping) {
  EXPECT_THAT(end([&] { inode()->i_data.nrpages.write(1u); }), ElementsAre("leak"));
  EXPECT_THAT(sentence(), HasSubstr("the mapping of f counts 1 page, but 0 can be found"));
}

TEST_F(ConservationTest, PteUnderAHugePmd) {
  EXPECT_THAT(end([&] {
                set_pte(1, kernel::_PAGE_PRESENT);
                count(0, 1, 1);
              }),
              ElementsAre("broken-invariant"));
  EXPECT_THAT(sentence(), HasSubstr("no table of PTEs"));
}

TEST_F(ConservationTest, LockedEntry) {
  EXPECT_THAT(end([&] {
                set_entry(2, kernel::xa_mk_value(kernel::xa_to_value(kernel::dax_make_entry(2, 0)) |
                                                 kernel::DAX_LOCKED));
              }),
              ElementsAre("broken-invariant"));
  EXPECT_THAT(sentence(), HasSubstr("the entry of page 2 of f is locked"));
}

/* All of them, or none: until v4.16 nobody wrote it down, and that is as good. */
TEST_F(ConservationTest, PagesOfAnEntryThatSayWhoseTheyAre) {
  const auto entry = [&](std::vector<std::pair<uint64_t, uint32_t>> pages) {
    set_entry(0, kernel::dax_make_entry(0, kernel::DAX_PMD));
    for (auto [page, index] : pages) {
      machine_->pages[page].mapping.store_here(inode()->id + 1u, engine::Order::kRelaxed);
      machine_->pages[page].index.store_here(index, engine::Order::kRelaxed);
    }
  };
  EXPECT_THAT(end([&] { entry({}); }), IsEmpty());
  EXPECT_THAT(end([&] { entry({{0, 0}, {1, 1}, {2, 2}, {3, 3}}); }), IsEmpty());
  EXPECT_THAT(end([&] { entry({{0, 0}, {1, 1}, {3, 3}}); }), ElementsAre("broken-invariant"));
  EXPECT_THAT(sentence(), HasSubstr("block 2, a page of the entry of page 2 of f, does not say"));
  EXPECT_THAT(end([&] { entry({{0, 0}, {1, 1}, {2, 7}, {3, 3}}); }), ElementsAre("broken-invariant"))
      << "nor does one that takes itself for another";
}

TEST_F(ConservationTest, BlocksAreSomewhereAndOnlyThere) {
  EXPECT_THAT(end([&] { inode(1)->i_block[0].write(1u); }), ElementsAre("broken-invariant"));
  EXPECT_THAT(sentence(), HasSubstr("block 0, which page 0 of g has, is also"));
  EXPECT_THAT(end([&] { inode()->i_block[3].write(0u); }), ElementsAre("leak"));
  EXPECT_THAT(sentence(), HasSubstr("block 3 is neither free nor in a file"));
}

class ConservationOfInodesTest : public ConservationTest {
 protected:
  ConservationOfInodesTest() { open_files_ = kOpen; }

  /* The name goes, and the dentry with it unless somebody has the file open. */
  void unlink(bool open) {
    machine_->life->names[0].write(0u);
    inode()->i_nlink.store_here(0, engine::Order::kRelaxed);
    machine_->life->dentries[0].d_hashed.write(false);
    if (open) return;
    machine_->life->files[0].f_count.store_here(0, engine::Order::kRelaxed);
    machine_->life->dentries[0].d_count.write(0u);
    machine_->life->dentries[0].d_positive.write(false);
    inode()->i_count.store_here(0, engine::Order::kRelaxed);
  }

  static constexpr uint8_t kOpen[] = {1, 0, 0, 0}; /* of each process */
};

TEST_F(ConservationOfInodesTest, FileWithoutANameLivesWhileItIsOpen) {
  EXPECT_THAT(end([&] { unlink(true); }), IsEmpty());
  EXPECT_THAT(end([&] { unlink(false); }), ElementsAre("leak"));
  EXPECT_THAT(sentence(), HasSubstr("f has no name and nobody has it open or mapped, but it still has 4"));
}

TEST_F(ConservationOfInodesTest, ReferencesThatNobodyHas) {
  EXPECT_THAT(end([&] { machine_->life->dentries[0].d_count.write(2u); }), ElementsAre("leak"));
  EXPECT_THAT(sentence(), HasSubstr("f has 2 reference(s), but 1 can be found"));
  EXPECT_THAT(end([&] { inode(1)->i_count.store_here(3, engine::Order::kRelaxed); }), Contains("leak"));
}

}  // namespace
}  // namespace daxrace::oracle
