/* SPDX-License-Identifier: GPL-2.0-only */
/* The tree of entries: one entry in several slots, marks of the entry, walks that outlive what they stand on. */
#include "core/model/machine_for_test.h"

namespace kernel
{
namespace
{

class xarray_test : public model_test
{
protected:
	static xarray *tree()
	{
		return &file()->i_data.i_pages;
	}
	static xa_entry at(pgoff_t index)
	{
		xa_state xas = XA_STATE(tree(), index);

		return xas_load(&xas);
	}
	static void put(pgoff_t index, unsigned int nr, xa_entry entry)
	{
		xa_state xas = XA_STATE_ORDER(tree(), index, nr);

		xas_store(&xas, entry);
	}
	static void mark(pgoff_t index, xa_mark_t which)
	{
		xa_state xas = XA_STATE(tree(), index);

		xas_set_mark(&xas, which);
	}
	static bool marked(pgoff_t index, xa_mark_t which)
	{
		xa_state xas = XA_STATE(tree(), index);

		return xas_get_mark(&xas, which);
	}
	static std::vector<pgoff_t> walk(pgoff_t from, pgoff_t max)
	{
		std::vector<pgoff_t> list;
		xa_state xas = XA_STATE(tree(), from);
		xa_entry entry;

		xas_for_each(&xas, entry, max)
			list.push_back(xas.xa_index);
		return list;
	}
	using indices = std::vector<pgoff_t>;
};

TEST_F(xarray_test, OneSmallEntryAtTheBeginningStandsInTheHead)
{
	run([&] {
		const uint32_t value = XA_HEAD_VALUE | 1;

		put(0, 1, dax_make_entry(9, 0));
		EXPECT_EQ(tree()->xa_head.peek(), value);
		put(1, 1, dax_make_entry(10, 0));
		EXPECT_EQ(tree()->xa_head.peek(), 2u);
		put(1, 1, 0); /* xas_shrink() */
		EXPECT_EQ(tree()->xa_head.peek(), value);
		put(0, 1, 0);
		EXPECT_TRUE(xa_empty(tree()));
		put(0, 4, dax_make_entry(4, DAX_PMD));
		EXPECT_EQ(tree()->xa_head.peek(), 1u);
		put(0, 4, 0);
		put(1, 1, dax_make_entry(9, 0));
		EXPECT_EQ(tree()->xa_head.peek(), 1u);
	});
}

TEST_F(xarray_test, EntryOfPmdOrderIsFoundAtEveryIndex)
{
	run([&] {
		xa_entry big = dax_make_entry(4, DAX_PMD), small = dax_make_entry(9, 0);

		EXPECT_TRUE(xa_empty(tree()));
		put(6, 4, big); /* the index is rounded down */
		put(3, 1, small);
		EXPECT_FALSE(xa_empty(tree()));
		EXPECT_EQ(small, at(3));
		for (pgoff_t index = 4; index < 8; index++)
			EXPECT_EQ(big, at(index)) << index;
		EXPECT_EQ(0u, at(2));
		EXPECT_EQ(2u, entries_counted());
	});
}

TEST_F(xarray_test, ReplacedOrDeletedThroughAnyIndex)
{
	for (pgoff_t index = 4; index < 8; index++) {
		run([&] {
			put(4, 4, dax_make_entry(4, DAX_PMD));
			mark(4, PAGECACHE_TAG_DIRTY);
			put(index, 1, dax_make_entry(8, DAX_PMD));
			for (pgoff_t i = 4; i < 8; i++)
				EXPECT_EQ(dax_make_entry(8, DAX_PMD), at(i));
			EXPECT_EQ(1u, entries_counted());
			EXPECT_TRUE(marked(5, PAGECACHE_TAG_DIRTY)) << "a replacement keeps marks";

			put(index, 1, 0);
			for (pgoff_t i = 4; i < 8; i++) {
				EXPECT_EQ(0u, at(i));
				EXPECT_FALSE(marked(i, PAGECACHE_TAG_DIRTY));
			}
			EXPECT_TRUE(xa_empty(tree()));
			put(5, 1, dax_make_entry(1, 0));
			EXPECT_FALSE(marked(5, PAGECACHE_TAG_DIRTY)) << "a new entry is clean";
			EXPECT_EQ(0u, at(4));
		});
	}
}

TEST_F(xarray_test, MarksAreOfTheEntry)
{
	run([&] {
		put(4, 4, dax_make_entry(4, DAX_PMD));
		mark(6, PAGECACHE_TAG_DIRTY);
		mark(7, PAGECACHE_TAG_TOWRITE);
		for (pgoff_t index = 4; index < 8; index++) {
			EXPECT_TRUE(marked(index, PAGECACHE_TAG_DIRTY)) << index;
			EXPECT_TRUE(marked(index, PAGECACHE_TAG_TOWRITE)) << index;
		}
		xa_state xas = XA_STATE(tree(), 5);
		xas_clear_mark(&xas, PAGECACHE_TAG_TOWRITE);
		EXPECT_TRUE(marked(7, PAGECACHE_TAG_DIRTY));
		EXPECT_FALSE(marked(7, PAGECACHE_TAG_TOWRITE));
	});
}

TEST_F(xarray_test, WalkGivesEachEntryOnce)
{
	run([&] {
		put(1, 1, dax_make_entry(1, 0));
		put(4, 4, dax_make_entry(4, DAX_PMD));
		EXPECT_EQ((indices{ 1, 4 }), walk(0, 7));
		EXPECT_EQ((indices{ 4 }), walk(2, 7));
		EXPECT_EQ((indices{ 6 }), walk(6, 7)) << "it began in the middle of the entry";
		EXPECT_EQ((indices{ 1 }), walk(0, 3));
		EXPECT_EQ((indices{}), walk(2, 3));
	});
}

TEST_F(xarray_test, MarkedWalkGoesOnBehindWhatHasGoneAway)
{
	run([&] {
		put(0, 1, dax_make_entry(1, 0));
		put(1, 1, dax_make_entry(2, 0));
		put(4, 4, dax_make_entry(4, DAX_PMD));
		mark(0, PAGECACHE_TAG_TOWRITE);
		mark(7, PAGECACHE_TAG_TOWRITE);
		indices seen;
		xa_state xas = XA_STATE(tree(), 0);
		xa_entry entry;

		xas_for_each_marked(&xas, entry, 7, PAGECACHE_TAG_TOWRITE) {
			seen.push_back(xas.xa_index);
			xas_store(&xas, 0);
		}
		EXPECT_EQ((indices{ 0, 4 }), seen);
		EXPECT_EQ((indices{ 1 }), walk(0, 7));
	});
}

TEST_F(xarray_test, ConflictIsAnyEntryInTheRange)
{
	run([&] {
		put(6, 1, dax_make_entry(1, 0));
		xa_state pmd = XA_STATE_ORDER(tree(), 4, 4);
		xa_state page = XA_STATE(tree(), 5);

		EXPECT_EQ(dax_make_entry(1, 0), xas_find_conflict(&pmd));
		EXPECT_EQ(0u, xas_find_conflict(&page));
		xa_state other = XA_STATE_ORDER(tree(), 0, 4);
		EXPECT_EQ(0u, xas_find_conflict(&other));
	});
}

} /* namespace */
} /* namespace kernel */
