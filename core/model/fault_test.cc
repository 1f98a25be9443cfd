/* SPDX-License-Identifier: GPL-2.0-only */
/* What a page fault leaves in the extent map, the mapping and the page tables. */
#include "core/model/machine_for_test.h"

namespace kernel
{
namespace
{

class fault_test : public model_test
{
protected:
	/* At every moment of the run: a write fault makes an entry of a table both, in one step. */
	void expect_dirty_if_writable(std::string_view role)
	{
		for (const engine::Event &event : execution.trace()) {
			if (event.role->name() == role && pte_write(event.value)) {
				EXPECT_TRUE(pte_dirty(event.value));
			}
		}
	}

	/* One huge PMD maps the pages [0, 4) of the file at [4, 8) of an address space. */
	static void expect_huge(unsigned int in, uint64_t pfn)
	{
		EXPECT_TRUE(pmd_trans_huge(pmd(in, 4)));
		EXPECT_EQ(pfn, pte_pfn(pmd(in, 4)));
		for (pgoff_t address = 4; address < 8; address++)
			EXPECT_TRUE(pte_none(pte(in, address))) << address;
	}

	/* One PMD entry with storage covers the first PMD of the file, unlocked. */
	static void expect_pmd_entry(uint64_t pfn)
	{
		EXPECT_EQ(dax_make_entry(pfn, DAX_PMD), entry(0));
		for (pgoff_t page = 1; page < 4; page++)
			EXPECT_EQ(0u, entry_start(page)) << page;
		EXPECT_EQ(1u, entries_counted());
		EXPECT_EQ(4u, pages_counted());
	}
};

TEST_F(fault_test, WriteToAHoleMapsAHugePmdWhereItFits)
{
	run([&] {
		model_creat(file(), 4);
		map(0, 0, 4, 4, 0);
		EXPECT_EQ(0, store(0, 6, 77));

		uint64_t first = block(0);
		ASSERT_NE(nothing, first);
		EXPECT_EQ(0u, first % PMD_NR) << "a huge page begins at an aligned block";
		for (pgoff_t page = 1; page < 4; page++)
			EXPECT_EQ(first + page, block(page));
		expect_pmd_entry(first);
		EXPECT_TRUE(dirty(0));
		expect_huge(0, first);
		EXPECT_TRUE(writable(pmd(0, 4)));
		EXPECT_EQ(77u, line(2)->data.peek());
	});
}

TEST_F(fault_test, ReadOfAnAlignedExtentMapsAHugePmdReadOnly)
{
	run([&] {
		model_creat(file(), 4);
		EXPECT_EQ(4, write(0, 4, 5));
		map(0, 0, 4, 4, 0);
		EXPECT_EQ(5u, load(0, 7));
		expect_pmd_entry(block(0));
		EXPECT_FALSE(dirty(0)) << "nothing was written through a mapping";
		expect_huge(0, block(0));
		EXPECT_TRUE(readable(pmd(0, 4)));

		EXPECT_EQ(0, store(0, 7, 6));
		EXPECT_TRUE(dirty(0));
		expect_huge(0, block(0));
		EXPECT_TRUE(writable(pmd(0, 4)));
		expect_dirty_if_writable("pmd");
	});
}

/* Each has one reason why a PMD fault at page 1 of the file cannot be. */
struct fallback {
	const char *why;
	pgoff_t size;
	pgoff_t address; /* of the mapping */
	pgoff_t len;
	pgoff_t pgoff;
	bool pmd_mappings = true;
	void (*before)() = nullptr;
	uint64_t others = 0; /* pages that other entries cover */
};

void write_page(unsigned int file, pgoff_t page)
{
	model_io io = { &model::current->inodes[file], page, 1, 1 };

	EXPECT_EQ(1, sys_write(&io));
}

/* Single blocks come from the top: this is downwards. */
void scatter()
{
	for (pgoff_t page = 0; page < 4; page++)
		write_page(0, page);
}

void shift_by_one_block()
{
	write_page(1, 0);
	for (pgoff_t page = 4; page-- > 0;)
		write_page(0, page);
}

void take_page_two()
{
	EXPECT_EQ(0, sys_mmap(&model::current->vmas[3], &model::current->mms[1],
			      &model::current->inodes[0], 6, 1, 2, VM_SHARED | VM_WRITE));
	EXPECT_EQ(0, model_cpu_store(&model::current->mms[1], 6, 0, 9));
}

void allocate_page_three()
{
	write_page(0, 3);
}

void PrintTo(const fallback &c, std::ostream *out)
{
	*out << c.why;
}

class fallback_test : public fault_test, public testing::WithParamInterface<fallback>
{
};

TEST_P(fallback_test, MapsOnePage)
{
	const fallback &c = GetParam();

	config.pmd_mappings = c.pmd_mappings;
	run([&] {
		pgoff_t at = c.address + 1 - c.pgoff;

		model_creat(file(), c.size);
		if (c.before)
			c.before();
		map(0, 0, c.address, c.len, c.pgoff);
		EXPECT_EQ(0, store(0, at, 77));

		ASSERT_NE(nothing, block(1));
		EXPECT_TRUE(table(pmd(0, at)));
		EXPECT_TRUE(writable(pte(0, at)));
		EXPECT_EQ(block(1), pte_pfn(pte(0, at)));
		for (pgoff_t address = 0; address < nr_pages; address++)
			EXPECT_TRUE(address == at || pte_none(pte(0, address))) << address;
		EXPECT_EQ(dax_make_entry(block(1), 0), entry(1));
		EXPECT_TRUE(dirty(1));
		EXPECT_EQ(0u, entry(0));
		EXPECT_EQ(1 + c.others, pages_counted());
		EXPECT_EQ(1 + c.others, entries_counted());
		EXPECT_EQ(77u, line(1)->data.peek());
		EXPECT_EQ(execution.self(), line(1)->last_dirtier);
		EXPECT_EQ(execution.steps() - 1, line(1)->dirtied_at);
		expect_dirty_if_writable("pte");
	});
}

INSTANTIATE_TEST_SUITE_P(
	Reasons, fallback_test,
	testing::Values(fallback{ "mapping_ends_inside_the_pmd", 4, 4, 3, 0 },
			fallback{ "mapping_begins_inside_the_pmd", 4, 5, 3, 1 },
			fallback{ "another_colour", 8, 4, 8, 1 },
			fallback{ "file_ends_inside_the_pmd", 3, 4, 4, 0 },
			fallback{ "pmd_off", 4, 4, 4, 0, false },
			fallback{ "smaller_entry_in_the_way", 4, 4, 4, 0, true, take_page_two, 1 },
			fallback{ "extent_too_short", 4, 4, 4, 0, true, allocate_page_three },
			fallback{ "blocks_not_contiguous", 4, 4, 4, 0, true, scatter },
			fallback{ "blocks_not_aligned", 4, 4, 4, 0, true, shift_by_one_block }),
	[](const auto &test) {
		return std::string(test.param.why);
	});

TEST_F(fault_test, PteFaultLeavesAPmdEntryWithStorageAndDirtiesIt)
{
	run([&] {
		model_creat(file(), 4);
		map(0, 0, 4, 4, 0);
		map(1, 1, 5, 1, 1);
		EXPECT_EQ(0, store(0, 4, 1));
		uint64_t first = block(0);
		EXPECT_EQ(0, sys_fsync(file()));
		EXPECT_FALSE(dirty(0));

		EXPECT_EQ(0, store(1, 5, 2));
		expect_pmd_entry(first);
		EXPECT_TRUE(dirty(0));
		EXPECT_TRUE(table(pmd(1, 5)));
		EXPECT_TRUE(writable(pte(1, 5)));
		EXPECT_EQ(first + 1, pte_pfn(pte(1, 5)));
		expect_huge(0, first);
		EXPECT_TRUE(readable(pmd(0, 4))) << "the other mapping is as the fsync left it";
		EXPECT_EQ(2u, load(0, 5));
	});
}

TEST_F(fault_test, ReadOfAHoleMapsZeroPagesAndAllocatesNothing)
{
	run([&] {
		model_creat(file(), 4);
		map(0, 0, 4, 4, 0);
		map(1, 1, 4, 2, 0);
		EXPECT_EQ(0u, load(0, 6));
		EXPECT_EQ(dax_make_entry(HUGE_ZERO_PFN, DAX_PMD | DAX_ZERO_PAGE), entry(0));
		EXPECT_FALSE(dirty(0));
		expect_huge(0, HUGE_ZERO_PFN);
		EXPECT_TRUE(readable(pmd(0, 4)));

		/* A PTE fault takes the PMD entry apart. */
		EXPECT_EQ(0u, load(1, 5));
		EXPECT_EQ(dax_make_entry(ZERO_PFN, DAX_ZERO_PAGE), entry(1));
		EXPECT_EQ(1u, entry_start(1));
		EXPECT_EQ(1u, entries_counted());
		EXPECT_EQ(1u, pages_counted());
		EXPECT_TRUE(readable(pte(1, 5)));
		EXPECT_EQ(ZERO_PFN, pte_pfn(pte(1, 5)));
		EXPECT_FALSE(pmd_trans_huge(pmd(0, 4))) << "nothing maps what has no entry";
		for (pgoff_t page = 0; page < 4; page++)
			EXPECT_EQ(nothing, block(page));
	});
}

TEST_F(fault_test, StoreDowngradesAPmdEntryOfZerosAndUnmapsItEverywhere)
{
	run([&] {
		model_creat(file(), 4);
		map(0, 0, 4, 4, 0);
		map(1, 1, 4, 2, 0);
		EXPECT_EQ(0u, load(0, 5));
		EXPECT_EQ(0, store(1, 5, 8));
		EXPECT_EQ(dax_make_entry(block(1), 0), entry(1));
		EXPECT_TRUE(dirty(1));
		EXPECT_EQ(0u, entry(0));
		EXPECT_EQ(1u, pages_counted());
		EXPECT_FALSE(pmd_trans_huge(pmd(0, 4)));
		EXPECT_EQ(8u, load(0, 5)) << "it must not go on reading the huge zero page";
		EXPECT_EQ(0u, load(0, 4));
	});
}

TEST_F(fault_test, PteFaultReplacesAnEmptyPmdEntry)
{
	run([&] {
		model_creat(file(), 4);
		map(0, 0, 4, 4, 0);
		EXPECT_EQ(1, write(2, 1, 3));
		/* The PMD fault meets a short extent, and leaves the entry that it had locked behind. */
		EXPECT_EQ(0u, load(0, 4));

		bool was_there = false;
		for (const engine::Event &event : execution.trace())
			was_there |= event.role->name() == "i_pages" &&
				     event.value == dax_make_entry(0, DAX_EMPTY | DAX_PMD);
		EXPECT_TRUE(was_there);
		EXPECT_EQ(dax_make_entry(ZERO_PFN, DAX_ZERO_PAGE), entry(0));
		EXPECT_EQ(0u, entry(1));
		EXPECT_EQ(1u, entries_counted());
		EXPECT_EQ(1u, pages_counted());
	});
}

TEST_F(fault_test, BlockReplacesTheZeroPageInEveryMapping)
{
	run([&] {
		model_creat(file(), 1);
		map(0, 0, 4, 1, 0);
		map(1, 1, 4, 1, 0);
		EXPECT_EQ(0u, load(0, 4));
		EXPECT_EQ(0u, load(1, 4));
		EXPECT_EQ(ZERO_PFN, pte_pfn(pte(1, 4)));
		EXPECT_EQ(0, store(0, 4, 8));
		EXPECT_TRUE(pte_none(pte(1, 4)));
		EXPECT_EQ(8u, load(1, 4));
		EXPECT_EQ(block(0), pte_pfn(pte(1, 4)));
		EXPECT_TRUE(readable(pte(1, 4)));
	});
}

TEST_F(fault_test, SigbusBeyondTheEndOfTheFile)
{
	run([&] {
		model_creat(file(), 3);
		map(0, 0, 4, 8, 0);
		EXPECT_EQ(0, store(0, 6, 1));
		for (pgoff_t address = 7; address < 12; address++) {
			uint64_t value;

			EXPECT_EQ(MODEL_SIGBUS, store(0, address, 1)) << address;
			EXPECT_EQ(MODEL_SIGBUS, model_cpu_load(mm(0), address, 0, &value))
				<< address;
			EXPECT_TRUE(pte_none(pte(0, address)));
		}
		for (pgoff_t page = 3; page < 8; page++) {
			EXPECT_EQ(nothing, block(page)) << page;
			EXPECT_EQ(0u, entry(page)) << page;
		}
		/* Once the file is long enough, they are there. */
		EXPECT_EQ(0, sys_ftruncate(file(), 5));
		EXPECT_EQ(0, store(0, 8, 1));
		EXPECT_EQ(MODEL_SIGBUS, store(0, 9, 1));
	});
}

TEST_F(fault_test, SigsegvWhereNothingIsMapped)
{
	run([&] {
		model_creat(file(), 4);
		EXPECT_EQ(MODEL_SIGSEGV, store(0, 4, 1));
		map(0, 0, 4, 2, 0);
		EXPECT_EQ(0, store(0, 5, 1));
		EXPECT_EQ(MODEL_SIGSEGV, store(0, 6, 1)) << "one behind the mapping";
		EXPECT_EQ(MODEL_SIGSEGV, store(1, 5, 1)) << "another address space";

		EXPECT_EQ(0, sys_munmap(vma(0)));
		EXPECT_TRUE(pte_none(pte(0, 5)));
		EXPECT_TRUE(pmd_none(pmd(0, 5)));
		EXPECT_FALSE(vma(0)->in_i_mmap.peek());
		EXPECT_EQ(MODEL_SIGSEGV, store(0, 5, 2));
		EXPECT_EQ(nothing, load(0, 5));
		EXPECT_TRUE(dirty(1)) << "what was stored is still to be written back";
		EXPECT_EQ(0, sys_munmap(vma(0)));

		map(0, 0, 4, 2, 0);
		EXPECT_EQ(1u, load(0, 5));
	});
}

TEST_F(fault_test, StoreToAReadOnlyMappingChangesNothing)
{
	run([&] {
		model_creat(file(), 4);
		map(0, 0, 4, 4, 0, false);
		EXPECT_EQ(MODEL_SIGSEGV, store(0, 4, 1));
		EXPECT_EQ(0u, entries_counted());
		EXPECT_EQ(0u, load(0, 4));
		EXPECT_EQ(MODEL_SIGSEGV, store(0, 4, 1));
		EXPECT_EQ(nothing, block(0));
		EXPECT_TRUE(readable(pmd(0, 4)));
		EXPECT_FALSE(dirty(0));
	});
}

} /* namespace */
} /* namespace kernel */
