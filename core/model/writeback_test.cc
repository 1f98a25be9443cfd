/* SPDX-License-Identifier: GPL-2.0-only */
/* What fsync leaves: clean entries, write-protected mappings, durable lines, and committed metadata. */
#include "core/model/machine_for_test.h"

namespace kernel
{
namespace
{

class writeback_test : public model_test
{
protected:
	/* A huge PMD in one address space, single PTEs of the same pages in the other, all written to. */
	void map_everything()
	{
		model_creat(file(), 8);
		map(0, 0, 4, 4, 0);
		map(1, 1, 5, 1, 1);
		map(2, 1, 10, 2, 2);
		EXPECT_EQ(0, store(0, 4, 1));
		EXPECT_EQ(0, store(1, 5, 2));
		EXPECT_EQ(0, store(1, 10, 3));
		EXPECT_EQ(0, store(1, 11, 4));
		ASSERT_TRUE(pmd_trans_huge(pmd(0, 4)));
		ASSERT_TRUE(table(pmd(1, 5)));
		ASSERT_TRUE(table(pmd(1, 10)));
	}
};

TEST_F(writeback_test, WriteProtectsEveryMappingOfWhatItCleans)
{
	run([&] {
		map_everything();
		pmd_t huge = pmd(0, 4);
		pte_t one = pte(1, 5), two = pte(1, 10), three = pte(1, 11);
		for (uint64_t mapping : { huge, one, two, three })
			ASSERT_TRUE(writable(mapping));
		ASSERT_TRUE(dirty(0));

		EXPECT_EQ(0, sys_fsync(file()));
		EXPECT_EQ(0u, marks(0)) << "neither DIRTY nor TOWRITE";
		EXPECT_FALSE(dax_is_locked(entry(0)));
		const uint64_t rw_dirty = _PAGE_RW | _PAGE_DIRTY;
		EXPECT_EQ(huge & ~rw_dirty, pmd(0, 4));
		EXPECT_EQ(one & ~rw_dirty, pte(1, 5));
		EXPECT_EQ(two & ~rw_dirty, pte(1, 10));
		EXPECT_EQ(three & ~rw_dirty, pte(1, 11));
	});
}

/* A mapping of another colour has the pages of one entry in two tables. */
TEST_F(writeback_test, FollowsAnEntryIntoTheNextTable)
{
	run([&] {
		model_creat(file(), 4);
		map(0, 0, 4, 4, 0);
		map(1, 1, 6, 4, 0);
		EXPECT_EQ(0, store(0, 4, 1));
		for (pgoff_t address = 6; address < 10; address++)
			EXPECT_EQ(0, store(1, address, address));
		EXPECT_EQ(0, sys_fsync(file()));
		for (pgoff_t address = 6; address < 10; address++)
			EXPECT_TRUE(readable(pte(1, address))) << address;
	});
}

TEST_F(writeback_test, StoreAfterItFaultsAndDirtiesTheEntryAgain)
{
	struct {
		unsigned int in;
		pgoff_t address;
	} const stores[] = { { 0, 7 }, { 1, 5 }, { 1, 11 } };

	for (const auto &at : stores) {
		run([&] {
			map_everything();
			EXPECT_EQ(0, sys_fsync(file()));
			EXPECT_EQ(0, store(at.in, at.address, 9));
			EXPECT_TRUE(dirty(0)) << at.address;
			EXPECT_EQ(at.in == 0, writable(pmd(0, 4)));
			EXPECT_EQ(at.address == 5, writable(pte(1, 5)));
			EXPECT_FALSE(writable(pte(1, 10)));
			EXPECT_EQ(at.address == 11, writable(pte(1, 11)));
			/* And so the next one has something to do. */
			pgoff_t page = at.address == 7 ? 3 : at.address == 5 ? 1 : 3;
			EXPECT_NE(9u, line(page)->durable);
			EXPECT_EQ(0, sys_fsync(file()));
			EXPECT_EQ(9u, line(page)->durable);
			EXPECT_FALSE(dirty(0));
		});
	}
}

TEST_F(writeback_test, MakesDataAndMetadataDurable)
{
	run([&] {
		map_everything();
		const uint64_t cells = config.cells;
		for (uint64_t page = 0; page < 4; page++)
			EXPECT_EQ(0u, model_durable(file(), page * cells)) << page;
		EXPECT_EQ(0, sys_fsync(file()));
		for (uint64_t page = 0; page < 4; page++)
			EXPECT_EQ(page + 1, model_durable(file(), page * cells)) << page;
	});
}

TEST_F(writeback_test, MetadataIsDurableOnlyOnceCommitted)
{
	run([&] {
		model_creat(file(), 1);
		EXPECT_EQ(3, write(0, 3, 6));
		spin_lock(&model::current->alloc_lock); /* data is durable now */
		spin_unlock(&model::current->alloc_lock);
		EXPECT_EQ(6u, line(0)->durable);
		EXPECT_EQ(0u, model_durable(file(), 0)) << "no extent yet";
		EXPECT_EQ(1u, file()->committed_size);

		/* An fsync of another file commits everything. */
		EXPECT_EQ(0, sys_fsync(file(1)));
		EXPECT_EQ(3u, file()->committed_size);
		EXPECT_EQ(6u, model_durable(file(), 0));
		EXPECT_EQ(6u, model_durable(file(), 2 * config.cells));

		EXPECT_EQ(0, sys_ftruncate(file(), 1));
		EXPECT_EQ(6u, model_durable(file(), 2 * config.cells)) << "the truncation is not";
		EXPECT_EQ(0, sys_fsync(file()));
		EXPECT_EQ(0u, model_durable(file(), 2 * config.cells));
		EXPECT_EQ(6u, model_durable(file(), 0));
	});
}

TEST_F(writeback_test, WhatIsCommittedIsPartOfTheState)
{
	run([&] {
		model_creat(file(), 4);
		auto commit = [&] {
			engine::Hash128 before = key();

			EXPECT_EQ(0, sys_fsync(file(1)));
			EXPECT_TRUE(before != key());
			before = key();
			EXPECT_EQ(0, sys_fsync(file(1)));
			EXPECT_TRUE(before == key()) << "there was nothing left to commit";
		};

		EXPECT_EQ(1, write(1, 1, 5)); /* a block */
		commit();
		EXPECT_EQ(0, sys_ftruncate(file(), 6)); /* a size */
		commit();
		EXPECT_EQ(0, sys_ftruncate(file(), 0)); /* a block to be freed, and a size */
		commit();
	});
}

TEST_F(writeback_test, CleanEntriesAreLeftAlone)
{
	run([&] {
		model_creat(file(), 4);
		map(0, 0, 4, 4, 0);
		EXPECT_EQ(4, write(0, 4, 1));
		EXPECT_EQ(1u, load(0, 4));
		pmd_t before = pmd(0, 4);
		uint32_t steps = engine::Execution::current().steps();
		EXPECT_EQ(0, sys_fsync(file()));
		EXPECT_EQ(before, pmd(0, 4));
		for (const engine::Event &event :
		     engine::Execution::current().trace().subspan(steps))
			EXPECT_NE("cell", event.role->name()) << "nothing is to be flushed";
	});
}

TEST_F(writeback_test, EachEntryOnce)
{
	run([&] {
		model_creat(file(), 8);
		map(0, 0, 5, 1, 1);
		map(1, 0, 8, 8, 0);
		EXPECT_EQ(0, store(0, 5, 1)); /* page 1 */
		EXPECT_EQ(0, store(0, 5, 1, 1));
		EXPECT_EQ(0, store(0, 12, 2)); /* a PMD from page 4 on */
		ASSERT_EQ(2u, entries_counted());
		EXPECT_EQ(0, sys_fsync(file()));
		for (pgoff_t page = 0; page < 8; page++)
			EXPECT_EQ(0u, marks(page));
		EXPECT_EQ(1u, line(1)->durable);
		EXPECT_EQ(1u, line(1, 1)->durable);
		EXPECT_EQ(2u, line(4)->durable);
		EXPECT_EQ(2u, entries_counted()) << "they stay, clean";
		EXPECT_EQ(5u, pages_counted());
	});
}

/* The rule that the whole file depends on, whatever the schedule: who can write is known to the next fsync. */
TEST_F(writeback_test, WhoCanWriteIsKnownToTheNextOne)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		auto random = engine::find_strategy("random")->make({ .seed = seed });
		engine::End end = run_with(*random, [&] {
			map_everything();
			std::function<void()> sync = [] {
				EXPECT_EQ(0, sys_fsync(file()));
			};
			std::function<void()> big = [] {
				EXPECT_EQ(0, store(0, 7, 10));
			};
			std::function<void()> small = [] {
				EXPECT_EQ(0, store(1, 5, 11));
			};
			engine::TaskId tasks[] = { spawn(sync), spawn(big), spawn(small) };
			for (engine::TaskId task : tasks)
				join(task);
			bool can_write = writable(pmd(0, 4)) || writable(pte(1, 5)) ||
					 writable(pte(1, 10)) || writable(pte(1, 11));
			EXPECT_TRUE(!can_write || dirty(0));
			EXPECT_EQ(0, sys_fsync(file()));
			EXPECT_EQ(10u, line(3)->durable);
			EXPECT_EQ(11u, line(1)->durable);
		});
		ASSERT_EQ(engine::End::kFinished, end);
		ASSERT_TRUE(execution.findings().empty()) << execution.findings()[0].verdict;
	}
}

} /* namespace */
} /* namespace kernel */
