/* SPDX-License-Identifier: GPL-2.0-only */
/* read(2), write(2), ftruncate(2): sizes, holes, blocks, and what they do to mappings. */
#include "core/model/machine_for_test.h"

namespace kernel
{
namespace
{

using kind = model_event_kind;

class testfs_test : public model_test
{
protected:
	/* What read(2) returns, page by page, for the first cell of each. */
	std::vector<uint64_t> content(pgoff_t pos, pgoff_t len, unsigned int n = 0)
	{
		std::vector<uint64_t> list;
		size_t from = recorder.events.size();

		EXPECT_GE(read(pos, len, n), 0);
		for (; from < recorder.events.size(); from++) {
			const model_event &event = recorder.events[from];

			if (event.kind == kind::read_cell && event.cell % config.cells == 0)
				list.push_back(event.value);
		}
		return list;
	}

	using values = std::vector<uint64_t>;
};

TEST_F(testfs_test, HolesReadAsZerosAndStayHoles)
{
	run([&] {
		model_creat(file(), 3);
		EXPECT_EQ(3, read(0, 3));
		EXPECT_EQ(values(3 * config.cells, 0), recorder.values(kind::read_cell));
		for (pgoff_t page = 0; page < 3; page++)
			EXPECT_EQ(nothing, block(page));
		EXPECT_EQ(0u, entries_counted());

		EXPECT_EQ(1, write(1, 1, 7));
		EXPECT_EQ((values{ 0, 7, 0 }), content(0, 3));
	});
}

TEST_F(testfs_test, ReadEndsAtTheEndOfTheFile)
{
	run([&] {
		model_creat(file(), 2);
		EXPECT_EQ(2, write(0, 2, 7));
		EXPECT_EQ(1, read(1, 5));
		EXPECT_EQ((values{ 7 }), content(1, 5));
		EXPECT_EQ(0, read(2, 1));
		EXPECT_EQ(0, read(5, 3));
	});
}

TEST_F(testfs_test, WriteFillsEveryCellAndNothingElse)
{
	run([&] {
		model_creat(file(), 4);
		EXPECT_EQ(4, write(0, 4, 1));
		EXPECT_EQ(2, write(1, 2, 2));
		for (unsigned int cell = 0; cell < config.cells; cell++) {
			EXPECT_EQ(1u, line(0, cell)->data.peek());
			EXPECT_EQ(2u, line(1, cell)->data.peek());
			EXPECT_EQ(2u, line(2, cell)->data.peek());
			EXPECT_EQ(1u, line(3, cell)->data.peek());
		}
	});
}

TEST_F(testfs_test, WriteBehindTheEndGrowsTheFile)
{
	run([&] {
		model_creat(file(), 1);
		EXPECT_EQ(1, write(0, 1, 1));
		EXPECT_EQ(1u, file()->i_size.peek());
		EXPECT_TRUE(recorder.values(kind::extended).empty());

		EXPECT_EQ(2, write(3, 2, 2));
		EXPECT_EQ(5u, file()->i_size.peek());
		EXPECT_EQ((values{ 1, 0, 0, 2, 2 }), content(0, 8));
		const model_event *grown = nullptr;
		for (const model_event &event : recorder.events) {
			if (event.kind == kind::extended)
				grown = &event;
		}
		ASSERT_NE(nullptr, grown);
		EXPECT_EQ(5 * config.cells, grown->cell);
	});
}

TEST_F(testfs_test, SizeGrowsOnlyOnceTheDataIsThere)
{
	for (uint64_t seed = 1; seed <= 200; seed++) {
		auto random = engine::find_strategy("random")->make({ .seed = seed });

		run_with(*random, [&] {
			model_creat(file(), 0);
			std::function<void()> writer = [] {
				EXPECT_EQ(1, write(0, 1, 7));
			};
			engine::TaskId task = spawn(writer);

			for (int i = 0; i < 40; i++) {
				pgoff_t size = i_size_read(file());

				EXPECT_EQ(size ? 7u : 0u, model_content(file(), 0));
				EXPECT_EQ(size ? 7u : 0u, model_content(file(), config.cells - 1));
			}
			join(task);
		});
		ASSERT_TRUE(execution.findings().empty());
	}
}

TEST_F(testfs_test, WriteToAHoleTakesZeroPagesOutOfEveryMapping)
{
	run([&] {
		model_creat(file(), 8);
		map(0, 0, 4, 8, 0);
		map(1, 1, 4, 2, 0);
		EXPECT_EQ(0u, load(1, 4)); /* a PTE */
		EXPECT_EQ(0u, load(1, 5));
		EXPECT_EQ(0u, load(0, 9)); /* a PMD, of pages 4 to 7 */
		ASSERT_EQ(ZERO_PFN, pte_pfn(pte(1, 5)));
		ASSERT_TRUE(pmd_trans_huge(pmd(0, 9)));

		EXPECT_EQ(1, write(1, 1, 7));
		EXPECT_EQ(0u, entry(1));
		EXPECT_TRUE(pte_none(pte(1, 5)));
		EXPECT_EQ(ZERO_PFN, pte_pfn(pte(1, 4))) << "page 0 is a hole still";
		EXPECT_EQ(7u, load(1, 5));

		EXPECT_EQ(1, write(6, 1, 8));
		EXPECT_FALSE(pmd_trans_huge(pmd(0, 9)));
		EXPECT_EQ(0u, entry(4)) << "a PMD entry goes as a whole";
		EXPECT_EQ(8u, load(0, 10));
		EXPECT_EQ(0u, load(0, 9));
	});
}

TEST_F(testfs_test, OverwriteLeavesMappingsAlone)
{
	run([&] {
		model_creat(file(), 4);
		map(0, 0, 4, 4, 0);
		EXPECT_EQ(0, store(0, 5, 1));
		pmd_t before = pmd(0, 5);
		xa_entry entry_before = entry(0);
		EXPECT_EQ(4, write(0, 4, 2));
		EXPECT_EQ(before, pmd(0, 5));
		EXPECT_EQ(entry_before, entry(0));
		EXPECT_TRUE(dirty(0));
		EXPECT_EQ(2u, load(0, 5));
	});
}

TEST_F(testfs_test, InvalidationLeavesWhatIsDirty)
{
	run([&] {
		address_space *mapping = &file()->i_data;

		model_creat(file(), 4);
		map(0, 0, 5, 3, 1);
		EXPECT_EQ(0, store(0, 5, 1)); /* page 1, dirty */
		EXPECT_EQ(0u, load(0, 6));    /* page 2, a zero page */
		EXPECT_EQ(-EBUSY, invalidate_inode_pages2_range(mapping, 0, 3));
		EXPECT_TRUE(dirty(1));
		EXPECT_EQ(dax_make_entry(block(1), 0), entry(1));
		EXPECT_EQ(0u, entry(2));
		EXPECT_TRUE(pte_none(pte(0, 5)) && pte_none(pte(0, 6)));

		EXPECT_EQ(0, sys_fsync(file()));
		EXPECT_EQ(0, invalidate_inode_pages2_range(mapping, 2, 3));
		EXPECT_NE(0u, entry(1)) << "out of the range";
		EXPECT_EQ(0, invalidate_inode_pages2_range(mapping, 0, 3));
		EXPECT_EQ(0u, entries_counted());
		EXPECT_EQ(0u, pages_counted());
		EXPECT_EQ(1u, load(0, 5));
	});
}

TEST_F(testfs_test, TruncateTakesEverythingBehindTheNewEnd)
{
	run([&] {
		model_creat(file(), 8);
		map(0, 0, 4, 8, 0);
		map(1, 1, 5, 3, 1);
		EXPECT_EQ(0, store(0, 4, 1)); /* PMDs */
		EXPECT_EQ(0, store(0, 8, 2));
		EXPECT_EQ(0, store(1, 7, 3)); /* PTEs, of pages 1 and 3 */
		EXPECT_EQ(0, store(1, 5, 4));
		ASSERT_TRUE(writable(pmd(0, 4)) && writable(pmd(0, 8)));

		EXPECT_EQ(0, sys_ftruncate(file(), 2));
		EXPECT_EQ(2u, file()->i_size.peek());
		for (pgoff_t page = 2; page < 8; page++) {
			EXPECT_EQ(nothing, block(page)) << page;
			EXPECT_EQ(0u, entry(page)) << page;
		}
		for (pgoff_t address = 6; address < 12; address++)
			EXPECT_TRUE(pte_none(pte(0, address))) << address;
		EXPECT_FALSE(pmd_trans_huge(pmd(0, 4))) << "it would map pages 2 and 3";
		EXPECT_FALSE(pmd_trans_huge(pmd(0, 8)));
		EXPECT_TRUE(pte_none(pte(1, 7)));
		EXPECT_EQ(MODEL_SIGBUS, store(0, 6, 9));
		EXPECT_EQ(1u, load(0, 4));
		EXPECT_EQ(4u, load(0, 5));
		EXPECT_EQ((values{ 1, 4 }), content(0, 8));
	});
}

TEST_F(testfs_test, WhatWasTruncatedReadsAsZerosOnceTheFileGrows)
{
	run([&] {
		model_creat(file(), 4);
		map(0, 0, 4, 4, 0);
		EXPECT_EQ(4, write(0, 4, 7));
		EXPECT_EQ(0, sys_ftruncate(file(), 1));
		EXPECT_EQ(0, sys_ftruncate(file(), 4));
		EXPECT_EQ((values{ 7, 0, 0, 0 }), content(0, 4));
		EXPECT_EQ(0u, load(0, 6));
	});
}

TEST_F(testfs_test, FreedBlockIsReusedOnlyOnceThatIsCommitted)
{
	run([&] {
		model_creat(file(), 1);
		model_creat(file(1), 4);
		EXPECT_EQ(1, write(0, 1, 7));
		uint64_t freed = block(0);
		EXPECT_EQ(0, sys_ftruncate(file(), 0));
		EXPECT_EQ(1, write(0, 1, 1, 1));
		EXPECT_NE(freed, block(0, 1)) << "after a crash it may be the old file's again";
		EXPECT_EQ(0, sys_fsync(file(1)));
		EXPECT_EQ(1, write(1, 1, 1, 1));
		EXPECT_EQ(freed, block(1, 1));
	});
}

TEST_F(testfs_test, MostRecentlyFreedBlockIsReusedFirst)
{
	for (bool commit_between : { false, true }) {
		run([commit_between] {
			model_creat(file(), 3);
			model_creat(file(1), 4);
			for (pgoff_t page = 0; page < 3; page++)
				EXPECT_EQ(1, write(page, 1, 7));
			uint64_t first = block(2), second = block(1), third = block(0);
			for (pgoff_t size : { 2, 1, 0 }) {
				EXPECT_EQ(0, sys_ftruncate(file(), size));
				if (commit_between) {
					EXPECT_EQ(0, sys_fsync(file()));
				}
			}
			EXPECT_EQ(0, sys_fsync(file()));
			for (uint64_t expected : { third, second, first }) {
				EXPECT_EQ(1, write(0, 1, 1, 1));
				EXPECT_EQ(expected, block(0, 1)) << commit_between;
				/* Out of the way, uncommitted. */
				EXPECT_EQ(0, sys_ftruncate(file(1), 0));
			}
		});
	}
}

TEST_F(testfs_test, ReusedBlockShowsNothingOfItsPast)
{
	run([&] {
		model_creat(file(), 1);
		model_creat(file(1), 1);
		map(0, 0, 4, 1, 0);
		EXPECT_EQ(1, write(0, 1, 7, 1));
		EXPECT_EQ(0, sys_fsync(file(1)));
		uint64_t freed = block(0, 1);
		EXPECT_EQ(0, sys_ftruncate(file(1), 0));
		EXPECT_EQ(0, sys_fsync(file(1)));

		EXPECT_EQ(0, store(0, 4, 8));
		ASSERT_EQ(freed, block(0));
		EXPECT_EQ(0u, load(0, 4, 1)) << "the cell that was not stored to";
		EXPECT_EQ(0u, line(0, 1)->durable);
		EXPECT_EQ(0, sys_fsync(file()));
		EXPECT_EQ(8u, model_durable(file(), 0));
		EXPECT_EQ(0u, model_durable(file(), 1));
	});
}

TEST_F(testfs_test, AllFilesCanBeFilledTwiceWithoutACommit)
{
	run([&] {
		const int all = int(config.file_pages);

		for (unsigned int n : { 0u, 1u })
			model_creat(file(n), 0);
		for (unsigned int n : { 0u, 1u }) {
			EXPECT_EQ(all, write(0, pgoff_t(all), 1, n));
			EXPECT_EQ(0, sys_ftruncate(file(n), 0));
		}
		for (unsigned int n : { 0u, 1u })
			EXPECT_EQ(all, write(0, pgoff_t(all), 2, n));
	});
}

/* Blocks that were freed and not yet committed are nobody's, but who runs out of others commits and has them. */
TEST_F(testfs_test, WriteCommitsForTheSakeOfFreedBlocks)
{
	run([&] {
		const pgoff_t all = config.file_pages;
		model_creat(file(), 0);

		for (unsigned int round = 0; round < 10; round++) {
			EXPECT_EQ(int(all), write(0, all, round));
			EXPECT_EQ(0, sys_ftruncate(file(), 0));
		}
		EXPECT_EQ(2u, recorder.values(kind::no_space).size());
	});
}

TEST_F(testfs_test, FaultCommitsForTheSakeOfFreedBlocks)
{
	config.nr_blocks = 4;
	run([&] {
		model_creat(file(), 8);
		EXPECT_EQ(4, write(0, 4, 1));
		map(0, 0, 4, 8, 0);
		EXPECT_EQ(MODEL_SIGBUS, store(0, 8, 1)) << "all blocks are in use";
		EXPECT_EQ(0u, load(0, 8)) << "a hole needs no space";

		EXPECT_EQ(0, sys_ftruncate(file(), 2));
		EXPECT_EQ(0, sys_ftruncate(file(), 8));
		EXPECT_EQ(0, store(0, 8, 2));
		EXPECT_EQ(2u, load(0, 8));
		EXPECT_EQ(0u, load(0, 7));
	});
}

TEST_F(testfs_test, WriteThatRunsOutOfSpaceSaysHowFarItGot)
{
	config.nr_blocks = 4;
	run([&] {
		model_creat(file(), 0);
		model_creat(file(1), 0);
		EXPECT_EQ(2, write(0, 2, 1, 1));
		EXPECT_EQ(2, write(0, 4, 9));
		EXPECT_EQ(2u, file()->i_size.peek());
		EXPECT_EQ((values{ 9, 9 }), content(0, 4));
		EXPECT_EQ(-ENOSPC, write(2, 4, 9));
		EXPECT_EQ(2u, file()->i_size.peek()) << "nothing was written";
	});
}

} /* namespace */
} /* namespace kernel */
