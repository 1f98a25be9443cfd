/* SPDX-License-Identifier: GPL-2.0-only */
/* fallocate(2) on both profiles of the file system: what the file reads as, what it has, what a crash leaves. */
#include "core/model/falloc.h"
#include "core/model/machine_for_test.h"

namespace kernel
{
namespace
{

using values = std::vector<uint64_t>;

class falloc_test : public model_test, public testing::WithParamInterface<bool>
{
protected:
	falloc_test()
	{
		config.xfs = GetParam();
	}

	static int fallocate(unsigned int mode, pgoff_t offset, pgoff_t len, unsigned int n = 0)
	{
		return vfs_fallocate(file(n), mode, offset, len);
	}
	/* The first cell of each page. */
	static values content(pgoff_t pages)
	{
		values list;

		for (pgoff_t page = 0; page < pages; page++)
			list.push_back(model_content(file(), page * model::current->config.cells));
		return list;
	}
	static values durable(pgoff_t pages)
	{
		values list;

		for (pgoff_t page = 0; page < pages; page++)
			list.push_back(model_durable(file(), page * model::current->config.cells));
		return list;
	}
	/* 'h'ole, 'u'nwritten, 'w'ritten. */
	static std::string extents(pgoff_t pages)
	{
		std::string kinds;

		for (pgoff_t page = 0; page < pages; page++) {
			uint32_t at = file()->i_block[page].peek();

			kinds += !at ? 'h' : i_block_written(at) ? 'w' : 'u';
		}
		return kinds;
	}
	/* Pages 1 to n with their number as content. */
	static void fill(pgoff_t pages)
	{
		model_creat(file(), pages);
		for (pgoff_t page = 0; page < pages; page++)
			EXPECT_EQ(1, write(page, 1, page + 1));
		EXPECT_EQ(0, sys_fsync(file()));
	}
};

INSTANTIATE_TEST_SUITE_P(both, falloc_test, testing::Bool(), [](const auto &which) {
	return which.param ? "xfs" : "ext4";
});

TEST_P(falloc_test, PunchMakesAHoleAndKeepsTheSize)
{
	run([&] {
		fill(4);
		map(0, 0, 4, 4, 0);
		EXPECT_EQ(2u, load(0, 5));
		EXPECT_EQ(0, fallocate(FALLOC_FL_PUNCH_HOLE, 1, 2));
		EXPECT_EQ("whhw", extents(4));
		EXPECT_EQ(4u, file()->i_size.peek());
		EXPECT_EQ((values{ 1, 0, 0, 4 }), content(4));
		EXPECT_TRUE(pte_none(pte(0, 5)));
		EXPECT_EQ(0u, load(0, 5));
		EXPECT_EQ(0, store(0, 5, 9));
		EXPECT_EQ((values{ 1, 9, 0, 4 }), content(4));
		EXPECT_EQ((values{ 1, 2, 3, 4 }), durable(4)) << "nothing has committed";
		EXPECT_EQ(0, sys_fsync(file()));
		EXPECT_EQ((values{ 1, 9, 0, 4 }), durable(4));
	});
}

TEST_P(falloc_test, PunchBehindTheEndIsNothing)
{
	run([&] {
		fill(2);
		EXPECT_EQ(0, fallocate(FALLOC_FL_PUNCH_HOLE, 2, 1));
		EXPECT_EQ(0, fallocate(FALLOC_FL_PUNCH_HOLE, 1, 7));
		EXPECT_EQ((values{ 1, 0 }), content(2));
		EXPECT_EQ(2u, file()->i_size.peek());
		EXPECT_EQ(-EINVAL, fallocate(FALLOC_FL_PUNCH_HOLE, 0, 0));
	});
}

TEST_P(falloc_test, PunchedBlockIsReusedOnlyOnceThatIsCommitted)
{
	run([&] {
		model_creat(file(1), 2);
		fill(1);
		uint64_t freed = block(0);
		EXPECT_EQ(0, fallocate(FALLOC_FL_PUNCH_HOLE, 0, 1));
		EXPECT_EQ(1, write(0, 1, 7, 1));
		EXPECT_NE(freed, block(0, 1));
		EXPECT_EQ(0, sys_fsync(file()));
		EXPECT_EQ(1, write(1, 1, 7, 1));
		EXPECT_EQ(freed, block(1, 1));
	});
}

TEST_P(falloc_test, ZeroRangeLeavesBlocksThatNobodyCanRead)
{
	run([&] {
		fill(3);
		map(0, 0, 4, 3, 0);
		EXPECT_EQ(2u, load(0, 5));
		EXPECT_EQ(0, fallocate(FALLOC_FL_ZERO_RANGE, 1, 3));
		EXPECT_EQ("wuuu", extents(4));
		EXPECT_EQ(4u, file()->i_size.peek()) << "it grows";
		EXPECT_EQ((values{ 1, 0, 0, 0 }), content(4));
		EXPECT_EQ(0u, load(0, 5));
		EXPECT_EQ(4, read(0, 4));
		EXPECT_EQ((values{ 1, 1, 0, 0, 0, 0, 0, 0 }),
			  recorder.values(model_event_kind::read_cell));
		EXPECT_EQ(0, sys_fsync(file()));
		EXPECT_EQ((values{ 1, 0, 0, 0 }), durable(4));
	});
}

TEST_P(falloc_test, UnwrittenExtentIsZeroedBeforeItIsWritten)
{
	config.nr_blocks = 4; /* so that blocks come back */
	for (bool by_store : { false, true }) {
		run([&] {
			fill(4);
			EXPECT_EQ(0, fallocate(FALLOC_FL_PUNCH_HOLE, 0, 4));
			EXPECT_EQ(0, sys_fsync(file()));
			EXPECT_EQ(0, fallocate(FALLOC_FL_ALLOCATE_RANGE, 0, 4));
			ASSERT_EQ("uuuu", extents(4));
			map(0, 0, 5, 4, 0);
			EXPECT_EQ(0u, load(0, 6));
			if (by_store) {
				EXPECT_EQ(0, store(0, 6, 9));
			} else {
				EXPECT_EQ(1, write(1, 1, 9));
			}
			EXPECT_EQ("uwuu", extents(4));
			EXPECT_EQ(9u, load(0, 6));
			EXPECT_EQ(by_store ? 0u : 9u, load(0, 6, 1)) << "the other cell";
			EXPECT_EQ((values{ 0, 9, 0, 0 }), content(4));
			EXPECT_EQ(0, sys_fsync(file()));
			EXPECT_EQ((values{ 0, 9, 0, 0 }), durable(4));
		});
	}
}

TEST_P(falloc_test, AllocatingKeepsWhatIsThereAndGrowsTheFile)
{
	run([&] {
		fill(1);
		EXPECT_EQ(0, fallocate(FALLOC_FL_ALLOCATE_RANGE, 0, 4));
		EXPECT_EQ("wuuu", extents(4));
		EXPECT_EQ(4u, file()->i_size.peek());
		EXPECT_EQ((values{ 1, 0, 0, 0 }), content(4));
		EXPECT_EQ(-EFBIG, fallocate(FALLOC_FL_ALLOCATE_RANGE, 7, 2));
		EXPECT_EQ(4u, file()->i_size.peek());
	});
}

TEST_P(falloc_test, AllocatingMoreThanThereIs)
{
	config.nr_blocks = 4;
	run([&] {
		fill(2);
		EXPECT_EQ(-ENOSPC, fallocate(FALLOC_FL_ALLOCATE_RANGE, 2, 4));
		EXPECT_EQ((values{ 1, 2 }), content(2));
		/* ext4 grows with what it has got, XFS once it has got all. */
		EXPECT_EQ(config.xfs ? 2u : 4u, file()->i_size.peek());
		EXPECT_EQ(0, fallocate(FALLOC_FL_PUNCH_HOLE, 0, 2));
		EXPECT_EQ(0, fallocate(FALLOC_FL_ALLOCATE_RANGE, 2, 4))
			<< "what a commit gives back is tried";
	});
}

TEST_P(falloc_test, CollapseMovesWhatIsBehind)
{
	run([&] {
		fill(4);
		map(0, 0, 5, 4, 0);
		EXPECT_EQ(3u, load(0, 7));
		EXPECT_EQ(0, fallocate(FALLOC_FL_COLLAPSE_RANGE, 1, 1));
		EXPECT_EQ("wwwh", extents(4));
		EXPECT_EQ(3u, file()->i_size.peek());
		EXPECT_EQ((values{ 1, 3, 4, 0 }), content(4));
		EXPECT_EQ((values{ 1, 2, 3, 4 }), durable(4));
		EXPECT_EQ(4u, load(0, 7));
		EXPECT_EQ(MODEL_SIGBUS, store(0, 8, 9));
		EXPECT_EQ(0, store(0, 6, 9));
		EXPECT_EQ(0, sys_fsync(file()));
		EXPECT_EQ((values{ 1, 9, 4, 0 }), durable(4));
	});
}

TEST_P(falloc_test, CollapseOfTheEndIsNone)
{
	run([&] {
		fill(4);
		EXPECT_EQ(-EINVAL, fallocate(FALLOC_FL_COLLAPSE_RANGE, 2, 2));
		EXPECT_EQ(-EINVAL, fallocate(FALLOC_FL_COLLAPSE_RANGE, 5, 1));
		EXPECT_EQ((values{ 1, 2, 3, 4 }), content(4));
	});
}

TEST_P(falloc_test, TruncationTakesUnwrittenBlocksToo)
{
	run([&] {
		model_creat(file(), 1);
		EXPECT_EQ(0, fallocate(FALLOC_FL_ALLOCATE_RANGE, 0, 4));
		EXPECT_EQ(0, sys_ftruncate(file(), 1));
		EXPECT_EQ("uhhh", extents(4));
		EXPECT_EQ(3u, model::current->nr_freed);
	});
}

/* What an execution on XFS alone does. */
class xfs_test : public model_test
{
protected:
	xfs_test()
	{
		config.xfs = true;
	}
};

TEST_F(xfs_test, LogIsForcedForAPinnedInodeOnly)
{
	run([&] {
		model_creat(file(), 1);
		EXPECT_EQ(1, write(0, 1, 7));
		EXPECT_EQ(1, file()->datasync_dirty.peek());
		EXPECT_EQ(0u, model_durable(file(), 0));
		EXPECT_EQ(0, sys_fsync(file()));
		EXPECT_EQ(7u, model_durable(file(), 0));
		EXPECT_EQ(0, file()->datasync_dirty.peek());
		uint32_t before = execution.steps();
		EXPECT_EQ(0, sys_fsync(file()));
		EXPECT_GT(8u, execution.steps() - before) << "no lock, no journal";
	});
}

TEST_F(xfs_test, LogTakesNothingOfATransactionThatRuns)
{
	run([&] {
		model_creat(file(), 2);
		model_creat(file(1), 1);
		EXPECT_EQ(2, write(0, 2, 7));
		EXPECT_EQ(0, sys_fsync(file()));
		/* As in the middle of a transaction. */
		uint32_t was = file()->i_block[0].peek();
		SET(file()->i_block[0], 0u);
		EXPECT_EQ(1, write(0, 1, 8, 1));
		EXPECT_EQ(0, sys_fsync(file(1)));
		EXPECT_EQ(7u, model_durable(file(), 0));
		EXPECT_EQ(8u, model_durable(file(1), 0));
		SET(file()->i_block[0], was);
	});
}

TEST_F(xfs_test, TruncationTakesTwoExtentsATransaction)
{
	run([&] {
		model_creat(file(), 8);
		/* From the last page on: no two blocks are neighbours the right way round. */
		for (pgoff_t page = 0; page < 8; page += 2)
			EXPECT_EQ(1, write(page, 1, 7));
		EXPECT_EQ(0, sys_fsync(file()));
		EXPECT_EQ(0, sys_ftruncate(file(), 0));
		EXPECT_EQ(4u, model::current->nr_freed);
		EXPECT_EQ(7u, model_durable(file(), 0));
		EXPECT_EQ(0, sys_fsync(file()));
		EXPECT_EQ(0u, model::current->nr_freed);
		EXPECT_EQ(0u, model_durable(file(), 0));
	});
}

} /* namespace */
} /* namespace kernel */
